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


def documents(old: Reading, new: Reading) -> tuple[Document, Document]:
    """Return two documents that know what of them could not be read.

    A part that is missing in both is not recorded, so that others beside it are compared.
    """
    return _document(old, new), _document(new, old)


def changes(old: Reading, new: Reading) -> Iterator[Change]:
    """Yield what cannot be compared. A mistake that both documents have is no change."""
    for reading, other, in_old in ((old, new, True), (new, old, False)):
        found: dict[Pointer, DocumentWarning] = {}
        for warning in _alone(reading, other):
            is_reference = warning.pointer[-1:] == ("$ref",)
            found.setdefault(warning.pointer[:-1] if is_reference else warning.pointer, warning)
        for pointer, warning in found.items():
            yield _change(pointer, warning.problem, in_old=in_old)


def _document(reading: Reading, other: Reading) -> Document:
    found: dict[int, frozenset[str]] = {}
    root, alone = Document(reading.document), _alone(reading, other)
    for warning in _lost(reading):
        holder, name = _holder(root, reading.document, warning.pointer)
        if name == WHOLE or warning in alone:
            found[id(holder)] = found.get(id(holder), frozenset()) | {name}
    root.lost = found
    return root


def _alone(reading: Reading, other: Reading) -> Sequence[DocumentWarning]:
    """Return the warnings about what is not read of one document and not of the other."""
    known = {*map(_mistake, other.problems.warnings)}
    return [warning for warning in _lost(reading) if _mistake(warning) not in known]


def _lost(reading: Reading) -> Sequence[DocumentWarning]:
    return [warning for warning in reading.problems.warnings if warning.problem.endswith(_ENDS)]


def _mistake(warning: DocumentWarning) -> tuple[Pointer, str]:
    """Return what is the same for a mistake that only moved within a list."""
    names = (key for key in warning.pointer if not isinstance(key, int) and key != "allOf")
    return tuple(names), warning.problem


def _change(pointer: Pointer, problem: str, *, in_old: bool) -> Change:
    for end in _ENDS[:2]:
        problem = problem.removesuffix(end)
    text = f"{written(pointer)} could not be compared: {problem}."
    users = (f"{str(pointer[2]).upper()} {pointer[1]}",) if _is_operation(pointer) else ()
    return Change("not-compared", Severity.UNCLEAR, text, pointer, in_old, users=users)


def _is_operation(pointer: Pointer) -> bool:
    return len(pointer) > 2 and pointer[0] == "paths" and pointer[2] != "parameters"


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
