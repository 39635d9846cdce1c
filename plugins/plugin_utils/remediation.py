# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A remediation: what it is to cut, which guards hold it back, what was started, what came of it.

It is one mapping, handed from task to task; each function returns it with what has become known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..module_utils.errors import FlowOpsError, shortened
from ..module_utils.errors import counted as counted_as
from ..module_utils.evidence.manifest import MANIFEST
from ..module_utils.plan.verdict import COLLATERAL, PROVED, Deed, words_of
from .audits import artifact_name
from .guards import Firewall, Limits, refusals, refused_by

_MOST_SHOWN = 100
# What a refusal or a failure tells of the run beside its sentence, for its evidence.
KEPT = (
    *("cutting", "stopped_as", "flushes", "deeds", "rehearsal", "trial", "source", "hash", "versions", "flow_filters"),
    *("rules_sha256", "copies"),
)
_NOTHING = {
    **{"verdict": "remediated", "partial": False, "planned": 0, "gone": 0, "survived": 0, "reborn": 0},
    **{"flows": [], "by_rule": {}},
}
HANDED_ON = (
    *(
        "verdict",
        "nothing_else",
        "collateral_count",
        "partial",
        "planned",
        "gone",
        "survived",
        "reborn",
        "inseparable",
        "flush_count",
        "message",
        "evidence",
    ),
)
# What stopped a run may quote much; the whole of it is in the evidence.
_MOST_OF_A_MESSAGE = 1000


