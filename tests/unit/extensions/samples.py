# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings in the formats that AWS documents: GuardDuty and Security Hub through EventBridge."""

from __future__ import annotations

import copy
import json
from typing import Any

VPC = "vpc-0123456789abcdef0"
ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"

GUARDDUTY: dict[str, Any] = {
    "schemaVersion": "2.0",
    "accountId": "123456789012",
    "region": "us-east-1",
    "partition": "aws",
    "id": "16afba5c5c43e07c9e3e5e2e544e95df",
    "arn": "arn:aws:guardduty:us-east-1:123456789012:detector/12abc34d/finding/16afba5c",
    "type": "Backdoor:EC2/C&CActivity.B",
    "resource": {
        "resourceType": "Instance",
        "instanceDetails": {
            "instanceId": "i-0123456789abcdef0",
            "instanceType": "m6i.xlarge",
            "availabilityZone": "us-east-1a",
            "networkInterfaces": [
                {
                    "networkInterfaceId": "eni-0abcdef1234567890",
                    "privateIpAddress": "10.0.3.17",
                    "privateIpAddresses": [{"privateIpAddress": "10.0.3.17"}],
                    "ipv6Addresses": [],
                    "publicIp": "54.239.0.80",
                    "subnetId": "subnet-0123456789abcdef0",
                    "vpcId": VPC,
                }
            ],
        },
    },
    "service": {
        "serviceName": "guardduty",
        "detectorId": "12abc34d567e8fa901bc2d34e56789f0",
        "action": {
            "actionType": "NETWORK_CONNECTION",
            "networkConnectionAction": {
                "connectionDirection": "OUTBOUND",
                "localIpDetails": {"ipAddressV4": "10.0.3.17"},
                "localPortDetails": {"port": 39677, "portName": "Unknown"},
                "protocol": "TCP",
                "blocked": False,
                "remoteIpDetails": {
                    "ipAddressV4": "198.51.100.23",
                    "country": {"countryName": "GeneratedFindingCountryName"},
                },
                "remotePortDetails": {"port": 443, "portName": "HTTPS"},
            },
        },
        "resourceRole": "ACTOR",
        "additionalInfo": {"threatName": "GeneratedFindingThreatName"},
        "eventFirstSeen": "2026-11-21T09:00:00.000Z",
        "eventLastSeen": "2026-11-21T10:00:00.000Z",
        "archived": False,
        "count": 2,
    },
    "severity": 8,
    "createdAt": "2026-11-21T10:01:00.000Z",
    "updatedAt": "2026-11-21T10:01:00.000Z",
    "title": "EC2 instance i-0123456789abcdef0 is communicating with a command and control server.",
}

# What Security Hub makes of such a finding.
ASFF: dict[str, Any] = {
    "SchemaVersion": "2018-10-08",
    "Id": "arn:aws:guardduty:us-east-1:123456789012:detector/12ab/finding/16af",
    "ProductArn": "arn:aws:securityhub:us-east-1::product/aws/guardduty",
    "ProductName": "GuardDuty",
    "GeneratorId": "arn:aws:guardduty:us-east-1:123456789012:detector/12ab",
    "AwsAccountId": "123456789012",
    "Region": "us-east-1",
    "Types": ["TTPs/Command and Control/Backdoor:EC2-C&CActivity.B"],
    "CreatedAt": "2026-11-21T10:01:00.000Z",
    "UpdatedAt": "2026-11-21T10:01:00.000Z",
    "Severity": {"Product": 8, "Label": "HIGH", "Normalized": 70},
    "Title": "EC2 instance is communicating with a command and control server.",
    "Description": "It talks to 198.51.100.23.",
    "ProductFields": {"aws/guardduty/service/archived": "false"},
    "Resources": [
        {
            "Type": "AwsEc2Instance",
            "Id": "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0",
            "Partition": "aws",
            "Region": "us-east-1",
            "Details": {
                "AwsEc2Instance": {
                    "Type": "m6i.xlarge",
                    "IpV4Addresses": ["54.239.0.80", "10.0.3.17"],
                    "VpcId": VPC,
                    "SubnetId": "subnet-0123456789abcdef0",
                }
            },
        }
    ],
    "Action": {
        "ActionType": "NETWORK_CONNECTION",
        "NetworkConnectionAction": {
            "ConnectionDirection": "OUTBOUND",
            "RemoteIpDetails": {"IpAddressV4": "198.51.100.23"},
            "RemotePortDetails": {"Port": 443, "PortName": "HTTPS"},
            "LocalPortDetails": {"Port": 39677, "PortName": "Unknown"},
            "Protocol": "TCP",
            "Blocked": False,
        },
    },
    "WorkflowState": "NEW",
    "Workflow": {"Status": "NEW"},
    "RecordState": "ACTIVE",
}

