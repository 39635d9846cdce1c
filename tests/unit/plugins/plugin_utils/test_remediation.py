# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account of a remediation: what it may cut, what it says of itself, and when it goes on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.plugin_utils import guards, remediation
from ansible_collections.flowops.aws.plugins.plugin_utils.guards import Firewall, Limits

ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
OPERATION = {"availability_zone": "us-east-1a", "flow_filters": [{"source_address": "10.0.0.7"}], "flow_count": 10}
LIMITS = Limits(max_flows=10, max_percent=25, max_capture_age=3600, allow_partial=False)
PROOF: dict[str, Any] = {
    "proved": True,
    "partial": False,
    "flow_count": 10,
    "captured_flow_count": 40,
    "capture_age": 7000,
    "dropped": [],
    "flows": [{"source_address": "10.0.0.7"}],
    "plan": {"operations": [OPERATION], "operation_count": 1},
    "files": {},
}
SEEN: dict[str, Any] = {
    **{"verdict": "reborn", "partial": False, "planned": 10, "gone": 9, "survived": 1, "reborn": 2, "flows": []},
    "by_rule": {"no-ssh": {"reborn": 2}, "no-telnet": {"reborn": 0}},
    "plan": {"operations": [OPERATION]},
}


# What a flush did by its own results.
DONE: dict[str, Any] = {
    "rehearsal": {"passed": True},
    "trial": False,
    "deed": {
        **{"cut": 8, "collateral_count": 0, "collateral": [], "unproved": [], "silent": []},
        **{"stopped": False, "unread": 0},
    },
}


def run(**members: Any) -> dict[str, Any]:
    given = {"firewall_arn": ARN, "source": "plan", "operations": [OPERATION], "flow_filters": [{"any": True}]}
    return remediation.begun({**given, **members})


def flush(*identifiers: str) -> dict[str, Any]:
    return {"flow_operations": [{"flow_operation_id": identifier} for identifier in identifiers]}


# -- what filters match ---------------------------------------------------------------------------------------------


def test_each_zone_that_has_such_flows_gets_a_flush() -> None:
    zones = [
        {"availability_zone": "us-east-1a", "flow_request_timestamp": "2026-01-31T12:00:00+00:00", "flow_count": 3},
        {"availability_zone": "us-east-1b", "flow_request_timestamp": "2026-01-31T12:00:00+00:00", "flow_count": 0},
    ]
    count = {"operations": zones, "flow_count": 3, "partial": True, "findings": [{"age": 1}]}
    account = remediation.counted(run(operations=[]), [], count, 60)
    assert account["operations"] == [
        {
            "availability_zone": "us-east-1a",
            "flow_filters": [{"any": True}],
            "minimum_flow_age": 60,
            "captured_at": "2026-01-31T12:00:00+00:00",
            "flow_count": 3,
        }
    ]
    assert (account["flow_count"], account["partial"], account["shown"]) == (3, True, [{"age": 1}])


def test_without_a_count_every_zone_would_get_a_flush() -> None:
    captured = [{"availability_zone": zone} for zone in ("us-east-1a", "us-east-1b")]
    account = remediation.counted(run(operations=[]), captured, {"skipped": True}, 0)
    assert [item["availability_zone"] for item in account["operations"]] == ["us-east-1a", "us-east-1b"]


# -- what was proved ------------------------------------------------------------------------------------------------


def test_what_was_proved_takes_the_place_of_what_was_given() -> None:
    kept = {**OPERATION, "flow_count": 4}
    proof = {**PROOF, "plan": {"operations": [kept]}, "flow_count": 4, "dropped": [{"flow_filter": {}}]}
    account = remediation.proved(run(), proof, checking=False)
    assert (account["operations"], account["flow_count"], account["percent"]) == ([kept], 4, 10.0)
    assert (account["capture_age"], account["dropped"]) == (0, proof["dropped"])


def test_a_plan_that_was_taken_at_its_word_is_as_old_as_its_capture() -> None:
    proof = {**PROOF, "proved": False, "captured_flow_count": 0}
    account = remediation.proved(run(captured_flow_count=80), proof, checking=False)
    assert (account["capture_age"], account["captured_flow_count"], account["percent"]) == (7000, 80, 12.5)


