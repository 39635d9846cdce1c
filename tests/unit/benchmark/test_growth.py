# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.flowops.aws.tests.benchmark.growth import QUICK, WHOLE, Series, Sizes, table
from ansible_collections.flowops.aws.tests.benchmark.measuring import Cost

SIZES = (10, 100, 1_000)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_exponent_is_the_power_of_the_size(power: float) -> None:
    assert Series("x", tuple((size, 0.3 * size**power) for size in SIZES)).exponent == pytest.approx(power)


def test_one_size_shows_no_growth() -> None:
    assert Series("x", ((10, 1.0),)).exponent == 0.0


def test_the_table_has_a_row_for_each_cost_with_every_size(tmp_path: Path) -> None:
    sizes = Sizes((100, 200), (10, 20), (2, 4), (10, 20), (1, 3), among=100)
    asked: list[int] = []

    def firewalls(count: int) -> Cost:
        asked.append(count)
        return Cost(1.0, float(count))

    heading, *rows = table(sizes, tmp_path, firewalls)
    assert "exponent" in heading
    assert [row.split()[0].rstrip(",") for row in rows] == ["flows", "findings", "rules", "networks", "firewalls"]
    assert all(row.count(" s") >= 2 and "exponent" in row for row in rows)
    assert "exponent  1.00" in rows[-1]
    assert asked == [1, 3]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sizes", [WHOLE, QUICK])
def test_every_cost_has_sizes_to_be_seen_growing_by(sizes: Sizes) -> None:
    for each in (sizes.flows, sizes.findings, sizes.rules, sizes.networks, sizes.firewalls):
        assert len(each) > 1
        assert list(each) == sorted(set(each))
