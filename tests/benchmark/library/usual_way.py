# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A listing the way Ansible modules are usually written: everything fetched, converted and returned."""

from __future__ import annotations

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "firewall_arn": {"type": "str", "required": True},
            "flow_operation_id": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    paginator = module.client("network-firewall").get_paginator("list_flow_operation_results")
    answer = paginator.paginate(
        FirewallArn=module.params["firewall_arn"], FlowOperationId=module.params["flow_operation_id"]
    ).build_full_result()
    module.exit_json(changed=False, **camel_dict_to_snake_dict(answer))


if __name__ == "__main__":
    main()