def test_a_large_plan_is_read_from_its_file(tmp_path: Path) -> None:
    dest = tmp_path / "plan.json"
    dest.write_text(json.dumps({"operations": [OPERATION, OPERATION]}), encoding="utf-8")
    proof = {**PROOF, "plan": {"operation_count": 2, "dest": str(dest)}}
    assert len(remediation.proved(run(), proof, checking=False)["operations"]) == 2


def test_a_large_plan_without_a_file_is_refused_unless_nothing_is_cut_anyway() -> None:
    proof = {**PROOF, "plan": {"operation_count": 900}}
    with pytest.raises(FlowOpsError, match="The plan has 900 operations, too many .* Give flow_remediate_evidence_dir"):
        remediation.proved(run(), proof, checking=False)
    assert remediation.proved(run(), proof, checking=True)["operations"] == [OPERATION]


@pytest.mark.parametrize(("checking", "proved"), [(False, True), (True, False), (True, True)])
def test_flows_are_shown_from_their_file_where_there_is_one(checking: bool, proved: bool) -> None:
    proof = {**PROOF, "proved": proved, "files": {"findings_dest": {"path": "/evidence/findings"}}}
    account = remediation.proved(run(findings=[{}], findings_src=""), proof, checking=checking)
    assert account["findings_src"] == "/evidence/findings"
    assert "findings" not in account
    assert bool(account["shown"]) == (checking and proved)
    assert remediation.proved(run(findings=[{}]), {**PROOF, "proved": proved}, checking)["findings"] == [{}]


# -- guards ---------------------------------------------------------------------------------------------------------

