# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a new connection with the 5-tuple of a flow would meet, and the words for why that is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PASSED: Final = "passed"
DROPPED: Final = "dropped"
UNDECIDED: Final = "undecided"
FATES = (PASSED, DROPPED, UNDECIDED)

# Why a flow is undecided.
CONTENT: Final = "content"
KEYWORD: Final = "keyword"
REFUSED: Final = "refused"
VARIABLE: Final = "variable"
CONTEXT_SET: Final = "context_set"
RESOLVED_DOMAIN: Final = "resolved_domain"
RESOLVED_ADDRESSES: Final = "route53_resolved_ip_validation"
NEXT_GENERATION: Final = "next_generation"
MANAGED: Final = "managed_group"
UNREAD: Final = "unread_group"
UNREADABLE: Final = "unreadable"
TCP_FLAGS: Final = "tcp_flags"
DEFAULT_ACTION: Final = "default_action"
TLS_INSPECTION: Final = "tls_inspection"
DIRECTION: Final = "direction"
REPLY: Final = "reply"
FIRST_SPEAKER: Final = "first_speaker"
PROTOCOL: Final = "protocol"
RETRY: Final = "retry"
TUNNEL: Final = "tunnel"
HALF_SEEN: Final = "half_seen"
MEMBER: Final = "member"
NOT_IN_SYNC: Final = "not_in_sync"

REASONS: Mapping[str, str] = {
    CONTENT: "it hangs on what the packets carry",
    KEYWORD: "it hangs on something that a 5-tuple does not tell",
    REFUSED: "Suricata refuses a rule",
    VARIABLE: "what a variable stands for is not known",
    CONTEXT_SET: "a context set changes while the firewall runs",
    RESOLVED_DOMAIN: "it hangs on which names clients have asked DNS for",
    RESOLVED_ADDRESSES: "the firewall checks addresses against DNS answers",
    NEXT_GENERATION: "a Next Generation policy works in another way",
    MANAGED: "AWS does not show the rules of a managed group",
    UNREAD: "a rule group could not be read",
    UNREADABLE: "a stateless rule could not be read for sure",
    TCP_FLAGS: "a stateless rule looks at TCP flags",
    DEFAULT_ACTION: "AWS does not publish how a default action does it",
    TLS_INSPECTION: "TLS inspection shows the firewall what the connection carries",
    DIRECTION: "it hangs on which side opened the connection",
    REPLY: "it hangs on whether there is a reply",
    FIRST_SPEAKER: "it hangs on which side sends data first",
    PROTOCOL: "how the firewall treats this protocol is not known",
    RETRY: "the first packet is dropped, and the same packet sent again would pass",
    TUNNEL: "it hangs on the packets inside of the tunnel",
    HALF_SEEN: "a stateless rule keeps one direction from the stateful rules",
    MEMBER: "a member of the flow is missing or unreadable",
    NOT_IN_SYNC: "a change is still spreading, so that which rules hold is not known",
}


@dataclass(frozen=True)
class Verdict:
    """What a new connection with a flow's 5-tuple would meet, and the rule that says so or that it hangs on."""

    fate: str
    # <rule group>:<sid>, "" where it hangs on no rule.
    rule: str = ""
    message: str = ""
    text: str = ""
    # Of what is undecided: one of REASONS, and the keyword, variable or group that it hangs on.
    reason: str = ""
    hangs_on: str = ""
