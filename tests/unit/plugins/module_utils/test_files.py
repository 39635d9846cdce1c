# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import hashlib
import json
import os
import resource
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError, OptionError, shown
from ansible_collections.flowops.aws.plugins.module_utils.files import (
    LIST,
    PLAN,
    POLICY,
    FileKind,
    LineFile,
    check_dest,
    json_of,
    read_file,
    read_records,
    reader_in,
    sha256_of,
    whole_file,
)

RECORDS = [
    {"source_address": f"10.0.0.{number}", "source_port": number, "protocol": "tcp", "age": number * 3}
    for number in range(200)
]


def put(path: Path, records: list[dict[str, Any]], **options: Any) -> LineFile:
    with LineFile(str(path), **options) as file:
        file.write_all(records[:150])
        for record in records[150:]:
            file.write(record)
    return file


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let the kernel refuse longer files, as a full disk would, for root too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("name", ["flows.jsonl", "flows.jsonl.gz"])
def test_records_are_written_whole_and_read_back(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    file = put(path, RECORDS)
    assert list(read_records(str(path))) == RECORDS
    content = path.read_bytes()
    assert file.sha256 == hashlib.sha256(content).hexdigest() == sha256_of(str(path))
    assert file.size == len(content)
    assert (file.count, file.changed) == (200, True)
    assert file.as_result() == {"path": str(path), "sha256": file.sha256, "count": 200}
    lines = gzip.decompress(content) if name.endswith(".gz") else content
    assert lines.count(b"\n") == 200 and lines.endswith(b"\n")
    assert json.loads(lines.splitlines()[7]) == RECORDS[7]
    assert os.listdir(tmp_path) == [name]


def test_what_is_no_file_is_not_read_for_its_checksum(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(OSError, match="not a regular file|a folder"):
            sha256_of(str(path))
    assert sha256_of(str(tmp_path / "none")) is None


def test_an_empty_capture_is_an_empty_file(tmp_path: Path) -> None:
    file = put(tmp_path / "flows.jsonl", [])
    assert (tmp_path / "flows.jsonl").read_bytes() == b""
    assert file.count == 0 and file.sha256 == hashlib.sha256(b"").hexdigest()
    put(tmp_path / "flows.jsonl.gz", [])
    assert list(read_records(str(tmp_path / "flows.jsonl.gz"))) == []


def test_the_same_records_make_the_same_bytes_and_are_no_change(tmp_path: Path) -> None:
    first = put(tmp_path / "a.jsonl.gz", RECORDS)
    second = put(tmp_path / "another-name.jsonl.gz", RECORDS)
    assert first.sha256 == second.sha256
    content = (tmp_path / "a.jsonl.gz").read_bytes()
    # Bytes 4 to 8 are the time of writing, which must not be there.
    assert content[4:8] == b"\0\0\0\0" and b"a.jsonl" not in content[:40]
    assert put(tmp_path / "a.jsonl.gz", RECORDS).changed is False
    assert put(tmp_path / "a.jsonl.gz", RECORDS[1:]).changed is True


@pytest.mark.parametrize("umask", [0, 0o777])
def test_only_the_owner_can_read_the_file_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        put(tmp_path / "flows.jsonl", RECORDS)
    finally:
        os.umask(before)
    assert mode_of(tmp_path / "flows.jsonl") == 0o600


def test_a_file_that_others_could_read_is_replaced_by_one_they_cannot(tmp_path: Path) -> None:
    path = tmp_path / "flows.jsonl"
    path.write_text("old\n", encoding="utf-8")
    path.chmod(0o644)
    put(path, RECORDS)
    assert mode_of(path) == 0o600


def test_a_part_left_by_a_crash_gets_the_right_mode(tmp_path: Path) -> None:
    part = tmp_path / "flows.jsonl.part"
    part.write_text("half", encoding="utf-8")
    part.chmod(0o666)
    with LineFile(str(tmp_path / "flows.jsonl")) as file:
        assert mode_of(part) == 0o600
        file.write(RECORDS[0])
    assert list(read_records(str(tmp_path / "flows.jsonl"))) == RECORDS[:1]


@pytest.mark.parametrize("name", ["flows.jsonl", "flows.jsonl.gz"])
@pytest.mark.parametrize("earlier", [None, b"as it was\n"])
def test_an_exception_leaves_neither_file_nor_part(tmp_path: Path, name: str, earlier: bytes | None) -> None:
    path = tmp_path / name
    if earlier is not None:
        path.write_bytes(earlier)
    with pytest.raises(KeyboardInterrupt), LineFile(str(path)) as file:
        file.write_all(RECORDS)
        assert not path.exists() or path.read_bytes() == earlier
        raise KeyboardInterrupt
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == ([] if earlier is None else [earlier])


@pytest.mark.parametrize("name", ["flows.jsonl", "flows.jsonl.gz"])
@pytest.mark.parametrize("rounds", [1, 400])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path, name: str, rounds: int) -> None:
    # Few records fail at the end, when the buffer is written out; many fail on the way.
    path = tmp_path / name
    path.write_bytes(b"as it was\n")
    with no_file_larger_than(512), pytest.raises(FlowOpsError) as caught, LineFile(str(path), option="dest") as file:
        for index in range(rounds):
            file.write_all([{**record, "round": os.urandom(9).hex(), "index": index} for record in RECORDS])
    assert caught.value.message.startswith(f"dest: '{path}' could not be written (")
    assert os.listdir(tmp_path) == [name]
    assert path.read_bytes() == b"as it was\n"


@pytest.mark.parametrize("name", ["flows.jsonl", "flows.jsonl.gz"])
def test_a_dry_run_writes_nothing_and_predicts(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    predicted = put(path, RECORDS, dry_run=True)
    assert os.listdir(tmp_path) == []
    real = put(path, RECORDS)
    assert (predicted.sha256, predicted.count, predicted.changed) == (real.sha256, real.count, True)
    before = path.stat().st_mtime_ns
    assert put(path, RECORDS, dry_run=True).changed is False
    assert put(path, RECORDS[2:], dry_run=True).changed is True
    assert path.stat().st_mtime_ns == before and os.listdir(tmp_path) == [name]


def test_a_dest_in_a_missing_folder_a_folder_or_under_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    for path, said in (
        (tmp_path / "none" / "flows.jsonl", f"folder {tmp_path / 'none'} does not exist"),
        (tmp_path / "file" / "flows.jsonl", "does not exist"),
        (tmp_path, "it is a folder"),
    ):
        with pytest.raises(OptionError, match=said) as caught:
            check_dest(str(path), "findings_dest")
        assert caught.value.message.startswith(f"findings_dest: '{path}' is not allowed; ")
        with pytest.raises(OptionError):
            LineFile(str(path))
    assert os.listdir(tmp_path) == ["file"]


def test_a_name_that_the_file_system_refuses_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 253)
    with pytest.raises(OptionError, match="it cannot be written"), LineFile(str(path)):
        raise AssertionError("the block must not be entered")
    assert os.listdir(tmp_path) == []


def test_text_that_is_no_valid_unicode_is_kept(tmp_path: Path) -> None:
    # AWS's strings are anybody's; one bad character must not cost the whole capture.
    put(tmp_path / "flows.jsonl", [{"note": "é\ud800 {{ 7*7 }}\nend"}])
    assert (tmp_path / "flows.jsonl").read_bytes().count(b"\n") == 1


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'{"age": 1}\n\n{"age": 2\n', "line 3 "),
        (b'{"age": 1}\n[1, 2]\n', "line 2 "),
        (b"7\n", "line 1 "),
        (b'{"age": 1}\nnull\n', "line 2 "),
    ],
)
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_line_that_is_no_record_is_named(tmp_path: Path, content: bytes, line: str, suffix: str) -> None:
    path = tmp_path / f"flows.jsonl{suffix}"
    path.write_bytes(gzip.compress(content) if suffix else content)
    with pytest.raises(FlowOpsError) as caught:
        list(read_records(str(path)))
    assert line in caught.value.message and str(path) in caught.value.message
    assert "\n" not in caught.value.message


