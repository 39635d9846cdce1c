# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.emulator.world.generate import write_log
from ansible_collections.flowops.aws.tests.integration.harness.expectations import cuts, plain_flows
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import (
    FirewallRunner,
    calls_of,
    fact,
    failed,
    modes,
    starts_of,
)
from ansible_collections.flowops.aws.tests.integration.harness.runner import REGION, Run

ZONES = ["us-east-1a", "us-east-1b"]
FLOWS = 1200
CROWD = 20_000
AWX_LIMIT = 500_000

# The rule of the policy for each offence that the generator plants, and its severity.
SEVERITIES = {
    "threat": "critical",
    "ssh_to_internet": "high",
    "rdp_to_internet": "high",
    "large_upload": "high",
    "telnet_inside": "medium",
}
CORPORATE = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]
THREATS = [ip_network("198.51.100.0/24"), ip_network("2001:db8:bad::/48")]
POLICY = {
    "default": "allow",
    "sets": {"corp": ["10.0.0.0/8", "fd00::/8"], "threats": {"file": "sets/threats.txt"}},
    "rules": [
        {"name": "threat", "action": "deny", "severity": "critical", "destination_address": ["$threats"]},
        {
            "name": "ssh_to_internet",
            "action": "deny",
            "severity": "high",
            "source_address": ["$corp"],
            "destination_address": ["!$corp"],
            "destination_port": [22],
            "protocols": ["tcp"],
        },
        {
            "name": "rdp_to_internet",
            "action": "deny",
            "severity": "high",
            "source_address": ["$corp"],
            "destination_address": ["!$corp"],
            "destination_port": [3389],
            "protocols": ["tcp"],
        },
        {"name": "large_upload", "action": "deny", "severity": "high", "min_bytes": 1_000_000_000, "min_age": 86_400},
        {
            "name": "telnet_inside",
            "action": "deny",
            "source_address": ["$corp"],
            "destination_address": ["$corp"],
            "destination_port": ["23"],
            "protocols": [6],
        },
    ],
}
INLINE = {**POLICY, "sets": {"corp": ["10.0.0.0/8", "fd00::/8"], "threats": ["198.51.100.0/24", "2001:db8:bad::/48"]}}
NO_TELNET = {"rules": [{"name": "no-telnet", "action": "deny", "severity": "high", "destination_port": [23]}]}
# What a template engine, a browser and a spreadsheet would each like to run.
HOSTILE = ["{{ 7*7 }}", "<script>alert(1)</script>", "{% for x in [1] %}x{% endfor %}", "=HYPERLINK(0)"]
HOSTILE_POLICY = {
    "rules": [
        {"name": name, "action": "deny", "severity": "low", "destination_port": [1000 + position]}
        for position, name in enumerate(HOSTILE)
    ]
}

RESULT_KEYS = {
    *(
        "verdict",
        "reasons",
        "unreadable",
        "partial",
        "firewall_arn",
        "firewall_name",
        "audited_at",
        "flow_count",
        "findings_total",
        "findings",
    ),
    *("counts", "top", "rules", "operations", "plan", "files", "flow_filters", "minimum_flow_age", "reports"),
}


def flow(number: int, port: int, **members: Any) -> dict[str, Any]:
    return {
        "source_address": f"10.0.{number // 250}.{number % 250 + 1}",
        "source_port": 40000 + number,
        "destination_address": "203.0.113.5",
        "destination_port": port,
        "protocol": "tcp",
        "age": 500,
        "packet_count": 10,
        "byte_count": 1000 + number,
        **members,
    }


