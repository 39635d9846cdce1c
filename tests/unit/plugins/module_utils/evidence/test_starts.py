# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError, OptionError
from ansible_collections.flowops.aws.plugins.module_utils.evidence.starts import Starts


def noted(folder: Path) -> Any:
    return json.loads((folder / "operations.json").read_text(encoding="utf-8"))


def test_what_is_begun_is_on_the_disk_before_anything_is_known_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda number: synced.append(os.fstat(number).st_ino))
    starts = Starts(str(tmp_path))
    number = starts.begin({"availability_zone": "us-east-1a", "flow_operation_id": None})
    assert noted(tmp_path) == [{"availability_zone": "us-east-1a", "flow_operation_id": None}]
    assert {os.stat(tmp_path / "operations.json").st_ino, os.stat(tmp_path).st_ino} <= set(synced)
    assert stat.S_IMODE(os.stat(tmp_path / "operations.json").st_mode) == 0o600
    starts.note(number, {"flow_operation_id": "1"})
    assert noted(tmp_path) == [{"availability_zone": "us-east-1a", "flow_operation_id": "1"}]


def test_a_later_round_adds_to_what_was_begun(tmp_path: Path) -> None:
    Starts(str(tmp_path)).begin({"flow_operation_id": "1"})
    again = Starts(str(tmp_path))
    again.note(again.begin({"flow_operation_id": None}), {"flow_operation_id": "2"})
    assert noted(tmp_path) == [{"flow_operation_id": "1"}, {"flow_operation_id": "2"}]


def test_zones_begin_at_the_same_time(tmp_path: Path) -> None:
    starts = Starts(str(tmp_path))

    def work(zone: int) -> None:
        for _time in range(5):
            starts.note(starts.begin({"zone": zone}), {"id": zone})

    threads = [threading.Thread(target=work, args=(zone,)) for zone in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = noted(tmp_path)
    assert len(told) == 20 and all(item["zone"] == item["id"] for item in told)


def test_where_it_cannot_be_written_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starts = Starts(str(tmp_path))

    def full(*_of_what: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(FlowOpsError, match="cannot be written .No space left on device.; nothing more is started"):
        starts.begin({})


def test_nothing_is_begun_without_room_for_the_evidence_still_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def free(mib: float) -> None:
        monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_bavail=mib * 256, f_frsize=4096))

    free(15)
    with pytest.raises(OptionError, match="its disk has 15 MiB left, and .* may need 16 MiB; nothing was started"):
        Starts(str(tmp_path))
    free(16)
    Starts(str(tmp_path))
    with (tmp_path / "capture-before.jsonl.gz").open("wb") as file:
        file.truncate(10 << 20)
    with pytest.raises(OptionError, match="16 MiB left, .* may need 20 MiB"):
        Starts(str(tmp_path))


@pytest.mark.parametrize(
    "content,said", [(b"{}", "it is not a list"), (b"[", "it is not JSON"), (None, "it is a folder")]
)
def test_what_is_there_has_to_be_a_list_of_operations(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "operations.json"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with pytest.raises(FlowOpsError, match=said):
        Starts(str(tmp_path))


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none", Path(__file__)):
        with pytest.raises(OptionError, match="evidence_path: .* it is not a folder that state=begun has made"):
            Starts(str(path))
