# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.fleet import (
    HostName,
    Record,
    Role,
    Selection,
    check_accounts,
    check_external_id,
    check_partition,
    check_region,
    check_variable,
    distinct,
    firewall_record,
    host_names,
    is_machine,
    is_record,
    parse_role_arn,
    roles_of,
)

ACCOUNT, OTHER = "111122223333", "444455556666"
BY_NAME = [HostName("name")]


def record(name: str = "egress", region: str = "us-east-1", account: str = ACCOUNT, **more: Any) -> Record:
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


def described(name: str = "egress", **members: Any) -> dict[str, Any]:
    """Return what DescribeFirewall says of a firewall with one zone."""
    return {
        "Firewall": {
            "FirewallName": name,
            "FirewallArn": record(name)["firewall_arn"],
            "FirewallPolicyArn": "arn:aws:network-firewall:us-east-1:111122223333:firewall-policy/strict",
            "VpcId": "vpc-0a",
            "Tags": [{"Key": "Name", "Value": "edge"}, {"Key": "Empty", "Value": ""}],
            **members,
        },
        "FirewallStatus": {
            "Status": "READY",
            "ConfigurationSyncStateSummary": "IN_SYNC",
            "SyncStates": {
                "us-east-1b": {"Attachment": {"SubnetId": "subnet-0b", "EndpointId": "vpce-0b", "Status": "CREATING"}},
                "us-east-1a": {"Attachment": {"SubnetId": "subnet-0a", "EndpointId": "vpce-0a", "Status": "READY"}},
            },
        },
    }


# -- where to look ---------------------------------------------------------------------------------------------------


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


@pytest.mark.parametrize("name", ["tags", "firewall_tags", "_t1", "TAGS"])
def test_the_name_of_a_variable(name: str) -> None:
    assert check_variable(name, "tags_variable") == name


@pytest.mark.parametrize("name", ["my tags", "été", "class", "None", "1a", "", "a\n", None, 7])
def test_what_is_no_name_of_a_variable(name: Any) -> None:
    with pytest.raises(FlowOpsError, match="^tags_variable: .*such as firewall_tags"):
        check_variable(name, "tags_variable")


@pytest.mark.parametrize(
    "name", ["firewall_arn", "vpc_id", "proxy_settings", "ansible_connection", "ansible_x", "inventory_dir", "groups"]
)
def test_a_variable_that_is_somebodys_already(name: str) -> None:
    with pytest.raises(FlowOpsError, match=f"^tags_variable: '{name}' is not allowed; .*set by"):
        check_variable(name, "tags_variable")


# -- which firewalls -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filters", "holds"),
    [
        ({}, True),
        ({"name": "egress"}, True),
        ({"name": ["x", "eg*"]}, True),
        ({"name": "eg"}, False),
        ({"name": "EGRESS"}, False),
        ({"name": "egres?"}, True),
        ({"arn": "*:firewall/egress"}, True),
        ({"arn": "*:eu-*"}, False),
        ({"vpc-id": "vpc-0a"}, True),
        ({"vpc-id": ["vpc-0b"]}, False),
        ({"vpc-id": "*0a"}, True),
        ({"status": ["provision*", "re?dy"]}, True),
        ({"status": "ready"}, True),
        ({"status": ["PROVISIONING", "FAILED"]}, False),
        ({"sync-state": "IN_SYNC"}, True),
        ({"availability-zone": "us-east-1b"}, True),
        ({"availability-zone": "us-east-1c"}, False),
        ({"transit-gateway-id": "*"}, False),
        ({"tag-key": "Env"}, True),
        ({"tag-key": "env"}, False),
        ({"tag:Env": ["prod", "staging"]}, True),
        ({"tag:Env": "dev"}, False),
        ({"tag:None": "*"}, False),
        ({"tag:Odd": "a[b]*.c"}, True),
        ({"tag:Odd": r"a[b]\*.c"}, True),
        ({"tag:Env": r"pro\?"}, False),
        ({"tag:On": True}, True),
        ({"tag:Number": 7}, True),
        ({"tag:Empty": "*"}, True),
        ({"name": "egress", "tag:Env": "dev"}, False),
    ],
)
def test_every_filter_must_hold(filters: dict[str, Any], holds: bool) -> None:
    tags = {"Env": "prod", "Odd": "a[b]*.c", "On": "true", "Number": "7", "Empty": ""}
    assert Selection(filters, [], []).takes(record(tags=tags)) is holds


