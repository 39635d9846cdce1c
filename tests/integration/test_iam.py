# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policies in docs/iam with moto's IAM on: what they list is enough, and without any action of theirs it is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, NoReturn

import boto3
import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from botocore.config import Config
from moto.core.authorization import enable_iam_authentication
from moto.sts.models import sts_backends

from ansible_collections.flowops.aws.plugins.module_utils.aws.clients import connected
from ansible_collections.flowops.aws.plugins.module_utils.aws.connections import Connections
from ansible_collections.flowops.aws.plugins.module_utils.aws.fleet import Fleet, Search
from ansible_collections.flowops.aws.plugins.module_utils.aws.listing import Paging
from ansible_collections.flowops.aws.plugins.module_utils.aws.others import things_graph
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.accounts import parse_role_arn
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.selection import Selection
from ansible_collections.flowops.aws.plugins.modules import (
    networkfirewall_firewall_rule_info,
    networkfirewall_flow_audit,
    networkfirewall_flow_capture,
    networkfirewall_flow_flush,
    networkfirewall_flow_flush_impact_info,
    networkfirewall_flow_verify,
    s3_file_upload,
    securityhub_finding_import,
)
from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.expectations import assert_sentence
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import FirewallRunner, fact, failed
from ansible_collections.flowops.aws.tests.integration.harness.runner import REGION, Run

# Of IAM and STS some answers have codes that their models lack.
pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape")

DOCUMENTS = Path(__file__).resolve().parents[2] / "docs" / "iam"
OWN, BRANCH = "123456789012", "111122223333"
ZONE = "us-east-1a"
BUCKET = "audit-evidence"
EXTERNAL_ID = "what-the-branch-demands"
ADDRESS = "10.78.3.17"
NEVER_FAILS = ("ec2:DescribeInstances", "ec2:DescribeNetworkInterfaces")
RULE = {"name": "no-telnet", "action": "deny", "destination_port": [23]}
ROLES = """
- name: Audit and remediate
  hosts: all
  gather_facts: false
  roles:
    - flowops.aws.flow_audit
    - flowops.aws.flow_remediate
"""
FLOW = {
    "source_address": ADDRESS,
    "source_port": 40000,
    "destination_address": "203.0.113.5",
    "destination_port": 23,
    "protocol": "tcp",
    "age": 500,
    "packet_count": 10,
    "byte_count": 1000,
}
FINDING = {
    "SchemaVersion": "2018-10-08",
    "Id": "finding",
    "ProductArn": f"arn:aws:securityhub:us-east-1:{OWN}:product/{OWN}/default",
    "GeneratorId": "test",
    "AwsAccountId": OWN,
    "Types": ["Unusual Behaviors/Network Flow"],
    "CreatedAt": "2026-01-31T12:00:00.000Z",
    "UpdatedAt": "2026-01-31T12:00:00.000Z",
    "Severity": {"Label": "LOW"},
    "Title": "A title",
    "Description": "A description",
    "Resources": [{"Type": "Other", "Id": "something"}],
}
Document = dict[str, Any]


def document(*names: str) -> Document:
    """Return policies of docs/iam as one."""
    parts = [json.loads((DOCUMENTS / f"{name}.json").read_text(encoding="utf-8")) for name in names]
    return {"Version": "2012-10-17", "Statement": [statement for part in parts for statement in part["Statement"]]}


def actions_of(policy: Document) -> list[str]:
    return [action for statement in policy["Statement"] for action in statement["Action"]]


def without(policy: Document, removed: str) -> Document:
    """Return the policy without an action; AssertionError when it was not in it just once."""
    assert actions_of(policy).count(removed) == 1
    smaller = deepcopy(policy)
    for statement in smaller["Statement"]:
        statement["Action"] = [action for action in statement["Action"] if action != removed]
    smaller["Statement"] = [statement for statement in smaller["Statement"] if statement["Action"]]
    return smaller


