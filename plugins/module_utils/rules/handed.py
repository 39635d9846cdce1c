# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rule groups as people hand them in: Suricata text, or the JSON of the AWS CLI, CloudFormation and Terraform."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ..errors import FlowOpsError
from .shapes import RULE_GROUP, misfit

_RESOURCE = "AWS::NetworkFirewall::RuleGroup"
_TERRAFORM = "aws_networkfirewall_rule_group"
_FORMS = "give Suricata rules, or a rule group as JSON of the AWS CLI, CloudFormation or Terraform"
_STATEFUL_TYPES = ("STATEFUL", "STATEFUL_DOMAIN", "STATELESS")


def group_of(text: str, source: str) -> dict[str, Any]:
    """Return the rule group (RuleGroup of the API) that a text stands for; source names the text in messages.

    Raises FlowOpsError for an empty text, for JSON that is no rule group, and for one that holds several.
    """
    bare = text.strip().lstrip("\ufeff")
    if not _has_content(bare):
        raise FlowOpsError(f"'{source}' has no rules in it; {_FORMS}.")
    if bare[0] not in "{[":
        if bare.startswith(("resource ", "module ", "variable ", "AWSTemplateFormatVersion", "Resources:")):
            raise FlowOpsError(f"'{source}' is neither Suricata rules nor JSON; {_FORMS}.")
        return {"RulesSource": {"RulesString": text}}
    try:
        content = json.loads(bare)
    except ValueError as error:
        raise FlowOpsError(f"'{source}' is not JSON ({error}); {_FORMS}.") from None
    except RecursionError:
        raise FlowOpsError(f"'{source}' is nested too deep; {_FORMS}.") from None
    found = list(_groups_in(content, source))
    if not found:
        raise FlowOpsError(f"'{source}' holds no stateful or stateless rule group; {_FORMS}.")
    if len(found) > 1:
        raise FlowOpsError(f"'{source}' holds {len(found)} rule groups; give each in a file of its own.")
    return found[0]


def _has_content(text: str) -> bool:
    return any(line.strip() and not line.lstrip().startswith("#") for line in text.splitlines())


def _groups_in(content: Any, source: str) -> Iterator[dict[str, Any]]:
    if not isinstance(content, Mapping):
        return
    kind = (_one(content.get("RuleGroupResponse")) or content).get("Type")
    if isinstance(kind, str) and kind in ("FIREWALL", "IPS"):
        raise FlowOpsError(f"'{source}' is a rule group of type {kind}, of a Next Generation policy; {_FORMS}.")
    if isinstance(content.get("Resources"), Mapping):
        for resource in content["Resources"].values():
            if isinstance(resource, Mapping) and resource.get("Type") == _RESOURCE:
                yield from _groups_in(resource, source)
    elif isinstance(content.get("Properties"), Mapping) and content.get("Type") == _RESOURCE:
        yield from _groups_in(content["Properties"], source)
    elif isinstance(content.get("RuleGroup"), Mapping):
        yield _checked(content["RuleGroup"], source)
    elif isinstance(content.get("Rules"), str):
        yield {"RulesSource": {"RulesString": content["Rules"]}}
    elif isinstance(content.get("RulesSource"), Mapping):
        yield _checked(content, source)
    else:
        yield from _of_terraform(content, source)


def _checked(group: Mapping[str, Any], source: str) -> dict[str, Any]:
    wrong = misfit(group, RULE_GROUP)
    if wrong:
        raise FlowOpsError(f"'{source}' is no rule group: {wrong}; {_FORMS}.")
    rules = group.get("RulesSource") or {}
    if not any(_has_content(value) if isinstance(value, str) else value for value in rules.values()):
        raise FlowOpsError(f"'{source}' has a rule group without rules; {_FORMS}.")
    # A group that says nothing of variables has none, unlike a text, which cannot say.
    return {"RuleVariables": {}, "ReferenceSets": {}, **group}


def _of_terraform(content: Mapping[str, Any], source: str) -> Iterator[dict[str, Any]]:
    resources = _one(content.get("resource")).get(_TERRAFORM)
    if isinstance(resources, Mapping):
        for resource in resources.values():
            yield from _of_terraform_resource(_one(resource), source)
        return
    planned = _one(_one(content.get("planned_values") or content.get("values")).get("root_module"))
    if planned:
        for resource in _planned(planned):
            yield from _of_terraform_resource(_one(resource.get("values")), source)
    elif "rule_group" in content or "rules_source" in content:
        yield from _of_terraform_resource(content, source)


