# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every way in which captures and flushes can be told to differ from what AWS documents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control, ControlError

ZONE = "us-east-1a"
OLD, YOUNG = 100, 5


def _flow(last: int, port: int, age: int = OLD, **members: Any) -> dict[str, Any]:
    """A TCP flow from 10.0.0.<last> to a port of 203.0.113.9."""
    return {
        "source_address": f"10.0.0.{last}",
        "source_port": 40000 + last,
        "destination_address": "203.0.113.9",
        "destination_port": port,
        "protocol": "tcp",
        "age": age,
        "packet_count": 7,
        "byte_count": 901,
        **members,
    }


FLOWS = [
    _flow(1, 22),
    _flow(2, 22),
    _flow(3, 22, YOUNG),
    _flow(4, 443),
    _flow(5, 443),
    _flow(6, 53, protocol="udp"),
    {**_flow(7, 40001), "source_address": "203.0.113.9", "source_port": 22, "destination_address": "10.0.0.1"},
    {"source_address": "fd00::a", "destination_address": "2001:db8::b", "protocol": "icmpv6", "age": OLD},
]
SSH = {"SourceAddress": {"AddressDefinition": "10.0.0.0/24"}, "DestinationPort": "22"}
FIRST = {"SourceAddress": {"AddressDefinition": "10.0.0.1/32"}, "DestinationPort": "22"}
V4 = {"SourceAddress": {"AddressDefinition": "0.0.0.0/0"}}


@pytest.fixture
def odd(control: Control, firewall_of: Callable[[str], Any]) -> Any:
    """A firewall of one zone with the flows above, an operation on it taking ten seconds."""
    return firewall_of(control.add_firewall("odd", flows={ZONE: FLOWS})["arn"])


def _sources(flows: list[dict[str, Any]]) -> set[str]:
    return {flow["SourceAddress"]["AddressDefinition"].removeprefix("10.0.0.") for flow in flows}


def _cut(control: Control) -> set[str]:
    return {flow["source_address"].removeprefix("10.0.0.") for flow in control.cut()}


def _flush(odd: Any, **options: Any) -> list[dict[str, Any]]:
    identifier = odd.start("flush", **options)
    odd.finish()
    return odd.flows(identifier)


# The options of an operation, and which flows it then hits (of the others: 1 and 2, the old ones on port 22).
MATCHING: dict[str, tuple[dict[str, Any], list[dict[str, Any]], set[str]]] = {
    "conditions joined by OR": ({"conditions": "or"}, [FIRST], {"1", "2"}),
    "filters joined by AND": ({"filters": "and"}, [SSH, FIRST], {"1"}),
    "age ignored": ({"ignore_age": True}, [SSH], {"1", "2", "3"}),
    "either direction": ({"either_direction": True}, [FIRST], {"1", "203.0.113.9"}),
}


@pytest.mark.parametrize("kind", ["capture", "flush"])
@pytest.mark.parametrize(("rule", "filters", "hit"), MATCHING.values(), ids=list(MATCHING))
def test_matching(
    odd: Any, control: Control, kind: str, rule: dict[str, Any], filters: list[dict[str, Any]], hit: set[str]
) -> None:
    options = {"FlowFilters": filters, "MinimumFlowAgeInSeconds": 60}
    documented = {"1", "2"} if SSH in filters else {"1"}
    control.misbehave(**{kind: rule})
    seen = {"capture": _sources(odd.capture(**options)), "flush": _sources(_flush(odd, **options))}
    assert seen == {"capture": documented, "flush": documented, kind: hit}
    assert _cut(control) == seen["flush"]
    assert {flow["source_address"].removeprefix("10.0.0.") for flow in control.cut() if flow["matched"]} == (
        documented & seen["flush"]
    )


def test_a_flush_that_lists_nothing_although_it_cut(odd: Any, control: Control) -> None:
    control.misbehave(flush={"lists": "nothing"})
    assert _flush(odd, FlowFilters=[SSH]) == [] and _cut(control) == {"1", "2", "3"}
    assert {(flow["matched"], flow["listed"]) for flow in control.cut()} == {(True, False)}


