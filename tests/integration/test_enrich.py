# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.expectations import EVERY_FLOW, assert_sentence
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import FirewallRunner, fact
from ansible_collections.flowops.aws.tests.integration.harness.runner import PlaybookRunner, Run

ZONE = "us-east-1a"
# The Name tag of an instance, which anybody in the account may set.
HOSTILE = "=1+1 {{ 7*7 }} <b>"
FLOWS = [
    ("10.77.3.17", "198.51.100.7", 23),
    ("fd00:77::5", "2001:db8:bad::1", 23),
    ("10.77.3.18", "10.77.3.99", 23),
    ("10.77.3.66", "198.51.100.9", 23),
    ("10.77.3.20", "198.51.100.9", 443),
]
POLICY = {"rules": [{"name": "no-telnet", "action": "deny", "destination_port": [23]}]}
PLAYBOOK = """
- name: Enrich
  hosts: localhost
  gather_facts: false
  module_defaults:
    group/flowops.aws.aws: {endpoint_url: "{{ endpoint_url }}", region: "{{ region }}"}
    flowops.aws.networkfirewall_flow_audit:
      firewall_arn: "{{ firewall_arn }}"
      operations: "{{ operations }}"
      policy: "{{ policy }}"
  tasks:
    - name: Audit with names
      flowops.aws.networkfirewall_flow_audit:
        enrich: true
        dest: "{{ output_dir }}/flows.jsonl"

    - name: Audit without names
      flowops.aws.networkfirewall_flow_audit:

    - name: Audit a file with names
      flowops.aws.networkfirewall_flow_audit:
        firewall_arn: "{{ omit }}"
        operations: "{{ omit }}"
        src: "{{ output_dir }}/flows.jsonl"
        enrich: true
      ignore_errors: true
"""


def flow(number: int, source: str, destination: str, port: int) -> dict[str, Any]:
    return {
        "source_address": source,
        "source_port": 40000 + number,
        "destination_address": destination,
        "destination_port": port,
        "protocol": "tcp",
        "age": 500,
        "packet_count": 10,
        "byte_count": 1000 + number,
    }


@pytest.fixture(scope="module")
def arn(control: Control) -> str:
    flows = [flow(number, *item) for number, item in enumerate(FLOWS)]
    arn: str = control.add_firewall("named", flows={ZONE: flows})["arn"]
    return arn


