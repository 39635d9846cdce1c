# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of one firewall policy, in the order in which they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from .headers import ANY_ADDRESS, Addresses, Ports
from .keywords import EVERY_PROTOCOL
from .kinds import Kind

STRICT_ORDER = "STRICT_ORDER"
ACTION_ORDER = "DEFAULT_ACTION_ORDER"
PASS, DROP, ALERT, FORWARD = "pass", "drop", "alert", "forward"


class Header(NamedTuple):
    """Which packets a rule is for; ports are None where every packet will do, those without ports too."""

    source: Addresses = ANY_ADDRESS
    source_port: Ports | None = None
    destination: Addresses = ANY_ADDRESS
    destination_port: Ports | None = None
    protocols: frozenset[int] = EVERY_PROTOCOL
    both_ways: bool = False


ANY_HEADER = Header()


@dataclass(frozen=True, eq=False)
class Rule:
    """One stateful rule, or what is known of it.

    Effect is what its action does to packets: pass, drop (reject too) or alert.
    """

    group: str
    sid: int
    action: str
    effect: str
    header: Header
    kind: Kind
    message: str = ""
    text: str = ""
    line: int = 0
    priority: int = 3
    variables: tuple[int, ...] = ()
    # Why the variables in the header are not known, "" when they are.
    unknown: str = ""

    @property
    def name(self) -> str:
        """Return <rule group>:<sid>; of what is no rule of a group, its own name."""
        return f"{self.group}:{self.sid}" if self.sid else self.group


@dataclass(frozen=True, eq=False)
class StatelessRule:
    """One stateless rule: what it does (pass, drop or forward) to each packet of either direction that fits."""

    group: str
    priority: int
    effect: str
    header: Header
    certain: bool = True
    reason: str = ""
    keyword: str = ""
    text: str = ""

    @property
    def name(self) -> str:
        """Return <rule group>:<priority>; of what is no rule of a group, its own name."""
        return f"{self.group}:{self.priority}" if self.priority else self.group


@dataclass(frozen=True)
class Problem:
    """What is wrong with a rule, in words, and where."""

    group: str
    line: int
    column: int
    why: str
    text: str = ""

    @property
    def sentence(self) -> str:
        """Return the problem as one sentence."""
        return f"Rule group '{self.group}' line {self.line}, column {self.column}: {self.why}."


@dataclass(frozen=True)
class GroupInfo:
    """A rule group of the policy."""

    arn: str
    name: str
    stateful: bool
    priority: int | None
    last_modified: datetime | None
    rule_count: int
    # Why its rules are not known, "" when they are.
    unread: str = ""
    drop_to_alert: bool = False


@dataclass(frozen=True)
class Ruleset:
    """The rules that a firewall goes by."""

    arn: str
    name: str
    order: str
    stateful: tuple[Rule, ...]
    stateless: tuple[StatelessRule, ...] = ()
    # What happens to packets that no stateless rule is for: pass, drop or forward.
    stateless_default: str = FORWARD
    groups: tuple[GroupInfo, ...] = ()
    problems: tuple[Problem, ...] = ()
    # Things about the policy that keep flows undecided, by the names that AWS has for them.
    notes: tuple[str, ...] = ()
    default_actions: tuple[str, ...] = ()
    tls_inspection: bool = False
    # The newest change of the policy and all its groups, None when one of them is not known.
    newest_change: datetime | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
