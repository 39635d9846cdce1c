# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.flowops.aws.plugins.filter.project_file import FilterModule

project_file = FilterModule().filters()["project_file"]


@pytest.mark.parametrize("path", ["policies/default.yml", " policies/a..b.yml ", "", "./policy.yml"])
def test_a_file_of_the_project_is_taken(path: str) -> None:
    assert project_file(path) == path.strip()


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../policy.yml", "a/../../b.yml", "a//..", "~/x", "..", "a\\..\\b", "file:///etc/passwd"]
)
def test_any_other_file_is_refused_by_name(path: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="flowops_policy_file: .* is not allowed; give a path"):
        project_file(path)
