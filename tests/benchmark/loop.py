# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plain boto3 loop that an audit is measured against: loop.py URL FIREWALL_ARN FLOW_OPERATION_ID."""

from __future__ import annotations

import sys

import boto3


def main(url: str, arn: str, flow_operation_id: str) -> None:
    """Print the number of flows of a flow operation."""
    client = boto3.client("network-firewall", region_name="us-east-1", endpoint_url=url)
    pages = client.get_paginator("list_flow_operation_results").paginate(
        FirewallArn=arn, FlowOperationId=flow_operation_id
    )
    print(sum(len(page["Flows"]) for page in pages))


if __name__ == "__main__":
    main(*sys.argv[1:])
