# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How Suricata treats a rule: which packets it looks at, what its action covers, and what 5-tuples do not tell."""

from __future__ import annotations

from typing import NamedTuple

# What the action of a rule covers; EITHER where that is not known.
FLOW, PACKET, EITHER = "flow", "packet", "either"
TO_SERVER, TO_CLIENT = "server", "client"
# Until an application is found, and until the two sides change over to another one.
UNTIL_FOUND, UNTIL_CHANGED = "found", "changed"


class Kind(NamedTuple):
    """What a rule is to the engine, apart from its header and its action."""

    # One of ip_only, like_ip_only, pkt, app_layer, app_tx, stream, pd_only; unknown where a keyword is.
    type: str
    scope: str
    # Whether the rule matches each packet that it is looked at on and whose header fits.
    certain: bool = True
    # Only the first packet of each direction.
    first: bool = False
    # Only once data has been seen.
    data: bool = False
    # Only packets to the server or to the client; "" both.
    toward: str = ""
    # Only of established flows (True), only of others (False), of both (None).
    established: bool | None = None
    # Only packets that belong to a flow.
    in_flow: bool = False
    # Only the last packet of a conversation with data: where something happens sooner or later.
    last: bool = False
    same_address: bool = False
    # Why 5-tuples do not decide it, and what it hangs on.
    reason: str = ""
    keyword: str = ""
    # The application that a flow must be found to speak, "" for any; and whether nothing else is open but that and what
    # its flowbits say.
    application: str = ""
    plain: bool = False
    # The flowbits that must not be set, those that must be, and those that it sets or clears.
    wants_unset: frozenset[str] = frozenset()
    wants_set: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()
    # Until when all its flowbits are known to be as it wants them (see cases).
    bits_fit: str = ""
