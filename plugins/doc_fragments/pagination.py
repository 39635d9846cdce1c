# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by the plugins of this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """How much of a paginated listing to read, as the SDK's PaginationConfig names it."""

    DOCUMENTATION = r"""
options:
  max_items:
    description:
      - The number of items to read in all, 1 or more; by default every item is read.
      - A listing that was cut short by it returns RV(ignore:next_token), which O(starting_token) takes back.
    type: int
  page_size:
    description:
      - The number of items to ask for in each call; by default the service decides.
    type: int
  starting_token:
    description:
      - Where to go on, the RV(ignore:next_token) of an earlier call with the same options.
      - O(page_size) and O(max_items) may differ from that call; no item is lost or repeated.
    type: str
  query:
    description:
      - A JMESPath expression that is evaluated on each page of the API's answer, as the SDK's
        C(PageIterator.search) does; the lists it gives are joined, other values follow each other.
      - It sees the API's own member names. It is evaluated page by page, so a function such as
        C(length(...)) gives one number for each page.
      - Its results are returned as RV(ignore:query_result) in place of the list.
    type: str
"""
