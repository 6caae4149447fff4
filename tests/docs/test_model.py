"""What a reference holds: everything a document says, shared schemas once, anchors that last."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver import packaged
from mockserver.docs.document import Document
from mockserver.docs.model import MISSING, Schema
from mockserver.docs.reader import read
from mockserver.docs.types import is_nullable, shown
from tests.docs.specs import JSON, Json, answering, reference, spec, taking, to
from tests.spec.contract import operations

CONTRACT = Document.load(packaged.spec())
REFERENCE = read(CONTRACT)


def schema_of(node: Any, schemas: Json | None = None, version: str = "3.0.3") -> Schema:
    """One schema object, read as a shared one."""
    return (
        reference(spec(schemas={**(schemas or {}), "It": node}, version=version))
        .schemas["It"]
        .schema
    )


# ------------------------------------------------------------------------------------------------------- The contract


def test_the_contract_is_there_as_a_whole() -> None:
    """Operations, guides, shared schemas, responses and headers, in words of the contract."""
    assert [page.title for page in REFERENCE.pages] == ["Billing"]
    assert len(list(REFERENCE.operations)) == len(operations())
    assert [guide.title for guide in REFERENCE.guides][:3] == [
        "Authentication",
        "Money and units",
        "Errors",
    ]
    assert list(REFERENCE.schemas) == list(CONTRACT.root["components"]["schemas"])
    assert {each.name for each in REFERENCE.responses} == set(
        CONTRACT.root["components"]["responses"]
    )
    assert {each.name for each in REFERENCE.headers} == set(CONTRACT.root["components"]["headers"])


def test_a_callback_is_read_as_an_operation() -> None:
    """With its own parameters, body and answers; the path is the expression."""
    (callback,) = [each for operation in REFERENCE.operations for each in operation.callbacks]
    call = callback.operation
    assert (callback.name, call.heading) == ("usageAlert", "POST {$request.body#/webhook_url}")
    assert [each.name for each in call.parameters] == ["X-Alterlab-Signature"]
    assert [each.status for each in call.answers] == ["2XX", "4XX", "default"]
    assert call.body is not None
    assert call.body.provenance == "assumed"


def test_a_callback_of_itself_has_an_end() -> None:
    """Two paths that call each other are shown one level deep."""
    one = {"post": {"callbacks": {"other": {"{$url}": {"$ref": "#/paths/~1two"}}}, "responses": {}}}
    two = {
        "post": {
            "callbacks": {"again": {"{$url}": {"$ref": "#/paths/~1one"}, "x-note": 1}},
            "responses": {},
        }
    }
    first, second = reference(spec({"/one": one, "/two": two})).operations
    assert [each.name for each in first.callbacks] == ["other"]
    assert [each.name for each in second.callbacks] == ["again"]
    assert first.callbacks[0].operation.callbacks == ()


def test_groups_are_in_the_order_of_the_contract_and_their_operations_in_published_order() -> None:
    """The contract tells its story group by group; the page sorts within each."""
    (page,) = REFERENCE.pages
    assert [group.title for group in page.groups][:3] == ["Balance", "Deposits", "Auto-recharge"]
    for group in page.groups:
        assert [each for each in page.operations if each in group.operations] == list(
            group.operations
        )


def test_shared_parts_are_one_object_wherever_they_are_used() -> None:
    """A page that links to them is as long as the contract, not as its uses."""
    unauthorized = {
        id(answer.response)
        for each in REFERENCE.operations
        for answer in each.answers
        if answer.status == "401"
    }
    assert len(unauthorized) == 1


def test_provenance_is_inherited_until_a_nearer_mark() -> None:
    """From the document through the operation, or through the shared part, to the thing itself."""
    balance = next(each for each in REFERENCE.operations if each.operation_id == "get_balance")
    assert (balance.mark, balance.provenance, balance.description_mark) == (
        None,
        "documented",
        "assumed",
    )
    assert balance.answers[0].response.provenance == "documented"
    assert balance.answers[1].response.provenance == "observed"
    invoices = next(each for each in REFERENCE.operations if each.operation_id == "list_invoices")
    assert [media.provenance for media in invoices.answers[0].response.media] == ["assumed"]
    assert REFERENCE.schemas["Balance"].provenance == "documented"
    assert REFERENCE.schemas["AutoRechargeSummary"].provenance == "assumed"


# ------------------------------------------------------------------------------------------------------------ Anchors


def anchors(document: Json) -> list[str]:
    whole = reference(document)
    return [
        *(each.anchor for each in whole.operations),
        *(each.anchor for each in whole.guides),
        *(each.anchor for each in whole.pages),
        *(group.anchor for page in whole.pages for group in page.groups if group.anchor),
        *(each.anchor for each in whole.schemas.values()),
        *(each.anchor for each in whole.schemes),
        *(each.anchor for each in whole.responses if each.anchor),
        *(each.anchor for each in whole.headers if each.anchor),
    ]


def test_anchors_follow_from_names() -> None:
    """An operation's from its operationId, or from method and path where it has none."""
    document = spec({"/a/{b}": {"get": {"operationId": "getIt"}, "post": {}}}, {"Größe": {}})
    assert anchors(document)[:2] == ["operation-getit", "operation-post-a-b"]
    assert "schema-größe" in anchors(document)


