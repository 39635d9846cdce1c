# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.flowops.aws.plugins.module_utils.firewalls.variables import Record

ACCOUNT, OTHER = "111122223333", "444455556666"


def record(name: str = "egress", region: str = "us-east-1", account: str = ACCOUNT, **more: Any) -> Record:
    """Return the variables of a firewall with two zones."""
    return {
        "firewall_arn": f"arn:aws:network-firewall:{region}:{account}:firewall/{name}",
        "firewall_name": name,
        "region": region,
        "account_id": account,
        "vpc_id": "vpc-0a",
        "availability_zones": [f"{region}a", f"{region}b"],
        "status": "READY",
        "sync_state": "IN_SYNC",
        "tags": {},
        **more,
    }
