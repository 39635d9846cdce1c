# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is behind an address, in a word or two, for every report format that shows addresses."""

from __future__ import annotations

from typing import Any

from .text import clean, mapping

AMBIGUOUS = "(ambiguous)"

_BETWEEN_PAIR = " -> "


class Names:
    """The addresses of an audit result, {address: what EC2 knows of it}; of any other shape it names nothing."""

    def __init__(self, addresses: Any = None) -> None:
        self.addresses = mapping(addresses)

    def of(self, address: Any) -> str:
        """Return what is behind an address, such as web-7 (i-0abc), empty when that is not known."""
        item = mapping(self.addresses.get(address)) if isinstance(address, str) else {}
        if not item:
            return ""
        if item.get("ambiguous") is True:
            return AMBIGUOUS
        name = clean(item.get("name"))
        identifier = clean(item.get("instance_id")) or clean(item.get("network_interface_id"))
        return f"{name} ({identifier})" if name and identifier else name or identifier

    def of_key(self, key: Any) -> str:
        """Return what is behind a key of the top talkers, of a pair both sides, empty when neither is known."""
        if not isinstance(key, str) or _BETWEEN_PAIR not in key:
            return self.of(key)
        sides = key.split(_BETWEEN_PAIR)
        named = [self.of(side) for side in sides]
        shown = [name or clean(side) for name, side in zip(named, sides, strict=True)]
        return _BETWEEN_PAIR.join(shown) if any(named) else ""


NO_NAMES = Names()
