"""The smallest documents for the rules of ``mockserver contract diff``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
JSON = "application/json"


def document(operation: Json | None = None, **fields: Any) -> Json:
    """Return a document with one operation, ``POST /x``."""
    operations = {} if operation is None else {"/x": {"post": operation}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Things", "version": "1"},
        "paths": operations,
        **fields,
    }


def operation(**fields: Any) -> Json:
    """Return an operation."""
    return {
        "operationId": "x",
        "responses": {"200": {"description": "Done."}},
        **_with_sunset(fields),
    }


def _with_sunset(fields: Json) -> Json:
    return {"x-sunset" if name == "sunset" else name: value for name, value in fields.items()}


def body(schema: Json | None, media: str = JSON, **fields: Any) -> Json:
    """Return a document whose operation takes a body."""
    content = {media: {} if schema is None else {"schema": schema}}
    return document(operation(requestBody={"content": content, **fields}))


def response(schema: Json | None, media: str = JSON, status: str = "200", **fields: Any) -> Json:
    """Return a document whose operation responds with a body."""
    content = {media: {} if schema is None else {"schema": schema}}
    done = {"description": "Done.", "content": content, **fields}
    return document(operation(responses={status: done}))


def parameter(schema: Json, place: str = "query", **fields: Any) -> Json:
    """Return a document whose operation has a parameter."""
    named = {"name": "p", "in": place, "schema": schema, **_with_sunset(fields)}
    return document(operation(parameters=[named]))


def header(schema: Json, **fields: Any) -> Json:
    """Return a document whose response has a header."""
    done = {"description": "Done.", "headers": {"X-P": {"schema": schema, **fields}}}
    return document(operation(responses={"200": done}))


def having(schema: Json, *required: str) -> Json:
    """Return an object schema with one property."""
    return {"type": "object", "properties": {"p": schema}, "required": [*required]}


PLACES: Mapping[str, Callable[[Json, str], Json]] = {
    "request-body": body,
    "request-property": lambda schema, media: body(having(schema), media),
    "request-read-only-property": lambda schema, media: body(
        having({**schema, "readOnly": True}), media
    ),
    "response-body": response,
    "response-property": lambda schema, media: response(having(schema), media),
    "response-write-only-property": lambda schema, media: response(
        having({**schema, "writeOnly": True}), media
    ),
    "request-parameter": lambda schema, _: parameter(schema),
    "request-parameter-property": lambda schema, _: parameter(having(schema)),
    "request-header-property": lambda schema, _: parameter(having(schema), "header"),
    "response-header": lambda schema, _: header(schema),
}
"""Where a schema can be used, by the beginning of the kinds of its changes."""
