# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit hands on to the jobs of a workflow, and what the audits of many firewalls add up to."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import getitem
from typing import Any
from urllib.parse import quote

from ..module_utils.errors import FlowOpsError, OptionError, counted, shortened
from ..module_utils.flows.arns import parse_firewall_arn
from ..module_utils.times import parse_utc
from .approver import widest_of
from .report.text import clean

# The artifacts of all firewalls of a job are one event, of which AWX keeps no more than 700,000 bytes.
_MOST_OF_A_JOB = 400_000
_MOST_NAMED = 10
# The rules with the most findings; all are in the report.
_RULES = 10
_WORST = 3
_REPORT = "-report.json"
_OF_AN_AUDIT = (*("firewall_arn", "firewall_name", "verdict", "partial", "flow_count", "findings_total", "audited_at"),)
# What is kept of an audit; its plan stays where it is.
_SUMMED_UP = (
    *_OF_AN_AUDIT,
    *(
        "fetch",
        "by_severity",
        "by_rule",
        "widest",
        "links",
        "report_object",
        "plan_hash",
        "plan_flow_count",
        "plan_inseparable",
        "plan_handed_on",
        "plan_object",
    ),
)
_APPROVED = ("plan_flow_count", "plan_hash", "plan_object")


def of_audit(
    audit: Mapping[str, Any], bucket: str = "", prefix: str = "", max_artifact: int = 16384, firewalls: int = 1
) -> dict[str, Any]:
    """Return what is handed on of an audit result: with its plan where that is small enough, in bytes of JSON.

    With a bucket it says where the plan is uploaded, too. The job has so many firewalls.
    """
    told = {
        **{name: audit[name] for name in _OF_AN_AUDIT if name in audit},
        "by_severity": audit["counts"]["by_severity"],
        "by_rule": dict(Counter(audit["counts"].get("by_rule") or {}).most_common(_RULES)),
    }
    if _is_part(audit):
        told["fetch"] = {"fetched": "findings"}
    plan = audit.get("plan")
    if plan is None:
        # Flows of a file cannot be flushed.
        return told
    most = min(int(max_artifact), _MOST_OF_A_JOB // max(1, firewalls))
    small = "operations" in plan and len(json.dumps(plan["operations"])) <= most
    told.update(
        widest=widest_of(plan),
        plan_hash=plan["hash"],
        plan_flow_count=plan["flow_count"],
        plan_inseparable=plan["inseparable"],
        plan_handed_on=small or bool(bucket),
    )
    if small:
        told["plan"] = {name: value for name, value in plan.items() if name not in ("dest", "findings")}
    if bucket:
        told["plan_object"] = {"bucket": bucket, "object": plan_object(audit["firewall_arn"], plan["hash"], prefix)}
        told.update(_report_object(audit, bucket, prefix))
    return told


def _report_object(audit: Mapping[str, Any], bucket: str, prefix: str) -> dict[str, Any]:
    """Return where the report that a person reads is uploaded, empty where none was written."""
    written = {item["format"]: item["dest"] for item in audit.get("reports") or ()}
    best = next((written[name] for name in ("html", "markdown", "json") if name in written), "")
    name = "/".join(filter(None, (prefix.strip("/"), os.path.basename(best))))
    return {"report_object": {"bucket": bucket, "object": name}} if best else {}


def audit_sentence(audit: Mapping[str, Any]) -> str:
    """Return the last words of an audit: the verdict, how many flows break what, and what is not known of them."""
    counts, total = audit["counts"], audit["flow_count"]
    whose = audit.get("firewall_name") or "The file"
    found = audit["findings_total"]
    if "by_change" in counts:
        changes = counts["by_change"]
        said = (
            f"of {total} flows the changes would newly drop {found} and newly let pass {changes['newly_passed']};"
            f" of {changes['newly_undecided']} more it is not known any more"
        )
    elif "by_fate" in counts:
        fates = counts["by_fate"]
        said = (
            f"{found} of {total} live flows could not begin any more under its rules, and {fates['undecided']} are"
            " undecided"
        )
    else:
        said = f"{found} of {total} live flows break the policy"
    missing = ", and flows may be missing from the capture" if audit["partial"] else ""
    part = " Only flows that can be findings were captured and counted." if _is_part(audit) else ""
    return f"{whose} is {audit['verdict']}: {said}{missing}.{part}{_worst(counts)}{_read(audit)}"


def _is_part(audit: Mapping[str, Any]) -> bool:
    """Return whether the counts of an audit are of the flows alone that can be findings or undecided."""
    fetch = audit.get("fetch")
    return isinstance(fetch, Mapping) and fetch.get("fetched") == "findings"


def _worst(counts: Mapping[str, Any]) -> str:
    """Return the rules with the most findings, and how many each has."""
    worst = [(name, count) for name, count in Counter(counts.get("by_rule") or {}).most_common(_WORST) if count]
    return f" Worst rules: {', '.join(f'{clean(name)} {count}' for name, count in worst)}." if worst else ""


def _read(audit: Mapping[str, Any]) -> str:
    """Return where the report is that a person opens."""
    written = {item["format"]: item["dest"] for item in audit.get("reports") or ()}
    best = next((written[name] for name in ("html", "markdown") if name in written), "")
    return f" The report: {best}" if best else ""


def plan_object(firewall_arn: str, plan_hash: str, prefix: str = "") -> str:
    """Return the name of the object that is a firewall's plan, by its hash.

    So no later audit puts another plan in the place of one that waits for its approval.
    """
    return "/".join(filter(None, (prefix.strip("/"), "plans", plan_hash, f"{label(firewall_arn)}-plan.json")))


def artifact_name(firewall_arn: str, of: str) -> str:
    """Return the name of the variable by which something of a firewall is handed on; raise OptionError for no ARN."""
    return f"{of}_of_{label(firewall_arn).replace('-', '_')}"


def label(firewall_arn: str) -> str:
    """Return ACCOUNT-REGION-NAME of a firewall, which no other has; raise OptionError when it is no ARN."""
    firewall = parse_firewall_arn(firewall_arn)
    return f"{firewall.account_id}-{firewall.region}-{firewall.name}"


def report_paths(folder: str | None, firewall_arns: Iterable[str]) -> list[str]:
    """Return the JSON reports of firewalls that are in a folder; one that is not there is an audit without a result."""
    names = [f"{label(arn)}-report.json" for arn in dict.fromkeys(firewall_arns)] if folder else []
    paths = [os.path.join(folder or "", name) for name in names]
    return [path for path in paths if os.path.exists(path)]


def local_reports(folders: Iterable[str]) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the audits whose JSON reports are in folders, with links to the pages beside them, and what was left out.

    Raise OptionError for a folder that cannot be read.
    """
    found, problems = [], []
    for folder in folders:
        try:
            names = sorted(name for name in os.listdir(folder) if name.endswith(_REPORT))
        except OSError as error:
            why = f"it must be a folder that can be read: {error.strerror}"
            raise OptionError("report_dirs", folder, why) from error
        for path in (os.path.join(folder, name) for name in names):
            try:
                found.append({**of_report(read_report(path, "report_dirs"), "", ""), "links": _beside(path)})
            except OptionError as error:
                problems.append(f"{error.message} It was left out.")
    return found, problems


def _beside(path: str) -> dict[str, str]:
    stem = path.removesuffix(_REPORT)
    pages = {"report": f"{stem}-report.html", "remediation": f"{stem}-remediation.html"}
    return {name: page for name, page in pages.items() if os.path.isfile(page)}


def read_report(path: str, option: str = "reports_dir") -> dict[str, Any]:
    """Return the JSON report of an audit; raise OptionError for any other file."""
    try:
        with open(path, encoding="utf-8") as file:
            report = json.load(file)
        # What of_report takes for granted.
        for member, *below in (("firewall_arn",), ("plan", "hash"), ("plan", "flow_count"), ("counts", "by_severity")):
            reduce(getitem, below, report[member])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise OptionError(option, path, f"it is not the JSON report of an audit ({error})") from error
    return dict(report)


def of_report(report: Mapping[str, Any], bucket: str, prefix: str) -> dict[str, Any]:
    """Return what an uploaded JSON report says, as the audit would have handed it on, without its plan."""
    return {**of_audit(report, bucket, prefix, max_artifact=-1), "plan_handed_on": True}


def read_handed_on(texts: Iterable[Any]) -> list[dict[str, Any]]:
    """Return what audits handed on, from text; raise OptionError for text that is not of an audit."""
    found = []
    for text in texts:
        try:
            audit = json.loads(text) if isinstance(text, str) else text
            found.append({"firewall_arn": parse_firewall_arn(audit["firewall_arn"]).arn, **audit})
        except (ValueError, TypeError, KeyError, FlowOpsError):
            allowed = "it must be JSON, as the role flow_audit handed it on"
            raise OptionError("handed_on", shortened(str(text)), allowed) from None
    return found


def summed_up(
    audits: Iterable[Mapping[str, Any]], wanted: Sequence[str], now: datetime, max_age: int
) -> dict[str, Any]:
    """Return the newest audit of each firewall and what they add up to.

    Left out is what is older than max_age seconds (0 for any), or does not say when it was; wanted firewalls without
    an audit are missing.
    """
    firewalls: dict[str, dict[str, Any]] = {}
    for audit in sorted(_recent(audits, now, max_age), key=_audited_at):
        kept = {name: audit[name] for name in _SUMMED_UP if name in audit}
        firewalls[audit["firewall_arn"]] = {**kept, **_links(audit)}
    found = list(firewalls.values())
    hashes = {arn: item.get("plan_hash", "") for arn, item in firewalls.items()}
    text = json.dumps(hashes, sort_keys=True, separators=(",", ":"))
    return {
        "firewalls": firewalls,
        "missing": sorted(set(wanted) - set(firewalls)),
        "verdicts": dict(sorted(Counter(item["verdict"] for item in found).items())),
        **{name: sum(item[name] for item in found) for name in ("flow_count", "findings_total", "plan_flow_count")},
        "hash": hashlib.sha256(text.encode()).hexdigest(),
    }


def _links(audit: Mapping[str, Any]) -> dict[str, Any]:
    """Return where a person finds the report of an audit: beside the JSON report, else in the console of S3."""
    firewall, place = parse_firewall_arn(audit["firewall_arn"]), audit.get("report_object")
    if audit.get("links") or not isinstance(place, Mapping) or firewall.partition != "aws":
        return {}
    bucket, prefix = quote(str(place.get("bucket")), safe=""), quote(str(place.get("object")), safe="")
    return {"links": {"report": f"https://console.aws.amazon.com/s3/object/{bucket}?prefix={prefix}"}}


def _recent(audits: Iterable[Mapping[str, Any]], now: datetime, max_age: int) -> list[Mapping[str, Any]]:
    oldest = now - timedelta(seconds=max_age) if max_age > 0 else None
    dated = [(audit, _audited_at(audit)) for audit in audits]
    return [audit for audit, moment in dated if moment is not None and (oldest is None or moment >= oldest)]


def _audited_at(audit: Mapping[str, Any]) -> Any:
    """Return when an audit was, None when it does not say so."""
    try:
        return parse_utc(audit["audited_at"])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def why_missing(
    summary: Mapping[str, Any], audits: Iterable[Mapping[str, Any]], places: Sequence[str], max_age: int
) -> list[dict[str, str]]:
    """Return {firewall_arn, reason} for each firewall without a result, after looking for reports in the places."""
    seen = {audit["firewall_arn"]: audit for audit in audits}
    return [{"firewall_arn": arn, "reason": _reason(seen.get(arn), places, max_age)} for arn in summary["missing"]]


def _reason(audit: Mapping[str, Any] | None, places: Sequence[str], max_age: int) -> str:
    if audit is None:
        return nowhere(places)
    if _audited_at(audit) is None:
        return "its audit does not say when it was"
    return f"its newest audit, of {audit['audited_at']}, is older than {max_age} seconds (flow_summary_max_age)"


def nowhere(places: Sequence[str]) -> str:
    """Return why there is no result, where nothing was handed on and no report is in the places."""
    looked = f" and no JSON report is in {', '.join(places)}" if places else ""
    return f"no result was handed on{looked}; the role flow_audit writes one with json among flow_audit_reports"


def approved_by(summary: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what whoever approves a summary has approved, by firewall."""
    return {arn: {name: item[name] for name in _APPROVED if name in item} for arn, item in summary["firewalls"].items()}


def sentence_of(summary: Mapping[str, Any], places: Sequence[str] = ()) -> str:
    """Return a summary in one sentence; places are where JSON reports were looked for."""
    verdicts = ", ".join(f"{count} {verdict}" for verdict, count in summary["verdicts"].items())
    said = [
        f"{counted(len(summary['firewalls']), 'firewall')}: {verdicts or 'no result'}",
        f"{summary['findings_total']} of {counted(summary['flow_count'], 'live flow')} break the rules",
    ]
    parts = sum(map(_is_part, summary["firewalls"].values()))
    if parts:
        said.append(f"of {counted(parts, 'firewall')} only flows that can be findings were counted")
    missing = summary["missing"]
    if missing:
        others = f" and {len(missing) - _MOST_NAMED} more" if len(missing) > _MOST_NAMED else ""
        said.append(f"no result of {', '.join(missing[:_MOST_NAMED])}{others}")
    if not summary["firewalls"]:
        said.append(nowhere(places))
    return "; ".join(said) + "."
