"""What an edition of a document has, keyword by keyword."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from mockserver import packaged
from mockserver.contract import editions
from mockserver.contract.rewriting import rewrite
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import compile_schema

Json = dict[str, Any]

ANIMAL = {"$ref": "#/components/schemas/Animal"}
CAT = {"$ref": "#/components/schemas/Cat"}
CONTRACT: Json = yaml.load(packaged.spec().read_bytes(), Loader=yaml.CSafeLoader)
DIST = Path(__file__).resolve().parents[2] / "spec" / "dist"


def document(schema: Json, **operation: Any) -> Json:
    """Return a document with one component schema, which a response has."""
    content = {"application/json": {"schema": ANIMAL}}
    response = {"description": "It.", "content": content}
    item = {"post": {"operationId": "add_x", "responses": {"200": response}, **operation}}
    return {
        "openapi": "3.0.3",
        "info": {"title": "A", "version": "1"},
        "paths": {"/x": item},
        "components": {"schemas": {"Animal": schema, "Cat": {"type": "object"}}},
    }


def animal(found: Json) -> Any:
    """Return the component schema of a document."""
    return found["components"]["schemas"]["Animal"]


def body(schema: Json) -> Json:
    """Return a request body of a schema."""
    return {"content": {"application/json": {"schema": schema}}}


# -------------------------------------------------------------------------------------- OpenAPI 3.1


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        ({"type": "string", "nullable": False}, {"type": "string"}),
        ({"nullable": True}, {}),
        (
            {"type": "string", "enum": ["a", None], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"type": "string", "example": "a"}, {"type": "string", "examples": ["a"]}),
        (
            {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
            {"type": "integer", "exclusiveMinimum": 1},
        ),
        (
            {"type": "integer", "maximum": 1, "exclusiveMaximum": False},
            {"type": "integer", "maximum": 1},
        ),
        (
            {"type": "string", "format": "byte"},
            {"type": "string", "contentEncoding": "base64"},
        ),
        (
            {"type": "string", "format": "binary"},
            {"type": "string", "contentMediaType": "application/octet-stream"},
        ),
        (
            {"allOf": [ANIMAL], "description": "A.", "x-provenance": "assumed"},
            {**ANIMAL, "description": "A.", "x-provenance": "assumed"},
        ),
        *(
            (
                {"nullable": True, keyword: [ANIMAL], "description": "A."},
                {"description": "A.", "anyOf": [either, {"type": "null"}]},
            )
            for keyword, either in (
                ("allOf", ANIMAL),
                ("anyOf", {"anyOf": [ANIMAL]}),
                ("oneOf", {"oneOf": [ANIMAL]}),
            )
        ),
        (
            {"type": "string", "nullable": True, "enum": ["a"]},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"allOf": [ANIMAL, ANIMAL]}, {"allOf": [ANIMAL, ANIMAL]}),
        (
            {"type": "object", "properties": {"nullable": {"type": "string", "nullable": True}}},
            {"type": "object", "properties": {"nullable": {"type": ["string", "null"]}}},
        ),
        (
            {"type": "array", "items": {"type": "string", "nullable": True}, "default": [None]},
            {"type": "array", "items": {"type": ["string", "null"]}, "default": [None]},
        ),
    ],
)
def test_a_schema_of_3_0_has_the_words_of_3_1(old: Json, new: Json) -> None:
    """Null is a type, an example is a list, and a reference has its description beside it."""
    given = document(old)
    before = deepcopy(given)
    found = editions.as_3_1(given)
    assert animal(found) == new
    assert found["openapi"] == "3.1.0"
    assert given == before


@pytest.mark.parametrize(
    "schema",
    [
        *({"nullable": True, keyword: [CAT]} for keyword in ("allOf", "anyOf", "oneOf")),
        {"nullable": True, "type": "string", "enum": ["a"]},
        {"nullable": True, "enum": ["a"]},
        {"nullable": True, "allOf": [CAT], "enum": [{}]},
        {"nullable": True, "type": "object", "allOf": [CAT]},
        {"nullable": False, "allOf": [CAT]},
    ],
)
def test_the_mock_accepts_the_same_nulls_in_both_versions(schema: Json) -> None:
    """A value is valid in the 3.1 edition if it is valid in the 3.0 document."""
    old = document(schema)
    contracts = [
        Contract.of(Path("x.json"), found) for found in (deepcopy(old), editions.as_3_1(old))
    ]
    before, after = (
        compile_schema(contract.schemas["Animal"], contract.schemas) for contract in contracts
    )
    values: list[Any] = [None, {}, "a", "b", 1]
    for value in values:
        assert before.is_valid(value) == after.is_valid(value), value


def test_a_reference_loses_fields_that_3_1_forbids() -> None:
    """They had no effect in 3.0."""
    given = document({}, parameters=[{"$ref": "#/components/parameters/P", "name": "p"}])
    given["components"]["parameters"] = {
        "P": {"in": "query", "name": "p", "schema": {}, "allowEmptyValue": True}
    }
    validate(found := editions.as_3_1(given))
    assert found["paths"]["/x"]["post"]["parameters"] == [{"$ref": "#/components/parameters/P"}]
    assert found["components"]["parameters"]["P"]["allowEmptyValue"] is True


@pytest.mark.parametrize(
    ("siblings", "kept"),
    [
        ({"type": "integer", "nullable": True}, {}),
        ({"readOnly": True, "deprecated": True, "title": "A cat"}, {}),
        ({"description": "A cat.", "minimum": 1}, {"description": "A cat."}),
        ({"x-a": 1, "example": "a"}, {"x-a": 1}),
    ],
)
def test_siblings_of_a_reference_have_no_effect(siblings: Json, kept: Json) -> None:
    """OpenAPI 3.0 ignores them, and 3.1 would apply them, so only words are kept."""
    given = document({**CAT, **siblings})
    assert animal(editions.as_3_1(given)) == {**CAT, **kept}
    ignored = {name for name in siblings if name not in kept}
    place = ("components", "schemas", "Animal")
    assert [(pointer, {*names}) for pointer, names in editions.ignored_siblings(given)] == [
        (place, ignored)
    ]


@pytest.mark.parametrize("field", ["allowEmptyValue", "allowReserved"])
def test_fields_of_the_query_are_left_out_elsewhere(field: str) -> None:
    """3.1 forbids them in header parameters and in headers of responses."""
    given = document({}, parameters=[{"in": "header", "name": "P", "schema": {}, field: False}])
    response = given["paths"]["/x"]["post"]["responses"]["200"]
    response["headers"] = {"H": {"schema": {}, field: False}}
    validate(found := editions.as_3_1(given))
    assert field not in str(found)


def callback(summary: str) -> Json:
    """Return a callback with one operation."""
    operation = {"summary": summary, "responses": {"200": {"description": "It."}}}
    return {"{$request.body#/url}": {"post": operation}}


def test_a_callback_is_a_webhook_too() -> None:
    """Both refer to one path item, so its operation is there once."""
    found = editions.as_3_1(document({}, callbacks={"happened": callback("It happened.")}))
    reference = {"$ref": "#/components/pathItems/happened"}
    operation = found["paths"]["/x"]["post"]
    assert operation["callbacks"]["happened"] == {"{$request.body#/url}": reference}
    assert found["webhooks"] == {"happened": reference}
    assert found["components"]["pathItems"]["happened"]["post"]["summary"] == "It happened."
    validate(found)


def test_callbacks_of_one_name_are_two_webhooks() -> None:
    """No webhook is lost when two operations use the same name."""
    given = document({}, callbacks={"done": callback("First.")})
    other = {"responses": {"200": {"description": "It."}}, "callbacks": {"done": callback("Two.")}}
    given["paths"]["/y"] = {"post": other}
    found = editions.as_3_1(given)
    assert set(found["webhooks"]) == {"done", "done_"}
    assert found["components"]["pathItems"]["done_"]["post"]["summary"] == "Two."


def test_the_contract_has_its_webhook() -> None:
    """The usage alert of the contract is the webhook of its 3.1 edition."""
    found = editions.as_3_1(CONTRACT)
    item = found["components"]["pathItems"]["usageAlert"]
    assert list(found["webhooks"]) == ["usageAlert"]
    assert item["post"]["operationId"] == "receive_usage_alert"


def test_no_word_of_3_0_is_left() -> None:
    """No schema of the 3.1 edition has ``nullable``, ``example`` or an ``allOf`` of one."""
    seen: list[Json] = []

    def collect(kind: str, _: Json, node: Json) -> Json:
        seen.extend([node] if kind == "schema" else [])
        return node

    rewrite(editions.as_3_1(CONTRACT), collect)
    assert len(seen) > 300
    assert [
        s for s in seen if {"nullable", "example"} & s.keys() or len(s.get("allOf", "ab")) < 2
    ] == []


# -------------------------------------------------------------------------------------- for clients


CLOSED = {"type": "string", "enum": ["a", "b"], "description": "A letter."}
OPEN = {"type": "string", "description": "A letter. Known values: `a`, `b`. Others can follow."}


@pytest.mark.parametrize(
    ("schema", "opened"),
    [
        (CLOSED, OPEN),
        (
            {"type": "string", "nullable": True, "enum": ["a", None]},
            {
                "type": "string",
                "nullable": True,
                "description": "Known values: `a`. Others can follow.",
            },
        ),
        (
            {"type": "integer", "enum": [50, 75]},
            {"type": "integer", "description": "Known values: `50`, `75`. Others can follow."},
        ),
    ],
)
def test_an_enum_of_a_response_is_open(schema: Json, opened: Json) -> None:
    """Its values are listed in the description, and any other of the type is valid."""
    assert animal(editions.for_clients(document(schema))) == opened


def test_an_enum_of_a_request_is_closed() -> None:
    """A request with another value is refused, so a client should not be able to build it."""
    found = editions.for_clients(document({"type": "object"}, requestBody=body(CLOSED)))
    media = found["paths"]["/x"]["post"]["requestBody"]["content"]["application/json"]
    assert media["schema"] == CLOSED


def test_an_enum_that_is_sent_and_received_is_closed() -> None:
    """A component that requests use too keeps its values."""
    assert animal(editions.for_clients(document(CLOSED, requestBody=body(ANIMAL)))) == CLOSED


def test_an_enum_of_a_parameter_is_closed() -> None:
    """Parameters are sent."""
    parameter = {"name": "a", "in": "query", "schema": CLOSED}
    found = editions.for_clients(document({}, parameters=[parameter]))
    assert found["paths"]["/x"]["post"]["parameters"] == [parameter]


def test_an_enum_of_a_callback_is_open() -> None:
    """A client receives the request of a callback, and sends the response."""
    called = callback("It.")
    operation = called["{$request.body#/url}"]["post"]
    operation["requestBody"] = body(CLOSED)
    operation["responses"]["200"]["content"] = body({"enum": ["ok"]})["content"]
    found = editions.for_clients(document({}, callbacks={"done": called}))
    made = found["paths"]["/x"]["post"]["callbacks"]["done"]["{$request.body#/url}"]["post"]
    assert made["requestBody"]["content"]["application/json"]["schema"] == OPEN
    sent = made["responses"]["200"]["content"]["application/json"]["schema"]
    assert sent == {"enum": ["ok"]}


def test_null_of_a_closed_enum_is_said_once() -> None:
    """Some generators make three types of ``nullable`` beside a null among the values."""
    schema = {"type": "string", "nullable": True, "enum": ["a", None]}
    found = editions.for_clients(document(schema, requestBody=body(ANIMAL)))
    assert animal(found) == {"type": "string", "nullable": True, "enum": ["a"]}


def test_extensions_and_links_are_left_out_but_names_are_kept() -> None:
    """A property, a header or an example may be named like an extension or like links."""
    schema = {
        "type": "object",
        "x-provenance": "assumed",
        "properties": {"x-rate": {"type": "string", "x-mark": 1}, "links": {"type": "string"}},
        "example": {"x-rate": "1"},
    }
    given = document(schema)
    response = given["paths"]["/x"]["post"]["responses"]["200"]
    response["headers"] = {"x-limit": {"schema": {"type": "integer"}}}
    response["links"] = {"more": {"operationId": "add_x"}}
    given["components"]["links"] = {"more": {"operationId": "add_x"}}
    found = editions.for_clients(given)
    assert animal(found) == {
        "type": "object",
        "properties": {"x-rate": {"type": "string"}, "links": {"type": "string"}},
        "example": {"x-rate": "1"},
    }
    made = found["paths"]["/x"]["post"]["responses"]["200"]
    assert set(made) == {"description", "content", "headers"}
    assert "links" not in found["components"]
    assert "x-limit" in made["headers"]


def test_what_is_internal_is_left_out() -> None:
    """``x-internal: true`` marks a tag, a server, a path or a schema that clients do not need."""
    given = document({})
    given["components"]["schemas"]["Cat"]["x-internal"] = True
    given["tags"] = [{"name": "a"}, {"name": "b", "x-internal": True}]
    given["paths"]["/y"] = {"x-internal": True, "get": {"responses": {}}}
    found = editions.for_clients(given)
    assert found["tags"] == [{"name": "a"}]
    assert set(found["paths"]) == {"/x"}
    assert set(found["components"]["schemas"]) == {"Animal"}


def test_the_edition_of_the_contract_is_for_clients() -> None:
    """It has no extension, no link and no server on this machine; request enums are closed."""
    text = (DIST / "openapi-clients.yaml").read_text(encoding="utf-8")
    assert "x-" not in {line.strip()[:2] for line in text.splitlines()}
    found = yaml.load(text, Loader=yaml.CSafeLoader)
    enums: list[Any] = []

    def collect(kind: str, _: Json, node: Json) -> Json:
        enums.extend([node["enum"]] if kind == "schema" and "enum" in node else [])
        return node

    rewrite(found, collect)
    assert enums == [["deposit_flow", "success_page", "settings"]]
    assert [server["url"] for server in found["servers"]] == ["https://api.alterlab.io"]
    assert "links" not in found["components"]


def test_a_document_that_refers_to_itself_has_editions() -> None:
    """Cycles of references end."""
    schema = {"type": "object", "properties": {"parent": ANIMAL, "kind": CLOSED}}
    found = editions.for_clients(document(schema))
    assert animal(found)["properties"] == {"parent": ANIMAL, "kind": OPEN}
