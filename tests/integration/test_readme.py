# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import Identity, flow, live, modes, starts_of
from ansible_collections.flowops.aws.tests.integration.harness.runner import HERE, PlaybookRunner, environment

DURATION = 0.2
ROOT = HERE.parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ZONES = ["us-east-1a", "us-east-1b"]


def section(title: str) -> str:
    """The text of a section of the README."""
    return README.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def blocks(title: str, language: str) -> list[str]:
    """The fenced blocks of one language in a section of the README."""
    return re.findall(rf"^```{language}\n(.*?)^```$", section(title), flags=re.MULTILINE | re.DOTALL)


# -- what it tells a newcomer to type ---------------------------------------------------------------------------------


def is_admin_to_internet(found: Identity) -> bool:
    """What the README's policy forbids, judged without the collection's help."""
    corporate = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
    source, destination = (any(ip_address(address) in net for net in corporate) for address in (found[1], found[3]))
    return source and not destination and found[5] == "6" and found[4] in ("22", "3389", "5985", "5986")


@pytest.fixture(scope="module")
def arn(control: Control) -> str:
    zone = [
        *(flow(number, 443) for number in range(1, 61)),
        *(flow(number, 22, destination_address="10.9.9.9") for number in range(61, 71)),
        flow(71, 22),
        flow(72, 5985),
        flow(73, 3389, source_address="fd00::73", destination_address="2001:db8::5"),
        flow(74, 22, source_address="198.51.100.9"),
    ]
    arn: str = control.add_firewall("egress", flows=dict.fromkeys(ZONES, zone))["arn"]
    return arn


@pytest.fixture(scope="module")
def played(run_playbook: PlaybookRunner, emulator: Emulator, arn: str) -> Any:
    """The README's play of modules, on the firewall as it was at first."""
    _policy, play = blocks("Use it", "yaml")
    return run_playbook(play, env={"AWS_URL": emulator.url, "AWS_REGION": None})