def test_anchors_are_unique_even_where_names_are_not() -> None:
    """Names that differ in case or in signs alone, one name for several kinds of things, no name to speak of."""
    paths = {
        path: {"get": {"tags": ["Error"], "x-group": group}}
        for path, group in {"/a/b": "Error", "/a-b": "error", "/a/{b}": "!", "/": "?"}.items()
    }
    tags = [{"name": "Error", "x-traitTag": True}, {"name": "error", "x-traitTag": True}]
    found = anchors(
        spec(paths, {"Error": {}, "error": {}, "E r r o r": {}, "x" * 300: {}}, tags=tags)
    )
    assert len(found) == len(set(found)) > 12
    assert all(each == each.lower() and " " not in each and len(each) < 100 for each in found)


def test_an_anchor_does_not_depend_on_what_else_there_is() -> None:
    """Links from elsewhere last while things come and go around them."""
    before = spec({"/b": {"get": {}}}, {"B": {}})
    after = spec({"/a": {"get": {}}, "/b": {"post": {}, "get": {}}}, {"A": {}, "B": {}})
    assert {"operation-get-b", "schema-b"} <= set(anchors(before)) & set(anchors(after))


# ------------------------------------------------------------------------------------------------------------ Schemas


@pytest.mark.parametrize(
    ("node", "types"),
    [
        ({"type": "string", "nullable": True}, ("string",)),
        ({"type": ["string", "null"]}, ("string",)),
        ({"type": ["integer", "string", "null"]}, ("integer", "string")),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, ("string",)),
        ({"oneOf": [{"type": "null"}, {"type": "string"}]}, ("string",)),
        ({"anyOf": [{"type": "string"}, {"const": None}]}, ("string",)),
        ({"type": ["string", "null"], "enum": ["a", None]}, ("string",)),
        ({"allOf": [{"type": "string"}], "nullable": True}, ("string",)),
    ],
)
def test_every_form_of_nullable_is_one(node: Json, types: tuple[str, ...]) -> None:
    """OpenAPI 3.0 has one, 3.1 has several."""
    schema = schema_of(node, version="3.1.0")
    assert (schema.types, schema.nullable, schema.choices) == (types, True, ())


def test_a_nullable_reference_stays_a_reference() -> None:
    """Its title and description are its own."""
    whole = reference(
        spec(
            schemas={
                "A": {"type": "object"},
                "B": {"anyOf": [to("A"), {"type": "null"}], "title": "Mine"},
            },
            version="3.1.0",
        )
    )
    schema = whole.schemas["B"].schema
    assert (schema.name, schema.nullable, schema.title) == ("A", True, "Mine")
    assert is_nullable(whole, Schema(name="B"))
    assert not is_nullable(whole, Schema(name="A"))


