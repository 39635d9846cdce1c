# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What audits hand on and add up to: a plan that is too large, an audit that is too old, a firewall without one."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.plugin_utils import audits

ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
OTHER = "arn:aws:network-firewall:us-east-1:111122223333:firewall/west"
NOW = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
HASH = "0123456789abcdef" * 4


def audit(arn: str = ARN, age: int = 0, **members: Any) -> dict[str, Any]:
    return {
        "firewall_arn": arn,
        "firewall_name": arn.rpartition("/")[2],
        "verdict": "noncompliant",
        "partial": False,
        "flow_count": 40,
        "findings_total": 3,
        "audited_at": (NOW - timedelta(seconds=age)).isoformat(),
        "counts": {"by_severity": {"high": 3}, "by_rule": {}},
        "findings": [{}] * 3,
        "plan": {
            "operations": [{"availability_zone": "us-east-1a"}],
            "hash": HASH,
            "flow_count": 3,
            "inseparable": 0,
            "dest": "/reports/plan.json",
        },
        **members,
    }


def handed_on(*args: Any, **members: Any) -> dict[str, Any]:
    return audits.of_audit(audit(*args, **members))


def summary(*found: dict[str, Any], wanted: tuple[str, ...] = (), max_age: int = 3600) -> dict[str, Any]:
    return audits.summed_up(found, wanted, NOW, max_age)


# -- what is handed on ----------------------------------------------------------------------------------------------


def test_a_small_plan_is_handed_on_itself_and_nothing_that_grows() -> None:
    told = handed_on()
    assert told["plan"] == {
        "operations": [{"availability_zone": "us-east-1a"}],
        "hash": HASH,
        "flow_count": 3,
        "inseparable": 0,
    }
    assert (told["plan_hash"], told["plan_flow_count"], told["plan_handed_on"]) == (HASH, 3, True)
    assert not {"findings", "counts", "plan_object"} & set(told)


def test_the_rules_with_the_most_findings_are_handed_on_and_no_more() -> None:
    by_rule = {f"rule-{number}": number for number in range(30)}
    told = handed_on(counts={"by_severity": {}, "by_rule": by_rule})
    assert told["by_rule"] == {f"rule-{number}": number for number in range(20, 30)}


