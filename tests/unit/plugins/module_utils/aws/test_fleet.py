# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from ansible_collections.flowops.aws.plugins.module_utils.aws import fleet as api_fleet
from ansible_collections.flowops.aws.plugins.module_utils.aws.connections import Connections
from ansible_collections.flowops.aws.plugins.module_utils.aws.fleet import Fleet, Search
from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.errors import AwsError, Failure, FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.accounts import parse_role_arn
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.selection import Selection
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.variables import Record
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import FirewallArn
from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator

# STS's model has no AccessDenied, which is what STS answers.
pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape")

EVERYTHING = Selection({}, [], [])
OTHERS = ("111122223333", "444455556666")
ROLES = [parse_role_arn(f"arn:aws:iam::{account}:role/audit", "assume_role_arns") for account in OTHERS]
HUB = parse_role_arn("arn:aws:iam::777788889999:role/hub", "assume_role_arn")
SECRET = "secret-of-a-test-that-is-long-enough"
# What asking again mends; a throttled client would really wait, so that is left to the integration tests.
TRANSIENT = ("internal", "unavailable", "drop_before", "drop_after", "cut", "cut_short", "not_json")

Read = Callable[..., tuple[list[Record], list[str]]]


@pytest.fixture
def connections(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Connections:
    monkeypatch.setenv("NO_PROXY", "*")
    keys = {"aws_access_key_id": "AKIATESTTESTTESTTEST", "aws_secret_access_key": SECRET}
    return Connections(emulator.url, {**keys, "profile_name": None, "verify": None})


@pytest.fixture
def read(connections: Connections, retry_sleeps: list[float]) -> Read:
    def search(selection: Selection = EVERYTHING, **options: Any) -> tuple[list[Record], list[str]]:
        options = {"regions": ["us-east-1"], **options}
        return Fleet(connections, Search("us-east-1", selection, **options)).read()

    return search


def names(records: list[Record]) -> list[str]:
    return [record["firewall_name"] for record in records]


@pytest.fixture
def three_accounts(control: Control) -> None:
    """Beside the firewall of the caller's account, one in each of two others."""
    for account in OTHERS:
        control.add_firewall(f"of-{account}", zones=["us-east-1a"], account_id=account)


# -- firewalls -------------------------------------------------------------------------------------------------------


def test_every_page_of_a_listing_is_read(read: Read, control: Control) -> None:
    wanted = {"egress", *(f"fw-{number}" for number in range(130))}
    for name in sorted(wanted - {"egress"}):
        control.add_firewall(name, zones=["us-east-1a"])
    records, notes = read()
    assert set(names(records)) == wanted and len(records) == len(wanted)
    assert notes == []
    counts = control.calls()["counts"]
    assert counts == {"ListFirewalls": 2, "DescribeFirewall": 131}


def test_a_record_is_what_aws_says_of_the_firewall(read: Read, plain: Any, control: Control) -> None:
    association = control.add_association("egress", "us-east-1b")
    ((record,), _notes) = read()
    answer = plain.describe_firewall(FirewallName="egress")
    states = answer["FirewallStatus"]["SyncStates"]
    assert record["firewall_arn"] == answer["Firewall"]["FirewallArn"]
    assert record["vpc_id"] == answer["Firewall"]["VpcId"]
    assert {zone: endpoint["endpoint_id"] for zone, endpoint in record["endpoints"].items()} == {
        zone: state["Attachment"]["EndpointId"] for zone, state in states.items()
    }
    (found,) = record["vpc_endpoint_associations"]
    assert (found["vpc_endpoint_association_arn"], found["availability_zone"], found["endpoint_id"]) == (
        association["arn"],
        "us-east-1b",
        association["vpc_endpoint_id"],
    )
    assert "assume_role_arn" not in record


@pytest.mark.parametrize("kind", TRANSIENT)
def test_what_goes_wrong_on_the_way_loses_nothing(
    read: Read, control: Control, kind: str, retry_sleeps: list[float]
) -> None:
    for number in range(8):
        control.add_firewall(f"fw-{number}", zones=["us-east-1a"])
    control.add_association("egress", "us-east-1a")
    wanted, _notes = read()
    for operation in (
        "ListFirewalls",
        "DescribeFirewall",
        "ListVpcEndpointAssociations",
        "DescribeVpcEndpointAssociation",
    ):
        control.add_fault(kind, operation, at=[1, 3])
    assert read() == (wanted, [])
    assert len(retry_sleeps) >= 5


def test_only_what_may_be_wanted_is_described(read: Read, control: Control) -> None:
    for name in ("egress-test", "inspection"):
        control.add_firewall(name, zones=["us-east-1a"])
    records, _notes = read(Selection({"name": "eg*"}, [], ["*-test"]))
    assert names(records) == ["egress"]
    assert control.calls()["counts"] == {"ListFirewalls": 1, "DescribeFirewall": 1}


def test_the_api_is_asked_for_the_firewalls_of_vpcs(read: Read, control: Control, plain: Any) -> None:
    control.add_firewall("inspection", zones=["us-east-1a"])
    vpc_id = plain.describe_firewall(FirewallName="inspection")["Firewall"]["VpcId"]
    before = control.calls()["counts"]["DescribeFirewall"]
    assert names(read(Selection({"vpc-id": vpc_id}, [], []))[0]) == ["inspection"]
    assert control.calls()["counts"]["DescribeFirewall"] == before + 1


def test_a_firewall_that_goes_while_it_is_read(read: Read, control: Control, emulator: Emulator) -> None:
    control.add_firewall("doomed", zones=["us-east-1a"])

    class Vanishing(Selection):
        def may_take(self, name: str, arn: str) -> bool:
            if name == "doomed":
                del emulator.world.firewalls[arn]
            return True

    records, (note,) = read(Vanishing({}, [], []))
    assert names(records) == ["egress"]
    assert "firewall/doomed" in note and "gone" in note


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "InvalidRequestException"])
def test_a_firewall_that_goes_before_its_associations_are_read(
    read: Read, control: Control, emulator: Emulator, answering: Callable[..., None], code: str
) -> None:
    doomed = control.add_firewall("doomed", zones=["us-east-1a"])["arn"]
    for name in ("egress", "doomed"):
        control.add_association(name, "us-east-1a")

    def ask(self: NetworkFirewall, firewall: FirewallArn) -> list[dict[str, Any]]:
        if firewall.arn == doomed:
            emulator.world.firewalls.pop(firewall.arn, None)
            raise AwsError(Failure(code))
        return of_all(self, firewall)

    of_all = NetworkFirewall.associations_of
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(NetworkFirewall, "associations_of", ask)
        records, (note,) = read()
    assert names(records) == ["egress"] and len(records[0]["vpc_endpoint_associations"]) == 1
    assert "firewall/doomed was listed and is gone" in note
    # Of a firewall that is still there it is an error.
    answering(code, "list_vpc_endpoint_associations", "us-east-1")
    with pytest.raises(FlowOpsError, match=f"associations of .*firewall/egress.*{code}"):
        read()