def test_a_missing_cut_off_or_broken_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="src: .*there is no such file"):
        list(read_records(str(tmp_path / "none.jsonl")))
    whole = tmp_path / "whole.jsonl.gz"
    put(whole, [{**record, "noise": hashlib.sha256(str(record).encode()).hexdigest()} for record in RECORDS])
    content = whole.read_bytes()
    for name, broken in (
        ("cut.gz", content[: len(content) // 2]),
        ("damaged.gz", content[:500] + bytes(byte ^ 0xFF for byte in content[500:600]) + content[600:]),
        ("latin.jsonl", b'{"note": "caf\xe9"}\n'),
    ):
        (tmp_path / name).write_bytes(broken)
        with pytest.raises(FlowOpsError) as caught:
            list(read_records(str(tmp_path / name)))
        assert caught.value.message.startswith("src: ") and name in caught.value.message
    with pytest.raises(FlowOpsError, match="src: "):
        list(read_records(str(tmp_path)))


USUAL = {
    "source_address": "10.0.0.1",
    "source_port": 49152,
    "destination_address": "2001:db8::7",
    "destination_port": 443,
    "protocol": "tcp",
    "protocol_number": 6,
    "age": 12,
    "packet_count": 3,
    "byte_count": 4000,
    "availability_zone": "us-east-1a",
}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"source_port": "65536"},
        {"source_port": True},
        {"age": 1.5},
        {"age": None},
        {"byte_count": 2**70},
        {"protocol": 'x","age":0,"y":"'},
        {"protocol": "back\\slash"},
        {"protocol": "tab\tand\nline"},
        {"protocol": "\u2028é\ud800"},
        {"protocol": None},
        {"availability_zone": ""},
        {"rule": "one more member"},
    ],
    ids=str,
)
def test_every_record_comes_back_as_it_was_among_usual_ones(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = tmp_path / "flows.jsonl"
    records = [USUAL, {**USUAL, **changes}, dict(reversed(USUAL.items())), {"source_address": "10.0.0.2"}, USUAL]
    for written in (records, records[:2]):
        with LineFile(str(path)) as file:
            file.write_all(written)
        lines = path.read_bytes().decode("utf-8", "surrogatepass").split("\n")
        assert [json.loads(line) for line in lines[:-1]] == written
        assert [list(json.loads(line)) for line in lines[:-1]] == [list(record) for record in written]
        assert [json.dumps(record, separators=(",", ":"), ensure_ascii=False) for record in written] == lines[:-1]


def test_a_whole_file_appears_at_the_end_with_the_right_mode(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"as it was")
    path.chmod(0o644)
    with whole_file(str(path)) as file:
        file.write(b"new")
        file.flush()
        assert path.read_bytes() == b"as it was" and mode_of(tmp_path / "a.part") == 0o600
        with pytest.raises(BlockingIOError), whole_file(str(path)):
            raise AssertionError("two tasks write one file")
    assert (path.read_bytes(), mode_of(path), os.listdir(tmp_path)) == (b"new", 0o600, ["a"])


def test_a_file_that_is_not_finished_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"as it was")
    with pytest.raises(KeyboardInterrupt), whole_file(str(path), str(tmp_path / "other.part")) as file:
        file.write(b"half")
        raise KeyboardInterrupt
    with no_file_larger_than(4096), pytest.raises(OSError, match="large"), whole_file(str(path)) as file:
        file.write(b"x" * 5000)
    target = tmp_path / "target"
    (tmp_path / "a.part").symlink_to(target)
    with pytest.raises(OSError), whole_file(str(path)):
        raise AssertionError("written through a link")
    assert path.read_bytes() == b"as it was" and not target.exists()


