# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: flow_fleet_report
short_description: Write one page about the audits of many firewalls
version_added: 0.1.0
author: flowops.aws contributors (!UNKNOWN)
description:
  - Writes one page over the newest audit of each firewall, with the worst verdict first. It has the firewalls by
    verdict, the rules with the most findings across them, links to the pages of each firewall, and what is missing
    and why.
  - The page is as bad as its worst firewall, and never compliant while a firewall is missing.
  - The HTML page is self-contained like that of M(flowops.aws.flow_report), and asks for nothing outside itself.
  - Strings that come from AWS stay data in every format. They are escaped, and never evaluated as templates.
options:
  results:
    description:
      - Results of M(flowops.aws.networkfirewall_flow_audit), or what the role P(flowops.aws.flow_audit#role) hands on.
        An item has C(firewall_arn), C(verdict), C(partial), C(audited_at), C(flow_count) and C(findings_total);
        C(counts) or C(by_rule) and C(by_severity); C(plan) or C(plan_flow_count).
      - A member C(links) is a mapping of what a page is of, such as V(report) and V(remediation), to its path or its
        address on the web.
    type: list
    elements: dict
    default: []
  report_dirs:
    description:
      - Folders with JSON reports of M(flowops.aws.flow_report), whose names end in C(-report.json). What is in them is
        taken beside O(results), and the newest result of a firewall counts.
      - Pages beside a report that are called like it and end in C(-report.html) and C(-remediation.html) are linked.
      - A file that is no report is left out with a warning.
      - A relative path starts at the folder of the playbook.
    type: list
    elements: path
    default: []
  firewall_arns:
    description: The ARNs of the firewalls that there should be a result of. Those without one are shown as missing.
    type: list
    elements: str
    default: []
  missing:
    description:
      - Firewalls of which it is known why there is no result, each a mapping of C(firewall_arn) and C(reason).
    type: list
    elements: dict
    default: []
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
    default: Fleet
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
  - module: flowops.aws.networkfirewall_flow_audit
"""

EXAMPLES = r"""
- name: Write a page about every firewall whose reports are in a folder
  flowops.aws.flow_fleet_report:
    report_dirs: [flowops-reports]
    firewall_arns: "{{ groups['aws_firewalls'] | map('extract', hostvars, 'firewall_arn') | list }}"
    html_dest: flowops-reports/fleet.html

- name: Write one about the results of this run
  flowops.aws.flow_fleet_report:
    results: "{{ groups['aws_firewalls'] | map('extract', hostvars, 'flow_audit_result') | list }}"
    markdown_dest: flowops-reports/fleet.md
    title: Firewalls of the production accounts
  run_once: true
"""

RETURN = r"""
verdicts:
  description: How many firewalls have each verdict.
  returned: success
  type: dict
  sample: {"noncompliant": 2, "compliant": 11}
firewalls:
  description: The newest result of each firewall, by its ARN.
  returned: success
  type: dict
  sample:
    arn:aws:network-firewall:us-east-1:111122223333:firewall/egress:
      verdict: noncompliant
      partial: false
      audited_at: "2026-01-31 12:00:05 UTC"
      flow_count: 7052
      findings_total: 17
      plan_flow_count: 17
missing:
  description: The firewalls without a result.
  returned: success
  type: list
  elements: dict
  contains:
    firewall_arn:
      description: The ARN of the firewall.
      returned: always
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/inside
    reason:
      description: Why there is no result.
      returned: always
      type: str
      sample: no result of it was handed on
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
      sample: /srv/playbooks/flowops-reports/fleet.html
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
  sample: Wrote the html report /srv/playbooks/flowops-reports/fleet.html.
"""

# There is nothing to run on a target: the action plugin of the same name does all of it on the controller.