def as_moto_sees_it(policy: Document) -> Document:
    """Return the policy with every resource for Security Hub, whose requests moto holds against * alone."""
    seen = deepcopy(policy)
    for statement in seen["Statement"]:
        if statement["Action"][0].startswith("securityhub:"):
            statement["Resource"] = "*"
    return seen


@dataclass(frozen=True)
class Keys:
    """The credentials of somebody."""

    access_key: str
    secret_key: str
    token: str | None = None


@dataclass
class Accounts:
    """Makes users and roles in moto's IAM, and clients."""

    url: str
    root: Keys = Keys("AKIATESTTESTTESTTEST", "wJalrXUtnFEMI+K7MDENG/bPxRfiCYTESTTESTTEST")
    made: int = 0

    def client(self, service: str, keys: Keys | None = None, aws_config: Any = None, **given: Any) -> Any:
        keys = keys or self.root
        return boto3.client(
            service,
            region_name=REGION,
            endpoint_url=self.url,
            aws_access_key_id=given.get("aws_access_key_id", keys.access_key),
            aws_secret_access_key=given.get("aws_secret_access_key", keys.secret_key),
            aws_session_token=given.get("aws_session_token", keys.token),
            config=aws_config or Config(retries={"total_max_attempts": 1}, proxies={}),
        )

    def user(self, policy: Document) -> Keys:
        """Return the keys of a new user who has that policy and no other."""
        self.made += 1
        name, iam = f"user-{self.made}", self.client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="only", PolicyDocument=json.dumps(as_moto_sees_it(policy)))
        made = iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(made["AccessKeyId"], made["SecretAccessKey"])

    def inside(self, account: str) -> Keys:
        """Return credentials of another account, from before IAM is on."""
        arn = f"arn:aws:iam::{account}:role/maker"
        given = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="maker")["Credentials"]
        return Keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def role(self, account: str, name: str, policy: Document) -> str:
        """Return the ARN of a new role in an account, which has that policy and no other."""
        iam = self.client("iam", self.inside(account))
        trust = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{OWN}:root"}, "Action": "sts:AssumeRole"}
        arn: str = iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        )["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=json.dumps(as_moto_sees_it(policy)))
        return arn


@pytest.fixture(scope="module")
def accounts(emulator: Emulator, control: Control) -> Accounts:
    control.settings(duration=0)
    return Accounts(emulator.url)


@pytest.fixture(scope="module")
def cloud(accounts: Accounts) -> None:
    """What is beside the firewalls: an instance that a flow comes from, a bucket, Security Hub."""
    ec2 = accounts.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.78.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.78.3.0/24", AvailabilityZone=ZONE)["Subnet"]["SubnetId"]
    ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1, SubnetId=subnet, PrivateIpAddress=ADDRESS)
    accounts.client("s3").create_bucket(Bucket=BUCKET)
    accounts.client("securityhub").enable_security_hub()


class Ended(Exception):
    """A module has ended with a result."""


class InProcess(AnsibleModule):  # type: ignore[misc]
    """Ansible's module without a process of its own: options in, and the result as an exception."""

    given: ClassVar[dict[str, Any]] = {}
    warned: ClassVar[list[str]] = []

    def _load_params(self) -> None:
        self.params = dict(self.given)

    def warn(self, warning: str, **_options: Any) -> None:
        self.warned.append(warning)

    def exit_json(self, **result: Any) -> NoReturn:
        raise Ended(result)

    def fail_json(self, msg: str, **result: Any) -> NoReturn:
        raise Ended({"failed": True, "msg": msg, **result})


Module = Callable[..., dict[str, Any]]


