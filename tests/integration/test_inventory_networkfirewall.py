# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.expectations import assert_sentence
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import calls_of
from ansible_collections.flowops.aws.tests.integration.harness.runner import CREDENTIALS, environment
from ansible_collections.flowops.aws.tests.integration.harness.slicing import plain

# STS's model has no AccessDenied, which is what STS answers.
pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape")

OWN, BRANCH, LAB, NAMES = "123456789012", "111122223333", "444455556666", "777788889999"
TWO_REGIONS = ["us-east-1", "eu-west-1"]
EVIL = "{{ lookup('pipe', 'touch ' ~ lookup('env', 'FLOWOPS_MARK')) }}"
# Ways in which a call can go wrong that asking again mends.
TRANSIENT = ("internal", "unavailable", "drop_before", "drop_after", "cut", "cut_short", "not_json")


@dataclass(frozen=True)
class Listed:
    """What ansible-inventory --list said."""

    rc: int
    stdout: str
    stderr: str

    @property
    def inventory(self) -> dict[str, Any]:
        """The inventory, its strings as they are; AssertionError when there is none."""
        assert self.rc == 0, self.stderr
        found: dict[str, Any] = plain(json.loads(self.stdout))
        return found

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        """The variables of each host."""
        found: dict[str, dict[str, Any]] = self.inventory["_meta"]["hostvars"]
        return found

    def group(self, name: str) -> list[str]:
        """The hosts of a group, in order; none when there is no such group."""
        return sorted(self.inventory.get(name, {}).get("hosts", []))

    @property
    def said(self) -> str:
        """Everything on stderr, on one line."""
        return " ".join(self.stderr.split())


class Inventories:
    """Runs Ansible's commands over inventory sources that this plugin reads."""

    def __init__(self, folder: Path, endpoint_url: str) -> None:
        self.folder = folder
        self.endpoint_url = endpoint_url

    def source(self, options: Mapping[str, Any], folder: Path | None = None) -> Path:
        """Write a configuration file of the plugin."""
        path = (folder or Path(tempfile.mkdtemp(dir=self.folder))) / "fleet.networkfirewall.yml"
        path.write_text(yaml.safe_dump({"plugin": "flowops.aws.networkfirewall", **options}), encoding="utf-8")
        return path

    def command(self, *words: str | Path, env: Mapping[str, str | None] | None = None) -> Listed:
        """Run a command of Ansible's, its first word."""
        (self.folder / "ansible.cfg").touch()
        done = subprocess.run(
            [str(Path(sys.executable).parent / words[0]), *map(str, words[1:])],
            cwd=self.folder,
            env=environment(
                {
                    "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
                    "ANSIBLE_HOME": str(self.folder / "home"),
                    "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
                    "ANSIBLE_CALLBACK_PLUGINS": None,
                    "FLOWOPS_MARK": str(self.folder / "mark"),
                    "AWS_URL": self.endpoint_url,
                    **(env or {}),
                }
            ),
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )
        return Listed(done.returncode, done.stdout, done.stderr)

    def __call__(self, *words: str | Path, **options: Any) -> Listed:
        """List the inventory of a source with these options, by default of two regions."""
        source = self.source({"regions": TWO_REGIONS, **options})
        return self.command("ansible-inventory", "--inventory", source, "--list", *words)


