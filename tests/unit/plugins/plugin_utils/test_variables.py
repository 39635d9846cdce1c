# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError
from ansible_collections.flowops.aws.plugins.plugin_utils.variables import OF_PLAYBOOKS, check_names

ROOT = Path(__file__).resolve().parents[4]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())


def options_of(role: str) -> set[str]:
    spec = yaml.safe_load((ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    return {name for entry in spec["argument_specs"].values() for name in entry["options"]}


def test_a_guard_that_was_mistyped_is_refused_with_the_name_that_was_meant() -> None:
    with pytest.raises(FlowOpsError) as failure:
        check_names(["flow_remediate_max_flow"], {"flow_remediate_": options_of("flow_remediate")})
    assert failure.value.message == (
        "flow_remediate_max_flow: there is no such variable; did you mean flow_remediate_max_flows?"
        " Nothing was asked of AWS."
    )


def test_a_name_like_none_is_refused_too_and_many_are_counted() -> None:
    names = [f"flow_audit_{letter * 9}" for letter in "qwxyzvk"]
    with pytest.raises(
        FlowOpsError,
        match=r"qqq: there is no such variable, though it begins with flow_audit_\. .* 2 more are unknown\.",
    ):
        check_names(names, {"flow_audit_": options_of("flow_audit")})


@pytest.mark.parametrize("role", ROLES)
def test_what_belongs_there_is_allowed(role: str) -> None:
    options = options_of(role)
    own = [f"{role}__run", f"{role}_result", f"{role}_of_111122223333_us_east_1_egress", role, "ansible_host"]
    check_names([*options, *own, *(name for other in ROLES for name in options_of(other))], {f"{role}_": options})


@pytest.mark.parametrize("role", ROLES)
def test_every_role_looks_before_it_does_anything_else(role: str) -> None:
    tasks = ROOT / "roles" / role / "tasks"
    first = next(path for name in ("check.yml", "main.yml") if (path := tasks / name).exists())
    task = yaml.safe_load(first.read_text(encoding="utf-8"))[0]
    assert task["flowops.aws.flow_variables"]["role"] == role


def test_the_variables_of_the_playbooks_are_known() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "playbooks").rglob("*.yml"))
    texts += "".join(path.read_text(encoding="utf-8") for path in (ROOT / "roles").rglob("*.yml"))
    named = set(re.findall(r"\bflowops_[a-z0-9_]*[a-z]\b", texts))
    assert named == OF_PLAYBOOKS
    with pytest.raises(FlowOpsError, match="did you mean flowops_firewall_arns"):
        check_names(["flowops_firewal_arns"], {"flowops_": OF_PLAYBOOKS})
