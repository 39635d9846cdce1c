# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables whose names begin like a role's options and are none: a guard that was mistyped guards nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
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
        *("flowops_own_connection", "flowops_plan_object", "flowops_policy_file", "flowops_s3_connection"),
        *("flowops_summary_bucket",),
        *("flowops_awx_approval_timeout", "flowops_awx_folder", "flowops_awx_forks", "flowops_awx_galaxy_credentials"),
        *("flowops_awx_image", "flowops_awx_inputs", "flowops_awx_key", "flowops_awx_modules", "flowops_awx_names"),
        *("flowops_awx_nightly", "flowops_awx_organization", "flowops_awx_project", "flowops_awx_region"),
        *("flowops_awx_s3_bucket", "flowops_awx_schedules", "flowops_awx_scm_branch", "flowops_awx_scm_url"),
        *("flowops_awx_slices", "flowops_awx_templates", "flowops_awx_token", "flowops_awx_update_secrets"),
        *("flowops_awx_workflows",),
    }
)


def check_names(names: Iterable[str], known: Mapping[str, Collection[str]]) -> None:
    """Raise FlowOpsError when one of the names begins with a prefix (such as flow_audit_) and is none of its known."""
    there = list(names)
    told = [
        _told(name, prefix, options) for prefix, options in known.items() for name in _unknown(there, prefix, options)
    ]
    if told:
        more = f" {len(told) - 5} more are unknown." if len(told) > 5 else ""
        raise FlowOpsError(f"{' '.join(told[:5])}{more} Nothing was asked of AWS.")


def _unknown(names: Iterable[str], prefix: str, known: Collection[str]) -> list[str]:
    own = (f"{prefix}_", f"{prefix}of_")
    return sorted(
        name
        for name in names
        if name.startswith(prefix)
        and not name.startswith(own)
        and name != f"{prefix}result"
        and name not in known
        and name not in _HANDED_ON
    )


def _told(name: str, prefix: str, known: Collection[str]) -> str:
    # All of them begin alike; how near they are is in the rest.
    rests = sorted(item.removeprefix(prefix) for item in known)
    near = get_close_matches(name.removeprefix(prefix), rests, n=1)
    meant = f"; did you mean {prefix}{near[0]}?" if near else f", though it begins with {prefix}."
    return f"{name}: there is no such variable{meant}"