@pytest.fixture(scope="module")
def inventories(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Inventories:
    return Inventories(tmp_path_factory.mktemp("inventories"), emulator.url)


@pytest.fixture(scope="module", autouse=True)
def fleet(control: Control) -> dict[str, str]:
    """Firewalls in three accounts and two regions, and a VPC endpoint association; their ARNs."""
    firewalls: list[tuple[str, str, str, list[str], dict[str, Any]]] = [
        ("edge", OWN, "us-east-1", ["us-east-1a", "us-east-1b"], {"tags": {"Env": "prod", "Name": "edge.example"}}),
        ("egress", OWN, "us-east-1", ["us-east-1a"], {"tags": {"Env": "prod"}}),
        ("egress", OWN, "eu-west-1", ["eu-west-1c"], {"tags": {"Env": "test", "Evil": EVIL}}),
        ("hub", OWN, "eu-west-1", ["eu-west-1a"], {"members": TRANSIT}),
        ("proxy", BRANCH, "us-east-1", ["us-east-1a"], {"members": PROXY}),
        ("egress", LAB, "us-east-1", ["us-east-1a"], {"tags": {"Env": "lab"}}),
    ]
    made = {}
    for name, account, region, zones, options in firewalls:
        answer = control.add_firewall(name, zones=zones, account_id=account, **options)
        made[f"{name} {region} {account}"] = answer["arn"]
    control.add_association("edge", "us-east-1b")
    return made


TRANSIT = {
    "Firewall": {
        "VpcId": None,
        "TransitGatewayId": "tgw-0123456789abcdef0",
        "TransitGatewayOwnerAccountId": BRANCH,
        "NumberOfAssociations": None,
    },
    "FirewallStatus": {"Status": "PROVISIONING", "ConfigurationSyncStateSummary": "PENDING"},
}
PROXY = {
    "Firewall": {"ProxySettings": {"ListenerProperties": [{"Port": 8443, "Type": "HTTPS"}], "DomainName": "p.example"}}
}


@pytest.fixture(autouse=True)
def no_faults(control: Control) -> Iterator[None]:
    yield
    control.clear_faults()
    control.settings(external_ids={})


@pytest.fixture
def asked(control: Control) -> Callable[[], dict[str, int]]:
    """Tell what AWS was asked since the test began."""
    before = calls_of(control)
    return lambda: dict(calls_of(control) - before)


def arns(listed: Listed) -> set[str]:
    return {variables["firewall_arn"] for variables in listed.hosts.values()}


# -- what is found ---------------------------------------------------------------------------------------------------


def test_every_firewall_of_every_region_is_a_host(
    inventories: Inventories, fleet: dict[str, str], aws: Any, asked: Callable[[], dict[str, int]]
) -> None:
    listed = inventories(regions=[])
    assert arns(listed) == {arn for name, arn in fleet.items() if name.endswith(OWN)}
    counts = asked()
    assert counts["DescribeRegions"] == 1 and counts["ListFirewalls"] > 20
    assert (counts["DescribeFirewall"], counts["DescribeVpcEndpointAssociation"]) == (4, 1)
    assert listed.group("networkfirewall") == sorted(listed.hosts)

    plain = aws.describe_firewall(FirewallName="edge")
    association = aws.list_vpc_endpoint_associations()["VpcEndpointAssociations"][0]["VpcEndpointAssociationArn"]
    more = aws.describe_vpc_endpoint_association(VpcEndpointAssociationArn=association)
    attachment = more["VpcEndpointAssociationStatus"]["AssociationSyncState"]["us-east-1b"]["Attachment"]
    assert listed.hosts["edge"] == {
        "ansible_connection": "local",
        "firewall_arn": fleet[f"edge us-east-1 {OWN}"],
        "firewall_name": "edge",
        "region": "us-east-1",
        "account_id": OWN,
        "vpc_id": plain["Firewall"]["VpcId"],
        "firewall_policy_arn": plain["Firewall"]["FirewallPolicyArn"],
        "availability_zones": ["us-east-1a", "us-east-1b"],
        "endpoints": {
            zone: {
                "endpoint_id": state["Attachment"]["EndpointId"],
                "subnet_id": state["Attachment"]["SubnetId"],
                "status": "READY",
            }
            for zone, state in plain["FirewallStatus"]["SyncStates"].items()
        },
        "vpc_endpoint_associations": [
            {
                "vpc_endpoint_association_arn": association,
                "vpc_id": more["VpcEndpointAssociation"]["VpcId"],
                "availability_zone": "us-east-1b",
                "endpoint_id": attachment["EndpointId"],
                "subnet_id": attachment["SubnetId"],
                "status": "READY",
            }
        ],
        "firewall_tags": {"Env": "prod", "Name": "edge.example"},
        "status": "READY",
        "sync_state": "IN_SYNC",
    }
    hub = listed.hosts["hub"]
    assert (hub["transit_gateway_id"], hub["status"], hub["sync_state"]) == (
        "tgw-0123456789abcdef0",
        "PROVISIONING",
        "PENDING",
    )
    assert "vpc_id" not in hub
    # Ansible warns of a variable named tags, and of this one it does not.
    assert "reserved name" not in listed.said


def test_accounts_are_entered_by_their_roles(
    inventories: Inventories, fleet: dict[str, str], control: Control, asked: Callable[[], dict[str, int]]
) -> None:
    role = f"arn:aws:iam::{LAB}:role/lab/audit"
    control.settings(external_ids={role: "sesame"})
    listed = inventories(
        accounts=[BRANCH],
        assume_role_name="audit",
        assume_role_arns=[role],
        assume_role_arn=f"arn:aws:iam::{OWN}:role/hub",
        external_id="{{ lookup('ansible.builtin.pipe', 'echo sesame') }}",
        regions=["us-east-1"],
    )
    assert {(host, item["account_id"], item["assume_role_arn"]) for host, item in listed.hosts.items()} == {
        ("proxy", BRANCH, f"arn:aws:iam::{BRANCH}:role/audit"),
        ("egress", LAB, role),
    }
    assert listed.hosts["proxy"]["proxy_settings"] == {
        "listener_properties": [{"port": 8443, "type": "HTTPS"}],
        "domain_name": "p.example",
    }
    assert asked()["AssumeRole"] == 3


def test_filters_include_and_exclude(inventories: Inventories, asked: Callable[[], dict[str, int]]) -> None:
    listed = inventories(filters={"tag:Env": ["prod", "te*"], "status": "READY"}, include=["e*"], exclude=["*:*/edge"])
    assert {(item["region"], item["firewall_name"]) for item in listed.hosts.values()} == {
        ("us-east-1", "egress"),
        ("eu-west-1", "egress"),
    }
    # What name and ARN rule out is not described.
    assert asked() == {"ListFirewalls": 2, "DescribeFirewall": 2}


def test_groups_and_composed_variables(inventories: Inventories) -> None:
    listed = inventories(
        strict=True,
        keyed_groups=[{"key": "region", "prefix": "region"}, {"key": "firewall_tags", "prefix": "tag"}],
        groups={"unsettled": "sync_state != 'IN_SYNC'", "many_zones": "availability_zones | length > 1"},
        compose={
            "where": "account_id ~ '/' ~ region",
            "first_endpoint": "endpoints[availability_zones[0]].endpoint_id",
        },
    )
    egress = [f"egress_eu-west-1_{OWN}", f"egress_us-east-1_{OWN}"]
    assert listed.group("region_us_east_1") == ["edge", egress[1]]
    assert listed.group("region_eu_west_1") == [egress[0], "hub"]
    assert listed.group("tag_Env_prod") == ["edge", egress[1]]
    assert (listed.group("unsettled"), listed.group("many_zones")) == (["hub"], ["edge"])
    assert listed.hosts["hub"]["where"] == f"{OWN}/eu-west-1"
    edge = listed.hosts["edge"]
    assert edge["first_endpoint"] == edge["endpoints"]["us-east-1a"]["endpoint_id"]


def test_include_and_exclude_may_be_templates(inventories: Inventories) -> None:
    env: dict[str, str | None] = {"WANTED": "e*"}
    options = {"include": ["{{ lookup('env', 'WANTED') }}"], "exclude": ["{{ ['edge', 'x'] }}"]}
    source = inventories.source({"regions": ["us-east-1"], **options})
    listed = inventories.command("ansible-inventory", "--inventory", source, "--list", env=env)
    assert list(listed.hosts) == ["egress"]


def test_every_option_may_be_in_the_file_under_each_of_its_names(inventories: Inventories) -> None:
    listed = inventories(
        iam_role_arn=f"arn:aws:iam::{LAB}:role/hub",
        aws_region="us-east-1",
        aws_access_key_id="AKIATESTTESTTESTTEST",
        aws_secret_key="secret",
        aws_endpoint_url=inventories.endpoint_url,
        aws_config={"read_timeout": 30},
        cache=False,
        cache_timeout=600,
        cache_prefix="x",
        leading_separator=False,
        strict=True,
        use_extra_vars=True,
    )
    assert list(listed.hosts) == ["egress"]


# -- host names ------------------------------------------------------------------------------------------------------


def test_no_firewall_is_lost_to_another_of_its_name(inventories: Inventories, fleet: dict[str, str]) -> None:
    roles = [f"arn:aws:iam::{account}:role/audit" for account in (OWN, BRANCH, LAB)]
    listed = inventories(assume_role_arns=roles)
    assert arns(listed) == set(fleet.values())
    assert {host for host, item in listed.hosts.items() if item["firewall_name"] == "egress"} == {
        f"egress_us-east-1_{OWN}",
        f"egress_eu-west-1_{OWN}",
        f"egress_us-east-1_{LAB}",
    }
    assert "The host name 'egress' would be that of more than one firewall" in listed.said
    quiet = inventories(assume_role_arns=roles, hostnames=[{"name": "tag:Name", "prefix": "account_id"}, "arn"])
    assert set(quiet.hosts) == (set(fleet.values()) | {f"{OWN}_edge.example"}) - {fleet[f"edge us-east-1 {OWN}"]}
    assert "would be that of" not in quiet.said


def test_names_of_groups_and_of_other_sources(inventories: Inventories, fleet: dict[str, str], tmp_path: Path) -> None:
    # By their names they are read one after the other.
    static = tmp_path / "1.yml"
    static.write_text(
        yaml.safe_dump({"edge": {"hosts": {"proxy": {"mine": 1}, "hub": {"mine": 2}}, "vars": {"of_group": 3}}}),
        encoding="utf-8",
    )
    for name, options in (
        ("2", {"regions": ["us-east-1"], "include": ["e*"]}),
        ("3", {"regions": ["eu-west-1", "us-east-1"], "exclude": ["hub"]}),
        ("4", {"regions": ["eu-west-1"], "include": ["hub"]}),
    ):
        inventories.source(options, tmp_path).rename(tmp_path / f"{name}.networkfirewall.yml")
    listed = inventories.command("ansible-inventory", "--inventory", tmp_path, "--list")
    hosts = {item["firewall_arn"]: host for host, item in listed.hosts.items() if "firewall_arn" in item}
    assert hosts[fleet[f"edge us-east-1 {OWN}"]] == f"edge_us-east-1_{OWN}"
    assert hosts[fleet[f"egress eu-west-1 {OWN}"]] == f"egress_eu-west-1_{OWN}"
    assert set(hosts) == {arn for name, arn in fleet.items() if name.endswith(OWN)}
    # A host of that name without a firewall is one that somebody gives variables to.
    assert (listed.hosts["hub"]["mine"], listed.hosts["hub"]["of_group"], hosts[fleet[f"hub eu-west-1 {OWN}"]]) == (
        2,
        3,
        "hub",
    )
    assert "firewall_arn" not in listed.hosts["proxy"]
    assert "The host name 'edge' is taken already" in listed.said


@pytest.fixture(scope="module")
def namesakes(control: Control) -> dict[str, Any]:
    """Options that lead to firewalls named as groups are named."""
    for name, env in (("core-1", "prod"), ("core-2", "prod"), ("prod", "test"), ("egress", "edge")):
        control.add_firewall(name, zones=["us-east-1a"], account_id=NAMES, tags={"Env": env})
    return {"regions": ["us-east-1"], "assume_role_arns": [f"arn:aws:iam::{NAMES}:role/audit"]}


BY_ENV = [{"key": "firewall_tags.Env", "prefix": "", "separator": ""}]


@pytest.mark.parametrize(
    "options",
    [
        {"groups": {"prod": "firewall_tags.Env == 'prod'", "test": "firewall_tags.Env == 'test'"}},
        {"groups": {"remediate": "firewall_tags.Env == 'test'"}, "keyed_groups": BY_ENV},
    ],
    ids=["groups", "keyed_groups"],
)
def test_a_firewall_with_the_name_of_a_group_brings_no_other_into_its_groups(
    inventories: Inventories, namesakes: dict[str, Any], options: dict[str, Any]
) -> None:
    source = inventories.source({**namesakes, **options})
    group = "remediate" if "remediate" in options["groups"] else "test"
    chosen = inventories.command("ansible", "-i", source, group, "--list-hosts")
    assert chosen.stdout.split() == ["hosts", "(1):", f"prod_us-east-1_{NAMES}"]
    assert "The host name 'prod' is taken already" in chosen.said
    listed = inventories.command("ansible", "-i", source, "prod", "--list-hosts")
    assert listed.stdout.split() == ["hosts", "(2):", "core-1", "core-2"]


def test_a_group_of_the_name_of_its_only_firewall(inventories: Inventories, namesakes: dict[str, Any]) -> None:
    listed = inventories(**{**namesakes, "groups": {"egress": "firewall_name is match('egress')"}})
    assert len(listed.hosts) == 4
    assert listed.group("egress") == [f"egress_us-east-1_{NAMES}"]


def test_a_machine_of_the_name_of_a_firewall_stays_a_machine(
    inventories: Inventories, fleet: dict[str, str], tmp_path: Path
) -> None:
    machine = {"ansible_host": "10.0.0.5", "region": "on-prem"}
    (tmp_path / "1.yml").write_text(yaml.safe_dump({"webservers": {"hosts": {"edge": machine}}}), encoding="utf-8")
    inventories.source({"regions": ["us-east-1"]}, tmp_path).rename(tmp_path / "2.networkfirewall.yml")
    listed = inventories.command("ansible-inventory", "--inventory", tmp_path, "--list")
    assert (listed.hosts["edge"], listed.group("webservers")) == (machine, ["edge"])
    long = f"edge_us-east-1_{OWN}"
    assert listed.hosts[long]["firewall_arn"] == fleet[f"edge us-east-1 {OWN}"]
    assert listed.group("networkfirewall") == [long, "egress"]
    assert "The host name 'edge' is taken already" in listed.said


@pytest.mark.parametrize("order", [("one", "two"), ("two", "one")], ids=["one first", "two first"])
def test_a_firewall_is_one_host_in_whichever_order_its_sources_come(
    inventories: Inventories, tmp_path: Path, order: tuple[str, str]
) -> None:
    words: list[str | Path] = []
    for name in order:
        (tmp_path / name).mkdir()
        options = {"regions": TWO_REGIONS if name == "two" else ["us-east-1"], "include": ["egress"]}
        words += ["--inventory", inventories.source(options, tmp_path / name)]
    listed = inventories.command("ansible-inventory", *words, "--list")
    assert len(listed.hosts) == len(arns(listed)) == 2


# -- the cache -------------------------------------------------------------------------------------------------------


def test_with_a_cache_aws_is_asked_once(
    inventories: Inventories, control: Control, tmp_path: Path, asked: Callable[[], dict[str, int]]
) -> None:
    options = {
        "cache": True,
        "cache_plugin": "ansible.builtin.jsonfile",
        "cache_connection": str(tmp_path / "cache"),
        "regions": TWO_REGIONS,
        "assume_role_arn": f"arn:aws:iam::{OWN}:role/hub",
        "strict_permissions": False,
    }
    control.add_fault("access_denied", "ListVpcEndpointAssociations")

    def list_again(*words: str, **more: Any) -> Listed:
        source = inventories.source({**options, **more}, tmp_path)
        return inventories.command("ansible-inventory", "--inventory", source, "--list", *words)

    first = list_again()
    count = asked()
    assert len(first.hosts) == 4 and count["AssumeRole"] == 1
    second = list_again()
    assert asked() == count
    assert second.inventory == first.inventory
    # What is missing is said again.
    assert "ListVpcEndpointAssociations was refused" in second.said
    renamed = list_again(hostnames=["arn"])
    assert asked() == count
    assert set(renamed.hosts) == arns(first)
    (kept,) = (tmp_path / "cache").iterdir()
    text = kept.read_text(encoding="utf-8")
    assert "firewall/edge" in text
    assert not re.search("access_?key|secret|token", text, re.IGNORECASE)
    control.clear_faults()
    fresh = list_again("--flush-cache")
    assert asked()["AssumeRole"] == 2
    assert len(fresh.hosts["edge"]["vpc_endpoint_associations"]) == 1
    assert list_again().inventory == fresh.inventory
    assert asked()["AssumeRole"] == 2


def test_a_file_that_asks_for_something_else_is_not_answered_from_the_cache(
    inventories: Inventories, fleet: dict[str, str], tmp_path: Path, asked: Callable[[], dict[str, int]]
) -> None:
    kept = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}

    def list_with(**options: Any) -> Listed:
        source = inventories.source({**kept, "regions": ["us-east-1"], **options}, tmp_path)
        return inventories.command("ansible-inventory", "--inventory", source, "--list")

    assert len(list_with().hosts) == 2
    assert len(list_with(regions=TWO_REGIONS).hosts) == 4
    role = f"arn:aws:iam::{LAB}:role/audit"
    assert arns(list_with(assume_role_arns=[role])) == {fleet[f"egress us-east-1 {LAB}"]}
    assert arns(list_with(exclude=["e*"])) == set()
    count = asked()
    assert len(list_with(regions=TWO_REGIONS).hosts) == 4
    assert asked() == count
    for path in (tmp_path / "cache").iterdir():
        path.write_text(path.read_text(encoding="utf-8").replace("firewall_arn", "arn"), encoding="utf-8")
    assert len(list_with().hosts) == 2
    assert asked() != count


