# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hold our verdicts against a real Suricata 7 on random rules and flows, and record verdicts for the unit tests.

Needs a suricata on the machine and installs none. Fails when one verdict of ours is contradicted, when what Suricata
refuses is read without a word or the other way round, and when too little is decided.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from .court import ACTION, STRICT, Count, Court, compare, rules_as_read
from .engine import NoSuricataError, RefusedError
from .made import HOME_NET, Maker
from .situations import asked_again
from .talks import talks_over

DATA = Path(__file__).resolve().parents[1] / "unit" / "plugins" / "module_utils" / "rules" / "data"
RECORDED = DATA / "recorded.json"
SITUATIONS = DATA / "suricata-verdicts.json"
# Of the flows that Suricata drops, or passes, whatever they say, so many must be decided.
LEAST_DECIDED = 0.85
# So many rule sets and flows are recorded for the unit tests.
RECORDED_SETS, RECORDED_FLOWS = 60, 40
_SEED_STEP = 1_000_003
TCP = 6


class Trial:
    """One run: the figures, and what went wrong."""

    def __init__(self, court: Court) -> None:
        self.court = court
        self.single, self.listed = Count(), Count()
        self.problems: list[str] = []
        self.recorded: list[dict[str, Any]] = []

    def hear(self, rules: Sequence[str], order: str) -> None:
        """Hold our verdicts by one list of rules against Suricata's."""
        rules = self._taken(list(rules), order)
        if not rules:
            return
        losses = self.court.verdicts(rules, order)
        before = len(self.single.unsound), len(self.listed.unsound)
        compare(rules, order, HOME_NET, self.court.flows, losses, self.single, self.listed)
        for count, seen in zip((self.single, self.listed), before, strict=True):
            for case in count.unsound[seen : seen + 1]:
                lost = [name for name, is_lost in case["lost"].items() if is_lost]
                text = "\n    ".join(rules)
                self.problems.append(f"{case['fate']} is wrong: {case['flow']}, dropped: {lost}, {order}\n    {text}")
        self.recorded.append({"order": order, "rules": rules, "lost": [_as_number(loss) for loss in losses]})

    def _taken(self, rules: list[str], order: str) -> list[str]:
        """Return the rules that Suricata takes; it must refuse those that we refuse, and no others."""
        refused_here = {problem.text for problem in rules_as_read(rules, order, HOME_NET).problems}
        try:
            taken, refused = self.court.accepted(rules, order)
        except RefusedError as error:
            self.problems.append(f"Suricata did not answer: {error}")
            return []
        self.problems += [f"Suricata refuses what we read: {rule}" for rule in refused if rule not in refused_here]
        self.problems += [f"we refuse what Suricata reads: {rule}" for rule in taken if rule in refused_here]
        return taken

    def record(self, path: Path) -> None:
        """Write what Suricata said to a file."""
        content = {
            "suricata": self.court.version,
            "home_net": HOME_NET,
            "flows": [list(astuple(flow)) for flow in self.court.flows],
            "talks": [[talk.name for talk in talks_over(flow.protocol)] for flow in self.court.flows],
            "sets": self.recorded,
        }
        lines = json.dumps(content, separators=(",", ":")).replace('{"order"', '\n{"order"')
        path.write_text(lines + "\n", encoding="utf-8")


def _as_number(losses: Mapping[str, bool]) -> int:
    """Return which talks lose a packet as a number: bit n is the nth talk."""
    return sum(1 << n for n, lost in enumerate(losses.values()) if lost)


def try_rules(court: Court, seed: int, sets: int, until: float) -> Trial:
    """Return a trial of so many random lists of rules, half of them in strict order; it ends early when time is up."""
    trial = Trial(court)
    for number in range(sets):
        if time.monotonic() > until:
            break
        strict = number % 2 == 0
        trial.hear(Maker(seed * _SEED_STEP + number).rules(strict), STRICT if strict else ACTION)
    return trial


