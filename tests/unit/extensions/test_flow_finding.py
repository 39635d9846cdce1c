# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.flowops.aws.tests.unit.extensions.samples import (
    ARN,
    ASFF,
    GUARDDUTY,
    VPC,
    asff,
    envelope,
    guardduty,
    notification,
)

ROOT = Path(__file__).resolve().parents[3]
# As ansible-rulebook does it: by path, without the collection's other files.
main: Callable[..., list[dict[str, Any]]] = runpy.run_path(
    str(ROOT / "extensions" / "eda" / "plugins" / "event_filter" / "flow_finding.py")
)["main"]


def one(body: Any, **options: Any) -> dict[str, Any]:
    (event,) = main({"body": body, "meta": {"MessageId": "m-1"}}, **options)
    assert event["meta"] == {"MessageId": "m-1"}
    return event


BODIES = {
    "GuardDuty through EventBridge": envelope(GUARDDUTY),
    "GuardDuty through EventBridge and SNS": notification(envelope(GUARDDUTY)),
    "GuardDuty alone": GUARDDUTY,
    "Security Hub through EventBridge": envelope({"findings": [ASFF]}),
    "Security Hub through EventBridge and SNS": notification(envelope({"findings": [ASFF]})),
    "Security Hub alone": ASFF,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_each_envelope_leads_to_the_same_addresses(body: dict[str, Any]) -> None:
    event = one(body, firewalls={VPC: ARN})
    assert event["addresses"] == ["198.51.100.23"]
    assert event["addresses_text"] == "198.51.100.23"
    assert event["ports"] == [443]
    assert event["severity"] == "high"
    assert (event["firewall"], event["firewall_name"]) == (ARN, "egress")
    assert event["limit"] == "egress,egress_us-east-1_123456789012"
    assert (event["account_id"], event["region"], event["vpc_ids"]) == ("123456789012", "us-east-1", [VPC])
    assert event["actionable"] is True
    assert "problem" not in event


@pytest.mark.parametrize("body", [GUARDDUTY, ASFF], ids=["GuardDuty", "Security Hub"])
def test_the_end_that_is_taken_is_an_option(body: dict[str, Any]) -> None:
    assert one(body, ends="local")["addresses"] == ["10.0.3.17"]
    assert one(body, ends="both")["addresses"] == ["198.51.100.23", "10.0.3.17"]


def test_what_is_protected_never_comes_out() -> None:
    event = one(GUARDDUTY, ends="both", protect=["198.51.100.0/24"])
    assert event["addresses"] == ["10.0.3.17"]
    event = one(GUARDDUTY, ends="both", protect=["198.51.100.23", "10.0.0.0/8"])
    assert (event["addresses"], event["actionable"]) == ([], False)


def test_without_a_firewall_the_job_goes_to_all_of_them() -> None:
    assert (one(GUARDDUTY)["firewall"], one(GUARDDUTY)["limit"]) == ("", "networkfirewall")


def test_a_firewall_that_a_finding_names_is_taken() -> None:
    resource = {"Type": "AwsNetworkFirewallFirewall", "Id": ARN}
    assert one(asff(Resources=[resource]))["firewall"] == ARN


def test_an_inbound_connection_is_about_the_local_port() -> None:
    finding = guardduty()
    finding["service"]["action"]["networkConnectionAction"].update(
        connectionDirection="INBOUND", localPortDetails={"port": 22}, remotePortDetails={"port": 50123}
    )
    assert one(finding)["ports"] == [22]


def test_port_probes_give_every_prober_and_port() -> None:
    probes = [
        {
            "localPortDetails": {"port": port},
            "localIpDetails": {"ipAddressV4": "10.0.3.17"},
            "remoteIpDetails": {"ipAddressV4": address},
        }
        for port, address in ((22, "198.51.100.1"), (3389, "198.51.100.2"), (22, "198.51.100.1"))
    ]
    service = {"action": {"actionType": "PORT_PROBE", "portProbeAction": {"portProbeDetails": probes}}}
    event = one(guardduty(service=service))
    assert (event["addresses"], event["ports"]) == (["198.51.100.1", "198.51.100.2"], [22, 3389])


def test_an_api_call_is_no_flow_through_the_firewall() -> None:
    call = {"api": "DescribeInstances", "remoteIpDetails": {"ipAddressV4": "198.51.100.9"}}
    event = one(guardduty(service={"action": {"actionType": "AWS_API_CALL", "awsApiCallAction": call}}))
    assert (event["addresses"], event["actionable"]) == ([], False)


@pytest.mark.parametrize(
    ("direction", "expected"),
    [("IN", ["198.51.100.5", "2001:db8::5"]), ("OUT", ["203.0.113.6"])],
)
def test_the_network_member_has_a_direction(direction: str, expected: list[str]) -> None:
    network = {
        "Direction": direction,
        "SourceIpV4": "198.51.100.5",
        "SourceIpV6": "2001:db8::5",
        "DestinationIpV4": "203.0.113.6",
        "DestinationPort": 22,
    }
    event = one(asff(Action={}, Network=network))
    assert (event["addresses"], event["ports"]) == (expected, [22])


@pytest.mark.parametrize(
    ("score", "severity"),
    [(0.5, "informational"), (1, "low"), (3.9, "low"), (4, "medium"), (7, "high"), (8.9, "high"), (9.5, "critical")],
)
def test_guardduty_s_numbers_are_aws_s_words(score: float, severity: str) -> None:
    assert one(guardduty(severity=score))["severity"] == severity


@pytest.mark.parametrize(
    ("given_severity", "severity"),
    [
        ({"Label": "CRITICAL"}, "critical"),
        ({"Label": "INFORMATIONAL"}, "informational"),
        ({"Normalized": 39}, "low"),
        ({"Normalized": 90}, "critical"),
        ({"Label": "{{ 7 * 7 }}"}, "informational"),
        ("HIGH", "informational"),
    ],
)
def test_the_label_counts_then_the_normalized_number(given_severity: Any, severity: str) -> None:
    assert one(asff(Severity=given_severity))["severity"] == severity


@pytest.mark.parametrize(
    "finding",
    [
        guardduty(service={**GUARDDUTY["service"], "additionalInfo": {"sample": True}}),
        guardduty(service={**GUARDDUTY["service"], "archived": True}),
        asff(ProductFields={"aws/guardduty/service/additionalInfo/sample": "true"}),
        asff(Sample=True),
        asff(RecordState="ARCHIVED"),
        asff(Workflow={"Status": "SUPPRESSED"}),
    ],
)
def test_samples_and_what_was_dealt_with_call_for_no_action(finding: dict[str, Any]) -> None:
    event = one(finding)
    assert event["addresses"] == ["198.51.100.23"]
    assert event["actionable"] is False


def test_several_findings_become_several_events() -> None:
    other = asff(Action={}, Network={"Direction": "IN", "SourceIpV4": "198.51.100.77"})
    events = main({"body": envelope({"findings": [ASFF, other]})})
    assert [event["addresses"] for event in events] == [["198.51.100.23"], ["198.51.100.77"]]


def test_a_job_never_gets_more_addresses_than_the_role_takes() -> None:
    probes = [
        {"remoteIpDetails": {"ipAddressV4": f"198.51.100.{number}"}, "localPortDetails": {"port": 22}}
        for number in range(1, 24)
    ]
    service = {"action": {"actionType": "PORT_PROBE", "portProbeAction": {"portProbeDetails": probes}}}
    events = main({"body": guardduty(service=service)})
    assert [len(event["addresses"]) for event in events] == [10, 10, 3]
    assert [address for event in events for address in event["addresses_text"].split(",")] == [
        f"198.51.100.{number}" for number in range(1, 24)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{{ lookup('pipe', 'id') }}",
        "0.0.0.0/0",
        "0.0.0.0",
        "::",
        "127.0.0.1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "fe80::1%eth0",
        "224.0.0.1",
        "255.255.255.255",
        "198.51.100.1,10.0.0.1",
        "1" * 5000,
        3325256704,
        None,
        ["198.51.100.1"],
    ],
)
def test_what_is_no_host_s_address_does_not_come_out(text: Any) -> None:
    finding = guardduty()
    finding["service"]["action"]["networkConnectionAction"]["remoteIpDetails"]["ipAddressV4"] = text
    event = one(finding)
    assert (event["addresses"], event["actionable"]) == ([], False)


