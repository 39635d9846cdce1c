# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.flowops.aws.tests.unit.cases import cases
from ansible_collections.flowops.aws.tests.unit.extensions.samples import (
    ARN,
    ASFF,
    GUARDDUTY,
    HUB_FIELDS,
    OCSF,
    SEQUENCE,
    VPC,
    asff,
    envelope,
    guardduty,
    hub,
    notification,
    ocsf,
    pascal,
)

ROOT = Path(__file__).resolve().parents[3]
# As ansible-rulebook does it: by path, without the collection's other files.
filter_module: dict[str, Any] = runpy.run_path(
    str(ROOT / "extensions" / "eda" / "plugins" / "event_filter" / "flow_finding.py")
)
main: Callable[..., list[dict[str, Any]]] = filter_module["main"]
NO_FINDING = "The message holds no finding of GuardDuty or Security Hub."


def one(body: Any, **options: Any) -> dict[str, Any]:
    (event,) = main({"body": body, "meta": {"MessageId": "m-1"}}, **options)
    assert event["meta"] == {"MessageId": "m-1"}
    return event


BODIES = {
    "GuardDuty through EventBridge": envelope(GUARDDUTY),
    "GuardDuty through EventBridge and SNS": notification(envelope(GUARDDUTY)),
    "GuardDuty alone": GUARDDUTY,
    "GuardDuty as its SDKs write it": {"Findings": [pascal(GUARDDUTY)]},
    "Security Hub through EventBridge": envelope({"findings": [ASFF]}),
    "Security Hub through EventBridge and SNS": notification(envelope({"findings": [ASFF]})),
    "Security Hub alone": ASFF,
    "Security Hub as its API answers": {"Findings": [ASFF]},
    "Security Hub in OCSF": envelope({"findings": [OCSF]}),
    "Security Hub in OCSF alone": OCSF,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=list(BODIES))
def test_each_envelope_leads_to_the_same_addresses(body: dict[str, Any]) -> None:
    event = one(body, firewalls={VPC: ARN})
    assert event["addresses"] == ["198.51.100.23"]
    assert event["addresses_text"] == "198.51.100.23"
    assert event["ports"] == [443]
    assert event["severity"] == "high"
    assert (event["firewall"], event["firewall_arns"]) == (ARN, ARN)
    assert (event["account_id"], event["region"], event["vpc_ids"]) == ("123456789012", "us-east-1", [VPC])
    assert (event["actionable"], event["reason"]) == (True, "")
    assert "problem" not in event


@pytest.mark.parametrize("body", [GUARDDUTY, ASFF, OCSF], ids=["GuardDuty", "Security Hub", "OCSF"])
def test_the_end_that_is_taken_is_an_option(body: dict[str, Any]) -> None:
    assert one(body, ends="local")["addresses"] == ["10.0.3.17"]
    assert one(body, ends="both")["addresses"] == ["198.51.100.23", "10.0.3.17"]


def test_what_is_protected_never_comes_out() -> None:
    event = one(GUARDDUTY, ends="both", protect=["198.51.100.0/24"])
    assert event["addresses"] == ["10.0.3.17"]
    event = one(GUARDDUTY, ends="both", protect=["198.51.100.23", "10.0.0.0/8"])
    assert (event["addresses"], event["actionable"]) == ([], False)
    assert event["reason"] == "All its addresses are protected."


def test_without_a_firewall_the_job_goes_to_all_of_them() -> None:
    assert (one(GUARDDUTY)["firewall"], one(GUARDDUTY)["firewall_arns"]) == ("", "")


@pytest.mark.parametrize("arn", [ARN, ARN.replace("egress", "all"), ARN.replace("aws", "aws-us-gov", 1)])
def test_a_firewall_that_a_finding_names_is_taken_by_its_arn(arn: str) -> None:
    resource = {"Type": "AwsNetworkFirewallFirewall", "Id": arn}
    event = one(asff(Resources=[resource]))
    assert (event["firewall"], event["firewall_arns"]) == (arn, arn)
    # Nothing that an inventory of another region could take for a firewall of its own.
    assert not {"limit", "firewall_name"} & set(event)


