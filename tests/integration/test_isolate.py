# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Incident mode: every flow of an address, both directions, in every zone, and no other."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.expectations import assert_sentence
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import (
    FirewallRunner,
    Identity,
    fact,
    failed,
    live,
    starts_of,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import Run

DURATION = 0
ZONES = ["us-east-1a", "us-east-1b", "us-east-1c"]
# Its groups are small decimal numbers, so YAML would read it as one in base 60.
IPV6 = "1:2:3:4:5:6:7:8"
V4_PEER, V6_PEER = "203.0.113.5", "2001:db8::5"


def flow(source: str, destination: str, number: int, **members: Any) -> dict[str, Any]:
    return {
        "source_address": source,
        "source_port": 40000 + number,
        "destination_address": destination,
        "destination_port": 443,
        "protocol": "tcp",
        "age": 500,
        "packet_count": 10,
        "byte_count": 1000 + number,
        **members,
    }


def flows(zone: int) -> list[dict[str, Any]]:
    """Flows to and from two addresses and a subnet, and of their neighbours."""
    ping = flow("192.0.2.7", V4_PEER, 7, protocol="icmp")
    del ping["source_port"], ping["destination_port"]
    return [
        flow("192.0.2.7", V4_PEER, 1 + zone),
        flow(V4_PEER, "192.0.2.7", 11 + zone, protocol="udp"),
        ping,
        flow(IPV6, V6_PEER, 21 + zone),
        flow(V6_PEER, IPV6, 31 + zone),
        flow("10.9.1.1", V4_PEER, 41 + zone),
        flow(V4_PEER, "10.9.255.254", 51 + zone),
        # Others, as near as can be.
        flow("192.0.2.6", V4_PEER, 61 + zone),
        flow(V4_PEER, "192.0.2.8", 71 + zone),
        flow("1:2:3:4:5:6:7:9", V6_PEER, 81 + zone),
        flow("10.10.0.0", V4_PEER, 91 + zone),
    ]


def of(found: Identity, *addresses: str) -> bool:
    return found[1] in addresses or found[3] in addresses


BAD = {
    "none": ("", ["flow_remediate_addresses: '' is not allowed; give an IPv4 or IPv6 address or CIDR"]),
    "many": (["192.0.2.1"] * 11, ["flow_remediate_addresses", "up to 10"]),
    "name": ("host.example.com", ["flow_remediate_addresses: 'host.example.com' is not allowed"]),
    "quoted": ('192.0.2.7", "any": true, "x": "', ["flow_remediate_addresses", "is not allowed"]),
    "out-of-range": ("192.0.2.300", ["source_address: '192.0.2.300' is not allowed; give an IPv4 or IPv6 address"]),
    "host-bits": (
        ["10.9.1.1/16"],
        ["'10.9.1.1/16' is not allowed; it has bits set beyond its prefix, write 10.9.0.0/16"],
    ),
}


@dataclass
class Isolated:
    """The run, what lived on each firewall before and after, and what was waited for."""

    run: Run
    arns: dict[str, str]
    before: dict[str, Counter[Identity]]
    after: dict[str, Counter[Identity]]
    # What had been started on the firewall that was out of sync when its rules arrived.
    started_before_sync: list[Any] = field(default_factory=list)

    def gone(self, name: str) -> Counter[Identity]:
        return self.before[name] - self.after[name]


@pytest.fixture(scope="module")
def isolated(runner: FirewallRunner, control: Control, aws: Any) -> Isolated:
    """One run over firewalls of three zones: a list, a text, addresses that are none, and too many flows."""
    wanted: dict[str, Any] = {"list": ["192.0.2.7", IPV6], "text": " 192.0.2.7 ,10.9.0.0/16, "}
    wanted |= {name: addresses for name, (addresses, _parts) in BAD.items()}
    wanted["everything"] = "0.0.0.0/0"
    hosts, arns, before = {}, {}, {}
    for name, addresses in wanted.items():
        content = {zone: flows(number) for number, zone in enumerate(ZONES)}
        arns[name] = control.add_firewall(name, flows=content)["arn"]
        before[name] = live(aws, arns[name], ZONES)
        hosts[name] = {"firewall_arn": arns[name], "flow_remediate_addresses": addresses}
    hosts["everything"]["flow_remediate_max_flows"] = 23
    found = Isolated(Run(1, "", ""), arns, before, {})
    control.set_sync_state("list", "PENDING")
    stop = threading.Event()
    asked = control.calls()["counts"].get("DescribeFirewall", 0)

    def bring_rules() -> None:
        # Five of the hosts come so far and ask; whoever asks more than once waits.
        while not stop.is_set() and control.calls()["counts"].get("DescribeFirewall", 0) < asked + 5 + 2:
            time.sleep(0.02)
        found.started_before_sync = starts_of(control, arns["list"], "StartFlowCapture")[len(ZONES) :]
        control.set_sync_state("list")

    rules = threading.Thread(target=bring_rules)
    rules.start()
    try:
        show = {"ANSIBLE_SHOW_CUSTOM_STATS": "1"}
        found.run = runner("flowops.aws.isolate", hosts, {"flow_remediate_connection": runner.connection}, env=show)
    finally:
        stop.set()
        rules.join()
    found.after = {name: live(aws, arn, ZONES) for name, arn in arns.items()}
    return found


def test_every_flow_of_a_list_of_addresses_goes_and_no_other(isolated: Isolated) -> None:
    assert not failed(isolated.run, "list"), failed(isolated.run, "list")
    gone = isolated.gone("list")
    assert gone == Counter({found: n for found, n in isolated.before["list"].items() if of(found, "192.0.2.7", IPV6)})
    # To and from each of them, in every zone, with ports and without.
    assert {(found[0], found[1], found[3]) for found in gone} == {
        (zone, *ends)
        for zone in ZONES
        for address, peer in (("192.0.2.7", V4_PEER), (IPV6, V6_PEER))
        for ends in ((address, peer), (peer, address))
    }
    assert gone.total() == 5 * len(ZONES)


def test_a_text_with_commas_and_networks_does_as_well(isolated: Isolated) -> None:
    assert not failed(isolated.run, "text"), failed(isolated.run, "text")
    gone = isolated.gone("text")
    ends = ("192.0.2.7", "10.9.1.1", "10.9.255.254")
    assert gone == Counter({found: n for found, n in isolated.before["text"].items() if of(found, *ends)})
    assert gone.total() == 5 * len(ZONES)
    message = isolated.run.recorded("Say what became of them", "text").result["msg"]
    numbers = "15 of 15 flows are gone, 0 survived, 0 came back; 3 flushes"
    assert message == f"text: remediated; {numbers}; nothing else was touched: proved."


def test_it_waits_until_the_firewalls_rules_have_arrived(isolated: Isolated, control: Control) -> None:
    assert isolated.started_before_sync == []
    impact = isolated.run.recorded("See what a flush would meet", "list").result
    assert impact["in_sync"] is True
    assert len(starts_of(control, isolated.arns["list"], "StartFlowFlush")) == len(ZONES)


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_address_is_told_in_one_sentence(isolated: Isolated, control: Control, name: str) -> None:
    assert_sentence(failed(isolated.run, name)[0].result["msg"], BAD[name][1], name)
    assert starts_of(control, isolated.arns[name], "StartFlowFlush") == []
    # One capture a zone was this test's own, and so is the one after the run.
    assert len(starts_of(control, isolated.arns[name], "StartFlowCapture")) == 2 * len(ZONES)


def test_the_guards_are_in_place(isolated: Isolated, control: Control) -> None:
    # IPv6 flows are none of 0.0.0.0/0.
    message = failed(isolated.run, "everything")[0].result["msg"]
    assert_sentence(message, ["24 flows would be cut", "flow_remediate_max_flows, 23", "nothing was cut"])
    assert starts_of(control, isolated.arns["everything"], "StartFlowFlush") == []
    assert not isolated.gone("everything")


def test_the_workflow_is_told_of_each_firewall(isolated: Isolated) -> None:
    told = isolated.run.stdout.partition("CUSTOM STATS:")[2]
    stats = json.loads(told[told.index("{") : told.rindex("}") + 1])["flow_remediate"]
    refused = {name for name in isolated.arns if stats[isolated.arns[name]]["verdict"] == "refused"}
    assert refused == {*BAD, "everything"}
    assert "24 flows would be cut" in stats[isolated.arns["everything"]]["message"]
    for name in ("list", "text"):
        result = fact(isolated.run, name, "flow_remediate_result")
        summary = stats[isolated.arns[name]]
        assert (summary["verdict"], summary["gone"], summary["flush_count"]) == ("remediated", 15, 3)
        assert summary["evidence"] == result["evidence"]
        assert not {"flows", "flow_operations"} & set(summary)


def test_only_the_firewalls_that_an_event_names_are_touched(runner: FirewallRunner, control: Control, aws: Any) -> None:
    content = {ZONES[0]: flows(0)}
    hosts = {}
    for name in ("edge", "edges", "other"):
        hosts[name] = {"firewall_arn": control.add_firewall(f"event-{name}", flows=content)["arn"]}
    variables = {
        "flow_remediate_connection": runner.connection,
        "flow_remediate_addresses": "192.0.2.7",
        "flowops_firewall_arns": hosts["edge"]["firewall_arn"],
    }
    run = runner("flowops.aws.isolate", hosts, variables)
    assert run.rc == 0, run.explain()
    assert {
        name: sum(of(flow, "192.0.2.7") for flow in live(aws, item["firewall_arn"], ZONES[:1]))
        for name, item in hosts.items()
    } == {
        "edge": 0,
        "edges": 3,
        "other": 3,
    }
    absent = f"{hosts['edges']['firewall_arn']}0"
    for wrong, words in (("event-other", ["'event-other'", "give ARNs"]), (absent, [absent, "nothing was cut"])):
        refused = runner("flowops.aws.isolate", hosts, {**variables, "flowops_firewall_arns": [wrong]})
        assert refused.rc == 2
        messages = [item.result["msg"] for name in hosts for item in failed(refused, name)]
        assert_sentence(messages[0], ["flowops_firewall_arns", *words])
    assert all(
        len(starts_of(control, hosts[name]["firewall_arn"], "StartFlowFlush")) == 0 for name in ("edges", "other")
    )


def test_no_traceback_is_shown(isolated: Isolated) -> None:
    assert isolated.run.rc == 2
    assert "Traceback" not in isolated.run.output
