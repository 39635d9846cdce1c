# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: networkfirewall
version_added: 0.1.0
short_description: Every AWS Network Firewall as a host
description:
  - Lists the firewalls of the given regions and accounts, all in parallel, and makes a host of each.
  - The configuration file is YAML and its name ends with C(networkfirewall.yml) or C(networkfirewall.yaml).
  - The hosts are in the group C(networkfirewall) and have C(ansible_connection=local). Modules then run on the
    controller, where C(ansible_python_interpreter) should be C({{ ansible_playbook_python }}), as in the playbooks of
    this collection.
  - "Each host has the variables C(firewall_arn), C(firewall_name), C(region), C(account_id), C(firewall_policy_arn),
    C(availability_zones), C(endpoints) (by zone, each with C(endpoint_id), C(subnet_id) and C(status)),
    C(vpc_endpoint_associations) (a list, each with C(vpc_endpoint_association_arn) and, where AWS describes it,
    C(vpc_id), C(availability_zone), C(endpoint_id), C(subnet_id) and C(status)), C(firewall_tags) (O(tags_variable)),
    C(status) (such as C(READY))
    and C(sync_state) (such as C(IN_SYNC))."
  - "Where the firewall has them: C(vpc_id); C(transit_gateway_id) and C(transit_gateway_owner_account_id);
    C(proxy_settings), of a firewall in proxy mode, with C(listener_properties), C(certificate_arn) and C(domain_name);
    and C(assume_role_arn), when it was found through a role."
  - Strings that come from AWS are never evaluated as templates.
  - The calls are C(ListFirewalls) in each region, C(DescribeFirewall) for each firewall that O(include), O(exclude) and
    the filters V(name) and V(arn) leave, and C(ListVpcEndpointAssociations) and C(DescribeVpcEndpointAssociation) where
    a firewall has associations. A throttled client slows itself down and asks again.
