#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: networkfirewall_flow_audit
version_added: 0.1.0
short_description: Judge the captured flows of an AWS Network Firewall by a policy or by its own rules
description:
  - Streams the flows of one capture, one flow operation for each zone, through a policy or through the firewall's own
    rules and returns a bounded answer, the verdict, counts, top talkers, the first findings and a plan of the flushes
    that would cut exactly the findings.
  - Without O(policy) it judges by the rules that the firewall has now. AWS applies changed rules to new flows only; a
    finding is then a live flow that a new connection with its 5-tuple could not be.
  - What is returned stays under 500 kB however many flows there are; the rest goes to files. Memory does not grow with
    the number of flows.
  - A capture from which flows may be missing is never V(compliant). One that asked for the flows alone that can be
    findings or undecided is none of these, since no other flow can be one; RV(fetch) says what was asked for.
author: flowops.aws contributors (!UNKNOWN)
options:
  operations:
    description:
      - The captures to judge, items as M(flowops.aws.networkfirewall_flow_capture) or the lookup
        P(flowops.aws.networkfirewall_flow_operation#lookup) return them.
      - Each needs C(flow_operation_id) and the scope it was started with; C(firewall_arn), when given, must be the
        firewall's. C(service_time) says when a capture was taken of which AWS does not say it. Other keys are ignored.
      - C(fetch) says that O(flowops.aws.networkfirewall_flow_capture#module:fetch=findings) asked for a part of the
        flows. That is held against what the flows are judged by now; where it can find others, as after a change of the
        rules, RV(partial) is true.
      - Exactly one of O(operations) and O(src) must be given; O(operations) needs O(firewall_arn) or O(firewall_name).
    type: list
    elements: dict
  src:
    description:
      - Judge the flows of this file instead, a capture as O(dest) writes it or AWS Network Firewall's flow log
        (netflow events). AWS is not called.
      - Of a flow log with several firewalls, O(firewall_name) says which one; its two directions make one flow.
      - The log may come from S3, from Firehose with nothing between its entries, from CloudWatch (an export, a
        subscription, C(filter-log-events) or an answer of Logs Insights with C(@message), each on one line) or from
        Suricata itself, plain or packed with gzip. Of its events only those of type C(netflow) are flows.
      - Cannot be combined with O(plan).
    type: path
  partial:
    description:
      - Whether flows may be missing from O(src). A file does not say so itself; only with V(false) can the verdict be
        V(compliant). M(flowops.aws.networkfirewall_flow_operation_result_info) and this module return it of a capture.
      - By default flows are taken to be missing.
    type: bool
  max_findings:
    description: The most findings to return, 0 to 10000; fewer are when they would not fit.
    type: int
    default: 100
  top_n:
    description: The number of top talkers in each list, 0 to 100.
    type: int
    default: 10
  dest:
    description:
      - Write every captured flow to this file as flow records in JSON lines, compressed when the name ends in C(.gz).
    type: path
  findings_dest:
    description:
      - Write every finding to this file, flow records with C(rule) and C(severity) in JSON lines, compressed when the
        name ends in C(.gz). Findings of the firewall's own rules have C(message), the rule's C(msg), too.
    type: path
  undecided_dest:
    description:
      - Write every flow that the firewall's own rules leave undecided to this file, flow records with C(reason),
        C(rule) and C(hangs_on) in JSON lines, compressed when the name ends in C(.gz).
    type: path
  rules_dest:
    description:
      - Write the firewall's own rules that the flows are judged by to this file as JSON, what AWS answered and what
        could not be read, with O(firewall_rules.changes) made. The plan names it, and the evidence of a remediation
        keeps it.
      - O(firewall_rules.firewall_policy_src) takes such a file, without O(firewall_rules.rule_group_srcs).
    type: path
  plan:
    description:
      - Make the plan of the flushes that would cut exactly the findings, as few as are found. Filters are made
        wider than one flow, by CIDRs, port ranges and protocols, as far as the capture shows no other flow there, and a
        higher minimum age is used where it separates findings from innocent flows.
      - Filters are never wider than the capture's. The plan is held against the whole capture before it is given.
    type: bool
    default: false
  allow_collateral:
    description:
      - Plan to cut findings too that cannot be separated from innocent flows (RV(plan.inseparable)), with a filter
        each; RV(plan.collateral) says how many innocent flows those would cut.
    type: bool
    default: false
  plan_dest:
    description: Write the plan to this file as JSON; implies O(plan=true).
    type: path
  resume:
    description:
      - Keep what has been read beside O(dest), under its name with C(.resume), and go on from there when the task is
        run again after it was cut off. The files are then the same as without the interruption.
      - What was kept of other captures is not used. Needs O(dest), and captures of all flows.
    type: bool
    default: false
  baseline:
    description:
      - An earlier capture, a file as O(dest) or AWS writes it; RV(drift) then says what has changed since.
      - Cannot be combined with captures of a part of the flows, of which others would seem to have ended.
    type: path
  enrich:
    description:
      - Look up in EC2 who is behind the private addresses (RFC 1918 and 4193, and 100.64.0.0/10) of the returned
        findings and of the top talkers, at most 1,000 of them, and return it as RV(addresses).
      - Needs C(ec2:DescribeNetworkInterfaces) and C(ec2:DescribeInstances) in the firewall's account and Region. What
        cannot be looked up is a warning, and the audit goes on.
      - With O(endpoint_url), EC2 is asked there too.
      - Cannot be combined with O(src).
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    details: In check mode the flows are read and judged, and no file is written.
  diff_mode:
    support: none
  platform:
    platforms: posix
notes:
  - The files are written on the host that runs the module, with mode C(0600), and appear under their names only when
    they are whole. RV(ignore:changed) says whether any of them is different from before.
seealso:
  - module: flowops.aws.networkfirewall_flow_capture
  - module: flowops.aws.networkfirewall_flow_flush
  - module: flowops.aws.flow_report
extends_documentation_fragment:
  - flowops.aws.attributes.here
  - flowops.aws.firewall
  - flowops.aws.assume_role
  - flowops.aws.judging
  - ansible.builtin.action_common_attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Capture every flow
  flowops.aws.networkfirewall_flow_capture:
    firewall_name: egress
    region: us-east-1
    flow_filters: [{any: true}]
    wait: true
  register: capture

- name: Make a folder for what is written
  ansible.builtin.file:
    path: /var/lib/flowops
    state: directory
    mode: "0700"

- name: Judge the flows
  flowops.aws.networkfirewall_flow_audit:
    firewall_name: egress
    region: us-east-1
    operations: "{{ capture.flow_operations }}"
    plan: true
    enrich: true
    findings_dest: /var/lib/flowops/findings.jsonl.gz
    policy:
      default: allow
      sets:
        corp: [10.0.0.0/8, "fd00::/8"]
      rules:
        - name: no-ssh-to-internet
          action: deny
          severity: high
          source_address: [$corp]
          destination_address: ["!$corp"]
          destination_port: [22]
          protocols: [tcp]
  register: audit

- name: Judge a flow log, without calling AWS
  flowops.aws.networkfirewall_flow_audit:
    src: egress-flow-log.jsonl.gz
    partial: true
    policy:
      rules:
        - name: no-telnet
          action: deny
          destination_port: [23]
          protocols: [tcp]

- name: Find the live flows that a new connection could not be any more, under the rules that the firewall has now
  flowops.aws.networkfirewall_flow_audit:
    firewall_arn: "{{ firewall_arn }}"
    operations: "{{ capture.flow_operations }}"
    plan: true
  register: stale

- name: Say which flows of yesterday's log a changed rule group would drop, without asking AWS
  flowops.aws.networkfirewall_flow_audit:
    src: flows.log.gz
    firewall_rules:
      firewall_policy_src: policy.json
      rule_group_srcs: [egress.json]
      home_net: [10.0.0.0/8]
      changes:
        - rule_group: egress
          src: new.rules
  register: what_if

- name: Say the verdict
  ansible.builtin.debug:
    msg: "{{ audit.verdict }}, {{ audit.findings_total }} of {{ audit.flow_count }} flows break the policy"
"""

RETURN = r"""
verdict:
  description:
    - V(noncompliant) as soon as one finding is proved.
    - Without a finding V(inconclusive) where RV(reasons) says why, else V(compliant).
  returned: always
  type: str
  sample: noncompliant
partial:
  description: That flows may be missing from the capture.
  returned: always
  type: bool
  sample: false
fetch:
  description:
    - What was asked for; every count of the result is of these flows. A flow that two captures of a zone have counts
      once, but for C(flow_count) of RV(operations).
  returned: when the captures were asked for with O(flowops.aws.networkfirewall_flow_capture#module:fetch=findings)
  type: dict
  contains:
    fetched:
      description: V(findings) or, where nothing less would do, V(all).
      returned: always
      type: str
      sample: findings
    reason:
      description: Why every flow was captured.
      returned: when it was
      type: str
      sample: none of the flows that are asked for can be a finding or undecided
    captures:
      description: The filters and minimum ages in seconds that were asked for, each once.
      returned: always
      type: list
      elements: dict
      sample: [{"flow_filters": [{"source_address": "10.0.0.0/8", "destination_port": "22", "protocols": ["tcp"]}],
                "minimum_flow_age": 0}]
    description:
      description:
        - That in one sentence. It says too that flows which AWS does not show in full cannot be asked for; of those
          that were captured RV(unreadable) tells.
      returned: always
      type: str
      sample: Only flows that can be findings or undecided were captured, and every count is of these; ...
reasons:
  description:
    - What keeps an audit without findings from being compliant.
    - V(partial), flows may be missing. V(unreadable), see RV(unreadable). V(nothing_judged), the policy has no rule
      that denies and counts today, or such a rule names a set or list without an entry; or no rule of the firewall
      drops anything. V(undecided), see RV(undecided). V(contradicting), see RV(contradicting).
  returned: always
  type: list
  elements: str
  sample: [unreadable]
unreadable:
  description:
    - The flows that are neither findings nor allowed, for what cannot be read of them would decide, such as a port
      that AWS shows as V(ANY).
    - A flow is a finding only if every value that its unknown members may have is denied, by the first rule that may
      apply.
  returned: always
  type: dict
  contains:
    count:
      description: The number of such flows.
      returned: always
      type: int
      sample: 2
    examples:
      description: The first ten of them, as flow records; a member that is not known is absent, or a text.
      returned: always
      type: list
      elements: dict
      sample: [{source_address: 10.0.3.17, destination_address: 198.51.100.7, destination_port: ANY, protocol: tcp}]
firewall_arn:
  description: The ARN of the firewall.
  returned: unless O(src) was judged without it
  type: str
  sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
firewall_name:
  description: The name of the firewall.
  returned: unless a capture file was judged without it
  type: str
  sample: egress
audited_at:
  description: When the flows were judged, ISO 8601 in UTC.
  returned: always
  type: str
  sample: "2026-01-31T12:00:05+00:00"
flow_count:
  description: The number of flows judged.
  returned: always
  type: int
  sample: 7052
findings_total:
  description: The number of findings.
  returned: always
  type: int
  sample: 17
findings:
  description: The first findings, at most O(max_findings).
  returned: always
  type: list
  elements: dict
  contains:
    source_address:
      description: The source.
      returned: always
      type: str
      sample: 10.0.3.17
    source_port:
      description: The source port.
      returned: when the protocol has ports
      type: int
      sample: 49152
    destination_address:
      description: The destination.
      returned: always
      type: str
      sample: 198.51.100.7
    destination_port:
      description: The destination port.
      returned: when the protocol has ports
      type: int
      sample: 22
    protocol:
      description: The IANA name of the protocol in lower case.
      returned: always
      type: str
      sample: tcp
    protocol_number:
      description: The number of the protocol.
      returned: always
      type: int
      sample: 6
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
    availability_zone:
      description: The zone.
      returned: when the capture is scoped to a zone
      type: str
      sample: us-east-1a
    rule:
      description: The rule that the flow breaks.
      returned: always
      type: str
      sample: no-ssh-to-internet
    severity:
      description: The severity of the rule.
      returned: always
      type: str
      sample: high
    description:
      description: Why there is the rule.
      returned: when the rule of the policy says so
      type: str
      sample: Administrators come in over the bastion.
counts:
  description: The numbers of findings.
  returned: always
  type: dict
  contains:
    by_rule:
      description: The findings of each rule that has any.
      returned: always
      type: dict
      sample: {"no-ssh-to-internet": 17}
    by_severity:
      description: The findings of each severity that has any.
      returned: always
      type: dict
      sample: {"high": 17}
    by_zone:
      description: The findings of each zone that has any.
      returned: always
      type: dict
      sample: {"us-east-1a": 17}
    by_fate:
      description:
        - The flows by what the firewall's rules do to them, C(passed), C(dropped), C(undecided) and C(contradicting).
      returned: when judged by the firewall's own rules
      type: dict
      sample: {"passed": 7000, "dropped": 17, "undecided": 35, "contradicting": 0}
    by_fate_before:
      description: The flows by what the rules as they are do to them, C(passed), C(dropped) and C(undecided).
      returned: when O(firewall_rules.changes) is given
      type: dict
      sample: {"passed": 7004, "dropped": 14, "undecided": 34}
    by_change:
      description:
        - The flows by what the changes do to them, C(newly_dropped), C(newly_passed), C(newly_undecided) and
          C(unchanged).
      returned: when O(firewall_rules.changes) is given
      type: dict
      sample: {"newly_dropped": 3, "newly_passed": 0, "newly_undecided": 1, "unchanged": 7048}
changes:
  description:
    - Of C(newly_dropped), C(newly_passed) and C(newly_undecided) flows each, which rules make them so and whose flows
      they are. Flows that are newly passed are told by the rule that drops them as the rules are.
  returned: when O(firewall_rules.changes) is given
  type: dict
  contains:
    newly_dropped:
      description:
        - The flows that the changes would newly drop. C(newly_passed) and C(newly_undecided) have the same members.
      returned: always
      type: dict
      contains:
        rules:
          description: The rules with the number of their flows, C(rule) and C(flow_count), at most 100.
          returned: always
          type: list
          elements: dict
        source:
          description: The sources of the most flows as in RV(top), at most O(top_n).
          returned: always
          type: list
          elements: dict
        destination:
          description: The destinations of the most flows as in RV(top), at most O(top_n).
          returned: always
          type: list
          elements: dict
  sample:
    newly_dropped:
      rules: [{"rule": "egress:12", "flow_count": 3}]
      source: [{"key": "10.0.3.17", "bytes": 8100, "packets": 90, "flows": 3}]
      destination: [{"key": "203.0.113.5", "bytes": 8100, "packets": 90, "flows": 3}]
undecided:
  description: Why the firewall's rules do not decide flows, the most frequent reasons first, at most 100.
  returned: when judged by the firewall's own rules
  type: list
  elements: dict
  sample: [{"reason": "content", "description": "it hangs on what the packets carry", "rule": "egress:7",
            "hangs_on": "tls.sni", "flow_count": 35}]
contradicting:
  description:
    - Flows that began more than ten minutes after the newest change of the rules, on a firewall that is in sync, and
      are judged to be dropped. They are no findings, and never planned for a flush.
    - With at most ten packets such a flow is an attempt that the firewall is dropping (C(attempts)). With more, the
      reading of the rules is wrong somewhere, and the verdict is not V(compliant).
  returned: when judged by the firewall's own rules
  type: dict
  sample: {"count": 0, "attempts": 0, "examples": []}
firewall_policy:
  description: The firewall policy that was judged by, its order, HOME_NET and rule groups with their last change.
  returned: when judged by the firewall's own rules
  type: dict
  sample: {"arn": "arn:aws:network-firewall:us-east-1:111122223333:firewall-policy/strict", "name": "strict",
           "rule_order": "STRICT_ORDER", "home_net": "10.0.0.0/8", "in_sync": true, "groups": []}
initiator:
  description: Which side of a flow was taken for the one that opened the connection.
  returned: when judged by the firewall's own rules
  type: str
  sample: source
top:
  description:
    - The top talkers among all flows, the heaviest first, by C(source), C(destination), C(pair) and C(port).
    - With more than 100,000 different keys they are estimates; C(error) then says by how much a number may be too low.
  returned: always
  type: dict
  contains:
    by_bytes:
      description: The heaviest by bytes.
      returned: always
      type: dict
      sample: {"source": [{"key": "10.0.3.17", "bytes": 3456, "packets": 12, "flows": 1}]}
    by_packets:
      description: The heaviest by packets.
      returned: always
      type: dict
      sample: {"source": [{"key": "10.0.3.17", "bytes": 3456, "packets": 12, "flows": 1}]}
    by_flows:
      description: The heaviest by flows.
      returned: always
      type: dict
      sample: {"source": [{"key": "10.0.3.17", "bytes": 3456, "packets": 12, "flows": 1}]}
    by_age:
      description: Those with the oldest flows, exact; C(age) in seconds.
      returned: always
      type: dict
      sample: {"source": [{"key": "10.0.3.17", "age": 86400}]}
drift:
  description: What has changed since O(baseline); a flow is known by its zone and 5-tuple.
  returned: with O(baseline)
  type: dict
  contains:
    baseline_flow_count:
      description: The number of flows in the baseline.
      returned: always
      type: int
      sample: 7000
    new_count:
      description: The number of flows that are not in the baseline.
      returned: always
      type: int
      sample: 60
    new:
      description: The first of them, at most 100, flow records.
      returned: always
      type: list
      elements: dict
      sample: []
    gone_count:
      description: The number of flows of the baseline that are no longer there.
      returned: always
      type: int
      sample: 8
    gone:
      description: The first of them, at most 100, as the baseline has them.
      returned: always
      type: list
      elements: dict
      sample: []
    new_talkers_count:
      description: The number of addresses that are in no flow of the baseline.
      returned: always
      type: int
      sample: 1
    new_talkers:
      description: The first of them, at most 100.
      returned: always
      type: list
      elements: str
      sample: [198.51.100.7]
addresses:
  description:
    - What EC2 knows of the private addresses of RV(findings) and RV(top), by address. Those of which it knows nothing
      are absent, and so are the last of them where the result would grow too large.
  returned: with O(enrich=true)
  type: dict
  contains:
    network_interface_id:
      description: The network interface that has the address.
      returned: unless RV(addresses.ambiguous)
      type: str
      sample: eni-0a1b2c3d4e5f67890
    instance_id:
      description: The instance that the interface is attached to.
      returned: when it is attached to one
      type: str
      sample: i-0a1b2c3d4e5f67890
    name:
      description: The tag C(Name) of the instance, else that of the interface, else the description of the interface.
      returned: when there is one
      type: str
      sample: web-7
    vpc_id:
      description: The VPC of the interface.
      returned: unless RV(addresses.ambiguous)
      type: str
      sample: vpc-0a1b2c3d4e5f67890
    subnet_id:
      description: The subnet of the interface.
      returned: unless RV(addresses.ambiguous)
      type: str
      sample: subnet-0a1b2c3d4e5f67890
    availability_zone:
      description: The zone of the interface.
      returned: when AWS gives it
      type: str
      sample: us-east-1a
    ambiguous:
      description:
        - That interfaces in several VPCs have the address, and that it is not known whose flows these are. It is when
          one of them is in the firewall's VPC and the firewall has no endpoints in others.
      returned: when it is so
      type: bool
      sample: true
  sample:
    10.0.3.17:
      network_interface_id: eni-0a1b2c3d4e5f67890
      instance_id: i-0a1b2c3d4e5f67890
      name: web-7
      vpc_id: vpc-0a1b2c3d4e5f67890
      subnet_id: subnet-0a1b2c3d4e5f67890
      availability_zone: us-east-1a
rules:
  description:
    - The rules as they were judged by, with C(expired) or C(enabled) where a rule did not count, and with
      C(description) and C(text), the rule on one line, as long as there is room for them. Of the firewall's own rules
      those that make findings, with C(description) (the rule's C(msg)), C(text) and C(flow_count).
  returned: always
  type: list
  elements: dict
  sample: [{"name": "no-ssh-to-internet", "action": "deny", "severity": "high"}]
operations:
  description: The flow operations that were read.
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
      description: The zone, or in its place the scope of another kind.
      returned: when the capture is scoped to a zone
      type: str
      sample: us-east-1a
    flow_operation_id:
      description: The ID of the flow operation.
      returned: always
      type: str
      sample: 0a1b2c3d-0000-4000-8000-0123456789ab
    flow_operation_status:
      description: Its status after the last page.
      returned: always
      type: str
      sample: COMPLETED
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
    service_time:
      description: What AWS's own clock said just before the capture was started, ISO 8601 in UTC.
      returned: when its item in O(operations) has it
      type: str
      sample: "2026-01-31T11:59:58+00:00"
    fetch:
      description: What the capture's own C(fetch=findings) came to, as it was given.
      returned: when the capture was asked for with it
      type: dict
      sample: {"fetched": "findings", "cover": "9f2c..."}
    minimum_flow_age:
      description: The minimum age of the capture, in seconds.
      returned: when the capture had one
      type: int
      sample: 60
    flow_count:
      description: The number of its flows.
      returned: always
      type: int
      sample: 3526
plan:
  description: The flushes that would cut exactly the findings.
  returned: with O(plan=true)
  type: dict
  contains:
    firewall_arn:
      description: The firewall that the plan is for.
      returned: always
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
    operations:
      description:
        - The flushes, items for the option O(flowops.aws.networkfirewall_flow_flush#module:operations).
        - Left out when there are too many to return; they are in O(plan_dest).
      returned: when they fit
      type: list
      elements: dict
      contains:
        availability_zone:
          description: The zone, or in its place the scope of another kind.
          returned: when the capture is scoped to a zone
          type: str
          sample: us-east-1a
        flow_filters:
          description: The filters, at most 20.
          returned: always
          type: list
          elements: dict
          sample: [{"source_address": "10.0.3.17", "source_port": 49152, "destination_address": "198.51.100.7",
                    "destination_port": 22, "protocols": ["tcp"]}]
        minimum_flow_age:
          description: The age in seconds below which flows are left alone; at least that of the capture.
          returned: always
          type: int
          sample: 0
        captured_at:
          description: When the capture was taken; the flush spares flows born since.
          returned: when AWS gives it
          type: str
          sample: "2026-01-31T12:00:00+00:00"
        flow_counts:
          description: The number of findings that each of the filters matches.
          returned: always
          type: list
          elements: int
          sample: [17]
        flow_count:
          description: The number of findings that the filters match.
          returned: always
          type: int
          sample: 17
    flow_count:
      description: The number of findings that the plan cuts.
      returned: always
      type: int
      sample: 17
    inseparable:
      description: The number of findings left out, because every filter for them would cut innocent flows too.
      returned: always
      type: int
      sample: 0
    inseparable_flows:
      description: The 5-tuples of the first 100 of those that a filter can name.
      returned: always
      type: list
      elements: dict
      sample: [{"availability_zone": "us-east-1a", "source_address": "10.0.3.17", "source_port": 49152,
                "destination_address": "198.51.100.7", "destination_port": 53, "protocol": "udp"}]
    collateral:
      description: The number of innocent flows that the plan would cut; 0 without O(allow_collateral=true).
      returned: always
      type: int
      sample: 0
    format_version:
      description: The version of the form that the plan has; C(hash) is of it, too.
      returned: always
      type: int
      sample: 1
    hash:
      description: The SHA-256 (hex) of format version, firewall ARN and operations; it fits no other firewall.
      returned: always
      type: str
      sample: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    captured_flow_count:
      description: The number of flows in the whole capture.
      returned: when every flow was captured
      type: int
      sample: 7052
    fetch:
      description:
        - V(findings) where only flows that can be findings were captured. There is no whole to take a share of, so that
          the role P(flowops.aws.flow_remediate#role) wants a maximum number of flows for such a plan.
      returned: when it is so
      type: str
      sample: findings
    findings:
      description: The file with the findings, C(path) and C(sha256).
      returned: when O(findings_dest) is given
      type: dict
      sample: {"path": "/var/lib/flowops/findings.jsonl.gz", "sha256": "e3b0..."}
    rules:
      description: The file with the rules that were judged by, C(path) and C(sha256).
      returned: when O(rules_dest) is given
      type: dict
      sample: {"path": "/var/lib/flowops/rules.json", "sha256": "e3b0..."}
    operation_count:
      description: The number of operations.
      returned: always
      type: int
      sample: 1
    dest:
      description: The file with the whole plan.
      returned: when O(plan_dest) is given
      type: str
      sample: /var/lib/flowops/plan.json
files:
  description: The files written, by the name of the option.
  returned: always
  type: dict
  sample: {"findings_dest": {"path": "/var/lib/flowops/findings.jsonl.gz", "sha256": "e3b0...", "count": 17}}
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.work.firewall_rules import firewall_rules_options
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_audit import audit
from ansible_collections.flowops.aws.plugins.module_utils.work.options import (
    firewall_options,
    role_options,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **firewall_options(),
            **role_options(),
            "operations": {"type": "list", "elements": "dict"},
            "src": {"type": "path"},
            "partial": {"type": "bool"},
            "policy": {"type": "dict"},
            "firewall_rules": {"type": "dict", "options": firewall_rules_options()},
            "policy_dir": {"type": "path"},
            "max_findings": {"type": "int", "default": 100},
            "top_n": {"type": "int", "default": 10},
            "dest": {"type": "path"},
            "findings_dest": {"type": "path"},
            "undecided_dest": {"type": "path"},
            "rules_dest": {"type": "path"},
            "plan": {"type": "bool", "default": False},
            "plan_dest": {"type": "path"},
            "resume": {"type": "bool", "default": False},
            "baseline": {"type": "path"},
            "allow_collateral": {"type": "bool", "default": False},
            "enrich": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
        required_one_of=[["operations", "src"]],
        mutually_exclusive=[["operations", "src"], ["firewall_arn", "firewall_name"], ["policy", "firewall_rules"]],
    )
    run(module, audit)


if __name__ == "__main__":
    main()
