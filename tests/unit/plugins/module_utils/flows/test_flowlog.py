# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.files import read_records
from ansible_collections.flowops.aws.plugins.module_utils.flows.flowlog import records_of_log
from ansible_collections.flowops.aws.plugins.module_utils.flows.logforms import mappings_in

START = "2026-01-31T12:00:00.000000+0000"


def entry(source: str = "10.0.0.1", destination: str = "192.0.2.7", flow_id: Any = 7, **event: Any) -> dict[str, Any]:
    ports = {"src_port": 40000, "dest_port": 443} if source < destination else {"src_port": 443, "dest_port": 40000}
    return {
        "firewall_name": "egress",
        "availability_zone": "us-east-1a",
        "event_timestamp": "1763700000",
        "event": {
            "timestamp": START,
            **({} if flow_id is None else {"flow_id": flow_id}),
            "event_type": "netflow",
            "src_ip": source,
            "dest_ip": destination,
            "proto": "TCP",
            **ports,
            "netflow": {"pkts": 2, "bytes": 100, "start": START, "age": 5},
            **event,
        },
    }


def back(**members: Any) -> dict[str, Any]:
    return entry("192.0.2.7", "10.0.0.1", **members)


def read(*entries: dict[str, Any], **options: Any) -> list[tuple[str, int]]:
    return [(record["source_address"], record["byte_count"]) for record in records_of_log(entries, **options)]


def test_an_entry_and_the_next_of_the_reverse_direction_are_one_flow() -> None:
    (record,) = records_of_log([entry(), back(netflow={"pkts": 3, "bytes": 11, "start": START, "age": 9})])
    assert record == {
        "source_address": "10.0.0.1", "source_port": 40000, "destination_address": "192.0.2.7", "destination_port": 443,
        "protocol": "tcp", "protocol_number": 6, "age": 9, "packet_count": 5, "byte_count": 111,
        "availability_zone": "us-east-1a", "firewall_name": "egress",
    }  # fmt: skip


@pytest.mark.parametrize("flow_id", [7, None])
def test_entries_of_the_same_direction_are_flows_of_their_own(flow_id: int | None) -> None:
    there, here = entry(flow_id=flow_id), back(flow_id=flow_id)
    assert read(there, there) == [("10.0.0.1", 100)] * 2
    assert read(there, there, here) == [("10.0.0.1", 200), ("10.0.0.1", 100)]
    assert read(there, there, here, here) == [("10.0.0.1", 200)] * 2
    assert read(there, here, there, here) == [("10.0.0.1", 200)] * 2
    assert read(here, there) == [("192.0.2.7", 200)]


def test_what_belongs_to_other_flows_is_not_joined() -> None:
    assert len(read(entry(), back(flow_id=8))) == 2
    assert len(read(entry(), back(proto="UDP"))) == 2
    assert len(read(entry(), {**back(), "availability_zone": "us-east-1b"})) == 2
    assert len(read(entry(), back(src_port=444))) == 2
    # Without a flow_id, both directions have to have begun at the same moment.
    later = {"pkts": 1, "bytes": 1, "start": "2026-01-31T12:00:09.000000+0000"}
    assert len(read(entry(flow_id=None), back(flow_id=None, netflow=later))) == 2


def test_a_direction_that_waits_for_too_many_others_stands_alone() -> None:
    assert len(read(entry(flow_id=1), entry(flow_id=2), entry(flow_id=3), back(flow_id=1), most_waiting=2)) == 4
    assert len(read(entry(flow_id=1), entry(flow_id=2), back(flow_id=1), most_waiting=2)) == 2


def test_what_cannot_be_read_of_an_event_is_not_known() -> None:
    (record,) = records_of_log([entry(src_port="ephemeral", proto="QUIC-NG", netflow={"pkts": None, "bytes": "many"})])
    assert (record["source_port"], record["protocol"]) == ("ephemeral", "quic-ng")
    assert not {"protocol_number", "age", "packet_count", "byte_count"} & set(record)
    (icmp,) = records_of_log([entry(proto="ICMP", src_port=0, dest_port=None)])
    assert not {"source_port", "destination_port"} & set(icmp)


@pytest.mark.parametrize("kinds", [["alert"], ["tls", "alert"]])
def test_a_log_without_netflow_events_says_so(kinds: list[str]) -> None:
    with pytest.raises(ValueError, match="it has no netflow event, only alert"):
        list(records_of_log([entry(event_type=kind) for kind in kinds]))
    assert len(read(*(entry(event_type=kind) for kind in kinds), entry())) == 1


