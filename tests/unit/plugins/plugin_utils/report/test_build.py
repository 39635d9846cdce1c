# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.plugin_utils.report.findings import FindingsError, findings_of_lines
from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.html import html_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.markdown import markdown_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.render import escape_markdown
from ansible_collections.flowops.aws.plugins.plugin_utils.report.text import clean, human_bytes, human_seconds
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import viewed

HOSTILE = [
    "<script>alert(1)</script>",
    "</script></style></td></table>",
    '"><img src=x onerror=alert(1)>',
    "${{7*7}} {{ 7*7 }} {% raw %} {# x #}",
    "|pipes| and `ticks` and \\",
    "[click](javascript:alert(1)) ![x](http://evil.example/x.png) <http://evil.example>",
    "*a* _b_ ~~c~~ $d$ # e",
    "one\ntwo\r\n\n# three\u2028four",
    "\x00\x1b[31m\u202egpj.exe\ud800",
    "x" * 200,
]


def finding(**members: Any) -> dict[str, Any]:
    return {
        "source_address": "10.0.0.1",
        "source_port": 40000,
        "destination_address": "198.51.100.7",
        "destination_port": 22,
        "protocol": "tcp",
        "protocol_number": 6,
        "age": 8040,
        "packet_count": 12,
        "byte_count": 1_234_567,
        "availability_zone": "eu-central-1a",
        "rule": "no-ssh",
        "severity": "high",
        **members,
    }


def audit(**members: Any) -> dict[str, Any]:
    return {
        "verdict": "noncompliant",
        "partial": False,
        "firewall_arn": "arn:aws:network-firewall:eu-central-1:123456789012:firewall/egress",
        "firewall_name": "egress",
        "audited_at": "2026-01-31T13:00:00+01:00",
        "flow_count": 1512,
        "findings_total": 2,
        "findings": [finding(), finding(rule="threats", severity="critical", byte_count=5)],
        "counts": {
            "by_rule": {"no-ssh": 1, "threats": 1},
            "by_severity": {"critical": 1, "high": 1, "medium": 0, "low": 0, "informational": 0},
            "by_zone": {"eu-central-1a": 2},
        },
        "rules": [
            {"name": "no-ssh", "action": "deny", "severity": "high"},
            {"name": "threats", "action": "deny", "severity": "critical"},
        ],
        "top": {
            "by_bytes": {"source": [{"key": "10.0.0.1", "bytes": 2_500_000, "packets": 7, "flows": 3}]},
            "by_flows": {"source": [{"key": "10.9.9.9", "bytes": 1, "packets": 1, "flows": 9}]},
        },
        "operations": [
            {
                "availability_zone": "eu-central-1a",
                "flow_operation_id": "op-1",
                "flow_operation_status": "COMPLETED",
                "flow_request_timestamp": "2026-01-31T11:59:00Z",
                "flow_count": 1512,
            }
        ],
        "plan": {
            "flow_count": 1,
            "hash": "ab12",
            "inseparable": 1,
            "operations": [
                {"availability_zone": "eu-central-1a", "flow_filters": [{}], "minimum_flow_age": 61, "flow_count": 1}
            ],
        },
        **members,
    }


def clean_audit(**members: Any) -> dict[str, Any]:
    zero = {"by_rule": {}, "by_severity": {}, "by_zone": {}}
    return audit(**{"verdict": "compliant", "findings": [], "findings_total": 0, "counts": zero, **members})


