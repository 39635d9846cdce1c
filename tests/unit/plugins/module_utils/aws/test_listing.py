# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Listings of a service that does not end them as the API says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.listing import WHOLE, Listing, Paging
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.operations.capture import Capture, Page


class Service:
    """A client whose listing answers with these tokens, None for none, one after the other."""

    def __init__(self, tokens: Any) -> None:
        self.tokens = iter(tokens)

    def get_paginator(self, _operation: str) -> Service:
        return self

    def paginate(self, **_request: Any) -> Iterator[dict[str, Any]]:
        for number, token in enumerate(self.tokens):
            page = {"Flows": [{"SourcePort": str(number)}]}
            yield page if token is None else {**page, "NextToken": token}


def listing(tokens: Any, paging: Paging = WHOLE) -> Listing:
    return Listing(Service(tokens), "list_flow_operation_results", {}, paging, "Flows", "list the flows")


def test_two_tokens_that_alternate_are_an_error_that_names_one() -> None:
    with pytest.raises(FlowOpsError, match=r"^Could not list the flows: page 3 .*'first', .*never end\.$"):
        for _page in listing(cycle(["first", "second"])):
            pass


def test_a_token_given_back_as_it_was_is_an_error_too() -> None:
    start = Listing.token_after("NextToken", "mine")
    with pytest.raises(FlowOpsError, match="page 1 .*'mine'"):
        next(iter(listing(["mine"], Paging(starting_token=start))))


@pytest.mark.parametrize(("tokens", "early"), [(["a", None], False), (["a", ""], True), ([""], True)])
def test_an_empty_token_is_no_end(tokens: list[str | None], early: bool) -> None:
    pages = listing(tokens)
    assert len(list(pages)) == len(tokens)
    assert pages.ended_early is early and pages.next_token is None


@pytest.mark.parametrize(("token", "partial"), [(None, False), ("", True)])
def test_a_capture_that_ends_with_an_empty_token_is_partial_for_good(token: str | None, partial: bool) -> None:
    capture = Capture("0a1b2c3d-0000-4000-8000-0123456789ab")
    capture.take(Page([], "us-east-1a", token, "COMPLETED", {}))
    assert (capture.partial, capture.is_read) == (partial, True)