LINES = [json.dumps(item, separators=(",", ":")) for item in (entry(), back(), entry("10.0.0.2", flow_id=8))]


def insights(lines: list[str]) -> dict[str, Any]:
    return {
        "results": [[{"field": "@timestamp", "value": START}, {"field": "@message", "value": line}] for line in lines],
        "status": "Complete",
    }


FORMS: dict[str, Callable[[list[str]], str]] = {
    "s3": lambda lines: "\n".join(lines) + "\n",
    "firehose": "".join,
    "cloudwatch-export": lambda lines: "".join(f"2026-01-31T12:00:00.000Z {line}\n" for line in lines),
    "epoch": lambda lines: "".join(f"1763700000123 {line}\n" for line in lines),
    "subscription": lambda lines: json.dumps(
        {"messageType": "DATA_MESSAGE", "logGroup": "g", "logEvents": [{"id": "1", "message": line} for line in lines]}
    ),
    "subscriptions": lambda lines: (
        json.dumps({"messageType": "CONTROL_MESSAGE", "logEvents": []})
        + "".join(json.dumps({"messageType": "DATA_MESSAGE", "logEvents": [{"message": line}]}) for line in lines)
    ),
    "filter-log-events": lambda lines: json.dumps({"events": [{"timestamp": 1, "message": line} for line in lines]}),
    "insights": lambda lines: json.dumps(insights(lines)),
    "insights-console": lambda lines: json.dumps([{"@message": json.loads(line)} for line in lines]),
    "bare-eve": lambda lines: "".join(json.dumps(json.loads(line)["event"]) + "\n" for line in lines),
    "mark": lambda lines: "\ufeff" + "\n".join(lines),
}


@pytest.mark.parametrize(("form", "packed", "name"), [
    *((form, False, "flows.log") for form in FORMS), ("s3", True, "flows.log"), ("firehose", True, "flows.json.gz"),
])  # fmt: skip
def test_a_log_is_read_in_the_forms_that_people_have(tmp_path: Path, form: str, packed: bool, name: str) -> None:
    content = FORMS[form](LINES).encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if packed else content)
    records = list(read_records(str(tmp_path / name)))
    assert [(record["source_address"], record["byte_count"]) for record in records] == [
        ("10.0.0.1", 200), ("10.0.0.2", 100),
    ]  # fmt: skip
    assert {record.get("firewall_name") for record in records} == ({None} if form == "bare-eve" else {"egress"})


def test_a_file_of_firehose_may_be_one_long_line(tmp_path: Path) -> None:
    path = tmp_path / "flows"
    count = 5000
    lines = (json.dumps(entry(f"10.0.{at // 250}.{at % 250}", flow_id=at)) for at in range(count))
    path.write_text("".join(lines), encoding="utf-8")
    assert path.stat().st_size > 1 << 20
    assert len(list(read_records(str(path)))) == count


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            json.dumps({"events": [{"message": LINES[0]}]}, indent=2),
            "JSON over several lines, as the AWS CLI prints it",
        ),
        (json.dumps([json.loads(LINES[0])], indent=2), "JSON over several lines"),
        (f"[{LINES[0]}]", "it is a list in JSON; give one entry on each line"),
        ("@timestamp,@message\n2026-01-31,x\n", "it looks like CSV; export the log as JSON"),
        ("timestamp,message\n1,x\n", "it looks like CSV"),
        (json.dumps({"results": [[{"field": "event.src_ip", "value": "10.0.0.1"}]]}), "Insights without @message"),
        (json.dumps({"logEvents": [{"message": "2 123 eni-1 10.0.0.1"}]}), "no entries of a flow log"),
        (json.dumps({"logEvents": ["x"]}), "no entries of a flow log"),
        (json.dumps(entry(event_type="alert")), "it has no netflow event, only alert"),
        ("2 123456789012 eni-1 10.0.0.1 192.0.2.7 443 40000 6 1 1 1 1 ACCEPT OK\n", "line 1 of"),
    ],
)
def test_a_form_that_is_not_read_is_named_with_what_to_do(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "flows.log"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FlowOpsError) as caught:
        list(read_records(str(path)))
    assert said in caught.value.message and "10.0.0.1" not in caught.value.message
    assert "\n" not in caught.value.message


def test_what_is_cut_off_is_kept_until_it_is_whole() -> None:
    text = "".join(LINES)
    for cut in itertools.chain(range(0, len(text), 37)):
        first, rest = mappings_in(text[:cut], is_whole=False)
        second, left = mappings_in(rest + text[cut:])
        assert [*first, *second] == [json.loads(line) for line in LINES] and left == ""