class Page(HTMLParser):
    """The elements, attributes and text of a page, each in the order of the page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.texts: list[str] = []
        self.rows: list[list[str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.extend((tag, name, value or "") for name, value in attrs)
        self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.tags.append(f"/{tag}")
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "script" in self.open or "style" in self.open:
            return
        self.texts.append(data)
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def page(result: dict[str, Any], **options: Any) -> Page:
    return Page(html_of(viewed(result, **options)))


def headline(result: dict[str, Any]) -> str:
    view = viewed(result)
    words = f"{view.verdict.word} — {view.verdict.sentence}"
    assert words in Page(html_of(view)).text
    assert f"**{view.verdict.word}** — {view.verdict.sentence}" in markdown_of(view)
    return words


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (audit(findings_total=42), "Noncompliant — 42 of 1,512 live flows break the policy"),
        (audit(findings_total=1), "Noncompliant — 1 of 1,512 live flows breaks the policy"),
        (audit(findings_total=1, flow_count=1), "Noncompliant — 1 of 1 live flow breaks the policy"),
        (audit(findings_total=42, flow_count=None), "Noncompliant — 42 live flows break the policy"),
        (clean_audit(), "Compliant — none of 1,512 live flows breaks the policy"),
        (clean_audit(flow_count=1), "Compliant — the one live flow keeps the policy"),
        (clean_audit(flow_count=0), "Compliant — there is no live flow"),
        (
            clean_audit(verdict="inconclusive", partial=True),
            "Inconclusive — none of 1,512 captured flows breaks the policy, but flows may be missing",
        ),
        ({}, "No verdict — the audit result holds no verdict that this report knows"),
        (clean_audit(verdict="splendid"), "No verdict — the audit result holds no verdict that this report knows"),
    ],
)
def test_the_verdict_is_said_in_words(result: dict[str, Any], words: str) -> None:
    assert headline(result) == words


def test_the_verdict_comes_before_everything_but_the_heading() -> None:
    text = page(audit()).text
    markdown = markdown_of(viewed(audit()))
    for report in (text, markdown):
        order = ["Noncompliant", "Findings by rule", "Findings by severity", "Findings by zone"]
        order += ["the most severe first.", "to cut in", "ab12", "Top talkers", "Flow operations read"]
        places = [report.index(words, report.index("Flow audit")) for words in order]
        assert places == sorted(places)


@pytest.mark.parametrize(
    "members",
    [
        {"partial": True},
        {"operations": [{"flow_operation_status": "COMPLETED_WITH_ERRORS"}]},
        {"operations": [{"flow_operation_status": "COMPLETED"}, {"flow_operation_status": "FAILED"}]},
    ],
)
def test_a_partial_capture_is_never_shown_as_compliant(members: dict[str, Any]) -> None:
    view = viewed(clean_audit(**members))
    assert (view.verdict.word, view.verdict.tone) == ("Inconclusive", "open")
    assert view.warnings == ["The audit result says compliant, yet its capture is partial: read as inconclusive."]
    assert view.warnings[0] in Page(html_of(view)).text
    assert "nothing is known about the flows that it did not see" in markdown_of(view)


def test_findings_are_never_shown_as_compliant() -> None:
    view = viewed(audit(verdict="compliant"))
    assert (view.verdict.word, view.verdict.tone) == ("Noncompliant", "bad")
    assert view.warnings == ["The audit result says compliant, yet it holds findings: read as noncompliant."]


def test_a_partial_noncompliant_audit_says_that_flows_may_be_missing() -> None:
    missing = "The capture is partial: flows may be missing, and more than those shown here may break the policy."
    assert missing in page(audit(partial=True)).text
    assert missing in markdown_of(viewed(audit(partial=True)))
    assert "missing" not in page(audit()).text


def test_a_whole_capture_in_progress_when_started_is_not_partial() -> None:
    assert viewed(clean_audit(operations=[{"flow_operation_status": "IN_PROGRESS"}])).verdict.word == "Compliant"


def test_the_chart_of_rules_has_numbers_severities_and_lengths_in_proportion() -> None:
    counts = {"by_rule": {"a": 40, "b": 10, "c": 0}}
    rules = [{"name": name, "action": "deny", "severity": "low"} for name in "abcd"]
    view = viewed(audit(findings_total=50, counts=counts, rules=rules))
    assert [(row.label, row.count, row.share, row.width, row.severity) for row in view.by_rule.bars] == [
        ("a", "40", "80 %", "100.0%", "low"),
        ("b", "10", "20 %", "25.0%", "low"),
    ]
    assert view.by_rule.remark == "2 more deny rules have no findings."
    shown = Page(html_of(view))
    assert ["a", "low", "", "40", "80 %"] in shown.rows
    assert ("rect", "width", "25.0%") in shown.attributes
    assert "| b | low | 10 | 20 % |" in markdown_of(view)


def test_many_rules_are_cut_off_and_counted() -> None:
    counts = {"by_rule": {f"rule-{number:03}": 1 for number in range(100)}}
    view = viewed(audit(findings_total=100, counts=counts, rules=[]))
    assert len(view.by_rule.bars) == 30
    assert view.by_rule.remark == "70 rules more not shown here."


def test_counts_that_the_audit_lacks_are_taken_from_findings_that_are_complete() -> None:
    view = viewed(audit(counts=None, rules=None))
    assert [(row.label, row.count, row.severity) for row in view.by_rule.bars] == [
        ("no-ssh", "1", "high"),
        ("threats", "1", "critical"),
    ]
    assert viewed(audit(counts=None, findings_total=3)).by_rule.bars == []


def test_expired_rules_and_warnings_are_named() -> None:
    rules = [{"name": "partner", "action": "allow", "expired": True}, {"name": "other", "action": "allow"}]
    view = viewed(audit(rules=rules, warnings=["look here"]))
    assert view.notices == ["This rule has expired and was not applied: partner.", "look here"]
    assert "look here" in Page(html_of(view)).text
    assert "- look here" in markdown_of(view)


def test_a_part_of_the_flows_is_shown_as_one() -> None:
    fetch = {"fetched": "findings", "description": "Only flows that can be findings were captured."}
    view = viewed(audit(fetch=fetch))
    assert fetch["description"] in view.notices
    assert view.verdict.sentence.startswith("2 live flows")
    figures = {figure.label: figure.remark for figure in view.figures}
    assert figures["Live flows"] == "captured, those alone that can be findings" and figures["Findings"] == ""
    none = {"verdict": "compliant", "findings_total": 0, "findings": [], "flow_count": 0, "fetch": fetch}
    assert viewed(audit(**none, counts={})).verdict.sentence.startswith("no live flow breaks")


def test_talkers_show_human_units_and_the_exact_bytes() -> None:
    shown = page(audit())
    assert ["10.0.0.1", "2.5 MB", "7", "3"] in shown.rows
    assert ("span", "title", "2,500,000 bytes") in shown.attributes
    assert "Top talkers, by bytes" in shown.text
    top = {"by_bytes": {"source": []}, "by_flows": audit()["top"]["by_flows"]}
    assert "Top talkers, by flows" in page(audit(top=top)).text


def test_talkers_that_are_estimates_say_so() -> None:
    row = {"key": "10.0.0.1", "bytes": 9000, "packets": 7, "flows": 3, "error": 400}
    shown = page(audit(top={"by_bytes": {"source": [row]}}))
    assert "a number after ≥ is an estimate" in shown.text
    # Only what the ranking is by is an estimate.
    assert ["10.0.0.1", "≥ 9.0 kB", "7", "3"] in shown.rows
    assert ("span", "title", "9,000 to 9,400 bytes") in shown.attributes
    assert "| 10.0.0.1 | ≥ 9.0 kB | 7 | 3 |" in markdown_of(viewed(audit(top={"by_bytes": {"source": [row]}})))
    assert "estimate" not in page(audit()).text


def test_the_longest_lived_flows_are_shown_beside_the_talkers() -> None:
    top = {**audit()["top"], "by_age": {"destination": [{"key": "198.51.100.7", "age": 90_000, "flows": 2}]}}
    shown = page(audit(top=top))
    assert ["198.51.100.7", "1 d 1 h", "2"] in shown.rows
    assert "Top talkers, by bytes" in shown.text
    assert "| 198.51.100.7 | 1 d 1 h | 2 |" in markdown_of(viewed(audit(top=top)))
    assert "Longest-lived" not in page(audit()).text


def test_a_column_that_is_empty_in_every_row_is_left_out() -> None:
    rows = [{"key": "10.0.0.1", "age": 60}, {"key": "10.0.0.2", "age": 50, "bytes": 0}]
    assert viewed(audit(top={"by_age": {"source": rows}})).oldest.tables[0].columns == ["Age", "Bytes"]
    assert viewed(audit(top={"by_age": {"source": rows[:1]}})).oldest.tables[0].columns == ["Age"]


def test_rules_that_do_not_count_are_not_called_silent() -> None:
    rules = [{"name": "off", "action": "deny", "enabled": False}, {"name": "old", "action": "deny", "expired": True}]
    assert viewed(audit(rules=rules)).by_rule.remark == ""


def test_operations_say_what_their_status_means() -> None:
    operation = {
        "flow_operation_status": "COMPLETED_WITH_ERRORS",
        "status_message": "two hosts",
        "vpc_endpoint_id": "vpce-1",
    }
    rows = page(audit(operations=[*audit()["operations"], operation])).rows
    assert ["eu-central-1a", "Completed", "1,512", "2026-01-31 11:59:00 UTC", "op-1"] in rows
    assert ["vpce-1", "Completed with errors, flows may be missingtwo hosts", "–", "–", "–"] in rows  # noqa: RUF001 - the dash of empty cells


def test_the_plan_is_summed_up() -> None:
    shown = page(audit())
    assert "1 flow to cut in 1 flush operation." in shown.text
    assert "1 finding cannot be told apart from flows that must stay, and is left out of the plan." in shown.text
    assert ["eu-central-1a", "1", "1", "younger than 1 min 1 s"] in shown.rows
    assert "0 s" not in page(audit(plan={"operations": [{"minimum_flow_age": 0}]})).text
    without = audit()
    del without["plan"]
    assert "Flush plan" not in page(without).text


def test_the_plan_shows_its_filters_to_whoever_approves_it() -> None:
    written = {
        "source_address": "10.0.0.0/24",
        "source_port": "40000-40100",
        "destination_address": "198.51.100.7",
        "destination_port": 22,
        "protocols": ["tcp", "udp"],
    }
    hostile = {"destination_address": "<script>", "protocols": ["|x|"]}
    operation = {
        "availability_zone": "a",
        "flow_filters": [written, hostile],
        "flow_counts": [1234],
        "flow_count": 1234,
    }
    plan = {"flow_count": 1234, "operations": [operation], "collateral": 2}
    shown = page(audit(plan=plan))
    assert ["a", "10.0.0.0/24 port 40000-40100", "198.51.100.7 port 22", "tcp, udp", "1,234"] in shown.rows
    assert ["a", "any", "<script>", "|x|", "–"] in shown.rows  # noqa: RUF001 - the dash of empty cells
    assert "would cut 2 innocent flows too" in shown.text
    text = markdown_of(viewed(audit(plan=plan)))
    assert "| a | 10.0.0.0/24 port 40000-40100 | 198.51.100.7 port 22 | tcp, udp | 1,234 |" in text
    assert "<script>" not in text
    many = {**operation, "flow_filters": [written] * 201, "flow_counts": [1] * 201}
    assert "1 filter more not shown here." in page(audit(plan={"flow_count": 201, "operations": [many]})).text


@pytest.mark.parametrize(
    ("minimum", "words"),
    [
        (0, "born after 2026-01-31 12:00:00 UTC"),
        (61, "born after 2026-01-31 12:00:00 UTC or younger than 1 min 1 s then"),
    ],
)
def test_the_plan_says_by_the_time_of_the_capture_which_flows_it_spares(minimum: int, words: str) -> None:
    operation = {"availability_zone": "a", "captured_at": "2026-01-31T12:00:00+00:00", "minimum_flow_age": minimum}
    plan = {"flow_count": 2, "operations": [{**operation, "flow_filters": [{}], "flow_count": 2}]}
    assert ["a", "2", "1", words] in page(audit(plan=plan)).rows
    assert f"| a | 2 | 1 | {words} |" in markdown_of(viewed(audit(plan=plan)))


def test_findings_are_shown_worst_first_and_the_rest_is_counted() -> None:
    low = [finding(severity="low", byte_count=size, rule=f"low-{size}") for size in range(100)]
    findings = [*low, finding(severity="critical", rule="worst", byte_count=1)]
    view = viewed(audit(findings_total=101), iter(findings), max_rows=3)
    assert [item.rule for item in view.findings.rows[:3]] == ["worst", "low-99", "low-98"]
    shown = Page(html_of(view))
    assert len([row for row in shown.rows if len(row) == 9]) == 1 + 3
    assert "3 of 101 findings, the most severe first; 98 left out here." in shown.text


def test_markdown_shows_fifty_findings_and_says_how_many_are_left_out() -> None:
    findings = [finding(source_port=port) for port in range(1, 121)]
    text = markdown_of(viewed(audit(findings_total=120), iter(findings)))
    assert text.count("| high | no-ssh | 10.0.0.1:") == 50
    assert "50 of 120 findings, the most severe first; 70 left out here." in text


def test_a_capped_audit_result_says_that_it_holds_only_a_part() -> None:
    assert (
        "2 of 7 findings, the most severe first; 5 left out here. The audit result itself"
        in page(audit(findings_total=7)).text
    )


def test_no_rows_at_all_can_be_asked_for() -> None:
    assert "0 of 2 findings, the most severe first; 2 left out here." in page(audit(), max_rows=0).text


def test_a_findings_file_that_differs_from_the_audit_is_reported() -> None:
    view = viewed(audit(), iter([finding()]))
    assert view.warnings == ["The findings file holds 1 finding, the audit result says 2."]


def test_addresses_of_version_6_are_bracketed_before_a_port_only() -> None:
    found = [finding(source_address="fd00::1"), finding(source_address="fd00::2", source_port=None)]
    shown = {row[2] for row in page(audit(findings=found)).rows if len(row) == 9}
    assert shown == {"Source", "[fd00::1]:40000", "fd00::2"}


@pytest.mark.parametrize("nonsense", [None, "text", 7, [], [None, 3, "x"], {}, {"a": [1]}, {"": None}])
@pytest.mark.parametrize(
    "member", ["findings", "counts", "top", "rules", "warnings", "operations", "plan", "audited_at", "flow_count"]
)
def test_members_of_another_shape_do_not_break_a_report(member: str, nonsense: Any) -> None:
    view = viewed(audit(**{member: nonsense}))
    assert html_of(view).startswith("<!DOCTYPE html>")
    assert view.verdict.word == "Noncompliant"
    assert markdown_of(view).startswith("# Flow audit\n")


def with_text(text: str) -> dict[str, Any]:
    """An audit result with one text wherever a string of AWS or of a user can be."""
    flow = finding(**dict.fromkeys(("source_address", "source_port", "protocol", "availability_zone", "rule"), text))
    operation = dict.fromkeys(
        ("availability_zone", "flow_operation_id", "flow_operation_status", "status_message"), text
    )
    return audit(
        firewall_name=text,
        firewall_arn=text,
        audited_at=text,
        findings=[flow],
        findings_total=1,
        counts={"by_rule": {text: 1}, "by_severity": {text: 1}, "by_zone": {text: 1}},
        top={"by_bytes": {kind: [{"key": text, "bytes": 1}] for kind in ("source", "destination", "pair", "port")}},
        rules=[{"name": text, "action": "deny", "severity": text, "expired": True}],
        warnings=[text],
        operations=[{**operation, "flow_request_timestamp": text}],
        plan={"hash": text, "operations": [{"availability_zone": text, "minimum_flow_age": text}]},
    )


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_in_html(text: str) -> None:
    harmless = page(with_text("harmless"), title="harmless")
    hostile = page(with_text(text), title=text)
    assert hostile.tags == harmless.tags
    assert hostile.attributes == harmless.attributes
    assert hostile.text.count(" ".join(clean(text).split())) == harmless.text.count("harmless")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_text_in_markdown(text: str) -> None:
    harmless = markdown_of(viewed(with_text("harmless"), title="harmless")).splitlines()
    hostile = markdown_of(viewed(with_text(text), title=text)).splitlines()
    assert len(hostile) == len(harmless)
    for line, model in zip(hostile, harmless, strict=True):
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == model.count("|")
        assert not re.search(r"(?<!\\)(?:\\\\)*[`\[\]$~{}]", line)
        assert not re.search(r"<(?!!-- -->)", line)
        assert "://" not in line
        assert "{{" not in line and "{%" not in line


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_can_be_written_as_utf_8(text: str) -> None:
    view = viewed(with_text(text))
    assert b"\x00" not in html_of(view).encode() + markdown_of(view).encode()
    assert "\u202e" not in html_of(view) + markdown_of(view)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("no-ssh", "no-ssh"),
        ("1. one", "1\\. one"),
        ("- item", "\\- item"),
        ("---", "\\---"),
        ("a & <b>", "a &amp; &lt;b&gt;"),
        ("&lt;", "&amp;lt;"),
        ("a|b`c", "a\\|b\\`c"),
        ("\\|", "\\\\\\|"),
        ("www.a.example @b", "www\\.a.example @<!-- -->b"),
        (7, 7),
    ],
)
def test_markdown_is_escaped_where_it_means_something(text: Any, escaped: Any) -> None:
    assert escape_markdown(text) == escaped


def test_the_page_allows_its_own_style_and_script_and_nothing_else() -> None:
    text = html_of(viewed(audit()))
    policy = next(value for tag, name, value in Page(text).attributes if (tag, name) == ("meta", "content"))
    rules = dict(part.split(" ", 1) for part in policy.split("; "))
    for tag, directive in (("style", "style-src"), ("script", "script-src")):
        (content,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert rules.pop(directive) == f"'sha256-{digest}'"
    assert rules == {"default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}


def test_the_page_asks_for_nothing_outside_itself_and_needs_no_inline_style() -> None:
    text = html_of(viewed(audit()))
    attributes = Page(text).attributes
    names = {name for _tag, name, _value in attributes}
    assert {value for _tag, name, value in attributes if name == "href"} == {"#findings"}
    assert not names & {"src", "style", "srcset", "action", "data", "background"}
    assert not [name for name in names if name.startswith("on")]
    assert "url(" not in text and "@import" not in text and "http" not in re.sub(r"http-equiv", "", text)


def test_headers_have_a_scope_and_labels_point_to_what_is_there() -> None:
    shown = page(audit())
    scopes = [value for tag, name, value in shown.attributes if (tag, name) == ("th", "scope")]
    assert len(scopes) == shown.tags.count("th")
    ids = {value for _tag, name, value in shown.attributes if name == "id"}
    labels = {value for _tag, name, value in shown.attributes if name == "aria-labelledby"}
    assert labels and labels <= ids


def test_a_report_depends_on_its_input_alone() -> None:
    assert html_of(viewed(audit())) == html_of(viewed(audit()))
    assert "Audited 2026-01-31 12:00:00 UTC" in page(audit()).text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (1_234_567, "1.2 MB"),
        (7 * 10**9, "7.0 GB"),
        (5 * 10**12, "5.0 TB"),
        (3 * 10**21, "3,000 EB"),
    ],
)
def test_bytes_are_readable(count: int, text: str) -> None:
    assert human_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3605, "1 h"),
        (8040, "2 h 14 min"),
        (90_061, "1 d 1 h"),
        (86_460, "1 d"),
    ],
)
def test_durations_are_readable(seconds: int, text: str) -> None:
    assert human_seconds(seconds) == text


@pytest.mark.parametrize(
    ("part", "whole", "share"),
    [
        (0, 9, "0 %"),
        (1, 2, "50 %"),
        (1, 3, "33.3 %"),
        (1, 100_000, "< 0.1 %"),
        (99_999, 100_000, "> 99.9 %"),
        (9, 9, "100 %"),
    ],
)
def test_a_share_is_zero_or_everything_only_when_it_is(part: int, whole: int, share: str) -> None:
    view = viewed(audit(findings_total=part, flow_count=whole))
    assert next(figure.remark for figure in view.figures if figure.label == "Findings") == f"{share} of the flows"


def test_long_text_is_cut_and_says_so() -> None:
    assert clean("y" * 600) == "y" * 500 + "… (100 more characters)"


def test_lines_are_read_and_empty_ones_left_out() -> None:
    assert list(findings_of_lines([b'{"rule": "a"}\n', b"\n", b'{"rule": "b"}'])) == [{"rule": "a"}, {"rule": "b"}]


@pytest.mark.parametrize(
    ("line", "reason"), [(b"{", "is not JSON"), (b"[1]", "is not a mapping"), (b"\xff\xfe{}", "is not JSON")]
)
def test_a_line_that_is_no_finding_is_named(line: bytes, reason: str) -> None:
    with pytest.raises(FindingsError, match=f"^line 2 {reason}$"):
        list(findings_of_lines([b"{}", line]))
