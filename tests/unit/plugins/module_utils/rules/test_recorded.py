# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts of a real Suricata, recorded: what is decided here is decided as it did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.rules.packets import TCP_SILENT, TCP_TALKS
from ansible_collections.flowops.aws.plugins.module_utils.rules.verdicts import UNDECIDED, Verdict
from ansible_collections.flowops.aws.tests.suricata.court import Count, compare
from ansible_collections.flowops.aws.tests.suricata.pcap import Flow
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.rules.policies import flow, rules_of, verdict

SITUATIONS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data/suricata-verdicts.json").read_text())
FATES = {"pass": "passed", "drop": "dropped"}
# What Suricata refuses and AWS takes, or what AWS alone knows.
READ_ALL_THE_SAME = ("unquoted msg", "geoip", "aws keyword", "flow.bytes")


def judged(situation: dict[str, Any]) -> Verdict:
    rules = rules_of(
        *situation["rules"],
        order=situation["order"],
        actions=situation["default_actions"],
        home=situation["home_net"],
    )
    source, destination, source_port, destination_port, protocol = situation["flow"]
    record = flow(source, destination, (source_port, destination_port), protocol)
    # A connection without data is another question than the one that is asked of flows.
    talks = TCP_SILENT if situation["payload"] == "none" else TCP_TALKS
    return verdict(rules, record, tcp_talks=talks)


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda situation: situation["name"])
def test_no_verdict_is_the_opposite_of_the_recorded_one(situation: dict[str, Any]) -> None:
    found, recorded = judged(situation), situation["verdict"]["action"]
    assert found.fate in (UNDECIDED, FATES.get(recorded, UNDECIDED))


def test_most_situations_are_decided() -> None:
    decided = sum(judged(situation).fate != UNDECIDED for situation in SITUATIONS)
    assert len(SITUATIONS) == 135
    assert decided >= 0.7 * len(SITUATIONS)


def test_the_rule_that_drops_is_the_one_that_suricata_names() -> None:
    told = {
        situation["name"]: (judged(situation).rule, situation["verdict"]["sid"])
        for situation in SITUATIONS
        if judged(situation).fate == "dropped" and situation["verdict"]["sid"] < 9_000_000
    }
    assert len(told) > 30
    assert {name: pair for name, pair in told.items() if pair[0] != f"g:{pair[1]}"} == {}


RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "data/recorded.json").read_text())
FLOWS = [Flow(*ends) for ends in RECORDED["flows"]]


def losses_of(lost: list[int]) -> list[dict[str, bool]]:
    """For each flow, and after them for the reverse of each, which of its talks lose a packet."""
    talks = RECORDED["talks"] * 2
    return [
        {name: bool(number >> n & 1) for n, name in enumerate(names)} for names, number in zip(talks, lost, strict=True)
    ]


def test_random_rules_on_random_flows_are_decided_as_suricata_did() -> None:
    single, listed = Count(), Count()
    for heard in RECORDED["sets"]:
        losses = losses_of(heard["lost"])
        compare(heard["rules"], heard["order"], RECORDED["home_net"], FLOWS, losses, single, listed)
    for count in (single, listed):
        assert count.verdicts >= 2000
        assert count.unsound == []
        assert count.share("dropped") >= 0.85
        assert count.share("passed") >= 0.85


@pytest.mark.parametrize(
    "situation",
    [situation for situation in SITUATIONS if situation["verdict"]["action"] not in FATES],
    ids=lambda situation: situation["name"],
)
def test_what_suricata_refuses_is_told(situation: dict[str, Any]) -> None:
    rules = rules_of(*situation["rules"])
    if any(name in situation["name"] for name in READ_ALL_THE_SAME):
        assert not rules.problems
    else:
        assert [problem.line for problem in rules.problems] == [1]
