# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account of a remediation: what it is to cut, which guards hold it back, what was started, what came of it.

It is one mapping, handed from task to task; each function returns it with what has become known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..module_utils.errors import FlowOpsError
from .audits import artifact_name

_MOST_SHOWN = 100
_NOTHING = {
    **{"verdict": "remediated", "partial": False, "planned": 0, "gone": 0, "survived": 0, "reborn": 0},
    **{"flows": [], "by_rule": {}},
}
HANDED_ON = (
    *("verdict", "partial", "planned", "gone", "survived", "reborn", "inseparable", "flush_count", "evidence"),
)


@dataclass(frozen=True)
class Limits:
    """What a run may cut at most: flows, percent of the captured flows, seconds since the capture."""

    max_flows: int
    max_percent: float
    max_capture_age: int
    allow_partial: bool


def begun(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the account of a run that has read what it is to cut, and has done nothing yet unless it says so."""
    return {
        "inseparable": 0,
        "captured_flow_count": 0,
        "findings_src": "",
        "capture_src": "",
        "flow_count": 0,
        "partial": False,
        "capture_age": 0,
        "dropped": [],
        "cutting": False,
        "round": 0,
        "flushes": [],
        "again": False,
        **given,
    }


def counted(
    run: Mapping[str, Any], captured: Sequence[Mapping[str, Any]], count: Mapping[str, Any], age: int
) -> dict[str, Any]:
    """Return the account with a flush for each captured zone that has flows of the filters; age in seconds.

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
        "partial": bool(count.get("partial")),
        "shown": list(count.get("findings") or ()),
    }


def proved(run: Mapping[str, Any], proof: Mapping[str, Any], checking: bool) -> dict[str, Any]:
    """Return the account with what was proved of its plan; raise FlowOpsError when nobody can tell what that is."""
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
        "findings_src": written,
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


def guarded(run: Mapping[str, Any], limits: Limits, prefix: str = "flow_remediate_") -> dict[str, Any]:
    """Return the account of a run that may begin to cut; raise FlowOpsError with the guard that refuses."""
    refused = refusals(run, limits, prefix)
    if refused:
        raise FlowOpsError(refused[0])
    operations = run["operations"]
    return {**run, "cutting": True, "round": 1, "cut": operations, **_ended(run, _NOTHING)}


def refusals(run: Mapping[str, Any], limits: Limits, prefix: str = "flow_remediate_") -> list[str]:
    """Return what each guard that refuses says, in the order in which they count."""
    told = []
    if run["partial"] and not limits.allow_partial:
        told.append(
            "Flows may be missing from the capture that counted them, so that more than the"
            f" {run['flow_count']} counted may be cut; nothing was cut. Set {prefix}allow_partial to go on all the"
            " same."
        )
    if run["operations"] and (run["capture_age"] or 0) > limits.max_capture_age:
        told.append(
            f"The capture that the plan was made from is {run['capture_age']} seconds old, which is more than"
            f" {prefix}max_capture_age, {limits.max_capture_age} seconds; nothing was cut. Audit again, give"
            f" {prefix}policy so that the plan is proved on a fresh capture, or raise {prefix}max_capture_age."
        )
    if run["flow_count"] > limits.max_flows:
        told.append(
            f"{run['flow_count']} flows would be cut, which is more than {prefix}max_flows, {limits.max_flows}; nothing"
            f" was cut. Raise {prefix}max_flows if they are meant."
        )
    # Filters capture only what they match, so there is no whole to take a share of.
    if run.get("percent") is not None and run["percent"] > limits.max_percent:
        told.append(
            f"{run['flow_count']} of {run['captured_flow_count']} flows would be cut, {run['percent']} %, which is more"
            f" than {prefix}max_percent, {limits.max_percent} %; nothing was cut. Raise {prefix}max_percent if they are"
            " meant."
        )
    return told


def flushed(run: Mapping[str, Any], flush: Mapping[str, Any]) -> dict[str, Any]:
    """Return the account with the operations that a flush started, or had started when it failed."""
    known = {item["flow_operation_id"] for item in run["flushes"]}
    begun_now = [
        item
        for item in flush.get("flow_operations") or ()
        if "flow_operation_id" in item and item["flow_operation_id"] not in known
    ]
    return {**run, "flushes": [*run["flushes"], *begun_now]}


def compared(run: Mapping[str, Any], seen: Mapping[str, Any], rounds: int) -> dict[str, Any]:
    """Return the account with what became of the flows, and what the next of at most so many rounds has to cut.

    A flow that was seconds old when it was captured cannot be told from one born since, and is spared. By the next
    round it has aged.
    """
    left = list(seen["plan"].get("operations") or ())
    again = bool(run["operations"]) and bool(left) and run["round"] < rounds
    following = {"round": run["round"] + 1, "cut": left} if again else {}
    return {**run, **_ended(run, seen), "again": again, **following}


def _ended(run: Mapping[str, Any], seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return the result as flow_remediate_result tells it, and the sentence that a person sees."""
    # What no filter can cut without innocent flows is still there.
    left_alone = run["inseparable"] or run["dropped"]
    result = {
        "firewall_arn": run["firewall_arn"],
        "verdict": "survivors" if left_alone else seen["verdict"],
        **{name: seen[name] for name in ("partial", "planned", "gone", "survived", "reborn")},
        "inseparable": run["inseparable"],
        "dropped": run["dropped"][:_MOST_SHOWN],
        "by_rule": seen["by_rule"],
        "flows": seen["flows"],
        "flush_count": len(run["flushes"]),
        "flow_operations": run["flushes"][:_MOST_SHOWN],
    }
    return {"result": result, "sentence": sentence(result, run["operations"], len(run["dropped"]))}


def sentence(result: Mapping[str, Any], operations: Sequence[Any], dropped: int) -> str:
    """Return a result in one sentence."""
    name = result["firewall_arn"].rpartition("/")[2]
    rules = ", ".join(rule for rule, counts in result["by_rule"].items() if counts["reborn"])
    said = [
        f"{name}: {result['verdict']}",
        f"{result['gone']} of {result['planned']} flows are gone, {result['survived']} survived,"
        f" {result['reborn']} came back{f' ({rules})' if rules else ''}",
        f"{result['flush_count']} flushes",
    ]
    if not operations:
        said = [f"{name}: no flow had to be cut"]
    if result["inseparable"]:
        said.append(
            f"{result['inseparable']} findings were left alone, because every filter for them would cut innocent flows"
        )
    if dropped:
        said.append(f"{dropped} filters were dropped, because they would by now cut innocent flows")
    if result["partial"]:
        said.append("flows may be missing from the capture")
    return "; ".join(said) + "."


def handed_on(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables by which the jobs of a workflow are told of a result."""
    arn = result["firewall_arn"]
    told = {name: result[name] for name in HANDED_ON if name in result}
    # One of its own for each firewall too: AWX keeps of two slices' variables of one name only the last.
    return {"flow_remediate": {arn: told}, artifact_name(arn, "flow_remediate"): json.dumps(told)}
