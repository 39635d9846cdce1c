# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.evidence.chain import (
    chain_problem,
    files_problem,
    in_chain_order,
)
from ansible_collections.flowops.aws.plugins.module_utils.evidence.manifest import (
    LINK,
    REGULAR,
    Found,
    Manifest,
    Problem,
    Seen,
    canonical,
    draft,
    is_run,
    manifest,
    named,
    parse_draft,
    parse_manifest,
)

ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
TIME = "2026-11-21T09:30:00+00:00"
SHA = hashlib.sha256(b"flows").hexdigest()
FILES = {"plan.json": Seen(REGULAR, 5, SHA), "before.jsonl.gz": Seen(REGULAR, 0, SHA)}


def run_of(sequence: int) -> str:
    return f"20261121T0930{sequence:02}Z"


def chain(count: int, name_of: Callable[[int], str] = run_of) -> dict[str, Found]:
    """The manifests of a chain, by run."""
    found: dict[str, Found] = {}
    previous = None
    for sequence in range(1, count + 1):
        begun = parse_draft(draft(name_of(sequence), ARN, TIME))
        previous = parse_manifest(manifest(begun, TIME, "remediated", FILES, previous))
        found[previous.run] = previous
    return found


def problem_in(runs: dict[str, Found]) -> Problem | None:
    return chain_problem(runs, lambda _found: None)


def bytes_of(**members: Any) -> bytes:
    """A manifest with other members, with the checksum that it should have; None leaves a member out."""
    document = json.loads(manifest(parse_draft(draft(run_of(1), ARN, TIME)), TIME, "remediated", FILES, None))
    del document["checksum"]
    document.update(members)
    document = {name: value for name, value in document.items() if value is not Ellipsis}
    text = json.dumps(document, sort_keys=True, indent=2) + "\n"
    document.setdefault("checksum", hashlib.sha256(text.encode()).hexdigest())
    return (json.dumps(document, sort_keys=True, indent=2) + "\n").encode()


def test_a_manifest_is_json_in_one_layout_with_all_that_was_sealed() -> None:
    data = manifest(parse_draft(draft(run_of(1), ARN, TIME)), TIME, "é\n{{ 7*7 }}", FILES, None)
    document = json.loads(data)
    assert data == (json.dumps(document, sort_keys=True, indent=2) + "\n").encode("ascii")
    assert len(document.pop("checksum")) == 64
    assert document == {
        "about": {},
        "version": 1,
        "run": run_of(1),
        "sequence": 1,
        "firewall_arn": ARN,
        "begun_at": TIME,
        "sealed_at": TIME,
        "verdict": "é\n{{ 7*7 }}",
        "files": [
            {"name": "before.jsonl.gz", "sha256": SHA, "size": 0},
            {"name": "plan.json", "sha256": SHA, "size": 5},
        ],
        "previous": None,
    }
    found = parse_manifest(data)
    assert found == Manifest(run_of(1), 1, ARN, TIME, FILES, None, hashlib.sha256(data).hexdigest())


def test_a_manifest_names_the_one_before_it() -> None:
    first, second = list(chain(2).values())
    assert isinstance(first, Manifest) and isinstance(second, Manifest)
    assert second.sequence == 2
    assert second.previous is not None
    assert (second.previous.run, second.previous.sha256) == (first.run, first.sha256)


