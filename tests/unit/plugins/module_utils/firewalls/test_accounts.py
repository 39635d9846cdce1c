# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.accounts import (
    Role,
    check_accounts,
    check_external_id,
    check_partition,
    check_region,
    parse_role_arn,
    roles_of,
)
from ansible_collections.flowops.aws.tests.unit.plugins.module_utils.firewalls.records import ACCOUNT, OTHER, record


@pytest.mark.parametrize(
    "region", ["us-east-1", "ap-southeast-7", "us-gov-west-1", "cn-northwest-1", "us-isob-east-1", "eusc-de-east-1"]
)
def test_regions_of_every_partition(region: str) -> None:
    assert check_region(region, "regions") == region


@pytest.mark.parametrize("region", ["us-east-1a", "US-EAST-1", "us-east", "use1", "", "us-east-1\n", None, 7, "*"])
def test_what_is_no_region(region: Any) -> None:
    with pytest.raises(FlowOpsError, match="^regions: .*us-east-1"):
        check_region(region, "regions")


@pytest.mark.parametrize("name", ["audit", "with/a/path/audit", "a.b_c+d=e,f@g-h"])
@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_a_role_and_its_account(partition: str, name: str) -> None:
    arn = f"arn:{partition}:iam::{ACCOUNT}:role/{name}"
    assert parse_role_arn(arn, "assume_role_arns") == Role(arn, partition, ACCOUNT)


@pytest.mark.parametrize(
    "arn",
    [
        "audit",
        "",
        None,
        f"arn:aws:iam::{ACCOUNT}:user/audit",
        f"arn:aws:iam::{ACCOUNT[:-1]}:role/audit",
        f"arn:aws:iam:us-east-1:{ACCOUNT}:role/audit",
        f"arn:aws:iam::{ACCOUNT}:role/",
        f"arn:aws:iam::{ACCOUNT}:role/a b",
        f"arn:aws:iam::{ACCOUNT}:role/audit\n",
        f"arn:gcp:iam::{ACCOUNT}:role/audit",
        record()["firewall_arn"],
    ],
)
def test_what_is_no_role(arn: Any) -> None:
    with pytest.raises(FlowOpsError, match="^assume_role_arns: .*role/audit"):
        parse_role_arn(arn, "assume_role_arns")


@pytest.mark.parametrize(
    ("accounts", "name", "said"),
    [
        ([ACCOUNT], None, "assume_role_name"),
        ([], "audit", "without accounts"),
        (["1111"], "audit", "accounts: '1111'"),
        # What YAML makes of 000011112222 without quotes.
        ([1198226], "audit", "in quotes"),
        ([ACCOUNT], "not a name", "assume_role_name: 'not a name'"),
        ([ACCOUNT], "../up/", "assume_role_name: "),
    ],
)
def test_accounts_and_the_name_of_a_role_go_together(accounts: list[Any], name: str | None, said: str) -> None:
    with pytest.raises(FlowOpsError) as caught:
        check_accounts(accounts, name)
    assert said in caught.value.message
    assert caught.value.message.endswith(".") and "\n" not in caught.value.message


def test_the_roles_of_accounts_and_arns_are_assumed_once_each() -> None:
    check_accounts([ACCOUNT, OTHER], "path/audit")
    twice = f"arn:aws-cn:iam::{OTHER}:role/path/audit"
    more = f"arn:aws-cn:iam::{OTHER}:role/other"
    assert [role.arn for role in roles_of([ACCOUNT, OTHER], "path/audit", [twice, more, more], "aws-cn")] == [
        f"arn:aws-cn:iam::{ACCOUNT}:role/path/audit",
        twice,
        more,
    ]
    check_accounts([], None)
    assert roles_of([], None, [], "aws") == []
    with pytest.raises(FlowOpsError, match="assume_role_arns: .* partition"):
        roles_of([], None, [twice], "aws")
    with pytest.raises(FlowOpsError, match="^assume_role_arn: .* partition .* aws-us-gov"):
        check_partition(parse_role_arn(twice, "assume_role_arn"), "aws-us-gov", "assume_role_arn")


@pytest.mark.parametrize("value", ["ab", "a" * 1224, "Az09_+=,.@:/-", 12])
def test_an_external_id(value: Any) -> None:
    assert check_external_id(value, True) == str(value)
    with pytest.raises(FlowOpsError, match="^external_id: was given without a role "):
        check_external_id(value, False)


@pytest.mark.parametrize("value", ["a", "a" * 1225, "a b", "é1", "ab\n", 7, {}])
def test_what_is_no_external_id_and_is_not_shown(value: Any) -> None:
    with pytest.raises(FlowOpsError) as caught:
        check_external_id(value, True)
    assert caught.value.message == (
        "external_id: the value given is not allowed; give 2 to 1224 characters out of letters, digits and '_+=,.@:/-'."
    )


@pytest.mark.parametrize("has_role", [True, False])
def test_no_external_id(has_role: bool) -> None:
    # What the look-up of an environment variable that is not set gives is empty.
    assert check_external_id(None, has_role) is check_external_id("", has_role) is None
