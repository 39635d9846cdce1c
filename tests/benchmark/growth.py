# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How cost grows with size: one table, processor time at each size and the exponent by which it grows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

from ansible_collections.flowops.aws.plugins.module_utils.audit.policy_reader import compile_policy
from ansible_collections.flowops.aws.plugins.module_utils.audit.summary import Summary
from ansible_collections.flowops.aws.tests.benchmark import flows
from ansible_collections.flowops.aws.tests.benchmark import planning as plans
from ansible_collections.flowops.aws.tests.benchmark.measuring import Cost, cost_of_call

SEED = 20
DAY = date(2026, 1, 1)
USUAL_RULES = 20
# Flows that findings are sought among, and that rules and lists are held against.
AMONG = 100_000


@dataclass(frozen=True)
class Sizes:
    """The sizes at which each cost is measured."""

    flows: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    findings: tuple[int, ...] = (100, 1_000, 10_000, 100_000)
    rules: tuple[int, ...] = (10, 100, 1_000, 10_000)
    networks: tuple[int, ...] = (100, 1_000, 10_000, 100_000, 1_000_000)
    firewalls: tuple[int, ...] = (1, 15, 60, 240)
    among: int = AMONG


WHOLE = Sizes()
QUICK = Sizes(
    flows=(1_000, 10_000),
    findings=(100, 1_000),
    rules=(10, 100),
    networks=(100, 1_000, 10_000),
    firewalls=(1, 4),
    among=10_000,
)


@dataclass(frozen=True)
class Series:
    """A cost at some sizes, each in seconds of processor time."""

    name: str
    costs: tuple[tuple[int, float], ...]

    @property
    def exponent(self) -> float:
        """The power of the size by which the cost grows, over all sizes: 0 is not at all, 1 in proportion."""
        xs = [math.log(size) for size, _seconds in self.costs]
        ys = [math.log(max(seconds, 1e-6)) for _size, seconds in self.costs]
        x_mean, y_mean = fmean(xs), fmean(ys)
        spread = sum((x - x_mean) ** 2 for x in xs)
        return sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True)) / spread if spread else 0.0

    def line(self) -> str:
        """Return the row of the table."""
        cells = "  ".join(f"{size:>9,}: {seconds:8.3f} s" for size, seconds in self.costs)
        return f"{'':<14}{self.name:<58}exponent {self.exponent:5.2f}   {cells}"


def table(sizes: Sizes, folder: Path, firewalls: Callable[[int], Cost]) -> Iterator[str]:
    """Yield the lines of the table, each as soon as it is known; firewalls audits so many, folder is for files."""
    among = sizes.among
    yield f"{'growth':<14}processor time against size, one run each; an exponent of 1 is in proportion"
    plan = partial(planning, among, folder)
    rows: tuple[tuple[str, tuple[int, ...], Callable[[int], Cost]], ...] = (
        (f"flows, judged by {USUAL_RULES} rules and counted", sizes.flows, judging_flows),
        (f"findings planned for, of {among:,} flows or twice as many", sizes.findings, plan),
        (f"rules, of {among:,} flows", sizes.rules, partial(judging_by_rules, among)),
        (f"networks in a list, of {among:,} flows", sizes.networks, partial(judging_by_networks, among)),
        ("firewalls audited, many in four slices", sizes.firewalls, firewalls),
    )
    for name, counts, cost_of in rows:
        yield Series(name, measured(counts, cost_of)).line()


def measured(sizes: Sequence[int], cost_of: Callable[[int], Cost]) -> tuple[tuple[int, float], ...]:
    """Return each size with the seconds of processor time that it takes."""
    return tuple((size, cost_of(size).cpu) for size in sizes)


def judging_flows(count: int) -> Cost:
    """Return what it takes to judge so many flows by a usual policy and to count them, page by page."""
    policy = compile_policy(flows.policy(USUAL_RULES, SEED), today=DAY)
    cost = Cost(0, 0)
    summary = Summary(top_n=10)
    page: list[dict[str, Any]] = []

    def take() -> None:
        verdicts = policy.judge_all(page)
        summary.add_all(page, verdicts)

    # Making the flows is not measured, and they are never in memory together.
    for record in flows.stream(count, SEED):
        page.append(record)
        if len(page) == plans.PAGE:
            cost += cost_of_call(take)
            page = []
    return cost


def planning(among: int, folder: Path, findings: int) -> Cost:
    """Return what a plan for so many findings of a list of networks takes, half of the flows being findings at most."""
    count = max(among, 2 * findings)
    captured = {("bench", "us-east-1a"): list(plans.pages("threats", count, findings))}
    return cost_of_call(lambda: plans.planned(folder, captured))


def judging_by_rules(among: int, rules: int) -> Cost:
    """Return what it takes to judge so many flows by so many rules, once those are read."""
    return _judging(flows.policy(rules, SEED), among)


def judging_by_networks(among: int, networks: int) -> Cost:
    """Return what it takes to judge so many flows by a list of so many networks, once that is read."""
    return _judging(flows.threat_policy(networks, SEED), among)


def _judging(policy: dict[str, Any], among: int) -> Cost:
    compiled = compile_policy(policy, today=DAY)
    compiled.judge_all([])
    records = flows.records(among, SEED)
    pages = [records[at : at + plans.PAGE] for at in range(0, len(records), plans.PAGE)]
    return cost_of_call(lambda: [compiled.judge_all(page) for page in pages])