def test_a_flush_that_lists_one_flow_of_those_that_it_cut(odd: Any, control: Control) -> None:
    control.misbehave(flush={"lists": "first"})
    assert len(_flush(odd, FlowFilters=[SSH])) == 1 and _cut(control) == {"1", "2", "3"}
    assert sorted(flow["listed"] for flow in control.cut()) == [False, False, True]


@pytest.mark.parametrize(
    ("status", "removes", "listed", "cut"),
    [
        ("FAILED", None, 0, 0),
        ("FAILED", "matched", 0, 3),
        ("COMPLETED_WITH_ERRORS", None, 2, 2),
        ("COMPLETED_WITH_ERRORS", "matched", 2, 3),
        ("COMPLETED_WITH_ERRORS", "nothing", 2, 0),
        ("COMPLETED", "nothing", 3, 0),
    ],
)
def test_how_a_flush_ends_and_what_it_cut(
    odd: Any, control: Control, status: str, removes: str | None, listed: int, cut: int
) -> None:
    control.misbehave(flush={"status": status, "removes": removes})
    identifier = odd.start("flush", FlowFilters=[SSH])
    odd.finish()
    assert odd.describe(identifier)["FlowOperationStatus"] == status
    assert len(odd.flows(identifier)) == listed and len(control.cut()) == cut
    assert odd.live() == len(FLOWS) - cut
    assert odd.capture(FlowFilters=[V4]) and odd.describe(identifier)["FlowOperationStatus"] == status


def test_a_flush_that_cuts_others_than_it_lists(odd: Any, control: Control) -> None:
    control.misbehave(flush={"extra": 2, "spares": 1})
    listed = _sources(_flush(odd, FlowFilters=[SSH]))
    assert listed == {"1", "2", "3"}
    kinds = Counter((flow["matched"], flow["listed"]) for flow in control.cut())
    assert kinds == {(True, True): 2, (False, False): 2}


ROWS: dict[str, tuple[dict[str, Any], str, Any]] = {
    "an empty port": ({"member": "DestinationPort", "value": ""}, "DestinationPort", ""),
    "a port that is null": ({"member": "DestinationPort", "value": None}, "DestinationPort", None),
    "no port": ({"member": "DestinationPort", "form": "absent"}, "DestinationPort", None),
    "any port": ({"member": "DestinationPort", "value": "ANY"}, "DestinationPort", "ANY"),
    "a port of text": ({"member": "DestinationPort", "value": "ssh"}, "DestinationPort", "ssh"),
    "a port that is a number": ({"member": "SourcePort", "form": "number"}, "SourcePort", 40001),
    "an unknown protocol": ({"member": "Protocol", "value": "frob"}, "Protocol", "frob"),
    "a lone surrogate": ({"member": "Protocol", "value": "\ud800"}, "Protocol", "\ud800"),
    "no age": ({"member": "Age", "form": "absent"}, "Age", None),
    "a wrong age": ({"member": "Age", "form": "add", "value": -90}, "Age", OLD + 10 - 90),
    "bytes of text": ({"member": "ByteCount", "form": "text"}, "ByteCount", "901"),
    "no address": ({"member": "SourceAddress", "form": "absent"}, "SourceAddress", None),
    "an empty address": ({"member": "SourceAddress", "value": ""}, "SourceAddress", {"AddressDefinition": ""}),
    "a network": (
        {"member": "SourceAddress", "value": {"AddressDefinition": "10.0.0.0/8"}},
        "SourceAddress",
        {"AddressDefinition": "10.0.0.0/8"},
    ),
    "a prefix": ({"member": "SourceAddress", "form": "prefix"}, "SourceAddress", {"AddressDefinition": "10.0.0.1/32"}),
    "a mapped address": (
        {"member": "SourceAddress", "form": "mapped"},
        "SourceAddress",
        {"AddressDefinition": "::ffff:10.0.0.1"},
    ),
}