SMALL = FileKind("plan", 1 << 20)


def special_files(folder: Path) -> Iterator[tuple[str, str]]:
    os.mkfifo(folder / "fifo")
    (folder / "large").write_bytes(b"x" * (SMALL.largest + 1))
    (folder / "link").symlink_to("/dev/zero")
    (folder / "loop").symlink_to("loop")
    yield str(folder / "fifo"), "it is not a regular file"
    yield str(folder / "link"), "it is not a regular file"
    yield str(folder / "large"), "it has more than the 1 MiB that a plan may have"
    yield str(folder / "none"), "there is no such file"
    yield str(folder / "loop"), "it cannot be read (Too many levels of symbolic links)"
    yield str(folder / "large" / "below"), "it cannot be read (Not a directory)"
    yield str(folder), "it is a folder, give the path of a file"
    yield str(folder / "a\0b"), "it is not the name of a file"
    yield from ((name, "it is not a regular file") for name in ("/dev/zero", "/dev/null", "/proc/self/environ"))


def test_what_is_no_regular_file_is_refused_without_waiting_and_without_a_word_of_it(tmp_path: Path) -> None:
    for path, said in special_files(tmp_path):
        with pytest.raises(OptionError) as caught:
            read_file(path, SMALL, "flow_remediate_plan")
        assert caught.value.message == f"flow_remediate_plan: {shown(path)} is not allowed; {said}."


