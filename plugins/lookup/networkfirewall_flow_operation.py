# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: networkfirewall_flow_operation
version_added: 0.1.0
short_description: Wait for flow operations of an AWS Network Firewall
description:
  - Polls one or many flow operations, in parallel from one process, until each has ended, and returns their
    descriptions in the order of the terms.
  - It never starts anything, so it is safe in check mode and wherever a template is evaluated again.
  - The interval between questions grows with the time already waited, from under a second to a minute, and the last one
    ends at the deadline. Throttling and lost connections slow the polling and never end it.
  - With C(-v) every round is reported; while it waits for more than half a minute, a line is shown every half minute.
  - Use it with C(query()), which always gives a list; C(lookup()) unwraps a single one.
author: flowops.aws contributors (!UNKNOWN)
options:
  _terms:
    description:
      - The flow operations, each the ID, or a mapping with C(flow_operation_id) and, where they differ from the
        options,
        C(firewall_arn) and the scope. Items of RV(flowops.aws.networkfirewall_flow_capture#module:flow_operations) fit;
        those of check mode, which have no ID, are left out.
    required: true
  timeout:
    description: For how many seconds to wait at most.
    type: int
    default: 900
  on_timeout:
    description:
      - What to do about an operation that has not ended in time.
      - V(error) fails; V(warn) warns and returns its last description, which says C(IN_PROGRESS); V(skip) leaves it
        out.
    type: str
    choices: [error, warn, skip]
    default: error
  on_failed:
    description:
      - What to do about an operation that ended as C(FAILED) and so has no flows.
      - V(error) fails; V(warn) warns and returns it; V(skip) leaves it out.
    type: str
    choices: [error, warn, skip]
    default: error
  on_partial:
    description:
      - What to do about an operation that ended as C(COMPLETED_WITH_ERRORS), from which flows may be missing.
      - V(error) fails; V(warn) warns and returns it with C(partial=true); V(skip) leaves it out.
    type: str
    choices: [error, warn, skip]
    default: warn
  aws_config:
    description:
      - Settings of botocore's C(Config), as the option of that name of the modules takes them. How often a call is made
        is not among what can be set.
    type: dict
seealso:
  - module: flowops.aws.networkfirewall_flow_capture
  - module: flowops.aws.networkfirewall_flow_flush
extends_documentation_fragment:
  - flowops.aws.firewall
  - flowops.aws.scope
  - flowops.aws.assume_role
  - amazon.aws.boto3
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
"""

EXAMPLES = r"""
- name: Capture every flow in every zone
  flowops.aws.networkfirewall_flow_capture:
    firewall_name: egress
    region: us-east-1
    flow_filters: [{any: true}]
  register: capture

- name: Wait for all of them
  ansible.builtin.set_fact:
    operations: "{{ query('flowops.aws.networkfirewall_flow_operation', *capture.flow_operations,
      region='us-east-1') }}"

- name: Wait for one by its ID, for two minutes, and go on without it
  ansible.builtin.set_fact:
    operations: "{{ query('flowops.aws.networkfirewall_flow_operation', '0a1b2c3d-0000-4000-8000-0123456789ab',
      firewall_name='egress', availability_zone='us-east-1a', region='us-east-1', timeout=120, on_timeout='skip') }}"