@pytest.mark.parametrize(
    ("include", "exclude", "taken"),
    [
        ([], [], ["egress", "egress-test", "inspection"]),
        (["egress*"], [], ["egress", "egress-test"]),
        (["egress*"], ["*-test"], ["egress"]),
        ([], ["*:firewall/egress*"], ["inspection"]),
        (["*:firewall/inspection", "egress"], [], ["egress", "inspection"]),
        (["nothing"], [], []),
    ],
)
def test_include_and_exclude_are_patterns_of_names_and_arns(
    include: list[str], exclude: list[str], taken: list[str]
) -> None:
    selection = Selection({}, include, exclude)
    records = [record(name) for name in ("egress", "egress-test", "inspection")]
    assert [item["firewall_name"] for item in records if selection.takes(item)] == taken
    assert [
        item["firewall_name"] for item in records if selection.may_take(item["firewall_name"], item["firewall_arn"])
    ] == taken


def test_what_a_listing_does_not_tell_is_left_for_later() -> None:
    selection = Selection({"name": "eg*", "tag:Env": "prod", "status": "READY"}, [], [])
    assert selection.may_take("egress", record()["firewall_arn"])
    assert not selection.may_take("inspection", record("inspection")["firewall_arn"])


def test_the_api_is_asked_for_vpcs_only_by_their_ids() -> None:
    assert Selection({"vpc-id": ["vpc-0a", "vpc-0b"]}, [], []).vpc_ids == ["vpc-0a", "vpc-0b"]
    assert Selection({"vpc-id": ["vpc-0a", "vpc-0*"]}, [], []).vpc_ids == []
    assert Selection({}, [], []).vpc_ids == []


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"filters": {"vpc_id": "vpc-0a"}}, "filters: 'vpc_id' is not allowed; known are "),
        ({"filters": {"tag:": "x"}}, "filters: 'tag:'"),
        ({"filters": {"name": []}}, "filters.name: []"),
        ({"filters": {"name": None}}, "filters.name: None"),
        ({"filters": {"tag:Env": {"a": "b"}}}, "filters.tag:Env: "),
        ({"filters": {"vpc-id": ["vpc-0a", "foo"]}}, "filters.vpc-id: 'foo' is not allowed; give the ID of a VPC"),
        ({"filters": {"vpc-id": "vpc-0A"}}, "filters.vpc-id: 'vpc-0A'"),
        ({"filters": {"status": ["REDY"]}}, "filters.status: 'REDY' is not allowed; known are DELETING, FAILED, "),
        ({"filters": {"sync-state": "synced"}}, "filters.sync-state: 'synced' is not allowed; known are "),
        ({"include": [None]}, "include: None"),
        ({"exclude": [""]}, "exclude: ''"),
    ],
)
def test_a_selection_that_makes_no_sense(options: dict[str, Any], said: str) -> None:
    with pytest.raises(FlowOpsError) as caught:
        Selection(options.get("filters", {}), options.get("include", []), options.get("exclude", []))
    assert said in caught.value.message


# -- host variables --------------------------------------------------------------------------------------------------


def test_the_variables_of_a_firewall() -> None:
    assert firewall_record(described(), [], None) == {
        "firewall_arn": record()["firewall_arn"],
        "firewall_name": "egress",
        "region": "us-east-1",
        "account_id": ACCOUNT,
        "vpc_id": "vpc-0a",
        "firewall_policy_arn": "arn:aws:network-firewall:us-east-1:111122223333:firewall-policy/strict",
        "availability_zones": ["us-east-1a", "us-east-1b"],
        "endpoints": {
            "us-east-1a": {"endpoint_id": "vpce-0a", "subnet_id": "subnet-0a", "status": "READY"},
            "us-east-1b": {"endpoint_id": "vpce-0b", "subnet_id": "subnet-0b", "status": "CREATING"},
        },
        "vpc_endpoint_associations": [],
        "tags": {"Name": "edge", "Empty": ""},
        "status": "READY",
        "sync_state": "IN_SYNC",
    }


