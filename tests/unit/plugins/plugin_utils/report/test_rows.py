# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.html import html_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.render import script_data
from ansible_collections.flowops.aws.plugins.plugin_utils.report.rows import Packed, shown_rows
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import (
    HOSTILE,
    audit,
    finding,
    viewed,
)


def packed(*found: dict[str, Any], **members: Any) -> dict[str, Any]:
    return Packed(viewed(audit(**members), found).findings).data


def texts_of(data: dict[str, Any], table: str, column: str) -> list[str]:
    return [data["texts"][table][index] for index in data["columns"][column]]


def data_of(page: str) -> dict[str, Any]:
    (text,) = re.findall(r'<script type="application/json" id="findings-data">(.*?)</script>', page, re.DOTALL)
    told: dict[str, Any] = json.loads(text)
    return told


def test_every_member_of_a_finding_is_in_the_data_worst_first() -> None:
    data = packed(finding(), finding(severity="critical", rule="threats", source_address="fd00::1"))
    assert texts_of(data, "severity", "severity") == ["critical", "high"]
    assert texts_of(data, "rule", "rule") == ["threats", "no-ssh"]
    assert texts_of(data, "address", "source") == ["fd00::1", "10.0.0.1"]
    assert texts_of(data, "port", "source_port") == ["40000", "40000"]
    assert texts_of(data, "address", "destination") == ["198.51.100.7"] * 2
    assert texts_of(data, "port", "destination_port") == ["22", "22"]
    assert texts_of(data, "protocol", "protocol") == ["tcp", "tcp"]
    assert texts_of(data, "zone", "zone") == ["eu-central-1a"] * 2
    assert [data["columns"][name][1] for name in ("age", "packets", "bytes")] == [8040, 12, 1_234_567]
    assert data["total"] == 3


def test_tables_are_in_the_order_of_sorting() -> None:
    addresses = ["9.0.0.1", "10.0.0.1", "10.0.0.9", "2001:db8::1", "fd00::1", "a-name", "zz"]
    found = [finding(source_address=address, destination_address=address) for address in reversed(addresses)]
    ports = ["", 5, 22, 443, 40000, "x"]
    found += [finding(source_address="9.0.0.1", destination_address="zz", source_port=port) for port in ports]
    severities = ["critical", "high", "low", "informational", "odd"]
    found += [finding(source_address="zz", destination_address="zz", severity=name) for name in severities]
    data = packed(*found)
    assert data["texts"]["address"] == addresses
    assert data["versions"] == [3, 2]
    assert data["texts"]["port"] == ["5", "22", "443", "40000", "", "x"]
    assert data["texts"]["severity"] == severities


@pytest.mark.parametrize("number", [None, "", "many", -1, True, 10**400, 1.5e300])
def test_a_number_that_is_none_is_unknown(number: Any) -> None:
    data = packed(finding(byte_count=number, age=number, packet_count=number))
    assert [data["columns"][name] for name in ("age", "packets", "bytes")] in ([[None]] * 3, [[int(1.5e300)]] * 3)
    shown = shown_rows(viewed(audit(), [finding(byte_count=number)]).findings, 1)
    assert json.loads(script_data(data)) == json.loads(json.dumps(data))
    assert shown[0].bytes.text == ("–" if data["columns"]["bytes"] == [None] else shown[0].bytes.text)  # noqa: RUF001 - the dash of empty cells


def test_names_stand_beside_their_addresses() -> None:
    data = packed(finding(), addresses={"10.0.0.1": {"name": "web-7"}})
    assert {data["texts"]["address"][int(index)]: name for index, name in data["names"].items()} == {
        "10.0.0.1": "web-7"
    }


def test_a_finding_says_why_it_is_one() -> None:
    rules = [{"name": "no-ssh", "action": "deny", "description": "Over the bastion only."}]
    data = packed(finding(), finding(byte_count=1, message="SSH out"), rules=rules)
    assert texts_of(data, "why", "why") == ["Over the bastion only.", "SSH out"]
    assert [row.why for row in shown_rows(viewed(audit(rules=rules)).findings, 9)] == [
        "",
        "Over the bastion only.",
        "Over the bastion only.",
    ]


def test_a_page_holds_as_many_findings_as_it_may() -> None:
    found = [finding(source_port=port) for port in range(1, 301)]
    page = html_of(viewed(audit(findings_total=300), found, max_rows=250))
    assert len(data_of(page)["columns"]["rule"]) == 250
    assert page.count('<td class="rule">') == 50
    assert "250 of 300 findings, the most severe first; 50 left out here." in page
    assert "shows the first 50 of its findings" in page


def test_a_bar_knows_its_findings_and_one_without_any_does_not() -> None:
    page = html_of(viewed(audit()))
    data = data_of(page)
    picks = dict(re.findall(r'<tr data-pick="(\w+):(\d+)"><th scope="row"><bdi>no-ssh</bdi>', page))
    assert data["texts"]["rule"][int(picks["rule"])] == "no-ssh"
    capped = html_of(viewed(audit(counts={"by_rule": {"elsewhere": 9}}, findings_total=12)))
    assert re.search(r'<tr><th scope="row"><bdi>elsewhere</bdi>', capped)


@pytest.mark.parametrize("text", [*HOSTILE, "</script><script>alert(1)</script>", "<!--<script>", "]]>", "\\u003c"])
def test_hostile_text_in_the_data_stays_data(text: str) -> None:
    members = dict.fromkeys(("source_address", "source_port", "protocol", "availability_zone", "rule", "message"), text)
    page = html_of(viewed(audit(findings=[finding(**members)], findings_total=1)))
    # The data, and the script.
    assert page.count("<script") == page.count("</script") == 2
    assert len(data_of(page)["columns"]["rule"]) == 1
    assert not set("<>&") & set(script_data(data_of(page)))
