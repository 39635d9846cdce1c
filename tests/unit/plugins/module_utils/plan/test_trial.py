# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timezone
from ipaddress import ip_address
from typing import Any

from ansible_collections.flowops.aws.plugins.module_utils.plan.identity import Identified, Moment
from ansible_collections.flowops.aws.plugins.module_utils.plan.trial import Trial, trials

MOMENT = Moment(datetime(2026, 1, 31, 12, tzinfo=timezone.utc))
ZONE = "us-east-1a"


def flow(source: str, destination: str, port: int = 443, **members: Any) -> dict[str, Any]:
    return {
        "source_address": source,
        "source_port": 40000,
        "destination_address": destination,
        "destination_port": port,
        "protocol_number": 6,
        "age": 500,
        "availability_zone": ZONE,
        **members,
    }


def chosen(found: Sequence[dict[str, Any]], innocent: Sequence[dict[str, Any]]) -> list[Trial]:
    findings = Identified()
    findings.add(found, MOMENT)
    captured = [*found, *innocent]
    return trials(findings, lambda: [captured[at : at + 3] for at in range(0, len(captured), 3)], MOMENT)


def test_a_finding_is_named_by_its_addresses_alone_where_they_suffice() -> None:
    busy = [flow("10.0.0.9", f"203.0.113.{host}") for host in range(50)]
    (trial, *_others) = chosen([flow("10.0.0.1", "198.51.100.7", 23)], busy)
    assert trial == Trial(ZONE, {"source_address": "10.0.0.1", "destination_address": "198.51.100.7"}, 1)


def test_the_finding_whose_addresses_have_the_fewest_flows_comes_first() -> None:
    found = [flow("10.0.0.1", "198.51.100.7", 23), flow("10.0.0.2", "198.51.100.8", 23)]
    innocent = [flow("10.0.0.1", f"203.0.113.{host}") for host in range(9)] + [flow("198.51.100.8", "203.0.113.1")]
    assert [(trial.flow_filter["source_address"], trial.hit_at_worst) for trial in chosen(found, innocent)] == [
        ("10.0.0.2", 2),
        ("10.0.0.1", 10),
    ]


def test_conditions_are_added_only_where_a_flow_between_the_same_addresses_is_to_be_spared() -> None:
    innocent = [flow("10.0.0.1", "198.51.100.7", 443, source_port=port) for port in (40000, 40001)]
    (trial,) = chosen([flow("10.0.0.1", "198.51.100.7", 23)], innocent)
    assert trial.flow_filter == {
        "source_address": "10.0.0.1",
        "destination_address": "198.51.100.7",
        "destination_port": 23,
    }


def test_where_nothing_tells_them_apart_there_is_no_trial() -> None:
    finding = flow("10.0.0.1", "198.51.100.7", 23)
    assert chosen([finding], [{**finding, "age": 9}]) == []
    # Of what is not known, every value is possible.
    assert chosen([finding], [{**finding, "age": None, "destination_port": None, "source_port": None}]) == []
    assert chosen([finding], [{"age": 7, "availability_zone": ZONE}]) == []


def test_another_zone_is_another_state_table() -> None:
    finding = flow("10.0.0.1", "198.51.100.7", 23)
    (trial,) = chosen([finding], [{**finding, "availability_zone": "us-east-1b"}] * 3)
    assert (trial.hit_at_worst, trial.scope) == (1, ZONE)


def test_the_other_direction_of_a_finding_is_not_spared() -> None:
    finding = flow("10.0.0.1", "198.51.100.7", 23)
    reverse = flow("198.51.100.7", "10.0.0.1", 40000, source_port=23)
    assert chosen([finding], [reverse])[0].hit_at_worst == 2


def test_protocols_without_ports_are_tried_without() -> None:
    ping = flow("10.0.0.1", "198.51.100.7", protocol_number=1, source_port=0, destination_port=0)
    tcp = flow("10.0.0.1", "198.51.100.7")
    assert [trial.flow_filter for trial in chosen([ping], [tcp])] == [
        {"source_address": "10.0.0.1", "destination_address": "198.51.100.7", "protocols": ["icmp"]}
    ]


def test_the_choice_holds_against_a_plain_evaluation_of_random_captures() -> None:
    """By an evaluator of its own: what a filter would hit at the worst, and that it spares what is no finding."""
    chance = random.Random(3)

    def any_of(record: dict[str, Any], trial: Trial) -> bool:
        wanted = trial.flow_filter
        ends = [ip_address(wanted[name]) for name in ("source_address", "destination_address")]
        ports = [wanted[name] for name in ("source_port", "destination_port") if name in wanted]
        return (
            any(ip_address(record[f"{end}_address"]) in ends for end in ("source", "destination"))
            or any(record[f"{end}_port"] in ports for end in ("source", "destination"))
            or (bool(wanted.get("protocols")) and record["protocol_number"] == 6)
        )

    def all_of(record: dict[str, Any], trial: Trial) -> bool:
        named = {name: value for name, value in trial.flow_filter.items() if name != "protocols"}
        return all(record[name] == value for name, value in named.items())

    tried = 0
    for _time in range(60):
        hosts = [f"10.0.0.{host}" for host in range(1, chance.randint(3, 8))]
        captured = [
            flow(*chance.sample(hosts, 2), chance.choice([22, 23, 443]), source_port=chance.randint(1, 3), age=age)
            for age in range(100, 100 * chance.randint(4, 20), 100)
        ]
        found = [record for record in captured if record["destination_port"] == 23]
        innocent = [record for record in captured if record["destination_port"] != 23]
        costs = []
        for trial in chosen(found, innocent):
            tried += 1
            assert not any(all_of(record, trial) for record in innocent)
            assert any(all_of(record, trial) for record in found)
            costs.append(sum(any_of(record, trial) for record in captured))
            assert costs[-1] == trial.hit_at_worst
        assert costs == sorted(costs)
    assert tried > 60
