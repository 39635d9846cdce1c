# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option query: a JMESPath expression over each page of a listing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import FlowOpsError, OptionError, shortened


def compiled_query(query: str | None) -> Any:
    """Return a compiled JMESPath expression, None for none; raise OptionError when it does not parse."""
    if query is None:
        return None
    try:
        import jmespath
    except ImportError as error:
        raise FlowOpsError("query needs the Python library jmespath where the module runs; install it.") from error
    try:
        return jmespath.compile(query)
    except jmespath.exceptions.JMESPathError as error:
        reason = shortened(str(error).partition("\n")[0])
        raise OptionError("query", query, f"give a JMESPath expression over one page ({reason})") from error


def searched(expression: Any, pages: Iterable[Mapping[str, Any]], query: str) -> list[Any]:
    """Return what a JMESPath expression finds, page by page, lists joined; as the SDK's PageIterator.search does."""
    import jmespath

    found: list[Any] = []
    for page in pages:
        try:
            value = expression.search({key: item for key, item in page.items() if key != "ResponseMetadata"})
        except jmespath.exceptions.JMESPathError as error:
            reason = shortened(str(error))
            raise OptionError("query", query, f"give a JMESPath expression that fits a page ({reason})") from error
        if isinstance(value, list):
            found.extend(value)
        else:
            found.append(value)
    return found
