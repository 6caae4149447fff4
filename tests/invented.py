"""Additions to a contract that tests invent. They never replace a part of the contract.

Names are recognizable as invented, so that the vendor cannot publish the same one: paths below
``INVENTED``, operationIds and schemas with ``invented`` in them, headers that begin with
``X-Invented-``. A name that exists nevertheless is refused.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

INVENTED = "/api/v1/billing/invented-things"
"""A path that no contract has."""

METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})


class AlreadyInContractError(Exception):
    """An invented part has the name of a real one."""

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"{kind} {name!r} is in the contract: choose another name for the test's")


def extended(
    document: Mapping[str, Any],
    *,
    paths: Mapping[str, Json] | None = None,
    components: Mapping[str, Json] | None = None,
) -> Json:
    """Return a copy of a document with additional paths and components (by section and name).

    Raise AlreadyInContractError for a path, operationId or component that the document has.
    """
    grown: Json = copy.deepcopy(dict(document))
    taken = set(_operation_ids(grown["paths"]))
    for operation_id in _operation_ids(paths or {}):
        if operation_id in taken:
            raise AlreadyInContractError("operation", operation_id)
    _add(grown["paths"], paths or {}, "path")
    for section, parts in (components or {}).items():
        _add(grown["components"].setdefault(section, {}), parts, section)
    return grown


def with_response_header(document: Mapping[str, Any], name: str, header: Json) -> Json:
    """Return a copy of a document in which every response has an additional header.

    Raise AlreadyInContractError if a response or a component has a header of that name.
    """
    grown = extended(document, components={"headers": {name: header}})
    for response in _responses(grown):
        headers = response.setdefault("headers", {})
        _add(headers, {name: {"$ref": f"#/components/headers/{name}"}}, "header")
    return grown


def _add(existing: Json, additions: Mapping[str, Any], kind: str) -> None:
    taken = {name.lower() for name in existing}  # names of headers have no case
    for name, node in additions.items():
        if name.lower() in taken:
            raise AlreadyInContractError(kind, name)
        existing[name] = copy.deepcopy(node)


def _operations(paths: Mapping[str, Json]) -> Iterator[Json]:
    for item in paths.values():
        yield from (node for method, node in item.items() if method in METHODS)


def _operation_ids(paths: Mapping[str, Json]) -> Iterator[str]:
    return (node["operationId"] for node in _operations(paths) if "operationId" in node)


def _responses(document: Json) -> Iterator[Json]:
    """Every response that is written out, inline or as a component."""
    for operation in _operations(document["paths"]):
        yield from (r for r in operation["responses"].values() if "$ref" not in r)
    yield from document["components"].get("responses", {}).values()


def invent_path(document: Mapping[str, Any], path: str, item: Json) -> Json:
    """Return a copy of a document with one more path. Raise AlreadyInContractError."""
    return extended(document, paths={path: item})


def invent_header(document: Mapping[str, Any], name: str) -> str:
    """Return the name of a header that nothing in the document has.

    Raise AlreadyInContractError.
    """
    if name.lower() in _names(document):
        raise AlreadyInContractError("header", name)
    return name


def _names(node: Any) -> set[str]:
    """Return the keys and the values of ``name`` anywhere in a document, in lower case."""
    if isinstance(node, list):
        return set().union(*map(_names, node))
    if not isinstance(node, Mapping):
        return set()
    names = {str(name).lower() for name in node} | {str(node.get("name", "")).lower()}
    return names.union(*map(_names, node.values()))