@pytest.fixture
def module_as(accounts: Accounts, monkeypatch: pytest.MonkeyPatch) -> Callable[[Document], Module]:
    """Run modules as a new user with a policy: module_as(policy)(main, **options) gives what the module returned."""
    monkeypatch.setitem(AnsibleAWSModule.default_settings, "module_class", InProcess)

    def somebody(policy: Document) -> Module:
        keys = accounts.user(policy)
        connection = {"endpoint_url": accounts.url, "region": REGION}
        connection.update(access_key=keys.access_key, secret_key=keys.secret_key)

        def run(main: Callable[[], None], **options: Any) -> dict[str, Any]:
            monkeypatch.setattr(InProcess, "given", {**connection, **options})
            monkeypatch.setattr(InProcess, "warned", [])
            with enable_iam_authentication(), pytest.raises(Ended) as ended:
                main()
            result: dict[str, Any] = ended.value.args[0]
            return {"warnings": InProcess.warned, **result}

        return run

    return somebody


def audited(module: Module, arn: str, bucket: str = BUCKET) -> list[dict[str, Any]]:
    """Return what the modules of the role flow_audit return, up to the first that fails."""
    done = [module(networkfirewall_flow_capture.main, firewall_arn=arn, flow_filters=[{"any": True}], wait=True)]
    if "failed" not in done[-1]:
        operations = done[-1]["flow_operations"]
        judge = partial(module, networkfirewall_flow_audit.main, firewall_arn=arn, operations=operations)
        done.append(judge(policy={"rules": [RULE]}, enrich=True))
    if "failed" not in done[-1]:
        done.append(module(securityhub_finding_import.main, findings=[FINDING]))
    if "failed" not in done[-1]:
        done.append(module(s3_file_upload.main, bucket=bucket, src=[__file__]))
    return done


def remediated(module: Module, arn: str) -> list[dict[str, Any]]:
    """Return what the modules of the role flow_remediate return, up to the first that fails."""
    plan = [{"availability_zone": ZONE, "flow_filters": [{"source_address": "10.0.0.0/8"}]}]
    done = [module(networkfirewall_flow_flush_impact_info.main, firewall_arn=arn)]
    if "failed" not in done[-1]:
        done.append(module(networkfirewall_flow_flush.main, firewall_arn=arn, operations=plan, wait=True))
    if "failed" not in done[-1]:
        filters = [{"any": True}]
        done.append(module(networkfirewall_flow_capture.main, firewall_arn=arn, flow_filters=filters, wait=True))
    if "failed" not in done[-1]:
        operations = done[-1]["flow_operations"]
        done.append(module(networkfirewall_flow_verify.main, firewall_arn=arn, operations=operations, plan=plan))
    return done


def scoped(policy: Document, arn: str) -> Document:
    """Return the policy for one firewall alone."""
    smaller = deepcopy(policy)
    for statement in smaller["Statement"]:
        if str(statement["Resource"]).endswith(":firewall/*"):
            statement["Resource"] = arn
    assert smaller != policy
    return smaller


AUDIT_POLICY = document("audit", "audit-enrich", "audit-security-hub", "audit-s3")
REMEDIATION_POLICY = document("remediation")
NEXT_GENERATION = "network-firewall:DescribeFirewallPolicyV2"


@pytest.fixture
def firewall(control: Control, request: pytest.FixtureRequest) -> Callable[..., str]:
    """Add a firewall with one flow and a VPC endpoint association, and give its ARN."""
    name = f"firewall-{abs(hash(request.node.nodeid))}"

    def add(suffix: str = "", **members: Any) -> str:
        arn: str = control.add_firewall(f"{name}{suffix}", flows={ZONE: [FLOW]}, **members)["arn"]
        control.add_association(f"{name}{suffix}", ZONE)
        return arn

    return add


def refused(done: list[dict[str, Any]], action: str) -> None:
    """Fail unless the last module failed with one sentence that names the action."""
    assert done[-1].get("failed") and action in done[-1]["msg"] and "\n" not in done[-1]["msg"], done[-1]


@pytest.mark.parametrize("one_firewall", [False, True])
def test_what_the_audit_policies_list_is_enough(
    module_as: Callable[..., Module], firewall: Callable[..., str], cloud: None, one_firewall: bool
) -> None:
    arn = firewall()
    done = audited(module_as(scoped(AUDIT_POLICY, arn) if one_firewall else AUDIT_POLICY), arn)
    assert len(done) == 4 and not done[-1].get("failed"), done[-1]
    assert (list(done[1]["addresses"]), done[1]["warnings"]) == ([ADDRESS], [])
    assert done[3]["changed"]


