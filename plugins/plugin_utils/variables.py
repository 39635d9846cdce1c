# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables whose names begin like a role's options and are none: a guard that was mistyped guards nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

from ..module_utils.errors import FlowOpsError

# What jobs hand on under a role's prefix, beside PREFIX_result and PREFIX_of_FIREWALL.
_HANDED_ON = frozenset({"flow_audit_live", "flow_summary_approved"})
# What our playbooks look at, and no role's argument spec has.
OF_PLAYBOOKS = frozenset(
    {
        *("flowops_absent", "flowops_alive", "flowops_approved", "flowops_approved_hash", "flowops_approved_plans"),
        *("flowops_availability_zones", "flowops_execution_ids", "flowops_fetched", "flowops_firewall_arns"),
        *("flowops_folder", "flowops_handed_on", "flowops_here", "flowops_hosts", "flowops_limit"),
        *("flowops_own_connection", "flowops_plan_object", "flowops_policy_file", "flowops_summary_bucket"),
    }
)


def check_names(names: Iterable[str], prefix: str, known: Collection[str]) -> None:
    """Raise FlowOpsError when one of the names begins with prefix (such as flow_audit_) and is not known."""
    own = (f"{prefix}_", f"{prefix}of_")
    unknown = sorted(
        name
        for name in names
        if name.startswith(prefix)
        and not name.startswith(own)
        and name != f"{prefix}result"
        and name not in known
        and name not in _HANDED_ON
    )
    if unknown:
        told = " ".join(_told(name, prefix, known) for name in unknown[:5])
        more = f" {len(unknown) - 5} more are unknown." if len(unknown) > 5 else ""
        raise FlowOpsError(f"{told}{more} Nothing was asked of AWS.")


def _told(name: str, prefix: str, known: Collection[str]) -> str:
    # All of them begin alike; how near they are is in the rest.
    rests = sorted(item.removeprefix(prefix) for item in known)
    near = get_close_matches(name.removeprefix(prefix), rests, n=1)
    meant = f"; did you mean {prefix}{near[0]}?" if near else f", though it begins with {prefix}."
    return f"{name}: there is no such variable{meant}"
