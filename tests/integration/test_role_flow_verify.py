# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import (
    FirewallRunner,
    Identity,
    captured,
    fact,
    failed,
    flow,
    plan_of,
    starts_of,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import Run

DURATION = 0
ZONES = ["us-east-1a", "us-east-1b"]
PER_ZONE = 5
TELNET_FILTER = [{"destination_port": 23, "source_address": "10.0.0.0/8", "protocols": ["tcp"]}]


def is_telnet(found: Identity) -> bool:
    return found[4] == "23"


class Firewalls:
    """Firewalls of two zones with 5 telnet flows and 10 others in each."""

    def __init__(self, control: Control, aws: Any) -> None:
        self.control = control
        self.aws = aws
        self.hosts: dict[str, dict[str, Any]] = {}
        self.arns: dict[str, str] = {}

    def add(self, name: str, **variables: Any) -> dict[str, Any]:
        """Add a firewall and return the plan that would cut its telnet flows."""
        content = [flow(number, 23 if number <= PER_ZONE else 443) for number in range(1, PER_ZONE + 11)]
        arn = self.control.add_firewall(name, flows=dict.fromkeys(ZONES, content))["arn"]
        self.arns[name] = arn
        self.hosts[name] = {"firewall_arn": arn, **variables}
        return plan_of(arn, captured(self.aws, arn, ZONES), is_telnet)

    def add_with_plan(self, name: str, **variables: Any) -> dict[str, Any]:
        """Add a firewall whose plan is given as a mapping."""
        plan = self.add(name, **variables)
        self.hosts[name]["flow_verify_plan"] = plan
        return plan

    def add_with_wide_plan(self, name: str, folder: Path) -> None:
        """Add a firewall whose plan matches every flow and names the telnet flows as its findings."""
        plan = self.add_with_plan(name, flow_verify_findings_file=f"{name}.jsonl")
        for operation in plan["operations"]:
            operation["flow_filters"] = [{"source_address": "10.0.0.0/8"}]
        findings = [
            {**flow(number), "protocol_number": 6, "availability_zone": zone, "rule": "no-telnet"}
            for zone in ZONES
            for number in range(1, PER_ZONE + 1)
        ]
        (folder / f"{name}.jsonl").write_text("".join(f"{json.dumps(item)}\n" for item in findings), encoding="utf-8")

    def flush(self, name: str, *zones: str) -> None:
        """Flush the telnet flows of zones, by a plain call."""
        for zone in zones:
            self.aws.start_flow_flush(
                FirewallArn=self.arns[name],
                AvailabilityZone=zone,
                FlowFilters=[{"SourceAddress": {"AddressDefinition": "10.0.0.0/8"}, "DestinationPort": "23"}],
            )


@pytest.fixture(scope="module")
def firewalls(control: Control, aws: Any) -> Firewalls:
    return Firewalls(control, aws)


@pytest.fixture(scope="module")
def run(firewalls: Firewalls, runner: FirewallRunner, control: Control) -> Run:
    """One run of the playbook over firewalls on which the flush went differently."""
    folder = runner.started_in()
    (folder / "words.json").write_text("just words", encoding="utf-8")
    # The first host starts its captures first, and they are those that AWS cannot finish.
    firewalls.add_with_plan("a-torn", flow_verify_fail_on=["survivors", "inconclusive"])
    firewalls.flush("a-torn", *ZONES)
    firewalls.add_with_plan("gone")
    firewalls.flush("gone", *ZONES)
    firewalls.add_with_plan("there")
    plan = firewalls.add("half-gone", flow_verify_plan="half.json", flow_verify_fail_on=[], flow_verify_max_flows=2)
    (folder / "half.json").write_text(json.dumps(plan), encoding="utf-8")
    firewalls.flush("half-gone", ZONES[0])
    reborn = firewalls.add_with_plan("reborn")
    for operation in reborn["operations"]:
        # A plan of a minute ago: what comes back now is younger than what it named.
        operation["captured_at"] = (datetime.fromisoformat(operation["captured_at"]) - timedelta(minutes=1)).isoformat()
    control.settings(reconnect=1.0)
    firewalls.flush("reborn", *ZONES)
    control.settings(reconnect=0.0)
    for name in ("known", "known-gone"):
        firewalls.add_with_wide_plan(name, folder)
    firewalls.flush("known-gone", *ZONES)
    firewalls.add("filters", flow_verify_flow_filters=TELNET_FILTER)
    firewalls.add("filters-gone", flow_verify_flow_filters=TELNET_FILTER)
    firewalls.flush("filters-gone", *ZONES)
    firewalls.add_with_plan("one-zone-seen", flow_verify_availability_zones=[ZONES[0]])
    firewalls.flush("one-zone-seen", *ZONES)
    firewalls.add("foreign", flow_verify_plan=plan)
    firewalls.add_with_plan("two-sources", flow_verify_flow_filters=TELNET_FILTER)
    firewalls.add("no-source")
    firewalls.add("words", flow_verify_plan="words.json")
    firewalls.add("no-plan", flow_verify_plan={"flow_count": 3})
    firewalls.add_with_plan("no-number", flow_verify_max_flows="all")
    control.settings(next_status=["COMPLETED_WITH_ERRORS"] * len(ZONES))
    return runner("flowops.aws.verify", firewalls.hosts, started_in=folder, forks=1)


