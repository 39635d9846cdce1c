# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The figures: what is run, against what, and the bound that the project aims at."""

from __future__ import annotations

import gc
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy import Policy
from ansible_collections.flowops.aws.plugins.module_utils.audit.policy_reader import compile_policy
from ansible_collections.flowops.aws.tests.benchmark import firewall_rules, fleet, flows, growth, planning, pushdown
from ansible_collections.flowops.aws.tests.benchmark.aws import Aws, Taken, emulator
from ansible_collections.flowops.aws.tests.benchmark.measuring import (
    BenchmarkError,
    Cost,
    Figure,
    cost_of_call,
    cost_of_command,
    interleaved,
)
from ansible_collections.flowops.aws.tests.emulator.world.generate import write_log
from ansible_collections.flowops.aws.tests.integration.harness.runner import REGION, environment
from ansible_collections.flowops.aws.tests.integration.harness.slicing import plain, slice_of, write_inventory

HERE = Path(__file__).resolve().parent
SEED = 20
PAGE = 100
PAGE_SECONDS = 0.03
ZONES = 12
CALL_SECONDS = 0.05
FLEET_FLOWS = 1_000
FLEET_CALLS = (
    "ListFirewalls", "DescribeFirewall", "StartFlowCapture", "DescribeFlowOperation", "ListFlowOperationResults",
)  # fmt: skip
FORKS = 10
# As the demo makes it.
DEMO_LOG = {"seed": 7, "firewalls": 2, "zones": 2, "flows": 3000}
REGIONS = (
    "ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1", "eu-central-1",
    "eu-west-1", "eu-west-2", "us-east-1", "us-east-2", "us-west-2",
)  # fmt: skip
NAMES = (
    "audit",
    "dest",
    "usual",
    "threats",
    "rules",
    "firewall",
    "memory",
    "zones",
    "inventory",
    "fleet",
    "compile",
    "growth",
    "pushdown",
)

# Runs Python for us and for Ansible, and notes the largest resident size of what it ran, in kB. A process begins with
# the size of the one that started it, so that whoever measures has to be small.
INTERPRETER = """#!{python}
import os
import resource
import subprocess
import sys

done = subprocess.run([{python!r}, *sys.argv[1:]])
with open(os.environ["FLOWOPS_PEAKS"], "a") as file:
    file.write(f"{{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss}}\\n")
sys.exit(done.returncode)
"""

CONNECTION = "endpoint_url: '{{ endpoint_url }}', region: '{{ region }}', firewall_arn: '{{ firewall_arn }}'"
HEAD = "- hosts: localhost\n  gather_facts: false\n  tasks:\n"
PLAYS = {
    "call": "    - flowops.aws.networkfirewall_flow_operation_info: {%s, availability_zone: us-east-1a}\n",
    "audit": "    - flowops.aws.networkfirewall_flow_audit:\n"
    "        {%s, operations: '{{ operations }}', policy: '{{ policy }}'}\n",
    "dest": "    - flowops.aws.networkfirewall_flow_audit:\n"
    "        {%s, operations: '{{ operations }}', policy: '{{ policy }}', dest: '{{ dest }}'}\n",
    "usual": "    - usual_way: {%s, flow_operation_id: '{{ operations[0].flow_operation_id }}'}\n"
    "      register: listed\n"
    "    - ansible.builtin.set_fact:\n"
    "        findings: \"{{ listed.flows | selectattr('destination_port', 'in', ['22', '3389']) | list }}\"\n",
}


@dataclass(frozen=True)
class Scale:
    """How much of everything."""

    flows: int = 100_000
    many_flows: int = 1_000_000
    pushdown_flows: int = 200_000
    networks: int = 100_000
    rules: int = 1_000
    listed_rules: int = 30_000
    zone_pages: int = 100
    firewalls: int = 200
    fleet: int = 60
    findings: int = 10_000
    growth: growth.Sizes = growth.WHOLE


QUICK = Scale(
    flows=10_000,
    many_flows=100_000,
    pushdown_flows=20_000,
    networks=10_000,
    rules=200,
    listed_rules=3_000,
    zone_pages=20,
    firewalls=20,
    fleet=8,
    findings=1_000,
    growth=growth.QUICK,
)