@pytest.mark.parametrize("kind", ["capture", "flush"])
@pytest.mark.parametrize(("change", "member", "shown"), ROWS.values(), ids=list(ROWS))
def test_rows_of_another_shape(
    odd: Any, control: Control, kind: str, change: dict[str, Any], member: str, shown: Any
) -> None:
    (plain,) = odd.capture(FlowFilters=[FIRST])
    control.misbehave(**{kind: {"rows": [change]}})
    (row,) = odd.capture(FlowFilters=[FIRST]) if kind == "capture" else _flush(odd, FlowFilters=[FIRST])
    assert row.get(member) == shown
    assert {name: value for name, value in row.items() if name not in (member, "Age")} == {
        name: value for name, value in plain.items() if name not in (member, "Age")
    }


def test_addresses_spelled_otherwise(odd: Any, control: Control) -> None:
    both = ("SourceAddress", "DestinationAddress")
    control.misbehave(
        capture={"rows": [{"member": side, "form": form} for side in both for form in ("expanded", "upper", "prefix")]}
    )
    (row,) = odd.capture(FlowFilters=[{"SourceAddress": {"AddressDefinition": "fd00::/16"}}])
    assert row["SourceAddress"]["AddressDefinition"] == "FD00:0000:0000:0000:0000:0000:0000:000A/128"
    assert row["DestinationAddress"]["AddressDefinition"] == "2001:0DB8:0000:0000:0000:0000:0000:000B/128"


def test_only_some_rows_are_of_another_shape(odd: Any, control: Control) -> None:
    https = {"SourceAddress": {"AddressDefinition": "0.0.0.0/0"}, "DestinationPort": "443"}
    control.misbehave(
        capture={
            "rows": [
                {"member": "Age", "form": "absent", "every": 3},
                {"member": "DestinationPort", "value": "", "where": [https]},
            ]
        }
    )
    rows = odd.capture(FlowFilters=[V4])
    assert ["Age" in row for row in rows] == [False, True, True, False, True, True, False]
    assert Counter(row["DestinationPort"] for row in rows)[""] == 2


def test_each_flow_listed_in_both_directions(odd: Any, control: Control) -> None:
    control.misbehave(capture={"directions": "both"})
    there, back = odd.capture(FlowFilters=[FIRST])
    assert _sources([there]) == {"1"} and _sources([back]) == {"203.0.113.9"}
    assert (there["SourcePort"], there["DestinationPort"]) == (back["DestinationPort"], back["SourcePort"])
    assert there["Age"] == back["Age"] and there["PacketCount"] + back["PacketCount"] == 7
    identifier = odd.start(FlowFilters=[SSH])
    odd.finish()
    assert len(odd.flows(identifier, step=1)) == len(odd.flows(identifier, step=4)) == 6


@pytest.mark.parametrize("kind", ["capture", "flush"])
def test_timestamps(odd: Any, control: Control, kind: str) -> None:
    for rule, ahead in ({}, 0), ({"timestamp": "absent"}, None), ({"timestamp": 3600}, 3600):
        now = control.state()["now"]
        control.misbehave(**{kind: rule})
        identifier = odd.start(kind, FlowFilters=[FIRST])
        odd.finish()
        listed = odd.aws.list_flow_operations(FirewallArn=odd.arn)["FlowOperations"][0]
        for answer in (odd.describe(identifier), odd.results(identifier), listed):
            stamp = answer.get("FlowRequestTimestamp")
            assert (stamp and stamp.timestamp() - now) == ahead


def test_a_timestamp_in_milliseconds(odd: Any, control: Control) -> None:
    control.misbehave(capture={"timestamp": "milliseconds"})
    identifier = odd.start(FlowFilters=[FIRST])
    with pytest.raises(Exception, match="timestamp|out of range"):
        odd.describe(identifier)


@pytest.mark.parametrize("kind", ["capture", "flush"])
def test_results_with_tokens_that_alternate(odd: Any, control: Control, kind: str) -> None:
    control.misbehave(**{kind: {"tokens": "loop"}})
    identifier = odd.start(kind, FlowFilters=[SSH])
    odd.finish()
    assert _tokens(lambda **more: odd.results(identifier, **more)) == ["A", "B"] * 3