def test_no_text_of_an_attacker_comes_out() -> None:
    evil = "{{ lookup('pipe', 'id') }}"
    finding = guardduty(
        id=evil,
        type=evil,
        region=evil,
        accountId=evil,
        title=evil,
        description=evil,
        resource={"instanceDetails": evil},
    )
    finding["service"]["action"]["networkConnectionAction"]["connectionDirection"] = evil
    assert "{{" not in json.dumps(main({"body": finding}))
    hub = asff(Id=evil, Types=[evil], Region=evil, AwsAccountId=evil, Title=evil, Resources=[{"Id": f"{ARN}{evil}"}])
    assert "{{" not in json.dumps(main({"body": hub}))


@pytest.mark.parametrize(
    "body",
    [None, "text", 7, [], {}, {"detail": "text"}, {"Message": "{"}, {"Message": "[" * 100_000}, {"findings": [1]}],
)
def test_what_is_no_finding_is_said_to_be_none(body: Any) -> None:
    event = one(body)
    assert event["problem"] == "The message holds no finding of GuardDuty or Security Hub."
    assert (event["addresses"], event["actionable"]) == ([], False)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=10,
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *[path for key, child in items for path in paths(child, (*here, key))]]


@settings(max_examples=300, deadline=None)
@given(
    finding=st.sampled_from([GUARDDUTY, ASFF]),
    number=st.integers(min_value=0),
    value=json_values,
    ends=st.sampled_from(["both"]),
)
def test_any_value_in_any_place_of_a_finding_raises_nothing(
    finding: dict[str, Any], number: int, value: Any, ends: str
) -> None:
    changed = json.loads(json.dumps(finding))
    places = paths(changed)[1:]
    *way, last = places[number % len(places)]
    parent = changed
    for key in way:
        parent = parent[key]
    parent[last] = value
    for event in main({"body": changed}, ends=ends):
        assert len(event["addresses"]) <= 10
        assert all(0 < port <= 65535 for port in event["ports"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ends": "all"}, "ends: 'all' is not allowed; give one of remote, local, both."),
        ({"protect": "10.0.0.0/8"}, "protect: '10.0.0.0/8' is not a list"),
        ({"protect": ["10.0.0.1/8"]}, "protect: '10.0.0.1/8' is neither an address nor a CIDR"),
        ({"firewalls": [ARN]}, "is not a mapping"),
        ({"firewalls": {VPC: "egress"}}, "firewalls: 'egress', given for"),
    ],
)
def test_a_wrong_option_of_the_rulebook_is_said_to_be_wrong(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as raised:
        main({"body": GUARDDUTY}, **options)
    assert message in str(raised.value)