def begun(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run that has read what it is to cut, and has done nothing yet unless it says so."""
    return {
        "inseparable": 0,
        "captured_flow_count": 0,
        "findings_src": "",
        "capture_src": "",
        "flow_count": 0,
        "is_counted": True,
        "partial": False,
        "capture_age": 0,
        "dropped": [],
        "captures": [],
        "held_against": "flow_filters" if given.get("source") in ("flow_filters", "addresses") else "findings",
        "beside": {},
        "cutting": False,
        # What a run is called that stops now.
        "stopped_as": "failed" if given.get("cutting") else "refused",
        "tried": False,
        "suspected": False,
        "round": 0,
        "flushes": [],
        # What the flushes of each round did, by their own results.
        "deeds": [],
        "again": False,
        **given,
    }


def counted(
    run: Mapping[str, Any], captured: Sequence[Mapping[str, Any]], count: Mapping[str, Any], age: int
) -> dict[str, Any]:
    """Return the run with a flush for each captured zone that has flows of the filters; age in seconds.

    Without a count, in check mode, every zone gets one.
    """
    zones = count.get("operations", captured)
    operations = [
        {
            "availability_zone": item["availability_zone"],
            "flow_filters": run["flow_filters"],
            "minimum_flow_age": age,
            # In check mode there may be no capture, and nothing is started either.
            "captured_at": item.get("flow_request_timestamp")
            or item.get("service_time")
            or "1970-01-01T00:00:00+00:00",
            "flow_count": int(item.get("flow_count") or 0),
        }
        for item in zones
        if item.get("flow_count") != 0
    ]
    return {
        **run,
        "operations": operations,
        "flow_count": int(count.get("flow_count") or 0),
        "is_counted": bool(count.get("operations")),
        "partial": bool(count.get("partial")),
        "captures": _captures(zones),
        **_files_of(run, count),
        "shown": list(count.get("findings") or ()) if "findings_dest" not in count.get("files", {}) else [],
    }


def proved(run: Mapping[str, Any], proof: Mapping[str, Any], checking: bool) -> dict[str, Any]:
    """Return the run with what was proved of its plan; raise FlowOpsError when nobody can tell what that is."""
    written = proof["files"].get("findings_dest", {}).get("path") or run["findings_src"]
    # In check mode no file was written of what a fresh capture has.
    shown_here = not written or (checking and proof["proved"])
    total = proof["captured_flow_count"] or run["captured_flow_count"]
    return {
        **{name: value for name, value in run.items() if name != "findings" or not written},
        "operations": _proved_operations(run, proof["plan"], checking),
        "flow_count": proof["flow_count"],
        "captured_flow_count": total,
        "percent": round(proof["flow_count"] * 100 / total, 2) if total else None,
        "partial": proof["partial"],
        "dropped": proof["dropped"],
        "capture_age": 0 if proof["proved"] else proof["capture_age"],
        "captures": _captures(proof.get("operations") or ()),
        "findings_src": written,
        "capture_src": proof["files"].get("capture_dest", {}).get("path") or "",
        "shown": list(proof["flows"]) if shown_here else [],
    }


def _proved_operations(run: Mapping[str, Any], plan: Mapping[str, Any], checking: bool) -> list[Any]:
    if "operations" in plan:
        return list(plan["operations"])
    if "dest" in plan:
        with open(plan["dest"], encoding="utf-8") as file:
            return list(json.load(file)["operations"])
    if checking:
        return list(run["operations"])
    raise FlowOpsError(
        f"The plan has {plan['operation_count']} operations, too many to be carried out without a folder to keep them"
        " in; nothing was cut. Give flow_remediate_evidence_dir."
    )


def met(run: Mapping[str, Any], firewall: Firewall, checking: bool) -> dict[str, Any]:
    """Return the run, in check mode with what would refuse to flush this firewall; else raise FlowOpsError."""
    refused = refused_by(firewall)
    if refused and not checking:
        raise FlowOpsError(refused[0])
    return {**run, "refused": refused}


def foretold(run: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Return the run in check mode, with what would be cut and which guards would refuse as its sentence."""
    refused = [*run.get("refused", ()), *refusals(run, limits)]
    name, operations = run["firewall_arn"].rpartition("/")[2], run["operations"]
    flows = counted_as(run["flow_count"], "flow") if run["is_counted"] else "a number of flows that nobody has counted"
    by = counted_as(len(operations), "flush", "flushes")
    would = f"{flows} would be cut by {by}" if operations else "no flow would have to be cut"
    said = f"{name}: {would}; {' '.join(refused) if refused else 'no guard refuses.'}"
    result = {"firewall_arn": run["firewall_arn"]}
    return {**run, "round": 1, "cut": operations, "refused": refused, "sentence": said, "result": result}


def guarded(run: Mapping[str, Any], limits: Limits, prefix: str = "flow_remediate_") -> dict[str, Any]:
    """Return a run that may begin to cut; raise FlowOpsError with the guard that refuses."""
    refused = refusals(run, limits, prefix)
    if refused:
        raise FlowOpsError(refused[0])
    operations = run["operations"]
    started = {**run, "cutting": True, "stopped_as": "failed", "round": 1, "cut": operations}
    return {**started, **_ended(started, _NOTHING)}


def flushed(run: Mapping[str, Any], flush: Mapping[str, Any]) -> dict[str, Any]:
    """Return the run with the operations that a flush started, or had started when it failed."""
    known = {item["flow_operation_id"] for item in run["flushes"]}
    begun_now = [
        item
        for item in flush.get("flow_operations") or ()
        if "flow_operation_id" in item and item["flow_operation_id"] not in known
    ]
    told = {name: flush[name] for name in ("rehearsal", "trial") if flush.get(name)}
    stopped_as = run["stopped_as"]
    if told.get("rehearsal", {}).get("passed") is False and not run["flushes"] and not begun_now:
        stopped_as = "rehearsal"
    deeds = [*run["deeds"], *([flush["deed"]] if flush.get("deed") else [])]
    flushes = [*run["flushes"], *begun_now]
    return {
        **run,
        **{name: value for name, value in told.items() if name not in run},
        "told": _of_a_stop(deeds) if flushes else {},
        "hit_others": _hit_others(deeds),
        "stopped_as": stopped_as,
        "tried": run["tried"] or told.get("trial", {}).get("passed") is not None,
        "flushes": flushes,
        "deeds": deeds,
    }


def _hit_others(deeds: Sequence[Mapping[str, Any]]) -> str:
    count = sum(deed["collateral_count"] for deed in deeds)
    told = counted_as(count, "flow was cut that is no finding", "flows were cut that are no findings")
    return f" {told}." if count else ""


def _of_a_stop(deeds: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a run that stops after it has begun a flush says of other flows, never that none was hit."""
    reasons = [why for deed in deeds for why in deed["unproved"]]
    deed = Deed(
        collateral=sum(deed["collateral_count"] for deed in deeds),
        suspected=any(deed.get("suspected") for deed in deeds),
        unproved=("The run stopped before the flows were captured again.", *reasons[:_MOST_SHOWN]),
    )
    told = deed.as_result([flow for done in deeds for flow in done["collateral"]][:_MOST_SHOWN])
    return {name: value for name, value in told.items() if name != "verdict"}


def compared(run: Mapping[str, Any], seen: Mapping[str, Any], rounds: int) -> dict[str, Any]:
    """Return the run with what became of the flows, and what the next of at most so many rounds has to cut.

    A flow that was seconds old when it was captured cannot be told from one born since, and is spared. By the next
    round it has aged.
    """
    left = list(seen["plan"].get("operations") or ())
    # What hit others, or cannot be asked what it hit, is not done once more.
    stopped = any(deed["stopped"] or deed["unread"] for deed in run["deeds"])
    again = bool(run["operations"]) and bool(left) and run["round"] < rounds and not stopped
    following = {"round": run["round"] + 1, "cut": left} if again else {}
    suspected = bool(run["suspected"] or seen.get("suspected") or any(deed.get("suspected") for deed in run["deeds"]))
    run = {**run, "suspected": suspected}
    return {**run, **_ended(run, seen), "again": again, **following}


def _ended(run: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result as flow_remediate_result tells it, and the sentence that a person sees."""
    deed = _deed(run, seen)
    examples = [flow for done in run["deeds"] for flow in done["collateral"]][:_MOST_SHOWN]
    result = {
        "firewall_arn": run["firewall_arn"],
        **deed.as_result(examples),
        **{name: seen[name] for name in ("partial", "planned", "gone", "survived", "reborn")},
        "cut": deed.cut,
        "ended": max(0, seen["gone"] - deed.cut),
        "inseparable": run["inseparable"],
        "dropped": run["dropped"][:_MOST_SHOWN],
        "by_rule": seen["by_rule"],
        "flows": seen["flows"],
        "rehearsal": run.get("rehearsal", False),
        "trial": run.get("trial", False),
        **run["beside"],
        **_shares(run, seen),
        "flush_count": len(run["flushes"]),
        "flow_operations": run["flushes"][:_MOST_SHOWN],
    }
    said = sentence(result, run["operations"], len(run["dropped"]))
    return {"result": result, "words": sorted(words_of(result)), "sentence": said}


def _shares(run: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return of how many captured flows the cut was a part, and how many there were afterwards, as far as is known."""
    found = {name: run[name] for name in ("percent", "capture_age") if run.get(name) is not None}
    if run.get("captured_flow_count"):
        found["flow_count_before"] = run["captured_flow_count"]
        after = [item.get("flow_count") for item in seen.get("operations") or ()]
        if after and None not in after:
            found["flow_count_after"] = sum(after)
    return found


def _deed(run: Mapping[str, Any], seen: Mapping[str, Any]) -> Deed:
    cut = sum(deed["cut"] for deed in run["deeds"])
    reasons = [reason for deed in run["deeds"] for reason in deed["unproved"]]
    if seen["gone"] > cut:
        reasons += _silences(run["deeds"])
    return Deed(
        planned=seen["planned"],
        # One that is listed and is there all the same may be listed by several flushes.
        cut=min(cut, seen["gone"]),
        survived=seen["survived"],
        # What no filter can cut without innocent flows is still there.
        left_alone=run["inseparable"] + len(run["dropped"]),
        reborn=seen["reborn"],
        collateral=sum(deed["collateral_count"] for deed in run["deeds"]),
        suspected=bool(seen.get("suspected") or run["suspected"]),
        unproved=tuple(reasons[:_MOST_SHOWN]),
        partial=seen["partial"],
    )


def _silences(deeds: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what is said of flushes of which AWS does not list what they cut."""
    listed = [item.get("listed_flow_count", 0) > 0 for deed in deeds for item in deed["silent"]]
    told = []
    if not all(listed):
        flushes = counted_as(listed.count(False), "flush", "flushes")
        told.append(f"AWS lists no flow for {flushes}, so that what was hit is unknown.")
    if any(listed):
        flushes = counted_as(listed.count(True), "flush", "flushes")
        told.append(f"AWS lists fewer flows for {flushes} than are gone, so that what was hit is unknown.")
    return told


def _captures(operations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return of captures what the results of later operations are held against: where, when, and how long."""
    members = ("availability_zone", "flow_operation_id", "flow_request_timestamp", "service_time", "duration")
    return [{name: item[name] for name in members if name in item} for item in operations]


def _files_of(run: Mapping[str, Any], count: Mapping[str, Any]) -> dict[str, str]:
    files = count.get("files", {})
    return {
        "findings_src": files.get("findings_dest", {}).get("path") or run["findings_src"],
        "capture_src": files.get("dest", {}).get("path") or "",
    }


def sentence(result: Mapping[str, Any], operations: Sequence[Any], dropped: int) -> str:
    """Return a result in one sentence, its words first."""
    name = result["firewall_arn"].rpartition("/")[2]
    earlier = sum(1 for item in result["flow_operations"] if item.get("already_flushed"))
    said = [f"{name}: {result['verdict']}"]
    if not operations:
        said.append("no flow had to be cut")
    elif not result["planned"] and earlier:
        found = counted_as(earlier, "earlier flush", "earlier flushes")
        said.append(f"the plan was carried out before; nothing left to cut; {found} found")
    else:
        said += _numbers(result)
    said.append(_nothing_else(result))
    if result["inseparable"]:
        count = result["inseparable"]
        left, them = ("1 finding was", "it") if count == 1 else (f"{count} findings were", "them")
        said.append(f"{left} left alone, because every filter for {them} would cut innocent flows")
    if dropped:
        were, they = ("1 filter was", "it") if dropped == 1 else (f"{dropped} filters were", "they")
        said.append(f"{were} dropped, because {they} would by now cut innocent flows")
    if result["partial"]:
        said.append("flows may be missing from the capture")
    return "; ".join(part for part in said if part) + "."


def _numbers(result: Mapping[str, Any]) -> list[str]:
    rules = ", ".join(rule for rule, counts in result["by_rule"].items() if counts["reborn"])
    return [
        f"{result['gone']} of {result['planned']} flows are gone, {result['survived']} survived,"
        f" {result['reborn']} came back{f' ({rules})' if rules else ''}",
        counted_as(result["flush_count"], "flush", "flushes"),
    ]


def _nothing_else(result: Mapping[str, Any]) -> str:
    word = result["nothing_else"]
    if word == PROVED:
        return "nothing else was touched: proved" if result["flush_count"] else ""
    if word == COLLATERAL:
        count = result["collateral_count"]
        return "1 flow was cut that is no finding" if count == 1 else f"{count} flows were cut that are no findings"
    reasons = result.get("unproved") or ["More flows are gone than end by themselves."]
    more = f" (and {counted_as(len(reasons) - 1, 'more reason')})" if len(reasons) > 1 else ""
    return f"whether anything else was touched is {word}: {reasons[0].rstrip('.')}{more}"


def handed_on(result: Mapping[str, Any], uploaded: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the variables by which the jobs of a workflow are told of a result; uploaded is what s3_file_upload told.

    Where the evidence was uploaded they say in which object its manifest is, and not in which folder it was.
    """
    arn = result["firewall_arn"]
    told = {name: result[name] for name in HANDED_ON if name in result}
    if "message" in told:
        told["message"] = shortened(str(told["message"]), _MOST_OF_A_MESSAGE)
    if "evidence" in told:
        told["evidence"] = {**told["evidence"], **_uploaded(uploaded or {})}
        if "bucket" in told["evidence"]:
            # The container that the job ran in is gone.
            told["evidence"].pop("path", None)
    # One of its own for each firewall too: AWX keeps of two slices' variables of one name only the last.
    return {"flow_remediate": {arn: told}, artifact_name(arn, "flow_remediate"): json.dumps(told)}


def _uploaded(uploaded: Mapping[str, Any]) -> dict[str, str]:
    objects = [str(item["object"]) for item in uploaded.get("objects") or ()]
    manifest = next((name for name in objects if name.rpartition("/")[2] == MANIFEST), None)
    if uploaded.get("msg") or manifest is None:
        return {}
    return {"bucket": str(uploaded["bucket"]), "object": manifest}
