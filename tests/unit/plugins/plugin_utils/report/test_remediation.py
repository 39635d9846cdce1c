# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.plugin_utils.report.links import link_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.remediation.build import remediation_view
from ansible_collections.flowops.aws.plugins.plugin_utils.report.remediation.facts import remediation_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.remediation.pages import html_of, markdown_of
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.pages import (
    Page,
    markdown_text,
    remediation,
)
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import HOSTILE, finding


def both(result: dict[str, Any], **options: Any) -> list[str]:
    view = remediation_view(remediation_of(result), **options)
    return [Page(html_of(view)).text, markdown_text(markdown_of(view))]


def test_the_page_tells_everything_that_the_result_says() -> None:
    for text in both(remediation()):
        assert "Remediated" in text and "17 of 17 flows are gone" in text
        assert "Nothing else was touched: each flush listed only findings." in text
        assert re.search(r"no-ssh\W+16\W+16\W+0\W+0", text)
        assert re.search(
            r"Rehearsal\W+passed\W+17 flows listed, all of them findings, at 2026-01-31 12:00:00 UTC", text
        )
        assert re.search(r"Trial\W+passed\W+1 flow listed in eu-central-1a", text)
        assert "op-rehearsal-1, op-rehearsal-2" in text and "op-trial" in text
        assert re.search(r"Flows before\W+7,052", text) and re.search(r"Flows after\W+7,031", text)
        assert "shares its 5-tuple with an allowed flow" in text
        assert re.search(r"flow_remediate_max_percent\W+0.24 %\W+10 %\W+kept", text)
        assert "op-eu-central-1b" in text and "younger than 1 min 1 s" in text
        assert "assumed-role/flow-remediation/awx-7" in text and "ansible-core 2.19.4" in text
        assert "/srv/evidence/20260131T115950Z" in text


def test_guards_are_shown_with_what_they_held_back() -> None:
    guards = {
        "max_flows": 1000,
        "max_percent": 10,
        "max_capture_age": 3600,
        "approved_hash": "",
        "allow_partial": False,
    }
    told = {"guards": guards, "percent": 0.24, "capture_age": 0, "plan_hash": "9f86"}
    operation = {"flow_operation_id": "op", "filter_count": 3, "flow_count": 9, "listed_flow_count": 8}
    asked_for = {"source": "addresses", "addresses": ["203.0.113.9", "203.0.113.10"], "flow_filters": [{}] * 4}
    for text in both(remediation(**told, flow_operations=[operation], asked_for=asked_for)):
        assert re.search(r"max_flows\W+17\W+1000\W+kept", text)
        assert re.search(r"max_percent\W+0\.24 %\W+10 %\W+kept", text)
        assert re.search(r"max_capture_age\W+0 s\W+3600 s\W+kept", text)
        assert re.search(r"approved_hash\W+9f86\W+any\W+kept", text)
        assert re.search(r"allow_partial\W+no", text)
        # Of a flush what AWS lists, and not what the plan had counted.
        assert re.search(r"\b8\W+3\b", text)
        assert "the flows of 203.0.113.9, 203.0.113.10" in text


def test_the_verdict_comes_first() -> None:
    for text in both(remediation()):
        places = [
            text.index(words) for words in ("17 of 17", "Nothing else", "by rule", "Before the cut", "Who and when")
        ]
        assert places == sorted(places)


@pytest.mark.parametrize(
    ("members", "tone", "words"),
    [
        (
            {"verdict": "collateral", "nothing_else": "collateral", "collateral_count": 3},
            "bad",
            "Collateral — 3 flows that are no finding cut",
        ),
        ({"verdict": "collateral", "collateral_count": 1}, "bad", "1 flow that is no finding cut"),
        ({"verdict": "suspected", "nothing_else": "suspected"}, "bad", "more flows are gone than the findings"),
        ({"verdict": "survivors", "survived": 1}, "bad", "Survivors — 1 flow of 17 is still there"),
        ({"verdict": "reborn", "reborn": 2}, "open", "Reborn — 2 flows of 17 came back"),
        ({"verdict": "unproved", "nothing_else": "unproved"}, "open", "but nobody can say what else was cut"),
        ({"verdict": "inconclusive"}, "open", "but flows may be missing from the capture"),
        ({"verdict": "nothing_to_cut"}, "good", "every finding had ended before it was cut"),
        ({"verdict": "nothing_to_cut", "planned": 0}, "good", "no flow had to be cut"),
        ({"verdict": "remediated", "gone": 1, "planned": 1}, "good", "Remediated — 1 of 1 flow is gone"),
        ({"verdict": "rehearsal"}, "open", "it would have cut flows that are no findings; nothing was cut"),
        ({"verdict": "refused", "reason": "23.3 % > 10 %"}, "open", "Refused — nothing was cut: 23.3 % > 10 %"),
        ({"verdict": "failed"}, "bad", "Failed — the run did not come to its end"),
        ({"verdict": "splendid"}, "open", "No verdict — the result holds no verdict that this report knows"),
    ],
)
def test_each_verdict_has_its_words(members: dict[str, Any], tone: str, words: str) -> None:
    view = remediation_view(remediation_of(remediation(**members)))
    assert view.verdict.tone == tone
    for text in both(remediation(**members)):
        assert words in text.replace("** — ", " — ")


