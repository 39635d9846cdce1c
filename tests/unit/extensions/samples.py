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


def guardduty(**members: Any) -> dict[str, Any]:
    """Return a GuardDuty finding with other members on top."""
    return {**copy.deepcopy(GUARDDUTY), **members}


def asff(**members: Any) -> dict[str, Any]:
    """Return a Security Hub finding with other members on top."""
    return {**copy.deepcopy(ASFF), **members}


def envelope(detail: dict[str, Any]) -> dict[str, Any]:
    """Return what EventBridge sends for a GuardDuty finding, or for Security Hub's when detail holds findings."""
    hub = "findings" in detail
    return {
        "version": "0",
        "id": "cd2d702e-ab31-411b-9344-793ce56b1bc7",
        "detail-type": "Security Hub Findings - Imported" if hub else "GuardDuty Finding",
        "source": "aws.securityhub" if hub else "aws.guardduty",
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