# -- what goes wrong -------------------------------------------------------------------------------------------------


def test_what_may_not_be_seen_ends_it(inventories: Inventories, control: Control) -> None:
    control.add_fault("access_denied", "ListFirewalls", region="eu-west-1")
    listed = inventories()
    assert listed.rc != 0
    for part in ("list the firewalls in eu-west-1", "AccessDenied", "network-firewall:ListFirewalls"):
        assert part in listed.said
    assert "strict_permissions" in listed.said and "Traceback" not in listed.said


def test_what_may_not_be_seen_is_left_out_and_said(
    inventories: Inventories, control: Control, fleet: dict[str, str]
) -> None:
    control.add_fault("access_denied", "AssumeRole", account_id=BRANCH)
    control.add_fault("access_denied", "ListFirewalls", account_id=LAB, region="eu-west-1")
    control.add_fault("access_denied", "DescribeFirewall", account_id=OWN, region="eu-west-1")
    roles = [f"arn:aws:iam::{account}:role/audit" for account in (OWN, BRANCH, LAB)]
    listed = inventories(assume_role_arns=roles, strict_permissions=False)
    assert arns(listed) == {
        fleet[f"edge us-east-1 {OWN}"],
        fleet[f"egress us-east-1 {OWN}"],
        fleet[f"egress us-east-1 {LAB}"],
    }
    for part in (
        f"sts:AssumeRole was refused (AccessDenied) for arn:aws:iam::{BRANCH}:role/audit",
        f"network-firewall:ListFirewalls was refused (AccessDeniedException) for eu-west-1 of account {LAB}",
        "network-firewall:DescribeFirewall was refused (AccessDeniedException) for "
        f"{fleet[f'egress eu-west-1 {OWN}']}, {fleet[f'hub eu-west-1 {OWN}']}; the firewalls are left out.",
    ):
        assert part in listed.said


