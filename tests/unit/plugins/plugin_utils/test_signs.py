# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import threading

import pytest
from ansible.utils.display import Display

from ansible_collections.flowops.aws.plugins.plugin_utils import signs


def test_a_line_is_said_every_half_minute_until_the_work_has_ended() -> None:
    answers = iter([False, False, True])
    waited: list[float] = []
    said: list[str] = []

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return next(answers)

    signs.tell("egress: Cut the flows", wait, said.append)
    assert waited == [30, 30, 30]
    assert said == ["egress: Cut the flows, at work for 30 s", "egress: Cut the flows, at work for 60 s"]


def test_work_that_ends_soon_says_nothing_and_leaves_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(Display, "display", lambda _self, line: said.append(line))
    before = threading.active_count()
    with signs.signs_of_life("egress: Cut the flows"):
        assert threading.active_count() == before + 1
    with pytest.raises(KeyError), signs.signs_of_life("egress: Cut the flows"):
        raise KeyError
    assert threading.active_count() == before
    assert said == []


def test_work_that_waits_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    said = threading.Event()
    monkeypatch.setattr(Display, "display", lambda _self, _line: said.set())
    monkeypatch.setattr(signs, "EVERY", 0.001)
    with signs.signs_of_life("egress: Cut the flows"):
        assert said.wait(10)
