# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of a remediation and the page of a fleet, used in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.keys import Keys

from ansible_collections.flowops.aws.plugins.plugin_utils.report.fleet import pages as fleet_pages
from ansible_collections.flowops.aws.plugins.plugin_utils.report.fleet.build import fleet_view
from ansible_collections.flowops.aws.plugins.plugin_utils.report.fleet.facts import fleet_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.remediation import pages as remediation_pages
from ansible_collections.flowops.aws.plugins.plugin_utils.report.remediation.build import remediation_view
from ansible_collections.flowops.aws.plugins.plugin_utils.report.remediation.facts import remediation_of
from ansible_collections.flowops.aws.tests.browser import samples
from ansible_collections.flowops.aws.tests.browser.page import PHONE, Page

FIREWALLS = 40


def remediation() -> dict[str, Any]:
    """Return the result of a remediation that cut a flow that was no finding, with a guard, steps and operations."""
    flow = {**samples.findings(4)[3], "kind": "newborn"}
    return {
        "firewall_arn": samples.ARN,
        "verdict": "collateral",
        "nothing_else": "collateral",
        "planned": 500,
        "gone": 499,
        "survived": 1,
        "reborn": 0,
        "inseparable": 1,
        "inseparable_flows": [flow],
        "collateral_count": 1,
        "collateral": [flow],
        "by_rule": {"no-ssh-to-internet": {"planned": 500, "gone": 499, "survived": 1, "reborn": 0}},
        "rehearsal": {"flow_operation_ids": [f"0a1b2c3d-0000-4000-8000-{place:012}" for place in range(4)]},
        "trial": False,
        "guards": [{"name": "flow_remediate_max_percent", "value": "14.2 %", "limit": "20 %", "passed": True}],
        "flow_operations": samples.audit([])["operations"],
        "flush_count": 3,
        "caller_identity": {"arn": "arn:aws:sts::123456789012:assumed-role/flow-remediation/" + "x" * 60},
        "evidence": {"path": "/var/lib/flowops/evidence/" + "deep/" * 20, "manifest_sha256": "9f86d081" * 8},
    }


@pytest.fixture(scope="module")
def of_remediation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a remediation that leads to the page of its audit."""
    folder = tmp_path_factory.mktemp("remediation")
    (folder / "egress-report.html").write_text("<title>the audit</title>", encoding="utf-8")
    view = remediation_view(remediation_of(remediation()), audit_report="egress-report.html")
    (folder / "egress-remediation.html").write_text(remediation_pages.html_of(view), encoding="utf-8")
    return folder / "egress-remediation.html"


@pytest.fixture(scope="module")
def of_fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of forty firewalls, every fourth with findings, and of one that is missing."""
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "a-report.html").write_text("<title>the audit</title>", encoding="utf-8")
    results = [
        samples.audit(
            samples.findings(number) if number % 4 == 0 else [],
            firewall_arn=samples.ARN.replace("egress", f"firewall-{number:02}"),
            firewall_name=f"firewall-{number:02}",
            links={"report": "a-report.html"},
        )
        for number in range(FIREWALLS)
    ]
    view = fleet_view(fleet_of(results, (), [samples.ARN.replace("egress", "lost")]))
    (folder / "fleet.html").write_text(fleet_pages.html_of(view), encoding="utf-8")
    return folder / "fleet.html"


def test_a_remediation_says_first_what_was_cut_that_should_not_have_been(browser: Page, of_remediation: Path) -> None:
    browser.open(of_remediation)
    assert browser.text("#verdict").startswith("Collateral")
    assert browser.run("return document.getElementById('verdict').getBoundingClientRect().bottom < innerHeight / 3")
    assert "Flows that are no findings were cut." in browser.text("section.verdict")
    assert not browser.complaints()


def test_a_remediation_leads_to_its_audit(browser: Page, of_remediation: Path) -> None:
    browser.open(of_remediation)
    browser.tab_to("focused.innerText === 'The audit that found them'", most=1)
    browser.press(Keys.ENTER)
    assert browser.driver.title == "the audit"


@pytest.fixture(params=["of_remediation", "of_fleet"])
def either(request: pytest.FixtureRequest) -> Path:
    """One page and the other."""
    path: Path = request.getfixturevalue(request.param)
    return path


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_runs_off_a_phone(browser: Page, either: Path, dark: bool) -> None:
    browser.open(either, PHONE, dark=dark)
    assert browser.fits()


def test_they_ask_for_nothing_but_themselves(browser: Page, either: Path) -> None:
    browser.open(either)
    assert len(browser.requests()) == 1
    assert not browser.complaints()


def test_they_are_dark_where_dark_is_preferred(browser: Page, either: Path, shade: Callable[[], int]) -> None:
    browser.open(either)
    assert shade() > 600
    browser.open(either, dark=True)
    assert shade() < 150


@pytest.fixture
def shade(browser: Page) -> Callable[[], int]:
    """Return how light the page is, from 0 to 765."""

    def measured() -> int:
        colour = browser.run("return getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in str(colour).strip("rgb()").split(","))

    return measured


def test_a_fleet_says_first_how_many_are_broken_and_what_is_missing(browser: Page, of_fleet: Path) -> None:
    browser.open(of_fleet)
    # The first of every fourth has none.
    assert browser.text("#verdict").startswith(f"Noncompliant — {FIREWALLS // 4 - 1} of {FIREWALLS + 1} firewalls")
    assert "firewall/lost" in browser.text("section[aria-labelledby=missing]")
    first = browser.text("#rows > tr")
    assert "firewall-36" in first and "Noncompliant" in first


def test_firewalls_are_found_and_lead_to_their_pages(browser: Page, of_fleet: Path) -> None:
    browser.open(of_fleet)
    assert browser.search("noncompliant firewall-3") == f"2 of {FIREWALLS} firewalls"
    assert browser.search("") == ""
    browser.tab_to("focused.id === 'search'")
    browser.press("firewall-07")
    assert browser.text("#said") == f"1 of {FIREWALLS} firewalls"
    browser.tab_to("focused.innerText === 'report'", most=1)
    browser.press(Keys.ENTER)
    assert browser.driver.title == "the audit"
