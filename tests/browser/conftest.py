# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.plugin_utils.report.audit_reader import audit_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.build import view_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.html import html_of
from ansible_collections.flowops.aws.tests.browser import samples
from ansible_collections.flowops.aws.tests.browser.page import NoChromiumError, Page, chromium


@pytest.fixture(scope="session")
def browser() -> Iterator[Page]:
    """A Chromium; where there is none, the tests fail and say so."""
    try:
        driver = chromium()
    except NoChromiumError as error:
        pytest.fail(str(error), pytrace=False)
    yield Page(driver)
    driver.quit()


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write the report of so many findings, and of what else the audit says; return its path."""

    def write(count: int, **members: Any) -> Path:
        found = samples.findings(count)
        view = view_of(audit_of(samples.audit(found, **members)), found)
        path = tmp_path_factory.mktemp("page") / "report.html"
        path.write_text(html_of(view), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def usual(written: Callable[..., Path]) -> Path:
    """The report of 500 findings."""
    return written(500)


@pytest.fixture(scope="session")
def large(written: Callable[..., Path]) -> Path:
    """The report of 100,000 findings."""
    return written(100_000)
