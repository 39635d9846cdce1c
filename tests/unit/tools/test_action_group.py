# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]


def test_the_action_group_holds_exactly_the_modules_with_aws_options_and_extends_that_of_amazon_aws() -> None:
    group = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["aws"]
    metadata = [entry["metadata"] for entry in group if isinstance(entry, dict)]
    assert metadata == [{"extend_group": ["amazon.aws.aws"]}]
    modules = [entry for entry in group if isinstance(entry, str)]
    with_aws_options = sorted(
        path.stem
        for path in (ROOT / "plugins" / "modules").glob("*.py")
        if "amazon.aws.common.modules" in path.read_text(encoding="utf-8")
    )
    assert modules == with_aws_options
