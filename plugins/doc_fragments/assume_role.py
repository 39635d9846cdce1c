# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by the plugins of this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """The role of the account to act in."""

    DOCUMENTATION = r"""
options:
  assume_role_arn:
    description:
      - The ARN of an IAM role to assume with the given credentials, and to make every call as.
      - The role's credentials never leave the process. They are renewed before they expire, however long it runs.
      - Every call goes to O(endpoint_url) when that is given, the one to AWS STS too.
      - To reach the role through another one, give O(profile) a profile with the C(role_arn) of that other one.
    type: str
  external_id:
    description: The external ID that the role of O(assume_role_arn) demands.
    type: str
"""
