# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters firewall_label, firewall_artifact and firewall_connection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.flowops.aws.plugins.module_utils.errors import OptionError
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn
from ansible_collections.flowops.aws.plugins.plugin_utils.audits import artifact_name, label

_REGIONS = frozenset({"region", "aws_region", "ec2_region"})


def firewall_label(firewall_arn: Any) -> str:
    """Return ACCOUNT-REGION-NAME of a firewall, which no other has; raise AnsibleFilterError when it is no ARN."""
    try:
        return label(firewall_arn)
    except OptionError as error:
        raise AnsibleFilterError(error.message) from error


def firewall_artifact(firewall_arn: Any, of: str) -> str:
    """Return the name of the variable by which something of a firewall is handed on in a workflow."""
    try:
        return artifact_name(firewall_arn, of)
    except OptionError as error:
        raise AnsibleFilterError(error.message) from error


def firewall_connection(firewall_arn: Any, connection: Mapping[str, Any], assume_role_arn: str = "") -> dict[str, Any]:
    """Return the common AWS options for a firewall: in its own Region unless another one is given."""
    known: dict[str, Any] = {}
    if not _REGIONS & connection.keys():
        # Whoever checks the ARN says what is wrong with it.
        with suppress(OptionError):
            known["region"] = parse_firewall_arn(firewall_arn).region
    role = {"assume_role_arn": assume_role_arn} if assume_role_arn else {}
    return {**known, **connection, **role}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "firewall_label": firewall_label,
            "firewall_artifact": firewall_artifact,
            "firewall_connection": firewall_connection,
        }
