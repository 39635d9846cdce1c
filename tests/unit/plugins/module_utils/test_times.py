# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from ansible_collections.flowops.aws.plugins.module_utils.times import parse_utc, utc_text


def test_moments_are_written_in_utc_and_read_back() -> None:
    moment = datetime(2026, 1, 31, 14, 0, 0, 250000, tzinfo=timezone(timedelta(hours=2)))
    assert utc_text(moment) == "2026-01-31T12:00:00.250000+00:00"
    assert parse_utc(utc_text(moment)) == moment
    assert (
        parse_utc("2026-01-31T12:00:00Z") == parse_utc("2026-01-31T12:00:00") == parse_utc("2026-01-31T13:00:00+01:00")
    )
    with pytest.raises(ValueError):
        parse_utc("yesterday")
