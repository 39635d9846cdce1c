# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Page tokens: opaque, bound to what they page through, refused when foreign, altered or expired."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import struct

from .errors import InvalidRequest

LIFETIME = 3600.0
# Two tokens that follow each other for ever.
LOOP = ("bG9vcCAx", "bG9vcCAy")
_HEAD = struct.Struct(">Qd")


def next_in_loop(asked: str | None) -> str:
    """Return the token of an endless listing that follows the one asked for."""
    return LOOP[1] if asked == LOOP[0] else LOOP[0]


class Tokens:
    """Makes and reads page tokens; a token is valid for LIFETIME seconds."""

    def __init__(self, secret: str) -> None:
        self._secret = hashlib.sha256(secret.encode()).digest()

    def _seal(self, head: bytes, binding: str) -> bytes:
        return hmac.new(self._secret, head + binding.encode(), hashlib.sha256).digest()[:20]

    def issue(self, position: int, binding: str, now: float) -> str:
        """Return a token for a position (a non-negative number) in the listing that binding names."""
        head = _HEAD.pack(position, now)
        return base64.b64encode(head + self._seal(head, binding)).decode()

    def read(self, token: str, binding: str, now: float) -> int:
        """Return the token's position; InvalidRequest if it was not issued for this binding or is too old."""
        refusal = InvalidRequest("NextToken is invalid")
        try:
            raw = base64.b64decode(token, validate=True)
        except (binascii.Error, ValueError):
            raise refusal from None
        # Decoding forgives altered padding bits; comparing texts does not.
        if base64.b64encode(raw).decode() != token or len(raw) != _HEAD.size + 20:
            raise refusal
        head, seal = raw[: _HEAD.size], raw[_HEAD.size :]
        if not hmac.compare_digest(seal, self._seal(head, binding)):
            raise refusal
        position, issued = _HEAD.unpack(head)
        if now - issued > LIFETIME:
            raise InvalidRequest("NextToken has expired")
        return int(position)
