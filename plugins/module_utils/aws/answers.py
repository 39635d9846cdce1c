# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The API's answers: how they pass by the SDK's parser, and how results show them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

from ..times import utc_text


def bare(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer without what the SDK says of how it came."""
    return {member: value for member, value in answer.items() if member != "ResponseMetadata"}


def service_time(answer: Mapping[str, Any]) -> datetime | None:
    """Return what the service's own clock said when it answered, never later than that; None when it sent no Date."""
    text = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        # The header counts whole seconds.
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    # A time that says that its zone is unknown is in UTC all the same.
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def described(answer: Mapping[str, Any], named: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return a description or a row of the API, snake_case keys times as ISO 8601 UTC text, behind what names it."""
    converted = {
        member: utc_text(value) if isinstance(value, datetime) else value for member, value in bare(answer).items()
    }
    return {**(named or {}), **camel_dict_to_snake_dict(converted)}


def lift_flows(client: Any) -> None:
    """Let the flows of results pass by the SDK's parser, which takes longer over them than over all the rest.

    They then come as the service sent them, members unknown to the SDK included.
    """
    client.meta.events.register_first(
        "before-parse.network-firewall.ListFlowOperationResults", _lift_flows, unique_id="flowops.aws.lift"
    )


def lift_number_of_associations(client: Any) -> None:
    """Let DescribeFirewall tell how many associations there are although the SDK does not know the member."""
    if "NumberOfAssociations" not in client.meta.service_model.shape_for("Firewall").members:
        client.meta.events.register_first(
            "before-parse.network-firewall.DescribeFirewall", _lift_number, unique_id="flowops.aws.lift_number"
        )


def _lift_flows(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: Any) -> None:
    """Take Flows out of an answer before the SDK parses it; what is no whole answer is left to the SDK."""
    if response_dict["status_code"] != 200:
        return
    try:
        answer = json.loads(response_dict["body"])
        flows = answer.pop("Flows")
    except (ValueError, KeyError, TypeError, AttributeError):
        return
    if isinstance(flows, list):
        customized_response_dict["Flows"] = flows
        response_dict["body"] = json.dumps(answer).encode()


def _lift_number(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_event: Any) -> None:
    """Take NumberOfAssociations out of a firewall's description beside what an SDK that does not know it parses."""
    try:
        number = json.loads(response_dict["body"])["Firewall"]["NumberOfAssociations"]
    except (ValueError, KeyError, TypeError):
        return
    customized_response_dict["NumberOfAssociations"] = number