def test_a_vpc_whose_firewall_nobody_told_stands_for_every_firewall() -> None:
    second = copy.deepcopy(ASFF["Resources"][0])
    second["Details"]["AwsEc2Instance"]["VpcId"] = "vpc-00000000000000002"
    finding = asff(Resources=[*ASFF["Resources"], second])
    assert one(finding, firewalls={VPC: ARN})["firewall_arns"] == ""
    other = ARN.replace("egress", "ingress")
    told = {VPC: ARN, "vpc-00000000000000002": other}
    assert one(finding, firewalls=told)["firewall_arns"] == f"{ARN},{other}"


def test_every_firewall_that_a_finding_names_is_taken_once() -> None:
    other = ARN.replace("egress", "ingress")
    resources = [{"Id": ARN}, {"Id": other}, {"Id": ARN}]
    event = one(asff(Resources=resources))
    assert (event["firewall"], event["firewall_arns"]) == (ARN, f"{ARN},{other}")
    # Named is more than mapped.
    assert one(asff(Resources=[*ASFF["Resources"], {"Id": other}]), firewalls={VPC: ARN})["firewall_arns"] == other


REGIONS = [
    (partition, region)
    for partition in botocore.session.get_session().get_available_partitions()
    for region in botocore.session.get_session().get_available_regions("ec2", partition)
]


@pytest.mark.parametrize(("partition", "region"), REGIONS)
def test_an_arn_is_built_of_a_firewall_s_name_in_the_partition_of_its_region(partition: str, region: str) -> None:
    named = {
        "Type": "AwsNetworkFirewallFirewall",
        "Id": "egress",
        "Details": {"AwsNetworkFirewallFirewall": {"FirewallName": "egress"}},
    }
    arn = f"arn:{partition}:network-firewall:{region}:123456789012:firewall/egress"
    assert one(asff(Resources=[named], Region=region))["firewall_arns"] == arn
    assert one(asff(Resources=[{**named, "Region": region}]))["firewall_arns"] == arn


def test_no_arn_is_built_of_what_is_no_name() -> None:
    for name in (None, "", "all,!egress", "*", "{{ x }}"):
        details = {"AwsNetworkFirewallFirewall": {"FirewallName": name}}
        assert one(asff(Resources=[{"Id": "x", "Details": details}]))["firewall_arns"] == ""


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


def network(source: str | None, destination: str | None, **members: Any) -> dict[str, Any]:
    named = {"SourceIpV4": source, "DestinationIpV4": destination, "DestinationPort": 22, **members}
    return {name: value for name, value in named.items() if value is not None}


@pytest.mark.parametrize("source_is_ours", [True, False])
@pytest.mark.parametrize("ours", ["54.239.0.80", "10.9.8.7", "100.64.3.4", "192.168.1.1", "172.31.0.1"])
def test_without_a_direction_an_address_of_our_own_is_no_offender(ours: str, source_is_ours: bool) -> None:
    other = "198.51.100.5"
    pair = (ours, other) if source_is_ours else (other, ours)
    body = asff(Action={}, Network=network(*pair))
    assert one(body)["addresses"] == [other]
    assert one(body, ends="local")["addresses"] == [ours]


@pytest.mark.parametrize(
    "pair",
    [("198.51.100.5", "203.0.113.6"), ("10.0.0.1", "10.0.0.2"), ("54.239.0.80", "10.0.3.17"), ("54.239.0.80", None)],
)
def test_without_a_direction_two_ends_alike_are_no_offenders(pair: tuple[str | None, str | None]) -> None:
    event = one(asff(Action={}, Network=network(*pair)))
    assert (event["addresses"], event["actionable"]) == ([], False)
    assert event["reason"] == "It names no address that can be cut."


def test_without_a_direction_an_end_alone_is_an_offender_if_the_finding_lists_our_own() -> None:
    alone = network("198.51.100.5", None)
    assert one(asff(Action={}, Network=alone))["addresses"] == ["198.51.100.5"]
    assert one(asff(Action={}, Network=alone, Resources=[]))["addresses"] == []


