# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the SDK has on disk of the services, read once by a process for all its clients and for those that it forks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from .sdk import botocore

# What a client is made of, beside what is the service's own.
_OF_ALL = ("endpoints", "partitions", "sdk-default-configuration", "_retry")
_OF_A_SERVICE = ("service-2", "endpoint-rule-set-1", "paginators-1")
_kept: dict[str, Any] = {}


@contextmanager
def kept_models() -> Iterator[None]:
    """Let sessions that begin inside the block take the SDK's files from those that this process has read before.

    amazon.aws makes a session for each client, and each reads 3 MB of JSON again.
    """
    loader = getattr(getattr(botocore, "loaders", None), "Loader", None)
    before = getattr(loader, "FILE_LOADER_CLASS", None)
    if loader is None or before is None:
        yield
        return

    class KeptFiles(before):  # type: ignore[misc, valid-type]
        """The SDK's own reader of files, asked once for each."""

        def load_file(self, file_path: str) -> Any:
            """Return what a file holds, None where there is none."""
            if file_path not in _kept:
                _kept[file_path] = super().load_file(file_path)
            return _kept[file_path]

    loader.FILE_LOADER_CLASS = KeptFiles
    try:
        yield
    finally:
        loader.FILE_LOADER_CLASS = before


def read_models(service: str) -> None:
    """Read what a client of a service will need, without settings or credentials; what cannot be read is left out."""
    if botocore is None:
        return
    with kept_models():
        loader = botocore.loaders.Loader()
        for name in _OF_ALL:
            # Whoever makes a client is told what is wrong.
            with suppress(Exception):
                loader.load_data(name)
        for kind in _OF_A_SERVICE:
            with suppress(Exception):
                loader.load_service_model(service, kind)
