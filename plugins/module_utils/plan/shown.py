# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The flows that a plan would cut, as results and diffs show them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any


class FlowsShown:
    """The flows that would go, the first of them to look at and all of them counted by rule."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.flows: list[dict[str, Any]] = []
        self.by_rule: Counter[str] = Counter()
        self.count = 0

    def add(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Add flow records, with their rules where those are known."""
        self.count += len(records)
        self.by_rule.update(record["rule"] for record in records if "rule" in record)
        self.flows.extend(dict(record) for record in records[: self.most - len(self.flows)])

    def text(self) -> str:
        """Return the flows as lines of text for diff mode, by rule."""
        lines: list[str] = []
        nameless = self.count - sum(self.by_rule.values())
        for rule in [*sorted(self.by_rule), *([None] if nameless else [])]:
            flows = [flow for flow in self.flows if flow.get("rule") == rule]
            total = nameless if rule is None else self.by_rule[rule]
            lines.append(f"{rule or 'flows'}: {total}")
            lines.extend(f"  {_line(flow)}" for flow in flows)
            if total > len(flows):
                lines.append(f"  and {total - len(flows)} more")
        return "\n".join(lines) + "\n" if lines else ""


def _line(flow: Mapping[str, Any]) -> str:
    ends = [
        f"{flow.get(f'{end}_address', '?')}" + (f" port {flow[f'{end}_port']}" if f"{end}_port" in flow else "")
        for end in ("source", "destination")
    ]
    return (
        f"{flow.get('availability_zone', '?')}: {flow.get('protocol', '?')} {' -> '.join(ends)}"
        f" (age {flow.get('age', '?')} s, {flow.get('byte_count', '?')} bytes)"
    )