@pytest.mark.parametrize("role", [None, Role("arn:aws:iam::111122223333:role/audit", "aws", ACCOUNT)])
def test_what_is_kept_of_a_firewall_is_known_again(role: Role | None) -> None:
    found = firewall_record(described(), None, role)
    assert is_record(found)
    for name in ("firewall_arn", "tags", "endpoints"):
        assert not is_record({key: value for key, value in found.items() if key != name})
        assert not is_record({**found, name: 7})
    assert not is_record({**found, "vpc_id": None})
    assert not is_record({**found, "tags": {"a": 1}})
    assert not is_record([found])


def test_the_variables_of_associations() -> None:
    arn = f"arn:aws:network-firewall:us-east-1:{ACCOUNT}:vpc-endpoint-association/0a"
    answers = [
        {
            "VpcEndpointAssociation": {"VpcEndpointAssociationArn": arn, "VpcId": "vpc-0b"},
            "VpcEndpointAssociationStatus": {
                "Status": "READY",
                "AssociationSyncState": {
                    "us-east-1a": {"Attachment": {"SubnetId": "subnet-0c", "EndpointId": "vpce-0c", "Status": "READY"}}
                },
            },
        },
        # One that AWS does not describe to us.
        {"VpcEndpointAssociation": {"VpcEndpointAssociationArn": arn + "b"}},
    ]
    assert firewall_record(described(), answers, None)["vpc_endpoint_associations"] == [
        {
            "vpc_endpoint_association_arn": arn,
            "vpc_id": "vpc-0b",
            "availability_zone": "us-east-1a",
            "endpoint_id": "vpce-0c",
            "subnet_id": "subnet-0c",
            "status": "READY",
        },
        {"vpc_endpoint_association_arn": arn + "b"},
    ]
    assert "vpc_endpoint_associations" not in firewall_record(described(), None, None)


def test_what_only_some_firewalls_have() -> None:
    plain = firewall_record(described(), [], None)
    assert not {"transit_gateway_id", "proxy_settings", "assume_role_arn"} & set(plain)
    answer = described(
        TransitGatewayId="tgw-0a",
        TransitGatewayOwnerAccountId=OTHER,
        AvailabilityZoneMappings=[{"AvailabilityZone": "us-east-1d"}],
        ProxySettings={"ListenerProperties": [{"Port": 3128, "Type": "HTTP"}], "DomainName": "proxy.example.com"},
    )
    del answer["Firewall"]["VpcId"]
    # Not set up anywhere yet.
    answer["FirewallStatus"] = {"Status": "PROVISIONING"}
    role = parse_role_arn(f"arn:aws:iam::{ACCOUNT}:role/audit", "assume_role_arns")
    found = firewall_record(answer, [], role)
    assert found["transit_gateway_id"] == "tgw-0a"
    assert found["transit_gateway_owner_account_id"] == OTHER
    assert found["proxy_settings"] == {
        "listener_properties": [{"port": 3128, "type": "HTTP"}],
        "domain_name": "proxy.example.com",
    }
    assert found["assume_role_arn"] == role.arn
    assert found["availability_zones"] == ["us-east-1d"]
    assert found["endpoints"] == {}
    assert not {"vpc_id", "sync_state"} & set(found)
    proxy = firewall_record(described(VpcId=None, VpcEndpoint={"VpcId": "vpc-0c"}), [], None)
    assert proxy["vpc_id"] == "vpc-0c"


