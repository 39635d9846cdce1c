# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by the plugins of this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Flow filters and where and how to start a flow operation with them."""

    DOCUMENTATION = r"""
options:
  availability_zones:
    description:
      - The names of several Availability Zones, each of which gets an operation of its own, all started in parallel.
      - With neither this nor any other scope, every zone of the firewall gets one.
    type: list
    elements: str
  flow_filters:
    description:
      - Which flows the operation is about, 1 to 20 filters.
      - The conditions of one filter are joined by AND, filters by OR. Each filter needs
        O(flow_filters[].source_address), O(flow_filters[].destination_address) or both.
    type: list
    elements: dict
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
        description:
          - Every flow. Stands alone, as the only condition of the only filter, and becomes the two filters
            V(0.0.0.0/0) and V(::/0).
        type: bool
        default: false
  minimum_flow_age:
    description:
      - Ignore flows younger than this many seconds.
    type: int
  wait:
    description:
      - Wait until every operation has ended.
      - The lookup P(flowops.aws.networkfirewall_flow_operation#lookup) waits for operations started elsewhere.
    type: bool
    default: false
  wait_timeout:
    description:
      - For how many seconds to wait at most, in all; both for a zone that is busy with another operation and,
        with O(wait=true), for the operations to end.
    type: int
    default: 900
"""