@pytest.mark.parametrize("action", [action for action in actions_of(AUDIT_POLICY) if action not in NEVER_FAILS])
def test_without_an_action_of_the_audit_policies_it_fails_naming_it(
    module_as: Callable[..., Module], firewall: Callable[..., str], cloud: None, action: str
) -> None:
    refused(audited(module_as(without(AUDIT_POLICY, action)), firewall()), action)


@pytest.mark.parametrize("action", NEVER_FAILS)
def test_without_an_action_of_the_enrichment_names_are_missing_and_it_is_named(
    module_as: Callable[..., Module], firewall: Callable[..., str], cloud: None, action: str
) -> None:
    done = audited(module_as(without(AUDIT_POLICY, action)), firewall())
    assert len(done) == 4 and not done[-1].get("failed"), done[-1]
    (warning,) = done[1]["warnings"]
    # The remedy names all of them; what was refused comes first.
    assert f"perform: {action}" in warning


def test_policies_for_one_firewall_hold_for_no_other(
    module_as: Callable[..., Module], firewall: Callable[..., str], cloud: None
) -> None:
    own, other = firewall(), firewall("-other")
    refused(audited(module_as(scoped(AUDIT_POLICY, own)), other), "network-firewall:DescribeFirewall")
    refused(remediated(module_as(scoped(REMEDIATION_POLICY, own)), other), "network-firewall:DescribeFirewall")


def test_the_upload_policy_holds_for_no_other_bucket(
    module_as: Callable[..., Module], firewall: Callable[..., str], accounts: Accounts, cloud: None
) -> None:
    accounts.client("s3").create_bucket(Bucket="somebody-elses")
    done = audited(module_as(AUDIT_POLICY), firewall(), "somebody-elses")
    assert len(done) == 4
    refused(done, "s3:PutObject")


@pytest.mark.parametrize("mode", [None, "ENFORCE"])
def test_what_the_remediation_policy_lists_is_enough(
    module_as: Callable[..., Module], firewall: Callable[..., str], mode: str | None
) -> None:
    done = remediated(module_as(REMEDIATION_POLICY), firewall(policy_mode=mode) if mode else firewall())
    assert len(done) == 4 and not done[-1].get("failed"), done[-1]
    assert (len(done[0]["vpc_endpoint_associations"]), done[1]["changed"]) == (1, True)


@pytest.mark.parametrize("action", actions_of(REMEDIATION_POLICY))
def test_without_an_action_of_the_remediation_policy_it_fails_naming_it(
    module_as: Callable[..., Module], firewall: Callable[..., str], action: str
) -> None:
    arn = firewall(policy_mode="ENFORCE") if action == NEXT_GENERATION else firewall()
    refused(remediated(module_as(without(REMEDIATION_POLICY, action)), arn), action)


RULES_POLICY = document("audit", "audit-rules")


@pytest.fixture(scope="module")
def office(accounts: Accounts) -> str:
    """The ARN of a prefix list, which rules name."""
    entries = [{"Cidr": "192.0.2.0/24", "Description": "office"}]
    made = accounts.client("ec2").create_managed_prefix_list(
        PrefixListName="office", MaxEntries=5, AddressFamily="IPv4", Entries=entries
    )
    arn: str = made["PrefixList"]["PrefixListArn"]
    return arn


