# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.aws.others import S3
from ansible_collections.flowops.aws.plugins.module_utils.errors import FlowOpsError, OptionError
from ansible_collections.flowops.aws.plugins.module_utils.work import s3_file_upload as uploads
from ansible_collections.flowops.aws.plugins.module_utils.work.s3_file_upload import (
    encryption_of,
    planned,
    upload_files,
)

PARAMS = {"bucket": "reports", "prefix": "", "encrypt": True, "encryption_mode": "AES256"}


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_bytes(b"<p>")
    return path


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [("", "report.html"), ("a/b", "a/b/report.html"), ("a/b//", "a/b/report.html"), ("/a", "a/report.html")],
)
def test_an_object_is_named_after_its_file_and_the_prefix(report: Path, prefix: str, expected: str) -> None:
    digest = hashlib.sha256(b"<p>").hexdigest()
    assert planned([str(report)], prefix) == [{"src": str(report), "object": expected, "size": 3, "sha256": digest}]


def test_two_files_that_would_be_one_object_are_refused(report: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    twin = other / "report.html"
    twin.write_bytes(b"")
    with pytest.raises(OptionError, match=r"src: .*other/report.html' is not allowed; .* the same object"):
        planned([str(report), str(twin)], "")


def test_a_file_that_cannot_be_read_or_is_too_large_is_refused(
    report: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(OptionError, match="gone' is not allowed; .*No such file"):
        planned([str(tmp_path / "gone")], "")
    monkeypatch.setattr(uploads, "LARGEST_FILE", 2)
    with pytest.raises(OptionError, match="it has 3 bytes, and S3 takes at most 2"):
        planned([str(report)], "")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"ServerSideEncryption": "AES256"}),
        ({"encrypt": False}, {}),
        ({"encryption_mode": "aws:kms"}, {"ServerSideEncryption": "aws:kms"}),
        (
            {"encryption_mode": "aws:kms", "encryption_kms_key_id": "k"},
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "k"},
        ),
    ],
)
def test_encryption_as_s3_is_asked_for_it(options: dict[str, Any], expected: dict[str, str]) -> None:
    assert encryption_of({**PARAMS, **options}) == expected


@pytest.mark.parametrize("options", [{}, {"encrypt": False, "encryption_mode": "aws:kms"}])
def test_a_key_that_would_not_be_used_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="encryption_kms_key_id: 'k' is not allowed"):
        encryption_of({**PARAMS, **options, "encryption_kms_key_id": "k"})


def test_files_arrive_whole_with_their_checksum(
    module_of: Callable[..., Any], connect: Callable[..., Any], report: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3 = connect("s3")
    s3.create_bucket(Bucket="reports")
    sent: list[str] = []

    def client_of(module: Any, service: str) -> Any:
        client = module.client(service)
        client.meta.events.register(
            "before-send", lambda request, **_event: sent.append(request.headers["x-amz-checksum-sha256"])
        )
        return client

    monkeypatch.setattr(uploads, "client_of", client_of)
    params = {**PARAMS, "src": [str(report)], "prefix": "audits"}
    told = upload_files(module_of(params, check_mode=True))
    assert told["changed"] and s3.list_objects_v2(Bucket="reports")["KeyCount"] == 0
    assert upload_files(module_of(params)) == told
    assert s3.get_object(Bucket="reports", Key="audits/report.html")["Body"].read() == b"<p>"
    assert [text.decode() if isinstance(text, bytes) else text for text in sent] == [
        base64.b64encode(hashlib.sha256(b"<p>").digest()).decode()
    ]


def test_no_file_is_no_change_and_no_call(module_of: Callable[..., Any]) -> None:
    assert upload_files(module_of({**PARAMS, "src": []})) == {"changed": False, "bucket": "reports", "objects": []}


def test_a_bucket_that_is_not_there_is_named(module_of: Callable[..., Any], report: Path) -> None:
    with pytest.raises(FlowOpsError, match=r"upload '.*report.html' to the bucket 'nowhere': .*NoSuchBucket"):
        upload_files(module_of({**PARAMS, "bucket": "nowhere", "src": [str(report)]}))


def test_a_file_is_sent_from_its_start_by_each_attempt(
    connect: Callable[..., Any], report: Path, retry_sleeps: list[float]
) -> None:
    s3 = connect("s3")
    s3.create_bucket(Bucket="again")
    put, sent = s3.put_object, []

    def cut_off(**request: Any) -> Any:
        sent.append(request["Body"].read())
        if len(sent) < 3:
            return {}
        request["Body"].seek(0)
        return put(**request)

    s3.put_object = cut_off
    checksum = base64.b64encode(hashlib.sha256(b"<p>").digest()).decode()
    S3(s3).put("again", "report.html", str(report), checksum, {})
    assert (sent, len(retry_sleeps)) == ([b"<p>"] * 3, 2)
    assert s3.get_object(Bucket="again", Key="report.html")["Body"].read() == b"<p>"