def test_the_addresses_of_a_network_interface_are_our_own() -> None:
    interface = {
        "PublicIp": "54.239.0.81",
        "PrivateIpAddresses": [{"PrivateIpAddress": "11.0.0.4", "PrivateDnsName": "x"}],
        "IpV6Addresses": [{"IpV6Address": "2001:db8:1::4"}],
    }
    resources = [{"Type": "AwsEc2NetworkInterface", "Id": "eni", "Details": {"AwsEc2NetworkInterface": interface}}]
    for ours in ("54.239.0.81", "11.0.0.4"):
        body = asff(Action={}, Network=network(ours, "198.51.100.5"), Resources=resources)
        assert one(body)["addresses"] == ["198.51.100.5"]
    sixes = {"SourceIpV6": "2001:db8:9::1", "DestinationIpV6": "2001:db8:1::4"}
    assert one(asff(Action={}, Network=sixes, Resources=resources))["addresses"] == ["2001:db8:9::1"]


def test_our_own_addresses_are_never_the_other_side_whatever_a_finding_says() -> None:
    body = asff(Action={}, Network=network("54.239.0.80", "198.51.100.5", Direction="IN"))
    assert one(body)["addresses"] == []
    finding = guardduty()
    finding["service"]["action"]["networkConnectionAction"]["remoteIpDetails"]["ipAddressV4"] = "54.239.0.80"
    assert one(finding)["addresses"] == []


def test_a_guardduty_finding_in_security_hub_is_read_from_its_product_fields() -> None:
    event = one(hub(), firewalls={VPC: ARN})
    assert (event["addresses"], event["ports"]) == (["198.51.100.227"], [22])
    assert (event["severity"], event["firewall_arns"], event["actionable"]) == ("high", ARN, True)
    assert one(hub(), ends="local")["addresses"] == ["172.31.43.6"]
    outbound = {**HUB_FIELDS, f"{CONNECTION}/connectionDirection": "OUTBOUND"}
    assert one(hub(**outbound))["ports"] == [46717]
    six = {f"{CONNECTION}/remoteIpDetails/ipAddressV6": "2001:db8::5"}
    assert one(hub(**six))["addresses"] == ["2001:db8::5"]


CONNECTION = "aws/guardduty/service/action/networkConnectionAction"
PROBE = "aws/guardduty/service/action/portProbeAction/portProbeDetails"


@pytest.mark.parametrize("item", [".{}_", ":{}", ".{}"])
def test_port_probes_are_read_from_product_fields(item: str) -> None:
    fields = {}
    for number, (port, address) in enumerate((("22", "198.51.100.1"), ("3389", "198.51.100.2"))):
        path = f"{PROBE}{item.format(number)}"
        fields[f"{path}/localPortDetails/port"] = port
        fields[f"{path}/localPortDetails/portName"] = "SSH"
        fields[f"{path}/localIpDetails/ipAddressV4"] = "172.31.43.6"
        fields[f"{path}/remoteIpDetails/ipAddressV4"] = address
        fields[f"{path}/remoteIpDetails/country/countryName"] = "Anywhere"
    event = one(hub(**fields))
    assert (event["addresses"], event["ports"]) == (["198.51.100.1", "198.51.100.2"], [22, 3389])


def test_product_fields_of_api_calls_are_not_read() -> None:
    fields = {"aws/guardduty/service/action/awsApiCallAction/remoteIpDetails/ipAddressV4": "198.51.100.9"}
    assert one(hub(**fields))["addresses"] == []


@pytest.mark.parametrize("value", ["", "22 ", "-22", "1e1", "٢٢", "99999", "9" * 5000, 10**400, 65536, True, None])
def test_what_is_no_port_is_none(value: Any) -> None:
    fields = {**HUB_FIELDS, f"{CONNECTION}/localPortDetails/port": value}
    assert one(hub(**fields))["ports"] == []