def _planned(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the rule groups that a module of a plan has, and the modules in it."""
    yield from (resource for resource in _many(module.get("resources")) if resource.get("type") == _TERRAFORM)
    for inner in _many(module.get("child_modules")):
        yield from _planned(inner)


def _of_terraform_resource(resource: Mapping[str, Any], source: str) -> Iterator[dict[str, Any]]:
    if isinstance(resource.get("rules"), str) and resource["rules"].strip():
        yield {"RulesSource": {"RulesString": resource["rules"]}}
        return
    group = _one(resource.get("rule_group")) or resource
    if group.get("rules_source"):
        yield _checked(_group_of_blocks(group), source)


def _one(value: Any) -> Mapping[str, Any]:
    """Return a block of Terraform, which may stand in a list of one."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        value = value[0] if value else {}
    return value if isinstance(value, Mapping) else {}


def _many(value: Any) -> list[Mapping[str, Any]]:
    items = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return [item for item in items if isinstance(item, Mapping)]


def _group_of_blocks(group: Mapping[str, Any]) -> dict[str, Any]:
    variables, references = _one(group.get("rule_variables")), _one(group.get("reference_sets"))
    found: dict[str, Any] = {
        "RulesSource": _source_of_blocks(_one(group["rules_source"])),
        "RuleVariables": {
            "IPSets": _by_key(variables.get("ip_sets"), "ip_set", _definition),
            "PortSets": _by_key(variables.get("port_sets"), "port_set", _definition),
        },
        "ReferenceSets": {
            "IPSetReferences": _by_key(
                references.get("ip_set_references"),
                "ip_set_reference",
                lambda of: {"ReferenceArn": of.get("ip_set_arn") or of.get("reference_arn")},
            )
        },
    }
    order = _one(group.get("stateful_rule_options")).get("rule_order")
    if order:
        found["StatefulRuleOptions"] = {"RuleOrder": order}
    return found


def _definition(block: Mapping[str, Any]) -> dict[str, Any]:
    return {"Definition": block.get("definition") or []}


def _by_key(blocks: Any, inner: str, read: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    return {str(block.get("key")): read(_one(block.get(inner))) for block in _many(blocks)}


def _source_of_blocks(source: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if source.get("rules_string"):
        found["RulesString"] = source["rules_string"]
    domains = _one(source.get("rules_source_list"))
    if domains:
        found["RulesSourceList"] = {
            "GeneratedRulesType": domains.get("generated_rules_type"),
            "TargetTypes": domains.get("target_types") or [],
            "Targets": domains.get("targets") or [],
        }
    stateful = _many(source.get("stateful_rule"))
    if stateful:
        found["StatefulRules"] = [_five_tuple(rule) for rule in stateful]
    stateless = _many(_one(source.get("stateless_rules_and_custom_actions")).get("stateless_rule"))
    if stateless:
        found["StatelessRulesAndCustomActions"] = {"StatelessRules": [_stateless(rule) for rule in stateless]}
    return found


def _five_tuple(rule: Mapping[str, Any]) -> dict[str, Any]:
    header = _one(rule.get("header"))
    names = ("protocol", "source", "source_port", "direction", "destination", "destination_port")
    return {
        "Action": rule.get("action"),
        "Header": {"".join(word.title() for word in name.split("_")): header.get(name) for name in names},
        "RuleOptions": [
            {"Keyword": option.get("keyword"), "Settings": option.get("settings") or []}
            for option in _many(rule.get("rule_option"))
        ],
    }


def _stateless(rule: Mapping[str, Any]) -> dict[str, Any]:
    definition = _one(rule.get("rule_definition"))
    match = _one(definition.get("match_attributes"))
    ports = {
        f"{side.title()}Ports": [
            {"FromPort": port.get("from_port"), "ToPort": port.get("to_port", port.get("from_port"))}
            for port in _many(match.get(f"{side}_port"))
        ]
        for side in ("source", "destination")
    }
    hosts = {
        f"{side.title()}s": [{"AddressDefinition": item.get("address_definition")} for item in _many(match.get(side))]
        for side in ("source", "destination")
    }
    flags = {"TCPFlags": [dict(flag) for flag in _many(match.get("tcp_flag"))]}
    attributes = {**hosts, **ports, "Protocols": match.get("protocols") or [], **flags}
    return {
        "Priority": rule.get("priority", 0),
        "RuleDefinition": {
            "Actions": definition.get("actions") or [],
            "MatchAttributes": {name: value for name, value in attributes.items() if value},
        },
    }
