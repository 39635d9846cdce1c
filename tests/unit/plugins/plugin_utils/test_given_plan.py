# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be cut, as it is given: nothing gets through that is no plan, another's, changed, or not approved."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.plan.plan import digest
from ansible_collections.flowops.aws.plugins.plugin_utils.given_plan import Held, as_given

ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
OTHER = "arn:aws:network-firewall:us-east-1:111122223333:firewall/other"
OPERATIONS = [
    {
        "availability_zone": zone,
        "flow_filters": [{"source_address": "10.0.0.7"}],
        "captured_at": "2026-01-31T12:00:00+00:00",
        "flow_count": 2,
    }
    for zone in ("us-east-1a", "us-east-1b")
]
PLAN = {
    "firewall_arn": ARN,
    "operations": OPERATIONS,
    "hash": digest(ARN, OPERATIONS),
    "captured_flow_count": 40,
    "inseparable": 1,
}


def given(held: Held | None = None, sums: dict[str, str] | None = None, **options: Any) -> dict[str, Any]:
    return as_given(options, held or Held(ARN, prefix="flow_remediate_"), (sums or {}).get)


def refused(held: Held | None = None, **options: Any) -> str:
    with pytest.raises(FlowOpsError) as failure:
        given(held, **options)
    return failure.value.message


def test_a_plan_comes_back_with_its_operations_and_hash() -> None:
    found = given(plan=PLAN)
    assert found["operations"] == OPERATIONS
    assert (found["source"], found["hash"], found["inseparable"]) == ("plan", PLAN["hash"], 1)
    assert (found["captured_flow_count"], found["only_findings"]) == (40, False)
    assert found["flow_filters"] == [{"any": True}]


def test_a_plan_of_a_part_of_the_flows_comes_back_as_one() -> None:
    part = {name: value for name, value in PLAN.items() if name != "captured_flow_count"}
    found = given(plan={**part, "fetch": "findings"})
    assert (found["fetch"], found["captured_flow_count"]) == ("findings", 0)
    assert "fetch" not in given(plan=part)
    assert "flow_remediate_plan.fetch" in refused(plan={**part, "fetch": "some"})


def test_a_path_is_read_from_where_the_play_was_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PWD", str(tmp_path))
    (tmp_path / "plan.json").write_text(json.dumps(PLAN), encoding="utf-8")
    assert given(plan="plan.json") == given(plan=PLAN)
    assert given(audit={"firewall_arn": ARN, "plan": {"dest": "plan.json"}})["operations"] == OPERATIONS