def test_the_local_end_of_an_instance_has_its_ipv6_addresses_and_not_those_of_others() -> None:
    finding = guardduty()
    del finding["service"]["action"]["networkConnectionAction"]["localIpDetails"]
    (interface,) = finding["resource"]["instanceDetails"]["networkInterfaces"]
    interface["ipv6Addresses"] = ["2001:db8:1::17"]
    interface["privateIpAddresses"].append({"privateIpAddress": "10.0.3.99"})
    assert one(finding, ends="local")["addresses"] == ["10.0.3.17", "2001:db8:1::17"]


def attack(**members: Any) -> dict[str, Any]:
    sequence = {**copy.deepcopy(SEQUENCE), **members}
    service = {"serviceName": "guardduty", "detection": {"sequence": sequence}, "archived": False}
    resource = {"resourceType": "AttackSequence"}
    return guardduty(type="AttackSequence:EC2/CompromisedInstanceGroup", severity=9, resource=resource, service=service)


def test_of_an_attack_sequence_the_endpoints_of_flows_are_taken() -> None:
    event = one(attack(), firewalls={VPC: ARN})
    assert (event["addresses"], event["ports"]) == (["198.51.100.31", "198.51.100.32"], [443])
    assert (event["severity"], event["firewall_arns"], event["actionable"]) == ("critical", ARN, True)
    assert one(attack(), ends="local")["addresses"] == ["54.239.0.80"]
    # Nothing says of these that they are an API's.
    assert "198.51.100.33" in one(attack(signals=[]))["addresses"]


def test_an_attack_sequence_in_security_hub_is_read_too() -> None:
    sequence = pascal({name: SEQUENCE[name] for name in ("uid", "endpoints", "signals")})
    event = one(asff(Action={}, ProductFields={}, Detection={"Sequence": sequence}))
    assert (event["addresses"], event["ports"]) == (["198.51.100.31", "198.51.100.32"], [443])


def evidence(source: str, destination: str, **members: Any) -> dict[str, Any]:
    return {"src_endpoint": {"ip": source}, "dst_endpoint": {"ip": destination, "port": 22}, **members}


def test_security_hub_s_api_knows_the_members_that_are_read() -> None:
    model = botocore.session.get_session().get_service_model("securityhub")
    known = {name for kind in ("Ip", "String", "Number") for name in model.shape_for(f"Ocsf{kind}Field").enum}
    assert known >= {
        "cloud.account.uid",
        "cloud.region",
        "evidences.connection_info.direction",
        "evidences.dst_endpoint.ip",
        "evidences.dst_endpoint.port",
        "evidences.src_endpoint.ip",
        "finding_info.types",
        "metadata.uid",
        "resources.uid",
        "resources.vpc_uid",
        "severity",
        "severity_id",
        "status",
        "status_id",
    }


@pytest.mark.parametrize(
    ("connection", "expected"),
    [
        ({"direction_id": 1}, ["198.51.100.1"]),
        ({"direction": "Inbound", "direction_id": 99}, ["198.51.100.1"]),
        ({"direction": "Outbound"}, ["203.0.113.2"]),
        ({}, []),
        ({"direction": "Lateral", "direction_id": 3}, []),
    ],
)
def test_an_ocsf_connection_has_a_direction(connection: dict[str, Any], expected: list[str]) -> None:
    body = ocsf(evidences=[evidence("198.51.100.1", "203.0.113.2", connection_info=connection)])
    assert one(body)["addresses"] == expected


def test_ocsf_without_a_direction_takes_the_end_that_is_not_ours() -> None:
    evidences = [evidence("198.51.100.1", "10.0.0.1"), evidence("54.239.0.80", "203.0.113.2")]
    resources = [{"uid": "x", "device": {"network_interfaces": [{"ip": "54.239.0.80"}]}}]
    event = one(ocsf(evidences=evidences, resources=resources))
    assert (event["addresses"], event["ports"]) == (["198.51.100.1", "203.0.113.2"], [22])


