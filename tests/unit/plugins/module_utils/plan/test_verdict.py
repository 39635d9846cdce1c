# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.plan.verdict import FAIL_ON_BY_DEFAULT, VERDICTS, Deed, fails

CUT = Deed(planned=5, cut=5)
WHY = ("The flush lists no flow.",)
HOLDS: dict[str, dict[str, Any]] = {
    "collateral": {"collateral": 2},
    "suspected": {"suspected": True},
    "survivors": {"survived": 1},
    "reborn": {"reborn": 1},
    "unproved": {"unproved": WHY},
    "inconclusive": {"partial": True},
    "nothing_to_cut": {"cut": 0},
}


def test_a_run_of_which_nothing_bad_is_known_is_remediated() -> None:
    assert (CUT.verdict, CUT.nothing_else) == ("remediated", "proved")


@pytest.mark.parametrize("words", [*combinations(HOLDS, 1), *combinations(HOLDS, 2), tuple(HOLDS)], ids="+".join)
def test_the_verdict_is_the_first_that_holds(words: tuple[str, ...]) -> None:
    deed = CUT
    for word in words:
        deed = replace(deed, **HOLDS[word])
    assert deed.verdict == min(words, key=VERDICTS.index)


def test_findings_that_were_left_alone_survive() -> None:
    assert replace(CUT, left_alone=1).verdict == "survivors"


@pytest.mark.parametrize(
    "members,word",
    [
        ({"survived": 3, "reborn": 2, "partial": True}, "proved"),
        ({"cut": 0}, "proved"),
        ({"unproved": WHY}, "unproved"),
        ({"unproved": WHY, "suspected": True}, "suspected"),
        ({"unproved": WHY, "suspected": True, "collateral": 1}, "collateral"),
    ],
)
def test_whether_nothing_else_was_touched_is_a_word_of_its_own(members: dict[str, Any], word: str) -> None:
    assert replace(CUT, **members).nothing_else == word


def test_the_result_has_the_words_and_the_collateral() -> None:
    example = {"source_address": "10.0.0.1", "kind": "innocent"}
    assert replace(CUT, collateral=7).as_result([example]) == {
        "verdict": "collateral",
        "nothing_else": "collateral",
        "collateral_count": 7,
        "collateral": [example],
    }
    assert replace(CUT, unproved=WHY).as_result()["unproved"] == list(WHY)


@pytest.mark.parametrize(
    "members,fail_on,does",
    [
        ({}, FAIL_ON_BY_DEFAULT, False),
        ({}, ("remediated",), True),
        ({"reborn": 1}, FAIL_ON_BY_DEFAULT, False),
        ({"collateral": 1}, FAIL_ON_BY_DEFAULT, True),
        ({"suspected": True}, FAIL_ON_BY_DEFAULT, True),
        ({"unproved": WHY}, FAIL_ON_BY_DEFAULT, False),
        ({"unproved": WHY, "survived": 1}, ("unproved",), True),
        # What a worse word hides is failed on all the same.
        ({"collateral": 1, "survived": 1}, ("survivors",), True),
        ({"collateral": 1, "reborn": 1}, ("reborn",), True),
    ],
)
def test_a_run_fails_on_what_it_was_told_to(members: dict[str, Any], fail_on: tuple[str, ...], does: bool) -> None:
    deed = replace(CUT, **members)
    told = {**deed.as_result(), "survived": deed.survived, "reborn": deed.reborn, "partial": deed.partial}
    assert fails(told, fail_on) is does
