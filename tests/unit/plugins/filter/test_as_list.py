# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.filter.as_list import FilterModule

as_list = FilterModule().filters()["as_list"]


@pytest.mark.parametrize(
    "text",
    [
        "10.0.0.1,2001:db8::1,20:21",
        " 10.0.0.1 , 2001:db8::1 ,, 20:21, ",
        "10.0.0.1\n2001:db8::1\r\n\n20:21\n",
        '["10.0.0.1", "2001:db8::1", "20:21"]',
        "[10.0.0.1, '2001:db8::1', 20:21]",
        "- 10.0.0.1\n- 2001:db8::1\n- 20:21\n",
        "---\n- 10.0.0.1\n- 2001:db8::1\n- 20:21\n",
    ],
)
def test_every_way_to_write_a_list_gives_the_same_texts(text: str) -> None:
    assert as_list(text) == ["10.0.0.1", "2001:db8::1", "20:21"]


@pytest.mark.parametrize(
    ("value", "items"),
    [("", []), (" , \n", []), (None, []), ("[]", []), (["a", 7], ["a", 7]), (("a",), ["a"]), (7, [7]), ("a", ["a"])],
)
def test_what_is_no_text_of_several_is_kept(value: Any, items: list[Any]) -> None:
    assert as_list(value) == items


@pytest.mark.parametrize("text", ["[::1, 2001:db8::, 10.0.0.1]", "- ::1\n- 2001:db8::\n- 10.0.0.1"])
def test_addresses_that_are_mappings_to_yaml_are_addresses(text: str) -> None:
    assert as_list(text) == ["::1", "2001:db8::", "10.0.0.1"]


@pytest.mark.parametrize(
    ("text", "items"), [("[10.0.0.1", ["[10.0.0.1"]), ("[{a: b}]", ["{a: b}"]), ("- [a", ["[a"]), ("[[a]]", ["[a]"])]
)
def test_what_is_no_list_is_left_to_whoever_checks_the_items(text: str, items: list[str]) -> None:
    assert as_list(text) == items


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (
            '[{"destination_port": 443, "protocols": ["tcp", 17]}]',
            [{"destination_port": "443", "protocols": ["tcp", "17"]}],
        ),
        ("- {source_address: 10.0.0.0/8}\n- destination_address: fd00::/8", None),
        ("{any: true}", [{"any": "true"}]),
        ("", []),
        ("10.0.0.0/8", ["10.0.0.0/8"]),
        ("[10.0.0.0/8]", ["[10.0.0.0/8]"]),
        ("{", ["{"]),
    ],
)
def test_mappings_are_read_from_text_and_what_is_none_is_left_to_whoever_checks_it(text: str, items: Any) -> None:
    both = [{"source_address": "10.0.0.0/8"}, {"destination_address": "fd00::/8"}]
    assert as_list(text, "dict") == (both if items is None else items)
    assert as_list(items or both, "dict") == (items or both)
