# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.plugin_utils.report import view_of
from ansible_collections.flowops.aws.plugins.plugin_utils.report_json import json_of
from ansible_collections.flowops.aws.tests.unit.plugins.plugin_utils.samples import HOSTILE, audit, finding


def written(result: dict[str, Any]) -> str:
    return json_of(result, view_of(result))


def test_the_document_holds_what_the_audit_found() -> None:
    assert json.loads(written(audit())) == audit()


def test_the_order_of_keys_does_not_depend_on_the_input() -> None:
    backwards = dict(reversed(audit().items()))
    backwards["findings"] = [dict(reversed(item.items())) for item in audit()["findings"]]
    assert written(backwards) == written(audit())


def test_options_and_secrets_stay_out() -> None:
    told = written(
        audit(
            invocation={"module_args": {"secret_key": "wJalr-1"}},
            ansible_facts={"key": "wJalr-2"},
            operations=[{"flow_operation_id": "op-1", "session_token": "wJalr-3", "next_token": "wJalr-4"}],
            plan={"connection": {"aws_access_key": "wJalr-5", "secret_key": "wJalr-6"}, "hash": "ab12"},
        )
    )
    assert "wJalr" not in told
    document = json.loads(told)
    assert document["operations"] == [{"flow_operation_id": "op-1"}]
    assert document["plan"] == {"connection": {}, "hash": "ab12"}


def test_a_rule_named_like_a_secret_keeps_its_count() -> None:
    assert json.loads(written(audit(counts={"by_rule": {"no-token-port": 3}})))["counts"]["by_rule"] == {
        "no-token-port": 3
    }


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
