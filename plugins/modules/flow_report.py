# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: flow_report
short_description: Write the reports of a flow audit for people, spreadsheets and security tools
version_added: 0.1.0
author: flowops.aws contributors (!UNKNOWN)
description:
  - Writes what M(flowops.aws.networkfirewall_flow_audit) found as a page that people read, with the verdict first.
  - The HTML report is one self-contained page. It asks for nothing outside itself, and its content security policy
    forbids it to. It can be read on a phone and in the dark, printed, and used by keyboard alone. Without JavaScript
    it shows the first fifty findings.
  - Its search takes words, addresses, networks such as V(10.20.0.0/16) and ports such as V(:443); it can be sorted by
    each column, and a click on a bar of a chart shows the findings that the bar counts.
  - The Markdown report has the same content in the tables that GitHub shows, with at most 50 findings.
  - The JSON report is the audit result itself, for programs. The CSV report is the whole list of findings, for
    spreadsheets. The ASFF report is what AWS Security Hub imports, the OCSF report what other security tools do; both
    have one entry for each rule of the firewall.
  - Strings that come from AWS stay data in every format. They are escaped, and never evaluated as templates.
  - The reports depend on the options alone, the time they show is that of the audit (C(audited_at)). The same audit
    gives the same files, byte for byte.
  - A report never says more than its data holds. An audit result that says V(compliant) although it has findings is
    shown as noncompliant, and one whose capture is partial is shown as inconclusive, with a warning.