author: flowops.aws contributors (!UNKNOWN)
options:
  plugin:
    description: The name of this plugin, V(flowops.aws.networkfirewall).
    type: str
    required: true
  regions:
    description:
      - The regions to look in, all of one partition.
      - By default every region that an account has enabled, as C(ec2:DescribeRegions) says; without that permission
        every region in which the SDK knows the service.
      - O(region) does not narrow them; it says where regions and roles are asked for.
    type: list
    elements: str
    default: []
  accounts:
    description:
      - The IDs of the accounts to look in, in quotes, in each of which the role O(assume_role_name) is assumed.
      - With neither this nor O(assume_role_arns), the account of the credentials is looked in. With either, that
        account is looked in only if it is among them.
    type: list
    elements: str
    default: []
  assume_role_name:
    description:
      - The name of the role to assume in each of O(accounts), with its path, if it has one, ahead of it.
      - The role's ARN is C(arn:PARTITION:iam::ACCOUNT:role/NAME), with the partition of the regions.
    type: str
  assume_role_arns:
    description: The ARNs of roles to assume, each of which leads to an account to look in.
    type: list
    elements: str
    default: []
  assume_role_arn:
    description:
      - The ARN of a role to assume before anything else. The roles of O(accounts) and O(assume_role_arns) are then
        assumed by it; without those, its own account is looked in.
      - Jobs assume the role of a host, its C(assume_role_arn), in one step. Where that role trusts only this one, they
        have to run as it, by its session in the environment or by a C(profile) with C(role_arn) and C(source_profile).
    type: str
  external_id:
    description:
      - The external ID that the roles of O(accounts) and O(assume_role_arns) demand, or O(assume_role_arn) where that
        is the only role.
      - It has 2 to 1224 characters, which are letters, digits or V(_+=,.@:/-).
    type: str
  hostnames:
    description:
      - Where the name of a host comes from, in order of preference; the first that a firewall has is taken, and its own
        name if it has none of them.
      - V(name), V(arn), V(region), V(account_id), V(vpc_id) or V(tag:KEY); or a mapping of C(name), C(prefix)
        and C(separator), by default V(_), as in P(amazon.aws.aws_ec2#inventory).
      - In a tag's value, every run of characters other than letters, digits, V(_), V(.) and V(-) becomes one V(_).
      - An ARN has colons, by which host patterns are separated. Choose such a host by a group or a wildcard, as in
        V(*/egress).
      - Where several firewalls would get one name, or where the name is that of a group, those of O(groups) and
        O(keyed_groups) included, of C(localhost) or of a firewall from another inventory source, V(_REGION_ACCOUNT) is
        appended to it, with a warning.
      - So it is where an earlier source has a host of that name that is a machine of its own, as C(ansible_host),
        C(ansible_port), C(ansible_user), a C(ansible_connection) other than V(local) or another plugin's
        C(instance_id) show. Any other host of that name is taken for one that gives the firewall more variables.
      - A firewall that an earlier source of this plugin has found keeps the name that it has there.
    type: list
    elements: raw
    default: [name]
  tags_variable:
    description:
      - The name of the variable that holds the tags.
      - Ansible has V(tags) among its reserved names and warns of it in every play. The names of the other variables,
        and Ansible's own, are not allowed.
    type: str
    default: firewall_tags
  filters:
    description:
      - Which firewalls to take, a mapping of filters to a value or a list of values. Every filter must hold, and one
        does when any of its values matches. In a value V(*) stands for any characters and V(?) for any one.
      - The filters are V(arn), V(availability-zone), V(firewall-policy-arn), V(name), V(status), V(sync-state),
        V(tag-key), V(tag:KEY), V(transit-gateway-id) and V(vpc-id).
      - Without a wildcard a V(vpc-id) has to be the ID of a VPC, a V(status) V(PROVISIONING), V(READY), V(DELETING) or
        V(FAILED), and a V(sync-state) V(PENDING), V(IN_SYNC) or V(CAPACITY_CONSTRAINED).
    type: dict
    default: {}
  include:
    description: Patterns of the names or ARNs of the firewalls to take, with V(*) and V(?); by default all.
    type: list
    elements: str
    default: []
  exclude:
    description: Patterns of the names or ARNs of firewalls to leave out, whatever O(include) says.
    type: list
    elements: str
    default: []
  strict_permissions:
    description:
      - Whether a call that is refused for the lack of a permission ends it.
      - With V(false) what may not be seen, be it an account, a region or a firewall, is left out with a warning. So are
        a region of O(regions) that an account has not enabled, and an account without STS where roles are asked for.
      - Where all places fail alike it is an error even so.
    type: bool
    default: true
  aws_config:
    description:
      - Settings of botocore's C(Config), such as C(proxies) or C(read_timeout).
      - By default C(connect_timeout) and C(read_timeout) are 10 seconds, and an endpoint that is silent for so long
        four times in a row ends the search. How often a call is made is not among what can be set.
    type: dict
notes:
  - The file may have no keys but the options. Templates are evaluated in O(accounts), O(assume_role_arn),
    O(assume_role_arns), O(assume_role_name), O(endpoint_url), O(exclude), O(external_id), O(filters), O(include),
    O(profile), O(region), O(regions) and in the credentials.
  - The cache holds what AWS said, for the file, the access key ID and all options that decide what AWS is asked. A
    change of one of these asks again, as C(--flush-cache) does; a change of the others, such as O(hostnames), takes
    effect on what the cache holds.
  - "It needs C(network-firewall:ListFirewalls), C(network-firewall:DescribeFirewall),
    C(network-firewall:ListVpcEndpointAssociations) and C(network-firewall:DescribeVpcEndpointAssociation);
    C(ec2:DescribeRegions) without O(regions); C(sts:AssumeRole) for the roles."
  - Credentials are neither among the variables nor in the cache; what acts on a host found through a role has its
    C(assume_role_arn) to assume.
  - A botocore that does not know transit gateways, proxy mode or VPC endpoint associations yet leaves them out.
extends_documentation_fragment:
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
  - amazon.aws.boto3
  - amazon.aws.common.plugins
  - amazon.aws.region.plugins
  - amazon.aws.assume_role.plugins
seealso:
  - plugin: amazon.aws.aws_ec2
    plugin_type: inventory
"""

EXAMPLES = r"""
# my.networkfirewall.yml: every firewall of the account, in every region
plugin: flowops.aws.networkfirewall

---
# Two regions of three accounts, grouped
plugin: flowops.aws.networkfirewall
regions: [us-east-1, eu-west-1]
accounts: ["111122223333", "222233334444", "333344445555"]
assume_role_name: flow-audit
filters:
  tag:Environment: [production, staging]
  status: READY
exclude: ["*-test"]
hostnames:
  - name: name
    prefix: account_id
keyed_groups:
  - key: region
    prefix: region
  - key: account_id
    prefix: account
  - key: firewall_tags.Environment
    prefix: env
groups:
  on_a_transit_gateway: transit_gateway_id is defined
  out_of_sync: sync_state != 'IN_SYNC'
compose:
  # The role flowops.aws.flow_audit asks the firewall's own region.
  flow_audit_connection: "{'region': region}"

---
# An organisation behind a hub account: what may not be seen is left out, and kept for ten minutes.
# The audits' own profile leads to the hub, from which they assume the role of each firewall's account.
plugin: flowops.aws.networkfirewall
assume_role_arn: arn:aws:iam::111122223333:role/hub
assume_role_arns:
  - arn:aws:iam::222233334444:role/audit/flows
  - arn:aws:iam::333344445555:role/audit/flows
external_id: "{{ lookup('ansible.builtin.env', 'FLOW_AUDIT_EXTERNAL_ID') }}"
strict_permissions: false
compose:
  flow_audit_connection: "{'profile': 'hub'}"
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/firewalls
cache_timeout: 600
"""

import hashlib
import json
import os
from difflib import get_close_matches
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.amazon.aws.plugins.plugin_utils.botocore import get_aws_connection_info
from ansible_collections.amazon.aws.plugins.plugin_utils.inventory import AWSInventoryBase

from ansible_collections.flowops.aws.plugins.module_utils.aws.clients import client_config
from ansible_collections.flowops.aws.plugins.module_utils.aws.connections import Connections
from ansible_collections.flowops.aws.plugins.module_utils.aws.failures import calling
from ansible_collections.flowops.aws.plugins.module_utils.aws.fleet import DEFAULT_REGION, Fleet, Search
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError, OptionError
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.accounts import (
    check_accounts,
    check_external_id,
    check_partition,
    check_region,
    parse_role_arn,
    roles_of,
)
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.hostnames import HostName
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.selection import Selection
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.variables import check_variable
from ansible_collections.flowops.aws.plugins.plugin_utils.firewall_hosts import add_hosts, from_cache, to_cache

# What decides whom AWS is asked as, and for what; the number counts the shapes that what is kept has had.
_CACHE_FORMAT = 1
_ASKED = (
    "access_key",
    "assume_role_arn",
    "assume_role_name",
    "endpoint_url",
    "external_id",
    "filters",
    "profile",
    "strict_permissions",
)
_ASKED_LISTS = ("accounts", "assume_role_arns", "exclude", "include", "regions")
_ASKED_ENVIRONMENT = ("AWS_CONFIG_FILE", "AWS_ROLE_ARN", "AWS_SHARED_CREDENTIALS_FILE")


class InventoryModule(AWSInventoryBase):
    NAME = "flowops.aws.networkfirewall"
    INVENTORY_FILE_SUFFIXES = ("networkfirewall.yml", "networkfirewall.yaml")
    inventory: Any

    class TemplatedOptions(AWSInventoryBase.TemplatedOptions):
        TEMPLATABLE_OPTIONS = (
            *AWSInventoryBase.TemplatedOptions.TEMPLATABLE_OPTIONS,
            "accounts",
            "assume_role_arns",
            "assume_role_name",
            "exclude",
            "external_id",
            "include",
        )

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Add the firewalls to the inventory; raise AnsibleError with one sentence when they cannot be read."""
        try:
            super().parse(inventory, loader, path, cache=cache)
            # Before anything is asked of AWS.
            self._check_places()
            client_config(self.get_option("aws_config"))
            selection = Selection(self.get_option("filters"), self._list_of("include"), self._list_of("exclude"))
            hostnames = [HostName.of(entry) for entry in self._list_of("hostnames")]
            tags_variable = check_variable(self.get_option("tags_variable"), "tags_variable")
            was_cached, cached = self.get_cached_result(path, cache)
            found = from_cache(cached) if was_cached else None
            firewalls, warnings = found or Fleet(*self._search(selection)).read()
            taken = [item for item in firewalls if selection.takes(item)]
            # What could not be seen is missing from the cache as well.
            for warning in [*warnings, *add_hosts(self.inventory, taken, hostnames, tags_variable, self._construct)]:
                self.warn(warning)
            self.update_cached_result(path, cache and bool(found), to_cache(firewalls, warnings))
        except FlowOpsError as error:
            # Ansible shows the causes of an error behind it, and the sentence already says them.
            raise AnsibleError(error.message) from None

    def _set_frozen_credentials(self) -> None:
        """Assume no role yet: with a cache nothing is asked of AWS at all."""

    def _read_config_data(self, path: str) -> Any:
        """Return what the file says; raise FlowOpsError for a key that is no option, which Ansible would ignore."""
        config = super()._read_config_data(path)
        known = self.option_definitions
        aliases = [alias for definition in known.values() for alias in definition.get("aliases") or ()]
        for key in config:
            if key not in known and key not in aliases:
                alike = get_close_matches(str(key), [*known, *aliases], 1)
                raise FlowOpsError(
                    f"{key}: is not an option of {self.NAME}, in {path}; "
                    + (f"did you mean {alike[0]}?" if alike else f"the options are {', '.join(sorted(known))}.")
                )
        return config

    def get_cache_key(self, path: str) -> str:
        """Return a key that changes with the file's path and with everything that decides what AWS is asked."""
        asked = {name: self.get_option(name) for name in _ASKED}
        asked.update((name, self._list_of(name)) for name in _ASKED_LISTS)
        asked.update((name, os.environ.get(name)) for name in _ASKED_ENVIRONMENT)
        text = json.dumps([_CACHE_FORMAT, self.region, asked], sort_keys=True, default=str)
        return f"{super().get_cache_key(path)}_{hashlib.sha256(text.encode()).hexdigest()[:16]}"

    def _list_of(self, option: str) -> list[Any]:
        """Return a list option, flat: an element that was a template may have become a list."""
        given = self.get_option(option) or []
        items = given if isinstance(given, (list, tuple)) else [given]
        return [item for entry in items for item in (entry if isinstance(entry, (list, tuple)) else [entry])]

    def _check_places(self) -> None:
        """Raise FlowOpsError when a region, an account or a role cannot be one."""
        for region in self._list_of("regions"):
            check_region(region, "regions")
        if self.region:
            check_region(self.region, "region")
        check_accounts(self._list_of("accounts"), self.get_option("assume_role_name"))
        for arn in self._list_of("assume_role_arns"):
            parse_role_arn(arn, "assume_role_arns")
        if self.get_option("assume_role_arn"):
            parse_role_arn(self.get_option("assume_role_arn"), "assume_role_arn")
        self._external_id()

    def _external_id(self) -> str | None:
        roles = [self._list_of("accounts"), self._list_of("assume_role_arns"), self.get_option("assume_role_arn")]
        return check_external_id(self.get_option("external_id"), any(roles))

    def _search(self, selection: Selection) -> tuple[Connections, Search]:
        """Return where to look and with what, from the options; raise FlowOpsError."""
        with calling("connect to AWS"):
            _region, endpoint_url, connection = get_aws_connection_info(self)
        connections = Connections(endpoint_url, connection, self.get_option("aws_config"))
        regions = list(dict.fromkeys(self._list_of("regions")))
        home = self.region or (regions[0] if regions else DEFAULT_REGION)
        partition = (
            connections.partition_of(regions[0], "regions") if regions else connections.partition_of(home, "region")
        )
        for region in regions:
            if connections.partition_of(region, "regions") != partition:
                raise OptionError("regions", regions, "give regions of one partition; credentials hold for no other")
        given = self.get_option("assume_role_arn")
        hub = parse_role_arn(given, "assume_role_arn") if given else None
        if hub:
            check_partition(hub, partition, "assume_role_arn")
        return connections, Search(
            home_region=home,
            selection=selection,
            regions=regions,
            roles=roles_of(
                self._list_of("accounts"),
                self.get_option("assume_role_name"),
                self._list_of("assume_role_arns"),
                partition,
            ),
            hub_role=hub,
            external_id=self._external_id(),
            strict_permissions=self.get_option("strict_permissions"),
        )

    def _construct(self, inventory: Any, host: str, variables: dict[str, Any]) -> None:
        """Compose the variables and groups of one host of an inventory, as the file says."""
        strict, whole = self.get_option("strict"), self.inventory
        self.inventory = inventory
        try:
            self._set_composite_vars(self.get_option("compose"), variables, host, strict=strict)
            self._add_host_to_composed_groups(self.get_option("groups"), variables, host, strict=strict)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, host, strict=strict)
        finally:
            self.inventory = whole
