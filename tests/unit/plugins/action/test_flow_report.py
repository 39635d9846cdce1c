# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import gzip
import hashlib
import json
import os
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader

from ansible_collections.flowops.aws.plugins.action import flow_report
from ansible_collections.flowops.aws.plugins.modules import flow_report as documentation
from ansible_collections.flowops.aws.plugins.plugin_utils.report.task import ARGUMENT_SPEC

AUDIT = {
    "verdict": "noncompliant",
    "flow_count": 10,
    "findings_total": 2,
    "findings": [{"source_address": "10.0.0.1", "rule": "a", "severity": "low"}],
    "audited_at": "2026-01-31T12:00:00+00:00",
}


def run(folder: Path, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    loader = DataLoader()
    loader.set_basedir(str(folder))
    task = SimpleNamespace(args={"audit": AUDIT, **options}, async_val=0, check_mode=check_mode, action="flow_report")
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    action = flow_report.ActionModule(task, connection, None, loader, None, None)
    # As the plugin loader does, which ansible-core 2.18 asks for.
    action._load_name = "flowops.aws.flow_report"
    return action.run(task_vars={})


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_both_reports_are_written_and_described(tmp_path: Path) -> None:
    result = run(tmp_path, html_dest=str(tmp_path / "a.html"), markdown_dest=str(tmp_path / "a.md"), title="My title")
    assert result["changed"] is True
    assert [report["format"] for report in result["reports"]] == ["html", "markdown"]
    for report in result["reports"]:
        content = Path(report["dest"]).read_bytes()
        assert report["sha256"] == hashlib.sha256(content).hexdigest()
        assert report["size"] == len(content)
        assert b"My title" in content
        assert mode_of(Path(report["dest"])) == 0o600
    assert sorted(os.listdir(tmp_path)) == ["a.html", "a.md"]


def test_the_same_report_is_not_written_again(tmp_path: Path) -> None:
    first = run(tmp_path, html_dest="a.html")
    before = (tmp_path / "a.html").stat().st_ino
    again = run(tmp_path, html_dest="a.html")
    assert (again["changed"], again["reports"]) == (False, first["reports"])
    assert (tmp_path / "a.html").stat().st_ino == before
    assert "is up to date" in again["msg"]
    assert run(tmp_path, html_dest="a.html", title="Another")["changed"] is True


def test_check_mode_says_what_it_would_write_and_writes_nothing(tmp_path: Path) -> None:
    said = run(tmp_path, check_mode=True, html_dest="a.html")
    assert os.listdir(tmp_path) == []
    assert said["msg"] == f"Would write the html report {tmp_path}/a.html."
    done = run(tmp_path, html_dest="a.html")
    assert (said["changed"], said["reports"]) == (done["changed"], done["reports"])
    assert run(tmp_path, check_mode=True, html_dest="a.html")["changed"] is False


def test_a_report_that_others_can_read_is_made_private(tmp_path: Path) -> None:
    run(tmp_path, markdown_dest="a.md")
    (tmp_path / "a.md").chmod(0o644)
    assert run(tmp_path, check_mode=True, markdown_dest="a.md")["changed"] is True
    assert mode_of(tmp_path / "a.md") == 0o644
    assert run(tmp_path, markdown_dest="a.md")["changed"] is True
    assert mode_of(tmp_path / "a.md") == 0o600


def test_a_link_is_replaced_and_what_it_points_to_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    (tmp_path / "a.md").symlink_to(tmp_path / "precious")
    assert run(tmp_path, markdown_dest="a.md")["changed"] is True
    assert not (tmp_path / "a.md").is_symlink()
    assert (tmp_path / "precious").read_text() == "precious"


@pytest.mark.parametrize("name", ["all.jsonl", "all.jsonl.gz"])
def test_all_findings_are_read_from_a_file(tmp_path: Path, name: str) -> None:
    lines = b"".join(json.dumps({"source_address": f"10.0.0.{host}", "rule": "b"}).encode() + b"\n" for host in (7, 8))
    (tmp_path / name).write_bytes(gzip.compress(lines) if name.endswith(".gz") else lines)
    result = run(tmp_path, html_dest="a.html", findings_src=name)
    text = (tmp_path / "a.html").read_text()
    assert "10.0.0.7" in text and "10.0.0.8" in text and "10.0.0.1" not in text
    assert "warnings" not in result


def test_a_contradiction_between_file_and_audit_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "all.jsonl").write_bytes(b"{}\n")
    assert run(tmp_path, html_dest="a.html", findings_src="all.jsonl")["warnings"] == [
        "The findings file holds 1 finding, the audit result says 2."
    ]


