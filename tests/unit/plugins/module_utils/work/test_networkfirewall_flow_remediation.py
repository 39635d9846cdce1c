# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan's flushes on a service that is as documented, and on some that are not: what was cut, and what is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.files import read_records
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_audit import audit
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_capture import capture
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_plan import prove
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_remediation import remediate
from ansible_collections.flowops.aws.tests.emulator.control import Control

ZONE = "us-east-1a"
GUILTY = 4


def flow(number: int, port: int, **members: Any) -> dict[str, Any]:
    return {
        **{"source_address": f"10.0.0.{number}", "source_port": 40000 + number, "protocol": "tcp", "age": 500},
        **{"destination_address": f"203.0.113.{number % 100}", "destination_port": port},
        **{"packet_count": 10, "byte_count": 1000 + number, **members},
    }


# Each finding's destination has an innocent flow too, and its port and protocol have others.
FLOWS = [
    *(flow(number, 23) for number in range(1, GUILTY + 1)),
    *(flow(100 + number, 443) for number in range(1, GUILTY + 1)),
    *(flow(50 + number, 80) for number in range(12)),
]


class Box:
    """A firewall whose telnet flows have been found by an audit of a capture."""

    def __init__(
        self, control: Control, module_of: Callable[..., Any], folder: Path, flows: list[dict[str, Any]]
    ) -> None:
        self.control = control
        self.module_of = module_of
        self.folder = folder
        self.arn = control.add_firewall("box", flows={ZONE: flows})["arn"]
        self.files = {name: str(folder / f"{name}.jsonl.gz") for name in ("dest", "findings_dest", "flushed_dest")}
        taken = self._run(capture, flow_filters=[{"any": True}], wait=True, wait_timeout=300)
        self.captures = taken["flow_operations"]
        rules = [{"name": "no-telnet", "action": "deny", "destination_port": [23], "protocols": ["tcp"]}]
        found = self._run(
            audit,
            operations=self.captures,
            policy={"rules": rules},
            plan=True,
            max_findings=10,
            top_n=0,
            dest=self.files["dest"],
            findings_dest=self.files["findings_dest"],
        )
        self.plan = found["plan"]["operations"]

    def _run(self, work: Callable[[Any], dict[str, Any]], **options: Any) -> dict[str, Any]:
        self.module = self.module_of({"firewall_arn": self.arn, **options})
        return work(self.module)

    def remediate(self, **options: Any) -> dict[str, Any]:
        given = {
            "plan": self.plan,
            "captures": self.captures,
            "findings_src": self.files["findings_dest"],
            "capture_src": self.files["dest"],
            "flushed_dest": self.files["flushed_dest"],
            "held_against": "findings",
            "rehearse": "all",
            "trial": True,
            "wait_timeout": 3600,
            **options,
        }
        return self._run(remediate, **given)

    def proved(self, plan: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
        """Hold a plan against a capture of now."""
        taken = self._run(capture, flow_filters=[{"any": True}], wait=True, wait_timeout=300)
        given = {"plan": plan, "operations": taken["flow_operations"], "max_flows": 10, **options}
        return self._run(prove, **given, findings_src=self.files["findings_dest"])

    def cut(self) -> list[int]:
        """The ports of the flows that were really cut."""
        return sorted(item["destination_port"] for item in self.control.cut() if item["firewall_arn"] == self.arn)

    def starts(self, operation: str) -> int:
        return sum(
            start["operation"] == operation and start["request"]["FirewallArn"] == self.arn
            for start in self.control.calls()["starts"]
        )


@pytest.fixture
def box(
    module_of: Callable[..., Any],
    api: NetworkFirewall,
    control: Control,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Box]:
    monkeypatch.setattr(NetworkFirewall, "of", lambda _module: api)
    control.settings(duration=1)
    return lambda flows=FLOWS: Box(control, module_of, tmp_path, flows)


def test_as_documented_each_finding_is_cut_and_nothing_else(box: Callable[..., Box]) -> None:
    here = box()
    result = here.remediate()
    assert here.cut() == [23] * GUILTY
    deed = result["deed"]
    assert (deed["cut"], deed["counts"], deed["collateral_count"]) == (GUILTY, {"finding": GUILTY}, 0)
    assert (deed["unproved"], deed["silent"], deed["stopped"]) == ([], [], False)
    assert (result["rehearsal"]["passed"], result["rehearsal"]["flow_count"]) == (True, GUILTY)
    assert (result["trial"]["passed"], result["trial"]["flow_count"]) == (True, 1)
    assert [item["purpose"] for item in result["flow_operations"]] == ["trial", *["flush"] * len(here.plan)]
    assert len(list(read_records(here.files["flushed_dest"]))) == result["files"]["flushed_dest"]["count"] == GUILTY
    # One filter is tried with a flow at stake that would show if its conditions were joined by OR.
    assert result["trial"]["hit_at_worst"] == 2


def test_what_the_trial_has_cut_needs_no_other_flush(box: Callable[..., Box]) -> None:
    here = box([flow(1, 23), *(flow(50 + number, 80) for number in range(5))])
    result = here.remediate()
    assert (here.cut(), here.starts("StartFlowFlush")) == ([23], 1)
    assert (result["deed"]["cut"], result["deed"]["silent"]) == (1, [])


def test_findings_that_have_ended_need_no_flush(box: Callable[..., Box], control: Control) -> None:
    here = box()
    control.settings(ends_between=1.0)
    result = here.remediate()
    assert (here.cut(), here.starts("StartFlowFlush"), result["changed"]) == ([], 0, False)
    assert (result["rehearsal"]["flow_count"], result["deed"]["cut"]) == (0, 0)


@pytest.mark.parametrize(
    "wrong",
    [{"conditions": "or"}, {"ignore_age": True}, {"rows": [{"member": "SourcePort", "form": "value", "value": ""}]}],
    ids=["or", "ages", "unreadable"],
)
def test_a_rehearsal_that_shows_strangers_stops_everything(
    box: Callable[..., Box], control: Control, wrong: dict[str, Any]
) -> None:
    here = box()
    born = [flow(number, 23, age=0, source_port=50000 + number) for number in range(1, GUILTY + 1)]
    control.add_flows("box", ZONE, born, before="StartFlowCapture", number=1)
    # Filters of address and port, so that a new connection of the same client matches but for its age.
    plan = [
        {
            **here.plan[0],
            "flow_filters": [
                {"destination_address": item["destination_address"], "destination_port": 23} for item in FLOWS[:GUILTY]
            ],
            "flow_counts": [1] * GUILTY,
        }
    ]
    control.misbehave(capture=wrong)
    with pytest.raises(FlowOpsError, match="^The rehearsal shows .* nothing was cut by them") as failure:
        here.remediate(plan=plan)
    assert (here.cut(), here.starts("StartFlowFlush")) == ([], 0)
    told = failure.value.details
    assert (told["rehearsal"]["passed"], told["changed"], told["flow_operations"]) == (False, False, [])
    assert told["rehearsal"]["stranger_count"] == len(told["rehearsal"]["strangers"]) > 0


def test_a_trial_that_hits_others_is_the_only_flush(box: Callable[..., Box], control: Control) -> None:
    here = box()
    control.misbehave(flush={"conditions": "or"})
    result = here.remediate()
    assert (here.cut(), here.starts("StartFlowFlush")) == ([23, 443], 1)
    deed = result["deed"]
    assert (deed["stopped"], deed["collateral_count"], result["trial"]["passed"]) == (True, 1, False)
    assert [(item["destination_port"], item["kind"]) for item in deed["collateral"]] == [(443, "innocent")]


def test_without_a_trial_the_first_flush_is_looked_at_before_the_second(
    box: Callable[..., Box], control: Control
) -> None:
    here = box()
    (operation,) = here.plan
    filters = operation["flow_filters"] * 2
    plan = [{**operation, "flow_filters": [item], "flow_counts": [2]} for item in filters]
    control.misbehave(flush={"conditions": "or"})
    result = here.remediate(plan=plan, trial=False)
    assert here.starts("StartFlowFlush") == 1
    assert (result["deed"]["stopped"], result["trial"]) == (True, False)


def test_trials_that_list_nothing_prove_nothing(box: Callable[..., Box], control: Control) -> None:
    here = box()
    control.misbehave(flush={"lists": "nothing"})
    result = here.remediate()
    assert (result["trial"]["passed"], here.cut()) == (None, [23] * GUILTY)
    assert len(result["deed"]["silent"]) == here.starts("StartFlowFlush")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"status": "COMPLETED_WITH_ERRORS", "removes": "matched"}, "completed with errors"),
        ({"rows": [{"member": "Age", "form": "absent"}]}, "cannot be told from others"),
        ({"tokens": "empty"}, "up to an empty token"),
    ],
    ids=["errors", "rows", "tokens"],
)
def test_what_is_not_known_of_a_flush_is_told(
    box: Callable[..., Box], control: Control, wrong: dict[str, Any], words: str
) -> None:
    here = box()
    control.misbehave(flush=wrong)
    assert words in " ".join(here.remediate()["deed"]["unproved"])