def test_the_source_of_an_api_call_in_ocsf_is_no_end_of_a_flow() -> None:
    call = {"api": {"operation": "ListBuckets"}, "src_endpoint": {"ip": "198.51.100.9"}}
    assert one(ocsf(evidences=[call]))["addresses"] == []


@pytest.mark.parametrize(
    ("members", "severity"),
    [
        ({"severity_id": 1}, "informational"),
        ({"severity_id": 5}, "critical"),
        ({"severity_id": 6, "severity": "Fatal"}, "critical"),
        ({"severity_id": 0, "severity": "High"}, "high"),
        ({"severity_id": None, "severity": "Fatal"}, "critical"),
        ({"severity_id": None, "severity": "{{ 7 * 7 }}"}, "informational"),
        ({"severity_id": 10**400, "severity": ["High"]}, "informational"),
    ],
)
def test_ocsf_s_severity_is_a_word(members: dict[str, Any], severity: str) -> None:
    assert one(ocsf(**members))["severity"] == severity


@pytest.mark.parametrize(
    "finding_type",
    [
        "Backdoor:EC2/C&CActivity.B",
        "Trojan:EC2/DGADomainRequest.C!DNS",
        "TTPs/Command and Control/Backdoor:EC2-C&CActivity.B",
        "TTPs/Initial Access/UnauthorizedAccess:EC2-SSHBruteForce",
    ],
)
def test_the_types_of_aws_come_out(finding_type: str) -> None:
    assert one(guardduty(type=finding_type))["finding_type"] == finding_type
    assert one(asff(Types=[finding_type, "Other/x"]))["finding_type"] == finding_type
    assert one(ocsf(finding_info={"types": [finding_type]}))["finding_type"] == finding_type


@pytest.mark.parametrize("finding_type", ["", "{{ x }}", "{% x %}", "a\nb", "x" * 513, "50%", "a'b", 'a"b', "a;b", "ä"])
def test_what_is_no_type_does_not_come_out(finding_type: str) -> None:
    assert one(guardduty(type=finding_type))["finding_type"] == ""


@pytest.mark.parametrize(
    "number", [10**400, -(10**400), 1e308, float("inf"), float("-inf"), float("nan"), 11, -1, True]
)
def test_a_number_that_is_no_severity_ends_nothing(number: float) -> None:
    assert one(guardduty(severity=number))["severity"] == "informational"
    number = number if number != 11 else 101
    assert one(asff(Severity={"Normalized": number}))["severity"] == "informational"


def test_a_finding_that_cannot_be_read_costs_the_others_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole: Callable[..., Any] = filter_module["_of_action"]

    def of_action(action: dict[str, Any]) -> Any:
        if "bad" in action:
            raise OverflowError("{{ text of the message }}")
        return whole(action)

    monkeypatch.setitem(main.__globals__, "_of_action", of_action)
    events = main({"body": {"findings": [asff(Action={"bad": {}}), {"hello": 1}, ASFF]}})
    assert [event.get("problem") for event in events] == [
        "A finding could not be read (OverflowError).",
        NO_FINDING,
        None,
    ]
    assert [event["actionable"] for event in events] == [False, False, True]


def test_a_message_that_cannot_be_taken_apart_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def findings_in(_event: Any) -> Any:
        yield ASFF
        raise KeyError("{{ text of the message }}")

    monkeypatch.setitem(main.__globals__, "findings_in", findings_in)
    found, problem = main({"body": {}})
    assert found["actionable"] is True
    assert (problem["problem"], problem["actionable"]) == ("A finding could not be read (KeyError).", False)


def test_a_finding_deeper_than_python_goes_costs_the_others_nothing() -> None:
    deep: Any = {}
    for _level in range(100_000):
        deep = {"x": deep}
    events = main({"body": {"findings": [asff(Action=deep), ASFF]}})
    assert [event["actionable"] for event in events] == [False, True]
    assert events[0]["problem"] == "A finding could not be read (RecursionError)."


