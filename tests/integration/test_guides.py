# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The commands of the guides, typed into a shell against the emulator: they run, and warn of nothing."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import textwrap
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import flow
from ansible_collections.flowops.aws.tests.integration.harness.runner import HERE, environment
from ansible_collections.flowops.aws.tests.integration.harness.warm import warmed

DURATION = 0
GUIDES = HERE.parents[1] / "docs" / "docsite" / "rst"
ZONES = ["us-east-1a", "us-east-1b"]
RULES = 'pass ip any any -> any any (msg:"all"; sid:1;)\n'
# In their order; what sets AWX up, and what listens for events, has tests of its own.
TYPED = ("first_audit", "playbooks", "rules", "costs", "incident", "awx")
HERE_TOO = re.compile(r"ansible-playbook flowops\.aws\.(?!awx)|ansible-doc |export AWS_REGION=|[A-Z]+=")
CHECK = " --check --diff"
# What ansible-core says of its own accord where a command names no inventory.
OF_CORE = (
    "No inventory was parsed, only implicit localhost",
    "provided hosts list is empty, only localhost is available",
)


def blocks(guide: str, language: str) -> list[str]:
    """The code blocks of a guide in a language, without their indentation."""
    text = (GUIDES / f"guide_{guide}.rst").read_text(encoding="utf-8")
    found = re.findall(rf"^( *)\.\. code-block:: {language}\n((?:\n|\1   .*\n)+)", text, flags=re.MULTILINE)
    return [textwrap.dedent(body).strip() + "\n" for _indent, body in found]


def commands(guide: str) -> list[str]:
    """The commands of a guide that can be run against the emulator."""
    lines = [line.removeprefix("$ ") for block in blocks(guide, "console") for line in block.splitlines()]
    return [re.sub(r"=ARN\b", "=$ARN", line) for line in lines if HERE_TOO.match(line)]


def write_files(folder: Path, aws: Any, arn: str) -> None:
    """Write what the commands name, as the guides say it."""
    policy, inventory = blocks("first_audit", "yaml")
    change, what_if = blocks("rules", "yaml")
    described = aws.describe_firewall(FirewallArn=arn)["Firewall"]["FirewallPolicyArn"]
    answers = {"policy.json": aws.describe_firewall_policy(FirewallPolicyArn=described)}
    (group,) = answers["policy.json"]["FirewallPolicy"]["StatefulRuleGroupReferences"]
    answers["egress.json"] = aws.describe_rule_group(RuleGroupArn=group["ResourceArn"])
    for answer in answers.values():
        del answer["ResponseMetadata"]
    event = {"event_type": "netflow", "src_ip": "10.0.0.1", "dest_ip": "192.0.2.1", "proto": "TCP", "flow_id": 1}
    event |= {"src_port": 40000, "dest_port": 443, "netflow": {"pkts": 3, "bytes": 200, "age": 5}}
    entry = {"firewall_name": "egress", "availability_zone": ZONES[0], "event_timestamp": "1", "event": event}
    files = {
        "policy.yml": policy,
        "my.networkfirewall.yml": inventory,
        "change.yml": change,
        "what_if.yml": what_if,
        "new.rules": RULES,
        "rules/egress.rules": RULES,
        "inventory": f"egress firewall_arn={arn} ansible_connection=local\n",
        "ansible.cfg": "",
        **{name: json.dumps(answer, default=str) for name, answer in answers.items()},
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "flows.log.gz").write_bytes(gzip.compress(json.dumps(entry).encode()))


@pytest.fixture(scope="module")
def typed(
    emulator: Emulator, control: Control, aws: Any, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[str], str]:
    """Every command of the guides, and what it printed."""
    content = [*(flow(number, 443) for number in range(1, 61)), flow(71, 22), flow(72, 3389)]
    arn = control.add_firewall("egress", flows=dict.fromkeys(ZONES, content))["arn"]
    control.set_rules("egress", [{"name": "egress", "rules": RULES}], home_net=["10.0.0.0/8"])
    folder = tmp_path_factory.mktemp("guides")
    write_files(folder, aws, arn)
    lines = [line for guide in TYPED for line in commands(guide)]
    (check,) = [line for line in lines if "flowops.aws.remediate" in line and line.endswith(CHECK)]
    # "... then leave out --check --diff."
    lines.insert(lines.index(check) + 1, check.removesuffix(CHECK))
    shell = shutil.which("bash")
    assert shell
    settings = {
        "AWS_URL": emulator.url,
        "ANSIBLE_HOME": str(folder / ".ansible"),
        "PWD": str(folder),
        # Nothing of the tests' own is to warn of anything, or to hide it.
        "ANSIBLE_CALLBACK_PLUGINS": None,
        "ANSIBLE_ROLES_PATH": None,
        "ANSIBLE_LOCALHOST_WARNING": None,
    }
    done = subprocess.run(
        [shell, "-eu", "-c", "\n".join(f"echo {_marked(line)}\n{line}" for line in lines)],
        cwd=folder,
        env=warmed(environment(settings)),
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    return lines, done.stdout


def _marked(line: str) -> str:
    return "'" + "$ " + line.replace("'", "") + "'"


def test_every_guide_s_commands_are_typed(typed: tuple[list[str], str]) -> None:
    lines, output = typed
    playbooks = {match[1] for line in lines if (match := re.match(r"ansible-playbook flowops\.aws\.(\w+)", line))}
    assert playbooks == {"audit", "flows", "what_if", "remediate", "verify", "isolate", "summary"}
    assert sum(line.startswith("$ ansible-playbook") for line in output.splitlines()) >= 14
    known = {path.stem.removeprefix("guide_") for path in GUIDES.glob("guide_*.rst")}
    others = {guide for guide in known - set(TYPED) if any("ansible-playbook" in line for line in commands(guide))}
    assert others == set()


def test_the_guides_commands_warn_of_nothing(typed: tuple[list[str], str]) -> None:
    _lines, output = typed
    told = [line for line in output.splitlines() if "WARNING" in line and not any(text in line for text in OF_CORE)]
    assert told == []
    assert "Traceback" not in output