def test_results_that_cannot_be_read_stop_what_has_not_begun(box: Callable[..., Box], control: Control) -> None:
    here = box()
    control.misbehave(flush={"tokens": "loop"})
    deed = here.remediate()["deed"]
    assert (deed["unread"], deed["stopped"], here.starts("StartFlowFlush")) == (1, True, 1)
    assert "cannot be read" in deed["unproved"][0]


def test_filters_say_by_themselves_what_is_asked_for(box: Callable[..., Box], control: Control) -> None:
    here = box()
    operation = {**here.plan[0], "flow_filters": [{"destination_address": "203.0.113.1"}], "flow_count": 2}
    del operation["flow_counts"]
    options: dict[str, Any] = {"plan": [operation], "held_against": "flow_filters", "trial": False}
    control.misbehave(capture={"either_direction": True})
    answer = {"source_address": "203.0.113.1", "destination_address": "10.9.9.9", "source_port": 7}
    control.add_flows("box", ZONE, [flow(1, 8, **answer)], before="StartFlowCapture", number=1)
    with pytest.raises(
        FlowOpsError, match=r"tcp from 203.0.113.1 port 7 to 10.9.9.9 port 8 in us-east-1a \(innocent\)"
    ):
        here.remediate(**options)
    control.behave()
    result = here.remediate(**options)
    assert (here.cut(), result["deed"]["counts"]) == ([23, 443], {"finding": 2})


