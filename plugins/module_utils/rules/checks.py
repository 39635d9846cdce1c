# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Suricata asks of the options of a rule, one by one, before it makes anything of them."""

from __future__ import annotations

from collections.abc import Sequence

from . import keywords
from .texts import Option, RuleTextError, number_in

_LARGEST = 2**32 - 2
_ONCE_ONLY = frozenset({"sid", "rev", "gid", "msg", "threshold"})
_LEAST = {"sid": 1, "rev": 1, "gid": 0, "priority": 0}
_WITHOUT_VALUE = frozenset({"sameip", "noalert"})
_OF_CONTENT = frozenset({"depth", "offset", "distance", "within", "nocase", "rawbytes"})


def check_options(options: Sequence[Option]) -> None:
    """Raise RuleTextError with the first option that Suricata refuses by itself, or beside the others."""
    seen: set[str] = set()
    for option in options:
        keyword = option.keyword
        if keyword in seen and keyword in _ONCE_ONLY:
            raise RuleTextError(f"it has more than one {keyword}", option.column)
        problem = _problem(keyword, option.value, seen)
        if problem:
            raise RuleTextError(problem, option.column)
        seen.add(keyword)
    if "sid" not in seen:
        raise RuleTextError("it has no sid")
    if "threshold" in seen and "detection_filter" in seen:
        raise RuleTextError("threshold and detection_filter stand together")


def _problem(keyword: str, value: str | None, seen: set[str]) -> str:
    if keyword in _OF_CONTENT and "content" not in seen:
        return f"{keyword} has no content before it"
    if not value:
        return f"{keyword} has no value" if keyword in keywords.NEEDS_VALUE else ""
    if keyword in _LEAST:
        number = number_in(value.removeprefix("+"))
        if number is None or not _LEAST[keyword] <= number <= _LARGEST:
            return f"its {keyword} {value[:40]} is not a number from {_LEAST[keyword]} to {_LARGEST}"
    if keyword in _WITHOUT_VALUE:
        return f"{keyword} has a value"
    if keyword == "content" and value in ('""', '!""'):
        return "content is empty"
    if keyword == "flowbits" and any(" " in name.strip() for name in value.split(",", 1)[-1].split("|")):
        return "flowbits has a name with a space in it"
    return ""
