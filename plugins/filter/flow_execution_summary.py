# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filter flow_execution_summary."""

from __future__ import annotations

from collections.abc import Callable
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


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"flow_execution_summary": flow_execution_summary}
