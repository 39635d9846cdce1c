# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.plugin_utils.report.audit_reader import audit_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report.formats.json import json_of
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.report.samples import (
    HOSTILE,
    audit,
    finding,
    viewed,
)


def written(result: dict[str, Any]) -> str:
    return json_of(audit_of(result), viewed(result))


def test_the_document_holds_what_the_audit_found() -> None:
    assert json.loads(written(audit())) == audit()


def test_the_order_of_keys_does_not_depend_on_the_input() -> None:
    backwards = dict(reversed(audit().items()))
    backwards["findings"] = [dict(reversed(item.items())) for item in audit()["findings"]]
    assert written(backwards) == written(audit())


def test_what_was_only_passed_along_stays_out() -> None:
    told = written(
        audit(
            invocation={"module_args": {"secret_key": "wJalr-1"}},
            ansible_facts={"key": "wJalr-2"},
            connection="wJalr-3",
        )
    )
    assert json.loads(told) == audit()


@pytest.mark.parametrize(
    "member", ["contradicting", "drift", "firewall_policy", "initiator", "reasons", "undecided", "unreadable"]
)
def test_what_only_some_audits_have_is_told(member: str) -> None:
    assert json.loads(written(audit(**{member: {"count": 1}})))[member] == {"count": 1}


@pytest.mark.parametrize(
    ("members", "verdict"),
    [({"findings": [], "findings_total": 0, "partial": True}, "inconclusive"), ({}, "noncompliant")],
)
def test_it_never_says_more_than_its_data_holds(members: dict[str, Any], verdict: str) -> None:
    document = json.loads(written(audit(verdict="compliant", **members)))
    assert document["verdict"] == verdict
    assert "The audit result says compliant" in document["warnings"][0]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_survives_as_data_in_ascii(text: str) -> None:
    told = written(audit(findings=[finding(rule=text)], firewall_name=text))
    assert told.isascii()
    assert all(line.isprintable() for line in told.splitlines())
    assert json.loads(told)["findings"][0]["rule"] == text
    assert json.loads(told)["firewall_name"] == text


def test_what_json_cannot_hold_is_written_as_text() -> None:
    document = json.loads(written(audit(flow_count=float("nan"), top={"by_bytes": (1,)})), parse_constant=pytest.fail)
    assert (document["flow_count"], document["top"]) == ("nan", {"by_bytes": [1]})
