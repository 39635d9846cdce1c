#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: securityhub_finding_import
version_added: 0.1.0
short_description: Import findings into AWS Security Hub
description:
  - Imports findings in the AWS Security Finding Format (ASFF) with C(BatchImportFindings), in batches of 100.
  - All findings are checked against the SDK's model before the first is sent.
  - A finding whose C(Id) is there already is updated, if its C(UpdatedAt) is later than that of the one there.
  - The module fails when AWS Security Hub refuses a finding, after sending all of them.
author: flowops.aws contributors (!UNKNOWN)
options:
  src:
    description:
      - Path of a file that holds a JSON list of findings, as the option C(asff_dest) of M(flowops.aws.flow_report)
        writes it.
      - Exactly one of O(src) and O(findings) is required.
    type: path
  findings:
    description:
      - The findings, with the member names of the API.
      - Exactly one of O(src) and O(findings) is required.
    type: list
    elements: dict
extends_documentation_fragment:
  - flowops.aws.assume_role
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Checks the findings, imports none, and says how many would be.
  diff_mode:
    support: none
  platform:
    platforms: posix
notes:
  - The caller's account must be the one in the findings, and Security Hub must be enabled in the Region.
  - C(changed) is true as soon as a finding was accepted; AWS does not tell whether it was news.
seealso:
  - module: flowops.aws.flow_report
"""

EXAMPLES = r"""
- name: Write the findings of an audit for Security Hub
  flowops.aws.flow_report:
    audit: "{{ flow_audit_result }}"
    asff_dest: reports/egress-asff.json

- name: Import them
  flowops.aws.securityhub_finding_import:
    src: reports/egress-asff.json
    region: us-east-1
"""

RETURN = r"""
finding_count:
  description: The number of findings given.
  returned: always
  type: int
  sample: 12
success_count:
  description: The number of findings that were accepted.
  returned: when not in check mode
  type: int
  sample: 12
failed_findings:
  description: The findings that were refused, also when the module fails because of them.
  returned: when not in check mode
  type: list
  elements: dict
  contains:
    id:
      description: The ID of the finding.
      returned: always
      type: str
      sample: arn:aws:network-firewall:us-east-1:111122223333:firewall/egress/flow-audit/9f86d081884c7d65
    error_code:
      description: The code of the error.
      returned: always
      type: str
      sample: InvalidInput
    error_message:
      description: The reason.
      returned: always
      type: str
      sample: Finding does not adhere to Amazon Finding Format.
msg:
  description: What was imported, or would be.
  returned: always
  type: str
  sample: Imported 12 findings into AWS Security Hub.
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.work.options import (
    role_options,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run
from ansible_collections.flowops.aws.plugins.module_utils.work.securityhub_finding_import import import_findings


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **role_options(),
            "src": {"type": "path"},
            "findings": {"type": "list", "elements": "dict"},
        },
        mutually_exclusive=[["src", "findings"]],
        required_one_of=[["src", "findings"]],
        supports_check_mode=True,
    )
    run(module, import_findings)


if __name__ == "__main__":
    main()
