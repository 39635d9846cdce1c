# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The index of the documentation site."""

from __future__ import annotations

from ansible_collections.flowops.aws.tests.tools.docs import own_index

INDEX = """
Flowops.Aws
===========

.. toctree::
    :maxdepth: 1

Guides
------

.. toctree::
    :maxdepth: 1

    docsite/guide_awx

Modules
~~~~~~~

.. toctree::
    :maxdepth: 1
    :hidden:
"""


def test_the_site_has_the_name_of_the_collection_and_guides_and_modules_apart() -> None:
    told = own_index(INDEX).splitlines()
    assert told[1:3] == ["flowops.aws", "==========="]
    assert [line.strip() for line in told if ":caption:" in line] == [":caption: Guides", ":caption: Modules"]
    assert [line for line in told if ":caption:" not in line][3:] == INDEX.splitlines()[3:]
