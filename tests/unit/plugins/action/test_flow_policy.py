# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader

from ansible_collections.flowops.aws.plugins.action import flow_policy
from ansible_collections.flowops.aws.plugins.modules import flow_policy as documentation

POLICY = {"default": "allow", "rules": [{"name": "no-ssh", "action": "deny", "destination_port": [22]}]}
WITH_SET = """
sets:
  threats: {file: sets/threats.txt}
rules:
  - {name: threats, action: deny, severity: high, destination_address: [$threats], expires: 2099-01-31}
"""


@pytest.fixture(autouse=True)
def started_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that ansible-playbook was started in; the playbook lies in another one beside it."""
    folder = tmp_path / "started"
    (tmp_path / "playbook").mkdir()
    folder.mkdir()
    monkeypatch.setenv("PWD", str(folder))
    return folder


def run(tmp_path: Path, **options: Any) -> dict[str, Any]:
    loader = DataLoader()
    loader.set_basedir(str(tmp_path / "playbook"))
    task = SimpleNamespace(args=options, async_val=0, check_mode=False, action="flow_policy")
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    result: dict[str, Any] = flow_policy.ActionModule(task, connection, None, loader, None, None).run(task_vars={})
    return result


def test_a_policy_as_given_comes_back_with_its_rules(tmp_path: Path) -> None:
    result = run(tmp_path, policy=POLICY)
    assert result["changed"] is False
    assert result["policy"] == POLICY
    text = "deny any protocol from any to any port 22"
    assert result["rules"] == [{"name": "no-ssh", "action": "deny", "severity": "medium", "text": text}]


def test_a_file_is_read_with_its_sets_and_becomes_json(tmp_path: Path, started_in: Path) -> None:
    (started_in / "policies" / "sets").mkdir(parents=True)
    (started_in / "policies" / "policy.yml").write_text(WITH_SET, encoding="utf-8")
    (started_in / "policies" / "sets" / "threats.txt").write_text("198.51.100.0/24\n", encoding="utf-8")
    result = run(tmp_path, policy_file="policies/policy.yml")
    assert result["policy_dir"] == str(started_in / "policies")
    text = "deny any protocol from any to $threats expires 2099-01-31"
    assert result["rules"] == [{"name": "threats", "action": "deny", "severity": "high", "text": text}]
    assert json.loads(json.dumps(result["policy"]))["rules"][0]["expires"] == "2099-01-31"


@pytest.mark.parametrize("places", [["started", "playbook"], ["started"], ["playbook"]])
def test_the_folder_it_was_started_in_comes_before_the_playbook_s(tmp_path: Path, places: list[str]) -> None:
    for place in places:
        (tmp_path / place / "policy.yml").write_text(yaml.safe_dump(POLICY), encoding="utf-8")
    assert run(tmp_path, policy_file="policy.yml")["policy_dir"] == str(tmp_path / places[0])
    absolute = tmp_path / places[-1] / "policy.yml"
    assert run(tmp_path, policy_file=str(absolute))["policy_dir"] == str(absolute.parent)


def test_a_project_is_around_the_folder_of_its_playbooks(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "policy.yml").write_text(yaml.safe_dump(POLICY), encoding="utf-8")
    assert run(tmp_path, policy_file="policies/policy.yml")["policy_dir"] == str(tmp_path / "policies")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (None, ["policy_file: 'policy.yml'", "there is no such file in", "started or", "playbook"]),
        (b"rules: [", ["policy_file: 'policy.yml' line 1", "it is not YAML"]),
        (b"rules: \xff", ["policy_file: 'policy.yml' line 1", "it is not text in UTF-8"]),
        (b"rules: !!python/object/apply:os.getcwd []", ["policy_file: 'policy.yml'", "it is not YAML"]),
        (b"just words", ["policy", "this is not a policy"]),
        (b"", ["policy", "this is not a policy"]),
    ],
)
def test_a_file_that_is_no_policy_fails_in_a_sentence(
    tmp_path: Path, started_in: Path, content: bytes | None, parts: list[str]
) -> None:
    if content is not None:
        (started_in / "policy.yml").write_bytes(content)
    result = run(tmp_path, policy_file="policy.yml")
    assert result["failed"] is True
    assert "policy" not in result
    for part in parts:
        assert part in result["msg"]
    assert "\n" not in result["msg"]


def test_every_mistake_is_told_with_its_path(tmp_path: Path) -> None:
    rule = {"name": "a", "action": "deny", "destination_port": [70000], "protocol": "tcp"}
    result = run(tmp_path, policy={"default": "maybe", "rules": [rule, "b"]})
    assert result["failed"] is True
    paths = [mistake.partition(":")[0] for mistake in result["policy_errors"]]
    assert sorted(paths) == ["default", "rules[0].destination_port[0]", "rules[0].protocol", "rules[1]"]
    assert all(mistake in result["msg"] for mistake in result["policy_errors"])


def test_a_set_file_that_is_not_there_is_named(tmp_path: Path, started_in: Path) -> None:
    (started_in / "policy.yml").write_text(WITH_SET, encoding="utf-8")
    result = run(tmp_path, policy_file="policy.yml")
    assert "sets.threats.file: 'sets/threats.txt' is not allowed; it cannot be read" in result["msg"]


def test_two_policies_are_one_too_many(tmp_path: Path) -> None:
    with pytest.raises(AnsibleActionFail) as failure:
        run(tmp_path, policy=POLICY, policy_file="policy.yml")
    assert "policy" in str(failure.value)
    assert "policy_file" in str(failure.value)


NOTHING = {"changes": "", "firewall_policy_src": "", "rule_group_srcs": [], "home_net": None, "initiator": "source"}


def test_without_a_policy_the_firewalls_rules_judge(tmp_path: Path) -> None:
    assert run(tmp_path)["firewall_rules"] == {}
    assert run(tmp_path, firewall_rules=NOTHING)["firewall_rules"] == {"initiator": "source"}
    assert "firewall_rules" not in run(tmp_path, policy=POLICY, firewall_rules=NOTHING)


CHANGE = {"rule_group": "egress", "src": "new.rules"}


@pytest.mark.parametrize(
    "given", [[CHANGE], CHANGE, json.dumps([CHANGE]), yaml.safe_dump([CHANGE]), "rule_group: egress\nsrc: new.rules"]
)
def test_changes_as_people_give_them(tmp_path: Path, started_in: Path, given: Any) -> None:
    (started_in / "new.rules").write_text("drop tcp any any -> any 22 (sid:1;)\n", encoding="utf-8")
    rules = run(tmp_path, firewall_rules={"changes": given, "home_net": "10.0.0.0/8, fd00::/8"})["firewall_rules"]
    assert rules["changes"] == [{"rule_group": "egress", "src": str(started_in / "new.rules")}]
    assert rules["home_net"] == ["10.0.0.0/8", "fd00::/8"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"changes": [CHANGE]}, "firewall_rules.changes.src: 'new.rules' is not allowed; there is no such file"),
        ({"changes": [{"group": "egress"}]}, "firewall_rules.changes: .*give a mapping of rule_group"),
        ({"changes": "egress"}, "firewall_rules.changes: 'egress' is not allowed; give a mapping of rule_group"),
        ({"changes": "{"}, "firewall_rules.changes: '{' is not allowed"),
        ({"changes": [{"rule_group": "egress"}]}, "firewall_rules.changes.src"),
        ({"changes": [{**CHANGE, "src": "/etc/hosts", "state": "Present"}]}, "changes.state: 'Present' is not allowed"),
        ({"changes": [{**CHANGE, "src": "/etc/hosts", "priority": "ten"}]}, "changes.priority: 'ten' is not allowed"),
        ({"changes": [{**CHANGE, "src": "/etc/hosts", "priority": 0}]}, "changes.priority: 0 is .*from 1 to 65535"),
        ({"home_net": "here"}, "firewall_rules.home_net"),
        ({"firewall_policy_src": "policy.json"}, "firewall_policy_src: 'policy.json'.*no such file"),
        ({"rule_group_srcs": "policy.yml"}, "rule_group_srcs.*no such file"),
    ],
)
def test_what_cannot_be_judged_by_is_told_before_anything_is_captured(
    tmp_path: Path, given: dict[str, Any], said: str
) -> None:
    result = run(tmp_path, firewall_rules=given)
    assert result["failed"] is True
    assert re.search(said, result["msg"])
    assert "\n" not in result["msg"]


def test_a_policy_and_changes_of_rules_are_one_too_many(tmp_path: Path) -> None:
    result = run(tmp_path, policy=POLICY, firewall_rules={"changes": [CHANGE]})
    assert result["failed"] is True
    assert "changes" in result["msg"]


def test_strings_of_a_policy_are_never_templates(tmp_path: Path, started_in: Path) -> None:
    name = "{{ 7*7 }}"
    rule = {"name": name, "action": "deny"}
    (started_in / "policy.yml").write_text(yaml.safe_dump({"rules": [rule]}), encoding="utf-8")
    assert run(tmp_path, policy_file="policy.yml")["rules"][0]["name"] == name


def test_the_documentation_names_the_options(tmp_path: Path) -> None:
    options = yaml.safe_load(documentation.DOCUMENTATION)["options"]
    assert {name: option["type"] for name, option in options.items()} == {
        name: option["type"] for name, option in flow_policy.ARGUMENT_SPEC.items()
    }
    returned = yaml.safe_load(documentation.RETURN)
    assert set(run(tmp_path, policy=POLICY)) - {"changed"} <= set(returned)


@pytest.mark.parametrize(
    "secret", ["s3cr3t: [", "s3cr3t", "a: s3cr3t\n\tb: c", "- &s3cr3t a\n- *t", "s3cr3t: 1\ns3cr3t: 2"]
)
def test_nothing_of_a_file_that_is_no_policy_is_shown(tmp_path: Path, started_in: Path, secret: str) -> None:
    (started_in / "policy.yml").write_text(secret, encoding="utf-8")
    result = run(tmp_path, policy_file="policy.yml")
    assert result["failed"] is True and "s3cr3t" not in json.dumps(result)


@pytest.mark.parametrize("kind", ["fifo", "folder", "device", "large", "kernel"])
def test_what_is_no_regular_file_of_bounded_size_is_refused_at_once(
    tmp_path: Path, started_in: Path, kind: str
) -> None:
    path = started_in / "policy.yml"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "large":
        path.write_bytes(b"#" * ((1 << 20) + 1))
    given = {"device": "/dev/zero", "kernel": "/proc/self/environ"}.get(kind, str(path))
    result = run(tmp_path, policy_file=given)
    assert result["failed"] is True and result["msg"].startswith(f"policy_file: '{given}'")
    assert len(result["msg"]) < 400


def test_numbers_are_decimal_and_all_else_is_text(tmp_path: Path, started_in: Path) -> None:
    rule = "rules: [{name: a, action: deny, destination_port: [20:21, 443, 1_000]}]"
    (started_in / "policy.yml").write_text(rule, encoding="utf-8")
    (mistake,) = run(tmp_path, policy_file="policy.yml")["policy_errors"]
    assert mistake.startswith("rules[0].destination_port[2]: '1_000'")
    (started_in / "policy.yml").write_text(rule.replace("1_000", "0443"), encoding="utf-8")
    assert "write 443" in run(tmp_path, policy_file="policy.yml")["msg"]
    (started_in / "policy.yml").write_text(rule.replace(", 1_000", ""), encoding="utf-8")
    assert run(tmp_path, policy_file="policy.yml")["policy"]["rules"][0]["destination_port"] == ["20:21", 443]


def test_aliases_are_bounded(tmp_path: Path, started_in: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    (started_in / "policy.yml").write_text("\n".join([*lines, "rules: []"]), encoding="utf-8")
    assert "its aliases make it more than 200,000 values" in run(tmp_path, policy_file="policy.yml")["msg"]
    (started_in / "policy.yml").write_text("rules: &a [*a]", encoding="utf-8")
    assert "nested more than" in run(tmp_path, policy_file="policy.yml")["msg"]
    (started_in / "policy.yml").write_text("rules: " + "[" * 5000, encoding="utf-8")
    assert run(tmp_path, policy_file="policy.yml")["failed"] is True
