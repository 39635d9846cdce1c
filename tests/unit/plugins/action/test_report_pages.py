# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The actions that write the page of a remediation and that of a fleet."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader

from ansible_collections.flowops.aws.plugins.action import flow_fleet_report, flow_remediation_report
from ansible_collections.flowops.aws.plugins.modules import flow_fleet_report as fleet_documentation
from ansible_collections.flowops.aws.plugins.modules import flow_remediation_report as remediation_documentation
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.pages import kept, remediation, result
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import ARN


def run(plugin: ModuleType, folder: Path, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    loader = DataLoader()
    loader.set_basedir(str(folder))
    task = SimpleNamespace(args=options, async_val=0, check_mode=check_mode, action="report")
    connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
    action = plugin.ActionModule(task, connection, None, loader, None, None)
    # As the plugin loader does, which ansible-core 2.18 asks for.
    action._load_name = "flowops.aws.report"
    told: dict[str, Any] = action.run(task_vars={})
    return told


def test_the_page_of_a_remediation_is_written_private_and_once(tmp_path: Path) -> None:
    options = {
        "remediation": remediation(),
        "audit_report": str(tmp_path / "audits" / "egress-report.html"),
        "html_dest": "r.html",
        "markdown_dest": "r.md",
    }
    said = run(flow_remediation_report, tmp_path, check_mode=True, **options)
    assert os.listdir(tmp_path) == []
    done = run(flow_remediation_report, tmp_path, **options)
    assert (said["changed"], said["reports"]) == (True, done["reports"])
    assert [report["format"] for report in done["reports"]] == ["html", "markdown"]
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("r.html", "r.md")} == {0o600}
    assert 'href="audits/egress-report.html"' in (tmp_path / "r.html").read_text()
    assert run(flow_remediation_report, tmp_path, **options)["changed"] is False


def test_the_page_of_a_fleet_takes_results_and_folders(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "a-report.json").write_text(json.dumps(result("a")))
    (tmp_path / "reports" / "bad-report.json").write_text("{")
    told = run(
        flow_fleet_report,
        tmp_path,
        results=[kept("b", audited_at="2026-01-31T12:00:00Z")],
        report_dirs=["reports"],
        firewall_arns=[ARN],
        html_dest="fleet.html",
        markdown_dest="fleet.md",
    )
    assert told["verdicts"] == {"noncompliant": 1, "compliant": 1}
    assert told["missing"] == [
        {
            "firewall_arn": ARN,
            "reason": "no result of it was handed on, and no JSON report (json among the formats of the audit) is in"
            f" {tmp_path}/reports",
        }
    ]
    assert told["firewalls"][ARN.replace("egress", "b")] == {
        "verdict": "compliant",
        "partial": False,
        "audited_at": "2026-01-31 12:00:00 UTC",
        "flow_count": 1512,
        "findings_total": 0,
        "plan_flow_count": 0,
    }
    assert told["warnings"] == [f"'{tmp_path}/reports/bad-report.json' line 1: it is not JSON. It was left out."]
    assert "1 of 3 firewalls" in (tmp_path / "fleet.html").read_text()


@pytest.mark.parametrize(
    ("plugin", "options", "words"),
    [
        (flow_fleet_report, {"html_dest": "none/a.html"}, "html_dest: '{0}/none/a.html' is not allowed"),
        (flow_fleet_report, {"html_dest": "a", "report_dirs": ["none"]}, "report_dirs: '{0}/none' is not allowed"),
        (flow_fleet_report, {"html_dest": "a", "markdown_dest": "a"}, "markdown_dest: '{0}/a' is not allowed"),
        (flow_remediation_report, {"remediation": {}, "html_dest": "none/a"}, "html_dest: '{0}/none/a' is not allowed"),
    ],
)
def test_a_bad_option_is_named_and_nothing_is_written(
    tmp_path: Path, plugin: ModuleType, options: dict[str, Any], words: str
) -> None:
    told = run(plugin, tmp_path, **options)
    assert told["failed"] is True
    assert told["msg"].startswith(words.format(tmp_path))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("plugin", [flow_fleet_report, flow_remediation_report])
def test_a_page_is_needed(tmp_path: Path, plugin: ModuleType) -> None:
    with pytest.raises(AnsibleActionFail, match="html_dest, markdown_dest"):
        run(plugin, tmp_path, **({"remediation": {}} if plugin is flow_remediation_report else {}))


@pytest.mark.parametrize(
    ("plugin", "documentation"),
    [(flow_fleet_report, fleet_documentation), (flow_remediation_report, remediation_documentation)],
)
def test_the_documentation_names_the_options_as_they_are(plugin: ModuleType, documentation: ModuleType) -> None:
    documented = yaml.safe_load(documentation.DOCUMENTATION)["options"]
    kept_keys = ("type", "elements", "required", "default")
    assert {
        name: {key: option[key] for key in kept_keys if key in option} for name, option in documented.items()
    } == plugin.ActionModule.SPEC
