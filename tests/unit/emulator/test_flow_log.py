# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.world import generate
from ansible_collections.flowops.aws.tests.emulator.world.errors import FlowLogError
from ansible_collections.flowops.aws.tests.emulator.world.flowlog import read_flow_logs
from ansible_collections.flowops.aws.tests.emulator.world.flows import FlowRecord, FlowTable


def _entry(flow_id: int, *, zone: str = "us-east-1a", name: str = "egress", **event: Any) -> dict[str, Any]:
    netflow = {"pkts": event.pop("pkts", 1), "bytes": event.pop("octets", 100), "age": event.pop("age", 1)}
    body = {"event_type": "netflow", "flow_id": flow_id, "proto": "TCP", "netflow": netflow, **event}
    return {"firewall_name": name, "availability_zone": zone, "event_timestamp": "1", "event": body}


def _written(path: Path, *entries: Any) -> Path:
    path.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    return path


A: dict[str, Any] = {"src_ip": "10.0.0.1", "src_port": 4000, "dest_ip": "192.0.2.1", "dest_port": 22}
B: dict[str, Any] = {"src_ip": "192.0.2.1", "src_port": 22, "dest_ip": "10.0.0.1", "dest_port": 4000}


def test_two_records_of_one_flow_are_its_two_directions(tmp_path: Path) -> None:
    log = _written(
        tmp_path / "log", _entry(1, **A, pkts=5, octets=500, age=7), _entry(1, **B, pkts=3, octets=50, age=9)
    )
    assert read_flow_logs([log]) == {
        ("egress", "us-east-1a"): [FlowRecord("10.0.0.1", "192.0.2.1", 6, 4000, 22, 9, 8, 550)]
    }


def test_the_same_flow_id_elsewhere_is_another_flow(tmp_path: Path) -> None:
    first = _written(tmp_path / "1", _entry(1, **A), _entry(1, **A, zone="us-east-1b"), _entry(2, **B))
    second = _written(tmp_path / "2", _entry(1, **A, name="other"), _entry(1, **B))
    found = read_flow_logs([first, second])
    assert {key: len(flows) for key, flows in found.items()} == {
        ("egress", "us-east-1a"): 2,
        ("egress", "us-east-1b"): 1,
        ("other", "us-east-1a"): 1,
    }
    assert found[("egress", "us-east-1a")][0].packet_count == 2


def test_other_events_blank_lines_and_absent_ports(tmp_path: Path) -> None:
    log = tmp_path / "log.gz"
    icmp = _entry(1, src_ip="fe80::1", dest_ip="ff02::16", proto="IPv6-ICMP")
    alert = {"firewall_name": "x", "availability_zone": "y", "event": {"event_type": "alert"}}
    with gzip.open(log, "wt") as stream:
        stream.write(f"\n{json.dumps(alert)}\n\n{json.dumps(icmp)}\n")
    assert read_flow_logs([log]) == {
        ("egress", "us-east-1a"): [FlowRecord("fe80::1", "ff02::16", 58, None, None, 1, 1, 100)]
    }


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"src_ip": "10.0.0.256"}, "10.0.0.256"),
        ({"dest_ip": "::1"}, "different IP versions"),
        ({"src_port": 70000}, "src_port"),
        ({"proto": "FOO"}, "FOO"),
        ({"pkts": -1}, "pkts"),
        ({"octets": "many"}, "bytes"),
        ({"flow_id": None}, "flow_id"),
        ({"zone": "Mars"}, "Mars"),
        ({"name": ""}, "firewall_name"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, wrong: dict[str, Any], named: str) -> None:
    entry = _entry(**{"flow_id": 1, **A, **wrong})
    log = _written(tmp_path / "log", _entry(1, **A), entry)
    with pytest.raises(FlowLogError, match=rf"log, line 2: .*{named}"):
        read_flow_logs([log])


