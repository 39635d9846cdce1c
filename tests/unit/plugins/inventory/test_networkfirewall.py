# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.inventory.data import InventoryData

from ansible_collections.flowops.aws.plugins.inventory import networkfirewall as inventory

EVIL = "{{ lookup('pipe', 'id') }}"


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

    monkeypatch.setattr(inventory, "trust_as_template", None)
    monkeypatch.setattr("ansible.utils.unsafe_proxy.wrap_var", wrap_var)
    arn = "arn:aws:network-firewall:us-east-1:111122223333:firewall/egress"
    odd = ["{% if 1 %}", "{# x", "#jinja2: block_start_string: '<<'", "a\n", "!unsafe", "$(id)", "[[x"]
    value = {"arn": arn, "tags": {"a": EVIL, EVIL: "b c+d=e"}, "zones": ["us-east-1a"], "odd": odd, "n": 7}
    assert inventory._untrusted(value) == {
        "arn": arn,
        "tags": {"a": f"<{EVIL}>", f"<{EVIL}>": "b c+d=e"},
        "zones": ["us-east-1a"],
        "odd": [f"<{text}>" for text in odd],
        "n": 7,
    }
    assert set(marked) == {EVIL, *odd}


@pytest.mark.parametrize("value", [None, {}, [], "", "{", "[]", "{}", "[1]", "[[], [], []]", 7, "null"])
def test_a_cache_that_holds_something_else(value: Any) -> None:
    assert inventory._uncached(value) is None


def test_a_cache_that_holds_firewalls() -> None:
    assert inventory._uncached(json.dumps([[{"firewall_name": "egress"}], ["left out"]])) == (
        [{"firewall_name": "egress"}],
        ["left out"],
    )


def test_names_that_are_taken() -> None:
    plugin = inventory.InventoryModule()
    plugin.inventory = InventoryData()
    plugin.inventory.add_group("edge")
    for name in ("egress", "server"):
        plugin.inventory.add_host(name, group="edge")
    plugin.inventory.set_variable("egress", "firewall_arn", "arn:x")
    taken = plugin._taken()
    assert taken["egress"] == "arn:x"
    assert {name for name, arn in taken.items() if not arn} == {
        "all",
        "ungrouped",
        "edge",
        "localhost",
        "127.0.0.1",
        "::1",
    }
