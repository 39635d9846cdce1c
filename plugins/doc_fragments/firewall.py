# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by the plugins of this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """The firewall an operation is about."""

    DOCUMENTATION = r"""
options:
  firewall_arn:
    description:
      - The ARN of the firewall, in any partition (C(arn:aws), C(arn:aws-us-gov), C(arn:aws-cn)).
      - Exactly one of O(firewall_arn) and O(firewall_name) must be given.
    type: str
  firewall_name:
    description:
      - The name of the firewall, resolved to its ARN by one C(DescribeFirewall) call.
    type: str
"""
