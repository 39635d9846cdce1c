#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networkfirewall_flow_operation_result_info
version_added: 0.1.0
short_description: Read the flows of a flow operation of an AWS Network Firewall
description:
  - Reads the flows that a capture found or a flush cut.
  - Wraps the paginator of C(ListFlowOperationResults). A page that is throttled, fails or arrives cut off is asked for
    again from its own token, so that no flow is lost or repeated.
  - The status and the status message are those of the last page read, so an operation that completes between two pages
    is reported as completed.
  - With O(dest) the flows are streamed to a file instead of being returned, in memory that does not grow with their
    number. Judge them with M(flowops.aws.networkfirewall_flow_audit) rather than with templates.
author: flowops.aws contributors (!UNKNOWN)
options:
  flow_operation_id:
    description: The ID of the flow operation.
    type: str
    required: true
  dest:
    description:
      - Write the flows to this file as flow records in JSON lines, compressed when the name ends in C(.gz).
      - The folder must exist. The file has mode C(0600) and appears under its name only when it is whole; an earlier
        file of that name is replaced.
      - Cannot be combined with O(query).
    type: path
attributes:
  check_mode:
    support: full
    details: In check mode the flows are read and counted, and O(dest) is not written.
seealso:
  - module: flowops.aws.networkfirewall_flow_operation_info
  - module: flowops.aws.networkfirewall_flow_audit
extends_documentation_fragment:
  - flowops.aws.firewall
  - flowops.aws.scope
  - flowops.aws.pagination
  - flowops.aws.attributes.info
  - flowops.aws.assume_role
  - ansible.builtin.action_common_attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Read the flows of a capture
  flowops.aws.networkfirewall_flow_operation_result_info:
    firewall_name: egress
    region: us-east-1
    availability_zone: us-east-1a
    flow_operation_id: 0a1b2c3d-0000-4000-8000-0123456789ab
  register: capture

- name: Make a folder for them
  ansible.builtin.file:
    path: /var/lib/flowops
    state: directory
    mode: "0700"

- name: Keep them in a file instead
  flowops.aws.networkfirewall_flow_operation_result_info:
    firewall_name: egress
    region: us-east-1
    availability_zone: us-east-1a
    flow_operation_id: 0a1b2c3d-0000-4000-8000-0123456789ab
    dest: /var/lib/flowops/us-east-1a.jsonl.gz

- name: Only the sources of flows older than an hour
  flowops.aws.networkfirewall_flow_operation_result_info:
    firewall_name: egress
    region: us-east-1
    availability_zone: us-east-1a
    flow_operation_id: 0a1b2c3d-0000-4000-8000-0123456789ab
    query: Flows[?Age > `3600`].SourceAddress.AddressDefinition
"""

RETURN = r"""
flows:
  description: The flows, in the order of the API; members that AWS leaves out are left out here.
  returned: when neither O(dest) nor O(query) is given
  type: list
  elements: dict
  contains:
    source_address:
      description: The source.
      returned: when AWS gives it
      type: dict
      contains:
        address_definition:
          description: The address.
          returned: always
          type: str
          sample: 10.0.3.17
    destination_address:
      description: The destination.
      returned: when AWS gives it
      type: dict
      contains:
        address_definition:
          description: The address.
          returned: always
          type: str
          sample: 198.51.100.7
    source_port:
      description: The source port, as the API's string.
      returned: when the protocol has ports
      type: str
      sample: "49152"
    destination_port:
      description: The destination port, as the API's string.
      returned: when the protocol has ports
      type: str
      sample: "443"
    protocol:
      description: The protocol as AWS gives it, an IANA number as string.
      returned: when AWS gives it
      type: str
      sample: "6"
    age:
      description: The flow's age in seconds.
      returned: when AWS gives it
      type: int
      sample: 127
    packet_count:
      description: The packets of the flow.
      returned: when AWS gives it
      type: int
      sample: 12
    byte_count:
      description: The bytes of the flow.
      returned: when AWS gives it
      type: int
      sample: 3456
firewall_arn:
  description: The ARN of the firewall.
  returned: when AWS gives it
  type: str
  sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
availability_zone:
  description: The zone the operation is scoped to.
  returned: when AWS gives it
  type: str
  sample: us-east-1a
availability_zone_id:
  description: The ID of the zone the operation is scoped to.
  returned: when AWS gives it
  type: str
  sample: use1-az1
vpc_endpoint_id:
  description: The VPC endpoint the operation is scoped to.
  returned: when AWS gives it
  type: str
  sample: vpce-0123456789abcdef0
vpc_endpoint_association_arn:
  description: The VPC endpoint association the operation is scoped to.
  returned: when AWS gives it
  type: str
  sample: arn:aws:network-firewall:us-east-1:111122223333:vpc-endpoint-association/0123abcd
flow_operation_id:
  description: The ID of the flow operation.
  returned: when AWS gives it
  type: str
  sample: 0a1b2c3d-0000-4000-8000-0123456789ab
flow_operation_status:
  description: The status as of the last page read.
  returned: when AWS gives it
  type: str
  sample: COMPLETED
partial:
  description: That flows may be missing, because the operation was not V(COMPLETED) all the while it was read.
  returned: always
  type: bool
  sample: false
status_message:
  description: Why the operation failed or is incomplete.
  returned: when AWS gives a reason
  type: str
  sample: Flow timeout
flow_request_timestamp:
  description: When the firewall identified the flows, ISO 8601 in UTC.
  returned: when AWS gives it
  type: str
  sample: "2026-01-31T12:00:00+00:00"
dest:
  description: The file that was written.
  returned: when O(dest) is given
  type: str
  sample: /var/lib/flowops/us-east-1a.jsonl.gz
flow_count:
  description: The number of flows in the file.
  returned: when O(dest) is given
  type: int
  sample: 7052
sha256:
  description: The SHA-256 of the file's bytes, in hex.
  returned: when O(dest) is given
  type: str
  sample: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
next_token:
  description: Where to go on, for O(starting_token).
  returned: when O(max_items) cut the listing short
  type: str
  sample: eyJOZXh0VG9rZW4iOiAiYWJjIn0=
query_result:
  description: What O(query) found, page by page, lists joined.
  returned: when O(query) is given
  type: list
  elements: raw
  sample: [10.0.3.17, 10.0.3.18]
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_operation_result_info import (
    read_flows,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.options import (
    firewall_options,
    one_firewall,
    pagination_options,
    role_options,
    scope_options,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **firewall_options(),
            **role_options(),
            **scope_options(),
            **pagination_options(),
            "flow_operation_id": {"type": "str", "required": True},
            "dest": {"type": "path"},
        },
        supports_check_mode=True,
        **one_firewall(),
    )
    run(module, read_flows)


if __name__ == "__main__":
    main()
