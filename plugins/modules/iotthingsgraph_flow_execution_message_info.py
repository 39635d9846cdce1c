#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: iotthingsgraph_flow_execution_message_info
version_added: 0.1.0
short_description: Read the messages of an AWS IoT Things Graph flow execution
description:
  - Reads the events of one flow execution. Wraps the paginator of C(ListFlowExecutionMessages); a page that is
    throttled,
    fails or arrives cut off is asked for again from its own token.
  - AWS has discontinued IoT Things Graph, and the SDK has marked its calls as deprecated since 2022-08-30. The module
    says so once in each run, and fails with one sentence where the service or the SDK's model of it is gone.
author: flowops.aws contributors (!UNKNOWN)
options:
  flow_execution_id:
    description: The ID of the flow execution.
    type: str
    required: true
  event_types:
    description:
      - Return messages of these types only.
      - The API has no such filter; O(max_items) and RV(next_token) count all messages, before this choice.
        O(query) sees all messages too, and cannot be combined with it.
    type: list
    elements: str
    choices:
      - EXECUTION_STARTED
      - EXECUTION_FAILED
      - EXECUTION_ABORTED
      - EXECUTION_SUCCEEDED
      - STEP_STARTED
      - STEP_FAILED
      - STEP_SUCCEEDED
      - ACTIVITY_SCHEDULED
      - ACTIVITY_STARTED
      - ACTIVITY_FAILED
      - ACTIVITY_SUCCEEDED
      - START_FLOW_EXECUTION_TASK
      - SCHEDULE_NEXT_READY_STEPS_TASK
      - THING_ACTION_TASK
      - THING_ACTION_TASK_FAILED
      - THING_ACTION_TASK_SUCCEEDED
      - ACKNOWLEDGE_TASK_MESSAGE
seealso:
  - plugin: flowops.aws.flow_execution_summary
    plugin_type: filter
extends_documentation_fragment:
  - flowops.aws.pagination
  - flowops.aws.attributes.info
  - flowops.aws.assume_role
  - ansible.builtin.action_common_attributes
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Read the messages of a flow execution
  flowops.aws.iotthingsgraph_flow_execution_message_info:
    flow_execution_id: demo-failed
    region: us-east-1
  register: execution

- name: Only what went wrong
  flowops.aws.iotthingsgraph_flow_execution_message_info:
    flow_execution_id: demo-failed
    region: us-east-1
    event_types: [STEP_FAILED, ACTIVITY_FAILED, THING_ACTION_TASK_FAILED, EXECUTION_FAILED]

- name: Only the payloads of failed steps
  flowops.aws.iotthingsgraph_flow_execution_message_info:
    flow_execution_id: demo-failed
    region: us-east-1
    query: messages[?eventType=='STEP_FAILED'].payload
"""

RETURN = r"""
messages:
  description: The messages, in the order of the API.
  returned: when O(query) is not given
  type: list
  elements: dict
  contains:
    message_id:
      description: The ID of the message.
      returned: when AWS gives it
      type: str
      sample: 3f0c0a52-0000-4000-8000-0123456789ab
    event_type:
      description: The type of the event.
      returned: when AWS gives it
      type: str
      sample: STEP_FAILED
    timestamp:
      description: When the message was last updated, ISO 8601 in UTC.
      returned: when AWS gives it
      type: str
      sample: "2026-01-31T12:00:00+00:00"
    payload:
      description: What the event says, a string as AWS gives it, often JSON.
      returned: when AWS gives it
      type: str
      sample: '{"stepName": "read-sensor"}'
next_token:
  description: Where to go on, for O(starting_token).
  returned: when O(max_items) cut the listing short
  type: str
  sample: eyJuZXh0VG9rZW4iOiAiYWJjIn0=
query_result:
  description: What O(query) found, page by page, lists joined.
  returned: when O(query) is given
  type: list
  elements: raw
  sample: ['{"stepName": "read-sensor"}']
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.thingsgraph import EVENT_TYPES
from ansible_collections.flowops.aws.plugins.module_utils.work.iotthingsgraph_flow_execution_message_info import (
    list_messages,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.options import (
    pagination_options,
    role_options,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **pagination_options(),
            **role_options(),
            "flow_execution_id": {"type": "str", "required": True},
            "event_types": {"type": "list", "elements": "str", "choices": list(EVENT_TYPES)},
        },
        supports_check_mode=True,
    )
    run(module, list_messages)


if __name__ == "__main__":
    main()
