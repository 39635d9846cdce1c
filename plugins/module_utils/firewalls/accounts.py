# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where firewalls are looked for: regions, accounts and the roles that lead to them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import FlowOpsError, OptionError

_REGION = re.compile(r"[a-z]{2,}(?:-[a-z]+)+-[0-9]{1,2}")
_ACCOUNT_ID = re.compile(r"[0-9]{12}")
_ROLE_NAME = re.compile(r"[A-Za-z0-9_+=,.@-]+(?:/[A-Za-z0-9_+=,.@-]+)*")
_ROLE_ARN = re.compile(rf"arn:(?P<partition>aws[a-z-]*):iam::(?P<account_id>[0-9]{{12}}):role/{_ROLE_NAME.pattern}")

_EXTERNAL_ID = re.compile(r"[A-Za-z0-9_+=,.@:/-]{2,1224}")


@dataclass(frozen=True)
class Role:
    """An IAM role to assume, and the account it leads to."""

    arn: str
    partition: str
    account_id: str


def check_region(value: Any, option: str) -> str:
    """Return the name of a region; raise OptionError when it does not have the form of one."""
    if not isinstance(value, str) or not _REGION.fullmatch(value):
        raise OptionError(option, value, "give the name of a region such as us-east-1")
    return value


def parse_role_arn(value: Any, option: str) -> Role:
    """Return a role by its ARN; raise OptionError when it is not one."""
    match = _ROLE_ARN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise OptionError(option, value, "give a role's ARN such as arn:aws:iam::111122223333:role/audit")
    return Role(match[0], match["partition"], match["account_id"])


def check_partition(role: Role, partition: str, option: str) -> None:
    """Raise OptionError when a role is not of the partition of the regions."""
    if role.partition != partition:
        raise OptionError(option, role.arn, f"its partition differs from that of the regions, {partition}")


def check_external_id(value: Any, has_role: bool) -> str | None:
    """Return an external ID as text, None for none; raise FlowOpsError, without the ID, when it cannot be one."""
    if value is None or value == "":
        return None
    if not _EXTERNAL_ID.fullmatch(str(value)):
        raise FlowOpsError(
            "external_id: the value given is not allowed; give 2 to 1224 characters out of letters, digits and"
            " '_+=,.@:/-'."
        )
    if not has_role:
        raise FlowOpsError(
            "external_id: was given without a role to assume; give accounts and assume_role_name, assume_role_arns or"
            " assume_role_arn with it."
        )
    return str(value)


def check_accounts(accounts: Sequence[Any], role_name: str | None) -> None:
    """Raise FlowOpsError when accounts and the role to assume in each do not go together, or are none."""
    for account in accounts:
        if not _ACCOUNT_ID.fullmatch(str(account)):
            raise OptionError("accounts", account, "give account IDs of 12 digits, each in quotes")
    if accounts and not role_name:
        raise FlowOpsError(
            "accounts: were given without assume_role_name; give the name of the role to assume in each of them, or"
            " the ARNs of the roles as assume_role_arns in their place."
        )
    if role_name and not accounts:
        raise FlowOpsError("assume_role_name: was given without accounts; give the IDs of the accounts that have it.")
    if role_name and not _ROLE_NAME.fullmatch(role_name):
        raise OptionError("assume_role_name", role_name, "give the name of a role, after its path if it has one")


def roles_of(accounts: Sequence[Any], role_name: str | None, arns: Sequence[Any], partition: str) -> list[Role]:
    """Return the roles to assume, each once, in their order; raise OptionError for one of another partition."""
    roles = [parse_role_arn(arn, "assume_role_arns") for arn in arns]
    for role in roles:
        check_partition(role, partition, "assume_role_arns")
    named = [Role(f"arn:{partition}:iam::{account}:role/{role_name}", partition, str(account)) for account in accounts]
    return list(dict.fromkeys([*named, *roles]))
