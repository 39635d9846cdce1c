# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections import Counter
from typing import Any

import boto3
import pytest
from botocore.loaders import JSONFileLoader, Loader

from ansible_collections.flowops.aws.plugins.module_utils.aws import models
from ansible_collections.flowops.aws.plugins.module_utils.aws.models import kept_models, read_models


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each file of the SDK was read since nothing was known."""
    monkeypatch.setattr(models, "_kept", {})
    files: Counter[str] = Counter()
    plain = JSONFileLoader.load_file

    def counted(self: Any, file_path: str) -> Any:
        files[file_path] += 1
        return plain(self, file_path)

    monkeypatch.setattr(JSONFileLoader, "load_file", counted)
    return files


def operations() -> list[str]:
    session = boto3.session.Session()
    client = session.client("network-firewall", "us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    return sorted(client.meta.service_model.operation_names)


def test_each_file_is_read_once_for_all_clients(read: Counter[str]) -> None:
    plain = operations()
    read.clear()
    with kept_models():
        assert [operations(), operations()] == [plain, plain]
    assert set(read.values()) == {1}


def test_what_was_read_ahead_is_not_read_again(read: Counter[str]) -> None:
    read_models("network-firewall")
    assert any(path.endswith("endpoints") for path in read)
    before = dict(read)
    with kept_models():
        operations()
    assert {path for path in before if read[path] > before[path]} == set()
    assert [path for path in read if path not in before and "network-firewall" in path and models._kept[path]] == []


def test_sessions_outside_read_for_themselves(read: Counter[str]) -> None:
    with pytest.raises(ValueError, match="broken"), kept_models():
        raise ValueError("broken")
    assert Loader.FILE_LOADER_CLASS is JSONFileLoader
    operations()
    operations()
    assert max(read.values()) == 2


def test_a_service_that_the_sdk_does_not_know_is_left_to_whoever_asks_for_it(read: Counter[str]) -> None:
    read_models("no-such-service")
    assert not any("no-such-service" in path for path in read)
