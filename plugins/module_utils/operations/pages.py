# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of several captures, each in turn, read ahead where that helps."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from ..aws.networkfirewall import NetworkFirewall
from ..flows.arns import FirewallArn
from .capture import Capture, Page
from .journal import Journal

_PAGES_AHEAD = 4


def pages_of(
    api: NetworkFirewall, firewall: FirewallArn, captures: Sequence[Capture], journal: Journal | None = None
) -> Iterator[tuple[Capture, list[dict[str, Any]]]]:
    """Yield the flow records of captures, a page of each in turn, which is the same order however fast each one is.

    Of several, each is read by a thread of its own that stays a few pages ahead.
    With a journal, the pages that an earlier reading has noted come first, and each further one is noted.
    """
    last = -1
    if journal is not None:
        for at, page in journal.pages():
            last = at
            yield captures[at], captures[at].take(page)
    api.lift_flows()
    ended = threading.Event()
    readers: dict[int, _Reader | _Direct] = {
        at: _Reader(capture, api, firewall, ended) if len(captures) > 1 else _Direct(capture, api, firewall)
        for at, capture in enumerate(captures)
    }
    try:
        for at, page in _in_turn(readers, last):
            if journal is not None:
                journal.note(at, page)
            yield captures[at], captures[at].take(page)
    finally:
        ended.set()


def _in_turn(readers: dict[int, _Reader | _Direct], last: int) -> Iterator[tuple[int, Page]]:
    """Yield a page of each reader in turn until all have ended; the first round begins behind the position last."""
    while readers:
        for at in sorted(readers):
            # An earlier reading may have stopped in the middle of a round.
            if at <= last:
                continue
            page = readers[at].next_page()
            if page is None:
                del readers[at]
            else:
                yield at, page
        last = -1


class _Direct:
    """Reads the only capture where its pages are asked for: two threads would wait for each other's turn to run."""

    def __init__(self, capture: Capture, api: NetworkFirewall, firewall: FirewallArn) -> None:
        self.capture = capture
        self._pages = capture.pages(api, firewall)

    def next_page(self) -> Any:
        """Return the next page, None after the last."""
        return next(self._pages, None)


class _Reader:
    """A thread that reads one capture ahead of whoever asks for its pages."""

    def __init__(self, capture: Capture, api: NetworkFirewall, firewall: FirewallArn, ended: threading.Event) -> None:
        self.capture = capture
        self._pages: queue.Queue[Any] = queue.Queue(_PAGES_AHEAD)
        self._ended = ended
        # As a daemon: when the audit fails, nobody waits for a page that is being asked for again.
        threading.Thread(target=self._read, args=(capture.pages(api, firewall),), daemon=True).start()

    def _read(self, pages: Iterator[Page]) -> None:
        try:
            for page in pages:
                self._put(page)
                if self._ended.is_set():
                    return
            self._put(None)
        except BaseException as error:  # pylint: disable=broad-except  # it is raised again where the pages are read
            self._put(error)

    def _put(self, item: Any) -> None:
        while not self._ended.is_set():
            try:
                self._pages.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def next_page(self) -> Any:
        """Return the next page, None after the last; raise what the reading raised."""
        item = self._pages.get()
        if isinstance(item, BaseException):
            raise item
        return item
