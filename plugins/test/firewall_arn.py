# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test firewall_arn."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.flowops.aws.plugins.module_utils.errors import OptionError
from ansible_collections.flowops.aws.plugins.module_utils.flows.arns import parse_firewall_arn


def firewall_arn(value: Any) -> bool:
    """Return whether a value is the ARN of a firewall, of any partition."""
    try:
        parse_firewall_arn(value)
    except OptionError:
        return False
    return True


class TestModule:
    """The tests of this file."""

    # Pytest takes it for a class of tests by its name.
    __test__ = False

    def tests(self) -> dict[str, Callable[..., bool]]:
        """Return the tests by name."""
        return {"firewall_arn": firewall_arn}
