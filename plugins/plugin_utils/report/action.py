# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the actions that write reports have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from ..action import ControllerAction


class ReportAction(ControllerAction):
    """An action that writes reports on the controller: its specification, and the work to be done with its options."""

    SPEC: ClassVar[dict[str, Any]]
    # The options that name one file each; those of DESTS are written, and one of them is required.
    PATHS: ClassVar[tuple[str, ...]]
    DESTS: ClassVar[tuple[str, ...]]

    @abstractmethod
    def work(self, options: Mapping[str, Any], paths: Mapping[str, str], *, dry_run: bool) -> dict[str, Any]:
        """Return what the task returns, after writing what paths (option to absolute path) ask for."""

    def as_result(self) -> dict[str, Any]:
        """Write what differs, or in check mode only say it; return reports, a list of format, dest, sha256, size."""
        options = self.validate_argument_spec(argument_spec=self.SPEC, required_one_of=[list(self.DESTS)])[1]
        paths = {name: self.path(options[name]) for name in self.PATHS if options.get(name) is not None}
        return self.work(options, paths, dry_run=self._task.check_mode)

    def path(self, text: str) -> str:
        """Return the absolute path; as for modules on a local connection, a relative one starts at the playbook."""
        return str(self._loader.path_dwim(text))