def test_a_shared_firewall_is_one_host_found_through_its_own_account() -> None:
    by_owner = record(assume_role_arn=f"arn:aws:iam::{ACCOUNT}:role/audit")
    by_other = record(assume_role_arn=f"arn:aws:iam::{OTHER}:role/audit")
    by_caller = record()
    own = record("own", account=OTHER)
    for order in ([by_other, by_owner], [by_owner, by_other], [by_caller, by_owner], [by_owner, by_caller]):
        assert distinct([own, *order]) == [by_owner, own]
    assert distinct([by_caller, by_other]) == [by_caller]


# -- host names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hostnames", "name"),
    [
        (["name"], "egress"),
        (["arn"], f"arn:aws:network-firewall:us-east-1:{ACCOUNT}:firewall/egress"),
        (["tag:Name", "name"], "edge-1.example"),
        (["tag:None", "tag:Name"], "edge-1.example"),
        (["tag:None"], "egress"),
        (["tag:Empty"], "egress"),
        ([{"name": "name", "prefix": "account_id"}], f"{ACCOUNT}_egress"),
        ([{"name": "tag:Name", "prefix": "region", "separator": "."}], "us-east-1.edge-1.example"),
        ([{"name": "name", "prefix": "tag:None"}], "egress"),
        ([{"name": "name", "separator": "-"}], "egress"),
        (["tag:Odd"], "a_b"),
        (["tag:Template"], "lookup_pipe_id"),
        (["tag:Up"], "etc_passwd"),
        (["tag:Nothing"], "egress"),
        (["tag:Umlaut"], "Köln_1"),
    ],
)
def test_where_the_name_of_a_host_comes_from(hostnames: list[Any], name: str) -> None:
    tags = {
        "Name": "edge-1.example",
        "Empty": "",
        "Odd": " a,: b\n",
        "Template": "{{ lookup('pipe', 'id') }}",
        "Up": "../../etc/passwd",
        "Nothing": "{{}}",
        "Umlaut": "Köln 1",
    }
    names, warnings = host_names([record(tags=tags)], [HostName.of(entry) for entry in hostnames], {})
    assert (names, warnings) == ([name], [])


@pytest.mark.parametrize(
    "entry",
    [
        "tag:",
        "Name",
        "",
        None,
        7,
        {"prefix": "name"},
        {"name": "name", "prefix": "nobody"},
        {"name": "name", "separator": "/"},
        {"name": "name", "separator": 1},
        {"name": "name", "suffix": "region"},
        {"name": ["name"]},
        {"name": {"tag": "x"}},
        {"name": "name", "prefix": {"a": "b"}},
        {"name": "name", "prefix": ["region"]},
    ],
)
def test_an_entry_of_hostnames_that_is_none(entry: Any) -> None:
    with pytest.raises(FlowOpsError, match="^hostnames: "):
        HostName.of(entry)


def test_firewalls_of_one_name_both_give_way() -> None:
    records = [record(), record(region="eu-west-1"), record("inspection"), record(account=OTHER)]
    names, warnings = host_names(records, BY_NAME, {})
    assert names == [
        f"egress_us-east-1_{ACCOUNT}",
        f"egress_eu-west-1_{ACCOUNT}",
        "inspection",
        f"egress_us-east-1_{OTHER}",
    ]
    (warning,) = warnings
    assert "'egress'" in warning
    for item, name in zip(records, names, strict=True):
        assert (f"{item['firewall_arn']} is {name}" in warning) is (item["firewall_name"] == "egress")


def test_firewalls_of_one_tag_in_one_region_and_account() -> None:
    records = [record(name, tags={"Name": "edge"}) for name in ("a", "b")]
    names, _warnings = host_names(records, [HostName("tag:Name")], {})
    assert names == [f"edge_us-east-1_{ACCOUNT}_a", f"edge_us-east-1_{ACCOUNT}_b"]


def test_a_tag_that_is_made_to_look_like_another_firewalls_name() -> None:
    forged = f"egress_us-east-1_{ACCOUNT}"
    records = [
        record(),
        record(region="eu-west-1"),
        record("x", tags={"Name": forged}),
        record("y", tags={"Name": f"{forged}_egress"}),
        record("z", tags={"Name": f"{forged}_us-east-1_{ACCOUNT}"}),
    ]
    names, _warnings = host_names(records, [HostName("tag:Name"), HostName("name")], {})
    assert len(set(names)) == len(records)