def test_results_with_an_empty_token(odd: Any, control: Control) -> None:
    control.misbehave(capture={"tokens": "empty"})
    identifier = odd.start(FlowFilters=[V4])
    odd.finish()
    page = odd.results(identifier, MaxResults=2)
    assert page["NextToken"] == "" and len(page["Flows"]) == 2


def _tokens(ask: Callable[..., dict[str, Any]]) -> list[str]:
    """Ask six times, each time with the last token; returns the tokens as letters in the order of their first one."""

    def pages() -> Iterator[str]:
        more: dict[str, str] = {}
        while True:
            more = {"NextToken": ask(**more)["NextToken"]}
            yield more["NextToken"]

    seen = list(islice(pages(), 6))
    letters = {token: "AB"[number] for number, token in enumerate(dict.fromkeys(seen))}
    return [letters[token] for token in seen]


@pytest.mark.parametrize("operation", ["list_flow_operations", "list_firewalls", "list_vpc_endpoint_associations"])
def test_any_listing_with_tokens_that_alternate_or_are_empty(odd: Any, control: Control, operation: str) -> None:
    options = {"FirewallArn": odd.arn} if operation == "list_flow_operations" else {}
    name = "".join(word.capitalize() for word in operation.split("_"))
    control.add_fault("token_loop", name)
    assert _tokens(lambda **more: getattr(odd.aws, operation)(**options, **more)) == ["A", "B"] * 3
    control.clear_faults()
    control.add_fault("token_empty", name)
    assert getattr(odd.aws, operation)(**options)["NextToken"] == ""


def test_identification_that_happens_late(odd: Any, control: Control) -> None:
    control.misbehave(flush={"delay": 60})
    identifier = odd.start("flush", FlowFilters=[SSH], MinimumFlowAgeInSeconds=60)
    control.advance(30)
    control.add_flows("odd", ZONE, [_flow(9, 22, age=0)])
    assert odd.flows(identifier) == [] and odd.describe(identifier)["FlowOperationStatus"] == "IN_PROGRESS"
    control.advance(40)
    flows = odd.flows(identifier)
    assert odd.describe(identifier)["FlowOperationStatus"] == "COMPLETED"
    # The third, 5 s old at the start, is old enough by then; the ninth, born since, is not.
    assert {(*_sources([flow]), flow["Age"]) for flow in flows} == {("1", 160), ("2", 160), ("3", 65)}
    assert _cut(control) == {"1", "2", "3"}


def test_a_late_identification_sees_nothing_that_began_after_it(odd: Any, control: Control) -> None:
    control.misbehave(capture={"delay": 60})
    identifier = odd.start(FlowFilters=[SSH])
    control.advance(59)
    control.add_flows("odd", ZONE, [_flow(8, 22, age=0)])
    control.advance(20)
    control.add_flows("odd", ZONE, [_flow(9, 22, age=0)])
    assert _sources(odd.flows(identifier)) == {"1", "2", "3", "8"}


def test_clients_that_come_back_after_a_flush(odd: Any, control: Control) -> None:
    control.settings(reconnect=0.5)
    assert len(_flush(odd, FlowFilters=[V4])) == 7
    assert odd.live() == 1 + 3
    assert {row["Age"] for row in odd.capture(FlowFilters=[V4])} == {0}


def test_flows_that_end_by_themselves_between_two_operations(odd: Any, control: Control) -> None:
    control.settings(ends_between=0.5)
    assert len(odd.capture()) == 8 and control.ended() == []
    assert len(odd.capture()) == 4
    assert len(_flush(odd)) == 2
    assert len(control.ended()) == 6 and len(control.cut()) == 2


def test_flows_that_begin_before_a_start_to_come(odd: Any, control: Control) -> None:
    control.add_flows("odd", ZONE, [_flow(8, 22)], before="StartFlowFlush")
    control.add_flows("odd", ZONE, [_flow(9, 22)], before="*", number=3)
    assert [len(odd.capture(FlowFilters=[SSH])) for _capture in range(3)] == [3, 3, 4]
    assert _sources(_flush(odd, FlowFilters=[SSH])) == {"1", "2", "3", "8", "9"}


