# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.emulator.server import Emulator
from ansible_collections.flowops.aws.tests.integration.harness.firewalls import FirewallRunner
from ansible_collections.flowops.aws.tests.integration.harness.runner import REGION, PlaybookRunner, make_client


@pytest.fixture(scope="module")
def emulator(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    """One emulator for each module of tests, with no firewall in it; operations take the module's DURATION or 0.3 s."""
    with Emulator(duration=getattr(request.module, "DURATION", 0.3)) as running:
        # moto has one state for all of a process: buckets and instances of the modules before this one would be there.
        forget = urllib.request.Request(f"{running.url}/moto-api/reset", method="POST")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(forget, timeout=30) as answer:
            assert answer.status == 200
        yield running


@pytest.fixture(scope="module")
def control(emulator: Emulator) -> Control:
    return emulator.control


@pytest.fixture(scope="module")
def run_playbook(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> PlaybookRunner:
    """Run a playbook against the module's emulator: run_playbook(path_or_text, extra_vars, env, check=...)."""
    return PlaybookRunner(tmp_path_factory.mktemp("playbooks"), emulator.url)


@pytest.fixture(scope="module")
def runner(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> FirewallRunner:
    """Run playbooks over hosts, each a firewall, against the module's emulator."""
    return FirewallRunner(tmp_path_factory.mktemp("runs"), emulator.url)


@pytest.fixture(scope="module")
def client(emulator: Emulator) -> Callable[..., Any]:
    """Make a plain boto3 client of the module's emulator."""

    def make(service: str = "network-firewall", region: str = REGION) -> Any:
        return make_client(emulator.url, service, region)

    return make


@pytest.fixture(scope="module")
def aws(client: Callable[..., Any]) -> Any:
    return client()
