# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles and playbooks say what happens in which order; what has to be worked out is Python, with tests of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parents[3]
LONGEST_EXPRESSION = 160
MOST_PRIVATE = 15
FILES = sorted(path for folder in ("roles", "playbooks") for path in (ROOT / folder).rglob("*.yml"))
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
# What Ansible itself takes as an expression, without braces.
BARE = frozenset({"when", "that", "failed_when", "changed_when", "until"})


class _Loader(yaml.SafeLoader):
    """YAML with Ansible's own tags."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield the texts of a file, each with the key that it stands under."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from texts(name)
            yield from texts(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, key)
    elif isinstance(value, str):
        yield key, value


def expressions(path: Path) -> list[str]:
    """Return the Jinja expressions of a file, blanks put together."""
    found = []
    for key, text in texts(yaml.load(path.read_text(encoding="utf-8"), _Loader)):
        found += list(_in_braces(text))
        if key in BARE:
            found.append(f"{{{{ {text} }}}}")
    return [" ".join(item.split()) for item in found]


def _in_braces(text: str) -> Iterator[str]:
    written = ""
    # Jinja's own lexer knows a dictionary's braces from those that end an expression.
    for _line, kind, value in Environment().lex(text):
        written = value if kind == "variable_begin" else written + value
        if kind == "variable_end":
            yield written


def statements(path: Path) -> list[str]:
    """Return the Jinja statements of a file: loops, conditionals and variables of its own."""
    return [text for _key, text in texts(yaml.load(path.read_text(encoding="utf-8"), _Loader)) if "{%" in text]


def nested(expression: str) -> bool:
    """Return whether an expression has a conditional within another one."""
    tree = _environment().parse(expression)
    return any(
        inner is not outer for outer in tree.find_all(nodes.CondExpr) for inner in outer.find_all(nodes.CondExpr)
    )


def _environment() -> Environment:
    class Known(dict[str, Any]):
        """Every filter and test: what they do is nothing that is asked here."""

        def __contains__(self, name: object) -> bool:
            return True

    environment = Environment()
    environment.filters = Known()
    environment.tests = Known()
    return environment


def private(role: Path) -> set[str]:
    """Return the private variables of a role."""
    whole = "".join(path.read_text(encoding="utf-8") for path in role.rglob("*.yml"))
    return set(re.findall(rf"\b{role.name}__\w+", whole))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_an_expression_can_be_read_at_a_glance(path: Path) -> None:
    found = expressions(path)
    assert [item for item in found if len(item) > LONGEST_EXPRESSION] == []
    assert [item for item in found if nested(item)] == []
    assert statements(path) == []


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_keeps_few_variables_to_itself(role: Path) -> None:
    assert len(private(role)) <= MOST_PRIVATE, sorted(private(role))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_file_of_a_role_is_a_step_that_is_taken(role: Path) -> None:
    tasks = role / "tasks"
    named = "".join(path.read_text(encoding="utf-8") for path in tasks.iterdir())
    entries = {f"{name}.yml" for name in _entries(role)}
    steps = [path.name for path in tasks.iterdir() if path.name not in entries]
    assert [name for name in steps if f"tasks: {name}" not in named] == []


def test_no_variable_is_worked_out_in_steps() -> None:
    for path in FILES:
        for task in _tasks(yaml.load(path.read_text(encoding="utf-8"), _Loader)):
            for name, value in task.get("ansible.builtin.set_fact", {}).items():
                assert "loop" not in task, f"{path.name}: {name} grows in a loop"
                # A result may be told where its evidence lies, once that is known.
                assert "__" not in name, f"{path.name}: {name} = {value}"


def _entries(role: Path) -> dict[str, Any]:
    """Return the entries of a role, by the names of their files."""
    spec = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return dict(spec["argument_specs"])


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_entry_shows_plays_that_use_its_options(role: Path) -> None:
    for name, entry in _entries(role).items():
        plays = yaml.safe_load(entry["examples"])
        assert plays, name
        shown: set[str] = set()
        for play in plays:
            tasks = [task["ansible.builtin.include_role"] for task in play.get("tasks", [])]
            names = {item.get("role") or item.get("name") for item in [*play.get("roles", []), *tasks]}
            assert f"flowops.aws.{role.name}" in names
            shown |= {key for item in _tasks(play) for key in item if key.startswith(f"{role.name}_")}
        assert shown, name
        assert shown <= set(entry["options"]), name


def list_options(role: Path) -> dict[str, dict[str, Any]]:
    """Return the options of a role that are lists, or the text of one."""
    return {
        name: option
        for entry in _entries(role).values()
        for name, option in entry["options"].items()
        if option["type"] == "list" or (option["type"] == "raw" and "text of one" in str(option["description"]))
    }


def _written(option: dict[str, Any]) -> Iterator[Any]:
    """Yield a list for an option in the ways in which a survey, a command line and a file write one."""
    if option["type"] == "raw":
        yield from ([{"any": True}], "[{any: true}]", '[{"any": true}]', "- any: true", "{any: true}")
        return
    items = option.get("choices", ["a", "b"])[:2]
    yield items
    yield ",".join(items)
    if "choices" not in option:
        yield from (", ".join(items), "\n".join(items), str(items), "\n".join(f"- {item}" for item in items))


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_list_is_taken_as_a_survey_and_a_command_line_give_it(role: Path) -> None:
    options = list_options(role)
    assert options
    for name, option in options.items():
        assert option.get("elements", "str") == "str", (
            f"{name}: the text of mappings is refused before the role sees it"
        )
        for value in _written(option):
            checked = ArgumentSpecValidator({name: option}).validate({name: value})
            assert checked.error_messages == [], (name, value)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_list_is_read_by_as_list_wherever_it_is_used(role: Path) -> None:
    for path in sorted((role / "tasks").glob("*.yml")):
        for expression in expressions(path):
            assert _unread(expression, list_options(role)) == [], f"{path.name}: {expression}"


def _unread(expression: str, options: dict[str, Any]) -> list[str]:
    """Return the options in an expression that are used as if they were lists already."""
    tree = _environment().parse(expression)
    reads = [node for node in tree.find_all(nodes.Filter) if node.name == "flowops.aws.as_list"]
    reads += [
        node for node in tree.find_all(nodes.Test) if node.name in ("defined", "undefined", "flowops.aws.every_flow")
    ]
    read = {id(name) for node in reads for name in node.find_all(nodes.Name)}
    return [node.name for node in tree.find_all(nodes.Name) if node.name in options and id(node) not in read]


def test_a_list_that_is_not_read_is_seen() -> None:
    options = {"a": {}}
    assert _unread("{{ a + ['b'] }}", options) == ["a"]
    assert _unread("{{ a | flowops.aws.as_list + ['b'] if a is defined else omit }}", options) == []
    assert _unread("{{ b | default(a) | flowops.aws.as_list }}", options) == []


def _tasks(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _tasks(item)
    elif isinstance(value, list):
        for item in value:
            yield from _tasks(item)


def test_an_expression_ends_where_jinja_says_it_does(tmp_path: Path) -> None:
    path = tmp_path / "tasks.yml"
    path.write_text("a: \"{{ {'b': {'c': d}} }} and {{\\n  e }}\"\nwhen: [f, not g]\nh: i\n", encoding="utf-8")
    assert expressions(path) == ["{{ {'b': {'c': d}} }}", "{{ e }}", "{{ f }}", "{{ not g }}"]


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("{{ a if b else c }}", False),
        ("{{ (a if b else c) ~ (d if e else f) }}", False),
        ("{{ a if b else c if d else e }}", True),
        ("{{ {'a': {'b': c if d else e}} }}", False),
        ("{{ a if b else [c | default('x' if d else 'y')] }}", True),
        ("{{ a | flowops.aws.as_list if a is flowops.aws.firewall_arn else c }}", False),
    ],
)
def test_a_conditional_within_another_is_seen(expression: str, answer: bool) -> None:
    assert nested(expression) is answer
