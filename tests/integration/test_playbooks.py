# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import FirewallRunner, fact
from ansible_collections.flowops.aws.tests.integration.harness.runner import HERE, REGION, PlaybookRunner, environment

ROOT = HERE.parents[1]
# What sets AWX up has tasks of its own; test_awx.py runs it.
PLAYBOOKS = sorted(path for path in (ROOT / "playbooks").glob("*.yml") if path.stem != "awx")
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if (path / "tasks").is_dir())


def options_of(role: str) -> dict[str, Any]:
    text = (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)["argument_specs"]["main"]["options"]
    return found


def usages_of(playbook: Path) -> list[list[str]]:
    """The words of the commands that the comment on top of a playbook shows."""
    text = re.sub(r" \\\n# +", " ", playbook.read_text(encoding="utf-8"))
    lines = re.findall(r"^# +(ansible-playbook .*)$", text, flags=re.MULTILINE)
    assert lines
    return [shlex.split(line) for line in lines]


def role_of(play: dict[str, Any]) -> str:
    """The one role of a playbook, which it names, or whose one task file it includes."""
    include, tasks = "ansible.builtin.include_role", play.get("tasks", [])
    assert all(include in task or "ansible.builtin.debug" in task for task in tasks)
    names = [task[include]["name"] for task in tasks if include in task]
    (name,) = names + [role["role"] for role in play.get("roles", [])]
    return str(name).removeprefix("flowops.aws.")


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda path: path.stem)
def test_a_playbook_is_thin_and_says_how_to_run_it(playbook: Path) -> None:
    (play,) = yaml.safe_load(playbook.read_text(encoding="utf-8"))
    assert play["connection"] == "local"
    assert play["gather_facts"] is False
    name = role_of(play)
    assert ROOT / "roles" / name in ROLES
    for words in usages_of(playbook):
        assert words[1] == f"flowops.aws.{playbook.stem}"
        given = [words[at + 1] for at, word in enumerate(words) if word == "-e" and words[at + 1][0] != "@"]
        used = {re.split(r"[=:]", re.sub(r'^[{"]*', "", text))[0].rstrip('"') for text in given}
        assert used or "@" in str(words)
        # A playbook's own variables are those that it looks at itself.
        assert used <= {*options_of(name), *re.findall(r"flowops_\w+", json.dumps(play))}


EVERY_PLAYBOOK = sorted((ROOT / "playbooks").glob("*.yml"))
# One that the playbook looks at itself, and an option of a role, each with a letter too few.
MISTYPED = {
    "flowops_host": "flowops_hosts",
    "flow_audit_firewal_arn": "flow_audit_firewall_arn",
    "flow_remediate_max_flow": "flow_remediate_max_flows",
}


@pytest.mark.parametrize("playbook", EVERY_PLAYBOOK, ids=lambda path: path.stem)
def test_a_mistyped_variable_is_refused_before_any_call(
    playbook: Path, run_playbook: PlaybookRunner, emulator: Emulator
) -> None:
    given = {
        **dict.fromkeys(MISTYPED, "5"),
        "firewall_arn": "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress",
        "flowops_approved_plans": True,
        "flowops_plan_object": "s3://audits/plan.json",
    }
    before = emulator.control.calls()["counts"]
    run = run_playbook(playbook, given, {"AWS_URL": emulator.url, "AWS_REGION": REGION})
    (refused,) = [item for item in run.tasks if item.status == "failed"]
    assert (run.rc, refused.task) == (2, "Stop when a variable is mistyped"), run.explain()
    for name, meant in MISTYPED.items():
        assert f"{name}: there is no such variable; did you mean {meant}?" in refused.result["msg"]
    assert emulator.control.calls()["counts"] == before
    # Nothing ran before it.
    assert {item.task for item in run.tasks} == {refused.task}


@pytest.mark.parametrize("role", ROLES, ids=lambda path: path.name)
def test_the_defaults_of_a_role_are_those_it_documents(role: Path) -> None:
    written = yaml.safe_load((role / "defaults" / "main.yml").read_text(encoding="utf-8"))
    options = options_of(role.name)
    assert set(written) <= set(options)
    # A default that is worked out from others is told in words.
    plain = {name: value for name, value in written.items() if "{{" not in str(value)}
    assert plain == {name: option["default"] for name, option in options.items() if "default" in option}
    assert all(name.startswith(f"{role.name}_") for name in options)


def test_ansible_doc_shows_the_examples_of_every_role() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "ansible-doc", "-t", "role", *(f"flowops.aws.{role.name}" for role in ROLES)],
        env=environment(),
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    shown = {text.split()[0].strip("*"): text for text in done.stdout.split("> ROLE: ")[1:]}
    assert set(shown) == {f"flowops.aws.{role.name}" for role in ROLES}
    for name, text in shown.items():
        assert text.count("EXAMPLES:") == text.count("ENTRY POINT:")
        assert f"- role: {name}" in text


def test_a_playbook_runs_on_localhost_with_the_connection_from_the_environment(
    run_playbook: PlaybookRunner, emulator: Emulator
) -> None:
    run = run_playbook(
        "flowops.aws.execution_audit",
        {"flow_execution_audit_flow_execution_ids": ["demo-failed"]},
        {"AWS_URL": emulator.url, "AWS_REGION": REGION},
    )
    assert run.rc == 0, run.explain()
    assert fact(run, "localhost", "flow_execution_audit_result")["outcomes"] == {"failed": 1}


def test_two_firewalls_are_two_hosts_and_one_s_failure_is_not_the_other_s(
    emulator: Emulator, control: Control, tmp_path_factory: pytest.TempPathFactory
) -> None:
    flow = {
        "source_address": "10.0.0.1",
        "source_port": 40001,
        "destination_address": "203.0.113.5",
        "destination_port": 22,
        "protocol": "tcp",
        "age": 500,
    }
    # One name in two regions, so that neither files nor results may be told apart by the name alone.
    hosts = {}
    for zone, flows in (("us-east-1a", [flow]), ("eu-west-1b", [flow, {**flow, "destination_port": 443}])):
        arn = control.add_firewall("egress", flows={zone: flows})["arn"]
        region = zone[:-1]
        hosts[region] = {
            "firewall_arn": arn,
            "flow_audit_connection": {"region": region, "endpoint_url": emulator.url},
        }
    hosts["gone"] = {
        "firewall_arn": "arn:aws:network-firewall:us-east-1:123456789012:firewall/gone",
        "flow_audit_connection": {"region": "us-east-1", "endpoint_url": emulator.url},
    }
    runner = FirewallRunner(tmp_path_factory.mktemp("runs"), emulator.url)
    folder = runner.started_in()
    policy = {"rules": [{"name": "no-ssh", "action": "deny", "destination_port": [22]}]}
    run = runner("flowops.aws.audit", hosts, {"flow_audit_policy": policy}, started_in=folder)
    assert run.rc == 2
    for host, flow_count in (("us-east-1", 1), ("eu-west-1", 2)):
        result = fact(run, host, "flow_audit_result")
        assert (result["firewall_arn"], result["flow_count"]) == (hosts[host]["firewall_arn"], flow_count)
        plan = json.loads((folder / "flowops-reports" / f"123456789012-{host}-egress-plan.json").read_text("utf-8"))
        assert plan["firewall_arn"] == hosts[host]["firewall_arn"]
    with pytest.raises(KeyError):
        fact(run, "gone", "flow_audit_result")
    assert "firewall/gone" in run.recorded("Capture the flows of every zone", "gone").result["msg"]
