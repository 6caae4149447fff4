"""Additions to a contract that tests invent. They never replace a part of the contract.

Invented paths, operationIds, schemas and headers contain the word ``invented``, so that no real one
has their name. A name that the contract has nevertheless is refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

INVENTED_PATH = "/api/v1/billing/invented-things"
"""A path for tests that need just one."""

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


def invent_path(document: Json, path: str, item: Json) -> Json:
    """Return the document with one more path; its path and operationIds must be new."""
    _must_be_new("path", path, document["paths"])
    taken = _operation_ids(document["paths"])
    for operation_id in _operation_ids({path: item}):
        _must_be_new("operationId", operation_id, taken)
    return {**document, "paths": {**document["paths"], path: item}}


def invent_schema(document: Json, name: str, schema: Json) -> Json:
    """Return the document with one more component schema; its name must be new."""
    components = document["components"]
    _must_be_new("schema", name, components["schemas"])
    return {
        **document,
        "components": {**components, "schemas": {**components["schemas"], name: schema}},
    }


def invent_header(document: Json, name: str) -> str:
    """Return the name of a header that no response and no parameter of the document has."""
    _must_be_new("header", name, _names(document))
    return name


def _must_be_new(kind: str, name: str, taken: Iterable[str]) -> None:
    """Raise AssertionError if a name is not recognizable as invented, or exists in any case."""
    exists = name.lower() in {other.lower() for other in taken}
    assert not exists, f"the contract has the {kind} {name} already"
    assert "invented" in name.lower(), f"an invented {kind} contains the word 'invented': {name}"


def _operation_ids(paths: Json) -> set[str]:
    return {
        operation["operationId"]
        for item in paths.values()
        for method, operation in item.items()
        if method in METHODS and "operationId" in operation
    }


def _names(node: Any) -> set[str]:
    """Return the keys and the values of ``name`` anywhere in a document."""
    if isinstance(node, list):
        return set().union(*map(_names, node))
    if not isinstance(node, dict):
        return set()
    names = {str(key) for key in node} | {str(node.get("name", ""))}
    return names.union(*map(_names, node.values()))
