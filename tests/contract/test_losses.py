"""What could not be read of a document is reported as such, and is never a change."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver.contract.changes import Change, Severity
from mockserver.contract.comparison import compare
from mockserver.contract.lifecycle import Policy
from tests.contract.documents import JSON, Json

TODAY = Policy(date(2026, 12, 1))
NOWHERE = {"$ref": "#/components/schemas/Nowhere"}


def original(version: str) -> Json:
    """Return a document with something at each place where a mistake can be made."""
    text = {"type": "string", "minLength": 2, "pattern": "^a", "enum": ["aa", "ab"]}
    thing = {
        "type": "object",
        "required": ["p", "q"],
        "properties": {"p": text, "q": {"type": "integer", "minimum": 1}},
    }
    named = {"$ref": "#/components/schemas/Thing"}
    one_of = {"oneOf": [named, {"type": "string"}]}
    composed = {"allOf": [named, {"type": "object", "properties": {"r": one_of}}]}
    content = {JSON: {"schema": composed}}
    done = {
        "description": "Done.",
        "headers": {"X-H": {"required": True, "schema": {"type": "string"}}},
        "content": content,
        "links": {"next": {"operationId": "y"}},
    }
    operation = {
        "operationId": "x",
        "security": [{"Key": []}],
        "parameters": [
            {"name": "a", "in": "query", "schema": {"type": "string"}},
            {"name": "b", "in": "header", "required": True, "schema": {"type": "integer"}},
        ],
        "requestBody": {"required": True, "content": content},
        "responses": {"200": done, "404": {"$ref": "#/components/responses/Lost"}},
    }
    other = {"operationId": "y", "responses": {"200": {"description": "Done."}}}
    return {
        "openapi": version,
        "info": {"title": "Things", "version": "1"},
        "tags": [{"name": "t", "description": "T."}],
        "paths": {"/x": {"post": operation}, "/y": {"get": other}},
        "components": {
            "schemas": {"Thing": thing},
            "responses": {"Lost": {"description": "Lost.", "content": content}},
            "securitySchemes": {"Key": {"type": "http", "scheme": "bearer"}},
        },
    }


POST = ("paths", "/x", "post")
SCHEMA = ("components", "schemas", "Thing")
BODY = (*POST, "requestBody", "content", JSON, "schema")
MISTAKES: dict[str, tuple[tuple[str | int, ...], Any]] = {
    "a type that is no type": ((*SCHEMA, "properties", "p", "type"), "strin"),
    "a bound that is text": ((*SCHEMA, "properties", "q", "minimum"), "one"),
    "a pattern that is none": ((*SCHEMA, "properties", "p", "pattern"), "^(["),
    "an enum that is no list": ((*SCHEMA, "properties", "p", "enum"), "aa"),
    "required that is no list": ((*SCHEMA, "required"), "p"),
    "a property without a target": ((*SCHEMA, "properties", "p"), NOWHERE),
    "a property that is a number": ((*SCHEMA, "properties", "p"), 5),
    "properties that are a list": ((*SCHEMA, "properties"), []),
    "a component without a target": (SCHEMA, NOWHERE),
    "a branch of allOf without a target": ((*BODY, "allOf", 0), NOWHERE),
    "a branch of allOf that is text": ((*BODY, "allOf", 0), "Thing"),
    "a branch of oneOf without a target": (
        (*BODY, "allOf", 1, "properties", "r", "oneOf", 0),
        NOWHERE,
    ),
    "a body without a target": (BODY, NOWHERE),
    "a request body without a target": (
        (*POST, "requestBody"),
        {"$ref": "#/components/requestBodies/Nowhere"},
    ),
    "a content that is a list": ((*POST, "responses", "200", "content"), []),
    "a response without a target": (
        (*POST, "responses", "404"),
        {"$ref": "#/components/responses/Nowhere"},
    ),
    "a response that is text": ((*POST, "responses", "404"), "Lost."),
    "a header without a target": (
        (*POST, "responses", "200", "headers", "X-H"),
        {"$ref": "#/components/headers/Nowhere"},
    ),
    "a parameter without a target": (
        (*POST, "parameters", 1),
        {"$ref": "#/components/parameters/Nowhere"},
    ),
    "a parameter without a name": ((*POST, "parameters", 1, "name"), None),
    "a parameter in an unknown place": ((*POST, "parameters", 0, "in"), "body"),
    "security without a scheme": ((*POST, "security"), [{"Nope": []}]),
    "a path that is text": (("paths", "/x"), "post"),
    "an operation that is text": (POST, "x"),
}


def with_mistake(name: str, version: str) -> Json:
    """Return the document with a mistake."""
    (*way, last), value = MISTAKES[name]
    document = deepcopy(original(version))
    node: Any = document
    for key in way:
        node = node[key]
    node[last] = value
    return document


def changes(folder: Path, old: Json, new: Json) -> list[Change]:
    """Return what changed between two documents."""
    paths = folder / "old.json", folder / "new.json"
    for path, content in zip(paths, (old, new), strict=True):
        path.write_bytes(orjson.dumps(content))
    return compare(*paths, TODAY)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0"])
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_reported_as_what_could_not_be_compared(
    name: str, version: str, tmp_path: Path
) -> None:
    """Nothing else changed, so nothing else is reported, in either direction."""
    good, bad = original(version), with_mistake(name, version)
    for old, new, in_old in ((good, bad, False), (bad, good, True)):
        found = changes(tmp_path, old, new)
        assert {change.kind for change in found} == {"not-compared"}, found
        assert {change.severity for change in found} == {Severity.UNCLEAR}
        assert {change.in_old for change in found} == {in_old}
        assert all("could not be compared: " in change.text for change in found)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_in_both_documents_is_no_change(name: str, tmp_path: Path) -> None:
    """It was there before."""
    bad = with_mistake(name, "3.0.3")
    assert changes(tmp_path, bad, bad) == []


def test_a_mistake_that_moved_within_its_list_is_no_change(tmp_path: Path) -> None:
    """Another parameter comes first now; this alone is reported."""
    old = with_mistake("a parameter without a target", "3.0.3")
    new = deepcopy(old)
    optional = {"name": "c", "in": "query", "schema": {"type": "string"}}
    new["paths"]["/x"]["post"]["parameters"].insert(0, optional)
    (change,) = changes(tmp_path, old, new)
    assert change.kind == "new-optional-request-parameter"


def test_other_changes_beside_a_mistake_are_reported(tmp_path: Path) -> None:
    """A mistake hides no more than its own place."""
    bad = with_mistake("a branch of allOf without a target", "3.0.3")
    operation = bad["paths"]["/x"]["post"]
    del operation["responses"]["404"]
    operation["parameters"].append({"name": "c", "in": "query", "required": True, "schema": {}})
    bad["components"]["schemas"]["Thing"]["properties"]["q"]["minimum"] = 7
    kinds = {change.kind for change in changes(tmp_path, original("3.0.3"), bad)}
    assert {
        "not-compared",
        "new-required-request-parameter",
        "response-non-success-status-removed",
    } <= kinds