@pytest.fixture(scope="module")
def network(client: Callable[..., Any]) -> dict[str, Any]:
    """A VPC with instances and interfaces that have the addresses of the flows, made with plain boto3."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.3.0/24", AvailabilityZone=ZONE)["Subnet"]["SubnetId"]
    made: dict[str, Any] = {"vpc_id": vpc, "subnet_id": subnet}
    for address, name in (("10.77.3.17", "web-7"), ("10.77.3.18", HOSTILE)):
        answer = ec2.run_instances(
            ImageId="ami-12345678",
            MinCount=1,
            MaxCount=1,
            SubnetId=subnet,
            PrivateIpAddress=address,
            TagSpecifications=[{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": name}]}],
        )
        made[address] = answer["Instances"][0]["InstanceId"]
    answer = ec2.create_network_interface(
        SubnetId=subnet,
        PrivateIpAddress="10.77.3.20",
        Ipv6Addresses=[{"Ipv6Address": "fd00:77::5"}],
        Description="ELB app/front",
    )
    made["10.77.3.20"] = made["fd00:77::5"] = answer["NetworkInterface"]["NetworkInterfaceId"]
    for _vpc in range(2):
        other = ec2.create_vpc(CidrBlock="10.77.0.0/16")["Vpc"]["VpcId"]
        elsewhere = ec2.create_subnet(VpcId=other, CidrBlock="10.77.3.0/24", AvailabilityZone=ZONE)["Subnet"]
        ec2.create_network_interface(SubnetId=elsewhere["SubnetId"], PrivateIpAddress="10.77.3.66")
    return made


@pytest.fixture(scope="module")
def run(run_playbook: PlaybookRunner, control: Control, aws: Any, arn: str, network: dict[str, Any]) -> Run:
    control.settings(duration=0)
    answer = aws.start_flow_capture(FirewallArn=arn, AvailabilityZone=ZONE, FlowFilters=EVERY_FLOW)
    operation = {"availability_zone": ZONE, "flow_operation_id": answer["FlowOperationId"]}
    return run_playbook(PLAYBOOK, {"firewall_arn": arn, "operations": [operation], "policy": POLICY})


def test_the_private_addresses_of_findings_and_talkers_are_told(run: Run, network: dict[str, Any]) -> None:
    assert run.rc == 0, run.explain()
    found = run["Audit with names"]["addresses"]
    where = {"vpc_id": network["vpc_id"], "subnet_id": network["subnet_id"], "availability_zone": ZONE}
    balancer = {"network_interface_id": network["10.77.3.20"], "name": "ELB app/front", **where}
    # 10.77.3.99 is nobody's, and the public addresses are not looked up.
    assert {
        address: {
            key: value for key, value in item.items() if key != "network_interface_id" or "instance_id" not in item
        }
        for address, item in found.items()
    } == {
        "10.77.3.17": {"instance_id": network["10.77.3.17"], "name": "web-7", **where},
        "10.77.3.18": {"instance_id": network["10.77.3.18"], "name": HOSTILE, **where},
        "fd00:77::5": balancer,
        "10.77.3.20": balancer,
        "10.77.3.66": {"ambiguous": True},
    }
    assert all(item["network_interface_id"].startswith("eni-") for item in found.values() if "ambiguous" not in item)
    assert "49 <b>" not in run.output


def test_nothing_is_looked_up_unasked(run: Run, control: Control) -> None:
    assert "addresses" not in run["Audit without names"]
    # One call for IPv4 and one for IPv6, one for the names of both instances.
    counts = control.calls()["counts"]
    assert (counts["DescribeNetworkInterfaces"], counts["DescribeInstances"], counts["DescribeFirewall"]) == (2, 1, 1)


def test_names_for_a_file_are_refused(run: Run) -> None:
    refused = run.recorded("Audit a file with names")
    assert refused.status == "failed"
    assert_sentence(refused.result["msg"], ["src", "enrich"])


@pytest.fixture(scope="module")
def audits(
    emulator: Emulator, control: Control, run: Run, arn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Run]]:
    """Run the role flow_audit: with the permission, and without it."""
    runner = FirewallRunner(tmp_path_factory.mktemp("runs"), emulator.url)
    common = {
        "flow_audit_policy": POLICY,
        "flow_audit_enrich": True,
        "flow_audit_reports": ["html", "markdown", "json", "csv"],
    }
    found = {}
    for name in ("allowed", "refused"):
        folder = str(tmp_path_factory.mktemp(name))
        host = {"firewall_arn": arn, "flow_audit_report_dir": folder}
        if name == "refused":
            control.add_fault("access_denied", "DescribeNetworkInterfaces")
        found[name] = runner("flowops.aws.audit", {"named": host}, common)
    control.clear_faults()
    yield found


def report_of(audits: dict[str, Run], name: str, report_format: str) -> Path:
    reports = fact(audits[name], "named", "flow_audit_result")["reports"]
    return next(Path(report["dest"]) for report in reports if report["format"] == report_format)


def test_the_role_passes_the_names_on_to_every_report(
    audits: dict[str, Run], run: Run, network: dict[str, Any]
) -> None:
    assert audits["allowed"].rc == 0, audits["allowed"].explain()
    result = fact(audits["allowed"], "named", "flow_audit_result")
    assert result["addresses"] == run["Audit with names"]["addresses"]
    label = f"web-7 ({network['10.77.3.17']})"
    assert f'<bdi class="who">{label}</bdi>' in report_of(audits, "allowed", "html").read_text(encoding="utf-8")
    assert f"10.77.3.17:40000 {label} |" in report_of(audits, "allowed", "markdown").read_text(encoding="utf-8")
    document = json.loads(report_of(audits, "allowed", "json").read_text(encoding="utf-8"))
    assert document["addresses"] == result["addresses"]
    with report_of(audits, "allowed", "csv").open(encoding="utf-8", newline="") as file:
        names = {row["source_address"]: (row["source_name"], row["destination_name"]) for row in csv.DictReader(file)}
    assert names == {
        "10.77.3.17": (label, ""),
        "10.77.3.18": (f"'{HOSTILE} ({network['10.77.3.18']})", ""),
        "fd00:77::5": (f"ELB app/front ({network['fd00:77::5']})", ""),
        "10.77.3.66": ("(ambiguous)", ""),
    }


def test_a_missing_permission_is_one_warning_and_the_audit_goes_on(audits: dict[str, Run]) -> None:
    refused = audits["refused"]
    assert refused.rc == 0, refused.explain()
    (warning,) = refused["Judge the flows"]["warnings"]
    assert_sentence(
        warning, ["enrich", "UnauthorizedOperation", "ec2:DescribeNetworkInterfaces", "ec2:DescribeInstances"]
    )
    result = fact(refused, "named", "flow_audit_result")
    assert (result["verdict"], result["findings_total"], result["addresses"]) == ("noncompliant", 4, {})
    assert "10.77.3.17:40000" in report_of(audits, "refused", "html").read_text(encoding="utf-8")
