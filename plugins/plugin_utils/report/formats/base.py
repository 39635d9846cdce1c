# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every format is given and what it gives back."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from ..audit import Audit
from ..rules import RuleReport
from ..view import View


@dataclass(frozen=True)
class Material:
    """What a report is made of; findings() reads all of them again, rules(option) may raise FlowOpsError."""

    audit: Audit
    view: View
    findings: Callable[[], Iterator[Any]]
    rules: Callable[[str], RuleReport]
    # Whether entries that earlier runs have opened are closed.
    archive: bool = True


@dataclass(frozen=True)
class Format:
    """A format: its name, and how its contents are made; may_compress if a name that ends in .gz makes it gzip."""

    name: str
    contents: Callable[[Material], Iterable[bytes]]
    may_compress: bool = False

    @property
    def option(self) -> str:
        """The option of flow_report that says where the report goes."""
        return f"{self.name}_dest"

    def blocks(self, material: Material, dest: str) -> Iterable[bytes]:
        """Return the contents of a report; raise FlowOpsError for what the material does not allow."""
        blocks = self.contents(material)
        return _compressed(blocks) if self.may_compress and dest.endswith(".gz") else blocks


def _compressed(blocks: Iterable[bytes]) -> Iterator[bytes]:
    # A gzip file without a name and a time in it: the same content makes the same file.
    compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    for block in blocks:
        yield compressor.compress(block)
    yield compressor.flush()
