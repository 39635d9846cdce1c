# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A report in a real Chromium: opened from disk, used as a person would, and asked what it shows."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.keys import Keys

PHONE = (390, 844)
DESK = (1280, 900)
_SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
# What a page does while a person waits: everything up to the frame that shows it.
_UNTIL_SHOWN = """
const done = arguments[1];
(new Function(arguments[0]))();
requestAnimationFrame(() => setTimeout(() => done(true), 0));
"""


class NoChromiumError(RuntimeError):
    """There is no browser to drive."""


def chromium() -> webdriver.Chrome:
    """Return a new headless Chromium; raise NoChromiumError where there is none."""
    binary = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        missing = "chromium" if binary is None else "chromedriver"
        raise NoChromiumError(
            f"{missing} is not there: install Debian's packages chromium and chromium-driver, or put both on PATH."
        )
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    for switch in _SWITCHES:
        options.add_argument(switch)
    return webdriver.Chrome(options=options, service=Service(driver))


@dataclass
class Page:
    """A page in the browser."""

    driver: webdriver.Chrome

    def open(self, path: Path, size: tuple[int, int] = DESK, *, dark: bool = False) -> None:
        """Open a file in a window of that size (CSS pixels), in the colours that a person prefers."""
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
        for log in ("performance", "browser"):
            self.driver.get_log(log)
        self.driver.get(path.as_uri())

    def run(self, script: str, *values: Any) -> Any:
        """Return what a script returns."""
        return self.driver.execute_script(script, *values)

    def text(self, selector: str) -> str:
        """Return the text that an element shows."""
        return str(self.run("return document.querySelector(arguments[0]).innerText", selector))

    def column(self, number: int) -> list[str]:
        """Return the cells of a column of the findings that are shown, counted from 1."""
        script = "return [...document.querySelectorAll(arguments[0])].map((cell) => cell.innerText)"
        cells: list[str] = self.run(script, f"#findings-rows > tr > td:nth-child({number})")
        return cells

    def search(self, words: str) -> str:
        """Type into the search, as a whole, and return what the page says of it."""
        self.run(
            "const box = document.getElementById('search'); box.value = arguments[0];"
            "box.dispatchEvent(new Event('input'));",
            words,
        )
        return self.text("#said")

    def click(self, selector: str) -> None:
        """Click with the mouse."""
        self.driver.find_element("css selector", selector).click()

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        self.driver.switch_to.active_element.send_keys(*keys)

    def tab_to(self, condition: str, most: int = 200) -> None:
        """Press Tab until the focused element (focused) meets a condition in JavaScript."""
        for _time in range(most):
            self.press(Keys.TAB)
            if self.run(f"const focused = document.activeElement; return Boolean({condition})"):
                return
        raise AssertionError(f"Tab does not reach an element with {condition}")

    def requests(self) -> list[str]:
        """Return what the page asked for since it was opened, itself included."""
        entries = [str(entry["message"]) for entry in self.driver.get_log("performance")]
        return [entry for entry in entries if '"Network.requestWillBeSent"' in entry]

    def complaints(self) -> Sequence[Any]:
        """Return what the browser's console says, errors and refusals of the security policy among it."""
        return list(self.driver.get_log("browser"))

    def fits(self) -> bool:
        """Return whether nothing reaches over the right edge of the window, not even inside a part that scrolls."""
        return bool(
            self.run(
                "return document.documentElement.scrollWidth <= innerWidth && [...document.querySelectorAll('main *')]"
                ".every((part) => part.closest('svg, thead') || part.getBoundingClientRect().right <= innerWidth + 0.5)"
            )
        )

    def seconds_of(self, script: str) -> tuple[float, float]:
        """Return the processor time of the page and the time on the clock until a script's effect is shown."""
        before, started = self._processor_seconds(), time.monotonic()
        self.driver.execute_async_script(_UNTIL_SHOWN, script)
        return self._processor_seconds() - before, time.monotonic() - started

    def seconds_to_open(self, path: Path) -> tuple[float, float]:
        """Return the processor time of the page and the time on the clock until it is loaded."""
        self.driver.execute_cdp_cmd("Performance.enable", {})
        before, started = self._processor_seconds(), time.monotonic()
        self.driver.get(path.as_uri())
        self.driver.execute_async_script(_UNTIL_SHOWN, "")
        return self._processor_seconds() - before, time.monotonic() - started

    def _processor_seconds(self) -> float:
        metrics = self.driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
        return float(next(item["value"] for item in metrics if item["name"] == "ProcessTime"))
