"""Harder pairs: the same contract in other words is no change, and small edits are one sentence."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver.contract.comparison import compare
from mockserver.contract.lifecycle import Policy
from tests.contract.documents import Json, body, document, having, operation, parameter, response

TODAY = Policy(date(2026, 12, 1))
B, A, E = "breaking", "additive", "editorial"
TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
T = {"$ref": "#/components/schemas/T"}
U = {"$ref": "#/components/schemas/U"}


def with_components(found: Json, **schemas: Json) -> Json:
    """Return a document with component schemas."""
    return {**found, "components": {"schemas": schemas}}


def swagger(*required: str) -> Json:
    """Return a document of version 2.0."""
    schema = {"type": "object", "required": [*required], "properties": {"a": TEXT, "b": TEXT}}
    taken = {"name": "thing", "in": "body", "schema": schema}
    done = {"200": {"description": "Done."}}
    return {
        "swagger": "2.0",
        "info": {"title": "Things", "version": "1"},
        "consumes": ["application/json"],
        "paths": {"/x": {"post": {"operationId": "x", "parameters": [taken], "responses": done}}},
    }


def hook(schema: Json) -> Json:
    """Return a document with a webhook."""
    content = {"application/json": {"schema": schema}}
    called = {
        "operationId": "h",
        "requestBody": {"content": content},
        "responses": {"200": {"description": "Done."}},
    }
    return document(operation(), webhooks={"happened": {"post": called}})


def paths(*names: str) -> Json:
    """Return a document with some paths."""
    return document(
        paths={name: {"get": operation(operationId=f"o{at}")} for at, name in enumerate(names)}
    )


def statuses(*names: str) -> Json:
    """Return a document with some responses."""
    return document(operation(responses={name: {"description": "x"} for name in names}))


def old_version(found: Json) -> Json:
    """Return a document as one of version 3.0."""
    return {**found, "openapi": "3.0.3"}


def scheme(**fields: str) -> Json:
    """Return a document with a security scheme."""
    components = {"securitySchemes": {"Key": {"type": "apiKey", "in": "header", **fields}}}
    return document(operation(security=[{"Key": []}]), components=components)


def server(**fields: Any) -> Json:
    """Return a document whose server has a variable."""
    variables = {"region": {"default": "eu", **fields}}
    return document(
        operation(), servers=[{"url": "https://{region}.x.example", "variables": variables}]
    )


def form(encoding: Json) -> Json:
    """Return a document that takes a form."""
    media = {"schema": having(TEXT), "encoding": encoding}
    return document(operation(requestBody={"content": {"multipart/form-data": media}}))


BASE = having(TEXT, "p")
QUERY: Json = {"name": "p", "in": "query"}
PAIRS: dict[str, tuple[Json, Json, list[str]]] = {
    # the same in other words
    "a schema is moved to the components": (
        response(having(BASE)),
        with_components(response(having(T)), T=BASE),
        [],
    ),
    "a schema is moved from the components": (
        with_components(body(having(T)), T=BASE),
        with_components(body(having(BASE)), T=BASE),
        [],
    ),
    "a component is used through another one": (
        with_components(body(T), T=BASE),
        with_components(body(T), T=U, U=BASE),
        [],
    ),
    "a constant is an enum of one value": (
        body(having({"type": "string", "const": "a"})),
        body(having({"type": "string", "enum": ["a"]})),
        [],
    ),
    "null is a branch or a type": (
        response(having({"type": ["string", "null"]})),
        response(having({"anyOf": [TEXT, {"type": "null"}]})),
        [],
    ),
    "null is a flag in 3.0": (
        old_version(response(having({"type": "string", "nullable": True}))),
        response(having({"oneOf": [{"type": "null"}, TEXT]})),
        [],
    ),
    "a property is in a branch of allOf": (
        body({"type": "object", "properties": {"a": TEXT, "b": NUMBER}, "required": ["a"]}),
        body(
            {
                "allOf": [
                    {"type": "object", "properties": {"a": TEXT}},
                    {"properties": {"b": NUMBER}},
                    {"required": ["a"]},
                ]
            }
        ),
        [],
    ),
    "what is false or empty is said": (
        body(having(TEXT)),
        body(
            {
                "type": "object",
                "properties": {
                    "p": {"type": "string", "minLength": 0, "deprecated": False, "readOnly": False}
                },
                "required": [],
                "additionalProperties": True,
                "minProperties": 0,
            }
        ),
        [],
    ),
    "bounds of an integer are exclusive": (
        body(having({"type": "integer", "minimum": 1, "maximum": 9})),
        body(having({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 10})),
        [],
    ),
    "bounds of an integer are flags": (
        old_version(body(having({"type": "integer", "minimum": 0, "exclusiveMinimum": True}))),
        body(having({"type": "integer", "minimum": 1})),
        [],
    ),
    "a pattern matches everything": (
        body(having(TEXT)),
        body(having({**TEXT, "pattern": "^.*$"})),
        [],
    ),
    "the default is null": (
        body(having({"type": ["string", "null"]})),
        body(having({"type": ["string", "null"], "default": None})),
        [],
    ),
    "the order of things": (
        body({"type": "object", "properties": {"a": TEXT, "b": TEXT}, "required": ["a", "b"]}),
        body({"type": "object", "properties": {"b": TEXT, "a": TEXT}, "required": ["b", "a"]}),
        [],
    ),
    "the branches of a choice in another order": (
        with_components(body({"oneOf": [T, U]}), T=BASE, U=TEXT),
        with_components(body({"oneOf": [U, T]}), T=BASE, U=TEXT),
        [],
    ),
    "an example as a list": (
        old_version(body(having({"type": "string", "example": "a"}))),
        body(having({"type": "string", "examples": ["a"]})),
        [],
    ),
    "a header in capitals": (
        document(operation(parameters=[{"name": "x-key", "in": "header", "schema": TEXT}])),
        document(operation(parameters=[{"name": "X-Key", "in": "header", "schema": TEXT}])),
        [],
    ),
    "a charset is named": (
        response(TEXT, "text/csv"),
        response(TEXT, "text/csv; charset=utf-8"),
        [A],
    ),
    # edits
    "an integer may have decimals, in a response": (
        response(having(NUMBER)),
        response(having({"type": "number"})),
        [B],
    ),
    "an integer may have decimals, in a request": (
        body(having(NUMBER)),
        body(having({"type": "number"})),
        [A],
    ),
    "a number may not be its minimum": (
        body(having({"type": "number", "minimum": 5})),
        body(having({"type": "number", "exclusiveMinimum": 5})),
        [B],
    ),
    "a number may be its minimum": (
        body(having({"type": "number", "exclusiveMinimum": 5})),
        body(having({"type": "number", "minimum": 5})),
        [A],
    ),
    "an identifier must be a UUID": (
        parameter(TEXT),
        parameter({**TEXT, "format": "uuid"}),
        [B],
    ),
    "other properties must be text": (
        body({"type": "object"}),
        body({"type": "object", "additionalProperties": TEXT}),
        [B],
    ),
    "other properties may be anything": (
        body({"type": "object", "additionalProperties": TEXT}),
        body({"type": "object"}),
        [A],
    ),
    "a branch of allOf requires more": (
        with_components(body({"allOf": [T, {"type": "object"}]}), T=having(TEXT)),
        with_components(
            body({"allOf": [T, {"type": "object", "required": ["p"]}]}), T=having(TEXT)
        ),
        [B],
    ),
    "the base of allOf has one property more": (
        with_components(body({"allOf": [T, having(NUMBER)]}), T=having(TEXT)),
        with_components(
            body({"allOf": [T, having(NUMBER)]}),
            T={"type": "object", "properties": {"p": TEXT, "q": TEXT}},
        ),
        [A],
    ),
    "a branch less in a request": (
        with_components(body({"oneOf": [T, U]}), T=BASE, U=TEXT),
        with_components(body({"oneOf": [T]}), T=BASE, U=TEXT),
        [B],
    ),
    "a branch less in a response": (
        with_components(response({"oneOf": [T, U]}), T=BASE, U=TEXT),
        with_components(response({"oneOf": [T]}), T=BASE, U=TEXT),
        [A],
    ),
    "the items of an array must be text": (
        body(having({"type": "array"})),
        body(having({"type": "array", "items": TEXT})),
        [B],
    ),
    "the items of an array may be anything": (
        response(having({"type": "array", "items": TEXT})),
        response(having({"type": "array", "items": {}})),
        [B],
    ),
    "one of two becomes any of two": (
        with_components(body({"oneOf": [T, U]}), T=BASE, U=TEXT),
        with_components(body({"anyOf": [T, U]}), T=BASE, U=TEXT),
        [A],
    ),
    "any of two becomes one of two": (
        with_components(body({"anyOf": [T, U]}), T=BASE, U=TEXT),
        with_components(body({"oneOf": [T, U]}), T=BASE, U=TEXT),
        [B],
    ),
    "something else is forbidden": (
        body({"type": "object", "not": {"required": ["a"]}}),
        body({"type": "object", "not": {"required": ["b"]}}),
        [B],
    ),
    "an operation gets a server of its own": (
        document(operation()),
        document(operation(servers=[{"url": "https://b.example"}])),
        [A, B],
    ),
    "an operation repeats the server of the document": (
        document(operation(), servers=[{"url": "https://b.example"}]),
        document(
            operation(servers=[{"url": "https://b.example"}]),
            servers=[{"url": "https://b.example"}],
        ),
        [],
    ),
    "a part of a form must be an image": (
        form({}),
        form({"p": {"contentType": "image/png"}}),
        [B],
    ),
    "a parameter is written as JSON": (
        document(operation(parameters=[{**QUERY, "schema": TEXT}])),
        document(
            operation(parameters=[{**QUERY, "content": {"application/json": {"schema": TEXT}}}])
        ),
        [B],
    ),
    "an attribute becomes an element of XML": (
        body(having({**TEXT, "xml": {"attribute": True}}), "application/xml"),
        body(having(TEXT), "application/xml"),
        [B],
    ),
    "an attribute of XML in a body of JSON": (
        body(having({**TEXT, "xml": {"attribute": True}})),
        body(having(TEXT)),
        [],
    ),
    "another success status": (statuses("200"), statuses("201"), [A, B]),
    "a class of errors becomes one": (statuses("200", "4XX"), statuses("200", "404"), [A, A]),
    "a path ends with a slash": (paths("/x"), paths("/x/"), [A, B]),
    "a webhook sends one property less": (hook(BASE), hook({"type": "object"}), [B]),
    "a webhook sends one property more": (hook({"type": "object"}), hook(BASE), [A]),
    "a body of 2.0 requires more": (swagger("a"), swagger("a", "b"), [B]),
    "a key in another header": (scheme(name="X-Key"), scheme(name="X-Api-Key"), [B]),
    "a server in another region": (server(), server(default="us"), [B]),
    "a server has more regions": (
        server(enum=["eu"]),
        server(enum=["eu", "us"]),
        [A],
    ),
    "a parameter moves to the headers": (
        parameter(TEXT, "cookie"),
        parameter(TEXT, "header"),
        [A, B],
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_has_its_verdict(name: str, tmp_path: Path) -> None:
    """The severities are as written down, with one sentence for each change."""
    old, new, expected = PAIRS[name]
    files = tmp_path / "old.json", tmp_path / "new.json"
    for file, found in zip(files, (old, new), strict=True):
        file.write_bytes(orjson.dumps(deepcopy(found)))
    changes = compare(*files, TODAY)
    assert sorted(change.severity for change in changes) == sorted(expected), changes
