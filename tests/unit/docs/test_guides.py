# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guides tell people to write and to run is right."""

from __future__ import annotations

import ast
import json
import re
import shlex
import textwrap
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy_reader import compile_policy

ROOT = Path(__file__).resolve().parents[3]
GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("guide_*.rst"))
TODAY = date(2026, 11, 21)


def blocks(guide: Path, language: str) -> list[str]:
    """The code blocks of a guide in that language, without their indentation."""
    found: list[str] = []
    lines = guide.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        match = re.fullmatch(rf"( *)\.\. code-block:: {re.escape(language)}", line)
        if not match:
            continue
        body = []
        for following in lines[number + 1 :]:
            if following.strip() and not following.startswith(match[1] + "   "):
                break
            body.append(following)
        found.append(textwrap.dedent("\n".join(body)).strip() + "\n")
    return found


def all_blocks(language: str) -> list[Any]:
    return [
        pytest.param(text, id=f"{guide.stem}-{number}")
        for guide in GUIDES
        for number, text in enumerate(blocks(guide, language))
    ]


def options_of_roles() -> set[str]:
    found: set[str] = set()
    for specification in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        options = yaml.safe_load(specification.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
        found |= set(options)
    return found


def options_of_playbooks() -> set[str]:
    """The variables that playbooks take beside those of their roles."""
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").rglob("*.yml"))
    return set(re.findall(r"\b(flowops_\w+|evidence_dir)\b", text))


def options_of_module(name: str) -> set[str]:
    """The options of a module, those of our doc fragments included."""

    def documentation(path: Path, constant: str) -> dict[str, Any]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == constant:
                found: dict[str, Any] = yaml.safe_load(ast.literal_eval(node.value))
                return found
        raise LookupError(f"{path} has no {constant}")

    own = documentation(ROOT / "plugins" / "modules" / f"{name}.py", "DOCUMENTATION")
    options = set(own["options"]) | {"region", "profile", "endpoint_url"}
    for fragment in own["extends_documentation_fragment"]:
        collection, _dot, rest = fragment.rpartition(".")
        if collection == "flowops.aws":
            options |= set(documentation(ROOT / "plugins" / "doc_fragments" / f"{rest}.py", "DOCUMENTATION")["options"])
    return options


def policies() -> list[Any]:
    return [parameter for parameter in all_blocks("yaml") if "rules" in (yaml.safe_load(parameter.values[0]) or {})]


def test_the_guides_have_what_is_tested_here() -> None:
    assert len(GUIDES) >= 7
    assert len(policies()) >= 8
    assert len(all_blocks("console")) >= 8
    assert len(all_blocks("yaml+jinja")) >= 2


def test_every_guide_is_in_the_table_of_contents() -> None:
    sections = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    assert sorted(name for section in sections for name in section["toctree"]) == [guide.stem for guide in GUIDES]


@pytest.mark.parametrize("text", policies())
def test_a_policy_can_be_compiled_and_has_no_rule_that_never_matches(text: str) -> None:
    policy = compile_policy(yaml.safe_load(text), today=TODAY, read_lines=lambda _path: ["198.51.100.7"])
    assert policy.rules
    assert not policy.shadow_warnings()


@pytest.mark.parametrize("text", all_blocks("yaml"))
def test_yaml_can_be_read(text: str) -> None:
    assert isinstance(yaml.safe_load(text), dict)


@pytest.mark.parametrize("text", all_blocks("json"))
def test_json_can_be_read(text: str) -> None:
    assert isinstance(json.loads(text), dict)


@pytest.mark.parametrize("text", all_blocks("yaml+jinja"))
def test_a_playbook_gives_its_modules_options_that_they_have(text: str) -> None:
    (play,) = yaml.safe_load(text)
    ours = 0
    for task in play["tasks"]:
        for name, arguments in task.items():
            if name.startswith("flowops.aws."):
                ours += 1
                assert set(arguments) <= options_of_module(name.rpartition(".")[2])
                if "policy" in arguments:
                    compile_policy(arguments["policy"], today=TODAY)
    assert ours


@pytest.mark.parametrize("text", all_blocks("console"))
def test_a_command_names_playbooks_and_options_that_there_are(text: str) -> None:
    known = options_of_roles() | options_of_playbooks()
    assert len(known) > 30
    for line in text.splitlines():
        assert line.startswith("$ ")
        words = shlex.split(line[2:])
        if words[0] == "ansible-rulebook":
            rulebook = words[words.index("--rulebook") + 1].removeprefix("flowops.aws.")
            assert (ROOT / "extensions" / "eda" / "rulebooks" / f"{rulebook}.yml").is_file()
        if words[0] != "ansible-playbook":
            continue
        assert (ROOT / "playbooks" / f"{words[1].removeprefix('flowops.aws.')}.yml").is_file()
        for position, word in enumerate(words):
            if word == "-e" and not words[position + 1].startswith("@"):
                value = words[position + 1]
                names = json.loads(value) if value.startswith("{") else [value.partition("=")[0]]
                assert set(names) <= known


def test_what_is_named_in_the_text_exists() -> None:
    known = options_of_roles() | options_of_playbooks()
    named = set()
    for guide in GUIDES:
        named |= set(re.findall(r"``((?:flow|flowops)_[a-z0-9_]+)``", guide.read_text(encoding="utf-8")))
    assert len(named) > 6
    assert {name for name in named if not name.endswith("_result")} <= known