def test_what_is_no_log_at_all(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello\n")
    (tmp_path / "list").write_text("[1]\n")
    (tmp_path / "fake.gz").write_text("hello\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b"x" * 5000)[:20])
    for name in ("text", "list", "fake.gz", "binary", "cut.gz", "absent"):
        with pytest.raises(FlowLogError, match=name):
            read_flow_logs([tmp_path / name])


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    numbers = {"firewalls": 2, "zones": 3, "flows": 400}
    for name, seed in (("a.gz", 5), ("b.gz", 5), ("c.gz", 6), ("plain", 5)):
        generate.write_log(tmp_path / name, seed=seed, **numbers)
    packed = (tmp_path / "a.gz").read_bytes()
    assert packed == (tmp_path / "b.gz").read_bytes() != (tmp_path / "c.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "plain").read_bytes()
    assert read_flow_logs([tmp_path / "a.gz"]) == read_flow_logs([tmp_path / "plain"])


def _inside(address: str) -> bool:
    return address.startswith("10.") or address.startswith("fd")


def _offence(flow: FlowRecord) -> str | None:
    target = flow.destination_address
    if target.startswith(("198.51.100.", "2001:0db8:0bad:")):
        return "threat"
    if _inside(flow.source_address) and flow.protocol == 6:
        if not _inside(target) and flow.destination_port in (22, 3389):
            return "ssh_to_internet" if flow.destination_port == 22 else "rdp_to_internet"
        if _inside(target) and flow.destination_port == 23:
            return "telnet_inside"
        if flow.byte_count >= generate.LARGE_BYTES and flow.age >= generate.OLD_AGE:
            return "large_upload"
    return None


@pytest.mark.parametrize("seed", [1, 7, 23])
def test_the_planted_offences_are_the_only_ones(tmp_path: Path, seed: int) -> None:
    found = generate.write_log(tmp_path / "log", seed=seed, firewalls=2, zones=2, flows=2001)
    assert found == generate.planted(seed, 2, 2, 2001)
    flows = read_flow_logs([tmp_path / "log"])
    assert sum(map(len, flows.values())) == 2001
    assert list(found) == [
        ("egress", "us-east-1a"),
        ("egress", "us-east-1b"),
        ("inspection", "us-east-1a"),
        ("inspection", "us-east-1b"),
    ]
    for place, counts in found.items():
        judged = Counter(offence for offence in map(_offence, flows[place]) if offence)
        assert judged == counts
        assert set(counts) == set(generate.OFFENCES) and min(counts.values()) >= 1


def test_the_log_is_as_mixed_as_a_real_one(tmp_path: Path) -> None:
    generate.write_log(tmp_path / "log", flows=2000)
    events = [json.loads(line)["event"] for line in (tmp_path / "log").read_text().splitlines()]
    assert {event["event_type"] for event in events} == {"netflow", "alert"}
    records = [event for event in events if event["event_type"] == "netflow"]
    assert {event["proto"] for event in records} == {"TCP", "UDP", "ICMP", "IPv6-ICMP", "SCTP"}
    assert all(("src_port" in event) == ("ICMP" not in event["proto"]) for event in records)
    directions = Counter(event["flow_id"] for event in records)
    assert 0.8 < sum(count == 2 for count in directions.values()) / len(directions) < 1
    assert {":" in event["src_ip"] for event in records} == {True, False}
    assert all(event["netflow"]["bytes"] >= 0 and event["netflow"]["pkts"] >= 1 for event in records)


def test_five_tuples_are_unique_in_a_zone(tmp_path: Path) -> None:
    generate.write_log(tmp_path / "log", flows=3000)
    for flows in read_flow_logs([tmp_path / "log"]).values():
        tuples = {
            (f.protocol, f.source_address, f.source_port, f.destination_address, f.destination_port) for f in flows
        }
        assert len(tuples) == len(flows)


def test_too_few_flows_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least 80"):
        generate.write_log(tmp_path / "log", firewalls=2, zones=2, flows=79)
    assert generate.main(["--flows", "1", "--out", str(tmp_path / "log")]) == 2
    assert generate.main(["--flows", "80", "--out", str(tmp_path / "absent" / "log")]) == 2


def test_synthetic_flows_are_distinct_and_the_same_for_the_same_seed() -> None:
    def rendered(seed: int) -> list[dict[str, Any]]:
        table = FlowTable(0.0)
        table.add_synthetic(2000, seed)
        return [json.loads(table.rendered(row, 0.0)) for row in range(2000)]

    flows = rendered(1)
    assert flows == rendered(1) != rendered(2)
    ends = {(f["SourceAddress"]["AddressDefinition"], f["SourcePort"], f["DestinationPort"]) for f in flows}
    assert len(ends) == 2000
    assert sum(":" in f["SourceAddress"]["AddressDefinition"] for f in flows) == 250
    assert {f["Protocol"] for f in flows} == {"6", "17"}
