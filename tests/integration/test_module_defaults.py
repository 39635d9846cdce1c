# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.flowops.aws.tests.emulator.control import Control
from ansible_collections.flowops.aws.tests.integration.harness.runner import CREDENTIALS, PlaybookRunner, Run


@pytest.fixture(scope="module")
def subnet_id(control: Control) -> str:
    control.add_firewall("egress", zones=["us-east-1a"], synthetic_flows=10)
    found: str = control.state()["firewalls"][0]["zones"]["us-east-1a"]["subnet_id"]
    return found


@pytest.fixture(scope="module")
def run(run_playbook: PlaybookRunner, subnet_id: str) -> Run:
    return run_playbook.target(
        "module_defaults",
        {
            "subnet_id": subnet_id,
            "fake_access_key": CREDENTIALS["AWS_ACCESS_KEY_ID"],
            "fake_secret_key": CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        },
        env={"AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None},
    )


def test_the_group_reaches_every_module_of_ours(run: Run) -> None:
    assert run["Ask our module"]["flow_operations"] == []
    assert run["Ask every other module of ours"]["flow_operations"][0]["flow_operation_status"] == "COMPLETED"
    assert len(run["Read flows"]["flows"]) == 10
    assert len(run["Flush"]["flow_operations"]) == 1
    assert run["Audit"]["verdict"] == "compliant"
    assert run["Read messages"]["messages"]


def test_the_group_reaches_modules_of_amazon_aws(run: Run, subnet_id: str) -> None:
    assert run["Ask who we are"]["account"] == "123456789012"
    (subnet,) = run["Ask for the subnets of the firewall"]["subnets"]
    assert (subnet["id"], subnet["availability_zone"]) == (subnet_id, "us-east-1a")


def test_the_secret_key_is_shown_nowhere(run: Run) -> None:
    secret = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
    assert secret not in run.output
    assert secret not in str([item.result for item in run.tasks])
