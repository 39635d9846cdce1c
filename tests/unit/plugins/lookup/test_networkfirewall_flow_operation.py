# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible.errors import AnsibleLookupError
from ansible_collections.amazon.aws.plugins.plugin_utils.lookup import AWSLookupBase

from ansible_collections.flowops.aws.plugins.lookup import networkfirewall_flow_operation as lookup

ARN = "arn:aws:network-firewall:us-east-1:123456789012:firewall/egress"
NO_SUCH_ID = "0a1b2c3d-0000-4000-8000-0123456789ab"


class Lookup(lookup.LookupModule):
    """The lookup with its options and its client at hand; the plugin loader is not what is tested here."""

    def __init__(self, connect: Callable[..., Any], options: dict[str, Any]) -> None:
        super().__init__()
        self.connect = connect
        self.options = {
            "timeout": 0,
            "on_timeout": "error",
            "on_failed": "error",
            "on_partial": "warn",
            "firewall_arn": ARN,
            **options,
        }
        self.warned: list[str] = []

    def get_option(self, option: str, hostvars: Any = None) -> Any:
        return self.options.get(option)

    def client(self, service: str, *_args: Any, aws_config: Any = None, **_options: Any) -> Any:
        return self.connect(service, config=aws_config)

    def warn(self, message: str) -> None:
        self.warned.append(message)


@pytest.fixture
def looked_up(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, retry_sleeps: list[float]
) -> Callable[..., tuple[list[Any], Lookup]]:
    monkeypatch.setattr(AWSLookupBase, "run", lambda *_args, **_options: None)

    def run(*terms: Any, **options: Any) -> tuple[list[Any], Lookup]:
        plugin = Lookup(connect, options)
        return plugin.run(list(terms), {}), plugin

    return run


@pytest.fixture
def ended(control: Any) -> Callable[..., str]:
    def make(status: str = "COMPLETED", zone: str = "us-east-1a", **options: Any) -> str:
        identifiers: list[str] = control.add_operations("egress", zone, status=status, **options)
        return identifiers[0]

    return make


def test_terms_are_ids_or_mappings_and_answers_keep_their_order(
    looked_up: Callable[..., Any], ended: Callable[..., str]
) -> None:
    first, second, third = ended(), ended(zone="us-east-1b"), ended(type="FLOW_FLUSH")
    item = {
        "firewall_arn": ARN,
        "availability_zone": "us-east-1b",
        "flow_operation_id": second,
        "flow_operation_status": "IN_PROGRESS",
    }
    found, plugin = looked_up(third, item, first)
    assert [answer["flow_operation_id"] for answer in found] == [third, second, first]
    assert [answer["flow_operation_type"] for answer in found] == ["FLOW_FLUSH", "FLOW_CAPTURE", "FLOW_CAPTURE"]
    assert {answer["flow_operation_status"] for answer in found} == {"COMPLETED"}
    assert {answer["partial"] for answer in found} == {False}
    assert found[1]["availability_zone"] == "us-east-1b"
    assert found[0]["flow_request_timestamp"].endswith("+00:00")
    assert plugin.warned == []


def test_a_name_is_resolved_once_for_all_terms(
    looked_up: Callable[..., Any], ended: Callable[..., str], control: Any
) -> None:
    found, _plugin = looked_up(ended(), ended(), firewall_arn=None, firewall_name="egress")
    assert [answer["firewall_arn"] for answer in found] == [ARN, ARN]
    assert control.calls()["counts"] == {"DescribeFirewall": 1, "DescribeFlowOperation": 2}


def test_it_never_starts_anything(looked_up: Callable[..., Any], ended: Callable[..., str], control: Any) -> None:
    looked_up(ended())
    assert control.calls()["starts"] == []
    assert set(control.calls()["counts"]) == {"DescribeFlowOperation"}


def test_settings_of_the_sdk_are_checked_and_used(looked_up: Callable[..., Any], ended: Callable[..., str]) -> None:
    with pytest.raises(AnsibleLookupError, match="aws_config: .*bogus"):
        looked_up(ended(), aws_config={"bogus": 1})
    assert looked_up(ended(), aws_config={"retries": {"mode": "adaptive"}})[0]


def test_no_terms_need_no_firewall_and_no_call(looked_up: Callable[..., Any], control: Any) -> None:
    assert looked_up(firewall_arn=None)[0] == []
    assert control.calls()["counts"] == {}


