# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of an audit, used in a real browser."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from ansible_collections.flowops.aws.tests.browser import samples
from ansible_collections.flowops.aws.tests.browser.page import PHONE, Page

FOUND = samples.findings(500)


def matching(page: Page) -> int:
    """Return how many findings the page says match."""
    said = page.text("#said")
    return int(said.split(" ")[0].replace(",", "")) if said[:1].isdigit() else 0


def address_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the address of an endpoint as the page shows it."""
    return ipaddress.ip_address(re.sub(r"^\[(.*)\](:\d+)?$|^([^:\s]+)(:\d+)?$", r"\1\3", text.split(maxsplit=1)[0]))


def of_network(text: str) -> int:
    """Return how many of the findings have an end in a network."""
    network = ipaddress.ip_network(text)
    ends = ("source_address", "destination_address")
    return sum(any(ipaddress.ip_address(flow[end]) in network for end in ends) for flow in FOUND)


def test_the_verdict_is_what_a_person_sees_first(browser: Page, usual: Path) -> None:
    browser.open(usual)
    assert "Noncompliant — 500 of 3,512 live flows break the policy" in browser.text("#verdict")
    assert browser.run("return document.getElementById('verdict').getBoundingClientRect().bottom < innerHeight / 3")
    assert not browser.complaints()


def test_it_asks_for_nothing_but_itself(browser: Page, usual: Path) -> None:
    browser.open(usual)
    browser.search("10.3.")
    assert len(browser.requests()) == 1
    refused = browser.driver.execute_async_script(
        "const done = arguments[0]; fetch('http://127.0.0.1:9/').then(() => done(false), () => done(true));"
    )
    assert refused and any("Content Security Policy" in entry["message"] for entry in browser.complaints())


@pytest.mark.parametrize("network", ["10.20.0.0/16", "10.0.0.0/8", "198.51.100.128/25", "fd00::/16", "2001:db8::/32"])
def test_a_network_finds_the_flows_of_either_end(browser: Page, usual: Path, network: str) -> None:
    browser.open(usual)
    said = browser.search(network)
    assert said == f"{of_network(network)} of 500 findings match."
    inside = ipaddress.ip_network(network)
    for source, destination in zip(browser.column(3), browser.column(4), strict=True):
        ends = [
            re.sub(r"^\[(.*)\](:\d+)?$|^([^:\s]+)(:\d+)?$", r"\1\3", text.split()[0]) for text in (source, destination)
        ]
        assert any(ipaddress.ip_address(end) in inside for end in ends)


def test_an_address_is_found_however_it_is_written(browser: Page, usual: Path) -> None:
    browser.open(usual)
    address = next(flow["source_address"] for flow in FOUND if ":" in flow["source_address"])
    browser.search(address)
    as_written = matching(browser)
    browser.search(ipaddress.ip_address(address).exploded.upper())
    assert matching(browser) == as_written >= 1
    browser.search("no-such-thing")
    assert browser.text("#said") == "No finding matches."


def test_ports_words_and_selections_narrow_each_other(browser: Page, usual: Path) -> None:
    browser.open(usual)
    browser.search(":443")
    ports = sum(443 in (flow.get("source_port"), flow.get("destination_port")) for flow in FOUND)
    assert matching(browser) == ports
    browser.search(":443 ssh eu-central-1a")
    wanted = [
        flow
        for flow in FOUND
        if flow.get("destination_port") == 443 and "ssh" in flow["rule"] and flow["availability_zone"].endswith("a")
    ]
    assert matching(browser) == len(wanted) > 0
    browser.search("")
    browser.run(
        "const box = document.getElementById('by-severity');"
        "box.value = [...box.options].find((option) => option.text === 'critical').value;"
        "box.dispatchEvent(new Event('change'));"
    )
    assert matching(browser) == sum(flow["severity"] == "critical" for flow in FOUND)
    browser.click("#clear")
    assert browser.text("#said") == ""
    assert browser.text("#place") == "Rows 1 to 50 of 500"


@pytest.mark.parametrize(("column", "member"), [("bytes", "byte_count"), ("age", "age"), ("packets", "packet_count")])
def test_numbers_are_sorted_both_ways_and_unknown_ones_come_last(
    browser: Page, usual: Path, column: str, member: str
) -> None:
    browser.open(usual)
    place = {"age": 6, "packets": 7, "bytes": 8}[column]
    browser.click(f"th[data-sort={column}] button")
    script = (
        "return [...document.querySelectorAll('#findings-rows > tr')].map((row) => row.cells[arguments[0]].innerText)"
    )
    falling = browser.run(script, place - 1)
    most = max(flow.get(member, 0) for flow in FOUND)
    exact = browser.run(
        "const cell = document.querySelector('#findings-rows > tr').cells[arguments[0]];"
        "return (cell.querySelector('span') || { title: cell.innerText }).title",
        place - 1,
    )
    assert int(re.sub(r"\D", "", exact)) == most
    assert browser.run("return document.querySelector('th[aria-sort]').getAttribute('aria-sort')") == "descending"
    browser.click(f"th[data-sort={column}] button")
    assert browser.run("return document.querySelector('th[aria-sort]').getAttribute('aria-sort')") == "ascending"
    assert browser.column(place) != falling
    unknown = sum(member not in flow for flow in FOUND)
    browser.click("#last")
    assert browser.column(place)[-unknown or len(FOUND) :] == ["–"] * unknown  # noqa: RUF001 - the dash of empty cells


def test_addresses_are_sorted_as_numbers(browser: Page, usual: Path) -> None:
    browser.open(usual)
    browser.click("th[data-sort=source] button")
    shown = [ipaddress.ip_address(text.split()[0].rsplit(":", 1)[0]) for text in browser.column(3)]
    assert shown == sorted(shown)
    assert {address.version for address in shown} == {4}
    assert str(shown[0]) == str(
        min(ipaddress.ip_address(flow["source_address"]) for flow in FOUND if ":" not in flow["source_address"])
    )


@pytest.mark.parametrize(
    ("section", "label", "member"),
    [
        ("rules", "no-plain-http", "rule"),
        ("severities", "medium", "severity"),
        ("zones", "eu-central-1b", "availability_zone"),
    ],
)
def test_a_click_on_a_bar_shows_its_findings_and_another_one_all(
    browser: Page, usual: Path, section: str, label: str, member: str
) -> None:
    browser.open(usual)
    line = (
        f"const row = [...document.querySelectorAll('section[aria-labelledby={section}] tbody tr')]"
        f".find((line) => line.querySelector('bdi').innerText === '{label}');"
    )
    row = browser.run(line + "return row.querySelector('svg.bar')")
    row.click()
    assert matching(browser) == sum(flow[member] == label for flow in FOUND)
    assert browser.run(line + "return row.querySelector('button').getAttribute('aria-pressed')") == "true"
    row.click()
    assert browser.text("#said") == ""


def test_a_click_on_a_talker_shows_its_findings(browser: Page, usual: Path) -> None:
    browser.open(usual)
    browser.run("return document.querySelector('section[aria-labelledby=talkers] tr[data-pick] svg.bar')").click()
    address = browser.run("return document.getElementById('search').value")
    assert matching(browser) == sum(
        flow["source_address"].startswith(address) or flow["destination_address"].startswith(address) for flow in FOUND
    )


def test_pages_are_turned(browser: Page, usual: Path) -> None:
    browser.open(usual)
    first = browser.column(3)
    browser.click("#further")
    assert browser.text("#place") == "Rows 51 to 100 of 500"
    assert not set(first) & set(browser.column(3))
    browser.click("#last")
    assert browser.text("#place") == "Rows 451 to 500 of 500"
    assert not browser.driver.find_element("id", "further").is_enabled()
    browser.click("#first")
    assert browser.column(3) == first


def test_the_script_shows_what_the_page_shows_without_it(browser: Page, usual: Path) -> None:
    browser.open(usual)
    by_script = browser.run("return document.getElementById('findings-rows').innerText")
    titles = "return [...document.querySelectorAll('#findings-rows [title]')].map((part) => part.title)"
    with_titles = browser.run(titles)
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    browser.open(usual)
    browser.driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert browser.run("return document.getElementById('controls').hidden")
    assert browser.run("return document.getElementById('findings-rows').innerText") == by_script
    assert browser.run(titles) == with_titles


def test_the_keyboard_alone_is_enough(browser: Page, usual: Path) -> None:
    browser.open(usual)
    browser.tab_to("focused.innerText === 'To the findings'", most=1)
    browser.tab_to("focused.innerText === 'no-plain-http'")
    browser.press(Keys.ENTER)
    assert matching(browser) == sum(flow["rule"] == "no-plain-http" for flow in FOUND)
    assert browser.run("return document.activeElement.id") == "findings"
    browser.tab_to("focused.id === 'search'")
    browser.press("10.2")
    browser.tab_to("focused.closest('th[data-sort=bytes]')")
    assert browser.run("return getComputedStyle(document.activeElement).outlineStyle") != "none"
    browser.press(Keys.SPACE)
    assert browser.run("return document.querySelector('th[aria-sort]').dataset.sort") == "bytes"
    narrowed = matching(browser)
    assert 0 < narrowed < sum(flow["rule"] == "no-plain-http" for flow in FOUND)
    browser.open(usual)
    browser.tab_to("focused.id === 'further'")
    browser.press(Keys.ENTER)
    assert browser.text("#place") == "Rows 51 to 100 of 500"


def test_it_is_dark_where_dark_is_preferred(browser: Page, usual: Path) -> None:
    colours = "return ['body', '#verdict'].map((part) => getComputedStyle(document.querySelector(part)))"
    shades = []
    for dark in (False, True):
        browser.open(usual, dark=dark)
        shades.append(browser.run(f"{colours}.map((style) => [style.backgroundColor, style.color])"))
    light, dark_shade = ([sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in shade[0]] for shade in shades)
    assert light[0] > 600 > light[1]
    assert dark_shade[0] < 150 < 400 < dark_shade[1]


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_runs_off_a_phone(browser: Page, usual: Path, dark: bool) -> None:
    browser.open(usual, PHONE, dark=dark)
    assert browser.fits()
    browser.search("fd00::/16")
    assert browser.fits()
    assert browser.run("return document.getElementById('sorting').offsetParent !== null")


def test_hostile_text_is_text(browser: Page, written: Callable[..., Path]) -> None:
    rules = [{"name": samples.HOSTILE, "action": "deny", "description": samples.HOSTILE}]
    flow = {**samples.findings(1)[0], "rule": samples.HOSTILE, "source_address": samples.HOSTILE}
    path = written(3, rules=rules, findings=[flow], findings_total=3, firewall_name=samples.HOSTILE)
    text = path.read_text(encoding="utf-8")
    assert "<img" not in text
    browser.open(path, PHONE)
    browser.click("th[data-sort=rule] button") if browser.run("return innerWidth") > 760 else None
    assert browser.run("return document.images.length") == 0
    assert "owned" not in browser.driver.title.split(":")[0]
    assert not browser.complaints()
    assert browser.fits()