"""

RETURN = r"""
_raw:
  description: What C(DescribeFlowOperation) says of each operation, the API's members in snake_case.
  type: list
  elements: dict
  contains:
    firewall_arn:
      description: The ARN of the firewall.
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress
    availability_zone:
      description: The zone, or in its place the scope of another kind.
      type: str
      sample: us-east-1a
    flow_operation_id:
      description: The ID of the flow operation.
      type: str
      sample: 0a1b2c3d-0000-4000-8000-0123456789ab
    flow_operation_type:
      description: V(FLOW_CAPTURE) or V(FLOW_FLUSH).
      type: str
      sample: FLOW_CAPTURE
    flow_operation_status:
      description: V(COMPLETED), V(COMPLETED_WITH_ERRORS), V(FAILED), or V(IN_PROGRESS) after a time-out.
      type: str
      sample: COMPLETED
    partial:
      description:
        - That flows may be missing, because it ended as V(COMPLETED_WITH_ERRORS) or V(FAILED), or has not ended.
      type: bool
      sample: false
    status_message:
      description: Why the operation failed or is incomplete, when AWS gives a reason.
      type: str
      sample: Flow timeout
    flow_request_timestamp:
      description: When the firewall identified the flows, ISO 8601 in UTC.
      type: str
      sample: "2026-01-31T12:00:00+00:00"
    service_time:
      description: What AWS's own clock said just before the start, of a term that has it, ISO 8601 in UTC.
      type: str
      sample: "2026-01-31T11:59:58+00:00"
    fetch:
      description: What the capture's own C(fetch=findings) came to, of a term that has it.
      type: dict
      sample: {"fetched": "findings", "cover": "9f2c..."}
    flow_operation:
      description: What was asked for, C(flow_filters) and C(minimum_flow_age_in_seconds).
      type: dict
      sample: {"flow_filters": [{"source_address": {"address_definition": "0.0.0.0/0"}}]}
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.utils.display import Display
from ansible_collections.amazon.aws.plugins.plugin_utils.lookup import AWSLookupBase

from ansible_collections.flowops.aws.plugins.module_utils.aws.answers import described
from ansible_collections.flowops.aws.plugins.module_utils.aws.clients import connected
from ansible_collections.flowops.aws.plugins.module_utils.aws.networkfirewall import CAPTURE, NetworkFirewall
from ansible_collections.flowops.aws.plugins.module_utils.aws.waits import FEWER_FLOWS, wait
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError, OptionError, shown
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import NamedFirewall, firewall_of
from ansible_collections.flowops.aws.plugins.module_utils.flows.scope import (
    SCOPE_MEMBERS,
    FlowOperation,
    Place,
    Scope,
    check_operation_id,
    scope_of,
)

display = Display()

# Half a minute without a sign of life is where a person watching a job starts to wonder.
_SIGN_OF_LIFE = 30.0
_OF_START = ("service_time", "fetch")


def _flat(terms: Iterable[Any]) -> Iterator[Any]:
    """Yield the terms; a list that was given as one term is what it holds."""
    for term in terms:
        if isinstance(term, (list, tuple)):
            yield from _flat(term)
        else:
            yield term


def _is_planned(term: Any) -> bool:
    return isinstance(term, Mapping) and "flow_operation_type" in term and "flow_operation_id" not in term


def _noted(term: Any) -> dict[str, Any]:
    """Return what a term that is an item of a capture says of its start."""
    return {name: term[name] for name in _OF_START if term.get(name)} if isinstance(term, Mapping) else {}


def _way_out(result: Mapping[str, Any], is_late: bool) -> str:
    """Return what to do about a capture of every flow that took too long, empty for all else."""
    late = is_late or "timeout" in str(result.get("status_message")).lower()
    return FEWER_FLOWS if late and result.get("flow_operation_type") == CAPTURE and not result.get("fetch") else ""


