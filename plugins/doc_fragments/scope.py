# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by the plugins of this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """The scope of a flow operation."""

    DOCUMENTATION = r"""
options:
  availability_zone:
    description:
      - The name of the Availability Zone that the operation is scoped to, such as C(us-east-1a).
      - At most one of O(availability_zone), O(availability_zone_id), O(vpc_endpoint_id) and
        O(vpc_endpoint_association_arn) may be given.
    type: str
  availability_zone_id:
    description:
      - The ID of the Availability Zone, such as C(use1-az1).
      - Needs botocore 1.43.117 or newer.
    type: str
  vpc_endpoint_id:
    description:
      - The ID of a primary VPC endpoint of the firewall.
      - Needs botocore 1.38.25 or newer.
    type: str
  vpc_endpoint_association_arn:
    description:
      - The ARN of a VPC endpoint association of the firewall.
      - Needs botocore 1.38.25 or newer.
    type: str
"""
