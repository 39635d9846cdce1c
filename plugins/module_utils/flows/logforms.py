# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms in which people have flow logs: what S3, Firehose, CloudWatch and Suricata itself make of their entries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_DECODER = json.JSONDecoder()
# CloudWatch's exports put the time of ingestion in front of each entry.
_TIME = re.compile(r"(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S*|\d{10,13})\s+(?=\{)", re.ASCII)
_ONE_A_LINE = "give one entry on each line, as jq -c '.events[].message | fromjson' does"
_CSV = "it looks like CSV; export the log as JSON, one entry on each line"
_NO_MESSAGE = "it is an answer of CloudWatch Logs Insights without @message; ask for 'fields @message'"


def mappings_in(text: str, is_whole: bool = True) -> tuple[list[dict[str, Any]], str]:
    """Return the mappings in a line of a file, and what is left of one that is not whole.

    Raise ValueError with the form that a line has, and with what to do, when it has none of them.
    """
    values, rest = _values(_start(text), is_whole)
    return [mapping for value in values for mapping in _unfolded(value)], rest


def _start(text: str) -> str:
    text = text.lstrip("\ufeff \t\r\n")
    if text.startswith(("{", "[")):
        return text
    time = _TIME.match(text)
    if time:
        return text[time.end() :]
    if text.lower().startswith(("timestamp,", "@timestamp", "@message", '"@timestamp', '"timestamp')):
        raise ValueError(_CSV)
    return text


def _values(text: str, is_whole: bool) -> tuple[list[Any], str]:
    """Return the JSON values that stand one behind the other, as Firehose writes them, and what is left."""
    values: list[Any] = []
    text = text.rstrip()
    at = 0
    while at < len(text):
        try:
            value, end = _DECODER.raw_decode(text, at)
        except json.JSONDecodeError as error:
            if not is_whole:
                return values, text[at:]
            if at == 0 and text.strip() in ("{", "[", "[{"):
                raise ValueError(f"it is JSON over several lines, as the AWS CLI prints it; {_ONE_A_LINE}") from None
            raise ValueError(error.msg) from None
        values.append(value)
        at = end
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
    return values, ""


def _unfolded(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the entries of one JSON value: itself, or those that a delivery or an answer of CloudWatch holds."""
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        if any("@message" not in item for item in value):
            raise ValueError(f"it is a list in JSON; {_ONE_A_LINE}")
        for item in value:
            yield _message(item["@message"])
    elif not isinstance(value, dict):
        raise ValueError("not a mapping")
    elif isinstance(value.get("logEvents"), list) or isinstance(value.get("events"), list):
        for item in value.get("logEvents") or value.get("events") or ():
            yield _message(item.get("message") if isinstance(item, Mapping) else None)
    elif value.get("messageType") == "CONTROL_MESSAGE":
        return
    elif isinstance(value.get("results"), list):
        for row in value["results"]:
            yield _message(_field(row))
    else:
        yield _message(value["@message"]) if "@message" in value else value


def _field(row: Any) -> Any:
    fields = [item for item in row if isinstance(item, Mapping)] if isinstance(row, list) else []
    for item in fields:
        if item.get("field") == "@message":
            return item.get("value")
    raise ValueError(_NO_MESSAGE)


def _message(message: Any) -> dict[str, Any]:
    """Return the entry that a message of CloudWatch holds."""
    try:
        entry = json.loads(message) if isinstance(message, str) else message
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise ValueError("its messages are no entries of a flow log; give the log group that flows are written to")
    return entry