options:
  audit:
    description:
      - The result of M(flowops.aws.networkfirewall_flow_audit), or C(flow_audit_result) of the role
        P(flowops.aws.flow_audit#role).
      - What it lacks, the report leaves out.
      - Where it has C(addresses), because it was made with
        O(flowops.aws.networkfirewall_flow_audit#module:enrich=true), what is behind an address is shown beside it.
    type: dict
    required: true
  findings_src:
    description:
      - Path of a file that holds all findings as JSON lines, as the option C(findings_dest) of
        M(flowops.aws.networkfirewall_flow_audit) writes it. It is decompressed if its name ends in V(.gz).
      - Without it, the findings inside O(audit) are shown. Those may be only the first of many.
      - A relative path starts at the folder of the playbook.
    type: path
  html_dest:
    description:
      - Path of the HTML report. Its folder must exist.
      - A relative path starts at the folder of the playbook.
      - At least one of the options whose names end in C(_dest) is required.
    type: path
  markdown_dest:
    description:
      - Path of the Markdown report. Its folder must exist.
      - A relative path starts at the folder of the playbook.
      - At least one of the options whose names end in C(_dest) is required.
    type: path
  json_dest:
    description:
      - Path of the audit result as one JSON document with sorted keys. Its folder must exist.
      - It holds what the audit found, with the findings that O(audit) itself has and C(drift) where there was a
        baseline, and leaves out everything else, such as the options of the task.
      - A relative path starts at the folder of the playbook.
    type: path
  csv_dest:
    description:
      - Path of all findings as CSV (RFC 4180, UTF-8), one row for each. Its folder must exist.
      - The columns are the members of a flow record, C(rule), C(severity), C(source_name), C(destination_name) and
        C(description). The names are those in C(addresses) of O(audit), empty for an address that is not there.
      - Text that a spreadsheet could take for a formula, or that holds control characters, begins with an apostrophe.
      - It is compressed if its name ends in V(.gz).
      - A relative path starts at the folder of the playbook.
    type: path
  asff_dest:
    description:
      - Path of a JSON list of findings in the AWS Security Finding Format, one for each rule of the firewall, as
        M(flowops.aws.securityhub_finding_import) takes it. Its folder must exist.
      - O(audit) must have C(firewall_arn) and C(audited_at). The ID of a finding depends on the firewall and the name
        of the rule alone, so that the next run updates it.
      - A relative path starts at the folder of the playbook.
    type: path
  asff_archive:
    description:
      - Whether O(asff_dest) also holds an archived finding for each deny rule without findings, which closes what an
        earlier run has opened.
      - Of a partial capture, only rules that were not applied at all (expired or disabled) are archived.
      - Set it to V(false) when only a part of the flows was captured, such as some zones or narrow filters.
    type: bool
    default: true
  ocsf_dest:
    description:
      - Path of a file of JSON lines in the Open Cybersecurity Schema Framework, a Detection Finding (class 2004) for
        each rule with findings. Its folder must exist.
      - O(audit) must have C(audited_at).
      - A relative path starts at the folder of the playbook.
    type: path
  title:
    description:
      - The heading of the reports that people read.
    type: str
    default: Flow audit
  max_rows:
    description:
      - How many findings the HTML report holds at most, from 0 to 100000. They are in the page as data, which it
        filters, sorts and shows fifty at a time; 100000 findings make a page of about 7 MB.
      - The most severe ones are kept, among equals those with the most bytes. The report says how many are left out.
      - All findings are at hand only with O(findings_src).
    type: int
    default: 100000
extends_documentation_fragment:
  - flowops.aws.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    details: Reads and renders everything, writes nothing, and returns what would be written.
notes:
  - The reports are written on the controller, with mode C(0600). Each is put in its place in one step, so that nobody
    sees half a report.
  - A file that already holds the same report is not written again.
seealso:
  - module: flowops.aws.networkfirewall_flow_audit
  - module: flowops.aws.securityhub_finding_import
"""

EXAMPLES = r"""
- name: Make a folder for the reports
  ansible.builtin.file:
    path: "{{ playbook_dir }}/reports"
    state: directory
    mode: "0700"

- name: Judge the live flows
  flowops.aws.networkfirewall_flow_audit:
    firewall_name: egress
    operations: "{{ flow_capture.flow_operations }}"
    policy:
      rules:
        - name: no-ssh-to-internet
          action: deny
          severity: high
          destination_address: ["!10.0.0.0/8"]
          destination_port: [22]
          protocols: [tcp]
    findings_dest: "{{ playbook_dir }}/reports/findings.jsonl.gz"
  register: flow_audit

- name: Write both reports, with all findings at hand
  flowops.aws.flow_report:
    audit: "{{ flow_audit }}"
    findings_src: reports/findings.jsonl.gz
    html_dest: reports/egress.html
    markdown_dest: reports/egress.md
    title: Egress firewall, live flows
    max_rows: 5000

- name: Write what a spreadsheet, Security Hub and other security tools read
  flowops.aws.flow_report:
    audit: "{{ flow_audit }}"
    findings_src: reports/findings.jsonl.gz
    json_dest: reports/egress.json
    csv_dest: reports/egress.csv.gz
    asff_dest: reports/egress-asff.json
    ocsf_dest: reports/egress-ocsf.jsonl

- name: Write a page for each firewall from what the role flow_audit has found
  flowops.aws.flow_report:
    audit: "{{ flow_audit_result }}"
    html_dest: "reports/{{ inventory_hostname }}.html"
"""

RETURN = r"""
reports:
  description: The reports that were asked for, in check mode as they would be written.
  returned: success
  type: list
  elements: dict
  contains:
    format:
      description: V(html), V(markdown), V(json), V(csv), V(asff) or V(ocsf).
      returned: always
      type: str
      sample: html
    dest:
      description: The absolute path of the report.
      returned: always
      type: str
      sample: /srv/playbooks/reports/egress.html
    sha256:
      description: The SHA-256 checksum of the report.
      returned: always
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    size:
      description: The size of the report in bytes.
      returned: always
      type: int
      sample: 48213
msg:
  description: What was written, would be written, or was up to date already.
  returned: always
  type: str
  sample: Wrote the html report /srv/playbooks/reports/egress.html.
"""

# There is nothing to run on a target: the action plugin of the same name does all of it on the controller.