def test_null_alone_is_a_type() -> None:
    """There is nothing else that it could be."""
    assert schema_of({"type": "null"}, version="3.1.0").types == ("null",)


def test_real_choices_are_kept() -> None:
    """Of each kind, without their null."""
    schema = schema_of(
        {
            "oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}],
            "not": {"enum": ["x"]},
        }
    )
    assert schema.nullable
    assert [(choice.kind, len(choice.schemas)) for choice in schema.choices] == [
        ("oneOf", 2),
        ("not", 1),
    ]


@pytest.mark.parametrize(
    ("node", "bounds"),
    [
        ({"minimum": 1, "maximum": 100}, ("1 to 100",)),
        ({"minimum": 0}, ("at least 0",)),
        ({"maximum": 2.5}, ("at most 2.5",)),
        ({"minimum": 1, "exclusiveMinimum": True}, ("more than 1",)),
        ({"maximum": 1, "exclusiveMaximum": True}, ("less than 1",)),
        ({"exclusiveMinimum": 0, "exclusiveMaximum": 10}, ("more than 0", "less than 10")),
        ({"minimum": 5, "exclusiveMinimum": 1}, ("at least 5",)),
        ({"multipleOf": 5}, ("a multiple of 5",)),
        ({"minLength": 1, "maxLength": 64}, ("1 to 64 characters",)),
        ({"minLength": 1}, ("at least 1 character",)),
        ({"minLength": 0, "maxLength": 1}, ("at most 1 character",)),
        ({"minLength": 6, "maxLength": 6}, ("6 characters",)),
        ({"minItems": 1, "uniqueItems": True}, ("at least 1 entry", "no entry twice")),
        ({"maxProperties": 3}, ("at most 3 fields",)),
        ({"minimum": float("-inf"), "maximum": float("inf")}, ("-inf to inf",)),
    ],
)
def test_bounds_are_told_in_words(node: Json, bounds: tuple[str, ...]) -> None:
    """As 3.0 and 3.1 write them."""
    assert schema_of(node).bounds == bounds


def test_no_default_is_not_a_default_of_null() -> None:
    """Both are told apart."""
    assert schema_of({}).default is MISSING
    assert schema_of({"default": None}).default is None


def test_recursion_is_a_name() -> None:
    """Schemas that contain themselves or each other, in a ring or through lists and maps, are there once each."""
    schemas: Json = {
        "Node": {
            "properties": {"next": to("Node"), "children": {"type": "array", "items": to("Node")}}
        },
        "A": {"properties": {"b": to("B")}},
        "B": {"additionalProperties": to("A"), "oneOf": [to("B"), to("Node")]},
    }
    whole = reference(spec({"/x": {"get": {"responses": answering(to("A"))}}}, schemas))
    assert list(whole.schemas) == ["Node", "A", "B"]
    assert {name: shared.uses for name, shared in whole.schemas.items()} == {
        "Node": 3,
        "A": 2,
        "B": 2,
    }


@pytest.mark.parametrize("kind", ["allOf", "anyOf", "oneOf"])
def test_what_is_nothing_but_itself_may_be_anything(kind: str) -> None:
    """Directly or through others: no reading of it goes round and round."""
    whole = reference(
        spec(
            schemas={
                "A": {kind: [to("A")]},
                "B": {"anyOf": [to("C"), {"type": "null"}]},
                "C": {"allOf": [to("B")]},
            }
        )
    )
    for name in "ABC":
        assert whole.follow(Schema(name=name)) == Schema()
        assert shown(whole, Schema(name=name)) in ("any", "object")
    assert is_nullable(whole, Schema(name="C"))