class LookupModule(AWSLookupBase):
    def run(self, terms: list[Any], variables: Any, **kwargs: Any) -> list[Any]:
        """Return the descriptions of the operations that the terms name; raise AnsibleLookupError otherwise."""
        super().run(terms, variables, **kwargs)
        try:
            return self._wait(terms)
        except FlowOpsError as error:
            # Ansible shows the causes of an error behind it, and the sentence already says them.
            raise AnsibleLookupError(error.message) from None

    def _wait(self, terms: list[Any]) -> list[Any]:
        timeout = self.get_option("timeout")
        if timeout < 0:
            raise OptionError("timeout", timeout, "give a number of seconds from 0 up")
        # What a capture or a flush in check mode says it would start has no ID, and nothing to wait for.
        given = [term for term in _flat(terms) if not _is_planned(term)]
        terms = [self._term(term) for term in given]
        if not terms:
            return []
        api = NetworkFirewall(connected(self.client, "network-firewall", self._connection()), warn=self.warn)
        for scope, _operation_id, _named in terms:
            api.check_scope(scope)
        # A name is asked for once.
        firewalls = {named: api.arn_of(named) for named in {named for _scope, _operation_id, named in terms}}
        operations = [
            FlowOperation(Place(firewalls[named], scope), operation_id) for scope, operation_id, named in terms
        ]
        answers, still_open = wait(api, operations, timeout, notice=self._notice(len(operations)))
        # What a capture noted when it was started, of AWS's clock and of what it asked for, is of use to the audit.
        noted = [_noted(term) for term in given]
        return self._verdicts(operations, noted, answers, still_open, timeout)

    def _connection(self) -> dict[str, Any]:
        return {name: self.get_option(name) for name in ("assume_role_arn", "aws_config", "external_id")}

    def _term(self, term: Any) -> tuple[Scope, str, NamedFirewall]:
        """Return one term as its scope, ID and firewall, filled up from the options."""
        given = dict(term) if isinstance(term, Mapping) else {"flow_operation_id": term}
        scope = scope_of(given) or scope_of({name: self.get_option(name) for name in SCOPE_MEMBERS})
        arn = given.get("firewall_arn") or self.get_option("firewall_arn")
        named = firewall_of({"firewall_arn": arn} if arn else {"firewall_name": self.get_option("firewall_name")})
        if not named:
            raise FlowOpsError(
                f"The term {shown(given.get('flow_operation_id'))} names no firewall and neither do the options; give"
                " firewall_arn or firewall_name."
            )
        return scope, check_operation_id(given.get("flow_operation_id")), named

    def _notice(self, total: int) -> Callable[[float, Mapping[int, Any], list[int]], None]:
        said = 0.0

        def notice(elapsed: float, answers: Mapping[int, Any], still_open: list[int]) -> None:
            nonlocal said
            line = f"flow operations: {total - len(still_open)} of {total} ended after {elapsed:.0f} s"
            if elapsed - said >= _SIGN_OF_LIFE and still_open:
                said = elapsed
                display.display(line)
            else:
                display.v(line)

        return notice

    def _verdicts(
        self,
        operations: Sequence[FlowOperation],
        noted: Sequence[Mapping[str, Any]],
        answers: Sequence[dict[str, Any] | None],
        still_open: Sequence[int],
        timeout: int,
    ) -> list[Any]:
        results = []
        for index, (operation, of_start, answer) in enumerate(zip(operations, noted, answers, strict=True)):
            named = {"flow_operation_id": operation.flow_operation_id, **operation.place.named(), **of_start}
            result = described(answer or {}, named)
            status = result.get("flow_operation_status", "IN_PROGRESS")
            reason = f" ({result['status_message']})" if result.get("status_message") else ""
            too_broad = _way_out(result, index in still_open)
            result["partial"] = status != "COMPLETED"
            what = f"The flow operation {operation.flow_operation_id} in {operation.place}"
            if index in still_open:
                keep = self._deal(
                    "on_timeout", f"{what} had not ended when timeout, {timeout} seconds, had passed.{too_broad}"
                )
            elif status == "FAILED":
                keep = self._deal("on_failed", f"{what} failed{reason}; it has no flows.{too_broad}")
            elif status == "COMPLETED_WITH_ERRORS":
                keep = self._deal(
                    "on_partial", f"{what} completed with errors{reason}; flows may be missing.{too_broad}"
                )
            else:
                keep = True
            if keep:
                results.append(result)
        return results

    def _deal(self, option: str, message: str) -> bool:
        """Return whether to keep the operation that the message is about, as the option says."""
        choice = self.get_option(option)
        if choice == "error":
            raise AnsibleLookupError(message)
        if choice == "warn":
            self.warn(message)
        return bool(choice == "warn")