def test_throttling_and_a_bad_way_lose_nothing(
    inventories: Inventories, control: Control, asked: Callable[[], dict[str, int]]
) -> None:
    wanted = inventories().inventory
    clean = asked()
    for number, kind in enumerate(TRANSIENT):
        control.add_fault(kind, "DescribeFirewall", at=[number + 1])
        control.add_fault(kind, "ListFirewalls", at=[number + 1])
    control.add_fault("throttle", "DescribeFirewall", at=[9, 11])
    assert inventories().inventory == wanted
    assert asked()["DescribeFirewall"] == 2 * clean["DescribeFirewall"] + len(TRANSIENT) + 2


BAD = {
    "regions": ({"regions": ["us-east-1a"]}, "regions: 'us-east-1a'"),
    "partition": ({"regions": ["us-east-1", "cn-north-1"]}, "one partition"),
    "account": ({"accounts": ["12345"], "assume_role_name": "audit"}, "accounts: '12345'"),
    "number": ({"accounts": [111122223333]}, "assume_role_name"),
    "role": ({"assume_role_arns": ["audit"]}, "assume_role_arns: 'audit'"),
    "hub": ({"assume_role_arn": f"arn:aws:iam::{OWN}:user/me"}, "assume_role_arn: "),
    "other": ({"assume_role_arns": [f"arn:aws-cn:iam::{OWN}:role/audit"]}, "partition"),
    "hostnames": ({"hostnames": ["dns-name"]}, "hostnames: 'dns-name'"),
    "filters": ({"filters": {"vpc_id": "vpc-0a"}}, "filters: 'vpc_id'"),
    "tags_variable": ({"tags_variable": "my tags"}, "tags_variable: 'my tags'"),
    "variable": ({"tags_variable": "firewall_arn"}, "tags_variable: 'firewall_arn'"),
    "keyword": ({"tags_variable": "class"}, "tags_variable: 'class'"),
    "hostname": ({"hostnames": [{"name": ["name"]}]}, "hostnames: {'name': ['name']}"),
    "prefix": ({"hostnames": [{"name": "name", "prefix": {"a": "b"}}]}, "hostnames: "),
    "vpc": ({"filters": {"vpc-id": "foo"}}, "filters.vpc-id: 'foo'"),
    "status": ({"filters": {"status": ["REDY"]}}, "filters.status: 'REDY'"),
    "key": ({"exlude": ["edge"]}, "exlude: is not an option of flowops.aws.networkfirewall, in "),
    "unlike": ({"zzz": 1}, "the options are access_key, accounts, "),
    "china": ({"assume_role_arn": f"arn:aws-cn:iam::{OWN}:role/hub"}, "assume_role_arn: 'arn:aws-cn:iam"),
    "external": ({"external_id": "sesame"}, "external_id: was given without a role"),
    "short": ({"external_id": "s", "assume_role_arn": f"arn:aws:iam::{OWN}:role/hub"}, "external_id: the value"),
    "setting": ({"aws_config": {"read_timeuot": 1}}, "aws_config: ["),
    "attempts": ({"aws_config": {"retries": {"often": 1}}}, "often"),
}


