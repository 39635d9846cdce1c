# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls behind a flush's guards: the sync state waited for, the policy of either generation, associations."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.loaders import Loader

from ansible_collections.flowops.aws.plugins.module_utils.aws.clients import client_config
from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.aws.waits import wait_until_in_sync
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError, OptionError
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.impact import impact
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn
from ansible_collections.flowops.aws.plugins.module_utils.rules.judge import Judge
from ansible_collections.flowops.aws.plugins.module_utils.rules.read import ruleset_of
from ansible_collections.flowops.aws.plugins.module_utils.work.networkfirewall_flow_flush_impact_info import (
    flush_impact,
)

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
FIREWALL = parse_firewall_arn(ARN)
POLICY = "arn:aws:network-firewall:us-east-1:123456789012:firewall-policy/egress-policy"
OTHER_ACCOUNT = "210987654321"
TRANSIENT = ("throttle", "internal", "unavailable", "drop_before", "drop_after", "cut", "cut_short", "not_json")
CALLS = (
    "DescribeFirewall",
    "DescribeFirewallPolicy",
    "ListVpcEndpointAssociations",
    "DescribeVpcEndpointAssociation",
)


def summary(answer: dict[str, Any] | None) -> str:
    assert answer is not None
    found: str = answer["FirewallStatus"]["ConfigurationSyncStateSummary"]
    return found


def one_sentence(error: FlowOpsError, *parts: str) -> None:
    assert "\n" not in error.message and error.message.endswith(".") and ".." not in error.message
    for part in parts:
        assert part in error.message, error.message


# -- waiting for the configuration -----------------------------------------------------------------------------------


def test_a_firewall_in_sync_is_not_waited_for(api: NetworkFirewall, control: Any, clock: Any) -> None:
    assert summary(wait_until_in_sync(api, FIREWALL, 600)) == "IN_SYNC"
    assert clock.slept == [] and control.calls()["counts"] == {"DescribeFirewall": 1}


@pytest.mark.parametrize("seconds", [3, 45, 300])
@pytest.mark.parametrize("state", ["PENDING", "CAPACITY_CONSTRAINED"])
def test_the_wait_ends_when_the_state_does(
    api: NetworkFirewall, control: Any, clock: Any, seconds: float, state: str
) -> None:
    control.set_sync_state("egress", state, zones=["us-east-1b"], remaining=seconds)
    assert summary(wait_until_in_sync(api, FIREWALL, 600)) == "IN_SYNC"
    assert seconds <= sum(clock.slept) <= seconds * 1.25 + 1
    assert control.calls()["counts"]["DescribeFirewall"] < 40


def test_the_wait_ends_with_its_time_and_what_it_saw_last(api: NetworkFirewall, control: Any, clock: Any) -> None:
    control.set_sync_state("egress", "PENDING")
    clock.on_sleep = lambda: control.set_sync_state("egress", "CAPACITY_CONSTRAINED", zones=["us-east-1a"])
    assert summary(wait_until_in_sync(api, FIREWALL, 20)) == "CAPACITY_CONSTRAINED"
    assert sum(clock.slept) == pytest.approx(20)


@pytest.mark.parametrize("kind", TRANSIENT)
def test_trouble_slows_the_waiting_and_never_ends_it(
    api: NetworkFirewall, control: Any, clock: Any, retry_sleeps: list[float], kind: str
) -> None:
    control.set_sync_state("egress", "PENDING", remaining=30)
    control.add_fault(kind, "DescribeFirewall", times=6)
    assert summary(wait_until_in_sync(api, FIREWALL, 600)) == "IN_SYNC"
    # The pace is the waiting's own, not that of a retry inside a question.
    assert retry_sleeps == [] and sum(clock.slept) >= 30
    assert control.calls()["counts"]["DescribeFirewall"] > 6


def test_throttled_all_the_time_it_has_nothing_to_tell(api: NetworkFirewall, control: Any, clock: Any) -> None:
    control.add_fault("throttle", "DescribeFirewall", every=1)
    assert wait_until_in_sync(api, FIREWALL, 60) is None
    assert sum(clock.slept) == pytest.approx(60)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [("expired_token", ["ExpiredTokenException"]), ("access_denied", ["network-firewall:DescribeFirewall is missing"])],
)
def test_an_answer_that_no_waiting_can_mend_ends_it(
    api: NetworkFirewall, control: Any, clock: Any, kind: str, parts: list[str]
) -> None:
    control.add_fault(kind, "DescribeFirewall", every=1)
    with pytest.raises(FlowOpsError) as caught:
        wait_until_in_sync(api, FIREWALL, 600)
    one_sentence(caught.value, "Could not describe the firewall", ARN, *parts)
    assert clock.slept == []


