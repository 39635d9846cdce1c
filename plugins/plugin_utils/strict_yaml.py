# Copyright: (c) 2026, flowops.aws contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""YAML that somebody else wrote: bounded, never quoted, and no number is another one than it looks like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from ..module_utils.errors import FlowOpsError, shown
from ..module_utils.files import text_of

# So many values may a file stand for, those that aliases repeat counted each time, and be nested so deep.
_MOST_VALUES = 200_000
_DEEPEST = 32

# YAML 1.1 reads 20:21 as 1221, to the base of sixty, and 0443 as 291; here both are texts.
_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z", re.ASCII)
_FRACTION = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?\Z", re.ASCII)
_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"


class _Loader(yaml.SafeLoader):
    """YAML whose numbers are decimal, and whose mappings have each key once."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Return the next node; raise RecursionError for one that is nested too deep, before it is looked into."""
        if self.depth > _DEEPEST:
            raise RecursionError
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping; raise ConstructorError for a key that is there twice."""
        seen = set()
        for key_node, _value_node in node.value:
            key = key_node.value if isinstance(key_node, yaml.ScalarNode) else None
            if key is not None and key in seen:
                raise yaml.constructor.ConstructorError(None, None, "a key is there twice", key_node.start_mark)
            seen.add(key)
        return dict(super().construct_mapping(node, deep))


# Kept apart from those of the loader that it is built on.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in (_INT, _FLOAT)]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_INT, _WHOLE, list("-+0123456789"))
_Loader.add_implicit_resolver(_FLOAT, _FRACTION, list("-+0123456789"))


def read_yaml(data: bytes, path: str) -> Any:
    """Return the value in a file's bytes; raise FlowOpsError with its line and without a word of it when it is invalid.

    Its whole numbers are decimal; all else that YAML 1.1 takes for one is a text.
    """
    text = text_of(data, path).removeprefix("\ufeff")
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check_size(node, path)
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f" line {mark.line + 1}" if mark else ""
        raise FlowOpsError(f"{shown(path)}{line}: it is not YAML{_problem(error)}.") from None
    except (yaml.YAMLError, ValueError):
        raise FlowOpsError(f"{shown(path)}: it is not YAML.") from None
    except RecursionError:
        raise FlowOpsError(f"{shown(path)}: it is nested more than {_DEEPEST} levels deep.") from None
    finally:
        if loader is not None:
            loader.dispose()


def _problem(error: yaml.MarkedYAMLError) -> str:
    # The parser's words, unless they quote what is in the file.
    problem = error.problem or ""
    return f" ({problem})" if problem and not re.search("['\"]", problem) else ""


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for pair in node.value:
            yield from pair
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _check_size(root: yaml.Node, path: str) -> None:
    """Raise FlowOpsError when a document stands for too much, as aliases of aliases do."""
    known: dict[int, int] = {}
    above: set[int] = set()

    def size_of(node: yaml.Node, depth: int) -> int:
        # What is within itself has no end.
        if id(node) in above or depth > _DEEPEST:
            raise FlowOpsError(f"{shown(path)}: it is nested more than {_DEEPEST} levels deep.")
        if id(node) not in known:
            above.add(id(node))
            known[id(node)] = 1 + sum(size_of(child, depth + 1) for child in _children(node))
            above.discard(id(node))
        return known[id(node)]

    if size_of(root, 0) > _MOST_VALUES:
        raise FlowOpsError(f"{shown(path)}: its aliases make it more than {_MOST_VALUES:,} values.")
