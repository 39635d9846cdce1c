# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""AWS's side in-process, as the tests of the modules have it."""

from __future__ import annotations

from ansible_collections.flowops.aws.tests.unit.plugins.conftest import (
    capture_of,
    clock,
    connect,
    control,
    emulator,
    module_of,
    plain,
    retry_sleeps,
    running,
)

__all__ = ["capture_of", "clock", "connect", "control", "emulator", "module_of", "plain", "retry_sleeps", "running"]
