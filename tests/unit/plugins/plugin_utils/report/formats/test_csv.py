# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.csv import HEADER, cell, csv_of
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import HOSTILE, finding


def rows_of(findings: list[Any], **options: Any) -> list[dict[str, str]]:
    text = b"".join(csv_of(findings, **options)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_columns_are_the_flow_record_rule_severity_names_and_description() -> None:
    lines = b"".join(csv_of([finding()])).decode().split("\r\n")
    assert lines[0] == (
        "source_address,source_port,destination_address,destination_port,protocol,protocol_number,"
        "age,packet_count,byte_count,availability_zone,rule,severity,source_name,destination_name,description"
    )
    assert lines[1] == "10.0.0.1,40000,198.51.100.7,22,tcp,6,8040,12,1234567,eu-central-1a,no-ssh,high,,,"
    assert lines[2:] == [""]


def test_without_findings_there_is_a_header() -> None:
    assert b"".join(csv_of([])) == ",".join(HEADER).encode() + b"\r\n"


def test_absent_members_are_empty_and_others_are_left_out() -> None:
    (row,) = rows_of([{"rule": "a", "extra": "secret"}])
    assert row == {**dict.fromkeys(HEADER, ""), "rule": "a"}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "' =1"),
        ("\r=1", "' =1"),
        ("\n=1", "' =1"),
        ("  =1", "'  =1"),
        ("\uff1d1", "'\uff1d1"),
        ("a\x00b", "'a\\u0000b"),
        ("a\tb", "'a b"),
        ("\x1b[31m", "'\\u001b[31m"),
        ("::1", "::1"),
        ("a-b", "a-b"),
        ("a,b", "a,b"),
        ('say "hi"', 'say "hi"'),
        (-5, -5),
        (22, 22),
        (1.5, 1.5),
        (True, "True"),
        (None, ""),
        (["=1"], '["=1"]'),
    ],
)
def test_cells_are_never_formulas_and_numbers_stay_numbers(value: Any, written: Any) -> None:
    assert cell(value) == written
    assert type(cell(value)) is type(written)


@pytest.mark.parametrize("text", [*HOSTILE, 'a"b', "a,b", "a;b"])
def test_hostile_text_stays_in_its_cell(text: str) -> None:
    (row,) = rows_of([finding(rule=text, severity=text, source_address=text)])
    assert row["destination_port"] == "22"
    assert row["rule"] == row["severity"] == row["source_address"] == str(cell(text))
    assert not row["rule"].startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_many_findings_come_in_blocks_in_their_order() -> None:
    blocks = csv_of(finding(source_port=port) for port in range(2500))
    first = next(blocks)
    assert first.count(b"\r\n") == 1001
    rest = b"".join(blocks)
    table = list(csv.DictReader(io.StringIO((first + rest).decode(), newline="")))
    assert [row["source_port"] for row in table] == [str(port) for port in range(2500)]


def test_what_is_no_finding_is_left_out() -> None:
    assert [row["rule"] for row in rows_of(["text", None, finding(rule="a")])] == ["a"]


def test_each_finding_says_why_it_is_one() -> None:
    found = [finding(), finding(message="SSH out"), finding(description="=1+1"), finding(rule="other")]
    told = rows_of(found, why={"no-ssh": "Over the bastion only."})
    assert [row["description"] for row in told] == ["Over the bastion only.", "SSH out", "'=1+1", ""]