def test_the_rulebook_limits_the_job_by_the_firewall_s_arn_alone() -> None:
    (rulebook,) = yaml.safe_load((ROOT / "extensions" / "eda" / "rulebooks" / "isolate.yml").read_text("utf-8"))
    launch, *others = rulebook["rules"]
    arguments = launch["action"]["run_job_template"]["job_args"]
    assert set(arguments) == {"extra_vars"}
    assert arguments["extra_vars"]["flowops_firewall_arns"] == "{{ event.firewall_arns }}"
    assert set(launch["throttle"]["group_by_attributes"]) == {"event.addresses_text", "event.firewall_arns"}
    assert all(set(rule["action"]) == {"debug"} for rule in others)


def test_the_rulebook_answers_the_survey_of_the_template_and_says_nothing_else() -> None:
    (rulebook,) = yaml.safe_load((ROOT / "extensions" / "eda" / "rulebooks" / "isolate.yml").read_text("utf-8"))
    launch = rulebook["rules"][0]["action"]["run_job_template"]
    text = (ROOT / "playbooks" / "vars" / "awx.yml").read_text(encoding="utf-8").replace("!unsafe ", "")
    (template,) = [
        item for item in yaml.safe_load(text)["flowops_awx_templates"] if f"'{item['name']}'" in launch["name"]
    ]
    asked = {question["variable"]: question["required"] for question in template["survey"]}
    given = set(launch["job_args"]["extra_vars"])
    # A controller leaves out what is not asked for, and refuses the launch without what it has to be told.
    assert given <= set(asked)
    assert {name for name, required in asked.items() if required} <= given


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
        asff(ProductFields={"aws/guardduty/service/archived": "true"}),
        ocsf(status_id=3),
        ocsf(status="Resolved", status_id=99),
        ocsf(finding_info={"title": "[SAMPLE] EC2 instance is communicating."}),
    ],
)
def test_samples_and_what_was_dealt_with_call_for_no_action(finding: dict[str, Any]) -> None:
    event = one(finding)
    assert event["addresses"] == ["198.51.100.23"]
    assert event["actionable"] is False
    assert event["reason"] in ("It is a sample.", "It was archived, suppressed or resolved.")


def guardduty_info(info: Any) -> dict[str, Any]:
    return guardduty(service={**GUARDDUTY["service"], "additionalInfo": info})


def product_field(name: str, value: str) -> dict[str, Any]:
    return asff(ProductFields={f"aws/guardduty/service/additionalInfo/{name}": value})


SAMPLES: dict[str, dict[str, Any]] = {
    "flag": guardduty_info({"sample": True}),
    "flag as text": guardduty_info({"sample": "true"}),
    "EventBridge": guardduty_info({"value": '{"threatName":"x","sample":true}', "type": "default"}),
    "EventBridge, a mapping": guardduty_info({"value": {"sample": True}}),
    "the whole as text": guardduty_info('{"sample": true}'),
    "API": {"Findings": [pascal(guardduty_info({"value": '{"sample":true}', "type": "default"}))]},
    "API, all capitals": {"Findings": [pascal(guardduty_info({"value": '{"Sample":"TRUE"}'}))]},
    "title": guardduty(title="[SAMPLE] Command and control"),
    "title of the API": {"Findings": [pascal(guardduty(title="[Sample] Command and control"))]},
    "ASFF": product_field("sample", "true"),
    "ASFF, capitals": product_field("Sample", "True"),
    "ASFF, value": product_field("value", '{"sample":true}'),
    "ASFF, member": asff(Sample=True),
    "ASFF, title": asff(Title="[SAMPLE] Command and control"),
    "OCSF, title": ocsf(finding_info={**OCSF["finding_info"], "title": "[SAMPLE] Command and control"}),
    "OCSF, unmapped": ocsf(unmapped={"service": {"additionalInfo": {"sample": True}}}),
    "OCSF, unmapped capitals": ocsf(unmapped={"Service": {"AdditionalInfo": {"Value": '{"Sample": true}'}}}),
    "OCSF, path": ocsf(unmapped={"service.additionalInfo.sample": "true"}),
}


