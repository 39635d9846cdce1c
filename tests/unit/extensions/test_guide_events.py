# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide shows all that its command needs, and rules that let through what the event filter reads."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.tests.unit.extensions.samples import ASFF, GUARDDUTY, OCSF, envelope

ROOT = Path(__file__).resolve().parents[3]
GUIDE = (ROOT / "docs" / "docsite" / "rst" / "guide_events.rst").read_text(encoding="utf-8")
RULEBOOK = ROOT / "extensions" / "eda" / "rulebooks" / "isolate.yml"


def command(beginning: str) -> list[str]:
    (line,) = re.findall(rf"^ *\$ ({beginning}.*)$", GUIDE, flags=re.MULTILINE)
    return shlex.split(line)


def shown(name: str) -> Any:
    (text,) = re.findall(
        rf"^``{re.escape(name)}``.*:\n\n\.\. code-block:: yaml\n\n((?:   .*\n|\n)+)", GUIDE, flags=re.MULTILINE
    )
    return yaml.safe_load(text)


def test_the_rulebook_s_command_has_every_file_that_it_names_shown() -> None:
    words = command("ansible-rulebook")
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options["--rulebook"] == f"flowops.aws.{RULEBOOK.stem}"
    assert shown(options["--inventory"])["all"]["hosts"]
    text = RULEBOOK.read_text(encoding="utf-8")
    asked = set(re.findall(r"{{ (findings_\w+) }}", text))
    assert asked == set(shown(options["--vars"]))


def test_what_the_rulebook_needs_is_installed() -> None:
    assert {"ansible-rulebook", "aiobotocore"} <= set(command("pip install"))
    assert {"flowops.aws", "amazon.aws"} <= set(command("ansible-galaxy collection install"))


def patterns() -> list[Any]:
    return [json.loads(text) for text in re.findall(r"code-block:: json\n\n((?:     .*\n)+)", GUIDE)]


def matches(pattern: Any, value: Any) -> bool:
    """What EventBridge does with as much of its patterns as the guide uses; one item of a list is enough."""
    if isinstance(value, list):
        return any(matches(pattern, item) for item in value)
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and matches(pattern[name], value[name]) for name in pattern
        )
    for wanted in pattern:
        if isinstance(wanted, dict):
            operator, floor = wanted["numeric"]
            assert operator == ">="
            if value >= floor:
                return True
    return value in pattern


def test_each_format_has_a_rule_of_its_own() -> None:
    findings = [GUARDDUTY, {"findings": [ASFF]}, {"findings": [OCSF]}]
    table = [[matches(pattern, envelope(finding)) for finding in findings] for pattern in patterns()]
    assert table == [[True, False, False], [False, True, False], [False, False, True]]


@pytest.mark.parametrize(
    "finding",
    [
        {**GUARDDUTY, "severity": 6.9},
        {"findings": [{**ASFF, "Severity": {"Label": "MEDIUM"}}]},
        {"findings": [{**ASFF, "RecordState": "ARCHIVED"}]},
        {"findings": [{**OCSF, "severity": "Medium"}]},
        {"findings": [{**OCSF, "status": "Suppressed"}]},
    ],
)
def test_the_rules_leave_out_what_would_launch_nothing(finding: dict[str, Any]) -> None:
    assert not any(matches(pattern, envelope(finding)) for pattern in patterns())
