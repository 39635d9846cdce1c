# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files into an S3 bucket: all of them checked first, then sent one after the other."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..aws.clients import client_of
from ..aws.others import S3
from ..errors import FlowOpsError, OptionError
from ..files import digest_of
from .result import Module

# What one call takes.
LARGEST_FILE = 5 * 1024**3
_CHUNK = 1024 * 1024


def upload_files(module: Module) -> dict[str, Any]:
    """Return the module's result; raise FlowOpsError with the sentence to fail with."""
    params = module.params
    encryption = encryption_of(params)
    objects = planned(params["src"], params["prefix"] or "")
    if objects and not module.check_mode:
        s3 = S3(client_of(module, "s3"))
        for index, item in enumerate(objects):
            checksum = base64.b64encode(bytes.fromhex(item["sha256"])).decode()
            try:
                s3.put(params["bucket"], item["object"], item["src"], checksum, encryption)
            except FlowOpsError as error:
                sent = {"bucket": params["bucket"], "objects": objects[:index], "changed": index > 0}
                raise error.saying(error.message, **sent) from error
            except OSError as error:
                raise OptionError("src", item["src"], f"it cannot be read any more ({error.strerror})") from error
    return {"changed": bool(objects), "bucket": params["bucket"], "objects": objects}


def encryption_of(params: Mapping[str, Any]) -> dict[str, str]:
    """Return PutObject's members for the encryption options; raise OptionError for a key that would not be used."""
    key = params.get("encryption_kms_key_id")
    mode = params["encryption_mode"] if params["encrypt"] else ""
    if key and mode != "aws:kms":
        raise OptionError("encryption_kms_key_id", key, "it is used with encryption_mode aws:kms only")
    if not mode:
        return {}
    return {"ServerSideEncryption": mode, **({"SSEKMSKeyId": key} if key else {})}


def planned(paths: Sequence[str], prefix: str) -> list[dict[str, Any]]:
    """Return {src, object, size in bytes, sha256} of each file; raise OptionError for one that cannot be uploaded."""
    folder = prefix.strip("/")
    objects: dict[str, dict[str, Any]] = {}
    for path in paths:
        name = os.path.basename(path)
        key = f"{folder}/{name}" if folder else name
        if key in objects:
            raise OptionError("src", path, f"{objects[key]['src']} would become the same object, {key}")
        objects[key] = {"src": path, "object": key, **_looked_at(path)}
    return list(objects.values())


def _looked_at(path: str) -> dict[str, Any]:
    try:
        size = os.path.getsize(path)
        if size > LARGEST_FILE:
            raise OptionError("src", path, f"it has {size:,} bytes, and S3 takes at most {LARGEST_FILE:,} in one piece")
        with open(path, "rb") as file:
            sha256, size = digest_of(file)
    except OSError as error:
        raise OptionError("src", path, f"give files that can be read ({error.strerror})") from error
    return {"size": size, "sha256": sha256}
