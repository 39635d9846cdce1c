# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy import Verdict
from ansible_collections.flowops.aws.plugins.module_utils.audit.policy_reader import compile_policy
from ansible_collections.flowops.aws.plugins.module_utils.audit.written import TEXT_LIMIT, rule_text
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError

TODAY = date(2026, 6, 15)


def described(*rules: dict[str, Any], **policy: Any) -> tuple[dict[str, Any], ...]:
    return compile_policy({"rules": list(rules), **policy}, today=TODAY).described


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"action": "deny"}, "deny any protocol from any to any"),
        (
            {
                "action": "deny",
                "protocols": ["tcp", 17],
                "source_address": ["$corp"],
                "destination_address": ["!$corp", "!fd00::/8"],
                "destination_port": [22, "5985-5986"],
                "min_age": 60,
            },
            "deny tcp, 17 from $corp to !$corp, !fd00::/8 port 22, 5985-5986 min_age 60",
        ),
        (
            {"action": "allow", "source_port": 53, "max_age": 9, "min_bytes": 1, "expires": date(2027, 1, 31)},
            "allow any protocol from any port 53 to any max_age 9 min_bytes 1 expires 2027-01-31",
        ),
        (
            {"action": "deny", "expires": datetime(2027, 1, 31, 8)},
            "deny any protocol from any to any expires 2027-01-31",
        ),
    ],
)
def test_a_rule_is_one_line(rule: dict[str, Any], text: str) -> None:
    assert rule_text(rule) == text


def test_a_long_rule_is_cut() -> None:
    text = rule_text({"action": "deny", "source_address": [f"10.0.0.{host}" for host in range(100)]})
    assert len(text) == TEXT_LIMIT and text.endswith("…")


def test_the_description_of_a_rule_reaches_its_findings_and_the_result() -> None:
    rule = {"name": "no-ssh", "action": "deny", "destination_port": [22], "description": "Over the bastion only."}
    policy = compile_policy({"rules": [rule]}, today=TODAY)
    assert policy.described == (
        {
            "name": "no-ssh",
            "action": "deny",
            "severity": "medium",
            "description": "Over the bastion only.",
            "text": "deny any protocol from any to any port 22",
        },
    )
    verdict = policy.rules[0].deny
    assert verdict is not None
    assert verdict.as_result() == {"rule": "no-ssh", "severity": "medium", "description": "Over the bastion only."}
    assert Verdict("a", "low").as_result() == {"rule": "a", "severity": "low"}


def test_what_the_policy_does_by_default_has_no_text() -> None:
    assert described(default="deny") == ({"name": "default", "action": "deny", "severity": "medium"},)


@pytest.mark.parametrize("description", [7, None, ["a"], "x" * 301, "one\ntwo", "\x1b[31m"])
def test_a_description_is_one_line_of_text(description: Any) -> None:
    with pytest.raises(FlowOpsError, match=r"rules\[0\].description: .* give one line of at most 300 characters"):
        described({"name": "a", "action": "deny", "description": description})


def test_the_texts_of_very_many_rules_do_not_fill_a_result() -> None:
    rules = [{"name": f"r{number}", "action": "deny", "description": "x" * 300} for number in range(2000)]
    told = described(*rules)
    assert len(told) == 2000
    assert 100 < sum("description" in rule for rule in told) < 200
    assert sum(len(str(rule)) for rule in told) < 250_000