CASES = [
    ("on_timeout", "IN_PROGRESS", "had not ended when timeout, 0 seconds"),
    ("on_failed", "FAILED", "failed"),
    ("on_partial", "COMPLETED_WITH_ERRORS", "completed with errors"),
]


@pytest.mark.parametrize(("option", "status", "said"), CASES)
def test_error_fails_with_one_sentence(
    looked_up: Callable[..., Any], ended: Callable[..., str], option: str, status: str, said: str
) -> None:
    good, bad = ended(), ended(status, remaining=None)
    with pytest.raises(AnsibleLookupError, match=said) as caught:
        looked_up(good, bad, **{option: "error"})
    assert bad in str(caught.value) and good not in str(caught.value)


@pytest.mark.parametrize(("option", "status", "said"), CASES)
def test_warn_warns_and_returns_it(
    looked_up: Callable[..., Any], ended: Callable[..., str], option: str, status: str, said: str
) -> None:
    good, bad = ended(), ended(status, remaining=None)
    found, plugin = looked_up(good, bad, **{option: "warn"})
    assert [(answer["flow_operation_status"], answer["partial"]) for answer in found] == [
        ("COMPLETED", False),
        (status, True),
    ]
    assert len(plugin.warned) == 1 and said in plugin.warned[0] and bad in plugin.warned[0]


@pytest.mark.parametrize(("option", "status", "said"), CASES)
def test_skip_leaves_it_out(
    looked_up: Callable[..., Any], ended: Callable[..., str], option: str, status: str, said: str
) -> None:
    good, bad = ended(), ended(status, remaining=None)
    found, plugin = looked_up(bad, good, **{option: "skip"})
    assert [answer["flow_operation_id"] for answer in found] == [good]
    assert plugin.warned == []


def test_the_reason_that_aws_gives_is_told(
    looked_up: Callable[..., Any], ended: Callable[..., str], control: Any
) -> None:
    control.settings(status_message="Flow operation error")
    with pytest.raises(AnsibleLookupError, match=r"failed \(Flow operation error\)"):
        looked_up(ended("FAILED"))


@pytest.mark.parametrize(
    ("term", "options", "parts"),
    [
        ("nonsense", {}, ["flow_operation_id: 'nonsense'"]),
        (None, {}, ["flow_operation_id: None"]),
        (7, {}, ["flow_operation_id: 7"]),
        ({}, {}, ["flow_operation_id: None"]),
        (NO_SUCH_ID, {}, [NO_SUCH_ID, "ResourceNotFoundException"]),
        (NO_SUCH_ID, {"timeout": -1}, ["timeout: -1", "from 0 up"]),
        (NO_SUCH_ID, {"firewall_arn": None}, [NO_SUCH_ID, "firewall_arn or firewall_name"]),
        (NO_SUCH_ID, {"firewall_arn": "egress"}, ["firewall_arn: 'egress'"]),
        (NO_SUCH_ID, {"firewall_arn": None, "firewall_name": "a b"}, ["firewall_name: 'a b'"]),
        (NO_SUCH_ID, {"firewall_arn": ARN.replace("us-east-1", "us-west-2")}, ["firewall_arn", "region"]),
        (NO_SUCH_ID, {"availability_zone": "us-east-1a", "availability_zone_id": "use1-az1"}, ["only one"]),
        ({"flow_operation_id": NO_SUCH_ID, "availability_zone": "x"}, {}, ["availability_zone: 'x'"]),
    ],
)
def test_a_bad_term_or_option_is_one_sentence(
    looked_up: Callable[..., Any], term: Any, options: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(AnsibleLookupError) as caught:
        looked_up(term, **options)
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_progress_is_logged_and_shown_every_half_minute(
    connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    logged: list[str] = []
    monkeypatch.setattr(lookup.display, "v", logged.append)
    monkeypatch.setattr(lookup.display, "display", lambda message, *_args, **_options: shown.append(message))
    plugin = Lookup(connect, {})
    notice = plugin._notice(3)
    for elapsed in range(0, 100, 10):
        notice(float(elapsed), {}, [1, 2])
    notice(100.0, {}, [])
    assert [line.split(" after ")[1] for line in shown] == ["30 s", "60 s", "90 s"]
    assert all("1 of 3 ended" in line for line in shown)
    assert logged[-1] == "flow operations: 3 of 3 ended after 100 s"