def test_a_manifest_with_other_members_and_its_checksum_is_still_read() -> None:
    # What the cases below rest on: but for the member that is wrong, they would be read.
    assert parse_manifest(bytes_of(verdict="compliant")).sequence == 1


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"version": 2}, "it has no version 1"),
        ({"version": ...}, "it has no version 1"),
        ({"run": "../x"}, "its run is not a run's name"),
        ({"run": 7}, "its run is not text"),
        ({"begun_at": "yesterday"}, "its begun_at is not a time"),
        ({"sealed_at": 3}, "its sealed_at is not a time"),
        ({"sealed_at": "x"}, "its sealed_at is not a time"),
        ({"firewall_arn": "arn:aws:s3:::bucket"}, "its firewall_arn is not the ARN of a firewall"),
        ({"verdict": None}, "its verdict is not text"),
        ({"verdict": ...}, "its members are not those of a manifest"),
        ({"note": "x"}, "its members are not those of a manifest"),
        ({"sequence": 0}, "its sequence is not a number from 1 up"),
        ({"sequence": True}, "its sequence is not a number from 1 up"),
        ({"sequence": 2}, "only a run of sequence 1 has none before it"),
        ({"previous": {"run": run_of(1), "sha256": SHA}}, "only a run of sequence 1 has none before it"),
        ({"previous": {"run": "../x", "sha256": SHA}}, "its previous is not a run with a sha256"),
        ({"previous": {"run": run_of(1), "sha256": SHA.upper()}}, "its previous is not a run with a sha256"),
        ({"previous": {"run": run_of(1)}}, "its previous is not a run with a sha256"),
        ({"previous": []}, "its previous is not a run with a sha256"),
        ({"files": {}}, "its files are not a list"),
        ({"files": [7]}, "its files are not a list"),
        ({"files": [{"name": "x", "sha256": SHA}]}, "its files are not a list"),
        *(
            ({"files": [{"name": name, "sha256": SHA, "size": 1}]}, "a file whose name is not allowed")
            for name in ("../x", "a/b", "/etc/passwd", "", ".", "..", "a\0", "manifest.json", 7)
        ),
        ({"files": [{"name": "x", "sha256": "abc", "size": 1}]}, "a file without a SHA-256, 'x'"),
        ({"files": [{"name": "x", "sha256": SHA, "size": -1}]}, "a file without a size, 'x'"),
        ({"files": [{"name": "x", "sha256": SHA, "size": "1"}]}, "a file without a size, 'x'"),
        ({"files": [{"name": name, "sha256": SHA, "size": 1} for name in "ba"]}, "not in the order of their names"),
        ({"files": [{"name": name, "sha256": SHA, "size": 1} for name in "aa"]}, "not in the order of their names"),
        ({"checksum": SHA}, "its checksum is not that of its content"),
        ({"checksum": None}, "its checksum is not that of its content"),
    ],
)
def test_what_is_not_a_manifest_is_told_with_its_reason(members: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_manifest(bytes_of(**members))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is not JSON"),
        (b"\xff\xfe\x00", "it is not JSON"),
        (b"[" * 100_000, "it is not JSON"),
        (b"NaN\n", "it is not JSON"),
        (b"9" * 5000, "it is not JSON"),
        (b"[]\n", "it is not a mapping"),
        (b'{"a": 1}\n', "its layout"),
        (bytes_of()[:-1], "its layout"),
        (bytes_of() + b" ", "its layout"),
        (bytes_of().replace(b'"version": 1', b'"version": 1,\n  "version": 1'), "its layout"),
    ],
)
def test_bytes_that_no_manifest_has_are_told_with_their_reason(data: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_manifest(data)


def test_json_that_has_no_such_value_is_refused() -> None:
    assert canonical({"b": 1, "a": "é"}) == b'{\n  "a": "\\u00e9",\n  "b": 1\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))
    with pytest.raises(TypeError):
        canonical({1, 2})


def test_names_are_shown_on_one_line_with_nothing_that_a_terminal_obeys() -> None:
    assert named("a\nb\x1b[31m\u202e\udcff") == "'a\\nb\\x1b[31m\\u202e\\udcff'"
    assert named("Überblick {{ 7*7 }}.json") == "'Überblick {{ 7*7 }}.json'"
    assert len(named("x" * 4000)) == 200


def test_a_run_has_the_name_of_a_moment() -> None:
    assert all(map(is_run, ["20261121T093000Z", "20261121T093000Z-2", "20261121T093000Z-10"]))
    wrong = ["20261121T093000Z.part", "20261121T093000Z-0", "20261121T093000Z-", "20261121T093000", "x", "", "a/b"]
    assert not any(map(is_run, [*wrong, "20261121T093000Z\n", "20261121T093000Z-02"]))


def test_files_are_held_against_the_manifest_in_its_order_and_only_as_far_as_needed() -> None:
    found = chain(1)[run_of(1)]
    assert isinstance(found, Manifest)
    asked: list[str] = []

    def problem(present: list[str], seen: dict[str, Seen]) -> Problem | None:
        asked.clear()

        def look(name: str) -> Seen | None:
            asked.append(name)
            return seen.get(name)

        return files_problem(found, present, look)

    here = ["manifest.json", *FILES]
    assert problem(here, dict(FILES)) is None
    assert sorted(asked) == sorted(FILES)
    other = Seen(REGULAR, 5, SHA.replace(SHA[0], "f" if SHA[0] != "f" else "0"))
    for seen, what in (
        ({}, "is missing"),
        ({"before.jsonl.gz": Seen(LINK)}, "was replaced, it is a symbolic link"),
        ({"before.jsonl.gz": other}, "was altered, it has 5 bytes instead of 0"),
        (
            {"before.jsonl.gz": Seen(REGULAR, 0, other.sha256)},
            f"was altered, its SHA-256 is {other.sha256} instead of {SHA}",
        ),
    ):
        assert problem(here, seen) == Problem(f"{run_of(1)}/before.jsonl.gz", what)
        assert asked == ["before.jsonl.gz"]
    added = {**{f"{number}": Seen(REGULAR, 1, SHA) for number in range(9, 0, -1)}, "0": Seen(LINK)}
    assert problem([*here, *added], {**FILES, **added}) == Problem(
        f"{run_of(1)}/0", "was added, the manifest does not name it, and is a symbolic link"
    )


def test_runs_stand_in_the_order_of_their_sequence_and_broken_ones_where_they_were() -> None:
    runs = chain(5)
    order = list(runs)
    assert in_chain_order(dict(reversed(runs.items()))) == order
    for broken in order:
        assert in_chain_order({**runs, broken: Problem(broken, "x")}) == order
    # Of two in a row, the older is known by its name alone.
    for first, second in pairwise(order):
        assert in_chain_order({**runs, first: Problem(first, "x"), second: Problem(second, "x")}) == order


def test_a_broken_run_stands_where_it_was_even_when_the_clock_went_back() -> None:
    runs = chain(5, lambda sequence: run_of(60 - sequence))
    order = list(runs)
    for broken in order[:-1]:
        assert in_chain_order({**runs, broken: Problem(broken, "x")}) == order


def test_the_tenth_run_of_a_second_comes_after_the_second() -> None:
    names = ["20261121T093000Z", *(f"20261121T093000Z-{number}" for number in range(2, 12))]
    assert in_chain_order({name: Problem(name, "x") for name in reversed(names)}) == names


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_a_whole_chain_has_no_problem_and_every_run_is_looked_into(count: int) -> None:
    looked: list[str] = []
    runs = chain(count)

    def look(found: Manifest) -> None:
        looked.append(found.run)

    assert chain_problem(runs, look) is None
    assert looked == list(runs)


def test_the_files_of_an_older_run_are_named_before_a_younger_manifest() -> None:
    runs = {**chain(3), run_of(3): Problem(f"{run_of(3)}/manifest.json", "is missing")}
    first = Problem(f"{run_of(1)}/x", "is missing")
    assert chain_problem(runs, lambda found: first if found.run == run_of(1) else None) == first
    assert problem_in(runs) == runs[run_of(3)]


@pytest.mark.parametrize("removed", [1, 2, 3])
def test_a_run_that_others_were_sealed_upon_is_missed(removed: int) -> None:
    runs = chain(4)
    del runs[run_of(removed)]
    problem = problem_in(runs)
    assert problem == Problem(
        run_of(removed), f"is missing, the run '{run_of(removed + 1)}' names it as the one before it"
    )


def forged(found: Found, **members: Any) -> Manifest:
    """The manifest of someone who can count: altered, with the right checksum, and thus with another SHA-256."""
    assert isinstance(found, Manifest)
    return Manifest(**{**found.__dict__, **members, "sha256": hashlib.sha256(repr(members).encode()).hexdigest()})


def test_a_forged_manifest_is_found_by_the_run_after_it() -> None:
    for sequence in (1, 2, 3):
        runs = chain(4)
        runs[run_of(sequence)] = forged(runs[run_of(sequence)], files={})
        problem = problem_in(runs)
        assert problem is not None
        assert problem.path == f"{run_of(sequence)}/manifest.json"
        assert problem.what.startswith("was altered, ")


def test_of_two_manifests_that_disagree_the_one_that_a_third_disowns_is_named() -> None:
    runs = chain(4)
    other = runs[run_of(2)]
    assert isinstance(other, Manifest) and other.previous
    link = type(other.previous)(run_of(1), SHA)
    runs[run_of(2)] = forged(other, previous=link)
    assert problem_in(runs) == Problem(
        f"{run_of(2)}/manifest.json", "was altered, neither the run before it nor the one after it agrees with it"
    )


def test_a_forged_last_manifest_is_held_against_the_run_before_it() -> None:
    runs = chain(3)
    runs[run_of(3)] = forged(runs[run_of(3)], sequence=9)
    assert problem_in(runs) == Problem(
        f"{run_of(3)}/manifest.json", "was altered, it has the sequence 9 after one of 2"
    )
    runs = chain(3)
    runs[run_of(3)] = forged(runs[run_of(3)], firewall_arn=ARN.replace("egress", "other"))
    assert problem_in(runs) == Problem(f"{run_of(3)}/manifest.json", f"was altered, the run before it is of '{ARN}'")
    # What has no run after it and breaks no rule can only be known by its SHA-256.
    runs = chain(3)
    runs[run_of(3)] = forged(runs[run_of(3)], begun_at="2026-11-20T09:30:00+00:00")
    assert problem_in(runs) is None


def test_two_runs_upon_the_same_one_are_one_too_many() -> None:
    runs = chain(3)
    added = "20261121T093059Z"
    runs[added] = forged(runs[run_of(3)], run=added)
    assert problem_in(runs) == Problem(
        added, f"follows the run '{run_of(2)}', as '{run_of(3)}' does; one of them was added"
    )
    runs = chain(1)
    runs[added] = forged(runs[run_of(1)], run=added)
    assert problem_in(runs) == Problem(added, f"follows no other run, as '{run_of(1)}' does; one of them was added")


def test_a_run_under_another_name_is_named_by_that() -> None:
    runs = chain(3)
    moved = {("elsewhere" if name == run_of(2) else name): found for name, found in runs.items()}
    problem = Problem("elsewhere", f"was renamed or copied, its manifest is that of the run '{run_of(2)}'")
    assert problem_in(moved) == problem
    assert problem_in({**runs, "elsewhere": runs[run_of(2)]}) == problem


def test_a_problem_is_a_sentence() -> None:
    assert Problem("run/a\n", "is missing").sentence() == "'run/a\\n' is missing."
    assert Problem("run", "is missing").sentence("folder") == "'folder/run' is missing."