def agree_where_orders_do(court: Court) -> list[str]:
    """Return what is wrong with the judge of strict order: where both orders are the same, so are the verdicts."""
    rules = [
        "pass tcp any any -> any 443 (flow:to_server; sid:1;)",
        "pass udp any any -> any 53 (sid:2;)",
        "drop tcp any any -> any any (flow:established; sid:3;)",
        "drop udp $HOME_NET any -> any any (sid:4;)",
    ]
    if court.verdicts(rules, STRICT) != court.verdicts(rules, ACTION):
        return ["the judge of strict order disagrees with stock Suricata where there is no difference"]
    turned = ["drop tcp any any -> any any (sid:1;)", "pass tcp any any -> any any (sid:2;)"]
    if court.verdicts(turned, STRICT) == court.verdicts(turned, ACTION):
        return ["the judge of strict order sorts by action all the same"]
    later = ["drop tcp any any -> any any (sid:1;)", "pass tcp any any -> any any (flowbits:set,x; priority:1; sid:2;)"]
    tcp = [loss for flow, loss in zip(court.flows, court.verdicts(later, STRICT), strict=False) if flow.protocol == TCP]
    if not all(all(losses.values()) for losses in tcp):
        return ["the judge of strict order sorts by flowbits or priorities"]
    return []


def written_down(folder: Path) -> list[str]:
    """Return what Suricata says otherwise now than when the situations of the unit tests were written down."""
    found = list(asked_again(SITUATIONS, folder))
    print(f"{len(found)} situations asked again")
    return [f"'{name}' was written down as {written}, and is {now}" for name, written, now in found if written != now]


def main() -> int:
    """Run a trial as the arguments say; return 0 when nothing went wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="of rules and flows (default 1)")
    parser.add_argument("--sets", type=int, default=60, help="lists of rules (default 60)")
    parser.add_argument("--flows", type=int, default=100, help="flows (default 100)")
    parser.add_argument("--minutes", type=float, default=60, help="stop after so many (default 60)")
    parser.add_argument("--no-record", action="store_true", help="leave the recorded verdicts as they are")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="flowops-suricata-") as folder:
        try:
            court = Court(Path(folder), Maker(options.seed).flows(options.flows), HOME_NET)
        except NoSuricataError as error:
            print(error)
            return 1
        problems = agree_where_orders_do(court)
        problems += written_down(Path(folder))
        trial = try_rules(court, options.seed, options.sets, time.monotonic() + options.minutes * 60)
        problems += trial.problems
        told(court, trial, problems)
        if not options.no_record and not problems:
            (Path(folder) / "kept").mkdir()
            kept = Court(Path(folder) / "kept", court.flows[:RECORDED_FLOWS], HOME_NET)
            recording = try_rules(kept, options.seed, RECORDED_SETS, time.monotonic() + options.minutes * 60)
            recording.record(RECORDED)
            print(f"Recorded {len(recording.recorded)} lists of rules on {len(kept.flows)} flows in {RECORDED.name}.")
    return 1 if problems else 0


def told(court: Court, trial: Trial, problems: list[str]) -> None:
    """Print the figures and the problems, to which too few decided verdicts are added."""
    print(f"Suricata {court.version}, {len(trial.recorded)} lists of rules, {len(court.flows)} flows")
    for name, count in (("as it is", trial.single), ("with its reverse listed", trial.listed)):
        print(count.told(name))
        for fate, share in ((fate, count.share(fate)) for fate in ("dropped", "passed")):
            if share < LEAST_DECIDED:
                problems.append(f"of the {fate}, {name}, only {share:.1%} are decided ({LEAST_DECIDED:.0%} are wanted)")
    for (fate, reason, word), number in trial.single.undecided.most_common(8):
        print(f"  undecided though always {fate}: {number:,} for {reason} {word}".rstrip())
    for problem in problems[:20]:
        print(problem)


if __name__ == "__main__":
    sys.exit(main())
