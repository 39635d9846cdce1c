# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The boto3 script that the audit of a fleet is measured against, one call after another: sequential.py URL PREFIX."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import boto3

# What the policy of the fleet denies.
DENIED_PORTS = {"23", "3389"}


def main(url: str, prefix: str) -> None:
    """Print how many flows and findings each firewall has whose name begins with a prefix, as JSON."""
    client = boto3.client("network-firewall", region_name="us-east-1", endpoint_url=url)
    found = {}
    for page in client.get_paginator("list_firewalls").paginate():
        for firewall in page["Firewalls"]:
            if firewall["FirewallName"].startswith(prefix):
                found[firewall["FirewallName"]] = audit(client, firewall["FirewallArn"])
    print(json.dumps(found))


def audit(client: Any, arn: str) -> tuple[int, int]:
    """Capture the flows of a firewall and return how many they are and how many of them are findings."""
    flow_count = finding_count = 0
    zones = client.describe_firewall(FirewallArn=arn)["FirewallStatus"]["SyncStates"]
    for zone in zones:
        where = {"FirewallArn": arn, "AvailabilityZone": zone}
        every = [{"SourceAddress": {"AddressDefinition": any_address}} for any_address in ("0.0.0.0/0", "::/0")]
        where["FlowOperationId"] = client.start_flow_capture(**where, FlowFilters=every)["FlowOperationId"]
        while client.describe_flow_operation(**where)["FlowOperationStatus"] == "IN_PROGRESS":
            time.sleep(1)
        for page in client.get_paginator("list_flow_operation_results").paginate(**where):
            flow_count += len(page["Flows"])
            finding_count += sum(
                flow["Protocol"] == "6" and flow["DestinationPort"] in DENIED_PORTS for flow in page["Flows"]
            )
    return flow_count, finding_count


if __name__ == "__main__":
    main(*sys.argv[1:])
