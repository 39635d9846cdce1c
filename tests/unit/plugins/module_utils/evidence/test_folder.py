# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import random
import resource
import shutil
import signal
import socket
import stat
import sys
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError, OptionError
from ansible_collections.flowops.aws.plugins.module_utils.evidence import folder as evidence
from ansible_collections.flowops.aws.plugins.module_utils.evidence.check import check
from ansible_collections.flowops.aws.plugins.module_utils.evidence.folder import begin, seal
from ansible_collections.flowops.aws.tests.unit.cases import cases

ARN = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
OTHER = "arn:aws-us-gov:network-firewall:us-gov-west-1:444455556666:firewall/in-gress"
FOLDER = "111122223333-us-east-1-egress"
NOW = datetime(2026, 11, 21, 9, 30, tzinfo=timezone.utc)
STAMP = "20261121T093000Z"


@pytest.fixture(autouse=True)
def synced(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note what is to be on the disk, by inode, and do not wait for it: there are thousands of files here."""
    inodes: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda number: inodes.append(os.fstat(number).st_ino))
    return inodes


def add_run(base: Path, files: Mapping[str, bytes], now: datetime = NOW, arn: str = ARN) -> Path:
    """Begin a run, put files into its folder as other tasks would, and seal it."""
    begun = begin(str(base), arn, now)
    for name, content in files.items():
        (Path(begun["path"]) / name).write_bytes(content)
    return Path(seal(begun["path"], "remediated", {}, {}, now)["path"])


def add_chain(base: Path, count: int, arn: str = ARN) -> list[Path]:
    """Seal so many runs of two files, a minute apart."""
    return [
        add_run(base, {"before.jsonl": b"before %d\n" % n, "plan.json": b"{}\n"}, NOW + timedelta(minutes=n), arn)
        for n in range(count)
    ]


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def tree(base: Path) -> dict[str, tuple[int, bytes]]:
    """Every path below a folder with its mode and content."""
    return {
        str(path.relative_to(base)): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in sorted(base.rglob("*"))
    }


def flip(path: Path, position: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1 << bit
    path.write_bytes(content)


def forge(run: Path, **members: Any) -> None:
    """Alter the members of a manifest, as someone would who can put its checksum right."""
    document = json.loads((run / "manifest.json").read_bytes())
    del document["checksum"]
    document.update(members)
    text = json.dumps(document, sort_keys=True, indent=2) + "\n"
    document["checksum"] = hashlib.sha256(text.encode()).hexdigest()
    (run / "manifest.json").write_text(json.dumps(document, sort_keys=True, indent=2) + "\n", encoding="utf-8")


def problem_of(path: Path, expected_head: str | None = None) -> str:
    """What a check says is altered; a problem and intact never come together, nor is one a traceback."""
    found = check(str(path), expected_head)
    assert found["intact"] is (found["problem"] == "")
    assert "\n" not in found["problem"]
    return str(found["problem"])


# -- beginning and sealing ---------------------------------------------------------------------------------------------


def test_a_begun_folder_is_for_its_owner_and_ends_in_part(tmp_path: Path) -> None:
    begun = begin(str(tmp_path / "some" / "evidence"), ARN, NOW)
    path = tmp_path / "some" / "evidence" / FOLDER / f"{STAMP}.part"
    assert begun == {"path": str(path), "run": STAMP}
    assert {mode_of(folder) for folder in (path, path.parent, path.parent.parent, tmp_path / "some")} == {0o700}
    assert all(mode_of(entry) == 0o600 for entry in [*path.iterdir(), path.parent / ".lock"])


@pytest.mark.parametrize("umask", [0, 0o777])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: int) -> None:
    (tmp_path / "policy.yml").write_bytes(b"rules: []\n")
    before = os.umask(umask)
    try:
        begun = begin(str(tmp_path / "evidence"), ARN, NOW)
        assert mode_of(Path(begun["path"])) == 0o700
        (Path(begun["path"]) / "before.jsonl").write_bytes(b"flows")
        Path(begun["path"]).chmod(0o755)
        sealed = seal(begun["path"], "ok", {"plan": {}}, {"policy.yml": str(tmp_path / "policy.yml")}, NOW)
    finally:
        os.umask(before)
    run = Path(sealed["path"])
    assert sorted(os.listdir(run)) == ["before.jsonl", "manifest.json", "plan.json", "policy.yml"]
    assert {mode_of(entry) for entry in run.iterdir()} == {0o600}
    assert {mode_of(folder) for folder in (run, run.parent, run.parent.parent)} == {0o700}


def test_folders_that_were_there_keep_their_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    begin(str(tmp_path), ARN, NOW)
    assert mode_of(tmp_path) == 0o755


def test_a_sealed_folder_holds_what_was_there_and_what_was_given(tmp_path: Path) -> None:
    base = tmp_path / "evidence"
    begun = begin(str(base), ARN, NOW)
    part = Path(begun["path"])
    (part / "before.jsonl.gz").write_bytes(b"compressed")
    (part / "before.jsonl.gz").chmod(0o644)
    (tmp_path / "given.yml").write_bytes(b"rules: []\n")
    contents = {"plan": {"b": [1, None], "a": "é\n{{ 7*7 }}"}, "operations": []}
    later = NOW + timedelta(seconds=95, microseconds=7)
    sealed = seal(begun["path"], "remediated", contents, {"policy.yml": str(tmp_path / "given.yml")}, later)
    run = base / FOLDER / STAMP
    manifest = run / "manifest.json"
    assert sealed == {
        "path": str(run),
        "run": STAMP,
        "manifest": {"path": str(manifest), "sha256": sha256(manifest)},
        "previous": None,
        "file_count": 4,
        "removed": [],
        "warnings": [],
    }
    assert os.listdir(base / FOLDER) == [".lock", STAMP] or os.listdir(base / FOLDER) == [STAMP, ".lock"]
    assert (run / "plan.json").read_bytes() == (
        b'{\n  "a": "\\u00e9\\n{{ 7*7 }}",\n  "b": [\n    1,\n    null\n  ]\n}\n'
    )
    assert json.loads((run / "plan.json").read_text()) == contents["plan"]
    assert (run / "operations.json").read_bytes() == b"[]\n"
    assert (run / "policy.yml").read_bytes() == b"rules: []\n"
    assert {mode_of(entry) for entry in run.iterdir()} == {0o600}
    names = ["before.jsonl.gz", "operations.json", "plan.json", "policy.yml"]
    assert sorted(os.listdir(run)) == sorted([*names, "manifest.json"])
    document = json.loads(manifest.read_bytes())
    document.pop("checksum")
    assert document == {
        "about": {},
        "version": 1,
        "run": STAMP,
        "sequence": 1,
        "firewall_arn": ARN,
        "begun_at": "2026-11-21T09:30:00+00:00",
        "sealed_at": "2026-11-21T09:31:35+00:00",
        "verdict": "remediated",
        "files": [{"name": name, "sha256": sha256(run / name), "size": (run / name).stat().st_size} for name in names],
        "previous": None,
    }


def test_all_is_on_the_disk_before_the_folder_has_its_name(
    tmp_path: Path, synced: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin(str(tmp_path), ARN, NOW)
    (Path(begun["path"]) / "before.jsonl").write_bytes(b"flows")
    (tmp_path / "policy.yml").write_bytes(b"")
    real = os.rename
    first: list[int] = []

    def rename(source: str, target: str) -> None:
        first.extend(synced)
        real(source, target)

    monkeypatch.setattr(os, "rename", rename)
    run = Path(seal(begun["path"], "ok", {"plan": 1}, {"policy.yml": str(tmp_path / "policy.yml")}, NOW)["path"])
    files = {entry.stat().st_ino for entry in run.iterdir()}
    assert len(files) == 4
    assert files <= set(first)
    assert first[-1] == run.stat().st_ino
    assert synced[len(first) :] == [run.parent.stat().st_ino]


def test_times_are_in_utc_wherever_the_clock_stands(tmp_path: Path) -> None:
    here = (NOW + timedelta(microseconds=999_999)).astimezone(timezone(timedelta(hours=5, minutes=30)))
    run = add_run(tmp_path, {}, here)
    assert run.name == STAMP
    manifest = json.loads((run / "manifest.json").read_bytes())
    assert manifest["begun_at"] == manifest["sealed_at"] == "2026-11-21T09:30:00+00:00"


def test_runs_of_one_second_are_told_apart(tmp_path: Path) -> None:
    begun = [begin(str(tmp_path), ARN, NOW)["run"] for _number in range(3)]
    assert begun == [STAMP, f"{STAMP}-2", f"{STAMP}-3"]
    seal(str(tmp_path / FOLDER / f"{STAMP}-2.part"), "ok", {}, {}, NOW)
    assert begin(str(tmp_path), ARN, NOW)["run"] == f"{STAMP}-4"
    assert begin(str(tmp_path), OTHER, NOW)["run"] == STAMP


def test_each_run_is_sealed_upon_the_one_sealed_before_it_whatever_the_clock_says(tmp_path: Path) -> None:
    moments = [NOW, NOW - timedelta(days=400), NOW + timedelta(days=1), NOW - timedelta(days=1)]
    begun = [begin(str(tmp_path), ARN, moment) for moment in moments]
    order = [2, 0, 3, 1]
    sealed = [seal(begun[number]["path"], "ok", {"n": number}, {}, moments[number]) for number in order]
    assert [item["previous"] for item in sealed] == [
        None,
        *({"run": item["run"], "sha256": item["manifest"]["sha256"]} for item in sealed[:-1]),
    ]
    sequences = [json.loads((Path(item["path"]) / "manifest.json").read_bytes())["sequence"] for item in sealed]
    assert sequences == [1, 2, 3, 4]
    found = check(str(tmp_path / FOLDER))
    assert found["intact"] is True
    assert found["chains"][0]["head"] == {"run": sealed[-1]["run"], "sha256": sealed[-1]["manifest"]["sha256"]}


def test_firewalls_have_chains_of_their_own(tmp_path: Path) -> None:
    add_chain(tmp_path, 2)
    (run,) = add_chain(tmp_path, 1, OTHER)
    assert run.parent.name == "444455556666-us-gov-west-1-in-gress"
    assert json.loads((run / "manifest.json").read_bytes())["previous"] is None


def test_half_written_files_are_no_evidence(tmp_path: Path) -> None:
    begun = begin(str(tmp_path), ARN, NOW)
    part = Path(begun["path"])
    for name in ("flows.jsonl.part", "flows.jsonl.resume", "flows.jsonl"):
        (part / name).write_bytes(b"x")
    (part / "gone.part").symlink_to(tmp_path)
    sealed = seal(begun["path"], "ok", {}, {}, NOW)
    assert sealed["removed"] == ["flows.jsonl.part", "flows.jsonl.resume", "gone.part"]
    assert sorted(os.listdir(sealed["path"])) == ["flows.jsonl", "manifest.json"]
    assert tmp_path.is_dir()


def test_a_file_can_be_copied_from_within_the_folder_and_onto_itself(tmp_path: Path) -> None:
    begun = begin(str(tmp_path), ARN, NOW)
    own = Path(begun["path"]) / "flows.jsonl"
    own.write_bytes(b"flows")
    # Of a leftover too: it is taken before it is removed.
    (Path(begun["path"]) / "kept.resume").write_bytes(b"journal")
    copies = {"flows.jsonl": str(own), "again.jsonl": str(own), "journal": f"{own.parent}/kept.resume"}
    run = Path(seal(begun["path"], "ok", {}, copies, NOW)["path"])
    assert {name: (run / name).read_bytes() for name in copies} == {
        "flows.jsonl": b"flows",
        "again.jsonl": b"flows",
        "journal": b"journal",
    }
    assert check(str(run))["intact"] is True


def test_a_large_file_is_never_in_memory(tmp_path: Path) -> None:
    size = 96 << 20
    with (tmp_path / "large").open("wb") as file:
        file.truncate(size)
    begun = begin(str(tmp_path), ARN, NOW)
    tracemalloc.start()
    try:
        run = seal(begun["path"], "ok", {}, {"flows.jsonl.gz": str(tmp_path / "large")}, NOW)["path"]
        assert check(run)["intact"] is True
        _now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (Path(run) / "flows.jsonl.gz").stat().st_size == size
    assert peak < size // 8


def test_a_dry_run_says_what_would_be_and_changes_nothing(tmp_path: Path) -> None:
    add_chain(tmp_path, 1)
    begun = begin(str(tmp_path), ARN, NOW)
    (Path(begun["path"]) / "flows.jsonl").write_bytes(b"flows")
    (Path(begun["path"]) / "flows.jsonl.part").write_bytes(b"half")
    os.chmod(begun["path"], 0o750)
    before = tree(tmp_path)
    assert begin(str(tmp_path), ARN, NOW, dry_run=True)["run"] == f"{STAMP}-3"
    copies = {"policy.yml": "/not/written/yet"}
    predicted = seal(begun["path"], "ok", {"plan": []}, copies, NOW, dry_run=True)
    assert tree(tmp_path) == before
    (tmp_path / "policy.yml").write_bytes(b"")
    done = seal(begun["path"], "ok", {"plan": []}, {"policy.yml": str(tmp_path / "policy.yml")}, NOW)
    assert done["file_count"] == 3
    assert done["manifest"].pop("sha256")
    assert predicted == done


def test_a_dry_run_of_both_needs_no_folder(tmp_path: Path) -> None:
    begun = begin(str(tmp_path / "evidence"), ARN, NOW, dry_run=True)
    assert begun == {"path": str(tmp_path / "evidence" / FOLDER / f"{STAMP}.part"), "run": STAMP}
    sealed = seal(begun["path"], "ok", {"plan": []}, {"before.jsonl": "/not/written/yet"}, NOW, dry_run=True)
    assert (sealed["path"], sealed["file_count"], sealed["previous"]) == (begun["path"][:-5], 2, None)
    assert os.listdir(tmp_path) == []


# -- what cannot be begun or sealed ------------------------------------------------------------------------------------


def test_what_is_not_a_begun_folder_is_refused_with_its_reason(tmp_path: Path) -> None:
    (run,) = add_chain(tmp_path, 1)
    folder = run.parent
    free = "20270101T000000Z"
    (folder / f"{free}.part").mkdir()
    (folder / f"{free}-2.part").write_bytes(b"")
    (folder / f"{free}-3.part").symlink_to(folder / f"{free}.part")
    (folder / f"{free}-4.part").mkdir()
    (folder / f"{free}-4.part" / "manifest.json.part").write_bytes(b"{")
    (folder / f"{free}-5").mkdir()
    (folder / f"{free}-6").mkdir()
    (folder / f"{free}-6.part").mkdir()
    begun = Path(begin(str(tmp_path), ARN, NOW)["path"])
    begun.rename(folder / f"{free}-7.part")
    before = tree(tmp_path)
    for path, said in (
        (f"{run}.part", f"it was sealed already, as {run}"),
        (str(run), "it is sealed already, give the path that state=begun returned"),
        (f"{folder}/{free}-5", "it does not end in .part"),
        (str(tmp_path), "give the path that state=begun returned, which ends in a run's name and .part"),
        (f"{folder}/../x.part", "give the path that state=begun returned"),
        (f"{folder}/{free}-9.part", "it is not a folder that state=begun has made (No such file or directory)"),
        (f"{folder}/{free}.part", "it is not a folder that state=begun has made."),
        (f"{folder}/{free}-2.part", "it is not a folder that state=begun has made (Not a directory)"),
        (f"{folder}/{free}-3.part", "it is not a folder that state=begun has made ("),
        (f"{folder}/{free}-4.part", "its manifest.json.part is damaged, it is not JSON"),
        (f"{folder}/{free}-6.part", f"its name is taken by {folder}/{free}-6"),
        (f"{folder}/{free}-7.part", f"it was begun as the run '{begun.name[:-5]}' and renamed since"),
    ):
        for dry_run in (False, True):
            if dry_run and path.endswith("-9.part"):
                # In check mode nothing was begun, and nothing is there.
                continue
            with pytest.raises(OptionError) as caught:
                seal(path, "ok", {}, {}, NOW, dry_run=dry_run)
            assert caught.value.message.startswith("path: '")
            assert said in caught.value.message
    assert tree(tmp_path) == before


def test_a_folder_that_was_moved_to_another_firewall_breaks_no_chain(tmp_path: Path) -> None:
    add_chain(tmp_path, 1)
    begun = Path(begin(str(tmp_path), OTHER, NOW + timedelta(hours=1))["path"])
    moved = tmp_path / FOLDER / begun.name
    begun.rename(moved)
    for dry_run in (True, False):
        with pytest.raises(OptionError) as caught:
            seal(str(moved), "ok", {"plan": 1}, {}, NOW, dry_run=dry_run)
        assert f"it was begun for '{OTHER}', the runs beside it are of '{ARN}'" in caught.value.message
    assert problem_of(tmp_path / FOLDER) == ""
    moved.rename(begun)
    assert seal(str(begun), "ok", {"plan": 1}, {}, NOW)["previous"] is None


def test_names_and_files_that_cannot_be_evidence_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    begun = begin(str(tmp_path), ARN, NOW)
    there = tmp_path / "there"
    there.write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    good = {"contents": {"good": 1}, "copies": {"good.yml": str(there)}}
    before = tree(tmp_path)
    for options, said in (
        *(
            ({option: {name: value}}, f"{option}: ")
            for option, value in (("contents", 1), ("copies", str(there)))
            for name in ("../x", "a/b", ".hidden", "", "a b", "é", "a\n", "-x", "{{ 7*7 }}")
        ),
        ({"contents": {"manifest": 1}}, "contents: 'manifest' is not allowed; manifest.json is what seals"),
        ({"copies": {"manifest.json": str(there)}}, "copies: 'manifest.json' is not allowed; manifest.json is what"),
        ({"copies": {"x.part": str(there)}}, "files that end in .part or .resume are half-written"),
        ({"copies": {"x.resume": str(there)}}, "files that end in .part or .resume are half-written"),
        ({"copies": {"good.json": str(there)}}, "contents writes a file of that name, too"),
        ({"copies": {"x": str(tmp_path / "none")}}, "it cannot be copied as x (No such file or directory)"),
        ({"copies": {"x": str(tmp_path)}}, "it is a folder, give the path of the file to copy as x"),
        ({"copies": {"x": str(tmp_path / "pipe")}}, "it cannot be copied as x (it is not a regular file)"),
        ({"copies": {"x": ""}}, "copies: '' is not allowed; give the path of the file to copy as x"),
        ({"copies": {"x": None}}, "copies: None is not allowed; give the path of the file to copy as x"),
        ({"contents": {"x": float("nan")}}, "contents: 'x' is not allowed; its value cannot be written as JSON"),
        ({"contents": {"x": {1, 2}}}, "contents: 'x' is not allowed; its value cannot be written as JSON"),
    ):
        given: Any = {option: {**good[option], **options.get(option, {})} for option in good}
        with pytest.raises(OptionError) as caught:
            seal(begun["path"], "ok", given["contents"], given["copies"], NOW)
        assert said in caught.value.message
        assert "\n" not in caught.value.message
    assert tree(tmp_path) == before
    assert seal(begun["path"], "ok", good["contents"], good["copies"], NOW)["file_count"] == 2


@pytest.mark.parametrize("kind", ["folder", "link", "dead link", "pipe"])
def test_what_is_no_regular_file_keeps_a_folder_from_being_sealed(tmp_path: Path, kind: str) -> None:
    begun = begin(str(tmp_path), ARN, NOW)
    (tmp_path / "secret").write_bytes(b"secret")
    strange = Path(begun["path"]) / "strange"
    {
        "folder": strange.mkdir,
        "link": lambda: strange.symlink_to(tmp_path / "secret"),
        "dead link": lambda: strange.symlink_to("nowhere"),
        "pipe": lambda: os.mkfifo(strange),
    }[kind]()
    with pytest.raises(FlowOpsError) as caught:
        seal(begun["path"], "ok", {"plan": 1}, {}, NOW)
    assert f"'{strange}' is a " in caught.value.message
    assert "a run's folder holds regular files only, take it out" in caught.value.message
    assert mode_of(tmp_path / "secret") != 0o600 or kind != "link"
    if kind == "folder":
        strange.rmdir()
    else:
        strange.unlink()
    assert seal(begun["path"], "ok", {"plan": 1}, {}, NOW)["file_count"] == 1


def test_a_place_where_no_folder_can_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for dry_run in (False, True):
        with pytest.raises(OptionError, match=r"evidence_dir: .* no folder can be made in it \(Not a directory\)"):
            begin(str(tmp_path / "file"), ARN, NOW, dry_run=dry_run)
        with pytest.raises(OptionError, match="firewall_arn: 'egress' is not allowed"):
            begin(str(tmp_path), "egress", NOW, dry_run=dry_run)
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / ".lock").symlink_to(tmp_path / "file")
    with pytest.raises(OptionError, match="no folder can be made in it"):
        begin(str(tmp_path), ARN, NOW)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let the kernel refuse longer files, as a full disk would, for root too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 100, 300])
def test_a_full_disk_leaves_a_folder_that_can_be_sealed_later(tmp_path: Path, size: int) -> None:
    (tmp_path / "policy.yml").write_bytes(b"x" * 200)
    begun = begin(str(tmp_path), ARN, NOW)
    options: Any = (begun["path"], "ok", {"plan": ["x" * 80]}, {"policy.yml": str(tmp_path / "policy.yml")}, NOW)
    with no_file_larger_than(size), pytest.raises(FlowOpsError) as caught:
        seal(*options)
    assert "could not be sealed (File too large" in caught.value.message
    assert "it stays begun" in caught.value.message
    assert check(str(tmp_path))["unfinished"] == [f"{FOLDER}/{STAMP}.part"]
    sealed = seal(*options)
    assert (sealed["file_count"], sealed["removed"]) == (2, [])
    assert check(sealed["path"])["intact"] is True


def test_a_broken_chain_does_not_keep_new_evidence_from_being_sealed(tmp_path: Path) -> None:
    first, second = add_chain(tmp_path, 2)
    (second / "manifest.json").write_bytes(b"{")
    begun = begin(str(tmp_path), ARN, NOW + timedelta(hours=1))
    sealed = seal(begun["path"], "ok", {}, {}, NOW)
    assert sealed["previous"]["run"] == first.name
    assert sealed["warnings"] == [
        f"'{second}/manifest.json' was altered, it is not JSON. The chain of evidence is broken there."
    ]
    assert problem_of(tmp_path / FOLDER).startswith(f"'{second.name}/manifest.json' was altered")


def test_a_run_is_sealed_upon_a_renamed_one_all_the_same(tmp_path: Path) -> None:
    _first, second = add_chain(tmp_path, 2)
    second.rename(second.parent / "aside")
    begun = begin(str(tmp_path), ARN, NOW + timedelta(hours=1))
    assert seal(begun["path"], "ok", {}, {}, NOW)["previous"]["run"] == second.name
    assert problem_of(tmp_path).startswith(f"'{FOLDER}/aside' was renamed or copied")
    (second.parent / "aside").rename(second)
    assert problem_of(tmp_path) == ""


# -- at the same time, and cut off -------------------------------------------------------------------------------------


def children_at(count: int, work: Callable[[int], None]) -> list[int]:
    """Begin work in so many processes at once and return their ids."""
    children = []
    for number in range(count):
        child = os.fork()
        if not child:
            status = 1
            try:
                work(number)
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    return children


def test_processes_at_once_make_one_chain(tmp_path: Path) -> None:
    def runs(number: int) -> None:
        for _round in range(6):
            add_run(tmp_path, {f"by-{number}": b"x"})

    begin(str(tmp_path), ARN, NOW)
    children, checks = children_at(4, runs), 0
    while children:
        # Whatever moment a check takes place at, it sees a whole chain.
        assert problem_of(tmp_path / FOLDER) == ""
        checks += 1
        for child in list(children):
            done, status = os.waitpid(child, os.WNOHANG)
            if done:
                assert status == 0
                children.remove(child)
    assert checks > 3
    found = check(str(tmp_path / FOLDER))
    assert (found["intact"], found["folder_count"], found["file_count"]) == (True, 24, 24)
    assert found["unfinished"] == [f"{STAMP}.part"]
    manifests = [json.loads(path.read_bytes()) for path in (tmp_path / FOLDER).glob("*/manifest.json")]
    assert sorted(item["sequence"] for item in manifests) == list(range(1, 25))


def test_threads_at_once_make_one_chain(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda number: add_run(tmp_path, {f"{number}": b"x"}), range(16)))
    assert len(set(runs)) == 16
    found = check(str(tmp_path / FOLDER))
    assert (found["intact"], found["folder_count"], found["unfinished"]) == (True, 16, [])


def seals(path: str, number: int) -> bool:
    """Try to seal a folder as one of many and return whether it was done."""
    try:
        seal(path, f"{number}", {f"by-{number}": number}, {}, NOW)
    except OptionError as error:
        refusals = "it was sealed already", "another task is sealing it", "it is not a folder"
        if any(said in error.message for said in refusals):
            return False
        raise
    return True


def test_one_folder_is_sealed_once_however_many_try(tmp_path: Path) -> None:
    for attempt in range(10):
        path = begin(str(tmp_path), ARN, NOW)["path"]
        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(seals, [path] * 4, range(4))) == [False, False, False, True]
        found = check(str(tmp_path / FOLDER))
        assert (found["intact"], found["folder_count"], found["unfinished"]) == (True, attempt + 1, [])
        # Nothing of those who were refused is in it.
        assert found["file_count"] == attempt + 1


def test_a_folder_that_another_task_is_sealing_is_left_to_it(tmp_path: Path) -> None:
    begun = begin(str(tmp_path), ARN, NOW)
    number = os.open(begun["path"], os.O_RDONLY)
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        with pytest.raises(OptionError, match="another task is sealing it at this moment"):
            seal(begun["path"], "ok", {}, {}, NOW)
    finally:
        os.close(number)
    assert seal(begun["path"], "ok", {}, {}, NOW)["file_count"] == 0


# What may happen between two of these is what a kill can leave behind.
STEPS = ("open", "os.chmod", "os.mkdir", "os.remove", "os.rename")


def killed_before(step: int, work: Callable[[], object]) -> bool:
    """Do work in a process that is killed before its so-manieth step; return whether it got so far."""

    def child(_number: int) -> None:
        seen = 0

        def hook(event: str, _arguments: object) -> None:
            nonlocal seen
            if event in STEPS:
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        work()

    (process,) = children_at(1, child)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    assert status in (0, -signal.SIGKILL)
    return status != 0


def test_a_run_killed_at_any_step_of_its_sealing_is_whole_or_can_be_sealed_later(tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.write_bytes(b"rules: []\n")
    outcomes, renamed = [], 0
    for step in range(1, 200):
        base = tmp_path / f"{step}"
        first = add_run(base, {"a": b"1"})
        begun = begin(str(base), ARN, NOW + timedelta(minutes=1))
        part = Path(begun["path"])
        (part / "before.jsonl").write_bytes(b"flows")
        (part / "half.part").write_bytes(b"half")
        options: Any = (str(part), "ok", {"plan": [1]}, {"policy.yml": str(given)}, NOW)
        if not killed_before(step, lambda options=options: seal(*options)):
            break
        found = check(str(base / FOLDER))
        # Between the draft's end and the renaming it looks like a sealed run that was renamed.
        in_between = found["unfinished"] and "cut off while it was sealed" in found["problem"]
        renamed += bool(in_between)
        assert found["intact"] is not bool(in_between), found
        if found["unfinished"]:
            assert (found["unfinished"], found["folder_count"]) == ([part.name], 1)
            assert seal(*options, dry_run=True)["file_count"] == 3
            assert seal(*options)["previous"]["run"] == first.name
        outcomes.append(len(found["unfinished"]))
        found = check(str(base / FOLDER))
        assert (found["intact"], found["folder_count"], found["file_count"]) == (True, 2, 4)
        assert found["unfinished"] == []
        run = part.with_suffix("")
        assert sorted(os.listdir(run)) == ["before.jsonl", "manifest.json", "plan.json", "policy.yml"]
        assert (run / "policy.yml").read_bytes() == b"rules: []\n"
        assert add_run(base, {"c": b"3"}, NOW + timedelta(minutes=2)).is_dir()
        assert check(str(base / FOLDER))["intact"] is True
    else:
        raise AssertionError("it never came to an end")
    # Both sides of the renaming were reached, and many steps before it.
    assert outcomes == sorted(outcomes, reverse=True)
    assert outcomes.count(1) > 15 and outcomes.count(0) >= 1
    assert 1 <= renamed <= 3


def test_a_run_killed_at_any_step_of_its_beginning_is_in_nobodys_way(tmp_path: Path) -> None:
    steps = 0
    for step in range(1, 100):
        base = tmp_path / f"{step}"
        if not killed_before(step, lambda base=base: begin(str(base), ARN, NOW)):
            break
        steps += 1
        add_run(base, {"a": b"1"})
        found = check(str(base))
        assert (found["intact"], found["folder_count"]) == (True, 1)
        for left in found["unfinished"]:
            with pytest.raises(OptionError, match="it is not a folder that state=begun has made|is damaged"):
                seal(str(base / left), "ok", {}, {}, NOW)
    assert steps > 5


# -- checking ----------------------------------------------------------------------------------------------------------


def test_what_is_whole_is_intact_wherever_one_looks(tmp_path: Path) -> None:
    runs = add_chain(tmp_path, 3)
    (other,) = add_chain(tmp_path, 1, OTHER)
    begin(str(tmp_path), ARN, NOW)
    chain = {
        "folder": str(runs[0].parent),
        "runs": 3,
        "head": {"run": runs[2].name, "sha256": sha256(runs[2] / "manifest.json")},
    }
    left = f"{STAMP}-2.part"
    assert check(str(runs[0].parent)) == {
        "intact": True,
        "problem": "",
        "folder_count": 3,
        "file_count": 6,
        "chains": [chain],
        "unfinished": [left],
        "notes": [],
    }
    everything = check(str(tmp_path))
    assert (everything["intact"], everything["folder_count"], everything["file_count"]) == (True, 4, 8)
    assert [item["folder"] for item in everything["chains"]] == [str(runs[0].parent), str(other.parent)]
    assert everything["chains"][0] == chain
    assert everything["unfinished"] == [f"{FOLDER}/{left}"]
    one = check(str(runs[1]))
    assert (one["intact"], one["folder_count"], one["file_count"], one["notes"]) == (True, 1, 2, [])
    assert one["chains"] == [
        {
            "folder": str(runs[0].parent),
            "runs": 1,
            "head": {"run": runs[1].name, "sha256": sha256(runs[1] / "manifest.json")},
        }
    ]


def test_a_check_changes_nothing_and_a_copy_is_as_good(tmp_path: Path) -> None:
    runs = add_chain(tmp_path / "evidence", 2)
    before = tree(tmp_path)
    for path in (tmp_path / "evidence", runs[0].parent, runs[1]):
        assert problem_of(path) == ""
    assert tree(tmp_path) == before
    shutil.copytree(tmp_path / "evidence", tmp_path / "copy", ignore=shutil.ignore_patterns(".lock"))
    for path in (tmp_path / "copy").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o600)
    (tmp_path / "link").symlink_to(tmp_path / "copy" / FOLDER / runs[1].name)
    for path in (tmp_path / "copy", tmp_path / "copy" / FOLDER, tmp_path / "link"):
        assert problem_of(path) == ""


def test_every_flipped_bit_of_a_manifest_is_found_even_of_the_newest(tmp_path: Path) -> None:
    runs = add_chain(tmp_path, 2)
    for run in runs:
        manifest = run / "manifest.json"
        for position in range(manifest.stat().st_size):
            flip(manifest, position, position % 8)
            assert problem_of(tmp_path / FOLDER).startswith(f"'{run.name}/manifest.json' was altered, "), position
            flip(manifest, position, position % 8)
    assert problem_of(tmp_path / FOLDER) == ""


def test_every_file_that_differs_is_named_with_what_differs(tmp_path: Path) -> None:
    for run in add_chain(tmp_path, 3):
        for name in ("before.jsonl", "plan.json"):
            path = run / name
            was = path.read_bytes()
            for base, prefix in ((run, ""), (run.parent, ""), (tmp_path, f"{FOLDER}/")):
                shown = f"'{prefix}{run.name}/{name}'"
                flip(path, 1)
                assert problem_of(base) == (
                    f"{shown} was altered, its SHA-256 is {sha256(path)} instead of {hashlib.sha256(was).hexdigest()}."
                )
                path.write_bytes(was + b"x")
                assert problem_of(base) == f"{shown} was altered, it has {len(was) + 1} bytes instead of {len(was)}."
                path.unlink()
                assert problem_of(base) == f"{shown} is missing."
                path.symlink_to(tmp_path / "elsewhere")
                (tmp_path / "elsewhere").write_bytes(was)
                assert problem_of(base) == f"{shown} was replaced, it is a symbolic link."
                path.unlink()
                path.mkdir()
                assert problem_of(base) == f"{shown} was replaced, it is a folder."
                path.rmdir()
                # Nobody writes into the pipe, and a check that opened it would wait forever.
                os.mkfifo(path)
                assert problem_of(base) == f"{shown} was replaced, it is a special file."
                path.unlink()
                path.write_bytes(was)
                path.chmod(0o600)
                assert problem_of(base) == ""


def test_a_manifest_that_is_gone_or_none_is_named(tmp_path: Path) -> None:
    for run in add_chain(tmp_path, 3):
        manifest = run / "manifest.json"
        was = manifest.read_bytes()
        (tmp_path / "elsewhere").write_bytes(was)
        for base in (run, run.parent):
            for content, said in (
                (b"", "was altered, it is not JSON."),
                (b"[]\n", "was altered, it is not a mapping."),
                (was.replace(b"\n", b"\r\n"), "was altered, its layout is not that of a manifest."),
                (b" " * ((1 << 24) + 1), "was altered, it has more than 16777216 bytes."),
            ):
                manifest.write_bytes(content)
                assert problem_of(base) == f"'{run.name}/manifest.json' {said}"
            manifest.unlink()
            assert problem_of(base) == f"'{run.name}/manifest.json' is missing."
            manifest.symlink_to(tmp_path / "elsewhere")
            assert problem_of(base) == f"'{run.name}/manifest.json' was replaced, it is a symbolic link."
            manifest.unlink()
            manifest.write_bytes(was)
            manifest.chmod(0o600)


HOSTILE = ("-rf", "{{ 7*7 }}", "<b>x", "a\nb", "\x1b[31m", "..x", "é", ".hidden", "x.part", "manifest.json.part")


@pytest.mark.parametrize("name", [*HOSTILE, os.fsdecode(b"\xff")])
def test_an_added_file_is_named_on_one_line_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    _first, run, _last = add_chain(tmp_path, 3)
    (run / name).write_bytes(b"")
    problem = problem_of(tmp_path / FOLDER)
    assert problem.startswith(f"'{run.name}/")
    assert problem.endswith("' was added, the manifest does not name it.")
    assert "\n" not in problem and "\x1b" not in problem
    problem.encode("utf-8")
    (run / name).unlink()
    (run / name).symlink_to(run / "plan.json")
    assert problem_of(run).endswith("was added, the manifest does not name it, and is a symbolic link.")


@pytest.mark.parametrize("name", ["a\nb", "\x1b[31m", "é", ".hidden", "{{ 7*7 }}", os.fsdecode(b"\xff")])
def test_evidence_of_any_name_is_sealed_and_checked(tmp_path: Path, name: str) -> None:
    run = add_run(tmp_path, {name: b"x"})
    assert check(str(run))["file_count"] == 1
    assert problem_of(run) == ""
    flip(run / name, 0)
    assert "was altered" in problem_of(run)


def test_what_is_strange_in_a_firewalls_folder_is_named_last(tmp_path: Path) -> None:
    runs = add_chain(tmp_path, 2)
    folder = runs[0].parent
    (folder / "notes.txt").write_bytes(b"")
    assert problem_of(folder) == "'notes.txt' was added, it is not a run's folder."
    (runs[1] / "x").write_bytes(b"")
    assert problem_of(folder) == f"'{runs[1].name}/x' was added, the manifest does not name it."
    (runs[1] / "x").unlink()
    (folder / "notes.txt").rename(folder / ".DS_Store")
    assert problem_of(folder) == ""
    (folder / "latest").symlink_to(runs[1])
    assert problem_of(folder) == "'latest' was added, it is not a run's folder."
    (folder / "latest").rename(folder / f"{STAMP}.part")
    assert problem_of(folder) == f"'{STAMP}.part' was added, it is not a run's folder."


def test_a_renamed_copied_or_swapped_run_is_named(tmp_path: Path) -> None:
    runs = add_chain(tmp_path, 3)
    folder = runs[0].parent
    for run in runs:
        for name in ("other", ".hidden", "20300101T000000Z", f"{run.name}-2"):
            run.rename(folder / name)
            said = f"'{name}' was renamed or copied, its manifest is that of the run '{run.name}'."
            assert problem_of(folder) == said
            assert problem_of(folder / name) == said
            (folder / name).rename(run)
            shutil.copytree(run, folder / name)
            assert problem_of(folder) == said
            shutil.rmtree(folder / name)
    runs[1].rename(folder / "aside")
    runs[2].rename(runs[1])
    (folder / "aside").rename(runs[2])
    assert problem_of(folder).startswith(f"'{runs[2].name}' was renamed or copied, ")


def test_a_removed_run_is_missed_by_the_one_after_it(tmp_path: Path) -> None:
    runs = add_chain(tmp_path, 3)
    head = sha256(runs[2] / "manifest.json")
    for removed, after in ((runs[0], runs[1]), (runs[1], runs[2])):
        removed.rename(tmp_path / "aside")
        said = f"'{removed.name}' is missing, the run '{after.name}' names it as the one before it."
        assert problem_of(tmp_path / FOLDER) == said
        assert problem_of(tmp_path / FOLDER, head) == said
        (tmp_path / "aside").rename(removed)
    runs[1].rename(tmp_path / "aside")
    runs[1].symlink_to(tmp_path / "aside")
    assert problem_of(tmp_path / FOLDER) == f"'{runs[1].name}' was replaced, it is a symbolic link."
    runs[1].unlink()
    runs[1].write_bytes(b"")
    assert problem_of(tmp_path / FOLDER) == f"'{runs[1].name}' was replaced, it is a regular file."


def test_removed_newest_runs_are_missed_by_whoever_wrote_one_of_them_down(tmp_path: Path) -> None:
    runs = add_chain(tmp_path, 4)
    heads = [sha256(run / "manifest.json") for run in runs]
    for head in heads:
        assert problem_of(tmp_path / FOLDER, head) == problem_of(tmp_path, head.upper()) == ""
    shutil.rmtree(runs[3])
    shutil.rmtree(runs[2])
    assert problem_of(tmp_path / FOLDER) == ""
    for number, head in enumerate(heads):
        problem = problem_of(tmp_path / FOLDER, head)
        assert problem == problem_of(tmp_path, head)
        if number < 2:
            assert problem == ""
        else:
            assert problem == (
                f"expected_head: no manifest has the SHA-256 {head};"
                " the newest runs were removed, or a manifest was altered."
            )
    shutil.rmtree(runs[1])
    shutil.rmtree(runs[0])
    found = check(str(tmp_path / FOLDER), heads[0])
    assert (found["intact"], found["chains"][0]["runs"], found["chains"][0]["head"]) == (False, 0, None)


def test_a_chain_made_anew_is_found_by_its_head_alone(tmp_path: Path) -> None:
    runs = add_chain(tmp_path / "real", 2)
    head = sha256(runs[1] / "manifest.json")
    first = add_run(tmp_path / "false", {"before.jsonl": b"nothing\n", "plan.json": b"{}\n"}, NOW)
    add_run(tmp_path / "false", {}, NOW + timedelta(minutes=1))
    assert first.name == runs[0].name
    assert problem_of(tmp_path / "false") == ""
    assert problem_of(tmp_path / "false", head).startswith("expected_head: no manifest has the SHA-256 ")
    assert problem_of(tmp_path / "real", head) == ""


def test_the_head_of_one_firewall_does_for_all(tmp_path: Path) -> None:
    add_chain(tmp_path, 2)
    (other,) = add_chain(tmp_path, 1, OTHER)
    head = sha256(other / "manifest.json")
    assert problem_of(tmp_path, head) == problem_of(other, head) == ""
    assert problem_of(tmp_path / FOLDER, head).startswith("expected_head: ")


def test_a_manifest_forged_with_its_checksum_is_found(tmp_path: Path) -> None:
    runs = add_chain(tmp_path, 3)
    heads = [sha256(run / "manifest.json") for run in runs]
    for number, run in enumerate(runs):
        was = (run / "manifest.json").read_bytes()
        files = json.loads(was)["files"]
        (run / "plan.json").write_bytes(b"[]\n")
        altered = {"name": "plan.json", "sha256": hashlib.sha256(b"[]\n").hexdigest(), "size": 3}
        # Of the newest, only what was written down elsewhere proves anything.
        forge(run, files=[files[0], altered])
        problem = problem_of(tmp_path / FOLDER)
        if number < 2:
            assert problem.startswith(f"'{run.name}/manifest.json' was altered, its SHA-256 is ")
        else:
            assert problem == ""
        assert problem_of(tmp_path / FOLDER, heads[number]) != ""
        (run / "manifest.json").write_bytes(was)
        assert problem_of(tmp_path / FOLDER).startswith(f"'{run.name}/plan.json' was altered, ")
        (run / "plan.json").write_bytes(b"{}\n")
    forge(runs[2], sequence=7)
    assert problem_of(tmp_path / FOLDER) == (
        f"'{runs[2].name}/manifest.json' was altered, it has the sequence 7 after one of 2."
    )


def test_two_runs_upon_the_same_one_are_named(tmp_path: Path) -> None:
    add_chain(tmp_path / "one", 2)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    third = add_run(tmp_path / "one", {"a": b"1"}, NOW + timedelta(hours=1))
    other = add_run(tmp_path / "two", {"a": b"2"}, NOW + timedelta(hours=2))
    shutil.copytree(other, third.parent / other.name)
    assert problem_of(tmp_path / "one" / FOLDER) == (
        f"'{other.name}' follows the run '20261121T093100Z', as '{third.name}' does; one of them was added."
    )


def test_one_run_is_checked_with_its_link_when_the_one_before_it_lies_beside_it(tmp_path: Path) -> None:
    runs = add_chain(tmp_path, 3)
    forge(runs[1], verdict="compliant")
    assert problem_of(runs[2]).startswith(f"'{runs[1].name}/manifest.json' was altered, its SHA-256 is ")
    (runs[1] / "manifest.json").unlink()
    assert problem_of(runs[2]) == f"'{runs[1].name}/manifest.json' is missing."
    shutil.rmtree(runs[1])
    found = check(str(runs[2]))
    assert found["intact"] is True
    assert found["notes"] == [f"The run '{runs[1].name}' does not lie beside it; the link to it was not checked."]
    # What is wrong with runs further back is the business of a check of the whole chain.
    (runs[0] / "plan.json").unlink()
    assert problem_of(runs[2]) == ""
    assert problem_of(runs[2], sha256(runs[2] / "manifest.json")) == ""
    assert problem_of(runs[2], sha256(runs[0] / "manifest.json")).startswith("expected_head: ")


def test_the_first_of_many_problems_is_the_one_of_the_first_firewall(tmp_path: Path) -> None:
    runs = add_chain(tmp_path, 2)
    (other,) = add_chain(tmp_path, 1, OTHER)
    (other / "plan.json").unlink()
    name = other.parent.name
    assert problem_of(tmp_path) == f"'{name}/{other.name}/plan.json' is missing."
    (runs[1] / "plan.json").unlink()
    (runs[0] / "x").write_bytes(b"")
    assert problem_of(tmp_path) == f"'{FOLDER}/{runs[0].name}/x' was added, the manifest does not name it."
    # What else is there is still counted.
    found = check(str(tmp_path))
    assert (found["folder_count"], found["file_count"], len(found["chains"])) == (3, 6, 2)
    shutil.rmtree(runs[0].parent)
    runs[0].parent.symlink_to(other.parent)
    assert problem_of(tmp_path) == f"'{FOLDER}' was replaced, it is a symbolic link."


def test_a_path_that_is_nothing_of_the_kind_is_one_sentence(tmp_path: Path) -> None:
    begun = begin(str(tmp_path / "evidence"), ARN, NOW)
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "other" / "reports").mkdir(parents=True)
    for path, said in (
        (str(tmp_path / "none"), "there is no such folder"),
        (str(tmp_path / "file"), "it is not a folder"),
        (str(tmp_path / "empty"), "give the folder of a run, that of a firewall, or an evidence_dir"),
        (str(tmp_path / "other"), "give the folder of a run, that of a firewall, or an evidence_dir"),
        (begun["path"], "its run is not sealed yet"),
    ):
        with pytest.raises(OptionError) as caught:
            check(path)
        assert caught.value.message.startswith(f"path: '{path}' is not allowed; {said}")
    for head in ("", "abc", "x" * 64, "0" * 65):
        with pytest.raises(
            OptionError, match=r"expected_head: .* give the SHA-256 of a manifest, 64 hexadecimal digits"
        ):
            check(str(tmp_path / "evidence"), head)
    found = check(str(tmp_path / "evidence"))
    assert (found["intact"], found["folder_count"], found["unfinished"]) == (True, 0, [f"{FOLDER}/{STAMP}.part"])


def test_what_cannot_be_read_is_not_called_altered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (run,) = add_chain(tmp_path, 1)
    real = os.open

    def refuse(path: Any, *arguments: Any, **options: Any) -> int:
        # Permissions do not keep root out, as whom the tests may run.
        if str(path).endswith("plan.json"):
            raise PermissionError(13, "Permission denied", path)
        return real(path, *arguments, **options)

    monkeypatch.setattr(evidence.os, "open", refuse)
    with pytest.raises(FlowOpsError) as caught:
        check(str(run))
    assert caught.value.message == f"path: '{run}/plan.json' cannot be read (Permission denied)."


def test_a_socket_among_the_files_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (run,) = add_chain(tmp_path, 1)
    # The name of a socket is bounded, and folders of tests are deep.
    monkeypatch.chdir(run)
    with socket.socket(socket.AF_UNIX) as opened:
        opened.bind("door")
        assert problem_of(run) == (
            f"'{run.name}/door' was added, the manifest does not name it, and is a special file."
        )


# -- any alteration of any chain ---------------------------------------------------------------------------------------


def altered(chance: random.Random, runs: list[Path]) -> tuple[str, bool]:
    """Alter one thing and return the path that must be named, and whether only the head tells; '' names no file."""
    number = chance.randrange(len(runs))
    run = runs[number]
    folder = run.parent
    names = sorted(set(os.listdir(run)) - {"manifest.json"})
    kinds = ["add", "link", "manifest", "no manifest", "rename", "copy", "remove", "forge"]
    kinds += ["flip", "append", "cut", "delete", "replace"] if names else []
    kinds += ["swap"] if len(runs) > 1 else []
    kind = chance.choice(kinds)
    name = chance.choice(names) if names else ""
    path = run / name
    last = number == len(runs) - 1
    if kind in ("flip", "cut") and not path.stat().st_size:
        kind = "append"
    if kind == "flip":
        flip(path, chance.randrange(path.stat().st_size), chance.randrange(8))
    elif kind == "append":
        path.write_bytes(path.read_bytes() + b"\0")
    elif kind == "cut":
        path.write_bytes(path.read_bytes()[:-1])
    elif kind == "delete":
        path.unlink()
    elif kind == "replace":
        path.rename(folder.parent / "aside")
        path.symlink_to(folder.parent / "aside")
    elif kind in ("add", "link"):
        name = chance.choice(["a", "zz", ".x", "manifest.json2"])
        if kind == "add":
            (run / name).write_bytes(b"")
        else:
            (run / name).symlink_to(run / "manifest.json")
    elif kind == "manifest":
        manifest = run / "manifest.json"
        flip(manifest, chance.randrange(manifest.stat().st_size), chance.randrange(8))
        name = "manifest.json"
    elif kind == "no manifest":
        (run / "manifest.json").unlink()
        name = "manifest.json"
    elif kind == "forge":
        forge(run, verdict="compliant", sealed_at="2027-01-01T00:00:00+00:00")
        return ("", True) if last else (f"{run.name}/manifest.json", False)
    elif kind == "remove":
        shutil.rmtree(run)
        return ("", True) if last else (run.name, False)
    elif kind in ("rename", "copy"):
        name = chance.choice(["other", "20200101T000000Z", "20300101T000000Z-7"])
        (run.rename if kind == "rename" else lambda to: shutil.copytree(run, to))(folder / name)
        return name, False
    elif kind == "swap":
        other = chance.choice([item for item in runs if item != run])
        first, second = sorted([run, other], key=runs.index)
        first.rename(folder / "aside")
        second.rename(first)
        (folder / "aside").rename(second)
        return second.name, False
    return f"{run.name}/{name}", False


def chain_of_chance(chance: random.Random, base: Path) -> list[Path]:
    runs = []
    for _number in range(chance.randint(1, 5)):
        files = {
            f"{chance.choice('bmy')}{number}.jsonl": chance.randbytes(chance.choice([0, 1, 5, 300]))
            for number in range(chance.randint(0, 4))
        }
        # Clocks go back, too.
        runs.append(add_run(base, files, NOW + timedelta(seconds=chance.randint(-3, 3))))
    return runs


@pytest.mark.long
@pytest.mark.parametrize("seed", range(cases(30, 1500)))
def test_one_alteration_is_always_found_and_named(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    runs = chain_of_chance(chance, tmp_path)
    head = sha256(runs[-1] / "manifest.json")
    assert problem_of(tmp_path / FOLDER, head) == problem_of(tmp_path, head) == ""
    path, only_by_head = altered(chance, runs)
    problem = problem_of(tmp_path / FOLDER)
    if only_by_head:
        assert problem == ""
        assert problem_of(tmp_path / FOLDER, head).startswith("expected_head: no manifest has the SHA-256 ")
    else:
        assert problem.startswith(f"'{path}' "), problem
        assert problem_of(tmp_path / FOLDER, head) == problem
        assert problem_of(tmp_path).startswith(f"'{FOLDER}/{path}' ")


@pytest.mark.long
@pytest.mark.parametrize("seed", range(cases(10, 400)))
def test_of_many_altered_files_the_first_is_named(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    runs = [add_run(tmp_path, dict.fromkeys("abc", b"x"), NOW) for _number in range(4)]
    places = [(number, name) for number in range(4) for name in "abc"]
    struck = sorted(chance.sample(places, chance.randint(2, 6)))
    for number, name in struck:
        if chance.random() < 0.5:
            (runs[number] / name).unlink()
        else:
            flip(runs[number] / name, 0)
    number, name = struck[0]
    assert problem_of(tmp_path / FOLDER).startswith(f"'{runs[number].name}/{name}' ")


def test_a_newest_run_renamed_to_an_unsealed_one_is_said_to_be_so(tmp_path: Path) -> None:
    *_others, newest = add_chain(tmp_path, 3)
    part = newest.with_name(f"{newest.name}.part")
    newest.rename(part)
    said = f"'{part.name}' has a manifest; it was sealed and renamed since, or cut off while it was sealed."
    assert problem_of(newest.parent) == said
    assert problem_of(tmp_path) == said.replace(f"'{part.name}'", f"'{FOLDER}/{part.name}'")
    assert problem_of(part) == said
    (part / "manifest.json").unlink()
    assert problem_of(newest.parent) == ""


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o400, 0o604, 0o4600])
@pytest.mark.parametrize("name", ["before.jsonl", "manifest.json"])
def test_a_file_of_another_mode_is_named(tmp_path: Path, mode: int, name: str) -> None:
    run, _later = add_chain(tmp_path, 2)
    (run / name).chmod(mode)
    said = f"'{run.name}/{name}' has the mode {mode:04o} instead of 0600."
    assert problem_of(run.parent) == problem_of(run) == said
    (run / name).chmod(0o600)
    assert problem_of(run.parent) == ""


def test_the_manifest_says_what_is_known_of_the_run(tmp_path: Path) -> None:
    about = {"who": None, "who_unknown": "not permitted", "guards": {"max_flows": 5}, "tolerance": 2.5}
    begun = begin(str(tmp_path), ARN, NOW)
    run = Path(seal(begun["path"], "remediated", {}, {}, NOW, about=about)["path"])
    assert json.loads((run / "manifest.json").read_bytes())["about"] == about
    assert problem_of(run) == ""
    forge(run, about="nothing")
    assert "its about is not a mapping" in problem_of(run)


@pytest.mark.parametrize(
    "about,said",
    [
        ({"x": float("nan")}, "about: ['x'] is not allowed; it cannot be written"),
        ({"x": "y" * (1 << 20)}, "give at most"),
    ],
)
def test_what_a_manifest_cannot_say_is_refused_before_anything_is_written(
    tmp_path: Path, about: dict[str, Any], said: str
) -> None:
    begun = begin(str(tmp_path), ARN, NOW)
    before = tree(tmp_path)
    with pytest.raises(OptionError) as caught:
        seal(begun["path"], "remediated", {"a": 1}, {}, NOW, about=about)
    assert said in caught.value.message and tree(tmp_path) == before
