# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventories: what ansible-inventory says, and what AWX hands out to a job, whole or in slices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def slice_of(hosts: Mapping[str, Any], number: int, count: int) -> dict[str, Any]:
    """Return the hosts of one slice, as AWX deals them out: by name, every so manieth from the number on."""
    return {name: hosts[name] for name in sorted(hosts)[number - 1 :: count]}


def write_inventory(path: Path, hosts: Mapping[str, Any]) -> None:
    """Write the inventory of a job, a script that prints hosts {name: variables}."""
    inventory = {"all": {"hosts": list(hosts)}, "_meta": {"hostvars": dict(hosts)}}
    path.write_text(f"#! /usr/bin/env python3\nprint({json.dumps(inventory)!r})\n", encoding="utf-8")
    path.chmod(0o700)


def plain(value: Any) -> Any:
    """Return JSON without the marks by which Ansible tells strings that are no templates."""
    if isinstance(value, dict):
        if set(value) == {"__ansible_unsafe"}:
            return value["__ansible_unsafe"]
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value