REFUSALS = {
    "partial": ({"partial": True}, "allow_partial"),
    "old": (
        {"capture_age": 3601},
        "is 3601 seconds old, which is more than flow_remediate_max_capture_age, 3600 seconds",
    ),
    "many": (
        {"flow_count": 11, "captured_flow_count": 44},
        "11 flows would be cut, which is more than flow_remediate_max_flows, 10;",
    ),
    "share": (
        {"percent": 25.64, "captured_flow_count": 39},
        "10 of 39 flows would be cut, 25.64 %, which is more than flow_remediate_max_percent, 25 %;",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_guard_refuses_and_names_itself(name: str) -> None:
    members, words = REFUSALS[name]
    account = {**run(flow_count=10, percent=25.0, captured_flow_count=40, capture_age=3600), **members}
    (told,) = guards.refusals(account, LIMITS)
    assert words in told
    assert "nothing was cut" in told
    with pytest.raises(FlowOpsError) as failure:
        remediation.guarded(account, LIMITS)
    assert failure.value.message == told


def test_the_plan_of_a_part_of_the_flows_needs_a_maximum() -> None:
    account = run(flow_count=10, percent=None, fetch="findings")
    (told,) = guards.refusals(account, replace(LIMITS, is_given=False))
    assert "Give flow_remediate_max_flows; 10 flows would be cut" in told and "flow_remediate_max_percent" in told
    assert guards.refusals(account, LIMITS) == []
    assert guards.refusals(run(flow_count=10, percent=None), replace(LIMITS, is_given=False)) == []
    assert guards.refusals({**account, "operations": []}, replace(LIMITS, is_given=False)) == []


def test_every_guard_that_refuses_is_told_in_order() -> None:
    members = {key: value for values, _words in REFUSALS.values() for key, value in values.items()}
    assert len(guards.refusals({**run(), **members}, LIMITS)) == len(REFUSALS)


def test_at_the_limits_a_run_begins_to_cut() -> None:
    within = run(flow_count=10, percent=25.0, captured_flow_count=40, capture_age=3600)
    account = remediation.guarded(within, LIMITS)
    assert (account["cutting"], account["round"], account["cut"]) == (True, 1, [OPERATION])
    assert run()["cutting"] is False


def test_an_old_capture_is_no_reason_when_nothing_is_to_be_cut() -> None:
    assert remediation.guarded(run(operations=[], capture_age=9999), LIMITS)["cut"] == []
    assert remediation.guarded(run(capture_age=None), LIMITS)["cutting"] is True


def test_a_run_with_nothing_to_cut_says_so() -> None:
    account = remediation.guarded(run(operations=[]), LIMITS)
    assert account["result"]["verdict"] == "nothing_to_cut"
    assert account["sentence"] == "egress: nothing_to_cut; no flow had to be cut."
    left = remediation.guarded(run(operations=[], inseparable=2), LIMITS)
    assert left["result"]["verdict"] == "survivors"
    assert left["sentence"].endswith(
        "2 findings were left alone, because every filter for them would cut innocent flows."
    )


IMPACT: dict[str, Any] = {
    **{"in_sync": True, "configuration_sync_state": "IN_SYNC", "configuration_sync_state_effect": "All is in force."},
    **{"stream_exception_policy": "DROP", "stream_exception_policy_effect": "Packets are dropped."},
    **{"vpc_endpoint_associations": [], "hidden_association_count": 0},
}
HAZARDS: dict[str, tuple[dict[str, Any], str]] = {
    "allow_out_of_sync": ({"in_sync": False, "configuration_sync_state": "PENDING"}, "is PENDING, not IN_SYNC, after"),
    "allow_continue": (
        {"stream_exception_policy": "CONTINUE"},
        "The stream exception policy of the firewall is CONTINUE",
    ),
    "allow_endpoint_associations": (
        {"hidden_association_count": 2},
        "none of this account and 2 of other accounts that cannot be seen",
    ),
}


def firewall(allowed: bool = False, **seen: Any) -> Firewall:
    return Firewall({**IMPACT, **seen}, 600, **dict.fromkeys(HAZARDS, allowed))


@pytest.mark.parametrize("name", HAZARDS)
def test_what_a_flush_would_meet_refuses_and_names_its_override(name: str) -> None:
    seen, words = HAZARDS[name]
    with pytest.raises(FlowOpsError) as failure:
        remediation.met(run(), firewall(**seen), checking=False)
    assert words in failure.value.message and f"Set flow_remediate_{name} to go on" in failure.value.message
    assert "Nothing was cut." in failure.value.message
    assert remediation.met(run(), firewall(allowed=True, **seen), checking=False)["refused"] == []
    assert remediation.met(run(), firewall(), checking=False)["refused"] == []


def test_check_mode_tells_of_every_guard_of_the_firewall_too() -> None:
    hazards = {key: value for seen, _words in HAZARDS.values() for key, value in seen.items()}
    account = remediation.foretold(remediation.met(run(flow_count=11), firewall(**hazards), checking=True), LIMITS)
    assert len(account["refused"]) == len(HAZARDS) + 1
    assert account["sentence"].startswith("egress: 11 flows would be cut by 1 flush; The firewall is PENDING")


# -- rounds ---------------------------------------------------------------------------------------------------------


def cutting(**members: Any) -> dict[str, Any]:
    return remediation.guarded(run(**members), LIMITS)


def test_a_flush_is_counted_once_however_often_it_is_told() -> None:
    account = remediation.flushed(cutting(), flush("a", "b"))
    account = remediation.flushed(account, flush("b", "c"))
    assert [item["flow_operation_id"] for item in account["flushes"]] == ["a", "b", "c"]
    # Check mode tells of operations that have no ID, and a task that failed early of none.
    assert remediation.flushed(account, {"flow_operations": [{}]}) == remediation.flushed(account, {}) == account


def test_another_round_cuts_what_survived() -> None:
    account = remediation.compared(remediation.flushed(cutting(), flush("a")), SEEN, rounds=2)
    assert (account["again"], account["round"], account["cut"]) == (True, 2, [OPERATION])
    last = remediation.compared(account, SEEN, rounds=2)
    assert (last["again"], last["round"]) == (False, 2)


@pytest.mark.parametrize("plan", [{"operations": []}, {"operation_count": 900}])
def test_without_survivors_that_can_be_told_there_is_no_other_round(plan: dict[str, Any]) -> None:
    assert remediation.compared(cutting(), {**SEEN, "plan": plan}, rounds=3)["again"] is False


def test_the_result_tells_what_became_of_the_flows() -> None:
    account = remediation.compared(remediation.flushed(cutting(), {**flush("a"), **DONE}), SEEN, rounds=1)
    assert account["result"] == {
        **{name: SEEN[name] for name in SEEN if name != "plan"},
        **{"verdict": "survivors", "nothing_else": "proved", "collateral_count": 0, "collateral": []},
        **{"cut": 8, "ended": 1, "rehearsal": {"passed": True}, "trial": False},
        "firewall_arn": ARN,
        "inseparable": 0,
        "dropped": [],
        "capture_age": 0,
        "flush_count": 1,
        "flow_operations": [{"flow_operation_id": "a"}],
    }
    assert account["sentence"] == (
        "egress: survivors; 9 of 10 flows are gone, 1 survived, 2 came back (no-ssh); 1 flush; nothing else was"
        " touched: proved."
    )


def test_the_result_tells_of_how_many_flows_the_cut_was_a_part() -> None:
    run = {**cutting(), "captured_flow_count": 400, "percent": 2.5}
    seen = {**SEEN, "operations": [{"flow_count": 240}, {"flow_count": 150}]}
    result = remediation.compared(remediation.flushed(run, {**flush("a"), **DONE}), seen, rounds=1)["result"]
    assert (result["flow_count_before"], result["flow_count_after"], result["percent"]) == (400, 390, 2.5)


HIT = {"source_address": "10.0.0.8", "kind": "innocent"}
WORDS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "collateral": (
        {"collateral_count": 1, "collateral": [HIT], "stopped": True},
        {},
        "collateral",
        "1 flow was cut that is no finding",
    ),
    "unproved": (
        {"unproved": ["The flow operation a completed with errors."]},
        {},
        "unproved",
        "whether anything else was touched is unproved: The flow operation a completed with errors",
    ),
    "silent": ({"silent": [{}], "cut": 0}, {}, "unproved", "AWS lists no flow for 1 flush"),
    "few": (
        {"silent": [{"listed_flow_count": 1}], "cut": 1},
        {},
        "unproved",
        "AWS lists fewer flows for 1 flush than are gone",
    ),
    "seen": ({"suspected": True, "stopped": True}, {}, "suspected", "touched is suspected"),
    "suspected": ({"silent": [{}], "cut": 0}, {"suspected": True}, "suspected", "touched is suspected"),
    "ended": ({"cut": 0}, {}, "nothing_to_cut", "10 of 10 flows are gone"),
}


@pytest.mark.parametrize("name", WORDS)
def test_a_result_is_never_greener_than_what_the_flushes_did(name: str) -> None:
    deed, seen, verdict, words = WORDS[name]
    gone = {**SEEN, "gone": 10, "survived": 0, "reborn": 0, "by_rule": {}, **seen}
    account = remediation.flushed(cutting(), {**flush("a"), "deed": {**DONE["deed"], **deed}})
    account = remediation.compared(account, gone, rounds=3)
    assert account["result"]["verdict"] == verdict
    assert words in account["sentence"]
    # What hit others is not done once more.
    assert account["again"] is (name not in ("collateral", "seen"))


def test_a_run_that_its_rehearsal_stopped_is_called_so_unless_something_was_cut() -> None:
    stopped = {"rehearsal": {"passed": False}}
    assert remediation.flushed(cutting(), stopped)["stopped_as"] == "rehearsal"
    assert remediation.flushed(cutting(), {**flush("a"), **stopped})["stopped_as"] == "failed"
    assert remediation.flushed(cutting(flushes=[{"flow_operation_id": "a"}]), stopped)["stopped_as"] == "failed"


def test_a_share_is_not_rounded_down_to_what_is_allowed() -> None:
    limits = replace(LIMITS, max_flows=20_000)
    (told,) = guards.refusals(run(flow_count=10_001, percent=25.0, captured_flow_count=40_003), limits)
    assert "10001 of 40003 flows would be cut, a bit more than 25.0 %, which is more than" in told


def test_a_run_that_stopped_tells_whom_else_its_flushes_have_cut() -> None:
    hit = {**DONE["deed"], "collateral_count": 2, "collateral": [HIT, HIT], "stopped": True}
    stopped = remediation.flushed(cutting(), {**flush("a"), "deed": hit})
    told = stopped["told"]
    assert stopped["hit_others"] == " 2 flows were cut that are no findings."
    assert (told["nothing_else"], told["collateral_count"], told["collateral"]) == ("collateral", 2, [HIT, HIT])
    told = remediation.flushed(cutting(), {**flush("a"), "deed": DONE["deed"]})["told"]
    assert (told["nothing_else"], len(told["unproved"])) == ("unproved", 1)
    assert remediation.flushed(cutting(), {"rehearsal": {"passed": False}})["told"] == {}


def test_a_flow_that_two_rounds_list_and_that_is_still_there_was_not_cut_twice() -> None:
    account = remediation.flushed(cutting(), {**flush("a"), **DONE})
    account = remediation.flushed(account, {**flush("b"), **DONE})
    account = remediation.compared(account, SEEN, rounds=1)
    assert (account["result"]["cut"], account["result"]["ended"]) == (9, 0)


def test_a_second_run_tells_of_the_flushes_of_the_first() -> None:
    earlier = {
        "flow_operations": [{"flow_operation_id": "a", "already_flushed": True}],
        "deed": {**DONE["deed"], "cut": 0},
    }
    seen = {**SEEN, "planned": 0, "gone": 0, "survived": 0, "reborn": 0, "by_rule": {}}
    account = remediation.compared(remediation.flushed(cutting(), earlier), seen, rounds=1)
    assert account["sentence"].startswith(
        "egress: nothing_to_cut; the plan was carried out before; nothing left to cut; 1 earlier flush found"
    )


def test_check_mode_says_in_a_sentence_what_would_be_cut_and_what_would_refuse() -> None:
    account = remediation.foretold(run(flow_count=11), LIMITS)
    assert account["sentence"].startswith("egress: 11 flows would be cut by 1 flush; 11 flows would be cut, which")
    assert (len(account["refused"]), account["cutting"]) == (1, False)
    allowed = remediation.foretold(run(flow_count=10), LIMITS)
    assert allowed["sentence"] == "egress: 10 flows would be cut by 1 flush; no guard refuses."


@pytest.mark.parametrize("members", [{"inseparable": 1}, {"dropped": [{}]}])
def test_what_no_filter_can_cut_is_still_there(members: dict[str, Any]) -> None:
    seen = {**SEEN, "verdict": "remediated", "partial": True}
    account = remediation.compared(cutting(**members), seen, rounds=1)
    assert account["result"]["verdict"] == "survivors"
    assert account["sentence"].endswith("; flows may be missing from the capture.")


def test_what_grows_with_the_flows_is_capped_and_not_handed_on() -> None:
    account = remediation.flushed(cutting(dropped=[{}] * 300), flush(*map(str, range(300))))
    result = remediation.compared(account, SEEN, rounds=1)["result"]
    assert (len(result["dropped"]), len(result["flow_operations"]), result["flush_count"]) == (100, 100, 300)
    told = remediation.handed_on({**result, "evidence": {}})
    assert set(told["flow_remediate"][ARN]) == set(remediation.HANDED_ON) - {"message"}
    assert json.loads(told["flow_remediate_of_111122223333_us_east_1_egress"]) == told["flow_remediate"][ARN]


def test_a_run_that_stopped_hands_on_why_and_where_its_evidence_is() -> None:
    stopped = {
        **{"firewall_arn": ARN, "verdict": "refused", "rehearsal": False, "message": "No. " * 900, "flush_count": 0},
        "evidence": {"path": "/container/20260131T120000Z", "manifest_sha256": "ab"},
    }
    there = [{"object": f"proof/egress/20260131T120000Z/{name}"} for name in ("a-manifest.json", "manifest.json")]
    told = remediation.handed_on(stopped, {"bucket": "kept", "objects": there})["flow_remediate"][ARN]
    assert told["evidence"] == {
        "bucket": "kept",
        "object": "proof/egress/20260131T120000Z/manifest.json",
        "manifest_sha256": "ab",
    }
    assert (told["verdict"], told["flush_count"], len(told["message"])) == ("refused", 0, 1000)
    # What was not uploaded, or not all of it, is where it was.
    for uploaded in ({}, {"skipped": True}, {"bucket": "kept", "objects": there, "msg": "Could not upload"}):
        assert remediation.handed_on(stopped, uploaded)["flow_remediate"][ARN]["evidence"] == stopped["evidence"]
    assert "evidence" not in remediation.handed_on({"firewall_arn": ARN, "verdict": "refused"})["flow_remediate"][ARN]