@pytest.mark.parametrize("body", SAMPLES.values(), ids=list(SAMPLES))
def test_a_sample_is_known_in_each_form(body: dict[str, Any]) -> None:
    event = one(body)
    assert (event["sample"], event["actionable"], event["reason"]) == (True, False, "It is a sample.")


NO_SAMPLES: dict[str, dict[str, Any]] = {
    "flag": guardduty_info({"sample": False}),
    "EventBridge": guardduty_info({"value": '{"threatName":"x","sample":false}', "type": "default"}),
    "EventBridge, another member": guardduty_info({"value": '{"portsScannedSample":[1]}'}),
    "another text": guardduty_info({"value": "default"}),
    "a list": guardduty_info({"value": "[1]"}),
    "null": guardduty_info({"sample": None, "value": None}),
    "ASFF": product_field("sample", "false"),
    "OCSF": ocsf(unmapped={"service": {"additionalInfo": {"sample": False}}}),
    "a title that only speaks of it": guardduty(title="Reading a [SAMPLE] of traffic"),
}


@pytest.mark.parametrize("body", NO_SAMPLES.values(), ids=list(NO_SAMPLES))
def test_what_is_no_sample_is_acted_on(body: dict[str, Any]) -> None:
    event = one(body)
    assert (event["sample"], event["actionable"], event["reason"]) == (False, True, "")


UNREADABLE: dict[str, dict[str, Any]] = {
    "cut off": guardduty_info({"value": '{"threatName":"x","sam'}),
    "no JSON": guardduty_info({"value": "sample=true"}),
    "a word": guardduty_info({"sample": "perhaps"}),
    "a number": guardduty_info({"sample": 7}),
    "ASFF": product_field("value", "{sample:true}"),
    "OCSF": ocsf(unmapped={"service": {"additionalInfo": "{"}}),
    "too deep": guardduty_info({"value": "[" * 100_000 + '"sample"' + "]" * 100_000}),
}


@pytest.mark.parametrize("body", UNREADABLE.values(), ids=list(UNREADABLE))
def test_a_flag_that_cannot_be_read_is_not_acted_on_and_told(body: dict[str, Any]) -> None:
    event = one(body)
    assert (event["sample"], event["actionable"]) == (True, False)
    assert event["reason"] == "Whether it is a sample cannot be read."


def test_the_local_end_of_one_part_of_a_finding_is_never_the_remote_of_another() -> None:
    own = {"ipAddressV4": "203.0.113.5"}
    probe = {"localIpDetails": {"ipAddressV4": "198.51.100.23"}, "remoteIpDetails": own}
    action = {**GUARDDUTY["service"]["action"], "portProbeAction": {"portProbeDetails": [probe]}}
    event = one(guardduty(service={**GUARDDUTY["service"], "action": action}))
    assert event["addresses"] == ["203.0.113.5"]


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
    other = asff(Id=evil, Types=[evil], Region=evil, AwsAccountId=evil, Title=evil, Resources=[{"Id": f"{ARN}{evil}"}])
    assert "{{" not in json.dumps(main({"body": other}))
    info = {"title": evil, "types": [evil], "uid": evil}
    text = json.dumps(main({"body": ocsf(finding_info=info, metadata={"uid": evil}, severity=evil, cloud=evil)}))
    assert "{{" not in text


@pytest.mark.parametrize(
    "body",
    [None, "text", 7, [], {}, {"detail": "text"}, {"Message": "{"}, {"Message": "[" * 100_000}, {"findings": [1]}],
)
def test_what_is_no_finding_is_said_to_be_none(body: Any) -> None:
    event = one(body)
    assert event["problem"] == NO_FINDING
    assert (event["addresses"], event["actionable"]) == ([], False)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3),
    max_leaves=10,
)


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *[path for key, child in items for path in paths(child, (*here, key))]]


@pytest.mark.long
@settings(max_examples=cases(50, 3000), deadline=None)
@given(
    finding=st.sampled_from([GUARDDUTY, ASFF, hub(), attack(), OCSF]),
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
        # Read, and not caught by the belt.
        assert event.get("problem", NO_FINDING) == NO_FINDING
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
