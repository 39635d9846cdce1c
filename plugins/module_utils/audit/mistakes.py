# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mistakes of a policy: all of them counted, the first ones told, and no more quoted than it takes to find them."""

from __future__ import annotations

from typing import Any

from ..errors import FlowOpsError, shown

MOST_SHOWN = 20
# So many characters of a wrong value are quoted.
_MOST_QUOTED = 40


class PolicyError(FlowOpsError):
    """The mistakes of a policy at once, each behind its path."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("policy: " + " ".join(mistakes), policy_errors=mistakes)


class Mistakes:
    """What is wrong with a policy."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[str] = []

    def add(self, sentence: str) -> None:
        """Note one mistake."""
        self.count += 1
        if self.count <= MOST_SHOWN:
            self._first.append(sentence)

    def value(self, path: str, value: Any, allowed: str) -> None:
        """Note a value that is not allowed, and what is."""
        self.add(f"{path}: {shown(value, _MOST_QUOTED)} is not allowed; {allowed}.")

    def key(self, path: str, key: Any, allowed: str) -> None:
        """Note a key that does not exist, and which do."""
        self.add(f"{path}{str(key)[:_MOST_QUOTED]}: there is no such key; allowed are {allowed}.")

    def sentences(self) -> list[str]:
        """Return a sentence for each of the first mistakes, and one for how many there are beside them."""
        more = self.count - len(self._first)
        return [*self._first, f"And {more} more."] if more else list(self._first)

    def raise_any(self) -> None:
        """Raise PolicyError when there is a mistake."""
        if self.count:
            raise PolicyError(self.sentences())
