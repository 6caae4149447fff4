"""What of a document could not be read, and so cannot be compared.

The reader leaves mistakes out, with warnings. What is missing for this reason is no change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mockserver.contract.changes import Change, Severity
from mockserver.contract.parts import WHOLE, Document, Node
from mockserver.openapi.problems import DocumentWarning, Pointer, written
from mockserver.openapi.reader import Reading

_ENDS = ("; it is left out", "; any value fits it", " has no target", "is left out")
"""How the warnings about what is not read end."""


def document(reading: Reading) -> Document:
    """Return a document that knows what of it could not be read."""
    found: dict[int, frozenset[str]] = {}
    root = Document(reading.document)
    for warning in _lost(reading):
        holder, name = _holder(root, reading.document, warning.pointer)
        found[id(holder)] = found.get(id(holder), frozenset()) | {name}
    root.lost = found
    return root


def changes(old: Reading, new: Reading) -> Iterator[Change]:
    """Yield what cannot be compared. A mistake that both documents have is no change."""
    before, after = (_by_place(reading) for reading in (old, new))
    for found, others, in_old in ((before, after, True), (after, before, False)):
        for pointer, warning in found.items():
            if pointer not in others or others[pointer].problem != warning.problem:
                yield _change(pointer, warning.problem, in_old=in_old)


def _change(pointer: Pointer, problem: str, *, in_old: bool) -> Change:
    for end in _ENDS[:2]:
        problem = problem.removesuffix(end)
    text = f"{written(pointer)} could not be compared: {problem}."
    users = (f"{str(pointer[2]).upper()} {pointer[1]}",) if _is_operation(pointer) else ()
    return Change("not-compared", Severity.UNCLEAR, text, pointer, in_old, users=users)


def _is_operation(pointer: Pointer) -> bool:
    return len(pointer) > 2 and pointer[0] == "paths" and pointer[2] != "parameters"


def _by_place(reading: Reading) -> dict[Pointer, DocumentWarning]:
    """Return the warnings about what is not read, the first for each place."""
    found: dict[Pointer, DocumentWarning] = {}
    for warning in _lost(reading):
        is_reference = warning.pointer[-1:] == ("$ref",)
        found.setdefault(warning.pointer[:-1] if is_reference else warning.pointer, warning)
    return found


def _lost(reading: Reading) -> Sequence[DocumentWarning]:
    return [warning for warning in reading.problems.warnings if warning.problem.endswith(_ENDS)]


def _holder(root: Document, document: Node, pointer: Pointer) -> tuple[Node, str]:
    """Return the object that lacks something, and the name of what it lacks."""
    holder: Node = root
    name = WHOLE
    node: Any = document
    for key in pointer:
        if isinstance(node, dict):
            holder, name = (root if node is document else node), str(key)
        is_there = key in node if isinstance(node, dict) else _has_index(node, key)
        if not is_there:
            break
        node = node[key]
    return holder, WHOLE if name in ("$ref", "allOf") else name


def _has_index(node: object, key: object) -> bool:
    return isinstance(node, list) and isinstance(key, int) and key < len(node)