def test_templates_in_the_data_stay_as_they_are(tmp_path: Path) -> None:
    run(tmp_path, html_dest="a.html", audit={**AUDIT, "warnings": ["{{ 7*7 }} {% if %}"]}, title="{{ 6*6 }}")
    text = (tmp_path / "a.html").read_text()
    assert "{{ 7*7 }} {% if %}" in text and "{{ 6*6 }}" in text


MACHINE = {"json_dest": "a.json", "csv_dest": "a.csv", "asff_dest": "a-asff.json", "ocsf_dest": "a.jsonl"}
NAMED = {**AUDIT, "firewall_arn": "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"}


def test_formats_for_programs_are_written_described_and_not_written_again(tmp_path: Path) -> None:
    said = run(tmp_path, check_mode=True, audit=NAMED, **MACHINE)
    assert os.listdir(tmp_path) == []
    result = run(tmp_path, audit=NAMED, **MACHINE)
    assert (said["changed"], said["reports"]) == (True, result["reports"])
    assert [report["format"] for report in result["reports"]] == ["json", "csv", "asff", "ocsf"]
    for report in result["reports"]:
        content = Path(report["dest"]).read_bytes()
        assert (report["sha256"], report["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
        assert mode_of(Path(report["dest"])) == 0o600
    again = run(tmp_path, audit=NAMED, **MACHINE)
    assert (again["changed"], again["reports"]) == (False, result["reports"])
    assert sorted(os.listdir(tmp_path)) == sorted(MACHINE.values())
    assert json.loads((tmp_path / "a.json").read_text())["verdict"] == "noncompliant"


def test_the_csv_holds_every_finding_of_the_file_and_is_compressed_by_its_name(tmp_path: Path) -> None:
    lines = [json.dumps({"source_address": f"10.0.{host // 250}.{host % 250}", "rule": "a"}) for host in range(3000)]
    (tmp_path / "all.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    audit = {**AUDIT, "findings_total": 3000}
    plain = run(tmp_path, audit=audit, findings_src="all.jsonl.gz", csv_dest="a.csv")
    assert "warnings" not in plain
    assert (tmp_path / "a.csv").read_bytes().count(b"\r\n") == 3001
    packed = run(tmp_path, audit=audit, findings_src="all.jsonl.gz", csv_dest="a.csv.gz")
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()) == (tmp_path / "a.csv").read_bytes()
    assert packed["reports"][0]["size"] == (tmp_path / "a.csv.gz").stat().st_size
    assert run(tmp_path, audit=audit, findings_src="all.jsonl.gz", csv_dest="a.csv.gz")["changed"] is False


def test_a_csv_of_a_capped_result_warns_that_it_is_not_whole(tmp_path: Path) -> None:
    assert run(tmp_path, csv_dest="a.csv")["warnings"] == [
        "csv_dest: the audit result itself holds only 1 of 2 findings; give findings_src to have all of them."
    ]


def test_rules_without_findings_are_archived_unless_that_is_switched_off(tmp_path: Path) -> None:
    rules = [{"name": "a", "action": "deny"}, {"name": "b", "action": "deny"}]
    audit = {**NAMED, "findings_total": 1, "rules": rules}
    run(tmp_path, audit=audit, asff_dest="a.json")
    assert [item["RecordState"] for item in json.loads((tmp_path / "a.json").read_text())] == ["ACTIVE", "ARCHIVED"]
    run(tmp_path, audit=audit, asff_dest="a.json", asff_archive=False)
    assert [item["RecordState"] for item in json.loads((tmp_path / "a.json").read_text())] == ["ACTIVE"]


@pytest.mark.parametrize(
    ("members", "option"),
    [({}, "asff_dest"), ({"audited_at": ""}, "ocsf_dest"), ({"firewall_arn": "no"}, "asff_dest")],
)
def test_what_a_format_needs_is_found_missing_before_anything_is_written(
    tmp_path: Path, members: dict[str, Any], option: str
) -> None:
    result = run(tmp_path, audit={**AUDIT, **members}, html_dest="a.html", **{option: "b"})
    assert result["failed"] is True
    assert result["msg"].startswith(("asff_dest: ", "ocsf_dest: ", "audit.firewall_arn: "))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("options", "start", "end"),
    [
        (
            {"html_dest": "no/a.html"},
            "html_dest: '{0}/no/a.html'",
            "; its folder {0}/no does not exist, make it first.",
        ),
        ({"markdown_dest": "taken"}, "markdown_dest: '{0}/taken'", "; it is a folder, give the path of a file."),
        (
            {"html_dest": "a", "markdown_dest": "a"},
            "markdown_dest: '{0}/a'",
            "; it must name another file than html_dest.",
        ),
        (
            {"html_dest": "bad", "findings_src": "bad"},
            "html_dest: '{0}/bad'",
            "; it must name another file than findings_src.",
        ),
        ({"html_dest": "a", "max_rows": -1}, "max_rows: -1", "; it must be a number from 0 to 100000."),
        ({"html_dest": "a", "max_rows": 100001}, "max_rows: 100001", "; it must be a number from 0 to 100000."),
        ({"html_dest": "a", "findings_src": "none"}, "findings_src: '{0}/none'", ".gz): No such file or directory."),
        ({"html_dest": "a", "findings_src": "bad"}, "findings_src: '{0}/bad'", ".gz), and line 2 is not JSON."),
        (
            {"html_dest": "a", "findings_src": "bad.gz"},
            "findings_src: '{0}/bad.gz'",
            ".gz): what it holds is not whole compressed data.",
        ),
        (
            {"html_dest": "a", "findings_src": "cut.gz"},
            "findings_src: '{0}/cut.gz'",
            ".gz): what it holds is not whole compressed data.",
        ),
    ],
)
@pytest.mark.parametrize("check_mode", [False, True])
def test_a_bad_option_is_named_and_nothing_is_written(
    tmp_path: Path, options: dict[str, Any], start: str, end: str, check_mode: bool
) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "bad").write_bytes(b"{}\nno\n")
    (tmp_path / "bad.gz").write_bytes(b"{}\n")
    (tmp_path / "cut.gz").write_bytes(gzip.compress(b'{"rule": "a"}\n' * 1000)[:40])
    before = sorted(os.listdir(tmp_path))
    result = run(tmp_path, check_mode=check_mode, **options)
    assert result["failed"] is True
    assert result["msg"].startswith(f"{start.format(tmp_path)} is not allowed; it")
    assert result["msg"].endswith(end.format(tmp_path))
    assert sorted(os.listdir(tmp_path)) == before


def test_a_failed_write_leaves_the_old_report_and_no_scrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.html").write_text("old")

    def refuse(_source: str, _dest: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    result = run(tmp_path, html_dest="a.html")
    assert result["failed"] is True
    assert (
        result["msg"]
        == f"html_dest: '{tmp_path}/a.html' is not allowed; it could not be written: No space left on device."
    )
    assert os.listdir(tmp_path) == ["a.html"]
    assert (tmp_path / "a.html").read_text() == "old"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "one of the following is required: html_dest, markdown_dest, json_dest, csv_dest, asff_dest, ocsf_dest"),
        ({"html_dest": "a", "colour": "red"}, "colour"),
        ({"html_dest": "a", "audit": [1]}, "audit"),
    ],
)
def test_options_are_held_against_the_specification(tmp_path: Path, options: dict[str, Any], words: str) -> None:
    with pytest.raises(AnsibleActionFail, match=words):
        run(tmp_path, **options)


def test_the_documentation_names_the_options_as_they_are() -> None:
    documented = yaml.safe_load(documentation.DOCUMENTATION)["options"]
    kept = ("type", "required", "default")
    assert {
        name: {key: option[key] for key in kept if key in option} for name, option in documented.items()
    } == ARGUMENT_SPEC