@pytest.fixture
def ruled(firewall: Callable[..., str], control: Control, office: str) -> Callable[..., dict[str, Any]]:
    """Show, with a module, the rules of a firewall in a VPC of one CIDR: a stateful and a stateless rule group."""
    text = "drop tcp $HOME_NET any -> @OFFICE 23 (sid:1;)"
    named = {"IPSetReferences": {"OFFICE": {"ReferenceArn": office}}}
    forward = {"Actions": ["aws:forward_to_sfe"], "MatchAttributes": {"Protocols": [6]}}
    stateless = {"StatelessRules": [{"Priority": 1, "RuleDefinition": forward}]}
    groups = [
        {"name": "text", "rule_group": {"RulesSource": {"RulesString": text}, "ReferenceSets": named}},
        {
            "name": "tcp",
            "type": "STATELESS",
            "rule_group": {"RulesSource": {"StatelessRulesAndCustomActions": stateless}},
        },
    ]

    def show(module: Module, **members: Any) -> dict[str, Any]:
        arn = firewall(vpc_cidr_blocks=["10.79.0.0/16"], **members)
        if not members:
            control.set_rules(arn.rpartition("/")[2], groups)
        return module(networkfirewall_firewall_rule_info.main, firewall_arn=arn)

    return show


def test_what_the_policy_for_rules_lists_is_enough(
    module_as: Callable[..., Module], ruled: Callable[..., dict[str, Any]]
) -> None:
    shown = ruled(module_as(RULES_POLICY))
    assert not shown.get("failed") and shown["warnings"] == [], shown
    assert shown["rule_count"] == 2


@pytest.mark.parametrize("action", actions_of(document("audit-rules")))
def test_without_an_action_of_the_policy_for_rules_a_warning_names_it(
    module_as: Callable[..., Module], ruled: Callable[..., dict[str, Any]], action: str
) -> None:
    members = {"policy_mode": "ENFORCE"} if action == NEXT_GENERATION else {}
    shown = ruled(module_as(without(RULES_POLICY, action)), **members)
    assert not shown.get("failed"), shown
    assert any(action in warning for warning in shown["warnings"]), shown["warnings"]


# -- inventory and executions, in this process ------------------------------------------------------------------------


def fleet(accounts: Accounts, keys: Keys, roles: Iterable[str] = ()) -> tuple[list[Mapping[str, Any]], list[str]]:
    """Return the firewalls that the inventory plugin would make hosts of, and what it would warn of."""
    connection = {"aws_access_key_id": keys.access_key, "aws_secret_access_key": keys.secret_key}
    search = Search(REGION, Selection({}, ["listed"], []), roles=[parse_role_arn(arn, "roles") for arn in roles])
    with enable_iam_authentication():
        return Fleet(Connections(accounts.url, connection), search).read()


@pytest.fixture(scope="module")
def listed(control: Control) -> str:
    control.add_firewall("listed", flows={ZONE: [FLOW]})
    control.add_association("listed", ZONE)
    return "listed"


def test_what_the_inventory_policy_lists_is_enough(accounts: Accounts, listed: str) -> None:
    (found,), warnings = fleet(accounts, accounts.user(document("inventory")))
    assert warnings == []
    assert (found["firewall_name"], len(found["vpc_endpoint_associations"])) == (listed, 1)
    assert found["vpc_endpoint_associations"][0]["availability_zone"] == ZONE


@pytest.mark.parametrize("action", actions_of(document("inventory")))
def test_without_an_action_of_the_inventory_policy_it_fails_or_warns_naming_it(
    accounts: Accounts, listed: str, action: str
) -> None:
    keys = accounts.user(without(document("inventory"), action))
    if action == "ec2:DescribeRegions":
        # Every region that the SDK knows is asked in their place.
        (found,), (warning, *_others) = fleet(accounts, keys)
        assert (found["firewall_name"], action in warning) == (listed, True)
        return
    with pytest.raises(FlowOpsError, match=action):
        fleet(accounts, keys)


def test_the_inventory_of_another_account_needs_its_role(accounts: Accounts, control: Control) -> None:
    control.add_firewall("listed", flows={ZONE: [FLOW]}, account_id=BRANCH)
    arn = accounts.role(BRANCH, "flow-inventory", document("inventory"))
    (found,), _warnings = fleet(accounts, accounts.user(document("assume-role")), [arn])
    assert (found["account_id"], found["assume_role_arn"]) == (BRANCH, arn)
    with pytest.raises(FlowOpsError, match="sts:AssumeRole"):
        fleet(accounts, accounts.user(document("inventory")), [arn])