def test_a_plan_is_small_when_the_artifacts_of_the_whole_job_are() -> None:
    size = len(json.dumps(audit()["plan"]["operations"]))
    assert "plan" in audits.of_audit(audit(), max_artifact=size)
    assert "plan" not in audits.of_audit(audit(), max_artifact=size - 1)
    assert "plan" in audits.of_audit(audit(), firewalls=400_000 // size)
    assert "plan" not in audits.of_audit(audit(), firewalls=400_000 // size + size)


def test_a_plan_that_is_neither_small_nor_uploaded_cannot_be_carried_out() -> None:
    elsewhere = audit(plan={"hash": HASH, "flow_count": 3, "inseparable": 0, "dest": "/reports/plan.json"})
    assert audits.of_audit(elsewhere)["plan_handed_on"] is False
    uploaded = audits.of_audit(elsewhere, "audits", "/daily/")
    assert uploaded["plan_handed_on"] is True
    name = f"daily/plans/{HASH}/111122223333-us-east-1-egress-plan.json"
    assert uploaded["plan_object"] == {"bucket": "audits", "object": name}
    assert audits.plan_object(ARN, HASH).startswith(f"plans/{HASH}/")


def test_a_report_says_what_the_audit_would_have_handed_on_without_the_plan() -> None:
    told = audits.of_report(audit(), "audits", "daily")
    assert told == {
        **{name: value for name, value in audits.of_audit(audit(), "audits", "daily").items() if name != "plan"},
        "plan_handed_on": True,
    }


def test_reports_are_found_by_the_names_of_their_firewalls(tmp_path: Path) -> None:
    path = tmp_path / "111122223333-us-east-1-west-report.json"
    path.write_text(json.dumps(audit(OTHER)), encoding="utf-8")
    assert audits.report_paths(str(tmp_path), [ARN, OTHER, OTHER]) == [str(path)]
    assert audits.read_report(str(path)) == audit(OTHER)
    assert audits.report_paths(None, [ARN]) == []


@pytest.mark.parametrize("content", ["words", "[]", "{}", json.dumps({**audit(), "plan": None})])
def test_what_is_no_report_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "report.json").write_text(content, encoding="utf-8")
    with pytest.raises(FlowOpsError, match="report.json' is not allowed; it is not the JSON report of an audit"):
        audits.read_report(str(tmp_path / "report.json"))


@pytest.mark.parametrize("text", ["words", "[]", "{}", "7", None, json.dumps({"firewall_arn": "egress"})])
def test_what_no_audit_handed_on_is_refused(text: Any) -> None:
    with pytest.raises(FlowOpsError, match="handed_on: .* it must be JSON, as the role flow_audit handed it on"):
        audits.read_handed_on([json.dumps(handed_on()), text])


# -- what they add up to --------------------------------------------------------------------------------------------


def test_the_newest_audit_of_each_firewall_counts() -> None:
    told = summary(handed_on(age=10, findings_total=1), handed_on(age=20), handed_on(OTHER, verdict="compliant"))
    assert {arn: item["findings_total"] for arn, item in told["firewalls"].items()} == {ARN: 1, OTHER: 3}
    assert (told["flow_count"], told["findings_total"], told["plan_flow_count"]) == (80, 4, 6)
    assert told["verdicts"] == {"compliant": 1, "noncompliant": 1}
    assert "plan" not in told["firewalls"][ARN]


@pytest.mark.parametrize("moment", [None, "", "yesterday", 7])
def test_an_audit_that_is_too_old_or_of_an_unknown_time_is_none(moment: Any) -> None:
    unknown = {**handed_on(OTHER), "audited_at": moment}
    told = summary(handed_on(age=3601), unknown, wanted=(ARN, OTHER))
    assert (told["firewalls"], told["missing"]) == ({}, [ARN, OTHER])
    assert summary(handed_on(age=3600))["firewalls"].keys() == {ARN}
    assert summary(handed_on(age=10**7), max_age=0)["firewalls"].keys() == {ARN}


def test_one_hash_stands_for_all_plans() -> None:
    text = json.dumps({ARN: HASH, OTHER: HASH}, separators=(",", ":"))
    found = summary(handed_on(OTHER), handed_on())["hash"]
    assert found == hashlib.sha256(text.encode()).hexdigest() == summary(handed_on(), handed_on(OTHER))["hash"]
    assert summary(handed_on())["hash"] != found


def test_what_is_approved_is_the_hash_and_where_the_plan_is() -> None:
    told = audits.approved_by(summary(audits.of_audit(audit(), "audits")))
    assert set(told[ARN]) == {"plan_flow_count", "plan_hash", "plan_object"}


def test_a_sentence_says_how_it_went() -> None:
    assert audits.sentence_of(summary(handed_on())) == "1 firewall: 1 noncompliant; 3 of 40 live flows break the rules."
    missing = tuple(f"{ARN}-{number:02}" for number in range(12))
    told = audits.sentence_of(summary(wanted=missing))
    assert told.startswith("0 firewalls: no result; 0 of 0 live flows break the rules; no result of ")
    assert f"{ARN}-09 and 2 more; no result was handed on; the role flow_audit writes one with json among" in told
    assert "no JSON report is in reports, s3://audits/daily" in audits.sentence_of(
        summary(wanted=missing), ["reports", "s3://audits/daily"]
    )


def test_a_part_of_the_flows_is_told_as_one() -> None:
    told = {"fetched": "findings", "captures": [], "description": "..."}
    part = audits.of_audit(audit(fetch=told))
    assert part["fetch"] == {"fetched": "findings"}
    assert "fetch" not in audits.of_audit(audit(fetch={"fetched": "all", "reason": "so"}))
    assert "Only flows that can be findings were captured and counted." in audits.audit_sentence(audit(fetch=told))
    summary = audits.summed_up([part, audits.of_audit(audit(OTHER))], [], NOW, 0)
    assert "of 1 firewall only flows that can be findings were counted" in audits.sentence_of(summary)
    assert audits.of_audit(audit(fetch="nonsense"))["flow_count"] == 40


def test_why_there_is_no_result_is_told_for_each_firewall() -> None:
    found = [handed_on(age=7200), {**handed_on(OTHER), "audited_at": None}]
    told = summary(*found, wanted=(ARN, OTHER, f"{ARN}-2"))
    reasons = {item["firewall_arn"]: item["reason"] for item in audits.why_missing(told, found, ["reports"], 3600)}
    assert reasons[ARN].endswith("is older than 3600 seconds (flow_summary_max_age)")
    assert reasons[OTHER] == "its audit does not say when it was"
    assert reasons[f"{ARN}-2"].startswith("no result was handed on and no JSON report is in reports; ")


def test_reports_in_folders_are_read_with_the_pages_beside_them_and_others_are_named(tmp_path: Path) -> None:
    (tmp_path / "a-report.json").write_text(json.dumps(audit()), encoding="utf-8")
    (tmp_path / "a-report.html").touch()
    (tmp_path / "b-report.json").write_text("words", encoding="utf-8")
    (tmp_path / "c-live.json").write_text("words", encoding="utf-8")
    found, problems = audits.local_reports([str(tmp_path)])
    assert [(item["firewall_arn"], item["links"]) for item in found] == [
        (ARN, {"report": str(tmp_path / "a-report.html")})
    ]
    assert len(problems) == 1
    assert "b-report.json' is not allowed; it is not the JSON report of an audit" in problems[0]
    with pytest.raises(
        FlowOpsError, match="report_dirs: '/nowhere' is not allowed; it must be a folder that can be read"
    ):
        audits.local_reports(["/nowhere"])


def test_an_uploaded_report_is_linked_in_the_console_of_s3() -> None:
    reports = [{"format": "json", "dest": "/r/x-report.json"}, {"format": "html", "dest": "/r/x y-report.html"}]
    told = summary(audits.of_audit(audit(reports=reports), "audits", "daily"))["firewalls"][ARN]
    assert told["report_object"] == {"bucket": "audits", "object": "daily/x y-report.html"}
    assert told["links"]["report"].endswith("/s3/object/audits?prefix=daily%2Fx%20y-report.html")
    assert "links" not in summary(handed_on())["firewalls"][ARN]


def test_the_last_words_of_an_audit_name_the_worst_rules_and_the_report() -> None:
    by_rule = {"telnet": 1, "ssh": 5, "kept": 0, "mail": 2, "ftp": 1}
    reports = [{"format": "markdown", "dest": "/r/a.md"}, {"format": "html", "dest": "/r/a.html"}]
    told = audits.audit_sentence(audit(counts={"by_rule": by_rule}, reports=reports))
    assert told == (
        "egress is noncompliant: 3 of 40 live flows break the policy. Worst rules: ssh 5, mail 2, telnet 1."
        " The report: /r/a.html"
    )
    assert audits.audit_sentence(audit()).endswith("break the policy.")
