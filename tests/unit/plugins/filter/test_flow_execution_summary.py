# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.flowops.aws.plugins.filter.flow_execution_summary import FilterModule

summary = FilterModule().filters()["flow_execution_summary"]


def test_messages_become_a_summary() -> None:
    messages = [{"event_type": "EXECUTION_STARTED", "timestamp": "2026-01-31T12:00:00+00:00"}]
    assert summary(messages, "run-1")["flow_execution_id"] == "run-1"
    assert summary(messages)["outcome"] == "running"


@pytest.mark.parametrize("given", [None, "text", {"messages": []}, 7, [1], ["text"]])
def test_what_is_no_list_of_messages_is_one_sentence(given: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="flow_execution_summary: the input is not a list of messages"):
        summary(given)


def test_a_time_that_is_none_is_one_sentence() -> None:
    with pytest.raises(AnsibleFilterError, match="timestamp is not ISO 8601"):
        summary([{"event_type": "EXECUTION_STARTED", "timestamp": "noon"}])


def test_an_execution_that_is_not_there_is_missing_beside_the_others() -> None:
    filters = FilterModule().filters()
    started = {"event_type": "EXECUTION_STARTED", "timestamp": "2026-01-31T12:00:00+00:00"}
    told = filters["flow_execution_outcomes"](
        [{"item": "run-1", "messages": [started]}, {"item": "run-2", "failed": False}]
    )
    assert told["outcomes"] == {"missing": 1, "running": 1}
    assert [filters["flow_execution_sentence"](item) for item in told["executions"]] == [
        "run-1: running",
        "run-2: missing, AWS knows no such execution",
    ]
