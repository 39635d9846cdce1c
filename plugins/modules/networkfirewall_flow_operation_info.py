#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networkfirewall_flow_operation_info
version_added: 0.1.0
short_description: List the flow operations of an AWS Network Firewall
description:
  - Lists the captures and flushes of a firewall, the newest of the last 12 hours, which is as long as AWS keeps them.
  - Wraps the paginator of C(ListFlowOperations). A page that is throttled, fails or arrives cut off is asked for
    again from its own token, so that no row is lost or repeated.
  - The rows carry no scope; O(describe=true) asks for each operation's scope, filters and status message.
author: flowops.aws contributors (!UNKNOWN)
options:
  flow_operation_type:
    description: List operations of this type only.
    type: str
    choices: [FLOW_FLUSH, FLOW_CAPTURE]
  describe:
    description:
      - Add to each row what C(DescribeFlowOperation) says of it, one call per operation.
      - Cannot be combined with O(query).
    type: bool
    default: false
seealso:
  - module: flowops.aws.networkfirewall_flow_operation_result_info
  - plugin: flowops.aws.networkfirewall_flow_operation
    plugin_type: lookup
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
- name: List every flow operation of a firewall
  flowops.aws.networkfirewall_flow_operation_info:
    firewall_name: egress
    region: us-east-1
  register: listing

- name: List the flushes in one zone, with their filters
  flowops.aws.networkfirewall_flow_operation_info:
    firewall_arn: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
    region: us-east-1
    availability_zone: us-east-1a
    flow_operation_type: FLOW_FLUSH
    describe: true

- name: Only the IDs of what is still running
  flowops.aws.networkfirewall_flow_operation_info:
    firewall_name: egress
    region: us-east-1
    query: FlowOperations[?FlowOperationStatus=='IN_PROGRESS'].FlowOperationId
  register: running

- name: Say how many are running
  ansible.builtin.debug:
    msg: "{{ running.query_result | length }} flow operations are in progress"
"""

RETURN = r"""
firewall_arn:
  description: The ARN of the firewall.
  returned: always
  type: str
  sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
flow_operations:
  description: The flow operations, in the order of the API.
  returned: when O(query) is not given
  type: list
  elements: dict
  contains:
    flow_operation_id:
      description: The ID of the flow operation.
      returned: always
      type: str
      sample: 0a1b2c3d-0000-4000-8000-0123456789ab
    flow_operation_type:
      description: V(FLOW_CAPTURE) or V(FLOW_FLUSH).
      returned: always
      type: str
      sample: FLOW_CAPTURE
    flow_request_timestamp:
      description: When the firewall identified the flows, ISO 8601 in UTC.
      returned: always
      type: str
      sample: "2026-01-31T12:00:00+00:00"
    flow_operation_status:
      description: V(IN_PROGRESS), V(COMPLETED), V(COMPLETED_WITH_ERRORS) (flows may be missing), V(FAILED) (no flows).
      returned: always
      type: str
      sample: COMPLETED
    firewall_arn:
      description: The ARN of the firewall.
      returned: with O(describe=true)
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
    availability_zone:
      description: The zone the operation is scoped to.
      returned: with O(describe=true), when the operation was started with it
      type: str
      sample: us-east-1a
    availability_zone_id:
      description: The ID of the zone the operation is scoped to.
      returned: with O(describe=true), when the operation was started with it
      type: str
      sample: use1-az1
    vpc_endpoint_id:
      description: The VPC endpoint the operation is scoped to.
      returned: with O(describe=true), when the operation was started with it
      type: str
      sample: vpce-0123456789abcdef0
    vpc_endpoint_association_arn:
      description: The VPC endpoint association the operation is scoped to.
      returned: with O(describe=true), when the operation was started with it
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:vpc-endpoint-association/0123abcd
    status_message:
      description: Why the operation failed or is incomplete.
      returned: with O(describe=true), when AWS gives a reason
      type: str
      sample: Flow timeout
    flow_operation:
      description: What was asked for.
      returned: with O(describe=true)
      type: dict
      contains:
        minimum_flow_age_in_seconds:
          description: Flows younger than this many seconds were ignored.
          returned: when it was given
          type: int
          sample: 60
        flow_filters:
          description: The filters, with the API's members in snake_case.
          returned: always
          type: list
          elements: dict
          sample: [{"source_address": {"address_definition": "10.0.0.0/8"}, "protocols": ["6"]}]
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
  sample: [0a1b2c3d-0000-4000-8000-0123456789ab]
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_operation_info import (
    list_operations,
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
            "flow_operation_type": {"type": "str", "choices": ["FLOW_FLUSH", "FLOW_CAPTURE"]},
            "describe": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
        **one_firewall(),
    )
    run(module, list_operations)


if __name__ == "__main__":
    main()