def test_the_execution_audit_needs_what_its_policy_lists(accounts: Accounts, control: Control) -> None:
    control.add_execution("execution", count=3)
    (action,) = actions_of(document("execution-audit"))
    allowed, refused = accounts.user(document("execution-audit")), accounts.user(document("audit"))
    with enable_iam_authentication():
        (page,) = things_graph(partial(accounts.client, keys=allowed), {}).messages("execution", Paging())
        assert len(page["messages"]) == 3
        with pytest.raises(FlowOpsError, match=action):
            list(things_graph(partial(accounts.client, keys=refused), {}).messages("execution", Paging()))


@pytest.mark.parametrize("lacking", [None, "s3:GetObject", "s3:PutObject"])
def test_the_summary_needs_what_its_policy_lists(
    runner: FirewallRunner, accounts: Accounts, lacking: str | None
) -> None:
    arn = "arn:aws:network-firewall:us-east-1:123456789012:firewall/summed"
    report = {
        **{"firewall_arn": arn, "firewall_name": "summed", "verdict": "compliant", "partial": False, "flow_count": 8},
        **{"findings_total": 0, "audited_at": datetime.now(timezone.utc).isoformat(), "counts": {"by_severity": {}}},
        "plan": {"hash": "0a" * 32, "flow_count": 0, "inseparable": 0},
    }
    owner = accounts.client("s3")
    if BUCKET not in [item["Name"] for item in owner.list_buckets()["Buckets"]]:
        owner.create_bucket(Bucket=BUCKET)
    owner.put_object(Bucket=BUCKET, Key="123456789012-us-east-1-summed-report.json", Body=json.dumps(report))
    policy = document("summary-s3")
    keys = accounts.user(without(policy, lacking) if lacking else policy)
    env = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
    common = {"flow_summary_s3_bucket": BUCKET, "flow_summary_connection": runner.connection}
    with enable_iam_authentication():
        run = runner("flowops.aws.summary", {"summed": {"firewall_arn": arn}}, common, env=env)
    assert (run.rc == 0) is (lacking is None), run.explain()
    if lacking is None:
        assert sorted(actions_of(policy)) == ["s3:GetObject", "s3:PutObject"]
        assert fact(run, "localhost", "flow_summary_result")["verdicts"] == {"compliant": 1}
    elif lacking == "s3:PutObject":
        assert_sentence(failed(run, "localhost")[-1].result["msg"], ["fleet.html", BUCKET, "s3:PutObject"])
    else:
        # S3 tells neither from a report that is not there.
        assert_sentence(failed(run, "localhost")[-1].result["msg"], ["no result of", arn])


# -- the roles, in another account ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Abroad:
    """A run of the roles on a firewall of another account, and where it wrote its files."""

    run: Run
    folder: Path
    counted: int


