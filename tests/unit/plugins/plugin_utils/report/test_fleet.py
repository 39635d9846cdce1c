# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import OptionError
from ansible_collections.flowops.aws.plugins.plugin_utils.report.fleet.build import fleet_view
from ansible_collections.flowops.aws.plugins.plugin_utils.report.fleet.facts import Fleet, fleet_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.fleet.pages import html_of, markdown_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.links import relative_to
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.pages import (
    Page,
    kept,
    markdown_text,
    result,
)
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import ARN, HOSTILE


def fleet(*results: dict[str, Any], folders: tuple[str, ...] = (), **options: Any) -> Fleet:
    return fleet_of(results, folders, options.pop("expected", ()), **options)


def both(found: Fleet, **options: Any) -> list[str]:
    view = fleet_view(found, **options)
    return [Page(html_of(view)).text, markdown_text(markdown_of(view))]


def written(folder: Path, name: str, content: Any) -> Path:
    path = folder / f"{name}-report.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_the_worst_firewalls_come_first_with_what_they_have() -> None:
    found = fleet(
        kept("alpha"), result("beta"), result("gamma", findings_total=900, counts={"by_rule": {"no-ssh": 900}})
    )
    view = fleet_view(found)
    assert [(row.name, row.word, row.findings, row.region) for row in view.firewalls] == [
        ("gamma", "Noncompliant", "900", "eu-central-1"),
        ("beta", "Noncompliant", "3", "eu-central-1"),
        ("alpha", "Compliant", "0", "eu-central-1"),
    ]
    for text in both(found):
        assert "Noncompliant" in text and "2 of 3 firewalls, 903 findings" in text
    assert [(line.label, line.count) for line in view.by_verdict.bars] == [("noncompliant", "2"), ("compliant", "1")]


def test_the_worst_rules_are_added_up_across_the_firewalls() -> None:
    found = fleet(
        result("a", counts={"by_rule": {"no-ssh": 5, "threats": 1}}),
        # As a role hands it on.
        {"firewall_arn": ARN, "firewall_name": "egress", "verdict": "noncompliant", "by_rule": {"no-ssh": 7}},
    )
    rules = fleet_view(found).rules
    assert [(rule.line.label, rule.line.count, rule.firewalls) for rule in rules] == [
        ("no-ssh", "12", "egress, a"),
        ("threats", "1", "a"),
    ]
    assert rules[0].line.severity_class == "high"


def test_the_newest_result_of_a_firewall_counts() -> None:
    old = kept("a", audited_at="2026-01-30T23:00:00Z")
    new = result("a", audited_at="2026-01-31T01:00:00+01:00")
    assert [item.verdict.judged for item in fleet(new, old).firewalls] == ["noncompliant"]


@pytest.mark.parametrize(
    ("results", "expected", "word", "tone"),
    [
        ([kept("a"), kept("b")], [], "Compliant", "good"),
        ([kept("a")], [ARN], "Inconclusive", "open"),
        ([kept("a"), kept("b", verdict="inconclusive", partial=True)], [], "Inconclusive", "open"),
        ([kept("a", partial=True)], [], "Inconclusive", "open"),
        ([kept("a"), result("b")], [ARN], "Noncompliant", "bad"),
        ([], [ARN], "No verdict", "open"),
        ([], [], "No verdict", "open"),
        ([kept("a", verdict="splendid")], [], "Inconclusive", "open"),
    ],
)
def test_a_fleet_is_as_bad_as_its_worst_firewall(
    results: list[dict[str, Any]], expected: list[str], word: str, tone: str
) -> None:
    verdict = fleet_view(fleet(*results, expected=expected)).verdict
    assert (verdict.word, verdict.tone) == (word, tone)


def test_what_is_missing_is_named_with_the_reason() -> None:
    other, third = (ARN.replace("egress", name) for name in ("other", "third"))
    found = fleet(result("a"), expected=[ARN, other], missing=[{"firewall_arn": third, "reason": "the job failed"}])
    for text in both(found):
        assert "3 firewalls without a result" in text
        assert f"{other} | no result of it was handed on" in text.replace("</bdi>", "") or f"{other} no result" in text
        assert "the job failed" in text


def test_reports_are_read_from_folders_and_linked_with_what_lies_beside_them(tmp_path: Path) -> None:
    written(tmp_path, "1-egress", result("egress"))
    written(tmp_path, "1-inside", kept("inside"))
    (tmp_path / "1-egress-report.html").write_text("page")
    (tmp_path / "1-egress-remediation.html").write_text("page")
    (tmp_path / "other.json").write_text("{")
    found = fleet(folders=(str(tmp_path),))
    page = str(tmp_path / "pages" / "fleet.html")
    view = fleet_view(found, place_of=relative_to(page))
    assert [(row.name, [(link.label, link.place) for link in row.links]) for row in view.firewalls] == [
        ("egress", [("report", "../1-egress-report.html"), ("remediation", "../1-egress-remediation.html")]),
        ("inside", []),
    ]
    assert "[report](<../1-egress-report.html>)" in markdown_of(view)
    assert ("a", "href", "../1-egress-report.html") in Page(html_of(view)).attributes
    assert not found.problems


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", " line 1: it is not JSON."),
        (b"[" * 100_000, ": it is nested more than 32 levels deep."),
        (b"[1]", ": it is not the JSON report of an audit of a firewall."),
        (b'{"verdict": "compliant"}', ": it is not the JSON report of an audit of a firewall."),
        (b"\xff\xfe", " line 1: it is not text in UTF-8."),
        (b" " * (16 << 20) + b"{}", ": it has more than the 16 MiB that a report may have."),
    ],
)
def test_a_file_that_is_no_report_is_named_and_left_out(tmp_path: Path, content: bytes, words: str) -> None:
    written(tmp_path, "good", kept("a"))
    (tmp_path / "bad-report.json").write_bytes(content)
    found = fleet(folders=(str(tmp_path),))
    assert len(found.firewalls) == 1
    assert found.problems == [f"'{tmp_path}/bad-report.json'{words} It was left out."]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a-report.json")
    assert fleet(folders=(str(tmp_path),)).problems == [
        f"'{tmp_path}/a-report.json': it is not a regular file. It was left out."
    ]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="report_dirs: '.*/none' is not allowed; it must be a folder"):
        fleet(folders=(str(tmp_path / "none"),))


def test_a_link_that_leads_to_a_script_is_left_out() -> None:
    found = fleet(result("a", links={"report": "javascript:alert(1)", "remediation": "https://reports.example/r.html"}))
    assert [link.label for link in fleet_view(found).firewalls[0].links] == ["remediation"]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    def page(item: str) -> Page:
        told = result("a", firewall_name=item, counts={"by_rule": {item: 3}}, verdict="noncompliant", audited_at=item)
        missing = [{"firewall_arn": f"x{item}", "reason": item}]
        return Page(html_of(fleet_view(fleet(told, missing=missing), title=item)))

    assert page(text).tags == page("harmless").tags
    assert page(text).attributes == page("harmless").attributes


@pytest.mark.parametrize("nonsense", [None, "text", 7, [], {}, {"a": [1]}])
@pytest.mark.parametrize("member", ["counts", "plan", "links", "firewall_arn", "firewall_name", "rules", "audited_at"])
def test_members_of_another_shape_do_not_break_the_page(member: str, nonsense: Any) -> None:
    for text in both(fleet(result("a", **{member: nonsense}), kept("b"))):
        assert "Firewalls" in text
