# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.flowops.aws.plugins.inventory import networkfirewall as inventory
from ansible_collections.flowops.aws.plugins.module_utils.firewalls.hostnames import HostName
from ansible_collections.flowops.aws.plugins.plugin_utils import firewall_hosts

ACCOUNT = "111122223333"
EVIL = "{{ lookup('pipe', 'id') }}"


def trusted(value: Any) -> Any:
    """Return options as a file gives them: since ansible-core 2.19 templates have to be marked."""
    if isinstance(value, dict):
        return {key: trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [trusted(item) for item in value]
    return (
        firewall_hosts.trust_as_template(value)
        if firewall_hosts.trust_as_template and isinstance(value, str)
        else value
    )


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("networkfirewall.yml", True),
        ("prod.networkfirewall.yaml", True),
        ("prod_networkfirewall.yml", True),
        ("networkfirewall.json", False),
        ("aws_ec2.yml", False),
    ],
)
def test_the_files_it_is_for(tmp_path: Path, name: str, fits: bool) -> None:
    path = tmp_path / name
    path.write_text("plugin: flowops.aws.networkfirewall\n", encoding="utf-8")
    assert inventory.InventoryModule().verify_file(str(path)) is fits
    assert not inventory.InventoryModule().verify_file(str(tmp_path / "missing.networkfirewall.yml"))


def test_on_an_ansible_without_trust_what_could_be_a_template_is_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    marked: list[str] = []

    def wrap_var(text: str) -> str:
        marked.append(text)
        return f"<{text}>"

    monkeypatch.setattr(firewall_hosts, "trust_as_template", None)
    monkeypatch.setattr("ansible.utils.unsafe_proxy.wrap_var", wrap_var)
    arn = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
    odd = ["{% if 1 %}", "{# x", "#jinja2: block_start_string: '<<'", "a\n", "!unsafe", "$(id)", "[[x"]
    value = {"arn": arn, "tags": {"a": EVIL, EVIL: "b c+d=e"}, "zones": ["us-east-1a"], "odd": odd, "n": 7}
    assert firewall_hosts.untrusted(value) == {
        "arn": arn,
        "tags": {"a": f"<{EVIL}>", f"<{EVIL}>": "b c+d=e"},
        "zones": ["us-east-1a"],
        "odd": [f"<{text}>" for text in odd],
        "n": 7,
    }
    assert set(marked) == {EVIL, *odd}


@pytest.mark.parametrize(
    "value",
    [
        *[None, {}, [], "", "{", "[]", "{}", "[1]", "[[], [], []]", 7, "null"],
        *["[1, 2]", "[[{}], []]", '[[], "abc"]', "[[], {}]", "[[], [1]]", '["ab", []]', "[{}, []]"],
    ],
)
def test_a_cache_that_holds_something_else(value: Any) -> None:
    assert firewall_hosts.from_cache(value) is None


def test_a_cache_that_holds_firewalls() -> None:
    kept = [firewall("egress", tags={"Env": "prod"}), firewall("edge", status="READY")]
    assert firewall_hosts.from_cache(json.dumps([kept, ["left out"]])) == (kept, ["left out"])
    assert firewall_hosts.from_cache(json.dumps([[*kept, firewall("hub", status=7)], []])) is None


def plugin_with(**options: Any) -> Any:
    """Return the plugin with options over an inventory in which nothing is yet."""
    plugin = inventory.InventoryModule()
    plugin.inventory = InventoryData()
    plugin.loader = DataLoader()
    plugin.templar = Templar(loader=plugin.loader)
    fixed = {"leading_separator": True, "strict": True, "use_extra_vars": False}
    plugin._options = {"compose": {}, "groups": {}, "keyed_groups": [], **fixed, **options}
    return plugin