# -- accounts --------------------------------------------------------------------------------------------------------


def test_roles_lead_into_accounts(read: Read, three_accounts: None) -> None:
    records, notes = read(roles=ROLES)
    assert [(item["account_id"], item["firewall_name"], item["assume_role_arn"]) for item in records] == [
        (role.account_id, f"of-{role.account_id}", role.arn) for role in ROLES
    ]
    assert notes == []


def test_a_hub_is_assumed_first_and_alone_is_looked_in(read: Read, control: Control, three_accounts: None) -> None:
    control.add_firewall("of-hub", zones=["us-east-1a"], account_id=HUB.account_id)
    records, _notes = read(hub_role=HUB)
    assert [(item["firewall_name"], item["assume_role_arn"]) for item in records] == [("of-hub", HUB.arn)]
    assert names(read(hub_role=HUB, roles=ROLES)[0]) == [f"of-{account}" for account in OTHERS]
    assert control.calls()["counts"]["AssumeRole"] == 4


def test_the_external_id_is_for_the_roles_and_not_for_the_hub(
    read: Read, control: Control, three_accounts: None
) -> None:
    control.settings(external_ids={**{role.arn: "sesame" for role in ROLES}})
    assert len(read(hub_role=HUB, roles=ROLES, external_id="sesame")[0]) == 2
    control.settings(external_ids={HUB.arn: "something else"})
    with pytest.raises(FlowOpsError, match=f"assume the role '{HUB.arn}'.*AccessDenied"):
        read(hub_role=HUB, roles=ROLES, external_id="sesame", strict_permissions=False)