def offence_of(found: dict[str, Any]) -> str | None:
    """The rule that one of the API's flows breaks, judged without the collection's help."""
    source = ip_address(found["source_address"]["address_definition"])
    destination = ip_address(found["destination_address"]["address_definition"])
    inside = [any(address in network for network in CORPORATE) for address in (source, destination)]
    tcp_port = int(found["destination_port"]) if found["protocol"] == "6" else None
    if any(destination in network for network in THREATS):
        return "threat"
    if inside == [True, False] and tcp_port == 22:
        return "ssh_to_internet"
    if inside == [True, False] and tcp_port == 3389:
        return "rdp_to_internet"
    if found["byte_count"] >= 1_000_000_000 and found["age"] >= 86_400:
        return "large_upload"
    if inside == [True, True] and tcp_port == 23:
        return "telnet_inside"
    return None


def lines_of(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def key_of(record: dict[str, Any]) -> tuple[Any, ...]:
    """What tells one flow of a file from the others."""
    members = ("source_address", "source_port", "destination_address", "destination_port", "protocol_number")
    return (record["availability_zone"], *(record.get(member) for member in members), record["byte_count"])


def api_key_of(zone: str, found: dict[str, Any]) -> tuple[Any, ...]:
    return (
        zone,
        str(ip_address(found["source_address"]["address_definition"])),
        int(found["source_port"]) if "source_port" in found else None,
        str(ip_address(found["destination_address"]["address_definition"])),
        int(found["destination_port"]) if "destination_port" in found else None,
        int(found["protocol"]),
        found["byte_count"],
    )


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("log") / "flows.jsonl.gz"
    return {"path": path, "counts": write_log(path, seed=11, firewalls=2, zones=2, flows=FLOWS)}


@pytest.fixture(scope="module")
def emulator(planted: dict[str, Any]) -> Iterator[Emulator]:
    with Emulator([planted["path"]], duration=0.2) as running:
        yield running


@pytest.fixture(scope="module")
def arns(control: Control) -> dict[str, str]:
    control.add_firewall("quiet", flows={ZONES[0]: [flow(1, 443), flow(2, 80)]})
    control.add_firewall("crowd", zones=ZONES, synthetic_flows=CROWD)
    control.add_firewall("hostile", flows={ZONES[0]: [flow(number, 1000 + number) for number in range(len(HOSTILE))]})
    # Of ten flows the first is the one that an incomplete capture lacks.
    control.add_firewall("torn", flows={ZONES[0]: [flow(number, 443) for number in range(20)]})
    control.add_firewall("guilty", flows={ZONES[0]: [flow(number, 23 if number == 5 else 443) for number in range(20)]})
    return {item["firewall_name"]: item["firewall_arn"] for item in control.state()["firewalls"]}


@pytest.fixture(scope="module")
def folder(runner: FirewallRunner) -> Path:
    """The folder that the audit is started in, with policies in it."""
    folder = runner.started_in()
    (folder / "policies" / "sets").mkdir(parents=True)
    (folder / "policies" / "policy.yml").write_text(yaml.safe_dump(POLICY), encoding="utf-8")
    (folder / "policies" / "hostile.yml").write_text(yaml.safe_dump(HOSTILE_POLICY), encoding="utf-8")
    (folder / "policies" / "sets" / "threats.txt").write_text(
        "# where nobody should go\n198.51.100.0/24\n\n2001:db8:bad::/48 # seen in May\n", encoding="utf-8"
    )
    return folder


@pytest.fixture(scope="module")
def audit(runner: FirewallRunner, folder: Path, arns: dict[str, str]) -> Run:
    """Five audits at once, each host a firewall that its host variable names."""
    hosts = {
        "egress": {
            "firewall_arn": arns["egress"],
            "flow_audit_policy_file": "policies/policy.yml",
            "flow_audit_max_findings": 5,
        },
        "inspection": {
            "firewall_arn": arns["inspection"],
            "flow_audit_policy": INLINE,
            "flow_audit_availability_zones": [ZONES[1]],
            "flow_audit_report_dir": str(folder / "elsewhere"),
            "flow_audit_fail_on": ["noncompliant"],
        },
        "quiet": {"firewall_arn": arns["quiet"], "flow_audit_policy": NO_TELNET, "flow_audit_report_dir": ""},
        "crowd": {
            "firewall_arn": arns["crowd"],
            "flow_audit_policy": {"default": "deny", "rules": []},
            "flow_audit_max_findings": 10_000,
            # Where the run was started, as a command line means it.
            "flow_audit_report_dir": "crowd",
        },
        "hostile": {
            "firewall_arn": arns["hostile"],
            "flow_audit_policy_file": str(folder / "policies" / "hostile.yml"),
            "flow_audit_report_dir": str(folder / "hostile"),
            "flow_audit_flow_filters": [{"source_address": "10.0.0.0/8"}],
            "flow_audit_minimum_flow_age": 60,
        },
    }
    return runner("flowops.aws.audit", hosts, started_in=folder)


@pytest.fixture(scope="module")
def egress(audit: Run) -> dict[str, Any]:
    found: dict[str, Any] = fact(audit, "egress", "flow_audit_result")
    return found


@pytest.fixture(scope="module")
def plain(aws: Any, audit: Run, arns: dict[str, str]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The flows of the audits' own captures, read by plain boto3: {firewall: {zone: [flow]}}."""
    return {
        name: {
            item["availability_zone"]: plain_flows(
                aws, arns[name], item["flow_operation_id"], AvailabilityZone=item["availability_zone"]
            )
            for item in fact(audit, name, "flow_audit_result")["operations"]
        }
        for name in ("egress", "inspection")
    }


def test_the_result_has_the_keys_it_is_known_by(egress: dict[str, Any], arns: dict[str, str]) -> None:
    assert set(egress) == RESULT_KEYS
    assert egress["firewall_arn"] == arns["egress"]
    assert egress["firewall_name"] == "egress"
    assert set(egress["counts"]) == {"by_rule", "by_severity", "by_zone"}
    assert {"by_bytes", "by_packets", "by_flows", "by_age"} == set(egress["top"])
    assert set(egress["files"]) == {"dest", "findings_dest", "plan_dest"}
    assert {"operations", "hash", "inseparable", "flow_count"} <= set(egress["plan"])
    assert egress["flow_filters"] == [{"any": True}]


@pytest.mark.parametrize(("name", "zones"), [("egress", ZONES), ("inspection", ZONES[1:])])
def test_verdict_and_counts_are_those_of_an_evaluation_of_its_own(
    audit: Run,
    plain: dict[str, dict[str, list[dict[str, Any]]]],
    planted: dict[str, Any],
    name: str,
    zones: list[str],
) -> None:
    result = fact(audit, name, "flow_audit_result")
    assert sorted(plain[name]) == zones
    offences = {zone: Counter(filter(None, map(offence_of, flows))) for zone, flows in plain[name].items()}
    total = sum(offences.values(), Counter())
    # The evaluation finds what was planted; nothing else in the log breaks the policy.
    assert {zone: dict(counts) for zone, counts in offences.items()} == {
        zone: {offence: count for offence, count in planted["counts"][(name, zone)].items() if count} for zone in zones
    }
    assert result["verdict"] == "noncompliant"
    assert result["partial"] is False
    assert result["flow_count"] == sum(map(len, plain[name].values())) == len(zones) * FLOWS // 4
    assert result["findings_total"] == total.total()
    assert result["counts"]["by_rule"] == dict(total)
    assert result["counts"]["by_zone"] == {zone: counts.total() for zone, counts in offences.items()}
    by_severity: Counter[str] = Counter()
    for offence, count in total.items():
        by_severity[SEVERITIES[offence]] += count
    assert result["counts"]["by_severity"] == dict(by_severity)


def test_findings_are_those_of_an_evaluation_of_its_own(
    egress: dict[str, Any], plain: dict[str, dict[str, list[dict[str, Any]]]], folder: Path
) -> None:
    expected = Counter(
        (*api_key_of(zone, found), rule, SEVERITIES[rule])
        for zone, flows in plain["egress"].items()
        for found in flows
        if (rule := offence_of(found))
    )
    written = lines_of(Path(egress["files"]["findings_dest"]["path"]))
    assert Counter((*key_of(record), record["rule"], record["severity"]) for record in written) == expected
    # The result is capped; the file is whole.
    assert egress["findings"] == written[:5]
    assert egress["findings_total"] == len(written) > 5
    flows = lines_of(Path(egress["files"]["dest"]["path"]))
    assert Counter(map(key_of, flows)) == Counter(
        api_key_of(zone, found) for zone, members in plain["egress"].items() for found in members
    )


def test_files_are_private_and_have_the_sums_that_are_told(egress: dict[str, Any], folder: Path) -> None:
    # By default in the folder that ansible-playbook was started in.
    stem = "123456789012-us-east-1-egress"
    reports = folder / "flowops-reports"
    suffixes = ("flows.jsonl.gz", "findings.jsonl.gz", "plan.json", "report.html", "report.md", "findings.csv")
    assert modes(reports) == {".": 0o700, **{f"{stem}-{suffix}": 0o600 for suffix in suffixes}}
    told = {item["path"]: item["sha256"] for item in egress["files"].values()}
    told |= {item["dest"]: item["sha256"] for item in egress["reports"]}
    assert set(told) == {str(reports / f"{stem}-{suffix}") for suffix in suffixes}
    assert told == {path: hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in told}


def test_the_plan_cuts_every_finding_and_no_other_flow(
    egress: dict[str, Any], plain: dict[str, dict[str, list[dict[str, Any]]]]
) -> None:
    plan = json.loads(Path(egress["files"]["plan_dest"]["path"]).read_text(encoding="utf-8"))
    assert plan["operations"] == egress["plan"]["operations"]
    for zone, flows in plain["egress"].items():
        here = [operation for operation in plan["operations"] if operation["availability_zone"] == zone]
        assert [any(cuts(operation, found) for operation in here) for found in flows] == [
            offence_of(found) is not None for found in flows
        ]
    assert plan["flow_count"] == egress["findings_total"]
    assert plan["inseparable"] == 0
    assert plan["captured_flow_count"] == egress["flow_count"]


def test_fail_on_fails_after_the_reports_are_written(audit: Run, folder: Path) -> None:
    (last,) = failed(audit, "inspection")
    result = fact(audit, "inspection", "flow_audit_result")
    assert last.task == "Say the verdict"
    assert f"inspection is noncompliant: {result['findings_total']} of {FLOWS // 4} live flows" in last.result["msg"]
    assert (folder / "elsewhere" / "123456789012-us-east-1-inspection-report.html").is_file()
    assert audit.rc == 2
    assert not any(failed(audit, host) for host in ("egress", "quiet", "crowd", "hostile"))


def test_an_empty_report_dir_writes_no_file(audit: Run, folder: Path) -> None:
    result = fact(audit, "quiet", "flow_audit_result")
    assert (result["verdict"], result["flow_count"], result["findings"]) == ("compliant", 2, [])
    assert result["files"] == {}
    assert result["reports"] == []
    assert not list(folder.rglob("*quiet*"))
    assert audit.recorded("Write the reports", "quiet").status == "skipped"


def test_a_result_stays_small_when_every_flow_is_a_finding(audit: Run, folder: Path) -> None:
    result = fact(audit, "crowd", "flow_audit_result")
    assert (result["flow_count"], result["findings_total"]) == (CROWD, CROWD)
    assert result["counts"]["by_rule"] == {"default": CROWD}
    sizes = [len(json.dumps(item.result)) for item in audit.tasks if item.host == "crowd"]
    assert max(sizes) < AWX_LIMIT
    assert 0 < len(result["findings"]) < CROWD
    assert len(lines_of(folder / "crowd" / "123456789012-us-east-1-crowd-findings.jsonl.gz")) == CROWD
    # Where nothing is to be spared, a filter for each IP version and zone is enough.
    plan = json.loads(Path(result["plan"]["dest"]).read_text(encoding="utf-8"))
    assert result["plan"]["operations"] == plan["operations"]
    assert plan["flow_count"] == CROWD
    assert result["plan"]["operation_count"] == len(plan["operations"]) == len(ZONES)
    assert sum(len(operation["flow_filters"]) for operation in plan["operations"]) <= 2 * len(ZONES)
    assert plan["hash"] == result["plan"]["hash"]


def test_hostile_strings_stay_data(audit: Run, folder: Path, control: Control, arns: dict[str, str]) -> None:
    result = fact(audit, "hostile", "flow_audit_result")
    assert sorted(item["rule"] for item in result["findings"]) == sorted(HOSTILE)
    assert [rule["name"] for rule in result["rules"]] == HOSTILE
    assert result["counts"]["by_rule"] == dict.fromkeys(HOSTILE, 1)
    html = (folder / "hostile" / "123456789012-us-east-1-hostile-report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "{{ 7*7 }}" in html
    (start,) = starts_of(control, arns["hostile"], "StartFlowCapture")
    assert start["request"]["FlowFilters"] == [{"SourceAddress": {"AddressDefinition": "10.0.0.0/8"}}]
    assert start["request"]["MinimumFlowAgeInSeconds"] == result["minimum_flow_age"] == 60
    assert result["flow_filters"] == [{"source_address": "10.0.0.0/8"}]


@pytest.fixture(scope="module")
def before_bad(audit: Run, control: Control) -> Counter[str]:
    return calls_of(control)


BAD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "policy-a-list": ({"flow_audit_policy": [NO_TELNET]}, ["flow_audit_policy", "list", "dict"]),
    "rules-a-mapping": ({"flow_audit_policy": {"rules": {"name": "a"}}}, ["policy: rules:", "give a list of rules"]),
    "unknown-rule-key": (
        {"flow_audit_policy": {"rules": [{"name": "a", "action": "deny", "destination_prot": [22]}]}},
        ["rules[0].destination_prot", "there is no such key", "destination_port"],
    ),
    "unknown-policy-key": ({"flow_audit_policy": {"rulez": []}}, ["rulez", "there is no such key", "rules"]),
    "bad-port": (
        {"flow_audit_policy": {"rules": [{"name": "a", "action": "deny", "destination_port": [70000]}]}},
        ["rules[0].destination_port[0]", "70000", "0 to 65535"],
    ),
    "two-mistakes": (
        {"flow_audit_policy": {"default": "maybe", "rules": [{"name": "a", "action": "drop"}]}},
        ["default", "'maybe'", "rules[0].action", "'drop'", "allow, deny"],
    ),
    "both-policies": (
        {"flow_audit_policy": NO_TELNET, "flow_audit_policy_file": "policies/policy.yml"},
        ["flow_audit_policy", "flow_audit_policy_file", "both are"],
    ),
    "missing-file": (
        {"flow_audit_policy_file": "nowhere.yml"},
        ["policy_file", "nowhere.yml", "there is no such file"],
    ),
    "not-yaml": ({"flow_audit_policy_file": "broken.yml"}, ["policy_file", "broken.yml", "not YAML"]),
    "not-a-mapping": ({"flow_audit_policy_file": "text.yml"}, ["policy", "this is not a policy"]),
    "missing-set-file": (
        {"flow_audit_policy_file": "lonely.yml"},
        ["sets.threats.file", "nowhere.txt", "No such file"],
    ),
    "bad-set-line": ({"flow_audit_policy_file": "typo.yml"}, ["'typo.txt' line 2", "CIDR"]),
    "no-arn": ({"firewall_arn": "", "flow_audit_policy": NO_TELNET}, ["flow_audit_firewall_arn", "''"]),
    "not-an-arn": ({"firewall_arn": "egress", "flow_audit_policy": NO_TELNET}, ["flow_audit_firewall_arn", "egress"]),
    "malformed-arn": (
        {"firewall_arn": "arn:aws:network-firewall:us-east-1:12:firewall/egress", "flow_audit_policy": NO_TELNET},
        ["flow_audit_firewall_arn", "us-east-1:12:", "give the ARN of the firewall"],
    ),
    "age-a-text": (
        {"flow_audit_policy": NO_TELNET, "flow_audit_minimum_flow_age": "old"},
        ["flow_audit_minimum_flow_age", "old", "int"],
    ),
    "zones-a-mapping": (
        {"flow_audit_policy": NO_TELNET, "flow_audit_availability_zones": {"a": 1}},
        ["flow_audit_availability_zones", "list"],
    ),
    "unknown-filter-key": (
        {"flow_audit_policy": NO_TELNET, "flow_audit_flow_filters": [{"source_adress": "10.0.0.0/8"}]},
        ["flow_filters", "source_adress", "source_address"],
    ),
    "bad-filter": (
        {"flow_audit_policy": NO_TELNET, "flow_audit_flow_filters": [{"source_address": "10.0.0.0/33"}]},
        ["flow_filters", "10.0.0.0/33"],
    ),
    "bad-verdict": (
        {"flow_audit_policy": NO_TELNET, "flow_audit_fail_on": ["guilty"]},
        ["flow_audit_fail_on", "guilty", "noncompliant"],
    ),
}


@pytest.fixture(scope="module")
def bad(runner: FirewallRunner, folder: Path, arns: dict[str, str], before_bad: Counter[str]) -> Run:
    lonely = {"sets": {"threats": {"file": "nowhere.txt"}}, "rules": []}
    typo = {
        "sets": {"threats": {"file": "typo.txt"}},
        "rules": [{"name": "a", "action": "deny", "destination_address": ["$threats"]}],
    }
    (folder / "broken.yml").write_text("rules: [\n  - name: {\n", encoding="utf-8")
    (folder / "text.yml").write_text("just words\n", encoding="utf-8")
    (folder / "lonely.yml").write_text(yaml.safe_dump(lonely), encoding="utf-8")
    (folder / "typo.yml").write_text(yaml.safe_dump(typo), encoding="utf-8")
    (folder / "typo.txt").write_text("10.0.0.0/8\n10.0.0.0/33\n", encoding="utf-8")
    hosts = {name: {"firewall_arn": arns["quiet"], **variables} for name, (variables, _parts) in BAD.items()}
    return runner("flowops.aws.audit", hosts, {"flow_audit_report_dir": ""}, started_in=folder)


@pytest.mark.parametrize("name", BAD)
def test_a_mistake_is_named(bad: Run, name: str) -> None:
    (last,) = failed(bad, name)
    message = last.result["msg"]
    for part in BAD[name][1]:
        assert part in message, message
    # Ansible puts a heading of its own ahead of what it says of a role's options.
    sentence = message.removeprefix("Validation of arguments failed:\n")
    assert "\n" not in sentence, sentence
    assert "Traceback" not in bad.output


def test_no_mistake_reaches_aws(bad: Run, control: Control, before_bad: Counter[str]) -> None:
    assert bad.rc == 2
    assert calls_of(control) == before_bad


@pytest.fixture(scope="module")
def torn(runner: FirewallRunner, bad: Run, control: Control, arns: dict[str, str]) -> Run:
    """Captures that AWS could not finish, and one in a zone that is not there; hosts start theirs in this order."""
    control.settings(next_status=["COMPLETED_WITH_ERRORS", "COMPLETED_WITH_ERRORS", "FAILED"])
    common = {"flow_audit_policy": NO_TELNET, "flow_audit_report_dir": ""}
    hosts: dict[str, dict[str, Any]] = {
        "a-clean": {"firewall_arn": arns["torn"]},
        "b-guilty": {"firewall_arn": arns["guilty"]},
        "c-failed": {"firewall_arn": arns["quiet"]},
        "d-zoneless": {"firewall_arn": arns["quiet"], "flow_audit_availability_zones": ["us-east-1f"]},
    }
    try:
        return runner("flowops.aws.audit", hosts, common, forks=1)
    finally:
        control.settings(next_status=[])


def test_a_partial_capture_without_findings_is_inconclusive(torn: Run) -> None:
    result = fact(torn, "a-clean", "flow_audit_result")
    assert (result["verdict"], result["partial"], result["findings_total"]) == ("inconclusive", True, 0)
    assert result["flow_count"] == 18
    assert result["operations"][0]["flow_operation_status"] == "COMPLETED_WITH_ERRORS"
    assert "flows may be missing" in torn.recorded("Say the verdict", "a-clean").result["msg"]


def test_a_partial_capture_with_a_finding_is_noncompliant_and_partial(torn: Run) -> None:
    result = fact(torn, "b-guilty", "flow_audit_result")
    assert (result["verdict"], result["partial"], result["findings_total"]) == ("noncompliant", True, 1)


def test_a_failed_capture_stops_the_play(torn: Run) -> None:
    (last,) = failed(torn, "c-failed")
    assert last.task == "Capture the flows of every zone"
    assert "failed" in last.result["msg"]
    assert ZONES[0] in last.result["msg"]
    with pytest.raises(KeyError):
        fact(torn, "c-failed", "flow_audit_result")
    assert torn.rc == 2


def test_a_zone_that_is_not_there_starts_nothing(torn: Run, control: Control, arns: dict[str, str]) -> None:
    (last,) = failed(torn, "d-zoneless")
    assert "availability_zones" in last.result["msg"]
    assert "'us-east-1f' is not allowed" in last.result["msg"]
    assert f"has the zones {ZONES[0]}" in last.result["msg"]
    asked = {start["request"]["AvailabilityZone"] for start in starts_of(control, arns["quiet"], "StartFlowCapture")}
    assert asked == {ZONES[0]}


def test_check_mode_starts_nothing_and_says_where_it_would(
    runner: FirewallRunner, torn: Run, control: Control, arns: dict[str, str]
) -> None:
    before = control.calls()
    folder = runner.started_in()
    hosts = {name: {"firewall_arn": arns[name]} for name in ("egress", "quiet")}
    run = runner("flowops.aws.audit", hosts, {"flow_audit_policy": NO_TELNET}, options=["--check"], started_in=folder)
    assert run.rc == 0, run.explain()
    after = control.calls()
    assert after["starts"] == before["starts"]
    assert "StartFlowCapture" not in Counter(after["counts"]) - Counter(before["counts"])
    assert run.recorded("Say what check mode leaves out", "egress").result["msg"].endswith("us-east-1a, us-east-1b.")
    assert list(folder.iterdir()) == []


def test_policy_beside_the_playbook_and_connection_from_the_environment(
    runner: FirewallRunner, torn: Run, emulator: Emulator, arns: dict[str, str]
) -> None:
    # The playbook's own folder, which is not the one that the run is started in.
    playbook = runner.started_in() / "site.yml"
    role = {"role": "flowops.aws.flow_audit", "vars": {"flow_audit_report_dir": ""}}
    play = {"name": "Audit", "hosts": "all", "gather_facts": False, "roles": [role]}
    playbook.write_text(yaml.safe_dump([play]), encoding="utf-8")
    (playbook.parent / "policy.yml").write_text(yaml.safe_dump(NO_TELNET), encoding="utf-8")
    hosts = {"guilty": {"firewall_arn": arns["guilty"], "flow_audit_policy_file": "policy.yml"}}
    run = runner(str(playbook), hosts, None, env={"AWS_URL": emulator.url, "AWS_REGION": REGION})
    assert run.rc == 0, run.explain()
    assert fact(run, "guilty", "flow_audit_result")["counts"]["by_rule"] == {"no-telnet": 1}