UNREADABLE = {
    "missing": (None, "flow_remediate_plan: '{path}' is not allowed; there is no such file."),
    "words": ("just words", "flow_remediate_plan: '{path}' line 1: it is not JSON."),
    "torn": ('{"operations": [', "flow_remediate_plan: '{path}' line 1: it is not JSON."),
    "twice": (
        '{"operations": [], "operations": []}',
        "flow_remediate_plan: '{path}': a mapping in it has a key twice.",
    ),
    "deep": ("[" * 200 + "]" * 200, "flow_remediate_plan: '{path}': it is nested more than"),
    "long-number": (
        '{"operations": [' + "9" * 31 + "]}",
        "flow_remediate_plan: '{path}': a number in it has more than 20 digits.",
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_is_no_plan_is_named_and_not_quoted(tmp_path: Path, name: str) -> None:
    content, words = UNREADABLE[name]
    path = tmp_path / "plan.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert refused(plan=str(path)).startswith(words.format(path=path))


def test_a_file_that_is_no_file_is_refused_and_hangs_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused(plan=str(tmp_path / "pipe")).startswith("flow_remediate_plan: ")
    assert refused(plan="/dev/zero").startswith("flow_remediate_plan: ")


def test_a_plan_that_names_no_firewall_fits_none() -> None:
    anonymous = {name: value for name, value in PLAN.items() if name not in ("firewall_arn", "hash")}
    assert refused(plan=anonymous) == (
        "flow_remediate_plan: it does not name the firewall that it is for; give it with its firewall_arn."
    )
    # The audit that it came in names one.
    assert given(audit={"firewall_arn": ARN, "plan": anonymous})["hash"] == PLAN["hash"]
    assert "does not name the firewall" in refused(audit={"plan": anonymous})


def test_a_refusal_says_for_the_evidence_what_was_read() -> None:
    with pytest.raises(FlowOpsError) as failure:
        given(Held(ARN, "f" * 64, prefix="flow_remediate_"), plan=PLAN)
    assert failure.value.details == {"source": "plan", "hash": PLAN["hash"]}


@pytest.mark.parametrize("plan", [[], OPERATIONS, {}, {"operations": None}, {"operations": {}}, {"operations": "all"}])
def test_what_is_no_plan_is_refused(plan: Any) -> None:
    assert "flow_remediate_plan: it is not a plan" in refused(plan=plan)


@pytest.mark.parametrize("operation", [1, {}, {"availability_zone": "us-east-1a", "flow_filters": []}])
def test_an_operation_that_is_none_is_named(operation: Any) -> None:
    assert "flow_remediate_plan.operations[0]" in refused(plan={"firewall_arn": ARN, "operations": [operation]})


@pytest.mark.parametrize("audit", [{}, {"plan": None}, {"plan": {"flow_count": 1}}])
def test_an_audit_without_a_plan_is_refused(audit: dict[str, Any]) -> None:
    assert refused(audit=audit) == "flow_remediate_audit: it has no plan; give a flow_audit_result."


def test_exactly_one_thing_says_what_to_cut() -> None:
    everything = (
        "flow_remediate_audit, flow_remediate_plan, flow_remediate_flow_filters and flow_remediate_addresses: exactly"
        " one of them must be given"
    )
    assert refused() == f"{everything}, none is."
    assert (
        refused(plan=PLAN, flow_filters=[]) == f"{everything}, flow_remediate_plan and flow_remediate_flow_filters are."
    )


@pytest.mark.parametrize("source", ["plan", "audit"])
def test_a_plan_of_another_firewall_is_refused(source: str) -> None:
    anonymous = {"operations": OPERATIONS}
    options = {
        "plan": {"plan": {**PLAN, "firewall_arn": OTHER}},
        "audit": {"audit": {"firewall_arn": OTHER, "plan": anonymous}},
    }
    assert refused(**options[source]).startswith(f"flow_remediate_{source}: it was made for '{OTHER}', not for")


def test_a_plan_that_was_changed_is_refused() -> None:
    changed = [{**OPERATIONS[0], "flow_filters": [{"any": True}]}, OPERATIONS[1]]
    assert "is not that of its firewall and operations" in refused(plan={**PLAN, "operations": changed})


def test_a_plan_that_was_not_approved_is_refused() -> None:
    message = refused(Held(ARN, "f" * 64, prefix="flow_remediate_"), plan=PLAN)
    assert message.startswith(
        f"The plan's hash is '{PLAN['hash']}' and not flow_remediate_approved_hash, '{'f' * 64}'; nothing was cut."
    )
    # Blanks are no approval of anything.
    assert "and not flow_remediate_approved_hash" in refused(Held(ARN, " ", prefix="flow_remediate_"), plan=PLAN)


def test_an_approval_is_read_as_people_write_it() -> None:
    approved = given(Held(ARN, f" {str(PLAN['hash']).upper()} "), plan=PLAN)
    assert approved["operations"] == OPERATIONS


def test_findings_tell_who_is_innocent_when_they_are_all_there() -> None:
    audit = {"firewall_arn": ARN, "plan": PLAN, "findings": [{}, {}], "findings_total": 2}
    assert given(audit=audit)["only_findings"] is True
    assert given(audit={**audit, "findings_total": 3})["only_findings"] is False
    assert given(plan=PLAN, findings_file="findings.jsonl")["only_findings"] is True


def test_an_approval_of_filters_is_none() -> None:
    held = Held(ARN, "f" * 64, prefix="flow_remediate_")
    for options in ({"flow_filters": [{"any": True}]}, {"addresses": ["192.0.2.7"]}):
        assert refused(held, **options).startswith("flow_remediate_approved_hash: filters and addresses have no hash;")


def test_a_plan_that_cuts_innocent_flows_has_to_be_allowed() -> None:
    plan = {**PLAN, "collateral": 1}
    assert "would cut 1 innocent flows too" in refused(plan=plan)
    assert given(Held(ARN, allow_collateral=True), plan=plan)["operations"] == OPERATIONS


@pytest.mark.parametrize("collateral", ["1", "some", True, -1])
def test_a_number_of_innocent_flows_of_an_unknown_form_is_not_nought(collateral: Any) -> None:
    assert "flow_remediate_plan.collateral" in refused(plan={**PLAN, "collateral": collateral})


def test_an_operation_without_a_zone_is_refused() -> None:
    operations = [{**OPERATIONS[0], "availability_zone": None, "vpc_endpoint_id": "vpce-0123"}]
    assert "an operation has no availability_zone" in refused(plan={"firewall_arn": ARN, "operations": operations})
    plan = {"firewall_arn": ARN, "operations": operations}
    assert given(Held(ARN, any_scope=True), plan=plan)["operations"]


def test_only_the_zones_asked_for_are_taken_and_the_hash_is_of_all() -> None:
    found = given(Held(ARN, availability_zones=["us-east-1b"]), plan=PLAN)
    assert [item["availability_zone"] for item in found["operations"]] == ["us-east-1b"]
    assert found["hash"] == PLAN["hash"]


def test_files_are_taken_as_long_as_they_are_as_the_audit_left_them() -> None:
    files = {name: {"path": f"/reports/{name}", "sha256": "aa"} for name in ("findings_dest", "plan_dest")}
    audit = {"firewall_arn": ARN, "plan": PLAN, "findings": [], "files": files}
    kept = given(sums={"/reports/findings_dest": "aa"}, audit=audit)
    assert kept["findings_src"] == "/reports/findings_dest"
    assert "findings" not in kept
    written_over = given(sums={"/reports/findings_dest": "bb"}, audit=audit)
    assert (written_over["findings_src"], written_over["findings"]) == ("", [])


def test_a_file_that_nothing_vouches_for_is_not_taken() -> None:
    audit = {"firewall_arn": ARN, "plan": PLAN, "files": {"findings_dest": {"path": "/reports/findings"}}}
    assert given(sums={"/reports/findings": "aa"}, audit=audit)["findings_src"] == ""
    # Neither one has a checksum.
    assert given(audit=audit)["findings_src"] == ""


def test_the_findings_that_the_plan_names_come_after_those_that_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PWD", "/started")
    plan = {**PLAN, "findings": {"path": "/reports/findings", "sha256": "aa"}}
    sums = {"/reports/findings": "aa"}
    assert given(sums=sums, plan=plan)["findings_src"] == "/reports/findings"
    assert given(sums=sums, plan=plan, findings_file="mine.jsonl")["findings_src"] == "/started/mine.jsonl"


@pytest.mark.parametrize(
    "files",
    ["x", [1], {"findings_dest": 5}, {"dest": []}, {"rules_dest": {"path": ["x"], "sha256": "aa"}}, {"dest": "x"}],
)
def test_files_of_an_audit_that_are_none_are_refused(files: Any) -> None:
    told = refused(audit={"firewall_arn": ARN, "plan": PLAN, "files": files})
    assert told.startswith("flow_remediate_audit.files") and "give" in told


@pytest.mark.parametrize(
    ("mapped", "plain"),
    [("::ffff:10.0.0.1", "10.0.0.1"), ("::FFFF:a00:0/104", "10.0.0.0/8"), ("::ffff:0:0/96", "0.0.0.0/0")],
)
def test_an_ipv4_address_in_the_form_of_an_ipv6_one_matches_no_flow_and_is_refused(mapped: str, plain: str) -> None:
    assert refused(addresses=["192.0.2.7", mapped]).endswith(f"in the form of an IPv6 one, write {plain}.")


def test_addresses_become_filters_for_both_directions() -> None:
    found = given(addresses=[" 192.0.2.7", "1:2:3:4:5:6:7:8", ""])
    assert (found["source"], found["operations"]) == ("addresses", [])
    assert found["flow_filters"] == [
        {"source_address": "192.0.2.7"},
        {"source_address": "1:2:3:4:5:6:7:8"},
        {"destination_address": "192.0.2.7"},
        {"destination_address": "1:2:3:4:5:6:7:8"},
    ]


@pytest.mark.parametrize("addresses", [[], [" "], ["192.0.2.1"] * 11, ["host.example.com"], ['192.0.2.7", "x": "']])
def test_what_is_no_address_is_refused(addresses: list[str]) -> None:
    assert refused(addresses=addresses).endswith(
        "is not allowed; give an IPv4 or IPv6 address or CIDR, or up to 10 of them."
    )


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ([], "flow_remediate_flow_filters: it is empty"),
        ([{"source_address": "192.0.2.300"}], "source_address: '192.0.2.300' is not allowed"),
        ([{"source_address": "10.0.0.1"}] * 21, "flow_remediate_flow_filters"),
    ],
)
def test_filters_are_checked_before_anything_is_asked(filters: list[Any], words: str) -> None:
    assert words in refused(flow_filters=filters)