def test_names_that_are_something_elses_already() -> None:
    other = record(region="eu-west-1")["firewall_arn"]
    records = [record("all"), record(), record("known"), record("known", region="eu-west-1")]
    taken = {"all": "", "localhost": "", "egress": other, "known": records[2]["firewall_arn"]}
    names, warnings = host_names(records, BY_NAME, taken)
    # The same firewall under its name of another source stays one host.
    assert names == [
        f"all_us-east-1_{ACCOUNT}",
        f"egress_us-east-1_{ACCOUNT}",
        "known",
        f"known_eu-west-1_{ACCOUNT}",
    ]
    assert len(warnings) == 3
    assert all("taken" in warning for warning in warnings)


def test_a_firewall_keeps_the_name_that_another_source_gave_it() -> None:
    records = [record(), record(region="eu-west-1"), record("inspection")]
    arns = [item["firewall_arn"] for item in records]
    long = [f"egress_us-east-1_{ACCOUNT}", f"egress_eu-west-1_{ACCOUNT}"]
    # The other source had both regions, and this one has one of them.
    assert host_names(records[:1], BY_NAME, {long[0]: arns[0], long[1]: arns[1]}) == ([long[0]], [])
    # The first of two names, and the one that is wanted before any other.
    assert host_names(records[2:], BY_NAME, {"a": arns[2], "b": arns[2]}) == (["a"], [])
    assert host_names(records[2:], BY_NAME, {"a": arns[2], "inspection": arns[2]}) == (["inspection"], [])
    # The name that the first does without is still not the other's alone.
    names, (warning,) = host_names(records, BY_NAME, {long[0]: arns[0]})
    assert names == [*long, "inspection"]
    assert "more than one firewall" in warning


@pytest.mark.parametrize(
    ("variables", "machine"),
    [
        ({}, False),
        ({"mine": 1, "region": "on-prem", "ansible_python_interpreter": "/usr/bin/python3"}, False),
        ({"ansible_connection": "local"}, False),
        ({"ansible_connection": "ansible.builtin.local"}, False),
        ({"ansible_connection": "ssh"}, True),
        ({"ansible_connection": "{{ how }}"}, True),
        ({"ansible_host": "10.0.0.5"}, True),
        ({"ansible_port": 2222}, True),
        ({"ansible_user": "root"}, True),
        ({"ansible_ssh_private_key_file": "key"}, True),
        ({"instance_id": "i-0a"}, True),
    ],
)
def test_what_shows_that_a_host_is_a_machine_of_its_own(variables: dict[str, Any], machine: bool) -> None:
    assert is_machine(variables) is machine


def test_a_warning_on_many_firewalls_stays_short() -> None:
    records = [record(account=f"{number:012}") for number in range(300)]
    names, (warning,) = host_names(records, BY_NAME, {})
    assert len(set(names)) == 300
    assert len(warning) < 1000
    assert "295 more" in warning


_NAMES = st.sampled_from(["a", "b", "a_us-east-1_111122223333", "a_eu-west-1_111122223333", "all", "", "{{}}"])


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "all", "c"]),
            st.sampled_from(["us-east-1", "eu-west-1"]),
            st.sampled_from([ACCOUNT, OTHER]),
            _NAMES,
        ),
        unique_by=lambda item: item[:3],
    )
)
def test_no_firewall_is_ever_lost(fleet: list[tuple[str, str, str, str]]) -> None:
    records = [record(name, region, account, tags={"Name": tag}) for name, region, account, tag in fleet]
    names, warnings = host_names(records, [HostName("tag:Name"), HostName("name")], {"all": ""})
    assert len(set(names)) == len(records)
    assert "all" not in names
    wanted = Counter(item["tags"]["Name"].strip("{}") or item["firewall_name"] for item in records)
    assert bool(warnings) is (max(wanted.values(), default=0) > 1 or "all" in wanted)
