# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients that act as an assumed role: whose credentials sign, and when they are renewed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.clients import client_config, connected
from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError, OptionError
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/teams/flow-audit"
# STS's model has neither of the codes that STS answers.
pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape")
ARN = f"arn:aws:network-firewall:us-east-1:{ACCOUNT}:firewall/branch"
OWN_KEY = "AKIATESTTESTTESTTEST"


class Caller:
    """Makes clients with the caller's own credentials; its roles' sessions last as many seconds as it says."""

    def __init__(self, url: str, lasts: float = 3600) -> None:
        self.url = url
        self.lasts = lasts
        self.signed_by: list[str] = []
        self.roles: list[dict[str, Any]] = []

    def __call__(self, service: str, aws_config: Any = None, **given: Any) -> Any:
        keys = {"aws_access_key_id": OWN_KEY, "aws_secret_access_key": "secret-of-a-test-that-is-long-enough"}
        client = boto3.client(
            service, region_name="us-east-1", endpoint_url=self.url, config=aws_config, **{**keys, **given}
        )
        if service == "sts":
            self._shorten(client)
        else:
            client.meta.events.register("before-send", self._sent)
        return client

    def _shorten(self, client: Any) -> None:
        assume = client.assume_role

        def assumed(**request: Any) -> Any:
            answer = assume(**request)
            self.roles.append(request)
            answer["Credentials"]["Expiration"] = datetime.now(timezone.utc) + timedelta(seconds=self.lasts)
            return answer

        client.assume_role = assumed

    def _sent(self, request: Any, **_event: Any) -> None:
        header = request.headers["Authorization"]
        text = header.decode() if isinstance(header, bytes) else header
        self.signed_by.append(re.findall(r"Credential=(\w+)/", text)[0])


@pytest.fixture
def caller_of(emulator: Any, control: Any) -> Callable[..., Caller]:
    control.add_firewall("branch", zones=["us-east-1a"], synthetic_flows=10, account_id=ACCOUNT)
    return lambda **options: Caller(emulator.url, **options)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_without_a_role_the_callers_own_credentials_sign(caller_of: Callable[..., Caller]) -> None:
    caller = caller_of()
    connected(caller, "network-firewall", {"assume_role_arn": None}).list_firewalls()
    assert (caller.signed_by, caller.roles) == ([OWN_KEY], [])


def test_a_role_is_assumed_once_and_its_credentials_sign_every_call(caller_of: Callable[..., Caller]) -> None:
    caller = caller_of()
    api = NetworkFirewall(connected(caller, "network-firewall", {"assume_role_arn": ROLE, "external_id": "told"}))
    for _round in range(3):
        assert api.firewall(parse_firewall_arn(ARN))["Firewall"]["FirewallName"] == "branch"
    assert caller.roles == [{"RoleArn": ROLE, "RoleSessionName": "flowops-aws", "ExternalId": "told"}]
    assert len(caller.signed_by) == 3 and len(set(caller.signed_by)) == 1 and OWN_KEY not in caller.signed_by


def test_credentials_are_renewed_before_they_expire(caller_of: Callable[..., Caller]) -> None:
    caller = caller_of(lasts=120)
    api = NetworkFirewall(connected(caller, "network-firewall", {"assume_role_arn": ROLE}))
    for _round in range(3):
        api.firewall(parse_firewall_arn(ARN))
    # So close to their end even those that the client was made with are renewed, and then one for each call.
    assert len(caller.roles) == 2 + 3
    assert len(set(caller.signed_by)) == 3 and OWN_KEY not in caller.signed_by


def test_a_renewal_that_is_refused_says_so_and_blames_nothing_else(
    caller_of: Callable[..., Caller], control: Any
) -> None:
    caller = caller_of(lasts=120)
    api = NetworkFirewall(connected(caller, "network-firewall", {"assume_role_arn": ROLE}))
    control.add_fault("access_denied", "AssumeRole")
    with pytest.raises(FlowOpsError) as caught:
        api.firewall(parse_firewall_arn(ARN))
    assert caught.value.message.startswith(f"Could not assume the role '{ROLE}':")
    assert "sts:AssumeRole" in caught.value.message and "DescribeFirewall" not in caught.value.message
    assert caller.signed_by == []


def test_a_throttled_renewal_is_asked_for_again(
    caller_of: Callable[..., Caller], control: Any, retry_sleeps: list[float]
) -> None:
    caller = caller_of(lasts=120)
    api = NetworkFirewall(connected(caller, "network-firewall", {"assume_role_arn": ROLE}))
    control.add_fault("throttle", "AssumeRole", times=2)
    assert api.firewall(parse_firewall_arn(ARN))["Firewall"]["FirewallName"] == "branch"
    assert len(retry_sleeps) == 2


@pytest.mark.parametrize("bad", ["flow-audit", "arn:aws:iam::1:role/x", f"arn:aws:iam::{ACCOUNT}:user/x", 7])
def test_what_is_no_role_is_refused_before_any_call(caller_of: Callable[..., Caller], control: Any, bad: Any) -> None:
    caller = caller_of()
    with pytest.raises(OptionError, match=r"assume_role_arn: .* is not allowed; give a role's ARN"):
        connected(caller, "network-firewall", {"assume_role_arn": bad})
    assert control.calls()["counts"] == {}


def test_settings_of_botocore_reach_both_clients(caller_of: Callable[..., Caller]) -> None:
    caller = caller_of()
    client = connected(caller, "network-firewall", {"assume_role_arn": ROLE, "aws_config": {"read_timeout": 7}})
    assert client.meta.config.read_timeout == 7
    assert client.meta.config.retries == client_config({}).retries
