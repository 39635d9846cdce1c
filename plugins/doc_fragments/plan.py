# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """A flush plan, and the findings that it was made for."""

    DOCUMENTATION = r"""
options:
  plan:
    description: The operations of the plan, as M(flowops.aws.networkfirewall_flow_audit) returns them.
    type: list
    elements: dict
    required: true
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
      - The findings that the plan was made for, a file of flow records with C(rule) in JSON lines as the option
        O(flowops.aws.networkfirewall_flow_audit#module:findings_dest) writes it. Flows are then told with their rules.
    type: path
  findings:
    description: Findings as in O(findings_src), given directly.
    type: list
    elements: dict
"""
