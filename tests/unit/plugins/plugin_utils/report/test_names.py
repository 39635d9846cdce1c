# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.plugin_utils.report.audit_reader import audit_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.csv import cell, csv_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.html import html_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.json import json_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.markdown import markdown_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.names import Names
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import (
    HOSTILE,
    audit,
    finding,
    viewed,
)

ADDRESSES: dict[str, Any] = {
    "10.0.0.1": {"network_interface_id": "eni-1", "instance_id": "i-0abc", "name": "web-7"},
    "10.0.0.2": {"network_interface_id": "eni-2", "name": "ELB app/x"},
    "10.0.0.3": {"network_interface_id": "eni-3", "instance_id": "i-0def"},
    "10.0.0.4": {"network_interface_id": "eni-4"},
    "10.0.0.5": {"ambiguous": True},
    "fd00::1": {"network_interface_id": "eni-6", "instance_id": "i-06", "name": "db-1"},
}
TOP = {
    "by_bytes": {
        "source": [{"key": "10.0.0.1", "bytes": 1000, "packets": 7, "flows": 3}],
        "pair": [{"key": "10.0.0.1 -> 198.51.100.7", "bytes": 1000, "packets": 7, "flows": 3}],
        "port": [{"key": "443/tcp", "bytes": 1000, "packets": 7, "flows": 3}],
    },
    "by_age": {"destination": [{"key": "fd00::1", "age": 60}]},
}


class Cells(HTMLParser):
    """The text of a page's table rows, cell by cell, and the names of its tags."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[str]] = []
        self.tags: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data


def named(**members: Any) -> dict[str, Any]:
    findings = [finding(destination_address="fd00::1"), finding(source_address="10.0.0.5", byte_count=5)]
    return audit(**{"addresses": ADDRESSES, "findings": findings, "findings_total": 2, "top": TOP, **members})


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("10.0.0.1", "web-7 (i-0abc)"),
        ("10.0.0.2", "ELB app/x (eni-2)"),
        ("10.0.0.3", "i-0def"),
        ("10.0.0.4", "eni-4"),
        ("10.0.0.5", "(ambiguous)"),
        ("198.51.100.7", ""),
        (None, ""),
        (7, ""),
        (["10.0.0.1"], ""),
    ],
)
def test_a_name_says_what_is_behind_an_address(address: Any, name: str) -> None:
    assert Names(ADDRESSES).of(address) == name
    assert Names().of(address) == ""


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("10.0.0.1", "web-7 (i-0abc)"),
        ("10.0.0.1 -> 198.51.100.7", "web-7 (i-0abc) -> 198.51.100.7"),
        ("198.51.100.7 -> fd00::1", "198.51.100.7 -> db-1 (i-06)"),
        ("198.51.100.7 -> 198.51.100.8", ""),
        ("443/tcp", ""),
        (None, ""),
    ],
)
def test_a_pair_is_named_when_one_side_is(key: Any, name: str) -> None:
    assert Names(ADDRESSES).of_key(key) == name


def test_the_html_shows_names_beside_addresses_in_findings_and_talkers() -> None:
    rows = Cells(html_of(viewed(named()))).rows
    table = [row for row in rows if len(row) == 9]
    assert [row[2:4] for row in table[1:]] == [
        ["10.0.0.1:40000 web-7 (i-0abc)", "[fd00::1]:22 db-1 (i-06)"],
        ["10.0.0.5:40000 (ambiguous)", "198.51.100.7:22"],
    ]
    talkers = {row[0].strip() for row in rows if len(row) in (2, 4)}
    assert {
        "10.0.0.1 web-7 (i-0abc)",
        "10.0.0.1 -> 198.51.100.7 web-7 (i-0abc) -> 198.51.100.7",
        "443/tcp",
        "fd00::1 db-1 (i-06)",
    } <= talkers


def test_the_markdown_shows_names_beside_addresses_in_findings_and_talkers() -> None:
    text = markdown_of(viewed(named()))
    assert "| 10.0.0.1:40000 web-7 (i-0abc) | \\[fd00::1\\]:22 db-1 (i-06) |" in text
    assert "| 10.0.0.5:40000 (ambiguous) | 198.51.100.7:22 |" in text
    assert "| 10.0.0.1 web-7 (i-0abc) | 1.0 kB |" in text
    assert "| fd00::1 db-1 (i-06) | 1 min |\n" in text


def test_the_csv_has_the_names_in_columns_of_their_own() -> None:
    result = named()
    text = b"".join(csv_of(result["findings"], Names(result["addresses"]))).decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["source_address"], row["source_name"], row["destination_name"]) for row in rows] == [
        ("10.0.0.1", "web-7 (i-0abc)", "db-1 (i-06)"),
        ("10.0.0.5", "(ambiguous)", ""),
    ]


def test_the_json_has_what_was_found_of_each_address() -> None:
    result = named()
    assert json.loads(json_of(audit_of(result), viewed(result)))["addresses"] == ADDRESSES


def test_without_addresses_a_page_has_no_place_for_names() -> None:
    result = named()
    del result["addresses"]
    assert 'class="who"' not in html_of(viewed(result))
    assert 'class="who"' in html_of(viewed(named()))


@pytest.mark.parametrize("nonsense", [None, "text", [], [1], {"10.0.0.1": None}, {"10.0.0.1": {"name": [1]}}, {1: 2}])
def test_addresses_of_another_shape_do_not_break_a_report(nonsense: Any) -> None:
    view = viewed(named(addresses=nonsense))
    assert html_of(view).startswith("<!DOCTYPE html>")
    assert markdown_of(view).startswith("# Flow audit\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_name_is_text_in_every_format(text: str) -> None:
    def result_with(name: str) -> dict[str, Any]:
        return named(addresses={"10.0.0.1": {"name": name, "instance_id": "i-1"}})

    hostile, harmless = result_with(text), result_with("harmless")
    assert Cells(html_of(viewed(hostile))).tags == Cells(html_of(viewed(harmless))).tags
    lines, models = (markdown_of(viewed(result)).splitlines() for result in (hostile, harmless))
    assert len(lines) == len(models)
    for line, model in zip(lines, models, strict=True):
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == model.count("|")
        assert "{{" not in line and not re.search(r"<(?!!-- -->)", line)
    written = b"".join(csv_of(hostile["findings"], Names(hostile["addresses"]))).decode()
    row = next(csv.DictReader(io.StringIO(written, newline="")))
    assert row["source_name"] == cell(Names(hostile["addresses"]).of("10.0.0.1"))
    assert not row["source_name"].startswith(("=", "+", "-", "@"))
    assert json.loads(json_of(audit_of(hostile), viewed(hostile)))["addresses"]["10.0.0.1"]["name"] == text