class Bench:
    """The runs of one benchmark, in a folder of their own."""

    def __init__(
        self, folder: Path, aws: Callable[[], Aws], scale: Scale, rounds: int, flow_log: Path | None = None
    ) -> None:
        self.folder = folder
        self._aws = aws
        self.scale = scale
        self.rounds = rounds
        self.flow_log = flow_log

    def lines(self, names: set[str]) -> Iterator[str]:
        """Yield the lines of the figures with those names, each as soon as it is known."""
        if names & {"audit", "dest", "usual"}:
            yield from self._audits(names)
        if "threats" in names:
            yield from self._judging(
                "threats",
                flows.threat_policy(10, SEED),
                flows.threat_policy(self.scale.networks, SEED),
                f"judging with a list of {self.scale.networks:,} networks / of 10",
                "<= 1.2",
            )
            yield from self._judging(
                "",
                flows.with_rules_before(flows.threat_policy(10, SEED), flows.policy(20, SEED)),
                flows.with_rules_before(flows.threat_policy(self.scale.networks, SEED), flows.policy(20, SEED)),
                f"the same behind 20 rules: a list of {self.scale.networks:,} networks / of 10",
                "<= 1.2",
            )
        if "rules" in names:
            yield from self._judging(
                "rules",
                flows.policy(20, SEED),
                flows.policy(self.scale.rules, SEED),
                f"judging by {self.scale.rules:,} rules / by 20",
                "<= 10",
            )
        if "firewall" in names:
            yield from self._firewall_rules()
        if "zones" in names:
            yield from self._zones()
        if "inventory" in names:
            yield from self._inventory()
        if "fleet" in names:
            yield from self._fleet()
        if "compile" in names:
            yield from self._plan_sizes()
            yield from self._compiling()
            yield from self._compiling_memory()
        if "memory" in names:
            yield from self._memory()
        if "growth" in names:
            yield from self._growth()
        if "pushdown" in names:
            yield from self._pushdown()

    # -- audits --------------------------------------------------------------------------------------------------

    def _audits(self, names: set[str]) -> Iterator[str]:
        aws = self._aws()
        taken = aws.capture("audit", 1, self.scale.flows)
        yield from _page_rate(aws, taken)
        variables = self._variables(aws, taken)
        runs: dict[str, Callable[[], Cost]] = {
            "loop": lambda: self._loop(aws, taken),
            "call": lambda: self._play("call", variables),
            "audit": lambda: self._play("audit", variables),
        }
        for name in ("dest", "usual"):
            if name in names:
                runs[name] = self._play_of(name, variables)
        cost = interleaved(self.rounds, runs)
        floor = cost["loop"] + cost["call"]
        of = f"of {taken.flow_count:,} flows"
        against = f"(boto3 loop {cost['loop'].wall:.2f} s + a play with one API call {cost['call'].wall:.2f} s)"
        if "audit" in names:
            yield Figure("audit", cost["audit"], floor, f"audit {of} / {against}", "<= 1.1, better 0.8").line()
        if "dest" in names:
            yield Figure("dest", cost["dest"], floor, f"audit {of} with dest .gz / {against}", "<= 1.3").line()
        if "usual" in names:
            yield Figure("usual", cost["usual"], cost["audit"], f"the usual way {of} / the audit", ">= 8").line()

    def _play_of(self, name: str, variables: Mapping[str, Any]) -> Callable[[], Cost]:
        return lambda: self._play(name, variables)

    def _variables(self, aws: Aws, taken: Taken) -> dict[str, Any]:
        return {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "endpoint_url": aws.url,
            "region": REGION,
            "firewall_arn": taken.arn,
            "operations": taken.operations,
            "policy": flows.policy(20, SEED),
            "dest": str(self.folder / "flows.jsonl.gz"),
        }

    def _loop(self, aws: Aws, taken: Taken) -> Cost:
        command: list[str | Path] = [
            sys.executable,
            HERE / "loop.py",
            aws.url,
            taken.arn,
            taken.operations[0]["flow_operation_id"],
        ]
        return cost_of_command(command, self.folder, environment())

    def _play(
        self,
        name: str,
        variables: Mapping[str, Any],
        env: Mapping[str, str] | None = None,
        launcher: tuple[Path, ...] = (),
    ) -> Cost:
        playbook = self.folder / f"{name}.yml"
        playbook.write_text(HEAD + PLAYS[name].replace("%s", CONNECTION), encoding="utf-8")
        (self.folder / "ansible.cfg").touch()
        (self.folder / "vars.json").write_text(json.dumps(variables), encoding="utf-8")
        Path(variables["dest"]).unlink(missing_ok=True)
        command: list[str | Path] = [
            *launcher,
            Path(sys.executable).parent / "ansible-playbook",
            "--inventory",
            "localhost,",
        ]
        return cost_of_command(
            [*command, "--extra-vars", f"@{self.folder / 'vars.json'}", playbook],
            self.folder,
            environment(
                {
                    "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
                    "ANSIBLE_HOME": str(self.folder / "home"),
                    "ANSIBLE_LIBRARY": str(HERE / "library"),
                    **(env or {}),
                }
            ),
        )

    # -- judging -------------------------------------------------------------------------------------------------

    def _judging(
        self, name: str, small: Mapping[str, Any], large: Mapping[str, Any], compared: str, aim: str
    ) -> Iterator[str]:
        records = flows.records(self.scale.flows, SEED)
        pages = [records[at : at + PAGE] for at in range(0, len(records), PAGE)]
        cost = interleaved(
            self.rounds,
            {
                "compile small": lambda: cost_of_call(lambda: _compiled(small)),
                "compile large": lambda: cost_of_call(lambda: _compiled(large)),
                "judge small": lambda: _judged(small, pages),
                "judge large": lambda: _judged(large, pages),
            },
        )
        yield Figure(name, cost["judge large"], cost["judge small"], f"{compared}, {len(records):,} flows", aim).line()
        yield (
            f"{'':<14}compiling apart: {cost['compile large'].wall:.3f} s against {cost['compile small'].wall:.3f} s"
        )

    def _firewall_rules(self) -> Iterator[str]:
        records = flows.records(self.scale.flows, SEED)
        pages = [records[at : at + PAGE] for at in range(0, len(records), PAGE)]
        policy = flows.policy(20, SEED)
        yield from firewall_rules.figures(
            len(records), self.scale.listed_rules, SEED, self.rounds, lambda: _judged(policy, pages)
        )

    # -- memory and zones ----------------------------------------------------------------------------------------

    def _pushdown(self) -> Iterator[str]:
        # The other figures' flows are for all kinds of findings; here those count that there are not.
        folder, log = self.folder / "pushdown", self.folder / "pushdown.jsonl.gz"
        folder.mkdir()
        write_log(log, seed=DEMO_LOG["seed"], firewalls=1, zones=1, flows=self.scale.pushdown_flows)
        with emulator(folder, log) as aws:
            aws.control.settings(duration=0)
            count = self.scale.pushdown_flows
            yield from pushdown.figures(folder, aws, count, self.rounds, self._ansible(aws))

    def _memory(self) -> Iterator[str]:
        aws = self._aws()
        interpreter = self._interpreter()
        module: dict[int, int] = {}
        largest: dict[int, int] = {}
        for count in (self.scale.flows, self.scale.many_flows):
            taken = aws.capture(f"memory-{count}", 1, count)
            peaks = self.folder / f"peaks-{count}"
            variables = {**self._variables(aws, taken), "ansible_python_interpreter": str(interpreter)}
            self._play("audit", variables, {"FLOWOPS_PEAKS": str(peaks)}, (interpreter,))
            *modules, everything = (int(line) for line in peaks.read_text(encoding="ascii").split())
            module[count], largest[count] = max(modules), everything
        few, many = self.scale.flows, self.scale.many_flows
        for name, of, peak in (("memory", "the module's process", module), ("", "the largest process", largest)):
            yield (
                f"{name:<14}{peak[many] / peak[few]:6.2f} x  peak of {of}, audit of {many:,} flows / of {few:,},"
                f" one run each: {peak[many] / 1024:.0f} MB against {peak[few] / 1024:.0f} MB"
                "  aim: <= 1.2 and under 120 MB"
            )

    def _interpreter(self) -> Path:
        interpreter = self.folder / "python"
        interpreter.write_text(INTERPRETER.format(python=sys.executable), encoding="utf-8")
        interpreter.chmod(0o755)
        return interpreter

    def _zones(self) -> Iterator[str]:
        aws = self._aws()
        taken = aws.capture("zones", ZONES, ZONES * self.scale.zone_pages * PAGE)
        yield from _page_rate(aws, taken)
        every, one = self._variables(aws, taken), self._variables(aws, taken.of_first_zone())
        aws.control.add_fault("slow", "ListFlowOperationResults", seconds=PAGE_SECONDS)
        try:
            cost = interleaved(
                self.rounds,
                {
                    "call": lambda: self._play("call", one),
                    "every": lambda: self._play("audit", every),
                    "one": lambda: self._play("audit", one),
                },
            )
        finally:
            aws.control.clear_faults()
        what = f"{ZONES} captures of {self.scale.zone_pages} pages at {PAGE_SECONDS * 1000:.0f} ms a page / one"
        yield Figure("zones", cost["every"], cost["one"], f"audit of {what}", "<= 1.5").line()
        yield Figure(
            "", cost["every"] - cost["call"], cost["one"] - cost["call"], "the same without a play's floor", "<= 1.5"
        ).line()

    # -- inventory -----------------------------------------------------------------------------------------------

    def _inventory(self) -> Iterator[str]:
        aws = self._aws()
        for number in range(self.scale.firewalls):
            zone = f"{REGIONS[number % len(REGIONS)]}a"
            aws.control.add_firewall(f"inventory-{number}", zones=[zone], tags={"Name": f"fleet-{number}"})
        for operation in ("ListFirewalls", "DescribeFirewall"):
            aws.control.add_fault("slow", operation, seconds=CALL_SECONDS)
        try:
            cost = interleaved(
                self.rounds,
                {
                    "every": lambda: self._listing(aws, "inventory-*"),
                    "one": lambda: self._listing(aws, "inventory-0"),
                },
            )
        finally:
            aws.control.clear_faults()
        of = f"of {self.scale.firewalls} firewalls in {len(REGIONS)} regions at {CALL_SECONDS * 1000:.0f} ms a call"
        yield Figure("inventory", cost["every"], cost["one"], f"inventory {of} / of one there", "under 5 s").line()

    def _listing(self, aws: Aws, include: str) -> Cost:
        return self._inventory_command(
            aws, {"plugin": "flowops.aws.networkfirewall", "regions": REGIONS, "include": [include]}, "--list"
        )

    def _inventory_command(self, aws: Aws, options: Mapping[str, Any], *arguments: str | Path) -> Cost:
        source = self.folder / "fleet.networkfirewall.yml"
        source.write_text(json.dumps(options), encoding="utf-8")
        command = Path(sys.executable).parent / "ansible-inventory"
        return cost_of_command([command, "--inventory", source, *arguments], self.folder, self._ansible(aws))

    def _ansible(self, aws: Aws) -> dict[str, str]:
        (self.folder / "ansible.cfg").touch()
        return environment(
            {
                "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
                "ANSIBLE_HOME": str(self.folder / "home"),
                # What the tests note of each task is nobody's cost.
                "ANSIBLE_CALLBACK_PLUGINS": None,
                # A benchmark of nothing would be quick.
                "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
                "AWS_URL": aws.url,
            }
        )

    # -- a fleet -------------------------------------------------------------------------------------------------

    def _fleet(self) -> Iterator[str]:
        aws = self._aws()
        count, zones = self.scale.fleet, len(fleet.ZONES)
        source = fleet.source("fleet-")
        with self._slow_fleet(aws, "fleet", count):
            graph = self._inventory_command(aws, source, "--graph")
            hosts = self._hosts(aws, source, count)
            folders: dict[str, Path] = {}
            runs = {"script": lambda: self._script(aws), "whole": lambda: self._job(aws, hosts, folders, "whole")}
            for number in range(1, fleet.SLICES + 1):
                runs[f"slice {number}"] = self._job_of(aws, slice_of(hosts, number, fleet.SLICES), folders, number)
            cost = interleaved(self.rounds, runs)
        whole = fleet.found_in(folders.pop("whole"))
        fleet.check_union(whole, map(fleet.found_in, folders.values()), set(hosts))
        fleet.check_script(whole, json.loads((self.folder / "script.json").read_text(encoding="utf-8")))
        of = f"of {count} firewalls x {zones} zones x {FLEET_FLOWS:,} flows at {CALL_SECONDS * 1000:.0f} ms a call"
        slowest = max((cost[name] for name in runs if name.startswith("slice")), key=attrgetter("wall"))
        yield Figure("fleet", cost["whole"], cost["script"], f"audit {of}, {FORKS} forks / boto3 script", "few").line()
        yield Figure(
            "", slowest, cost["script"], f"the slowest of {fleet.SLICES} slices of it / boto3 script", "few"
        ).line()
        findings = sum(len(tuples) for _told, tuples in whole.values())
        yield (
            f"{'':<14}all processes at once: {cost['whole'].memory >> 20} MB whole, {slowest.memory >> 20} MB a slice,"
            f" {cost['script'].memory >> 20} MB the script; ansible-inventory --graph {graph.wall:.2f} s; the slices"
            f" together, the whole and the script found the same {findings:,} findings"
        )

    def _hosts(self, aws: Aws, source: Mapping[str, Any], count: int) -> dict[str, Any]:
        listed = self.folder / "inventory.json"
        self._inventory_command(aws, source, "--list", "--export", "--output", listed)
        # Which strings are no templates is not told to AWX either.
        hosts = plain(json.loads(listed.read_text(encoding="utf-8")))["_meta"]["hostvars"]
        if len(hosts) != count:
            raise BenchmarkError(f"the inventory has {len(hosts)} hosts for {count} firewalls.")
        return dict(hosts)

    def _job_of(self, aws: Aws, hosts: Mapping[str, Any], folders: dict[str, Path], number: int) -> Callable[[], Cost]:
        return lambda: self._job(aws, hosts, folders, str(number))

    def _job(self, aws: Aws, hosts: Mapping[str, Any], folders: dict[str, Path], name: str) -> Cost:
        folder = folders[name] = Path(tempfile.mkdtemp(dir=self.folder))
        write_inventory(folder / "hosts", hosts)
        (folder / "vars.json").write_text(json.dumps(fleet.job_variables(folder)), encoding="utf-8")
        command: list[str | Path] = [
            Path(sys.executable).parent / "ansible-playbook", "--inventory", folder / "hosts", "--forks", str(FORKS),
            "--extra-vars", f"@{folder / 'vars.json'}", "flowops.aws.audit",
        ]  # fmt: skip
        return cost_of_command(command, self.folder, self._ansible(aws), watch_memory=True)

    def _script(self, aws: Aws) -> Cost:
        command: list[str | Path] = [sys.executable, HERE / "sequential.py", aws.url, "fleet-"]
        cost = cost_of_command(command, self.folder, environment(), watch_memory=True)
        (self.folder / "output").replace(self.folder / "script.json")
        return cost

    def _growth(self) -> Iterator[str]:
        aws, sizes = self._aws(), self.scale.growth
        with self._slow_fleet(aws, "growth", max(sizes.firewalls)):
            source = fleet.source("growth-")
            hosts = self._hosts(aws, source, max(sizes.firewalls))

            def audited(count: int) -> Cost:
                some = {name: hosts[name] for name in sorted(hosts)[:count]}
                slices = fleet.SLICES if count == max(sizes.firewalls) else 1
                # One after another, as if each had a machine of its own.
                jobs = [
                    self._job(aws, slice_of(some, number, slices), {}, f"{count}/{number}")
                    for number in range(1, slices + 1)
                ]
                return sum(jobs[1:], jobs[0])

            yield from growth.table(sizes, self.folder, audited)

    @contextmanager
    def _slow_fleet(self, aws: Aws, prefix: str, count: int) -> Iterator[None]:
        """Have so many firewalls, PREFIX-NNN, as long as the block lasts with calls that take their time."""
        zones = len(fleet.ZONES)
        for number in range(count):
            aws.control.add_firewall(
                f"{prefix}-{number:03}", zones=fleet.ZONES, synthetic_flows=zones * FLEET_FLOWS, seed=number
            )
        for operation in FLEET_CALLS:
            aws.control.add_fault("slow", operation, seconds=CALL_SECONDS)
        try:
            yield
        finally:
            aws.control.clear_faults()

    # -- compiling -----------------------------------------------------------------------------------------------

    def _plan_sizes(self) -> Iterator[str]:
        policy = planning.demo_policy()
        log = self.folder / "demo.jsonl.gz"
        write_log(log, **DEMO_LOG)
        yield self._plan_size("compile", "the demo's log and policy", planning.of_log(log, policy))
        if self.flow_log is not None:
            name = f"{self.flow_log.name} and the demo's policy"
            yield self._plan_size("", name, planning.of_log(self.flow_log, policy))
        tried = self.scale.findings
        yield self._plan_size(
            "", f"a scan of {tried:,} hosts by one", {("bench", "us-east-1a"): list(planning.scan(tried))}
        )

    def _plan_size(self, name: str, what: str, captured: Mapping[tuple[str, str], list[planning.Page]]) -> str:
        size = planning.size_of(planning.planned(self.folder, captured), captured)
        return (
            f"{name:<14}{size.filters / max(1, size.findings):6.2f} x  filters of a plan / one for each finding,"
            f" {what}: {size.filters:,} against {size.findings:,}, in {size.operations:,} operations against"
            f" {size.operations_of_one_each:,} ({size.inseparable} inseparable)  aim: few"
        )

    def _compiling(self) -> Iterator[str]:
        policy = flows.policy(20, SEED)
        for kind, of in (
            ("port", "of a rule for a port"),
            ("threats", f"of a list of {planning.LISTED_NETWORKS} networks"),
            ("random", "at random, the worst case"),
        ):
            pages = list(planning.pages(kind, self.scale.flows, self.scale.findings))
            captured = {("bench", "us-east-1a"): pages}
            records = [page for page, _guilty in pages]
            cost = interleaved(
                self.rounds, {"plan": self._planning_of(captured), "judge": partial(_judged, policy, records)}
            )
            what = f"a plan for {self.scale.findings:,} findings {of} among {self.scale.flows:,} flows"
            yield Figure("", cost["plan"], cost["judge"], f"{what} / judging those by 20 rules", "<= 10").line()
            yield self._plan_size("", of, captured)

    def _planning_of(self, captured: Mapping[tuple[str, str], list[planning.Page]]) -> Callable[[], Cost]:
        return lambda: cost_of_call(lambda: planning.planned(self.folder, captured))

    def _compiling_memory(self) -> Iterator[str]:
        interpreter = self._interpreter()
        few, many = self.scale.flows, self.scale.many_flows
        for kind in ("port", "random"):
            peak = {}
            for count in (few, many):
                peaks = self.folder / f"peaks-{kind}-{count}"
                command = [interpreter, HERE / "plan_once.py", kind, str(count), str(self.scale.findings)]
                cost_of_command(command, self.folder, environment({"FLOWOPS_PEAKS": str(peaks)}))
                peak[count] = int(peaks.read_text(encoding="ascii"))
            yield (
                f"{'':<14}{peak[many] / peak[few]:6.2f} x  peak of planning {self.scale.findings:,} findings"
                f" ({kind}) among {many:,} flows / among {few:,}, one run each: {peak[many] / 1024:.0f} MB against"
                f" {peak[few] / 1024:.0f} MB  aim: <= 1.2"
            )


def _page_rate(aws: Aws, taken: Taken) -> Iterator[str]:
    # The first reading renders the pages.
    aws.read(taken)
    yield (
        f"{'emulator':<14}{aws.read(taken):6.0f} pages a second, {PAGE} flows each, rendered before, read over one bare"
        " connection: that is not what is measured"
    )


def _compiled(policy: Mapping[str, Any]) -> Policy:
    """Return a policy ready for its first page."""
    compiled = compile_policy(policy, today=date(2026, 1, 1))
    compiled.judge_all([])
    return compiled


def _judged(policy: Mapping[str, Any], pages: list[list[dict[str, Any]]]) -> Cost:
    compiled = _compiled(policy)
    gc.collect()

    def judge() -> None:
        for page in pages:
            compiled.judge_all(page)

    return cost_of_call(judge)
