#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networkfirewall_flow_flush
version_added: 0.1.0
short_description: Flush live flows of an AWS Network Firewall
description:
  - Starts a flush, which takes the matching flows out of the firewall's state table, and optionally waits for it.
    A flush cuts live connections and cannot be undone or cancelled.
  - What happens to the packets of a flushed flow that go on arriving is decided by the stream exception policy of the
    firewall policy.
  - Either O(flow_filters) with a scope says what to flush, or O(operations), the operations of a plan as
    M(flowops.aws.networkfirewall_flow_audit) returns it, which are run one after the other in each zone and in parallel
    across zones.
  - A zone takes one flow operation at a time. A zone that is busy with another one is waited for, until
    O(wait_timeout) has passed.
  - An operation of a plan that was flushed since its capture, by a run that was interrupted, is found again among the
    operations of the last 12 hours by its filters and its scope, and is not flushed twice.
  - A start whose answer was lost on the way is looked for among the operations in AWS and used; it is not sent twice.
author: flowops.aws contributors (!UNKNOWN)
options:
  operations:
    description:
      - The flushes of a plan. Each has O(operations[].flow_filters) and one scope.
      - With several for one scope, each waits for the one before it; O(wait) is then taken to be V(true).
      - Exactly one of O(operations) and O(flow_filters) must be given.
    type: list
    elements: dict
    suboptions:
      availability_zone:
        description: The zone.
        type: str
      availability_zone_id:
        description: The ID of the zone.
        type: str
      vpc_endpoint_id:
        description: The VPC endpoint.
        type: str
      vpc_endpoint_association_arn:
        description: The VPC endpoint association.
        type: str
      flow_filters:
        description: The filters of this flush, 1 to 20.
        type: list
        elements: dict
        required: true
        suboptions:
          source_address:
            description: The flow's source, an IPv4 or IPv6 address or CIDR.
            type: str
          destination_address:
            description: The flow's destination, an IPv4 or IPv6 address or CIDR.
            type: str
          source_port:
            description:
              - The flow's source port, 0 to 65535, a range such as V(8000-8100), or V(any).
              - Write a range with a hyphen; of an unquoted V(20:21) a playbook's YAML makes the number 1221, and
                of V(0443) 291, before anybody can see it.
            type: str
          destination_port:
            description:
              - The flow's destination port, 0 to 65535, a range such as V(8000-8100), or V(any).
              - Write a range with a hyphen; of an unquoted V(20:21) a playbook's YAML makes the number 1221, and
                of V(0443) 291, before anybody can see it.
            type: str
          protocols:
            description: The flow's protocol, IANA names or numbers from 0 to 255; any of them matches.
            type: list
            elements: str
          any:
            description: Every flow; stands alone.
            type: bool
            default: false
      minimum_flow_age:
        description: The age in seconds below which flows were left alone when the plan was made.
        type: int
      captured_at:
        description: When that capture was taken, ISO 8601.
        type: str
      flow_count:
        description: The number of flows that the plan expects to cut; told back in check mode and diff mode.
        type: int
      flow_counts:
        description: The number of flows that each of the filters was found to match, in their order.
        type: list
        elements: int
  findings_src:
    description:
      - The findings that O(operations) were made for, a file of flow records with C(rule) in JSON lines as the option
        O(flowops.aws.networkfirewall_flow_audit#module:findings_dest) writes it. Diff mode then shows the flows that
        go, by rule, and the filters otherwise.
    type: path
  findings:
    description: Findings as in O(findings_src), given directly.
    type: list
    elements: dict
  evidence_path:
    description:
      - The folder that M(flowops.aws.flow_evidence) has begun. Each flush is noted in its C(operations.json) before its
        answer is waited for, so that whatever happens then, what was begun is known.
      - Nothing is started when the disk of the folder has too little room for the evidence that is still to come.
    type: path
    version_added: 0.1.0
  captured_at:
    description:
      - When the capture that the flush is based on was taken, ISO 8601 such as V(2026-01-31T12:00:00+00:00).
      - The minimum age that is sent is then O(minimum_flow_age) plus the seconds since that moment, counted by the
        service's own clock when the flush is started, so that no flow born since is cut.
    type: str
  dest:
    description:
      - Path of a file into which all flows that were hit are written, flow records in JSON lines, as AWS lists them for
        the flush; compressed if the name ends in C(.gz). Its folder must exist. The file has mode 0600.
      - It needs O(wait=true).
    type: path
  max_flows:
    description: How many of the flows that were hit are returned as RV(flushed_flows) at most, from 0 to 1000.
    type: int
    default: 100
attributes:
  check_mode:
    support: full
    details: Nothing is started; RV(flow_operations) says what would be.
  diff_mode:
    support: full
    details:
      - Shows the flows that go, by rule, at most 100, when findings are given; otherwise the filters of each scope.
  platform:
    platforms: posix
seealso:
  - module: flowops.aws.networkfirewall_flow_audit
  - module: flowops.aws.networkfirewall_flow_capture
  - plugin: flowops.aws.networkfirewall_flow_operation
    plugin_type: lookup
extends_documentation_fragment:
  - flowops.aws.firewall
  - flowops.aws.scope
  - flowops.aws.flow_filters
  - flowops.aws.assume_role
  - ansible.builtin.action_common_attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Cut every flow of one address, both directions, in every zone
  flowops.aws.networkfirewall_flow_flush:
    firewall_name: egress
    region: us-east-1
    flow_filters:
      - source_address: 198.51.100.7
      - destination_address: 198.51.100.7
    wait: true

- name: Say what would be cut, and cut nothing
  flowops.aws.networkfirewall_flow_flush:
    firewall_name: egress
    region: us-east-1
    availability_zone: us-east-1a
    flow_filters:
      - source_address: 10.0.3.17
        destination_port: 22
        protocols: [tcp]
  check_mode: true
  diff: true

- name: Run the plan of an audit
  flowops.aws.networkfirewall_flow_flush:
    firewall_arn: "{{ audit.firewall_arn }}"
    region: us-east-1
    operations: "{{ audit.plan.operations }}"
"""

RETURN = r"""
flow_operations:
  description:
    - The operations that were started, one for each scope; the lookup
      P(flowops.aws.networkfirewall_flow_operation#lookup) and the option O(ignore:operations) of
      M(flowops.aws.networkfirewall_flow_audit) take the list as it is.
    - In check mode the operations that would be started, without ID and status.
    - When a start fails, those that had been started before are returned with the failure.
  returned: always
  type: list
  elements: dict
  contains:
    firewall_arn:
      description: The ARN of the firewall.
      returned: always
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
    availability_zone:
      description: The zone; in its place the scope option that was given.
      returned: when the operation is scoped to a zone
      type: str
      sample: us-east-1a
    availability_zone_id:
      description: The ID of the zone.
      returned: when the operation is scoped to it
      type: str
      sample: use1-az1
    vpc_endpoint_id:
      description: The VPC endpoint.
      returned: when the operation is scoped to it
      type: str
      sample: vpce-0123456789abcdef0
    vpc_endpoint_association_arn:
      description: The VPC endpoint association.
      returned: when the operation is scoped to it
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:vpc-endpoint-association/0123abcd
    flow_operation_id:
      description: The ID of the flow operation.
      returned: when not in check mode
      type: str
      sample: 0a1b2c3d-0000-4000-8000-0123456789ab
    flow_operation_type:
      description: V(FLOW_CAPTURE) or V(FLOW_FLUSH).
      returned: always
      type: str
      sample: FLOW_FLUSH
    flow_operation_status:
      description: V(IN_PROGRESS), V(COMPLETED), V(COMPLETED_WITH_ERRORS) (flows may be missing), V(FAILED) (no flows).
      returned: when not in check mode
      type: str
      sample: COMPLETED
    service_time:
      description:
        - What AWS's own clock said just before the operation was started, ISO 8601 in UTC. It takes the place of
          C(flow_request_timestamp) where AWS does not give that.
      returned: when not in check mode, and AWS's answers had a time
      type: str
      sample: "2026-01-31T12:00:00+00:00"
    minimum_flow_age:
      description: The minimum age in seconds that was sent.
      returned: when one was sent
      type: int
      sample: 60
    flow_filters:
      description:
        - The filters that would be sent, as people write them. Left out where they are too large for AWX to keep.
      returned: in check mode
      type: list
      elements: dict
      sample: [{"source_address": "10.0.3.0/24", "destination_port": "22", "protocols": ["tcp"]}]
    flow_count:
      description: The number of flows that the plan expects to cut.
      returned: in check mode, when O(operations) says it
      type: int
      sample: 17
    flushed_flow_count:
      description: The number of flows that AWS lists for the operation.
      returned: with O(wait=true), when the operation ended with results that could be read
      type: int
      sample: 17
    already_flushed:
      description: That an earlier run had started this operation of the plan, so that nothing was started now.
      returned: when it is so
      type: bool
      sample: true
    adopted:
      description: That the answer to the start was lost and the operation was found again among those in AWS.
      returned: when it is so
      type: bool
      sample: true
    duration:
      description: The seconds that it took, from the answer to its start until it was seen to have ended.
      returned: with O(wait=true), when this task has started it
      type: float
      sample: 1.204
    partial:
      description: That the operation ended as V(COMPLETED_WITH_ERRORS).
      returned: with O(wait=true)
      type: bool
      sample: false
    status_message:
      description: Why the operation failed or is incomplete.
      returned: with O(wait=true), when AWS gives a reason
      type: str
      sample: Flow timeout
    flow_request_timestamp:
      description: When the firewall identified the flows, ISO 8601 in UTC.
      returned: with O(wait=true)
      type: str
      sample: "2026-01-31T12:00:00+00:00"
    flow_operation:
      description: What was asked for, as AWS describes it.
      returned: with O(wait=true) and without O(operations)
      type: dict
      contains:
        minimum_flow_age_in_seconds:
          description: Flows younger than this many seconds are ignored.
          returned: when it was given
          type: int
          sample: 60
        flow_filters:
          description: The filters, with the API's members in snake_case.
          returned: always
          type: list
          elements: dict
          sample: [{"source_address": {"address_definition": "10.0.0.0/8"}, "protocols": ["6"]}]
flushed_flow_count:
  description: The number of flows that were hit, as AWS lists them for the flushes; none where AWS could not be asked.
  returned: with O(wait=true)
  type: int
  sample: 17
flushed_flows:
  description: The first O(max_flows) flows that were hit, as flow records.
  returned: with O(wait=true), when AWS could be asked
  type: list
  elements: dict
  sample:
    - source_address: 10.0.3.7
      source_port: 49152
      destination_address: 192.0.2.10
      destination_port: 22
      protocol: tcp
      protocol_number: 6
      age: 4711
      packet_count: 120
      byte_count: 54321
      availability_zone: us-east-1a
files:
  description: The file that was written, by its option.
  returned: with O(dest)
  type: dict
  sample: {"dest": {"path": "/var/lib/flowops/flushed.jsonl.gz", "count": 17, "sha256": "9f86d081884c7d65"}}
flow_filters:
  description: The filters as they are sent to AWS, as people write them.
  returned: when O(flow_filters) is given
  type: list
  elements: dict
  sample: [{"source_address": "10.0.0.0/8", "destination_port": "443", "protocols": ["tcp"]}]
"""
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_flush import flush
from ansible_collections.flowops.aws.plugins.module_utils.work.options import (
    firewall_options,
    flow_filter_options,
    operation_options,
    role_options,
    scope_options,
    start_options,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run


def main() -> None:
    """Run the module."""
    filters = {"type": "list", "elements": "dict", "options": flow_filter_options()}
    module = AnsibleAWSModule(
        argument_spec={
            **firewall_options(),
            **role_options(),
            **scope_options(),
            **start_options(),
            "flow_filters": filters,
            "captured_at": {"type": "str"},
            "findings_src": {"type": "path"},
            "findings": {"type": "list", "elements": "dict"},
            "evidence_path": {"type": "path"},
            "dest": {"type": "path"},
            "max_flows": {"type": "int", "default": 100},
            "operations": {
                "type": "list",
                "elements": "dict",
                "options": operation_options(),
            },
        },
        supports_check_mode=True,
        required_one_of=[["firewall_arn", "firewall_name"], ["flow_filters", "operations"]],
        mutually_exclusive=[
            ["firewall_arn", "firewall_name"],
            ["flow_filters", "operations"],
            ["findings_src", "findings"],
            ["flow_filters", "findings_src"],
            ["flow_filters", "findings"],
        ],
    )
    run(module, flush)


if __name__ == "__main__":
    main()
