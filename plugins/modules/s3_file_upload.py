#!/usr/bin/python
# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_file_upload
version_added: 0.1.0
short_description: Upload files to an S3 bucket as an assumed role, with no more than the permission to write
description:
  - Uploads files with C(PutObject) and no other call, so C(s3:PutObject) is all that it needs. What is in the bucket
    need not be readable to the one who writes there.
  - S3 refuses a file that does not arrive as it was read, by its SHA-256, and keeps that checksum with the object.
  - No ACL is set; the bucket's own policy decides who may read.
  - All files are read once before the first is sent.
author: flowops.aws contributors (!UNKNOWN)
options:
  bucket:
    description: The name of the bucket.
    type: str
    required: true
  src:
    description: Paths of the files, each of at most 5 GiB. An object has the name of its file after O(prefix).
    type: list
    elements: path
    required: true
  prefix:
    description:
      - What the names of the objects begin with, such as V(flow-audit/2026-01-31). A slash follows it, and slashes
        ahead of it are left out.
    type: str
    default: ""
  encrypt:
    description: Ask S3 for the encryption O(encryption_mode); otherwise the bucket's own default holds.
    type: bool
    default: true
  encryption_mode:
    description: The kind of encryption, with S3's own keys or with one of AWS KMS.
    type: str
    choices: [AES256, "aws:kms"]
    default: AES256
  encryption_kms_key_id:
    description:
      - The ID or ARN of the KMS key for O(encryption_mode=aws:kms), by default that of AWS for S3. A key of one's own
        needs C(kms:GenerateDataKey) too.
    type: str
extends_documentation_fragment:
  - flowops.aws.attributes.here
  - flowops.aws.assume_role
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - ansible.builtin.action_common_attributes
attributes:
  check_mode:
    support: full
    details: Checks the files, uploads none, and says what would be.
  diff_mode:
    support: none
  platform:
    platforms: posix
notes:
  - C(changed) is true whenever there is a file; what was in the bucket before is not asked for.
seealso:
  - module: amazon.aws.s3_object
"""

EXAMPLES = r"""
- name: Keep the reports of an audit
  flowops.aws.s3_file_upload:
    bucket: audit-evidence
    prefix: flow-audit/2026-01-31
    src:
      - reports/egress-report.html
      - reports/egress-findings.jsonl.gz
    assume_role_arn: arn:aws:iam::111122223333:role/flow-audit
    region: us-east-1
"""

RETURN = r"""
bucket:
  description: The name of the bucket.
  returned: always
  type: str
  sample: audit-evidence
objects:
  description: The objects that were uploaded, or would be in check mode; when one failed, those before it.
  returned: always
  type: list
  elements: dict
  contains:
    src:
      description: The path of the file.
      returned: always
      type: str
      sample: reports/egress-report.html
    object:
      description: The name of the object.
      returned: always
      type: str
      sample: flow-audit/2026-01-31/egress-report.html
    size:
      description: The size of the file in bytes.
      returned: always
      type: int
      sample: 48213
    sha256:
      description: The SHA-256 of the file, in hexadecimal.
      returned: always
      type: str
      sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule

from ansible_collections.flowops.aws.plugins.module_utils.work.options import (
    role_options,
)
from ansible_collections.flowops.aws.plugins.module_utils.work.result import run
from ansible_collections.flowops.aws.plugins.module_utils.work.s3_file_upload import upload_files


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            **role_options(),
            "bucket": {"type": "str", "required": True},
            "src": {"type": "list", "elements": "path", "required": True},
            "prefix": {"type": "str", "default": ""},
            "encrypt": {"type": "bool", "default": True},
            "encryption_mode": {"type": "str", "choices": ["AES256", "aws:kms"], "default": "AES256"},
            "encryption_kms_key_id": {"type": "str", "no_log": False},
        },
        supports_check_mode=True,
    )
    run(module, upload_files)


if __name__ == "__main__":
    main()
