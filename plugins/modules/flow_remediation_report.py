# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: flow_remediation_report
short_description: Write the page of a remediation
version_added: 0.1.0
author: flowops.aws contributors (!UNKNOWN)
description:
  - Writes what P(flowops.aws.flow_remediate#role) did as a page that people read, in the style of the audit's and
    with a link to it.
  - The verdict comes first, and whether anything else was touched. Below it are what was cut by rule, the rehearsal and
    the trial, the flows before and after, those that survived, came back, were cut although they were no findings or
    were left alone, the guards with their values, the operations with their IDs and times, and who did it when.
  - What the result does not say is shown as unknown. The page is never greener than the result.
  - The HTML page is self-contained like that of M(flowops.aws.flow_report), and asks for nothing outside itself.
  - Strings that come from AWS stay data in every format. They are escaped, and never evaluated as templates.
options:
  remediation:
    description:
      - C(flow_remediate_result) of the role P(flowops.aws.flow_remediate#role).
      - Read are C(firewall_arn), C(verdict), C(nothing_else), C(reason), C(partial), C(planned), C(gone), C(survived),
        C(reborn), C(ended), C(inseparable), C(inseparable_flows), C(dropped), C(collateral_count), C(collateral),
        C(unproved), C(by_rule), C(flows), C(flow_count_before), C(flow_count_after), C(flush_count),
        C(flow_operations), C(began_at), C(ended_at), C(asked_for), C(plan_hash), C(evidence), C(versions) and
        C(warnings).
      - C(rehearsal) and C(trial) are mappings of C(passed), C(availability_zone), C(flow_operation_ids),
        C(flow_request_timestamp), C(flow_count), C(stranger_count), C(strangers) and C(message), or V(false) where the
        step was left out.
      - C(guards) is a list of mappings of C(name), C(value), C(limit) and C(passed), or a mapping of names to values.
      - C(caller_identity) is a mapping with C(arn).
    type: dict
    required: true
  audit_report:
    description:
      - Where the page of the audit is that found these flows, a path or an address on the web. The path of a file is
        made relative to the page.
    type: str
  html_dest:
    description:
      - Path of the HTML page. Its folder must exist.
      - A relative path starts at the folder of the playbook.
      - At least one of the options whose names end in C(_dest) is required.
    type: path
  markdown_dest:
    description:
      - Path of the Markdown page. Its folder must exist.
      - A relative path starts at the folder of the playbook.
      - At least one of the options whose names end in C(_dest) is required.
    type: path
  title:
    description: The heading of the page.
    type: str
    default: Remediation
extends_documentation_fragment:
  - flowops.aws.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    details: Reads and renders everything, writes nothing, and returns what would be written.
notes:
  - The pages are written on the controller, with mode C(0600). Each is put in its place in one step, so that nobody
    sees half a page.
  - A file that already holds the same page is not written again.
seealso:
  - module: flowops.aws.flow_report
"""

EXAMPLES = r"""
- name: Write the page of a remediation
  flowops.aws.flow_remediation_report:
    remediation: "{{ flow_remediate_result }}"
    audit_report: "{{ playbook_dir }}/flowops-reports/111122223333-us-east-1-egress-report.html"
    html_dest: flowops-reports/111122223333-us-east-1-egress-remediation.html
    markdown_dest: flowops-reports/111122223333-us-east-1-egress-remediation.md
"""

RETURN = r"""
reports:
  description: The pages that were asked for, in check mode as they would be written.
  returned: success
  type: list
  elements: dict
  contains:
    format:
      description: V(html) or V(markdown).
      returned: always
      type: str
      sample: html
    dest:
      description: The absolute path of the page.
      returned: always
      type: str
      sample: /srv/playbooks/flowops-reports/egress-remediation.html
    sha256:
      description: The SHA-256 checksum of the page.
      returned: always
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    size:
      description: The size of the page in bytes.
      returned: always
      type: int
      sample: 48213
msg:
  description: What was written, would be written, or was up to date already.
  returned: always
  type: str
  sample: Wrote the html report /srv/playbooks/flowops-reports/egress-remediation.html.
"""

# There is nothing to run on a target: the action plugin of the same name does all of it on the controller.