@pytest.fixture(scope="module")
def typed(played: Any, emulator: Emulator, arn: str, aws: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The README's commands, typed into a shell beside its policy; what lived on the firewall before and after."""
    folder = tmp_path_factory.mktemp("newcomer")
    policy, _play = blocks("Use it", "yaml")
    (folder / "policy.yml").write_text(policy, encoding="utf-8")
    (folder / "ansible.cfg").touch()
    _install, *commands = blocks("Use it", "console")
    before = live(aws, arn, ZONES)
    shell = shutil.which("bash")
    assert shell
    done = subprocess.run(
        [shell, "-eu", "-c", "".join(commands)],
        cwd=folder,
        env=environment(
            {
                "AWS_URL": emulator.url,
                "ANSIBLE_HOME": str(folder / ".ansible"),
                "PWD": str(folder),
                # The tests' own callback would bring a warning of its own.
                "ANSIBLE_CALLBACK_PLUGINS": None,
            }
        ),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=900,
    )
    return folder, done, before, live(aws, arn, ZONES)


def test_the_play_of_modules_says_who_talks_ssh(played: Any) -> None:
    assert played.rc == 0, played.explain()
    # In each zone ten flows stay inside and one does not; one more does not come from inside.
    assert played["Say it"]["msg"] == "noncompliant: 2 of 22 flows"


def test_the_commands_cut_what_the_policy_forbids_and_nothing_else(typed: Any) -> None:
    _folder, done, before, after = typed
    assert done.returncode == 0, done.stdout + done.stderr
    guilty = Counter({found: count for found, count in before.items() if is_admin_to_internet(found)})
    assert guilty.total() == 6
    assert after == before - guilty


def test_the_commands_warn_of_nothing(typed: Any) -> None:
    _folder, done, _before, _after = typed
    warned = [line for line in (done.stdout + done.stderr).splitlines() if "WARNING" in line]
    # Ansible's own, where a command names no inventory.
    assert [line for line in warned if "No inventory was parsed, only implicit localhost" not in line] == []


def test_the_commands_say_so(typed: Any, control: Control, arn: str) -> None:
    folder, done, _before, _after = typed
    assert "egress is noncompliant: 6 of 148 live flows break the policy." in done.stdout
    remediated = "egress: remediated; 6 of 6 flows are gone, 0 survived, 0 came back; 3 flushes"
    assert f"{remediated}; nothing else was touched: proved." in done.stdout
    assert "egress: remediated; 6 of 6 flows are gone, 0 are still there, 0 came back." in done.stdout
    # The run with --check --diff showed the flows by rule and left the flushing to the next.
    assert "\n-no-admin-ports-to-internet: 6\n" in done.stdout
    assert done.stdout.count("\n-  us-east-1") == 6
    assert "flowops-evidence: intact; " in done.stdout
    # Nothing talks to the address that the incident is about.
    assert "egress: nothing_to_cut; no flow had to be cut." in done.stdout
    # One of them tried a filter.
    assert len(starts_of(control, arn, "StartFlowFlush")) == 1 + len(ZONES)
    found = modes(folder / "flowops-reports")
    assert found.pop(".") == 0o700
    assert set(found.values()) == {0o600}
    assert {"123456789012-us-east-1-egress-plan.json", "123456789012-us-east-1-egress-report.html"} <= set(found)
    assert "Traceback" not in done.stdout + done.stderr


def test_the_install_block_names_what_the_package_needs() -> None:
    install, *_commands = blocks("Use it", "console")
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert f"ansible-galaxy collection install {galaxy['namespace']}.{galaxy['name']}\n" in install
    assert f"the collection amazon.aws {galaxy['dependencies']['amazon.aws'].removeprefix('>=')} or" in README
    needed = re.findall(r"^(\w+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(needed) >= {"boto3", "jmespath"}
    (pip,) = re.findall(r"^pip install (.*)$", install, flags=re.MULTILINE)
    # boto3 brings botocore.
    assert set(pip.split()) | {"botocore"} == set(needed) | {"botocore"}


# -- what it says is there --------------------------------------------------------------------------------------------


def names(folder: str, suffix: str = ".py") -> set[str]:
    """The names of the plugins or playbooks in a folder of the checkout."""
    return {
        path.name.removesuffix(suffix)
        for path in (ROOT / folder).glob(f"*{suffix}")
        if not path.name.startswith(("_", "."))
    }


def in_the_tree() -> dict[str, set[str]]:
    """What the collection holds: an action is documented by a module of its name that has nothing to run."""
    modules = (ROOT / "plugins" / "modules").glob("[a-z]*.py")
    actions = {path.stem for path in modules if "def main(" not in path.read_text(encoding="utf-8")}
    assert actions <= names("plugins/action")
    found = {
        "module": names("plugins/modules") - actions,
        "action": actions,
        "role": {path.name for path in (ROOT / "roles").iterdir() if (path / "tasks").is_dir()},
        "playbook": names("playbooks", ".yml"),
    }
    for kind in ("lookup", "inventory", "callback"):
        if (ROOT / "plugins" / kind).is_dir():
            found[kind] = names(f"plugins/{kind}")
    for kind in ("filter", "test"):
        # A file may hold several, each with a documentation of its own.
        found[kind] = names(f"plugins/{kind}", ".yml")
    return found


def test_the_table_names_what_is_there_and_nothing_else() -> None:
    listed: dict[str, set[str]] = {}
    for kind, cell in re.findall(r"^\| (\w+) (`[^|]*) \|", section("What is in it"), flags=re.MULTILINE):
        listed.setdefault(kind.removesuffix("s"), set()).update(re.findall(r"`(\w+)`", cell))
    assert listed == in_the_tree()


def test_every_name_of_the_collection_in_the_text_exists() -> None:
    known = set().union(*in_the_tree().values()) | {"aws"}
    mentioned = set(re.findall(r"flowops\.aws\.(\w+)", README))
    assert mentioned
    assert mentioned <= known
    options = set(re.findall(r"-e (\w+)=", README))
    specs = [yaml.safe_load(path.read_text("utf-8")) for path in (ROOT / "roles").glob("*/meta/argument_specs.yml")]
    assert options
    assert options <= {name for spec in specs for name in spec["argument_specs"]["main"]["options"]}


@pytest.mark.parametrize("path", sorted((ROOT / "roles").glob("*/README.md")), ids=lambda path: path.parent.name)
def test_the_plays_in_a_role_s_readme_use_its_options(path: Path) -> None:
    spec = yaml.safe_load((path.parent / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    examples = re.findall(r"^```yaml\n(.*?)^```$", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    role = path.parent.name
    used = set(re.findall(rf"^ *({role}_\w+):", "".join(examples), flags=re.MULTILINE))
    assert used
    assert used <= set(spec["argument_specs"]["main"]["options"])
    (play, *_tasks) = yaml.safe_load(examples[0])
    assert f"flowops.aws.{role}" in {entry["role"] for entry in play["roles"]}