@pytest.mark.parametrize(
    ("nothing_else", "tone"), [("collateral", "bad"), ("suspected", "bad"), ("unproved", "open"), ("proved", "good")]
)
def test_a_page_is_never_greener_than_its_result(nothing_else: str, tone: str) -> None:
    assert remediation_view(remediation_of(remediation(nothing_else=nothing_else))).verdict.tone == tone


def test_what_the_result_does_not_say_is_unknown() -> None:
    for text in both({"verdict": "remediated"}):
        assert "how many flows are gone is not known" in text
        assert "The result does not say whether anything else was touched." in text
        assert re.search(r"Rehearsal\W+unknown", text) and re.search(r"Trial\W+unknown", text)
        assert "The values of the guards are unknown." in text
        assert re.search(r"Who\W+unknown", text) and re.search(r"Collateral\W+unknown", text)


def test_a_step_that_was_left_out_says_so_and_one_that_failed_names_the_strangers() -> None:
    strangers = [finding(source_address="10.9.9.9", kind="innocent")]
    rehearsal = {"flow_count": 18, "stranger_count": 2, "strangers": strangers}
    for text in both(remediation(trial=False, rehearsal=rehearsal)):
        assert re.search(r"Trial\W+left out", text)
        assert re.search(r"Rehearsal\W+stopped the run", text)
        assert "10.9.9.9:40000 to 198.51.100.7:22 tcp 1.2 MB" in text and "innocent" in text
        assert "1 flow more not shown here." in text


def test_flows_are_listed_by_what_became_of_them() -> None:
    flows = [finding(source_address="10.1.1.1", fate="survived"), finding(source_address="10.2.2.2", fate="reborn")]
    collateral = [finding(source_address="10.3.3.3", kind="newborn")]
    result = remediation(flows=flows, survived=1, reborn=40, collateral=collateral, collateral_count=1)
    view = remediation_view(remediation_of(result))
    assert [(item.heading, item.flows[0].split(":")[0], item.remark) for item in view.lists] == [
        ("Collateral", "10.3.3.3", ""),
        ("Survived", "10.1.1.1", ""),
        ("Came back", "10.2.2.2", "39 flows more not shown here."),
        ("Left alone", "10.0.0.1", ""),
    ]


def test_it_leads_to_the_page_of_the_audit() -> None:
    view = remediation_view(remediation_of(remediation()), audit_report="../a b/egress-report.html")
    assert ("a", "href", "../a%20b/egress-report.html") in Page(html_of(view)).attributes
    assert "[the audit that found them](<../a%20b/egress-report.html>)" in markdown_of(view)
    alone = Page(html_of(remediation_view(remediation_of(remediation()))))
    assert not [value for _tag, name, value in alone.attributes if name == "href"]


@pytest.mark.parametrize(
    ("place", "link"),
    [
        ("report.html", "report.html"),
        ("/srv/a.html", "/srv/a.html"),
        ("https://reports.example/a?b=c#d", "https://reports.example/a?b=c#d"),
        ("javascript:alert(1)", ""),
        (" JavaScript:alert(1)", "%20JavaScript:alert%281%29"),
        ("data:text/html,x", ""),
        ('"><script>', "%22%3E%3Cscript%3E"),
        (None, ""),
    ],
)
def test_a_link_leads_to_a_file_or_a_web_page_and_nowhere_else(place: Any, link: str) -> None:
    assert link_of(place) == link


def with_text(text: str) -> dict[str, Any]:
    flow = dict.fromkeys(("source_address", "protocol", "rule", "reason", "kind", "fate"), text)
    names = ("firewall_arn", "verdict", "nothing_else", "reason", "began_at", "ended_at", "asked_for", "plan_hash")
    step = {"flow_count": 1, "strangers": [flow], "message": text, "flow_operation_ids": [text]}
    operation = dict.fromkeys(("availability_zone", "flow_operation_id", "flow_operation_status", "purpose"), text)
    return {
        **dict.fromkeys(names, text),
        **{name: [flow] for name in ("collateral", "inseparable_flows", "dropped", "flows")},
        "by_rule": {text: {"planned": 1}},
        "rehearsal": step,
        "trial": step,
        "guards": [{"name": text, "value": text, "limit": text}],
        "flow_operations": [operation],
        "caller_identity": {"arn": text},
        "evidence": {"path": text, "manifest_sha256": text},
        "versions": {text: text},
        "warnings": [text],
        "unproved": [text],
    }


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text(text: str) -> None:
    pages = [remediation_view(remediation_of(with_text(item)), title=item) for item in ("harmless", text)]
    harmless, hostile = (Page(html_of(view)) for view in pages)
    assert hostile.tags == harmless.tags
    assert hostile.attributes == harmless.attributes
    models, lines = (markdown_of(view).splitlines() for view in pages)
    assert len(lines) == len(models)
    for line, model in zip(lines, models, strict=True):
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == model.count("|")
        assert "{{" not in line and not re.search(r"<(?!!-- -->)", line)


@pytest.mark.parametrize("nonsense", [None, "text", 7, -1, [], [None, 3, "x"], {}, {"a": [1]}, {"": None}])
@pytest.mark.parametrize("member", sorted(remediation()))
def test_members_of_another_shape_do_not_break_the_page(member: str, nonsense: Any) -> None:
    for text in both(remediation(**{member: nonsense})):
        assert "Who and when" in text