def test_bad_input_is_told_in_a_sentence_before_aws_is_asked(
    inventories: Inventories, tmp_path: Path, asked: Callable[[], dict[str, int]]
) -> None:
    words: list[str | Path] = []
    for name, (options, _said) in BAD.items():
        (tmp_path / name).mkdir()
        source = inventories.source({"regions": ["us-east-1"], **options}, tmp_path / name)
        words += ["--inventory", source]
    env: dict[str, str | None] = {"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": None, "COLUMNS": "10000"}
    listed = inventories.command("ansible-inventory", *words, "--list", env=env)
    sentences = re.findall(r"Failed to parse .*auto'? plugin: (.+)", listed.stderr)
    for sentence, (name, (_options, said)) in zip(sentences, BAD.items(), strict=True):
        assert_sentence(sentence, [said], name)
    assert asked() == {}


# -- hostile strings and secrets -------------------------------------------------------------------------------------

PLAYBOOK = """
- name: Use what AWS says
  hosts: networkfirewall
  gather_facts: false
  vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  tasks:
    - name: Show
      ansible.builtin.debug:
        msg: "{{ [firewall_tags.Evil | default('none'), composed | default('none'), group_names] }}"

    - name: List the flow operations
      flowops.aws.networkfirewall_flow_operation_info:
        firewall_arn: "{{ firewall_arn }}"
        region: "{{ region }}"
        availability_zone: "{{ availability_zones[0] }}"
"""


