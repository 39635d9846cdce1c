# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.flows.matching import flows_of
from ansible_collections.flowops.aws.plugins.module_utils.plan import compile as compiler
from ansible_collections.flowops.aws.plugins.module_utils.plan import cuts
from ansible_collections.flowops.aws.plugins.module_utils.plan.boxes import ROUNDING, SURE_AGE, Findings, key_of
from ansible_collections.flowops.aws.plugins.module_utils.plan.build import build, compile_best
from ansible_collections.flowops.aws.plugins.module_utils.plan.compile import Compiled, compile_findings
from ansible_collections.flowops.aws.tests.unit.cases import cases

Record = dict[str, Any]
Match = Callable[[Mapping[str, Any]], bool]

NUMBERS = {"icmp": 1, "tcp": 6, "udp": 17, "gre": 47, "ipv6-icmp": 58, "sctp": 132, "253": 253, "255": 255}
WITH_PORTS = (6, 17, 132)
ADDRESSES = ("source_address", "destination_address")
ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
ZONE = {"availability_zone": "us-east-1a"}
# What is not there must not be mistaken for a number.
EVER = float("inf")


# -- filters, evaluated apart from the product ------------------------------------------------------------------------


@cache
def network_of(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    return ipaddress.ip_network(text)


@cache
def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(text)


@cache
def is_in(address: str, network: str) -> bool:
    return address_of(address) in network_of(network)


def as_aws_does(written: Mapping[str, Any], unknown: bool = False) -> Match:
    """Evaluate a filter as AWS does: each condition that is given must hold; what is not known does it, or it does not.

    A flow whose protocol has no ports fulfils no condition on ports, whatever is written in their place.
    """
    assert set(written) <= {"source_address", "destination_address", "source_port", "destination_port", "protocols"}
    assert "source_address" in written or "destination_address" in written
    networks = [(name, written[name]) for name in ADDRESSES if name in written]
    ports = []
    for name in ("source_port", "destination_port"):
        if name in written:
            first, _dash, last = str(written[name]).partition("-")
            ports.append((name, int(first), int(last or first)))
            assert 0 <= ports[-1][1] <= ports[-1][2] <= 65535
    numbers = {NUMBERS[name] for name in written.get("protocols", ())}

    def matches(record: Mapping[str, Any]) -> bool:
        number = record.get("protocol_number")
        if numbers and not (unknown if number is None else number in numbers):
            return False
        for name, first, last in ports:
            port = record.get(name)
            is_unknown = not isinstance(port, int) or not 0 <= port <= 65535 or (number is None and port == 0)
            if number is not None and number not in WITH_PORTS:
                return False
            if not (unknown if is_unknown else first <= port <= last):
                return False
        return all(unknown if record.get(name) is None else is_in(record[name], network) for name, network in networks)

    return matches


def to_api(written: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return filters as DescribeFlowOperation returns them."""
    names = {"source_port": "SourcePort", "destination_port": "DestinationPort"}
    addresses = {"source_address": "SourceAddress", "destination_address": "DestinationAddress"}
    return [
        {
            **{api: {"AddressDefinition": item[name]} for name, api in addresses.items() if name in item},
            **{api: str(item[name]).replace("-", ":") for name, api in names.items() if name in item},
            **({"Protocols": [str(NUMBERS[name]) for name in item["protocols"]]} if "protocols" in item else {}),
        }
        for item in written
    ]


# -- plans ------------------------------------------------------------------------------------------------------------


@dataclass
class Case:
    """A capture, which of its flows are findings, and how it was taken."""

    findings: list[Record]
    innocents: list[Record]
    filters: list[Record] = field(default_factory=list)
    minimum_flow_age: int = 0


@dataclass(frozen=True)
class How:
    """What the compiler is asked for: pages of so many flows, ages as it likes (None), used, or for single flows."""

    page: int = 100
    by_age: bool | None = None
    allow_collateral: bool = False


def compiled(case: Case, how: How) -> Compiled:
    findings = Findings()
    for record in case.findings:
        findings.add(record)
    flows = flows_of(case.innocents)
    pages = [flows[at : at + how.page] for at in range(0, len(flows), how.page)]
    filters, age = to_api(case.filters), case.minimum_flow_age
    if how.by_age is None:
        scope = {"minimum_flow_age": age}
        return compile_best(scope, findings, lambda: pages, filters, how.allow_collateral)
    return compile_findings(findings, lambda: pages, filters, age, how.allow_collateral, how.by_age)


def planned(case: Case, how: How = How()) -> dict[str, Any]:
    return build(ARN, [({**ZONE, "minimum_flow_age": case.minimum_flow_age}, compiled(case, how))]).to_json()


def plan_of(findings: list[Record], innocents: list[Record], **members: Any) -> dict[str, Any]:
    """The plan for findings among innocent flows, after holding it against everything that is promised of it."""
    case = Case(findings, innocents, **members)
    plan = planned(case)
    check(case, plan)
    return plan


def filters_of(plan: Mapping[str, Any]) -> list[Record]:
    return [item for operation in plan["operations"] for item in operation["flow_filters"]]


def flow(number: int = 6, **members: Any) -> Record:
    record = {"source_address": "10.0.0.1", "destination_address": "198.51.100.7", "protocol_number": number}
    if number in WITH_PORTS:
        record.update(source_port=40000, destination_port=22)
    return {**record, "age": 500, **members}


def tuple_of(record: Mapping[str, Any]) -> tuple[Any, ...]:
    names = ["source_address", "destination_address", "protocol_number"]
    if record.get("protocol_number") in (None, *WITH_PORTS):
        names += ["source_port", "destination_port"]
    return tuple(record.get(name) for name in names)


def is_other_direction(record: Mapping[str, Any], findings: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether a flow is the record of a finding's connection in its other direction."""
    source, destination, *rest = tuple_of(record)
    swapped = (destination, source, *rest[:1], *reversed(rest[1:]))
    return swapped != tuple_of(record) and any(
        tuple_of(other) == swapped and abs(age_of(other, math.inf) - age_of(record, -math.inf)) <= ROUNDING
        for other in findings
    )


def is_routable(record: Mapping[str, Any]) -> bool:
    """Say whether a flow has two addresses of one IP version, as every flow of a firewall has."""
    source, destination = record.get("source_address"), record.get("destination_address")
    return bool(source and destination) and address_of(source).version == address_of(destination).version


def is_namable(record: Mapping[str, Any]) -> bool:
    _source, _destination, number, *ports = tuple_of(record)
    if not is_routable(record) or number is None:
        return False
    return all(isinstance(port, int) for port in ports)


def narrowest(record: Mapping[str, Any]) -> Match:
    """The filter that names a flow and as little else as a filter can."""
    names = ("_address", "_port") if record["protocol_number"] in WITH_PORTS else ("_address",)
    written = {name: record[name] for name in record if name.endswith(names)}
    (name,) = (name for name, number in NUMBERS.items() if number == record["protocol_number"])
    return as_aws_does({**written, "protocols": [name]}, unknown=True)


def age_of(record: Mapping[str, Any], absent: float) -> float:
    age = record.get("age")
    return absent if age is None else age


def youngest_of(findings: Iterable[Record]) -> dict[tuple[Any, ...], float]:
    youngest: dict[tuple[Any, ...], float] = {}
    for record in findings:
        youngest[tuple_of(record)] = min(age_of(record, -1), youngest.get(tuple_of(record), EVER))
    return youngest


def inseparable_of(case: Case) -> list[Record]:
    """The findings that even their narrowest filter and the highest age that still cuts them cannot set apart."""
    youngest = youngest_of(case.findings)
    by_pair: dict[Any, list[Record]] = {}
    doubtful = []
    for record in case.innocents:
        if is_other_direction(record, case.findings):
            continue
        by_pair.setdefault(tuple_of(record)[:3], []).append(record)
        if None in tuple_of(record)[:3]:
            doubtful.append(record)
    lost = {}
    for record in case.findings:
        key = tuple_of(record)
        if key in lost:
            continue
        if not is_namable(record):
            lost[key] = True
            continue
        matches = narrowest(record)
        ages = [age_of(other, EVER) for other in [*by_pair.get(key[:3], ()), *doubtful] if matches(other)]
        lost[key] = bool(ages) and youngest[key] < max(ages) + 1 + ROUNDING + SURE_AGE
    return [record for record in case.findings if lost[tuple_of(record)]]


def check(case: Case, plan: Mapping[str, Any], strangers: Sequence[Record] = ()) -> None:
    """Hold a plan against everything that is promised of it; strangers are flows that the capture did not ask for."""
    operations = plan["operations"]
    lost = inseparable_of(case)
    lost_keys = {tuple_of(record) for record in lost}
    asked = [
        (as_aws_does(item), as_aws_does(item, unknown=True), operation["minimum_flow_age"], count)
        for operation in operations
        for item, count in zip(operation["flow_filters"], operation["flow_counts"], strict=True)
    ]
    for record in case.innocents:
        if is_other_direction(record, case.findings):
            continue
        # Seen again, a flow may look older than it was by ROUNDING; an age that was raised to spare it allows for that.
        hit = [
            age
            for _matches, may_match, age, _count in asked
            if may_match(record) and age_of(record, EVER) + (ROUNDING if age > case.minimum_flow_age else 0) >= age
        ]
        assert not hit, (record, plan)
    for record in strangers:
        assert not any(matches(record) for matches, _may, _age, _count in asked), (record, plan)
    matched, cut = [0] * len(asked), [0] * len(asked)
    youngest = youngest_of(case.findings)
    for record in case.findings:
        hits = [at for at, (matches, _may, _age, _count) in enumerate(asked) if matches(record)]
        for at in hits:
            matched[at] += 1
            is_old = asked[at][2] == case.minimum_flow_age or youngest[tuple_of(record)] >= asked[at][2]
            cut[at] += is_namable(record) and is_old
        if tuple_of(record) in lost_keys:
            continue
        # A higher age than the capture's leaves the seconds that a flush needs to arrive.
        assert any(
            asked[at][2] == case.minimum_flow_age or age_of(record, -1) >= asked[at][2] + SURE_AGE for at in hits
        ), (record, plan)
    for (_matches, _may, _age, count), at_least, at_most in zip(asked, cut, matched, strict=True):
        assert 1 <= at_least <= count <= at_most, plan
    assert plan["inseparable"] == len(lost)
    assert plan["flow_count"] == len(case.findings) - len(lost)
    assert plan["flow_count"] == sum(operation["flow_count"] for operation in operations)
    assert plan["collateral"] == 0
    shown = [
        tuple_of(
            {
                **item,
                **{name: str(address_of(item[name])) for name in ADDRESSES},
                "protocol_number": NUMBERS[item["protocol"]],
            }
        )
        for item in plan["inseparable_flows"]
    ]
    nameless = {tuple_of(record) for record in lost if not is_namable(record)}
    assert sorted(map(str, shown)) == sorted(map(str, lost_keys - nameless))[:100] or len(shown) == 100
    assert set(shown) <= lost_keys - nameless
    for operation in operations:
        assert 1 <= len(operation["flow_filters"]) <= 20
        assert 1 <= operation["flow_count"] <= sum(operation["flow_counts"])
        assert operation["minimum_flow_age"] >= case.minimum_flow_age
        assert operation["availability_zone"] == "us-east-1a"
    assert len(asked) <= len({tuple_of(record) for record in case.findings} - lost_keys)


# -- random captures --------------------------------------------------------------------------------------------------

CLUSTERS = ("10.0.0.0/29", "10.0.0.248/29", "198.51.100.64/28", "203.0.113.7/32", "0.0.0.0/30", "255.255.255.252/30")
CLUSTERS_6 = ("fd00::/125", "2001:db8::fff0/124", "::/126", "::ffff:10.0.0.0/125", "2001:db8:0:0:ffff::/127")
PORTS = (0, 22, 22, 23, 443, 443, 3389, 65535)


def hosts_of(chance: random.Random, clusters: Sequence[str]) -> list[str]:
    picked = [network_of(text) for text in chance.sample(clusters, chance.randint(1, 3))]
    found = [str(network[chance.randrange(network.num_addresses)]) for network in picked for _host in range(6)]
    return found + [str(network[0]) for network in picked] + [str(network[-1]) for network in picked]


class Capturer:
    """Makes captures whose flows lie close to each other, so that few filters fit between them."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.hosts = [hosts_of(chance, CLUSTERS), hosts_of(chance, CLUSTERS_6)]
        self.share_of_6 = chance.choice((0, 0.2, 0.5, 1))
        self.ports = chance.choice((PORTS, (22, 23), range(40000, 40040), (0, 65535)))
        self.source_ports = chance.choice((PORTS, (40000,), range(40000, 40400), (0, 1, 65534, 65535)))
        self.numbers = chance.choice(((6,), (6, 17), (1, 6, 17, 58), tuple(NUMBERS.values()), (1, 47)))
        self.oldest = chance.choice((5, 60, 4000))
        self.is_clean = chance.random() < 0.5

    def flow(self) -> Record:
        chance = self.chance
        hosts = self.hosts[chance.random() < self.share_of_6]
        record: Record = {
            "source_address": chance.choice(hosts),
            "destination_address": chance.choice(hosts),
            "protocol_number": chance.choice(self.numbers),
            "age": chance.randint(0, self.oldest),
        }
        if record["protocol_number"] in WITH_PORTS:
            record["source_port"] = chance.choice(self.source_ports)
            record["destination_port"] = chance.choice(self.ports)
        elif chance.random() < 0.2:
            record["source_port"] = record["destination_port"] = chance.choice((0, None, "", "ANY"))
        if not self.is_clean and chance.random() < 0.04:
            self._spoil(record)
        return record

    def _spoil(self, record: Record) -> None:
        name = self.chance.choice(sorted(record))
        if name.endswith("_port") and self.chance.random() < 0.5:
            record[name] = "ephemeral"
        elif name == "source_address" and self.chance.random() < 0.5:
            record[name] = self.chance.choice(self.chance.choice(self.hosts))
        else:
            del record[name]

    def capture(self, size: int) -> list[Record]:
        flows: list[Record] = []
        for _flow in range(size):
            if flows and self.chance.random() < 0.05:
                flows.append({**self.chance.choice(flows), "age": self.chance.randint(0, self.oldest)})
            else:
                flows.append(self.flow())
        return flows

    def filters(self) -> list[Record]:
        """The filters of a capture: every flow, as people and AWS say it, or narrower ones."""
        chance = self.chance
        if chance.random() < 0.5:
            every = [{"source_address": "0.0.0.0/0"}, {"source_address": "::/0"}]
            return chance.choice(([], every, [*every, {"destination_address": "10.0.0.0/29"}]))
        written = []
        for _filter in range(chance.randint(1, 5)):
            item: Record = {}
            for name in chance.choice((["source_address"], ["destination_address"], ["source_address"] * 2)):
                item[name] = self._network()
            if chance.random() < 0.3:
                item["destination_address"] = self._network(":" in item.get("source_address", item.get(name)))
            if chance.random() < 0.3:
                item["destination_port"] = chance.choice((22, 443, "0-1023", "40000-40020", "22-23"))
            if chance.random() < 0.2:
                item["source_port"] = chance.choice(("1024-65535", "0-65535", 40000))
            if chance.random() < 0.4:
                item["protocols"] = chance.sample(["tcp", "udp", "icmp", "ipv6-icmp", "gre"], chance.randint(1, 3))
            written.append(item)
        return written

    def _network(self, is_6: bool | None = None) -> str:
        chance = self.chance
        is_6 = chance.random() < self.share_of_6 if is_6 is None else is_6
        host = address_of(chance.choice(self.hosts[is_6]))
        length = host.max_prefixlen - chance.choice((0, 1, 2, 3, 8, host.max_prefixlen))
        return str(ipaddress.ip_network((int(host), length) if host.version == 4 else f"{host}/{length}", strict=False))

    def guilty(self, flows: Sequence[Record]) -> Callable[[Record], bool]:
        """What makes a flow a finding: chance, a port, a network, an age, a protocol, or one of two."""
        chance = self.chance
        share = chance.choice((0.02, 0.3, 0.9))
        port = chance.choice(tuple(self.ports))
        network = self._network()
        old = chance.randint(0, self.oldest)
        number = chance.choice(self.numbers)
        reasons: list[Callable[[Record], bool]] = [
            lambda _record: chance.random() < share,
            lambda record: record.get("destination_port") == port,
            lambda record: any(is_in(record.get(name, "::9"), network) for name in ADDRESSES),
            lambda record: age_of(record, 0) >= old,
            lambda record: record.get("protocol_number") == number,
            lambda record: bool(flows) and record["source_address" if "source_address" in record else "age"]
            == flows[0].get("source_address"),
        ]  # fmt: skip
        first, second = chance.sample(reasons, 2)
        return chance.choice((first, lambda record: first(record) and second(record)))


def random_case(chance: random.Random, size: int) -> tuple[Case, list[Record]]:
    """A capture with findings, and the flows that it passed over for its filters."""
    capturer = Capturer(chance)
    flows = capturer.capture(size)
    written = capturer.filters()
    minimum = chance.choice((0, 0, 30))
    asked = [as_aws_does(item) for item in written]
    inside = [record for record in flows if not asked or any(matches(record) for matches in asked)]
    strangers = [
        record
        for record in flows + capturer.capture(40)
        if asked and is_routable(record) and not any(matches(record) for matches in asked)
    ]
    captured = [record for record in inside if age_of(record, EVER) >= minimum]
    guilty = capturer.guilty(captured)
    judged = [(record, guilty(record)) for record in captured]
    return Case(
        [record for record, is_finding in judged if is_finding],
        [record for record, is_finding in judged if not is_finding],
        written,
        minimum,
    ), strangers


def sizes(chance: random.Random, count: int) -> Iterator[int]:
    for number in range(count):
        yield chance.randint(120, 400) if number % 6 == 0 else chance.randint(1, 60)


# The limits as they are, and so tight that captures of this size reach every one of them.
LIMITS: dict[str, dict[str, int]] = {
    "usual": {},
    "few kept": {"MOST_KEPT": 2, "_FEWEST_KEPT": 1, "_ENOUGH": 3},
    "few at once": {"AT_ONCE": 3, "_MOST_NEARBY": 2},
    "few rounds": {"_MOST_ROUNDS": 1, "MOST_KEPT": 4, "_FEWEST_KEPT": 1},
    "few boxes": {"_MOST_BOXES": 4, "MOST_KEPT": 4, "_FEWEST_KEPT": 1},
}


def set_limits(monkeypatch: pytest.MonkeyPatch, limits: str) -> None:
    for name, value in LIMITS[limits].items():
        monkeypatch.setattr(cuts if hasattr(cuts, name) else compiler, name, value)


@pytest.mark.long
@pytest.mark.parametrize(
    ("limits", "count", "seed"),
    [
        ("usual", cases(300, 6000), 1),
        ("few kept", cases(100, 1000), 2),
        ("few at once", cases(100, 1000), 3),
        ("few rounds", cases(100, 1000), 4),
        ("few boxes", cases(100, 1000), 5),
    ],
)
def test_random_captures_have_no_collateral_and_full_cover(
    monkeypatch: pytest.MonkeyPatch, limits: str, count: int, seed: int
) -> None:
    set_limits(monkeypatch, limits)
    chance = random.Random(seed)
    seen: Counter[str] = Counter()
    for size in sizes(chance, count):
        case, strangers = random_case(chance, size)
        plan = planned(case, How(chance.choice((1, 7, 100)), chance.choice((None, None, True, False))))
        check(case, plan, strangers)
        keys = {tuple_of(record) for record in case.findings}
        seen["findings"] += len(case.findings)
        seen["innocents"] += len(case.innocents)
        seen["strangers"] += len(strangers)
        seen["planned"] += plan["flow_count"]
        seen["inseparable"] += plan["inseparable"]
        seen["wide"] += len(filters_of(plan)) < len(keys)
        seen["aged"] += any(item["minimum_flow_age"] > case.minimum_flow_age for item in plan["operations"])
        seen["narrow captures"] += bool(strangers)
        seen["several operations"] += len(plan["operations"]) > 1
    # What is proved is proved of many flows of every kind.
    assert seen["planned"] > 5 * count and seen["innocents"] > 5 * count and seen["strangers"] > 5 * count, seen
    for kind in ("inseparable", "wide", "aged", "narrow captures", "several operations"):
        assert seen[kind] > count / 40, seen


@pytest.mark.parametrize("limits", list(LIMITS))
def test_the_plan_is_the_same_whatever_the_order_of_the_flows(monkeypatch: pytest.MonkeyPatch, limits: str) -> None:
    set_limits(monkeypatch, limits)
    chance = random.Random(6)
    for size in sizes(chance, 150):
        case, _strangers = random_case(chance, size)
        plan = planned(case)
        for _time in range(2):
            chance.shuffle(case.findings)
            chance.shuffle(case.innocents)
            assert planned(case, How(page=chance.choice((1, 50)))) == plan


# -- what a person expects --------------------------------------------------------------------------------------------


def internet_host(chance: random.Random) -> str:
    return f"{chance.randrange(11, 126)}.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}"


def test_a_scan_by_one_host_is_one_filter() -> None:
    chance = random.Random(8)
    scan = [flow(source_address="10.0.3.17", destination_address=internet_host(chance)) for _host in range(10_000)]
    for number, record in enumerate(scan):
        record.update(source_port=1024 + number % 60_000, destination_port=number % 1024)
    others = [
        flow(source_address=f"10.0.3.{host}", destination_address="11.2.3.4") for host in range(256) if host != 17
    ]
    plan = planned(Case(scan, others))
    assert [item["source_address"] for item in filters_of(plan)] == ["10.0.3.17"]
    assert plan["flow_count"] == 10_000
    matches = as_aws_does(filters_of(plan)[0])
    assert all(map(matches, scan)) and not any(map(matches, others))


def test_a_service_that_is_shut_down_is_one_filter() -> None:
    clients = [f"10.{host % 7}.{host % 250}.{host % 13}" for host in range(600)]
    service = [
        flow(source_address=client, source_port=30_000 + at, destination_port=5432) for at, client in enumerate(clients)
    ]
    others = [{**record, "destination_port": port} for record in service for port in (443, 5433)]
    others += [{**record, "destination_address": "198.51.100.8"} for record in service]
    (written,) = filters_of(plan_of(service, others))
    assert (written["destination_address"], written["destination_port"]) == ("198.51.100.7", 5432)
    assert written["protocols"] == ["tcp"]


@pytest.mark.parametrize("member", ["source_address", "destination_address"])
def test_a_list_of_networks_takes_about_a_filter_for_each(member: str) -> None:
    chance = random.Random(12)
    listed = [internet_host(chance).rpartition(".")[0] for _network in range(40)]
    found = [{member: f"{chance.choice(listed)}.{chance.randrange(256)}"} for _flow in range(1_000)]
    others = [{member: internet_host(chance)} for _flow in range(4_000)]
    other_member = next(name for name in ADDRESSES if name != member)
    made = [
        flow(**{other_member: f"10.{chance.randrange(256)}.{chance.randrange(256)}.1"}, **members,
             source_port=chance.randrange(1024, 65536), age=chance.randrange(4000))
        for members in (*found, *others)
    ]  # fmt: skip
    plan = planned(Case(made[:1_000], made[1_000:]))
    assert plan["flow_count"] == 1_000
    assert len(filters_of(plan)) <= 60


def test_ssh_inside_is_spared_next_to_ssh_to_the_internet() -> None:
    chance = random.Random(9)
    inside = [f"10.{chance.randrange(4)}.{chance.randrange(256)}.{chance.randrange(256)}" for _host in range(200)]
    outside = [flow(source_address=chance.choice(inside), source_port=port, destination_address=internet_host(chance))
               for port in range(40_000, 41_000)]  # fmt: skip
    others = [flow(source_address=chance.choice(inside), source_port=port, destination_address=chance.choice(inside))
              for port in range(40_000, 41_000)]  # fmt: skip
    others += [{**record, "destination_port": 443} for record in outside]
    plan = plan_of(outside, others)
    assert len(filters_of(plan)) <= 5
    assert {item["destination_port"] for item in filters_of(plan)} == {22}


def test_an_innocent_twin_makes_a_finding_inseparable() -> None:
    plan = plan_of([flow(), flow(source_port=1)], [flow()])
    assert (plan["flow_count"], plan["inseparable"]) == (1, 1)
    assert plan["inseparable_flows"] == [
        {
            "availability_zone": "us-east-1a",
            "source_address": "10.0.0.1",
            "source_port": 40000,
            "destination_address": "198.51.100.7",
            "destination_port": 22,
            "protocol": "tcp",
        }
    ]


@pytest.mark.parametrize("by_age", [None, True, False])
def test_an_age_sets_apart_what_the_5_tuple_cannot(by_age: bool | None) -> None:
    young = flow(age=100)
    sure = 100 + 1 + ROUNDING + SURE_AGE
    case = Case([flow(age=sure), flow(age=9000)], [young])
    plan = planned(case, How(by_age=by_age))
    check(case, plan)
    assert [operation["minimum_flow_age"] for operation in plan["operations"]] == [100 + 1 + ROUNDING]
    assert (plan["flow_count"], plan["inseparable"]) == (2, 0)
    # A second less, and the flush might arrive when the finding is not old enough yet.
    unsure = planned(Case([flow(age=sure - 1), flow(age=9000)], [young]), How(by_age=by_age))
    assert (unsure["operations"], unsure["inseparable"]) == ([], 2)


def test_what_has_no_age_is_older_than_all_and_never_old_enough() -> None:
    without = {name: value for name, value in flow().items() if name != "age"}
    assert plan_of([flow(age=10**6)], [without])["inseparable"] == 1
    assert plan_of([without], [flow(age=0)])["inseparable"] == 1
    assert plan_of([without], [flow(age=0, source_port=1)])["flow_count"] == 1


def test_old_flows_are_told_by_their_age_alone() -> None:
    old = [flow(source_port=port, age=5_000 + port) for port in range(300)]
    young = [flow(source_port=port, age=port % 60) for port in range(300)]
    plan = plan_of(old, young)
    assert len(filters_of(plan)) == 1
    assert plan["operations"][0]["minimum_flow_age"] == 59 + 1 + ROUNDING


def test_an_inseparable_finding_among_old_ones_does_not_stand_in_their_way() -> None:
    old = [flow(source_address=f"10.0.0.{host}", age=5_000) for host in (1, 3)]
    for age in (50, 100, 105, 112):
        plan = plan_of([*old, flow(source_address="10.0.0.2", age=age)], [flow(source_address="10.0.0.2", age=100)])
        assert (plan["flow_count"], plan["inseparable"]) == (2, 1)


def test_icmp_is_told_from_tcp_between_the_same_hosts() -> None:
    pings = [flow(1, source_address=f"10.0.0.{host}") for host in range(8)]
    others = [flow(6, source_address=f"10.0.0.{host}") for host in range(8)]
    assert filters_of(plan_of(pings, others)) == [
        {"source_address": "10.0.0.0/29", "destination_address": "198.51.100.7", "protocols": ["icmp"]}
    ]


def test_flows_with_and_without_ports_share_a_filter_where_no_port_stands_in_between() -> None:
    both = [flow(1), flow(6)]
    (written,) = filters_of(plan_of(both, []))
    assert written["protocols"] == ["icmp", "tcp"]
    assert "source_port" not in written and "destination_port" not in written
    apart = filters_of(plan_of(both, [flow(6, destination_port=23), flow(6, destination_port=21)]))
    assert [(item["protocols"], item.get("destination_port")) for item in apart] == [(["icmp"], None), (["tcp"], 22)]


def test_ipv6_has_filters_of_its_own() -> None:
    pair = {"source_address": "fd00::8:1", "destination_address": "2001:db8::7"}
    findings = [flow(), flow(**pair), flow(**{**pair, "source_address": "fd00::8:2"})]
    written = filters_of(plan_of(findings, [flow(**{**pair, "source_address": "fd00::9:1"})]))
    assert sorted(item["source_address"] for item in written) == ["10.0.0.1", "fd00::8:0/126"]


def test_every_address_of_a_version_is_written_as_its_network() -> None:
    findings = [flow(source_address=address) for address in ("0.0.0.1", "255.255.255.254")]
    findings += [flow(source_address=address, destination_address="2001:db8::7") for address in ("::1", "ffff::")]
    assert sorted(item["source_address"] for item in filters_of(plan_of(findings, []))) == ["0.0.0.0/0", "::/0"]


def test_port_0_and_the_last_one_are_ports() -> None:
    findings = [flow(17, source_port=port, destination_port=port) for port in (0, 65535)]
    between = [flow(17, source_port=port, destination_port=port) for port in (1, 65534)]
    written = filters_of(plan_of(findings, between))
    assert sorted((item["source_port"], item["destination_port"]) for item in written) == [(0, 0), (65535, 65535)]
    (range_of_all,) = filters_of(plan_of(findings, []))
    assert range_of_all["source_port"] == "0-65535"


@pytest.mark.parametrize(
    "record",
    [
        {"destination_address": "198.51.100.7", "protocol_number": 1},
        {"source_address": "10.0.0.1", "protocol_number": 1},
        {"source_address": "10.0.0.1", "destination_address": "198.51.100.7"},
        flow(source_port=None),
        {key: value for key, value in flow().items() if key != "destination_port"},
        flow(source_port="ephemeral"),
        flow(source_port=65536),
        flow(source_address="fd00::1"),
        flow(source_address="10.0.0.0/24"),
        flow(source_address="somewhere"),
    ],
)
def test_a_finding_that_no_filter_can_name_is_inseparable(record: Record) -> None:
    assert key_of(record) is None
    plan = planned(Case([record, flow()], []))
    assert (plan["flow_count"], plan["inseparable"], plan["inseparable_flows"]) == (1, 1, [])


def test_an_innocent_flow_that_lacks_an_address_spoils_no_plan() -> None:
    apart = [flow(1, source_address="203.0.113.7", destination_address="10.0.0.250"),
             flow(47, source_address="10.0.0.248", destination_address="10.0.0.252")]  # fmt: skip
    nameless = {"destination_address": "10.0.0.250", "protocol_number": 47, "age": 454}
    mixed = flow(47, source_address="fd00::1", destination_address="10.0.0.252")
    assert plan_of(apart, [nameless, mixed])["flow_count"] == 2


# -- filters without ports --------------------------------------------------------------------------------------------


def test_a_filter_without_ports_spares_innocent_flows_that_have_some() -> None:
    # AWS may report an ICMP flow with type and code in place of ports; a filter without ports matches it as well.
    innocent = flow(1, source_port=8, destination_port=0)
    assert plan_of([flow(1)], [innocent])["inseparable"] == 1
    assert plan_of([flow(1)], [flow(1)])["inseparable"] == 1
    assert plan_of([flow(1)], [flow(58)])["inseparable"] == 0
    assert plan_of([flow(1)], [{**innocent, "destination_address": "198.51.100.8"}])["inseparable"] == 0
    # What is written in place of ports is no condition of a filter.
    assert plan_of([innocent], [flow(1)])["inseparable"] == 1


@pytest.mark.parametrize("port", [None, "", "ANY", 0, 8])
def test_a_protocol_without_ports_is_planned_without_them_however_they_are_written(port: Any) -> None:
    (written,) = filters_of(plan_of([flow(47, source_port=port, destination_port=port)], [flow()]))
    assert written == {"source_address": "10.0.0.1", "destination_address": "198.51.100.7", "protocols": ["gre"]}


@pytest.mark.parametrize("member", ["source_address", "destination_address", "source_port", "destination_port"])
def test_where_one_member_is_unknown_the_others_still_separate(member: str) -> None:
    """An innocent flow of which one member cannot be read is spared by all that the others leave possible, no more."""
    finding = flow(source_address="10.0.0.1", source_port=40000, destination_port=23)
    apart = flow(17, source_address="10.0.0.2", destination_address="198.51.100.9", source_port=5, destination_port=443)
    assert plan_of([finding], [{**apart, member: None}])["inseparable"] == 0
    assert plan_of([finding], [{**finding, "age": 500, member: None}])["inseparable"] == 1
    assert plan_of([finding], [{**finding, "protocol_number": None}])["inseparable"] == 1


@pytest.mark.parametrize("value", [None, "", "ANY", "22-23", "x", -1, 65536, 22.5, [22]])
def test_a_port_that_is_none_may_be_any(value: Any) -> None:
    finding = flow(destination_port=23)
    assert plan_of([finding], [flow(destination_port=value)])["inseparable"] == 1
    assert plan_of([finding], [flow(destination_port=value, source_port=39999)])["inseparable"] == 0


def test_the_other_direction_of_a_finding_is_not_spared() -> None:
    there = flow(source_address="10.0.0.1", destination_address="10.0.0.2", source_port=40000, destination_port=23)
    back = flow(source_address="10.0.0.2", destination_address="10.0.0.1", source_port=23, destination_port=40000)
    wide = [
        there,
        flow(source_address="10.0.0.3", destination_address="10.0.0.2", source_port=7, destination_port=23),
        flow(source_address="10.0.0.2", destination_address="10.0.0.0", source_port=22, destination_port=40001),
    ]
    assert plan_of(wide, [back])["inseparable"] == 0
    assert len(filters_of(planned(Case(wide, [{**back, "age": 502}])))) == 1
    assert len(filters_of(planned(Case(wide, [{**back, "age": 503}])))) > 1
    assert len(filters_of(planned(Case(wide, [{**back, "age": None}])))) > 1


def test_a_filter_without_ports_is_given_an_age_where_one_spares_the_others() -> None:
    plan = plan_of([flow(1, age=5_000)], [flow(1, age=90, source_port=8, destination_port=0)])
    assert [operation["minimum_flow_age"] for operation in plan["operations"]] == [90 + 1 + ROUNDING]


# -- the capture's own filters and age --------------------------------------------------------------------------------


def test_no_filter_is_wider_than_the_captures() -> None:
    findings = [flow(source_address=f"10.0.0.{host}", destination_port=port) for host in range(16) for port in (22, 23)]
    halves: list[Record] = [
        {"source_address": "10.0.0.0/29", "protocols": ["tcp"]},
        {"source_address": "10.0.0.8/29", "destination_port": "20-29"},
    ]
    assert len(filters_of(plan_of(findings, []))) == 1
    written = filters_of(plan_of(findings, [], filters=halves))
    assert [item["source_address"] for item in written] == ["10.0.0.0/29", "10.0.0.8/29"]
    assert all(item["destination_port"] == "22-23" for item in written)


def test_the_findings_of_each_of_a_captures_filters_are_one_filter() -> None:
    chance = random.Random(11)
    findings = [
        flow(
            source_address=chance.choice(("10.1.2.", "192.168.3.", "192.168.4.")) + str(chance.randrange(256)),
            source_port=chance.randrange(1024, 65536),
        )
        for _flow in range(500)
    ]
    networks = ("10.0.0.0/8", "192.168.3.0/24", "192.168.0.0/16")
    written = filters_of(plan_of(findings, [], filters=[{"source_address": network} for network in networks]))
    assert [item["source_address"] for item in written] == ["10.1.2.0/24", "192.168.0.0/21"]


def test_a_protocol_that_nobody_knows_lets_nothing_pass() -> None:
    findings = Findings()
    findings.add(flow())
    strange = [{"SourceAddress": {"AddressDefinition": "10.0.0.0/8"}, "Protocols": ["tomorrow"]}]
    assert compile_findings(findings, lambda: [], strange).inseparable == [key_of(flow())]


def test_a_capture_of_every_flow_bounds_nothing() -> None:
    findings = [flow(), flow(source_address="fd00::1", destination_address="fd00::2")]
    every: list[Record] = [{"source_address": "::/0"}, {"source_address": "0.0.0.0/0"}]
    assert plan_of(findings, [], filters=every) == plan_of(findings, [])


def test_a_finding_beyond_the_captures_filters_is_left_out() -> None:
    plan = planned(
        Case(
            [flow(), flow(destination_port=23)], [], filters=[{"source_address": "10.0.0.0/8", "destination_port": 22}]
        )
    )
    assert (plan["flow_count"], plan["inseparable"]) == (1, 1)
    assert [item["destination_port"] for item in plan["inseparable_flows"]] == [23]


def test_the_captures_minimum_age_is_the_plans() -> None:
    plan = plan_of([flow(), flow(source_port=1, age=60)], [flow(source_port=2, age=61)], minimum_flow_age=60)
    assert [operation["minimum_flow_age"] for operation in plan["operations"]] == [60]
    assert plan["flow_count"] == 2


# -- collateral, when it is asked for ---------------------------------------------------------------------------------


def test_with_allow_collateral_what_is_inseparable_is_cut_and_its_price_is_told() -> None:
    findings = [flow(), flow(), flow(source_port=1), flow(source_port="x")]
    innocents = [flow(age=3), flow(age=4), flow(age=900), flow(source_port=2)]
    plan = planned(Case(findings, innocents), How(allow_collateral=True))
    # What cannot be named is left out all the same.
    assert (plan["flow_count"], plan["inseparable"], plan["collateral"]) == (3, 1, 3)
    asked = [as_aws_does(item) for item in filters_of(plan)]
    assert sum(any(matches(record) for matches in asked) for record in innocents) == 3
    assert all(any(matches(record) for matches in asked) for record in findings[:3])
    assert {operation["minimum_flow_age"] for operation in plan["operations"]} == {0}


def test_collateral_is_cut_at_the_captures_age_and_not_at_that_of_others() -> None:
    findings = [flow(age=100), flow(source_port=1, age=5_000)]
    innocents = [flow(age=200), flow(source_port=1, age=400)]
    plan = planned(Case(findings, innocents), How(allow_collateral=True))
    assert [
        (operation["minimum_flow_age"], [item["source_port"] for item in operation["flow_filters"]])
        for operation in plan["operations"]
    ] == [(400 + 1 + ROUNDING, [1]), (0, [40000])]
    assert (plan["flow_count"], plan["collateral"]) == (2, 1)


# -- limits -----------------------------------------------------------------------------------------------------------


def test_interleaved_ports_end_with_one_filter_each() -> None:
    # More than the boxes that are cut up one by one, and no two findings can share a filter.
    guilty = [flow(source_port=port) for port in range(0, 20_000, 2)]
    innocent = [flow(source_port=port) for port in range(1, 20_001, 2)]
    plan = planned(Case(guilty, innocent), How(by_age=False))
    assert plan["flow_count"] == len(guilty) and plan["inseparable"] == 0
    ports = [item["source_port"] for item in filters_of(plan)]
    assert sorted(ports) == list(range(0, 20_000, 2))
    assert len(plan["operations"]) == 500


def test_a_few_innocent_flows_among_very_many_findings_cost_a_few_filters() -> None:
    guilty = [flow(source_port=port) for port in range(60_000) if port % 20_000 != 5]
    innocent = [flow(source_port=port) for port in (5, 20_005, 40_005)]
    plan = planned(Case(guilty, innocent))
    assert [item["source_port"] for item in filters_of(plan)] == ["0-4", "20006-40004", "40006-59999", "6-20004"]
    assert plan["flow_count"] == 59_997


def test_the_order_changes_nothing_where_only_some_of_very_many_innocent_flows_are_looked_at() -> None:
    chance = random.Random(10)
    made = [
        flow(
            source_address=f"10.{chance.randrange(8)}.{chance.randrange(256)}.{chance.randrange(4)}",
            source_port=chance.randrange(1024, 65536),
            destination_port=chance.choice((22, 80, 443)),
            # So few ages that very many are the oldest.
            age=chance.randrange(3),
        )
        for _flow in range(9_000)
    ]
    plans = []
    for _time in range(2):
        chance.shuffle(made)
        guilty = [
            record for record in made if record["source_address"].endswith(".1") and record["destination_port"] == 22
        ]
        plans.append(planned(Case(guilty, [record for record in made if record not in guilty])))
    assert plans[0] == plans[1]
    assert plans[0]["flow_count"] + plans[0]["inseparable"] > 500


def test_no_findings_make_no_plan() -> None:
    plan = plan_of([], [flow()])
    assert (plan["operations"], plan["flow_count"], plan["inseparable"]) == ([], 0, 0)


# -- the proof --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("port", "said"), [("0-65535", "would cut an innocent flow"), (1, "does not match its findings")]
)
def test_a_plan_that_is_wrong_as_written_is_not_given(monkeypatch: pytest.MonkeyPatch, port: Any, said: str) -> None:
    written = compiler.Box.written
    monkeypatch.setattr(compiler.Box, "written", lambda box: {**written(box), "source_port": port})
    with pytest.raises(FlowOpsError, match=said):
        planned(Case([flow()], [flow(source_port=50000)]))