def told(run: Run, name: str) -> tuple[Any, ...]:
    result = fact(run, name, "flow_verify_result")
    return tuple(result[key] for key in ("verdict", "partial", "planned", "gone", "survived", "reborn"))


TWICE = 2 * PER_ZONE


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gone", ("remediated", False, TWICE, TWICE, 0, 0)),
        ("there", ("survivors", False, TWICE, 0, TWICE, 0)),
        ("half-gone", ("survivors", False, TWICE, PER_ZONE, PER_ZONE, 0)),
        # Those that came back are others than those that were to go.
        ("reborn", ("reborn", False, TWICE, TWICE, 0, TWICE)),
        # What the plan's filters match beside its findings was never to go.
        ("known", ("survivors", False, TWICE, 0, TWICE, 0)),
        ("known-gone", ("remediated", False, TWICE, TWICE, 0, 0)),
        ("filters", ("survivors", False, 0, 0, TWICE, 0)),
        ("filters-gone", ("remediated", False, 0, 0, 0, 0)),
        # A capture with flows missing proves nothing, and neither does one that leaves out a zone of the plan.
        ("a-torn", ("inconclusive", True, TWICE, TWICE, 0, 0)),
        ("one-zone-seen", ("inconclusive", True, TWICE, TWICE, 0, 0)),
    ],
)
def test_it_says_what_became_of_the_flows(run: Run, name: str, expected: tuple[Any, ...]) -> None:
    assert told(run, name) == expected


def test_a_flow_is_known_by_scope_5_tuple_and_birth_and_otherwise_it_says_unproved(run: Run) -> None:
    unproved = {
        name: fact(run, name, "flow_verify_result")["unproved"]
        for name in ("known", "known-gone", "gone", "there", "filters")
    }
    # Where nothing that the filters match is there, nothing that was to go is.
    assert {name for name, reasons in unproved.items() if reasons} == {"there"}
    said = run.recorded("Say what is still there", "there").result["msg"]
    assert "unproved: The plan's filters alone tell of 5 flows in us-east-1a" in said
    assert fact(run, "known", "flow_verify_result")["by_rule"]["no-telnet"]["survived"] == TWICE


def test_only_the_verdicts_of_fail_on_fail_the_play(run: Run) -> None:
    decided = {
        name: not failed(run, name)
        for name in ("gone", "there", "half-gone", "reborn", "filters", "filters-gone", "a-torn", "one-zone-seen")
    }
    assert decided == {
        "gone": True,
        "there": False,
        "half-gone": True,
        "reborn": True,
        "filters": False,
        "filters-gone": True,
        "a-torn": False,
        "one-zone-seen": True,
    }
    assert run.rc == 2
    sentence = failed(run, "there")[0].result["msg"]
    assert sentence.startswith("there: survivors; 0 of 10 flows are gone, 10 are still there, 0 came back; unproved: ")
    assert failed(run, "a-torn")[0].result["msg"].endswith("; flows may be missing from the capture.")


def test_survivors_come_with_the_plan_that_cuts_them(run: Run, firewalls: Firewalls) -> None:
    result = fact(run, "half-gone", "flow_verify_result")
    (operation,) = result["plan"]["operations"]
    assert operation["availability_zone"] == ZONES[1]
    (item,) = operation["flow_filters"]
    assert (item["source_port"], item["destination_port"], item["protocols"]) == ("40001-40005", 23, ["tcp"])
    assert (operation["flow_counts"], operation["flow_count"]) == ([PER_ZONE], PER_ZONE)
    # The flows themselves are capped.
    assert [record["fate"] for record in result["flows"]] == ["survived"] * 2
    assert result["firewall_arn"] == firewalls.arns["half-gone"]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("foreign", ["flow_verify_plan", "firewall/half-gone'", "firewall/foreign'"]),
        ("two-sources", ["flow_verify_plan and flow_verify_flow_filters", "both are"]),
        ("no-source", ["flow_verify_plan and flow_verify_flow_filters", "none is"]),
        ("words", ["flow_verify_plan", "words.json", "JSON"]),
        ("no-plan", ["flow_verify_plan", "operations"]),
        ("no-number", ["flow_verify_max_flows", "all", "int"]),
    ],
)
def test_mistakes_are_named_and_start_nothing(
    run: Run, firewalls: Firewalls, control: Control, name: str, parts: list[str]
) -> None:
    message = failed(run, name)[-1].result["msg"]
    for part in parts:
        assert part in message, message
    assert "\n" not in message.removeprefix("Validation of arguments failed:\n"), message
    # One capture a zone was this test's own.
    assert len(starts_of(control, firewalls.arns[name], "StartFlowCapture")) == len(ZONES)
    assert "Traceback" not in run.output


def test_check_mode_starts_nothing(run: Run, runner: FirewallRunner, firewalls: Firewalls, control: Control) -> None:
    before = control.calls()["starts"]
    checked = runner("flowops.aws.verify", {"there": firewalls.hosts["there"]}, options=["--check"])
    assert checked.rc == 0, checked.explain()
    assert control.calls()["starts"] == before
    with pytest.raises(KeyError):
        fact(checked, "there", "flow_verify_result")
