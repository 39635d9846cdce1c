# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What answers about rules are made of, so that files that somebody wrote or changed are held against it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import shown

# What a shape is made of: a mapping of shapes by member, EACH for all other members, NEEDED for one that must be there;
# a list of one shape; a tuple of the words that are allowed; or one of these.
Shape = Any
TEXT: Final = "text"
# Numbers may be written as texts, which CloudFormation does, and texts as numbers.
NUMBER: Final = "a whole number"
WORD: Final = "text or a whole number"
EACH: Final = "*"
_NEEDED = "!"
_LONGEST_NUMBER = 10

_ENTRIES: Shape = {EACH: {"Definition": [WORD]}}
_ORDER: Shape = ("DEFAULT_ACTION_ORDER", "STRICT_ORDER")
_REFERENCES: Shape = [{"ResourceArn" + _NEEDED: TEXT, "Priority": NUMBER, "Override": {"Action": TEXT}}]
_PORTS: Shape = [{"FromPort": NUMBER, "ToPort": NUMBER}]
_HOSTS: Shape = [{"AddressDefinition": TEXT}]
_HEADER: Shape = {
    **dict.fromkeys(("Protocol", "Source", "SourcePort", "Destination", "DestinationPort"), WORD),
    "Direction": ("ANY", "FORWARD"),
}
_FIVE_TUPLE: Shape = {
    "Action": TEXT,
    "Header" + _NEEDED: _HEADER,
    "RuleOptions": [{"Keyword" + _NEEDED: TEXT, "Settings": [WORD]}],
}
_STATELESS: Shape = {
    "Priority": NUMBER,
    "RuleDefinition" + _NEEDED: {
        "Actions" + _NEEDED: [TEXT],
        "MatchAttributes": {
            "Sources": _HOSTS,
            "Destinations": _HOSTS,
            "SourcePorts": _PORTS,
            "DestinationPorts": _PORTS,
            "Protocols": [NUMBER],
            "TCPFlags": [{}],
        },
    },
}
_DOMAINS: Shape = {
    "GeneratedRulesType": ("ALERTLIST", "ALLOWLIST", "DENYLIST", "REJECTLIST"),
    "TargetTypes": [TEXT],
    "Targets": [TEXT],
}

RULE_GROUP: Shape = {
    "RulesSource": {
        "RulesString": TEXT,
        "RulesSourceList": _DOMAINS,
        "StatefulRules": [_FIVE_TUPLE],
        "StatelessRulesAndCustomActions": {"StatelessRules": [_STATELESS]},
    },
    "RuleVariables": {"IPSets": _ENTRIES, "PortSets": _ENTRIES, "ContextSets": {}},
    "ReferenceSets": {"IPSetReferences": {EACH: {"ReferenceArn": TEXT}}},
    "StatefulRuleOptions": {"RuleOrder": _ORDER},
}
GROUP_ANSWER: Shape = {
    "RuleGroup": RULE_GROUP,
    "RuleGroupResponse": {"RuleGroupArn": TEXT, "RuleGroupName": TEXT, "Type": TEXT},
}
POLICY_ANSWER: Shape = {
    "FirewallPolicy" + _NEEDED: {
        "StatelessDefaultActions": [TEXT],
        "StatefulDefaultActions": [TEXT],
        "StatefulEngineOptions": {"RuleOrder": _ORDER},
        "PolicyVariables": {"RuleVariables": {EACH: {"Definition": [TEXT]}}},
        "Route53ResolvedIPValidation": {"Action": TEXT},
        "StatefulRuleGroupReferences": _REFERENCES,
        "StatelessRuleGroupReferences": _REFERENCES,
    },
    "FirewallPolicyResponse": {"FirewallPolicyArn": TEXT, "FirewallPolicyName": TEXT},
}
# What an audit writes as rules_dest.
ANSWERS: Shape = {
    "policy" + _NEEDED: POLICY_ANSWER,
    "groups" + _NEEDED: [GROUP_ANSWER],
    "problems" + _NEEDED: {EACH: TEXT},
    "prefix_lists" + _NEEDED: {EACH: [TEXT]},
    "unread" + _NEEDED: [TEXT],
    "vpc_cidrs": [TEXT],
    "home_net": [TEXT],
}


def misfit(value: Any, shape: Shape, path: str = "") -> str:
    """Return what in a value is not of a shape, "" when nothing is; a member that is null counts as not there."""
    if isinstance(shape, dict):
        return _not_a_mapping(value, shape, path)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return _is_not(value, path, "a list")
        return next((wrong for n, item in enumerate(value) if (wrong := misfit(item, shape[0], f"{path}[{n}]"))), "")
    if isinstance(shape, tuple):
        return "" if value in shape else _is_not(value, path, f"one of {', '.join(shape)}")
    return "" if _fits(value, shape) else _is_not(value, path, shape)


def _not_a_mapping(value: Any, shape: Mapping[str, Shape], path: str) -> str:
    if not isinstance(value, Mapping):
        return _is_not(value, path, "a mapping")
    for key, inner in shape.items():
        name = key.removesuffix(_NEEDED)
        if name != key and value.get(name) is None:
            return f"its {_at(path, name)} is missing"
        for member in value if key == EACH else (name,) if name in value else ():
            item = value[member]
            # A number that is null is read as one, and so is a member that has a name of its own.
            if item is None and key != EACH and inner is not NUMBER:
                continue
            wrong = misfit(item, inner, _at(path, member))
            if wrong:
                return wrong
    return ""


def _fits(value: Any, kind: str) -> bool:
    number = isinstance(value, int) and not isinstance(value, bool)
    if kind == NUMBER:
        digits = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER
        return number or digits
    return isinstance(value, str) or (number and kind == WORD)


def _at(path: str, member: str) -> str:
    return f"{path}.{member}" if path else str(member)


def _is_not(value: Any, path: str, wanted: str) -> str:
    return f"its {path} is {shown(value, 60)}, not {wanted}" if path else f"it is {shown(value, 60)}, not {wanted}"
