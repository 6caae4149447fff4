"""Names that only tests use: each is checked to be absent from the contract before it is added.

Invented paths, operationIds and headers contain the word ``invented``, so that no real one has
their name.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def invent_path(document: Json, path: str, item: Json) -> Json:
    """Return the document with one more path; its path and operationIds must be new."""
    assert "invented" in path, f"an invented path contains the word 'invented': {path}"
    assert path not in document["paths"], f"the contract has {path} already"
    known, added = _operation_ids(document["paths"]), _operation_ids({path: item})
    assert not known & added, f"the contract has {known & added} already"
    return {**document, "paths": {**document["paths"], path: item}}


def invent_header(document: Json, name: str) -> str:
    """Return the name of a header that no response and no parameter of the document has."""
    assert "invented" in name.lower(), f"an invented header contains the word 'invented': {name}"
    assert name.lower() not in _names(document), f"the contract has {name} already"
    return name


def _operation_ids(paths: Json) -> set[str]:
    return {
        operation["operationId"]
        for item in paths.values()
        for operation in item.values()
        if isinstance(operation, dict) and "operationId" in operation
    }


def _names(node: Any) -> set[str]:
    """Return the keys and the values of ``name`` anywhere in a document, in lower case."""
    if isinstance(node, list):
        return set().union(*map(_names, node))
    if not isinstance(node, dict):
        return set()
    names = {str(name).lower() for name in node} | {str(node.get("name", "")).lower()}
    return names.union(*map(_names, node.values()))
