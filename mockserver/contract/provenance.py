"""The places of changes in their files, and the provenance that a document marks there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from mockserver.contract.changes import Change, in_order
from mockserver.openapi.problems import Pointer
from mockserver.openapi.reader import Reading

_MARK = "x-provenance"
_DOCUMENTED_KEYWORDS = "x-documented-keywords"
_DOCUMENTED, _ASSUMED = "documented", "assumed"


def located(changes: Sequence[Change], old: Reading, new: Reading) -> list[Change]:
    """Return changes with file, line and provenance, the most severe first."""
    placed: list[Change] = []
    for reading, in_old in ((old, True), (new, False)):
        mine = [change for change in changes if change.in_old is in_old]
        places = reading.problems.places([change.pointer for change in mine])
        placed += [
            replace(change, path=path, line=line, provenance=mark_of(reading.document, change))
            for change, (path, line) in zip(mine, places, strict=True)
        ]
    return in_order(placed)


def mark_of(document: Any, change: Change) -> str | None:
    """Return the provenance of what changed; None if the document marks none."""
    is_keyword = bool(change.keyword) and change.pointer[-1:] == (change.keyword,)
    pointer = change.pointer[:-1] if is_keyword else change.pointer
    mark, node = nearest(document, pointer)
    if mark != _DOCUMENTED or not is_keyword:
        return mark
    stated = node.get(_DOCUMENTED_KEYWORDS, document.get(_DOCUMENTED_KEYWORDS))
    is_list = isinstance(stated, list)
    return mark if not is_list or change.keyword in stated else _ASSUMED


def nearest(document: Any, pointer: Pointer) -> tuple[str | None, dict[str, Any]]:
    """Return the nearest mark on the way to a part, and the part."""
    node, mark = document, document.get(_MARK)
    for key in pointer:
        is_index = isinstance(node, list) and isinstance(key, int) and key < len(node)
        if is_index or (isinstance(node, dict) and key in node):
            node = node[key]
        else:
            break
        if isinstance(node, dict):
            mark = node.get(_MARK, mark)
    return (mark if isinstance(mark, str) else None), node if isinstance(node, dict) else {}
