# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The versions of what runs on the controller."""

from __future__ import annotations

import json
import os
import platform
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import yaml
from ansible.release import __version__ as core

_COLLECTION = os.path.join(os.path.dirname(__file__), "..", "..")


def versions() -> dict[str, str]:
    """Return the versions of flowops.aws, ansible-core, Python and AWS's SDK by name, without what cannot be read."""
    told = {"ansible-core": core, "python": platform.python_version()}
    for name in ("boto3", "botocore"):
        with suppress(PackageNotFoundError):
            told[name] = version(name)
    own = _installed() or _checked_out()
    return {"flowops.aws": own, **told} if own else told


def _installed() -> str:
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(_read("MANIFEST.json", json.load)["collection_info"]["version"])
    return ""


def _checked_out() -> str:
    with suppress(OSError, yaml.YAMLError, KeyError, TypeError):
        return str(_read("galaxy.yml", yaml.safe_load)["version"])
    return ""


def _read(name: str, load: Any) -> Any:
    with open(os.path.join(_COLLECTION, name), encoding="utf-8") as file:
        return load(file)