def test_flow_records_are_read_from_regular_files_alone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for path in (str(tmp_path / "fifo"), "/dev/zero", "/dev/null"):
        with pytest.raises(FlowOpsError, match="after line 0 \\(it is not a regular file\\)"):
            list(read_records(path))


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * SMALL.largest)
    assert len(read_file(str(tmp_path / "a"), SMALL, "src")) == SMALL.largest
    assert (POLICY.largest, LIST.largest, PLAN.largest) == (1 << 20, 64 << 20, 16 << 20)


def test_the_lines_of_a_list_are_read_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("10.0.0.0/8\r\n# why\x0b\n192.0.2.1", encoding="utf-8")
    assert reader_in(str(tmp_path))("list.txt") == ["10.0.0.0/8\n", "# why\x0b\n", "192.0.2.1"]
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(OSError, match="it is not a regular file"):
        reader_in(str(tmp_path))("fifo")


@pytest.mark.parametrize(
    "content,said",
    [
        (b'{"secret": 1,\n "other": }', "line 2: it is not JSON."),
        (b'{\n"secret\xff": 1}', "line 2: it is not text in UTF-8."),
        (b"", "line 1: it is not JSON."),
        (b'{"secret": 1, "secret": 2}', ": a mapping in it has a key twice."),
        (b'[{"a": {"secret": 1, "secret": 1}}]', ": a mapping in it has a key twice."),
        (b'{"a": NaN}', ": a number in it is none."),
        (b'{"a": -Infinity}', ": a number in it is none."),
        (b'{"a": 1' + b"0" * 5000 + b"}", ": a number in it has more than 20 digits."),
        (b"[" * 100_000, ": it is nested more than 32 levels deep."),
        (b"[" * 40 + b"]" * 40, ": it is nested more than 32 levels deep."),
        (b'{"a":' * 40 + b"1" + b"}" * 40, ": it is nested more than 32 levels deep."),
    ],
)
def test_json_of_a_stranger_is_refused_by_line_and_reason_and_not_quoted(content: bytes, said: str) -> None:
    with pytest.raises(FlowOpsError) as caught:
        json_of(content, "plan.json")
    assert caught.value.message == f"'plan.json'{'' if said[0] == ':' else ' '}{said}"


def test_json_within_its_bounds_is_read() -> None:
    nested = {"a": {"b": -12, "c": "x", "d": None, "e": [True, 10**19]}}
    assert json_of(json.dumps(nested).encode(), "plan.json") == nested


def test_a_line_without_an_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": "' + b"x" * (3 << 20))
    with pytest.raises(FlowOpsError, match="line 1 of '.*' is not a mapping in JSON"):
        list(read_records(str(path)))