def test_the_service_s_clock(odd: Any, control: Control) -> None:
    def times() -> tuple[float, float | None]:
        answer = odd.aws.start_flow_capture(FirewallArn=odd.arn, FlowFilters=[FIRST])
        date = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        stamp = odd.describe(answer["FlowOperationId"])["FlowRequestTimestamp"].timestamp()
        odd.finish()
        return stamp - now, None if date is None else parsedate_to_datetime(date).timestamp() - now

    for settings, told in (
        ({"clock_offset": -300}, (-300, -300)),
        ({"clock_offset": 40, "date_offset": 7200}, (40, 7240)),
        ({"clock_offset": 0, "date_offset": None}, (0, None)),
    ):
        now = control.state()["now"]
        control.settings(**settings)
        assert times() == told


def test_what_was_cut_and_started(odd: Any, control: Control) -> None:
    odd.capture(FlowFilters=[SSH])
    identifier = odd.start("flush", FlowFilters=[FIRST], MinimumFlowAgeInSeconds=60)
    assert control.cut() == []
    odd.finish()
    now = control.state()["now"]
    assert control.cut() == [
        {
            "firewall_arn": odd.arn,
            "availability_zone": ZONE,
            "flow_operation_id": identifier,
            "source_address": "10.0.0.1",
            "source_port": 40001,
            "destination_address": "203.0.113.9",
            "destination_port": 22,
            "protocol_number": 6,
            "age": OLD + 20,
            "born": now - OLD - 20,
            "packet_count": 7,
            "byte_count": 901,
            "matched": True,
            "listed": True,
        }
    ]
    capture, flush = control.calls()["starts"]
    assert (capture["operation"], flush["operation"]) == ("StartFlowCapture", "StartFlowFlush")
    assert flush["request"]["FlowFilters"] == [FIRST] and flush["request"]["MinimumFlowAgeInSeconds"] == 60
    assert flush["availability_zone"] == ZONE and flush["flow_operation_id"] == identifier
    control.reset()
    assert control.cut() == []


def test_the_first_operations_can_be_as_documented(odd: Any, control: Control) -> None:
    control.misbehave(capture={"ignore_age": True, "skip": 2})
    options = {"FlowFilters": [SSH], "MinimumFlowAgeInSeconds": 60}
    assert [len(odd.capture(**options)) for _capture in range(3)] == [2, 2, 3]


def test_misbehaviour_ends(odd: Any, control: Control) -> None:
    control.misbehave(capture={"timestamp": "absent"}, flush={"lists": "nothing"})
    assert control.misbehave() == {"capture": {"timestamp": "absent"}, "flush": {"lists": "nothing"}}
    control.behave()
    assert "FlowRequestTimestamp" in odd.describe(odd.start(FlowFilters=[FIRST]))
    assert control.misbehave() == {}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"lists": "some"}, "lists cannot be 'some'"),
        ({"delay": -1}, "delay cannot be -1"),
        ({"extra": 1.5}, "extra cannot be 1.5"),
        ({"condition": "or"}, "a misbehaviour is a mapping of conditions, filters"),
        ({"rows": {}}, "rows is a list"),
        ({"rows": [{"member": "Port"}]}, "member must be one of SourceAddress"),
        ({"rows": [{"member": "Age", "form": "upper"}]}, "form of Age must be one of"),
        ({"rows": [{"member": "Age", "every": 0}]}, "every must be a whole number above 0"),
        ({"rows": [{"member": "Age", "where": [{}]}]}, "each filter needs"),
    ],
)
def test_misbehaviour_that_makes_no_sense(control: Control, rule: dict[str, Any], message: str) -> None:
    with pytest.raises(ControlError, match=message):
        control.misbehave(flush=rule)
    with pytest.raises(ControlError, match="unknown key: both"):
        control.misbehave(both={})
    assert control.misbehave() == {}