def firewall(name: str, **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:network-firewall:us-east-1:{ACCOUNT}:firewall/{name}"
    place = {"firewall_arn": arn, "firewall_name": name, "region": "us-east-1", "account_id": ACCOUNT}
    return {**place, "availability_zones": [], "endpoints": {}, "tags": {}, **more}


def populate(plugin: Any, *firewalls: dict[str, Any]) -> list[str]:
    """Add firewalls to the plugin's inventory; return what it warned of."""
    return firewall_hosts.add_hosts(plugin.inventory, firewalls, [HostName("name")], "tags", plugin._construct)


def group(plugin: Any, name: str) -> list[str]:
    return [host.name for host in plugin.inventory.groups[name].get_hosts()]


def test_names_that_are_taken() -> None:
    plugin = plugin_with()
    for name in ("edge", "ssh"):
        plugin.inventory.add_group(name)
    for name in ("egress", "server", "machine"):
        plugin.inventory.add_host(name, group="edge")
    plugin.inventory.add_host("other", group="ssh")
    plugin.inventory.set_variable("egress", "firewall_arn", "arn:x")
    plugin.inventory.set_variable("machine", "ansible_host", "10.0.0.5")
    plugin.inventory.set_variable("ssh", "ansible_user", "root")
    # That of all hosts says nothing of one of them.
    plugin.inventory.set_variable("all", "ansible_user", "root")
    taken = firewall_hosts._taken(plugin.inventory)
    assert taken["egress"] == "arn:x"
    assert {name for name, arn in taken.items() if not arn} == {
        "all",
        "ungrouped",
        "edge",
        "ssh",
        "machine",
        "other",
        "localhost",
        "127.0.0.1",
        "::1",
    }


KEYED = {"prefix": "", "separator": ""}
GROUPINGS: dict[str, dict[str, Any]] = {
    "groups": {"groups": {"prod": "tags.Env == 'prod'", "test": "tags.Env == 'test'"}},
    "keyed": {"keyed_groups": [{"key": "tags.Env", **KEYED}]},
    "parents": {"keyed_groups": [{"key": "tags.Env", "prefix": "env", "parent_group": "{{ tags.Env }}"}]},
    "composed": {"compose": {"mine": "tags.Env"}, "keyed_groups": [{"key": "mine", **KEYED}]},
}


@pytest.mark.parametrize("options", GROUPINGS.values(), ids=GROUPINGS)
def test_a_firewall_with_the_name_of_a_group_to_come_is_in_its_own_groups(options: dict[str, Any]) -> None:
    groups = {**options.get("groups", {}), "remediate": "tags.Env == 'test'"}
    plugin = plugin_with(**{**trusted(options), "groups": trusted(groups)})
    long = f"prod_us-east-1_{ACCOUNT}"
    (warning,) = populate(
        plugin,
        firewall("core-1", tags={"Env": "prod"}),
        firewall("core-2", tags={"Env": "prod"}),
        firewall("prod", tags={"Env": "test"}),
    )
    assert (group(plugin, "prod"), group(plugin, "test")) == (["core-1", "core-2"], [long])
    assert group(plugin, "remediate") == [long]
    assert "'prod' is taken already" in warning and long in warning
    assert set(plugin.inventory.hosts) == {"core-1", "core-2", long}


def test_a_group_of_the_name_of_each_host() -> None:
    plugin = plugin_with(keyed_groups=trusted([{"key": "inventory_hostname", **KEYED}]))
    populate(plugin, firewall("edge"))
    assert set(plugin.inventory.hosts) == {f"edge_us-east-1_{ACCOUNT}"}
    assert group(plugin, "edge") == [f"edge_us-east-1_{ACCOUNT}"]


def test_a_firewall_of_an_earlier_source_and_a_group_that_came_later() -> None:
    plugin = plugin_with(groups=trusted({"test": "firewall_name == 'prod'"}), compose=trusted({"composed": "region"}))
    populate(plugin, firewall("prod"))
    plugin.inventory.add_group("prod")
    plugin.inventory.add_host("other", group="prod")
    assert populate(plugin, firewall("prod", status="READY")) == []
    assert (group(plugin, "test"), group(plugin, "prod")) == (["prod"], ["other"])
    found = plugin.inventory.hosts["prod"].vars
    assert (found["status"], found["composed"]) == ("READY", "us-east-1")
    assert plugin.inventory.groups["prod"].vars == {}


def test_what_a_host_had_before_counts_for_its_groups() -> None:
    plugin = plugin_with(groups=trusted({"chosen": "mine == 7 and 'static' in group_names"}))
    plugin.inventory.add_group("static")
    plugin.inventory.add_host("edge", group="static")
    plugin.inventory.set_variable("edge", "mine", 7)
    populate(plugin, firewall("edge"))
    assert group(plugin, "chosen") == group(plugin, "static") == group(plugin, "networkfirewall") == ["edge"]


def test_an_expression_that_fails_names_the_host() -> None:
    plugin = plugin_with(groups=trusted({"wrong": "nothing.there"}))
    with pytest.raises(AnsibleError, match="firewall/edge .*group wrong"):
        populate(plugin, firewall("edge"))
    plugin._options["strict"] = False
    assert populate(plugin, firewall("edge")) == []


# -- the cache ---------------------------------------------------------------------------------------------------------

ASKED: dict[str, Any] = {
    "access_key": "AKIATESTTESTTESTTEST",
    "accounts": [ACCOUNT],
    "assume_role_arn": None,
    "assume_role_arns": [],
    "assume_role_name": "audit",
    "endpoint_url": None,
    "exclude": [],
    "external_id": "sesame",
    "filters": {},
    "include": [],
    "profile": None,
    "region": "us-east-1",
    "regions": ["us-east-1"],
    "strict_permissions": True,
}


def key_of(**options: Any) -> str:
    plugin = plugin_with(**{**ASKED, "secret_key": "secret", "hostnames": ["name"], "session_token": None, **options})
    # As Ansible's loader reads them off the documentation.
    plugin._defs = {name: {} for name in plugin._options}
    return str(plugin.get_cache_key("/etc/fleet.networkfirewall.yml"))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("access_key", "AKIATESTTESTTESTTES2"),
        ("accounts", ["444455556666"]),
        ("assume_role_arn", f"arn:aws:iam::{ACCOUNT}:role/hub"),
        ("assume_role_arns", [f"arn:aws:iam::{ACCOUNT}:role/other"]),
        ("assume_role_name", "other"),
        ("endpoint_url", "http://127.0.0.1:5000"),
        ("exclude", ["edge"]),
        ("external_id", "mustard"),
        ("filters", {"tag:Env": "prod"}),
        ("include", ["edge"]),
        ("profile", "other"),
        ("region", "eu-west-1"),
        ("regions", ["us-east-1", "eu-west-1"]),
        ("strict_permissions", False),
    ],
)
def test_a_change_of_what_decides_what_is_asked_is_another_key_of_the_cache(option: str, value: Any) -> None:
    assert key_of(**{option: value}) != key_of()


def test_what_is_the_same_question_has_the_same_key(monkeypatch: pytest.MonkeyPatch) -> None:
    key = key_of()
    # What names hosts is asked of nobody, and a secret goes with its access key ID.
    assert key == key_of() == key_of(hostnames=["arn"], secret_key="another", keyed_groups=[{"key": "region"}])
    assert not [secret for secret in ("sesame", "AKIA", "secret", ACCOUNT) if secret in key]
    monkeypatch.setenv("AWS_CONFIG_FILE", "/etc/other")
    assert key_of() != key
    monkeypatch.delenv("AWS_CONFIG_FILE")
    monkeypatch.setattr(inventory, "_CACHE_FORMAT", 99)
    assert key_of() != key
