# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lets all runs of the tests share the payloads that Ansible zips for modules, which it keeps for one run alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: keep_payloads
type: aggregate
short_description: Keep the payloads of modules for later runs
description: Has Ansible keep the payloads of modules in the folder named by the environment variable FLOWOPS_PAYLOADS.
requirements: []
"""


class CallbackModule(CallbackBase):
    """Puts a link where Ansible looks for payloads."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "keep_payloads"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "FLOWOPS_PAYLOADS" in os.environ:
            Path(constants.DEFAULT_LOCAL_TMP, "ansiballz_cache").symlink_to(os.environ["FLOWOPS_PAYLOADS"])