_ACTION = "aws/guardduty/service/action"
_CONNECTION = f"{_ACTION}/networkConnectionAction"

# What GuardDuty's guide shows as a typical finding in Security Hub: neither Action nor Network.
HUB_FIELDS: dict[str, Any] = {
    f"{_ACTION}/actionType": "NETWORK_CONNECTION",
    f"{_CONNECTION}/blocked": "false",
    f"{_CONNECTION}/connectionDirection": "INBOUND",
    f"{_CONNECTION}/localIpDetails/ipAddressV4": "172.31.43.6",
    f"{_CONNECTION}/localPortDetails/port": "22",
    f"{_CONNECTION}/localPortDetails/portName": "SSH",
    f"{_CONNECTION}/protocol": "TCP",
    f"{_CONNECTION}/remoteIpDetails/city/cityName": "Anytown",
    f"{_CONNECTION}/remoteIpDetails/geoLocation/lat": "42.5122",
    f"{_CONNECTION}/remoteIpDetails/ipAddressV4": "198.51.100.227",
    f"{_CONNECTION}/remoteIpDetails/organization/asn": "209",
    f"{_CONNECTION}/remotePortDetails/port": "46717",
    f"{_CONNECTION}/remotePortDetails/portName": "Unknown",
    "aws/guardduty/service/additionalInfo": "",
    "aws/guardduty/service/archived": "false",
    "aws/guardduty/service/count": "74",
    "aws/guardduty/service/detectorId": "d4b040365221be2b54a6264dc9a4bc64",
    "aws/guardduty/service/evidence": "",
    "aws/guardduty/service/resourceRole": "TARGET",
    "aws/guardduty/service/serviceName": "guardduty",
    "aws/securityhub/CompanyName": "Amazon",
    "aws/securityhub/ProductName": "GuardDuty",
}

# An attack sequence: endpoints of network activity, of an API call, and the instance's own.
SEQUENCE: dict[str, Any] = {
    "uid": "sequence-1",
    "description": "A sequence of actions involving 3 signals",
    "resources": [
        {
            "uid": "arn:aws:ec2:us-east-1:123456789012:network-interface/eni-0abcdef1234567890",
            "resourceType": "EC2_NETWORK_INTERFACE",
            "data": {
                "ec2NetworkInterface": {
                    "ipv6Addresses": ["2001:db8:1::17"],
                    "privateIpAddresses": [{"privateIpAddress": "10.0.3.17"}, {"privateIpAddress": "10.0.3.18"}],
                    "publicIp": "54.239.0.80",
                    "subNetId": "subnet-0123456789abcdef0",
                    "vpcId": VPC,
                }
            },
        }
    ],
    "endpoints": [
        {"id": "e-1", "ip": "198.51.100.31", "port": 443, "connection": {"direction": "OUTBOUND"}},
        {"id": "e-2", "ip": "198.51.100.32", "port": 50123, "connection": {"direction": "INBOUND"}},
        {"id": "e-3", "ip": "198.51.100.33", "port": 0},
        {"id": "e-4", "ip": "54.239.0.80"},
        {"id": "e-5", "domain": "example.com"},
    ],
    "signals": [
        {"uid": "s-1", "type": "FLOW_LOGS", "endpointIds": ["e-1", "e-4"]},
        {"uid": "s-2", "type": "FINDING", "endpointIds": ["e-2", "e-5"]},
        {"uid": "s-3", "type": "CLOUD_TRAIL", "endpointIds": ["e-2", "e-3"]},
    ],
}