def test_the_external_id_is_for_a_hub_that_is_the_only_role(read: Read, control: Control) -> None:
    control.add_firewall("of-hub", zones=["us-east-1a"], account_id=HUB.account_id)
    control.settings(external_ids={HUB.arn: "sesame"})
    assert names(read(hub_role=HUB, external_id="sesame")[0]) == ["of-hub"]


class Answering:
    """A client of which some calls come back with an error code."""

    def __init__(self, client: Any, codes: dict[str, str]) -> None:
        self._client = client
        for operation, code in codes.items():
            setattr(client, operation, partial(self._refuse, operation, code))

    @staticmethod
    def _refuse(operation: str, code: str, **_request: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "No"}}, operation)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@pytest.fixture
def answering(connections: Connections, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let calls of the clients of a region, or with some role's credentials, be answered with an error code."""
    make = connections.client

    def answer(code: str, operation: str, *regions: str) -> None:
        def client(service: str, region: str, credentials: Any = None) -> Any:
            made = make(service, region, credentials)
            return Answering(made, {operation: code}) if region in regions and hasattr(made, operation) else made

        monkeypatch.setattr(connections, "client", client)

    return answer


def test_a_role_whose_account_has_no_sts_where_roles_are_asked_for(
    read: Read, three_accounts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assume = Fleet._assume
    closed = [ROLES[0]]

    def refused(self: Fleet, role: Any, by: Any) -> Any:
        if role in closed:
            why = "STS is not activated in this region (RegionDisabledException)"
            raise AwsError(Failure("RegionDisabledException", f"assume the role '{role.arn}'", why))
        return assume(self, role, by)

    monkeypatch.setattr(Fleet, "_assume", refused)
    with pytest.raises(FlowOpsError, match="^region: 'us-east-1', .*RegionDisabledException"):
        read(roles=ROLES)
    records, (note,) = read(roles=ROLES, strict_permissions=False)
    assert names(records) == [f"of-{OTHERS[1]}"]
    assert note.startswith(f"The account {OTHERS[0]} is left out: ") and note.endswith("(RegionDisabledException).")
    closed.append(ROLES[1])
    with pytest.raises(FlowOpsError, match="RegionDisabledException"):
        read(roles=ROLES, strict_permissions=False)


# -- regions ---------------------------------------------------------------------------------------------------------


def test_without_regions_an_account_says_which_it_has(read: Read, control: Control) -> None:
    control.add_firewall("branch", zones=["eu-west-1a"])
    records, notes = read(regions=[])
    assert [(item["region"], item["firewall_name"]) for item in records] == [
        ("eu-west-1", "branch"),
        ("us-east-1", "egress"),
    ]
    assert notes == []
    counts = control.calls()["counts"]
    assert counts["DescribeRegions"] == 1
    assert counts["ListFirewalls"] > 10


def test_without_the_permission_every_region_that_the_sdk_knows_is_asked(
    read: Read, control: Control, connections: Connections
) -> None:
    control.add_fault("access_denied", "DescribeRegions")
    records, (note,) = read(regions=[])
    assert names(records) == ["egress"]
    assert note.startswith("ec2:DescribeRegions was refused")
    assert control.calls()["counts"]["ListFirewalls"] == len(connections.known_regions("aws"))


class Unreachable:
    """A client of a region whose endpoint is not there."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_paginator(self, _operation: str) -> Any:
        def refuse(_request: Any) -> Any:
            raise EndpointConnectionError(endpoint_url="https://network-firewall.example.com")

        return SimpleNamespace(paginate=lambda **request: map(refuse, [request]))


@pytest.mark.parametrize(("known", "left_out"), [(["us-east-1"], True), (["us-east-1", "eu-west-1"], False)])
def test_a_region_that_has_no_such_service(
    read: Read, connections: Connections, monkeypatch: pytest.MonkeyPatch, known: list[str], left_out: bool
) -> None:
    make = connections.client

    def client(service: str, region: str, credentials: Any = None) -> Any:
        made = make(service, region, credentials)
        return Unreachable(made) if region == "eu-west-1" and service == api_fleet.SERVICE else made

    monkeypatch.setattr(connections, "client", client)
    monkeypatch.setattr(connections, "known_regions", lambda _partition: known)
    if left_out:
        assert names(read(regions=[])[0]) == ["egress"]
    else:
        with pytest.raises(FlowOpsError, match="eu-west-1"):
            read(regions=[])
    # Asked for by its name it has to be there.
    with pytest.raises(FlowOpsError, match="eu-west-1"):
        read(regions=["us-east-1", "eu-west-1"])


def test_regions_that_an_account_may_not_have_enabled(
    read: Read, control: Control, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The one answer about credentials that the emulator can give.
    monkeypatch.setattr(api_fleet, "_NOT_ENABLED", ("ExpiredTokenException",))
    control.add_fault("access_denied", "DescribeRegions")
    control.add_fault("expired_token", "ListFirewalls", region="ap-east-1")
    records, notes = read(regions=[])
    assert names(records) == ["egress"]
    assert len(notes) == 2
    assert any("ap-east-1 of the caller's account is left out as not enabled" in note for note in notes)
    # When no region takes the credentials, it is they that are wrong.
    control.add_fault("expired_token", "ListFirewalls")
    with pytest.raises(FlowOpsError, match="expired"):
        read(regions=[])


def test_a_region_asked_for_by_name_that_is_not_enabled(read: Read, answering: Callable[..., None]) -> None:
    answering("UnrecognizedClientException", "list_firewalls", "me-south-1")
    with pytest.raises(FlowOpsError, match="^regions: 'me-south-1' is not enabled .*UnrecognizedClientException"):
        read(regions=["us-east-1", "me-south-1"])
    records, (note,) = read(regions=["us-east-1", "me-south-1"], strict_permissions=False)
    assert names(records) == ["egress"]
    assert note.startswith("The region me-south-1 of the caller's account is left out as not enabled: ")
    # When no region takes the credentials, it is they that are wrong.
    with pytest.raises(FlowOpsError, match="UnrecognizedClientException"):
        read(regions=["me-south-1"], strict_permissions=False)


def test_a_region_that_only_some_accounts_have_enabled(
    read: Read, control: Control, monkeypatch: pytest.MonkeyPatch, three_accounts: None
) -> None:
    monkeypatch.setattr(api_fleet, "_NOT_ENABLED", ("ExpiredTokenException",))
    control.add_fault("expired_token", "ListFirewalls", account_id=OTHERS[0])
    records, (note,) = read(roles=ROLES, strict_permissions=False)
    assert names(records) == [f"of-{OTHERS[1]}"]
    assert OTHERS[0] in note and "us-east-1" in note


def test_partitions(connections: Connections) -> None:
    found = [connections.partition_of(region, "regions") for region in ("us-east-1", "us-gov-west-1", "cn-north-1")]
    assert found == ["aws", "aws-us-gov", "aws-cn"]
    with pytest.raises(FlowOpsError, match="regions: 'xx-middle-1'"):
        connections.partition_of("xx-middle-1", "regions")


# -- permissions -----------------------------------------------------------------------------------------------------

REFUSED = [
    ("AssumeRole", {"account_id": OTHERS[0]}, "sts:AssumeRole"),
    ("ListFirewalls", {"account_id": OTHERS[0]}, "network-firewall:ListFirewalls"),
    ("DescribeFirewall", {"account_id": OTHERS[0]}, "network-firewall:DescribeFirewall"),
]


@pytest.mark.parametrize(("operation", "place", "action"), REFUSED)
def test_what_may_not_be_seen_ends_it_or_is_left_out_and_said(
    read: Read, control: Control, three_accounts: None, operation: str, place: dict[str, str], action: str
) -> None:
    control.add_fault("access_denied", operation, **place)
    with pytest.raises(FlowOpsError) as caught:
        read(roles=ROLES)
    assert action in caught.value.message and "strict_permissions" in caught.value.message
    assert OTHERS[0] in caught.value.message
    records, (note,) = read(roles=ROLES, strict_permissions=False)
    assert names(records) == [f"of-{OTHERS[1]}"]
    assert action in note and OTHERS[0] in note and "AccessDenied" in note


@pytest.mark.parametrize("operation", ["ListVpcEndpointAssociations", "DescribeVpcEndpointAssociation"])
def test_associations_that_may_not_be_seen_are_not_made_out_to_be_none(
    read: Read, control: Control, operation: str
) -> None:
    control.add_association("egress", "us-east-1a")
    control.add_fault("access_denied", operation)
    with pytest.raises(FlowOpsError, match=f"network-firewall:{operation}"):
        read()
    ((record,), (note,)) = read(strict_permissions=False)
    assert "vpc_endpoint_associations" not in record
    assert f"network-firewall:{operation}" in note and "vpc_endpoint_associations" in note


def test_many_refusals_are_one_sentence(read: Read, control: Control) -> None:
    for number in range(20):
        control.add_firewall(f"fw-{number}", zones=["us-east-1a"])
    control.add_fault("access_denied", "DescribeFirewall")
    records, (note,) = read(strict_permissions=False)
    assert records == []
    assert "16 more" in note and len(note) < 1000


def test_no_credential_is_in_a_record_a_note_or_an_error(
    read: Read, control: Control, three_accounts: None, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[str] = [SECRET]
    assume = Fleet._assume

    def noted(self: Fleet, role: Any, by: Any) -> Any:
        credentials = assume(self, role, by)
        given.extend((credentials["aws_secret_access_key"], credentials["aws_session_token"]))
        return credentials

    monkeypatch.setattr(Fleet, "_assume", noted)
    said = repr(read(roles=ROLES, external_id="the-external-id"))
    control.add_fault("access_denied", "ListFirewalls", account_id=OTHERS[0])
    said += repr(read(roles=ROLES, strict_permissions=False))
    with pytest.raises(FlowOpsError) as caught:
        read(roles=ROLES)
    said += caught.value.message + repr(caught.value.details)
    assert len(given) > 8
    assert not [secret for secret in [*given, "the-external-id"] if secret in said]


# -- connections -----------------------------------------------------------------------------------------------------


def test_connections_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(FlowOpsError, match="^Could not connect to AWS: .*nobody"):
        Connections(None, {"profile_name": "nobody"})
    connections = Connections("no url", {"aws_access_key_id": "a", "aws_secret_access_key": "b"})
    with pytest.raises(FlowOpsError, match="^Could not connect to AWS: .*no url"):
        connections.client("sts", "us-east-1")


def test_an_endpoint_that_does_not_answer_is_soon_given_up(
    monkeypatch: pytest.MonkeyPatch, retry_sleeps: list[float]
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    keys = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
    config = Connections("http://127.0.0.1:9", keys).client("sts", "us-east-1").meta.config
    assert (config.connect_timeout, config.read_timeout) == (10, 10)
    with socket.create_server(("127.0.0.1", 0), backlog=100) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        connections = Connections(url, keys, {"read_timeout": 0.1})
        assert connections.client("sts", "us-east-1").meta.config.connect_timeout == 10
        for regions in (["us-east-1"], []):
            retry_sleeps.clear()
            with pytest.raises(FlowOpsError, match=f"no answer came in time .*{url}"):
                Fleet(connections, Search("us-east-1", EVERYTHING, regions)).read()
            assert len(retry_sleeps) == 3


def test_settings_that_botocore_does_not_have() -> None:
    with pytest.raises(FlowOpsError, match="^aws_config: .*read_timeuot"):
        Connections(None, {}, {"read_timeuot": 1})