def test_an_endpoint_that_cannot_be_reached_for_a_while_is_waited_for(
    api: NetworkFirewall, control: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    control.set_sync_state("egress", "PENDING", remaining=60)
    really, asked = api.firewall_once, Counter[str]()

    def sometimes(**request: Any) -> Any:
        asked["times"] += 1
        if asked["times"] % 4:
            raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")
        return really(**request)

    monkeypatch.setattr(api, "firewall_once", sometimes)
    assert summary(wait_until_in_sync(api, FIREWALL, 600)) == "IN_SYNC"
    # Three times in a row, and that more than once.
    assert asked["times"] >= 8


def test_an_endpoint_that_cannot_be_reached_at_all_ends_the_waiting(
    api: NetworkFirewall, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def never(**request: Any) -> Any:
        asked.append(request)
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:9")

    monkeypatch.setattr(api, "firewall_once", never)
    with pytest.raises(FlowOpsError) as caught:
        wait_until_in_sync(api, FIREWALL, 600)
    one_sentence(caught.value, "Could not describe the firewall", "http://127.0.0.1:9", "check endpoint_url")
    assert len(asked) == 4 and sum(clock.slept) < 60


# -- the policy ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", ["DROP", "CONTINUE", "REJECT", None])
def test_a_classic_policy(api: NetworkFirewall, control: Any, stream: str | None) -> None:
    control.settings(stream_exception_policy=stream)
    policy, next_generation = api.firewall_policy(POLICY)
    assert next_generation is False
    assert policy["StatefulEngineOptions"].get("StreamExceptionPolicy") == stream
    assert "DescribeFirewallPolicyV2" not in control.calls()["counts"]


@pytest.mark.parametrize("stream", ["DROP", "REJECT", None])
@pytest.mark.parametrize("mode", ["ENFORCE", "MONITOR"])
def test_a_next_generation_policy(api: NetworkFirewall, control: Any, mode: str, stream: str | None) -> None:
    control.add_firewall("next", zones=["us-east-1a"], policy_mode=mode, stream_exception_policy=stream)
    policy, next_generation = api.firewall_policy(POLICY.replace("egress", "next"))
    assert next_generation is True
    assert (policy["PolicyMode"], policy.get("StatefulEngineOptions")) == (
        mode,
        {"StreamExceptionPolicy": stream} if stream else None,
    )


def test_a_next_generation_policy_that_says_nothing_is_no_classic_one(
    api: NetworkFirewall, control: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    control.add_firewall("next", zones=["us-east-1a"], policy_mode="ENFORCE")
    monkeypatch.setattr(api.client, "describe_firewall_policy_v2", lambda **_request: {"FirewallPolicyV2": {}})
    answer, _next_generation = api.firewall_policy_answer(POLICY.replace("egress", "next"))
    assert Judge(ruleset_of(answer, [])).judge([{}])[0].reason == "next_generation"


def test_a_policy_that_is_nowhere_is_one_sentence(api: NetworkFirewall, control: Any) -> None:
    with pytest.raises(FlowOpsError) as caught:
        api.firewall_policy(POLICY.replace("egress", "nobody"))
    one_sentence(caught.value, "nobody-policy", "ResourceNotFoundException")
    # It tells of the policy as AWS's first answer did.
    assert "FirewallPolicy not found" in caught.value.message
    assert control.calls()["counts"]["DescribeFirewallPolicyV2"] == 1


def test_a_next_generation_policy_that_may_not_be_read_names_the_permission(api: NetworkFirewall, control: Any) -> None:
    control.add_firewall("next", zones=["us-east-1a"], policy_mode="ENFORCE")
    control.add_fault("access_denied", "DescribeFirewallPolicyV2", every=1)
    with pytest.raises(FlowOpsError) as caught:
        api.firewall_policy(POLICY.replace("egress", "next"))
    one_sentence(caught.value, "the permission network-firewall:DescribeFirewallPolicyV2 is missing")


# -- VPC endpoint associations ---------------------------------------------------------------------------------------


def arns_of(answers: list[dict[str, Any]]) -> list[str]:
    return [answer["VpcEndpointAssociation"]["VpcEndpointAssociationArn"] for answer in answers]


def test_no_association(api: NetworkFirewall) -> None:
    assert api.associations_of(FIREWALL) == []


def test_associations_of_every_page_in_order(api: NetworkFirewall, control: Any) -> None:
    control.settings(page_default=3)
    control.add_firewall("other", zones=["us-east-1a"])
    control.add_association("other", "us-east-1a")
    zones = ["us-east-1a", "us-east-1b"] * 4
    wanted = [control.add_association("egress", zone)["arn"] for zone in zones]
    answers = api.associations_of(FIREWALL)
    assert arns_of(answers) == wanted
    assert [list(item["VpcEndpointAssociationStatus"]["AssociationSyncState"]) for item in answers] == [
        [zone] for zone in zones
    ]
    assert all("ResponseMetadata" not in answer for answer in answers)
    assert control.calls()["counts"]["ListVpcEndpointAssociations"] == 3


def test_one_that_is_gone_when_it_is_described_is_its_arn(
    api: NetworkFirewall, control: Any, emulator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, gone = (control.add_association("egress", "us-east-1a")["arn"] for _number in range(2))
    describe = api.client.describe_vpc_endpoint_association

    def after_a_deletion(**request: Any) -> Any:
        emulator.world.firewalls[ARN].associations.pop(gone, None)
        return describe(**request)

    monkeypatch.setattr(api.client, "describe_vpc_endpoint_association", after_a_deletion)
    answers = api.associations_of(FIREWALL)
    assert arns_of(answers) == [kept, gone]
    assert answers[1] == {"VpcEndpointAssociation": {"VpcEndpointAssociationArn": gone}}
    assert "VpcEndpointAssociationStatus" in answers[0]


@pytest.mark.parametrize("denied", [False, True])
def test_one_of_another_account_that_is_listed_is_its_arn(api: NetworkFirewall, control: Any, denied: bool) -> None:
    theirs = control.add_association("egress", "us-east-1a", account_id=OTHER_ACCOUNT, listed=True)["arn"]
    if denied:
        control.add_fault("access_denied", "DescribeVpcEndpointAssociation", every=1)
    assert f":{OTHER_ACCOUNT}:" in theirs
    assert api.associations_of(FIREWALL) == [{"VpcEndpointAssociation": {"VpcEndpointAssociationArn": theirs}}]


def test_ones_own_that_may_not_be_described_names_the_permission(api: NetworkFirewall, control: Any) -> None:
    arn = control.add_association("egress", "us-east-1a")["arn"]
    control.add_fault("access_denied", "DescribeVpcEndpointAssociation", every=1)
    with pytest.raises(FlowOpsError) as caught:
        api.associations_of(FIREWALL)
    one_sentence(caught.value, arn, "the permission network-firewall:DescribeVpcEndpointAssociation is missing")


# -- all of it, as the module does it --------------------------------------------------------------------------------


def options(**given: Any) -> dict[str, Any]:
    return {"firewall_name": "egress", "wait": False, "wait_timeout": 600, **given}


@pytest.mark.parametrize("kind", TRANSIENT)
def test_trouble_with_every_call_costs_nothing(
    module_of: Callable[..., Any], control: Any, retry_sleeps: list[float], kind: str
) -> None:
    for zone in ("us-east-1a", "us-east-1b"):
        control.add_association("egress", zone)
    control.add_association("egress", "us-east-1a", account_id=OTHER_ACCOUNT)
    wanted = flush_impact(module_of(options()))
    assert retry_sleeps == []
    for call in CALLS:
        control.add_fault(kind, call, times=2)
    assert flush_impact(module_of(options(firewall_name=None, firewall_arn=ARN))) == wanted
    assert len(retry_sleeps) == 2 * len(CALLS)
    assert (wanted["number_of_associations"], wanted["hidden_association_count"]) == (3, 1)


@pytest.mark.parametrize("call", CALLS)
def test_a_missing_permission_is_named(
    module_of: Callable[..., Any], control: Any, retry_sleeps: list[float], call: str
) -> None:
    control.add_association("egress", "us-east-1a")
    control.add_fault("access_denied", call, every=1)
    with pytest.raises(FlowOpsError) as caught:
        flush_impact(module_of(options()))
    one_sentence(caught.value, "AccessDeniedException", f"the permission network-firewall:{call} is missing")
    assert caught.value.details["error"]["code"] == "AccessDeniedException"
    assert retry_sleeps == []


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ({"wait_timeout": 0}, ["wait_timeout: 0", "from 1 up"]),
        ({"firewall_name": "a b"}, ["firewall_name: 'a b'"]),
        ({"firewall_name": None, "firewall_arn": POLICY}, ["firewall_arn", POLICY]),
        ({"firewall_name": None, "firewall_arn": ARN.replace("east", "west")}, ["firewall_arn", "us-east-1", "region"]),
    ],
)
def test_a_bad_option_is_named_before_any_call(
    module_of: Callable[..., Any], control: Any, given: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(OptionError) as caught:
        flush_impact(module_of(options(**given)))
    one_sentence(caught.value, *parts)
    assert control.calls()["counts"] == {}


def test_without_wait_the_state_is_told_at_once(module_of: Callable[..., Any], control: Any) -> None:
    control.set_sync_state("egress", "PENDING", zones=["us-east-1b"])
    result = flush_impact(module_of(options(wait_timeout=1)))
    assert (result["in_sync"], result["configuration_sync_state"]) == (False, "PENDING")
    assert [item["availability_zone"] for item in result["out_of_sync"]] == ["us-east-1b"]
    assert control.calls()["counts"]["DescribeFirewall"] == 1


@pytest.fixture
def linked_module_of(
    module_of: Callable[..., Any], api: NetworkFirewall, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """Make a module whose waits take no time."""
    monkeypatch.setattr(NetworkFirewall, "of", lambda _module: api)
    return module_of


def test_with_wait_it_is_told_how_it_ended(linked_module_of: Callable[..., Any], control: Any, clock: Any) -> None:
    control.set_sync_state("egress", "PENDING", remaining=100)
    # What is told is what was there when the wait ended, associations too.
    clock.on_sleep = lambda: control.add_association("egress", "us-east-1a")
    result = flush_impact(linked_module_of(options(wait=True)))
    assert (result["in_sync"], result["out_of_sync"]) == (True, [])
    assert result["number_of_associations"] == len(result["vpc_endpoint_associations"]) == len(clock.slept) > 0


def test_a_wait_without_an_answer_tells_what_was_known_before(
    linked_module_of: Callable[..., Any], control: Any, clock: Any
) -> None:
    control.set_sync_state("egress", "PENDING", remaining=1)
    control.add_fault("throttle", "DescribeFirewall", at=list(range(2, 500)))
    result = flush_impact(linked_module_of(options(wait=True, wait_timeout=30)))
    assert (result["in_sync"], result["configuration_sync_state"]) == (False, "PENDING")
    assert sum(clock.slept) == pytest.approx(30)


# -- an SDK of before VPC endpoint associations ----------------------------------------------------------------------


@pytest.fixture
def old_client(emulator: Any, tmp_path: Path) -> Any:
    """A client whose model lacks what botocore 1.38.25 and later releases brought."""
    model = json.loads(json.dumps(Loader().load_service_model("network-firewall", "service-2")))
    for name in [name for name in model["operations"] if "VpcEndpointAssociation" in name or name.endswith("V2")]:
        del model["operations"][name]
    del model["shapes"]["Firewall"]["members"]["NumberOfAssociations"]
    folder = tmp_path / "network-firewall" / "2020-11-12"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(model), encoding="utf-8")
    session = botocore.session.Session()
    session.register_component("data_loader", Loader(extra_search_paths=[str(tmp_path)]))
    return session.create_client(
        "network-firewall",
        region_name="us-east-1",
        endpoint_url=emulator.url,
        aws_access_key_id="AKIATESTTESTTESTTEST",
        aws_secret_access_key="secret-of-a-test-that-is-long-enough",
        config=client_config({"proxies": {}}),
    )


def test_an_old_sdk_counts_associations_without_knowing_them(
    old_client: Any, control: Any, retry_sleeps: list[float]
) -> None:
    assert not hasattr(old_client, "list_vpc_endpoint_associations")
    for zone in ("us-east-1a", "us-east-1b"):
        control.add_association("egress", zone)
    api = NetworkFirewall(old_client)
    described = api.firewall_of("egress")
    assert "NumberOfAssociations" not in described["Firewall"]
    result = impact(described, *api.firewall_policy(POLICY), api.associations_of(FIREWALL))
    assert result["vpc_endpoint_associations"] == []
    assert (result["number_of_associations"], result["hidden_association_count"]) == (2, 2)
    # And a description that does not come whole is asked for again, as ever.
    control.add_fault("cut_short", "DescribeFirewall", times=1)
    control.add_fault("throttle", "DescribeFirewall", at=[2])
    assert api.firewall_of(FIREWALL)["NumberOfAssociations"] == 2
    assert len(retry_sleeps) == 2


def test_an_old_sdk_says_that_it_may_be_too_old_for_a_policy(old_client: Any, control: Any) -> None:
    control.add_firewall("next", zones=["us-east-1a"], policy_mode="ENFORCE")
    with pytest.raises(FlowOpsError) as caught:
        NetworkFirewall(old_client).firewall_policy(POLICY.replace("egress", "next"))
    one_sentence(caught.value, "next-policy", "ResourceNotFoundException", "botocore", "too old")
