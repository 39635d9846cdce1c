# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A policy's rules in the words of who wrote them, for whoever asks why a flow is a finding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

# Characters: of a description, of a rule's text, and of all of them in a result, which stays small.
DESCRIPTION_LIMIT = 300
TEXT_LIMIT = 200
_ALL_TEXTS = 60_000
_LIMITS = ("min_age", "max_age", "min_bytes", "min_packets")


def rule_text(rule: Mapping[str, Any]) -> str:
    """Return a rule on one line, such as deny tcp from $corp to !$corp port 22, 3389."""
    words = [str(rule.get("action")), _listed(rule.get("protocols")) or "any protocol"]
    for end, preposition in (("source", "from"), ("destination", "to")):
        words += [preposition, _listed(rule.get(f"{end}_address")) or "any"]
        ports = _listed(rule.get(f"{end}_port"))
        words += ["port", ports] if ports else []
    words += [f"{name} {rule[name]}" for name in _LIMITS if rule.get(name) is not None]
    # A day, also where YAML made a moment of it.
    words += [f"expires {str(rule['expires'])[:10]}"] if rule.get("expires") else []
    text = " ".join(" ".join(words).split())
    return text if len(text) <= TEXT_LIMIT else f"{text[: TEXT_LIMIT - 1].rstrip()}…"


def with_texts(described: Sequence[dict[str, Any]], rules: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what is told of each rule with its description and its text, as long as a result has room for them."""
    told, room = [], _ALL_TEXTS
    for item in described:
        rule = rules.get(item["name"], {})
        texts = {"description": str(rule.get("description") or ""), "text": rule_text(rule) if rule else ""}
        room -= sum(map(len, texts.values()))
        told.append({**item, **{name: text for name, text in texts.items() if text and room >= 0}})
    return told


def _listed(given: Any) -> str:
    entries = given if isinstance(given, (list, tuple)) else [] if given is None else [given]
    return ", ".join(str(entry) for entry in entries)
