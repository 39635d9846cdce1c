# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from datetime import date
from ipaddress import ip_address

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy_reader import compile_policy
from ansible_collections.flowops.aws.tests.benchmark import flows

DAY = date(2026, 1, 1)


def test_the_same_seed_makes_the_same_flows_and_policies() -> None:
    assert flows.records(200, 1) == flows.records(200, 1) != flows.records(200, 2)
    assert flows.threat_policy(50, 1) == flows.threat_policy(50, 1) != flows.threat_policy(50, 2)
    assert flows.policy(20, 1) == flows.policy(20, 1) != flows.policy(20, 2)


def test_sources_come_back_and_come_once() -> None:
    made = flows.records(5_000, 3)
    assert len(made) == 5_000
    times = Counter(record["source_address"] for record in made)
    assert sum(1 for count in times.values() if count == 1) > 1_500
    assert sum(count for count in times.values() if count > 3) > 1_500


def test_addresses_of_a_flow_are_of_one_version_and_both_versions_occur() -> None:
    versions = Counter()
    for record in flows.records(1_000, 4):
        source, destination = (ip_address(record[f"{side}_address"]) for side in ("source", "destination"))
        assert source.version == destination.version
        versions[source.version] += 1
    assert versions[4] > versions[6] > 100


def test_a_threat_list_has_as_many_networks_as_asked_for_and_finds_flows() -> None:
    policy = flows.threat_policy(20_000, 5)
    assert len(policy["sets"]["threats"]) == 20_000
    verdicts = compile_policy(policy, today=DAY).judge_all(flows.records(2_000, 5))
    assert 0 < sum(verdict is not None for verdict in verdicts) < 2_000


def test_a_policy_of_many_rules_has_every_one_in_force() -> None:
    compiled = compile_policy(flows.policy(200, 6), today=DAY)
    assert len(compiled.rules) == 200
    verdicts = compiled.judge_all(flows.records(5_000, 6))
    assert 0 < sum(verdict is not None for verdict in verdicts) < 5_000
