# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guards of a remediation: what refuses to flush a firewall, and how much may be cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..module_utils.errors import counted as counted_as


@dataclass(frozen=True)
class Limits:
    """What a run may cut at most: flows, percent of the captured flows, seconds since the capture.

    is_given says whether somebody has said how many flows.
    """

    max_flows: int
    max_percent: float
    max_capture_age: int
    allow_partial: bool
    is_given: bool = True


@dataclass(frozen=True)
class Firewall:
    """What a flush would meet on a firewall, and what of it may be met all the same; the time-out is in seconds."""

    impact: Mapping[str, Any]
    sync_timeout: int
    allow_out_of_sync: bool
    allow_continue: bool
    allow_endpoint_associations: bool


def refused_by(firewall: Firewall, prefix: str = "flow_remediate_") -> list[str]:
    """Return what each guard says that refuses to flush this firewall, in the order in which they count."""
    seen, told = firewall.impact, []
    if not seen["in_sync"] and not firewall.allow_out_of_sync:
        told.append(
            f"The firewall is {seen['configuration_sync_state']}, not IN_SYNC, after {prefix}sync_timeout,"
            f" {firewall.sync_timeout} seconds. {seen['configuration_sync_state_effect']} Nothing was cut. Set"
            f" {prefix}allow_out_of_sync to go on all the same."
        )
    if seen["stream_exception_policy"] == "CONTINUE" and not firewall.allow_continue:
        told.append(
            "The stream exception policy of the firewall is CONTINUE."
            f" {seen['stream_exception_policy_effect']} Nothing was cut. Set {prefix}allow_continue to go on all the"
            " same."
        )
    shared, hidden = seen["vpc_endpoint_associations"], seen["hidden_association_count"]
    if (shared or hidden) and not firewall.allow_endpoint_associations:
        arns = ", ".join(item["vpc_endpoint_association_arn"] for item in shared) or "none of this account"
        told.append(
            f"Other VPC endpoints share the firewall, and flows through them may be cut too: {arns} and {hidden} of"
            " other accounts that cannot be seen from this one. Nothing was cut. Set"
            f" {prefix}allow_endpoint_associations to go on all the same."
        )
    return told


def refusals(run: Mapping[str, Any], limits: Limits, prefix: str = "flow_remediate_") -> list[str]:
    """Return what each guard that refuses says, in the order in which they count."""
    told = []
    if run["partial"] and not limits.allow_partial:
        told.append(
            "Flows may be missing from the capture that counted them, so that more than the"
            f" {run['flow_count']} counted may be cut; nothing was cut. Set {prefix}allow_partial to go on all the"
            " same."
        )
    if run["operations"] and (run["capture_age"] or 0) > limits.max_capture_age:
        told.append(
            f"The capture that the plan was made from is {run['capture_age']} seconds old, which is more than"
            f" {prefix}max_capture_age, {limits.max_capture_age} seconds; nothing was cut. Audit again, give"
            f" {prefix}policy so that the plan is proved on a fresh capture, or raise {prefix}max_capture_age."
        )
    if run["operations"] and run.get("fetch") and not limits.is_given:
        told.append(
            "The plan was made from a part of the flows (flow_audit_fetch: findings), so that there is no whole for"
            f" {prefix}max_percent; nothing was cut. Give {prefix}max_flows; {run['flow_count']} flows would be cut."
        )
    if run["flow_count"] > limits.max_flows:
        told.append(
            f"{counted_as(run['flow_count'], 'flow')} would be cut, which is more than {prefix}max_flows,"
            f" {limits.max_flows}; nothing was cut. Raise {prefix}max_flows if they are meant."
        )
    # Filters capture only what they match, so there is no whole to take a share of.
    # By the numbers themselves: what is shown is rounded.
    if run.get("percent") is not None and run["flow_count"] * 100 > limits.max_percent * run["captured_flow_count"]:
        share = f"{run['percent']} %" if run["percent"] > limits.max_percent else f"a bit more than {run['percent']} %"
        told.append(
            f"{run['flow_count']} of {run['captured_flow_count']} flows would be cut, {share}, which is more"
            f" than {prefix}max_percent, {limits.max_percent} %; nothing was cut. Raise {prefix}max_percent if they are"
            " meant."
        )
    return told