def test_a_reference_to_any_other_place_is_a_shared_schema_too() -> None:
    """Also where that place refers to itself."""
    inner = "#/components/schemas/Tree/properties/left"
    schemas = {
        "Tree": {
            "properties": {
                "left": {"properties": {"again": {"$ref": inner}}},
                "right": {"$ref": inner},
            }
        }
    }
    whole = reference(spec(schemas=schemas))
    assert list(whole.schemas) == ["Tree", "Tree.left"]
    assert [each.schema.name for each in whole.schemas["Tree.left"].schema.properties] == [
        "Tree.left"
    ]


def test_names_with_signs_are_found() -> None:
    """`~1` is a slash and `~0` a tilde; percent signs are decoded."""
    whole = reference(
        spec(
            schemas={
                "a/b~c d": {"type": "integer"},
                "To": {"$ref": "#/components/schemas/a~1b~0c%20d"},
            }
        )
    )
    assert whole.follow(Schema(name="To")).types == ("integer",)


# -------------------------------------------------------------------------------------------------------------- Parts


def test_references_are_followed_wherever_they_may_stand() -> None:
    """Parameters, bodies, responses, headers, examples, security schemes and whole paths; through each other too."""
    components = {
        "parameters": {
            "P": {"$ref": "#/components/parameters/Q"},
            "Q": {"name": "q", "in": "query"},
        },
        "requestBodies": {
            "B": taking({"type": "string"}, examples={"e": {"$ref": "#/components/examples/E"}})
        },
        "examples": {
            "E": {"value": "hello"},
            "Elsewhere": {"externalValue": "https://example.com"},
        },
        "responses": {
            "R": {"description": "It.", "headers": {"X-A": {"$ref": "#/components/headers/H"}}}
        },
        "headers": {"H": {"description": "A header."}},
        "securitySchemes": {
            "S": {"$ref": "#/components/securitySchemes/T"},
            "T": {"type": "http", "scheme": "bearer"},
        },
        "pathItems": {
            "I": {
                "post": {
                    "parameters": [{"$ref": "#/components/parameters/P"}],
                    "requestBody": {"$ref": "#/components/requestBodies/B"},
                    "responses": {"200": {"$ref": "#/components/responses/R"}},
                    "security": [{"S": []}],
                }
            }
        },
    }
    document = spec({"/x": {"$ref": "#/components/pathItems/I"}}, version="3.1.0")
    (operation,) = reference({**document, "components": components}).operations
    assert [each.name for each in operation.parameters] == ["q"]
    assert operation.body is not None
    assert [example.value for example in operation.body.media[0].examples] == ["hello"]
    assert operation.answers[0].response.headers[0].description == "A header."
    assert operation.security[0][0].scheme == "bearer"


def test_nothing_need_be_said() -> None:
    """A document with no more than its version and a path; an operation with nothing at all."""
    whole = reference({"openapi": "3.1.0", "paths": {"/x": {"get": {}}}})
    (operation,) = whole.operations
    assert (operation.summary, operation.body, operation.answers, operation.success) == (
        None,
        None,
        (),
        None,
    )
    assert [page.title for page in whole.pages] == ["API"]
    assert list(reference({"openapi": "3.1.0"}).operations) == []


def test_json_is_found_among_media_types() -> None:
    """With parameters or as another vendor's JSON, wherever it stands."""
    for media_type in (JSON, "application/json; charset=utf-8", "application/problem+json"):
        content = {"text/csv": {}, media_type: {"schema": {"type": "string"}}}
        whole = reference(
            spec({"/x": {"get": {"responses": {"200": {"description": "", "content": content}}}}})
        )
        (operation,) = whole.operations
        found = operation.answers[0].response.json
        assert found is not None
        assert found.type == media_type


def test_the_fields_of_the_contract_are_all_there() -> None:
    """No property of a shared schema is lost on the way."""
    for name, node in CONTRACT.root["components"]["schemas"].items():
        assert [each.name for each in REFERENCE.schemas[name].schema.properties] == list(
            node.get("properties", {})
        )
