# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError, OptionError, shown
from ansible_collections.flowops.aws.plugins.module_utils.work.query import compiled_query, searched
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run, told_back, warn_when_large


class Exits:
    def __init__(self) -> None:
        self.params: dict[str, Any] = {}
        self.ended: dict[str, Any] = {}
        self.no_log_values: set[str] = set()

    def fail_json(self, **result: Any) -> None:
        self.ended = {"failed": True, **result}
        raise SystemExit(1)

    def exit_json(self, **result: Any) -> None:
        self.ended = result
        raise SystemExit(0)


def test_a_module_ends_with_its_result_or_with_one_sentence() -> None:
    module = Exits()
    with pytest.raises(SystemExit):
        run(module, lambda _module: {"changed": False, "flows": []})
    assert module.ended == {"changed": False, "flows": []}

    def fails(_module: Any) -> Any:
        raise FlowOpsError("It failed.", flow_operations=[1], changed=True)

    with pytest.raises(SystemExit):
        run(module, fails)
    assert module.ended == {"failed": True, "msg": "It failed.", "flow_operations": [1], "changed": True}
    module.params["plan"] = ["x" * 200_000]
    for work in (lambda _module: {}, fails):
        with pytest.raises(SystemExit):
            run(module, work)
        assert module.ended["invocation"] == {"module_args": {"plan": "left out, 200,004 bytes"}}


def test_proxies_are_masked_wherever_the_options_are_told_back() -> None:
    module = Exits()
    module.params["aws_config"] = {
        "retries": {"max_attempts": 3},
        "proxies": {"https": "http://me:word@proxy", "http": None},
    }
    with pytest.raises(SystemExit):
        run(module, lambda _module: {"changed": False})
    assert module.no_log_values == {"http://me:word@proxy"}
    module.params["aws_config"] = {"proxies": "none"}
    with pytest.raises(SystemExit):
        run(module, lambda _module: {"changed": False})


def test_an_unexpected_exception_is_not_hidden() -> None:
    def breaks(_module: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(Exits(), breaks)


PAGES = [
    {"Flows": [{"Age": 1}, {"Age": 2}], "ResponseMetadata": {"RetryAttempts": 0}},
    {"Flows": [{"Age": 3}], "ResponseMetadata": {"RetryAttempts": 0}},
]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("Flows[].Age", [1, 2, 3]),
        ("length(Flows)", [2, 1]),
        ("Flows[?Age > `1`].Age", [2, 3]),
        ("Flows[0]", [{"Age": 1}, {"Age": 3}]),
        ("ResponseMetadata", [None, None]),
    ],
)
def test_a_query_is_asked_of_each_page(query: str, found: list[Any]) -> None:
    assert searched(compiled_query(query), PAGES, query) == found


@pytest.mark.parametrize("query", ["Flows[", "", "Flows[?Age >]", "{{ 7*7 }}", "no_such_function(@)"])
def test_a_broken_query_is_one_sentence_that_names_it(query: str) -> None:
    with pytest.raises(OptionError) as caught:
        searched(compiled_query(query), PAGES, query)
    assert caught.value.message.startswith("query: ") and "JMESPath" in caught.value.message
    assert shown(query) in caught.value.message
    assert "\n" not in caught.value.message


def test_no_query_is_none() -> None:
    assert compiled_query(None) is None


@pytest.mark.parametrize(("size", "warned"), [(499_000, False), (501_000, True)])
def test_a_large_result_is_warned_about(module_of: Callable[..., Any], size: int, warned: bool) -> None:
    module = module_of({})
    result = {"flows": "x" * (size - len(json.dumps({"flows": ""})))}
    warn_when_large(module, result, "use dest")
    assert bool(module.warnings) is warned
    assert all("use dest" in warning and "700,000" in warning for warning in module.warnings)


def test_a_large_option_is_told_back_by_its_size() -> None:
    small, large = ["x" * 99_996], ["x" * 99_997]
    told = told_back({"plan": large, "findings": small, "firewall_name": "egress", "wait": None})
    assert told == {"plan": "left out, 100,001 bytes", "findings": small, "firewall_name": "egress", "wait": None}


@pytest.mark.parametrize(
    ("value", "text"),
    [("a\nb", "'a\\nb'"), (7, "7"), (True, "True"), ("{{ x }}", "'{{ x }}'"), ([1], "[1]")],
)
def test_a_value_is_shown_on_one_line(value: Any, text: str) -> None:
    assert shown(value) == text
    assert len(shown("x" * 1000)) <= 200