# What Security Hub sends since it has OCSF; the names are those that its API filters by.
OCSF: dict[str, Any] = {
    "activity_id": 1,
    "activity_name": "Create",
    "category_name": "Findings",
    "category_uid": 2,
    "class_name": "Detection Finding",
    "class_uid": 2004,
    "cloud": {"account": {"uid": "123456789012"}, "cloud_partition": "aws", "provider": "AWS", "region": "us-east-1"},
    "evidences": [
        {
            "connection_info": {"direction": "Outbound", "direction_id": 2, "protocol_name": "TCP"},
            "src_endpoint": {"ip": "10.0.3.17", "port": 39677},
            "dst_endpoint": {"ip": "198.51.100.23", "port": 443},
        }
    ],
    "finding_info": {
        "desc": "It talks to 198.51.100.23.",
        "title": "EC2 instance is communicating with a command and control server.",
        "types": ["Backdoor:EC2/C&CActivity.B"],
        "uid": "arn:aws:guardduty:us-east-1:123456789012:detector/12ab/finding/16af",
    },
    "metadata": {
        "product": {
            "name": "GuardDuty",
            "uid": "arn:aws:securityhub:us-east-1::productv2/aws/guardduty",
            "vendor_name": "AWS",
        },
        "uid": "0fb4f86bc5f0ad6ba5d7f1d4ad1ee3ea",
        "version": "1.6.0",
    },
    "resources": [
        {
            "cloud_partition": "aws",
            "region": "us-east-1",
            "type": "AWS::EC2::Instance",
            "uid": "arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0",
            "vpc_uid": VPC,
        }
    ],
    "severity": "High",
    "severity_id": 4,
    "status": "New",
    "status_id": 1,
    "time": 1795255260000,
    "type_uid": 200401,
}


def guardduty(**members: Any) -> dict[str, Any]:
    """Return a GuardDuty finding with other members on top."""
    return {**copy.deepcopy(GUARDDUTY), **members}


def asff(**members: Any) -> dict[str, Any]:
    """Return a Security Hub finding with other members on top."""
    return {**copy.deepcopy(ASFF), **members}


def hub(**fields: Any) -> dict[str, Any]:
    """Return the finding of GuardDuty's guide, with these ProductFields instead of its own if there are any."""
    finding = {name: value for name, value in copy.deepcopy(ASFF).items() if name != "Action"}
    details = {"IpV4Addresses": ["54.239.0.80", "172.31.43.6"], "VpcId": VPC}
    finding["Resources"][0]["Details"]["AwsEc2Instance"] = details
    return {**finding, "ProductFields": fields or dict(HUB_FIELDS)}


def ocsf(**members: Any) -> dict[str, Any]:
    """Return an OCSF finding with other members on top."""
    return {**copy.deepcopy(OCSF), **members}


def pascal(value: Any) -> Any:
    """Return a value with the names that SDKs give members: a capital at the beginning."""
    if isinstance(value, dict):
        return {name[:1].upper() + name[1:]: pascal(item) for name, item in value.items()}
    return [pascal(item) for item in value] if isinstance(value, list) else value


def envelope(detail: dict[str, Any]) -> dict[str, Any]:
    """Return what EventBridge sends for a GuardDuty finding, or for Security Hub's when detail holds findings."""
    kinds = ("Security Hub Findings - Imported", "aws.securityhub")
    if "findings" not in detail:
        kinds = ("GuardDuty Finding", "aws.guardduty")
    elif "class_uid" in detail["findings"][0]:
        kinds = ("Findings Imported V2", "aws.securityhub")
    return {
        "version": "0",
        "id": "cd2d702e-ab31-411b-9344-793ce56b1bc7",
        "detail-type": kinds[0],
        "source": kinds[1],
        "account": "123456789012",
        "time": "2026-11-21T10:01:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": detail,
    }


def notification(body: dict[str, Any]) -> dict[str, Any]:
    """Return what SNS puts on a queue without raw message delivery."""
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": "arn:aws:sns:us-east-1:123456789012:findings",
        "Message": json.dumps(body),
        "Timestamp": "2026-11-21T10:01:00.000Z",
    }
