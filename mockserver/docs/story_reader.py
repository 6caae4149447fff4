"""Reads the extensions for the first page and the search: ``x-story``, ``x-search-synonyms``.

Parts of a wrong shape are left out, as any document may use these names for something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mockserver.docs.document import Node
from mockserver.docs.model import Operation, Step, Story


def story_of(root: Node, operations: Iterable[Operation]) -> Story | None:
    """Return the first task that a document leads through, or None."""
    node = root.get("x-story")
    if not isinstance(node, dict) or not isinstance(node.get("steps"), list):
        return None
    known = {operation.operation_id: operation for operation in operations}
    steps = tuple(_steps(node["steps"], known))
    if not steps:
        return None
    return Story(_text(node, "title") or "First steps", _text(node, "description"), steps)


def synonyms_of(root: Node) -> dict[str, tuple[str, ...]]:
    """Return the phrases of the search with what to look for instead."""
    node = root.get("x-search-synonyms")
    if not isinstance(node, dict):
        return {}
    found = {str(phrase): _phrases(others) for phrase, others in node.items()}
    return {phrase: others for phrase, others in found.items() if others}


def _steps(nodes: list[Any], known: dict[str | None, Operation]) -> Iterator[Step]:
    for node in nodes:
        if isinstance(node, dict):
            step = Step(
                _text(node, "title"),
                _text(node, "description"),
                known.get(_text(node, "operationId")) if "operationId" in node else None,
            )
            if step.text or step.operation:
                yield step


def _text(node: Node, name: str) -> str | None:
    value = node.get(name)
    return value if isinstance(value, str) and value.strip() else None


def _phrases(node: Any) -> tuple[str, ...]:
    items = node if isinstance(node, list) else [node]
    return tuple(item for item in items if isinstance(item, str) and item.strip())
