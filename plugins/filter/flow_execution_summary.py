# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters flow_execution_summary, flow_execution_outcomes and flow_execution_sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.flowops.aws.plugins.module_utils.thingsgraph import summarize


def flow_execution_summary(messages: Any, flow_execution_id: str | None = None) -> dict[str, Any]:
    """Return what a flow execution's messages say of its outcome; raise AnsibleFilterError when they are none."""
    if not isinstance(messages, (list, tuple)) or not all(isinstance(message, dict) for message in messages):
        raise AnsibleFilterError(
            "flow_execution_summary: the input is not a list of messages; give the messages that"
            " flowops.aws.iotthingsgraph_flow_execution_message_info returned."
        )
    try:
        return summarize(messages, flow_execution_id)
    except ValueError as error:
        raise AnsibleFilterError(
            f"flow_execution_summary: a message's timestamp is not ISO 8601 ({error}); give the messages that"
            " flowops.aws.iotthingsgraph_flow_execution_message_info returned."
        ) from error


def flow_execution_outcomes(read: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return {executions, outcomes} for the results of a loop over the IDs of executions that read their messages.

    One that AWS does not know has the outcome missing, and nothing else.
    """
    executions = [_outcome_of(item) for item in read]
    outcomes = Counter(execution["outcome"] for execution in executions)
    return {"executions": executions, "outcomes": dict(sorted(outcomes.items()))}


def _outcome_of(read: Mapping[str, Any]) -> dict[str, Any]:
    if "messages" in read:
        return flow_execution_summary(read["messages"], read["item"])
    return {"flow_execution_id": read["item"], "outcome": "missing", "message_count": 0}


def flow_execution_sentence(execution: Mapping[str, Any]) -> str:
    """Return how an execution went in a few words: its outcome, how long it took, and the step that failed first."""
    text = f"{execution.get('flow_execution_id', 'the execution')}: {execution['outcome']}"
    if execution["outcome"] == "missing":
        return f"{text}, AWS knows no such execution"
    if "duration" in execution:
        text += f" after {execution['duration']} s"
    step = execution.get("first_failed_step")
    if step:
        text += f", first failed step {step['name']}{' (' + step['reason'] + ')' if 'reason' in step else ''}"
    return text


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {
            "flow_execution_summary": flow_execution_summary,
            "flow_execution_outcomes": flow_execution_outcomes,
            "flow_execution_sentence": flow_execution_sentence,
        }