def test_strings_from_aws_are_never_evaluated(inventories: Inventories, asked: Callable[[], dict[str, int]]) -> None:
    playbook = inventories.folder / "playbook.yml"
    playbook.write_text(PLAYBOOK, encoding="utf-8")
    source = inventories.source(
        {
            "regions": TWO_REGIONS,
            "hostnames": ["tag:Evil", "name"],
            "keyed_groups": [{"key": "firewall_tags.Evil", "prefix": "evil"}],
            "compose": {"composed": "'a ' ~ firewall_tags.Evil"},
            "groups": {"piped": "'pipe' in firewall_tags.Evil"},
        }
    )
    done = inventories.command("ansible-playbook", "--inventory", source, playbook, "-vvv")
    assert done.rc == 0, done.stdout + done.stderr
    assert not (inventories.folder / "mark").exists()
    host = "lookup_pipe_touch_lookup_env_FLOWOPS_MARK"
    assert f"ok: [{host}]" in done.stdout
    assert f'"{EVIL}"' in done.stdout and f'"a {EVIL}"' in done.stdout and '"piped"' in done.stdout
    assert asked()["ListFlowOperations"] == 4
    assert CREDENTIALS["AWS_SECRET_ACCESS_KEY"] not in done.stdout + done.stderr


def test_no_credential_is_shown(inventories: Inventories) -> None:
    role = f"arn:aws:iam::{BRANCH}:role/audit"
    listed = inventories("-vvvvv", assume_role_arns=[role], regions=["us-east-1"], external_id="the-external-id")
    assert "firewall/proxy" in listed.stdout
    said = listed.stdout + listed.stderr
    for secret in (CREDENTIALS["AWS_SECRET_ACCESS_KEY"], "the-external-id", "SecretAccessKey", "secret_access_key"):
        assert secret not in said


# -- speed -----------------------------------------------------------------------------------------------------------


def test_regions_and_firewalls_are_asked_about_at_once_within_bounds(tmp_path: Path) -> None:
    regions = ["us-east-1", "us-west-2", "eu-west-1", "ap-southeast-1"]
    with Emulator(duration=0) as emulator:
        control = emulator.control
        for region in regions:
            for number in range(12):
                control.add_firewall(f"fw-{number}", zones=[f"{region}a"])
        control.add_fault("slow", "ListFirewalls", seconds=0.4)
        control.add_fault("slow", "DescribeFirewall", seconds=0.2)
        inventories = Inventories(tmp_path, emulator.url)
        assert len(inventories(regions=regions[:1]).hosts) == 12
        alone = control.calls()["peaks"]
        assert len(inventories(regions=regions).hosts) == 48
        together = control.calls()["peaks"]
    # One client asks about so many firewalls at once, and no more; every region has a client of its own.
    assert (alone["ListFirewalls"], alone["DescribeFirewall"]) == (1, 8)
    assert together["ListFirewalls"] == 4
    assert 16 < together["DescribeFirewall"] <= 32
