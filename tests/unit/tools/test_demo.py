# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the demo tells of a playbook's output, and which rule it changes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.flowops.aws.tests.demo.demo import a_rare_port, story_of


def said(host: str, message: object) -> str:
    return f"ok: [{host}] => {json.dumps({'changed': False, 'msg': message}, indent=4)}\n"


def test_the_last_word_on_each_firewall_is_told_once_and_of_a_table_the_head() -> None:
    output = "TASK [a] ***\nok: [egress]\n" + said("egress", "first") + said("lab", ["head", "row"])
    output += "TASK [b] ***\n" + said("egress", "last") + said("other", "last") + "PLAY RECAP ***\n"
    assert story_of(output) == ["last", "head"]
    assert story_of("TASK [a] ***\nok: [egress]\n") == []
    assert len(story_of(said("egress", "word " * 200))[0]) <= 220


@pytest.mark.parametrize(
    ("ports", "chosen"),
    [
        ([("443/tcp", 60), ("53/udp", 8), ("123/udp", 2)], (53, "udp")),
        ([("icmp", 2), ("443/tcp", 98)], None),
        ([], None),
    ],
)
def test_the_rule_that_changes_is_about_a_port_that_few_flows_have(
    ports: list[tuple[str, int]], chosen: tuple[int, str] | None, tmp_path: Path
) -> None:
    top = {"by_flows": {"port": [{"key": key, "flows": flows} for key, flows in ports]}}
    (tmp_path / "live.json").write_text(json.dumps({"flow_count": 100, "top": top}), encoding="utf-8")
    assert a_rare_port(tmp_path / "live.json") == chosen