def test_every_operation_is_in_the_evidence_before_it_ends(box: Callable[..., Box], tmp_path: Path) -> None:
    here = box()
    folder = tmp_path / "begun"
    folder.mkdir()
    here.remediate(evidence_path=str(folder))
    operations = json.loads((folder / "operations.json").read_bytes())
    assert [item["purpose"] for item in operations] == ["rehearsal", "rehearsal", "trial", "flush"]
    assert all(item["flow_operation_status"] == "COMPLETED" for item in operations)


def test_captures_must_say_when_they_were_taken(box: Callable[..., Box]) -> None:
    here = box()
    with pytest.raises(FlowOpsError, match="neither flow_request_timestamp nor service_time"):
        here.remediate(captures=[{"availability_zone": ZONE}])
    with pytest.raises(FlowOpsError, match="captures: it has none of us-east-1a"):
        here.remediate(captures=[])
    assert here.starts("StartFlowCapture") == 1


@pytest.mark.parametrize(("only_findings", "dropped"), [(True, 1), (False, 0)])
def test_findings_are_known_again_one_by_one_and_not_by_their_number(
    box: Callable[..., Box], control: Control, plain: Any, only_findings: bool, dropped: int
) -> None:
    here = box()
    wide = {"source_address": "10.0.0.0/24", "destination_port": 23, "protocols": ["tcp"]}
    plan = [{**here.plan[0], "flow_filters": [wide], "flow_counts": [GUILTY], "flow_count": GUILTY}]
    # As many findings end as there are old innocents by then that go the same way.
    ended = [{"SourceAddress": {"AddressDefinition": f"10.0.0.{number}"}} for number in (1, 2)]
    plain.start_flow_flush(FirewallArn=here.arn, AvailabilityZone=ZONE, FlowFilters=ended)
    control.advance(10)
    control.add_flows("box", ZONE, [flow(200 + number, 23, age=900) for number in (1, 2)])
    found = here.proved(plan, only_findings=only_findings)
    assert (len(found["dropped"]), found["flow_count"]) == (dropped, 0 if dropped else GUILTY)


def test_where_nothing_has_changed_but_time_every_finding_is_known_again(
    box: Callable[..., Box], control: Control
) -> None:
    here = box()
    control.advance(120)
    found = here.proved(here.plan, only_findings=True)
    assert (found["dropped"], found["flow_count"]) == ([], GUILTY)
