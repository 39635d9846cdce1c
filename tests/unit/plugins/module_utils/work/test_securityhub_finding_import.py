# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.module_utils.work.securityhub_finding_import import BATCH, import_findings


def finding(number: int, **members: Any) -> dict[str, Any]:
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"unit-{number}",
        "ProductArn": "arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default",
        "GeneratorId": "test",
        "AwsAccountId": "123456789012",
        "CreatedAt": "2026-01-31T12:00:00.000Z",
        "UpdatedAt": "2026-01-31T12:00:00.000Z",
        "Title": "A title",
        "Description": "A description",
        "Resources": [{"Type": "Other", "Id": "something"}],
        **members,
    }


class Hub:
    """Security Hub's client as the SDK makes it, with an answer of the test's own in place of the call."""

    def __init__(self, client: Any, refuse: Callable[[str], bool] = lambda _name: False) -> None:
        self.client = client
        self.batches: list[int] = []
        self.refuse = refuse
        client.batch_import_findings = self.take

    def take(self, Findings: list[dict[str, Any]]) -> dict[str, Any]:
        self.batches.append(len(Findings))
        bad = [item["Id"] for item in Findings if self.refuse(item["Id"])]
        return {
            "FailedCount": len(bad),
            "SuccessCount": len(Findings) - len(bad),
            "FailedFindings": [{"Id": name, "ErrorCode": "InvalidInput", "ErrorMessage": "No.\nGood."} for name in bad],
        }


@pytest.fixture
def imported(module_of: Callable[..., Any], connect: Callable[..., Any]) -> Callable[..., Any]:
    def run(params: dict[str, Any], refuse: Callable[[str], bool] = lambda _name: False, **options: Any) -> Any:
        module = module_of(params, **options)
        hub = Hub(connect("securityhub"), refuse)
        module.client = lambda _service, aws_config=None: hub.client
        return import_findings(module), hub

    return run


def test_findings_go_in_batches_in_their_order(imported: Callable[..., Any]) -> None:
    result, hub = imported({"findings": [finding(number) for number in range(2 * BATCH + 1)]})
    assert hub.batches == [BATCH, BATCH, 1]
    assert (result["changed"], result["finding_count"], result["success_count"]) == (True, 201, 201)
    assert result["msg"] == "Imported 201 findings into AWS Security Hub."


def test_refused_findings_are_named_after_all_were_sent(imported: Callable[..., Any]) -> None:
    with pytest.raises(FlowOpsError) as caught:
        imported({"findings": [finding(number) for number in range(150)]}, lambda name: name.endswith("7"))
    assert caught.value.message == (
        "AWS Security Hub refused 15 of 150 findings: 'unit-7': No. Good (InvalidInput);"
        " 'unit-17': No. Good (InvalidInput); 'unit-27': No. Good (InvalidInput); and 12 more."
    )
    assert caught.value.details["success_count"] == 135
    assert [item["id"] for item in caught.value.details["failed_findings"]][-1] == "unit-147"


def test_check_mode_sends_nothing_and_still_checks(imported: Callable[..., Any]) -> None:
    result, hub = imported({"findings": [finding(1)]}, check_mode=True)
    assert hub.batches == []
    assert (result["changed"], result["msg"]) == (True, "Would import 1 finding into AWS Security Hub.")
    with pytest.raises(FlowOpsError, match="Missing required parameter"):
        imported({"findings": [{"Id": "x"}]}, check_mode=True)


@pytest.mark.parametrize("check_mode", [False, True])
def test_nothing_to_import_changes_nothing(imported: Callable[..., Any], check_mode: bool) -> None:
    result, hub = imported({"findings": []}, check_mode=check_mode)
    assert hub.batches == []
    assert (result["changed"], result["msg"]) == (False, "There is nothing to import into AWS Security Hub.")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, r"^src: '.*' is not allowed; give a file that holds a JSON list .*\(No such file or directory\)\.$"),
        ("{", r"^src: '.*' is not allowed; .*\(what is there is not JSON\)\.$"),
        ('{"Id": "a"}', r"^src: .* is not allowed; give a list of findings"),
        ('["a"]', r"^src\[0\]: 'a' is not allowed; give a finding"),
        ('[{"Id": "a"}]', r"^src\[0\]: 'a' is not allowed; .*Missing required parameter"),
    ],
)
def test_a_file_that_holds_no_findings_is_named(
    imported: Callable[..., Any], tmp_path: Path, content: str | None, words: str
) -> None:
    path = tmp_path / "findings.json"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(FlowOpsError, match=words) as caught:
        imported({"src": str(path)})
    assert "\n" not in caught.value.message


def test_a_file_is_read(imported: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "findings.json").write_text(json.dumps([finding(1), finding(2)]), encoding="utf-8")
    assert imported({"src": str(tmp_path / "findings.json")})[0]["success_count"] == 2