@pytest.fixture(scope="module")
def abroad(
    runner: FirewallRunner, control: Control, accounts: Accounts, tmp_path_factory: pytest.TempPathFactory
) -> Abroad:
    arn = control.add_firewall("branch", flows={ZONE: [FLOW, {**FLOW, "destination_port": 443}]}, account_id=BRANCH)[
        "arn"
    ]
    inside = accounts.inside(BRANCH)
    accounts.client("s3", inside).create_bucket(Bucket="branch-evidence")
    accounts.client("securityhub", inside).enable_security_hub()
    text = json.dumps(AUDIT_POLICY).replace(f"arn:aws:s3:::{BUCKET}/", "arn:aws:s3:::branch-evidence/")
    audit = accounts.role(BRANCH, "flow-audit", json.loads(text))
    remediate = accounts.role(BRANCH, "flow-remediate", REMEDIATION_POLICY)
    control.settings(external_ids={audit: EXTERNAL_ID, remediate: EXTERNAL_ID})
    folder = tmp_path_factory.mktemp("abroad")
    connection = {**runner.connection, "external_id": EXTERNAL_ID}
    variables = {
        "firewall_arn": arn,
        # As the inventory plugin sets it.
        "assume_role_arn": audit,
        "flow_remediate_assume_role_arn": remediate,
        "flow_audit_connection": connection,
        "flow_remediate_connection": connection,
        "flow_audit_policy": {"rules": [RULE]},
        "flow_audit_enrich": True,
        "flow_audit_import_to_security_hub": True,
        "flow_audit_s3_bucket": "branch-evidence",
        "flow_audit_report_dir": str(folder / "reports"),
        "flow_remediate_audit": "{{ flow_audit_result }}",
        "flow_remediate_evidence_dir": str(folder / "evidence"),
        "flow_remediate_max_percent": 60,
    }
    keys = accounts.user(document("assume-role"))
    env = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
    before = control.calls()["counts"].get("AssumeRole", 0)
    with enable_iam_authentication():
        run = runner(ROLES, {"branch": variables}, {}, env=env, options=["-vvv"])
    return Abroad(run, folder, control.calls()["counts"]["AssumeRole"] - before)


def test_the_roles_act_in_the_account_of_the_firewall(abroad: Abroad, accounts: Accounts) -> None:
    assert abroad.run.rc == 0, abroad.run.explain()
    assert fact(abroad.run, "branch", "flow_audit_result")["verdict"] == "noncompliant"
    result = fact(abroad.run, "branch", "flow_remediate_result")
    assert (result["verdict"], result["gone"]) == ("remediated", 1)
    inside = accounts.inside(BRANCH)
    uploaded = accounts.client("s3", inside).list_objects_v2(Bucket="branch-evidence")["Contents"]
    # The plan is there twice.
    assert len(uploaded) == len(list((abroad.folder / "reports").iterdir())) + 1
    assert len(accounts.client("securityhub", inside).get_findings()["Findings"]) == 1


def test_credentials_of_the_role_are_nowhere(abroad: Abroad) -> None:
    sessions = sts_backends[BRANCH]["aws"].assumed_roles
    assert abroad.counted > 5 and len(sessions) >= abroad.counted
    texts = [abroad.run.output, json.dumps([item.result for item in abroad.run.tasks])]
    files = [path for path in abroad.folder.rglob("*") if path.is_file()]
    assert len(files) > 5
    texts += [path.read_bytes().decode("latin-1") for path in files]
    for session in sessions:
        for secret in (session.access_key_id, session.secret_access_key, session.session_token):
            assert not any(secret in text for text in texts)


def test_a_role_that_may_not_be_assumed_is_named(runner: FirewallRunner, accounts: Accounts, abroad: Abroad) -> None:
    keys = accounts.user(document("audit"))
    env = {"AWS_ACCESS_KEY_ID": keys.access_key, "AWS_SECRET_ACCESS_KEY": keys.secret_key}
    arn = f"arn:aws:iam::{BRANCH}:role/flow-audit"
    variables = {
        "firewall_arn": f"arn:aws:network-firewall:us-east-1:{BRANCH}:firewall/branch",
        "assume_role_arn": arn,
        "flow_audit_policy": {"rules": [RULE]},
    }
    with enable_iam_authentication():
        run = runner("flowops.aws.audit", {"branch": variables}, env=env)
    (last,) = failed(run, "branch")
    assert f"assume the role '{arn}'" in last.result["msg"] and "sts:AssumeRole" in last.result["msg"]


def test_clients_know_no_credentials_but_those_of_the_role(accounts: Accounts, abroad: Abroad) -> None:
    arn = f"arn:aws:iam::{BRANCH}:role/flow-audit"
    options: Mapping[str, Any] = {"assume_role_arn": arn, "external_id": EXTERNAL_ID}
    who: Callable[..., Any] = connected(accounts.client, "sts", options).get_caller_identity
    assert who()["Arn"] == f"arn:aws:sts::{BRANCH}:assumed-role/flow-audit/flowops-aws"
