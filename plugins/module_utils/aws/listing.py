# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of a listing: every item once, in order, cut where it was asked to be cut."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import AwsError, FlowOpsError, OptionError, shown
from .failures import INVALID_REQUEST, calling
from .sdk import TokenDecoder, TokenEncoder

# A page that every listing of these services can have.
_SMALL_PAGE = 100


@dataclass(frozen=True)
class Paging:
    """The SDK's PaginationConfig: max_items in all, page_size a page, starting_token from an earlier next_token."""

    max_items: int | None = None
    page_size: int | None = None
    starting_token: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, Any], largest_page: int) -> Paging:
        """Return the paging that the options ask for; raise OptionError naming the one that is out of range."""
        paging = cls(options.get("max_items"), options.get("page_size"), options.get("starting_token") or None)
        if paging.max_items is not None and paging.max_items < 1:
            raise OptionError("max_items", paging.max_items, "give a whole number from 1 up")
        if paging.page_size is not None and not 1 <= paging.page_size <= largest_page:
            raise OptionError("page_size", paging.page_size, f"give a whole number from 1 to {largest_page}")
        _decode_token(paging.starting_token)
        return paging


WHOLE = Paging()


def _decode_token(token: str | None) -> tuple[str | None, int]:
    """Return the service's token and the items of its page already seen; raise OptionError for a foreign text."""
    if token is None:
        return None, 0
    try:
        decoded = TokenDecoder().decode(token)
    except Exception:  # pylint: disable=broad-except  # any failure to decode says the same thing
        decoded = None
    if isinstance(decoded, dict):
        inner = decoded.get("NextToken", decoded.get("nextToken"))
        skip = decoded.get("boto_truncate_amount", 0)
        if (inner is None or isinstance(inner, str)) and isinstance(skip, int) and skip >= 0 and (inner or skip):
            return inner, skip
    elif re.fullmatch(r"[0-9A-Za-z:/+=_.-]{1,4096}", token):
        return token, 0
    raise OptionError("starting_token", token, "give the next_token that an earlier listing returned")


class Listing:
    """The pages of one paginated operation, each asked for until it arrived whole, cut at max_items items.

    The SDK's own iterator cuts at max_items too, but its token then holds only for the same page_size;
    here the items already seen are skipped over as many pages as it takes.
    """

    def __init__(
        self, client: Any, operation: str, request: Mapping[str, Any], paging: Paging, list_key: str, doing: str
    ) -> None:
        self.client = client
        self.operation = operation
        self.request = dict(request)
        self.paging = paging
        self.list_key = list_key
        self.doing = doing
        self.next_token: str | None = None
        self.page_count = 0
        # A token that is there and empty says neither that there is more nor that there is not.
        self.ended_early = False
        self._token_key = "nextToken" if list_key == "messages" else "NextToken"

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield each page, a response of the API with its list cut to what was asked for."""
        token, skip = _decode_token(self.paging.starting_token)
        left = self.paging.max_items
        for page in self._answers(token):
            items, following = page[self.list_key], page.get(self._token_key)
            skipped = min(skip, len(items))
            skip -= skipped
            wanted = items[skipped:] if skipped else items
            if left is not None and len(wanted) >= left:
                self.next_token = self._token_behind(token, skipped + left, len(items), following)
                yield {**page, self.list_key: wanted[:left]}
                return
            if left is not None:
                left -= len(wanted)
            yield {**page, self.list_key: wanted} if skipped else page
            token = following

    def _answers(self, token: str | None) -> Iterator[dict[str, Any]]:
        """Yield the service's answers as they are, from its own token on."""
        # As few as are wanted, if that is less than a page: then the service's own token says where to go on.
        config: dict[str, Any] = {"PageSize": self.paging.page_size or self._fewer_than_a_page()}
        if token is not None:
            config["StartingToken"] = TokenEncoder().encode({self._token_key: token})
        paginator = self.client.get_paginator(self.operation)
        answers = iter(paginator.paginate(**self.request, PaginationConfig=config))
        seen = {token}
        while (page := self._next(answers)) is not None:
            self.page_count += 1
            following = page.get(self._token_key)
            if following and following in seen:
                raise FlowOpsError(
                    f"Could not {self.doing}: page {self.page_count} goes on with the token"
                    f" {shown(following, 80)}, which had been asked for before, so the listing would never end."
                )
            seen.add(following)
            self.ended_early = self._token_key in page and not following
            yield page

    def _next(self, answers: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
        try:
            with calling(self.doing):
                return next(answers, None)
        except AwsError as error:
            raise self._about_token(error) from error

    def _token_behind(self, token: str | None, seen: int, there: int, following: str | None) -> str | None:
        """Return the token of what comes behind so many items of a page, None when nothing does."""
        if seen < there:
            return self.token_after(self._token_key, token, seen)
        return self.token_after(self._token_key, following) if following else None

    def _fewer_than_a_page(self) -> int | None:
        most = self.paging.max_items
        return most if most is not None and most <= _SMALL_PAGE else None

    @staticmethod
    def token_after(token_key: str, token: str | None, seen: int = 0) -> str:
        """Return the SDK's starting token for the service's own token and the items of its page already seen."""
        content: dict[str, Any] = {token_key: token}
        if seen:
            content["boto_truncate_amount"] = seen
        return str(TokenEncoder().encode(content))

    def _about_token(self, error: AwsError) -> AwsError:
        if not self.paging.starting_token or self.page_count or error.code != INVALID_REQUEST:
            return error
        return error.saying(
            f"starting_token: {shown(self.paging.starting_token, 80)} was refused by AWS ({error.failure.said}); give"
            " the next_token of a recent listing with the same options, or none to start over."
        )
