"""The model contains everything of a document, shared schemas once, with stable anchors."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.docs.model import MISSING, Schema
from mockserver.docs.types import is_nullable, type_text
from tests.docs.contract_reference import (
    CONTRACT,
    OPERATIONS,
    REFERENCE,
    declared_headings,
    find_operation,
)
from tests.docs.specs import JSON, Json, reference, responding, spec, taking, to


def schema_of(node: Any, schemas: Json | None = None, version: str = "3.0.3") -> Schema:
    """Return a schema object as the reader reads a shared one."""
    return (
        reference(spec(schemas={**(schemas or {}), "It": node}, version=version))
        .schemas["It"]
        .schema
    )


# --- The contract


def test_the_contract_is_read_completely() -> None:
    """Operations, guides, shared schemas, responses and headers are all there."""
    tags = CONTRACT.root["tags"]
    guides = [tag["name"] for tag in tags if tag.get("x-traitTag")]
    assert [guide.title for guide in REFERENCE.guides] == guides
    assert {page.title for page in REFERENCE.pages} <= {tag["name"] for tag in tags} - {*guides}
    assert sorted(operation.heading for operation in OPERATIONS) == sorted(declared_headings())
    assert list(REFERENCE.schemas) == list(CONTRACT.root["components"]["schemas"])
    assert {response.name for response in REFERENCE.responses} == set(
        CONTRACT.root["components"]["responses"]
    )
    assert {header.name for header in REFERENCE.headers} == set(
        CONTRACT.root["components"]["headers"]
    )


def test_a_callback_is_read_as_an_operation() -> None:
    """It has parameters, a body and responses. Its path is the expression."""
    (callback,) = find_operation("update_usage_alerts").callbacks
    call = callback.operation
    assert (callback.name, call.heading) == ("usageAlert", "POST {$request.body#/webhook_url}")
    assert [parameter.name for parameter in call.parameters] == ["X-Alterlab-Signature"]
    assert [documented.status for documented in call.responses] == ["2XX", "4XX", "default"]
    assert call.body is not None
    assert call.body.provenance == "assumed"


def test_recursive_callbacks_end() -> None:
    """Two paths that call each other are shown one level deep."""
    one = {"post": {"callbacks": {"other": {"{$url}": {"$ref": "#/paths/~1two"}}}, "responses": {}}}
    two = {
        "post": {
            "callbacks": {"again": {"{$url}": {"$ref": "#/paths/~1one"}, "x-note": 1}},
            "responses": {},
        }
    }
    first, second = reference(spec({"/one": one, "/two": two})).operations
    assert [callback.name for callback in first.callbacks] == ["other"]
    assert [callback.name for callback in second.callbacks] == ["again"]
    assert first.callbacks[0].operation.callbacks == ()


def test_groups_keep_the_order_of_the_contract() -> None:
    """Within a group and within a page, operations are in published order."""
    declared = {heading: place for place, heading in enumerate(declared_headings())}
    for page in REFERENCE.pages:
        places = [
            min(declared[operation.heading] for operation in group.operations)
            for group in page.groups
        ]
        assert places == sorted(places)
        for group in page.groups:
            in_page_order = [entry for entry in page.operations if entry in group.operations]
            assert in_page_order == list(group.operations)


def test_a_shared_response_is_one_object() -> None:
    """A page that links to shared parts grows with the contract and not with their uses."""
    objects: dict[str, set[int]] = {}
    for entry in OPERATIONS:
        for documented in entry.responses:
            if documented.response.name is not None:
                objects.setdefault(documented.response.name, set()).add(id(documented.response))
    assert objects.keys() == CONTRACT.root["components"]["responses"].keys()
    assert {len(ids) for ids in objects.values()} == {1}


def test_provenance_is_inherited_until_a_nearer_mark() -> None:
    """The order is part, operation, path item, document; shared parts inherit from the document."""
    media: Json = {JSON: {"schema": to("Own"), "x-provenance": "assumed"}}
    document = spec(
        {
            "/marked": {
                "x-provenance": "observed",
                "get": {"x-description-provenance": "assumed", "responses": {"200": to_shared()}},
                "put": {"x-provenance": "assumed"},
            },
            "/plain": {"get": {"responses": {"200": {"description": "", "content": media}}}},
        },
        {"Own": {"x-provenance": "assumed"}, "Plain": {}},
        **{"x-provenance": "documented"},
    )
    document["components"]["responses"] = {"Shared": {"description": ""}}
    whole = reference(document)
    marked, changed, plain = whole.operations
    assert (marked.mark, marked.provenance, marked.description_mark) == (
        None,
        "observed",
        "assumed",
    )
    assert (changed.mark, changed.provenance) == ("assumed", "assumed")
    assert (plain.mark, plain.provenance) == (None, "documented")
    assert marked.responses[0].response.provenance == "documented"
    assert plain.responses[0].response.provenance == "documented"
    assert [entry.provenance for entry in plain.responses[0].response.media] == ["assumed"]
    assert whole.schemas["Own"].provenance == "assumed"
    assert whole.schemas["Plain"].provenance == "documented"


def to_shared() -> Json:
    return {"$ref": "#/components/responses/Shared"}


# --- Anchors


def anchors(document: Json) -> list[str]:
    whole = reference(document)
    return [
        *(operation.anchor for operation in whole.operations),
        *(guide.anchor for guide in whole.guides),
        *(page.anchor for page in whole.pages),
        *(group.anchor for page in whole.pages for group in page.groups if group.anchor),
        *(schema.anchor for schema in whole.schemas.values()),
        *(scheme.anchor for scheme in whole.schemes),
        *(response.anchor for response in whole.responses if response.anchor),
        *(header.anchor for header in whole.headers if header.anchor),
    ]


def test_anchors_follow_from_names() -> None:
    """An operation's anchor is its operationId, or method and path without one."""
    document = spec({"/a/{b}": {"get": {"operationId": "getIt"}, "post": {}}}, {"Größe": {}})
    assert anchors(document)[:2] == ["operation-getit", "operation-post-a-b"]
    assert "schema-größe" in anchors(document)


def test_anchors_are_unique() -> None:
    """Names that differ only in case or punctuation, or are repeated or empty, are distinct."""
    paths = {
        path: {"get": {"tags": ["Error"], "x-group": group}}
        for path, group in {"/a/b": "Error", "/a-b": "error", "/a/{b}": "!", "/": "?"}.items()
    }
    tags = [{"name": "Error", "x-traitTag": True}, {"name": "error", "x-traitTag": True}]
    found = anchors(
        spec(paths, {"Error": {}, "error": {}, "E r r o r": {}, "x" * 300: {}}, tags=tags)
    )
    assert len(found) == len(set(found)) > 12
    assert all(
        anchor == anchor.lower() and " " not in anchor and len(anchor) < 100 for anchor in found
    )


def test_an_anchor_does_not_depend_on_other_parts() -> None:
    """Links stay valid when other parts are added or removed."""
    before = spec({"/b": {"get": {}}}, {"B": {}})
    after = spec({"/a": {"get": {}}, "/b": {"post": {}, "get": {}}}, {"A": {}, "B": {}})
    assert {"operation-get-b", "schema-b"} <= set(anchors(before)) & set(anchors(after))


# --- Schemas


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
def test_every_form_of_nullable_is_recognized(node: Json, types: tuple[str, ...]) -> None:
    """OpenAPI 3.0 has one form, 3.1 has several."""
    schema = schema_of(node, version="3.1.0")
    assert (schema.types, schema.nullable, schema.choices) == (types, True, ())


def test_a_nullable_reference_stays_a_reference() -> None:
    """It keeps its own title and description."""
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
    """A schema of type null allows nothing else."""
    assert schema_of({"type": "null"}, version="3.1.0").types == ("null",)


def test_real_choices_are_kept() -> None:
    """Choices of every kind are kept, without their null."""
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
        ({"minItems": 1, "uniqueItems": True}, ("at least 1 entry", "unique entries")),
        ({"maxProperties": 3}, ("at most 3 fields",)),
        ({"minimum": float("-inf"), "maximum": float("inf")}, ("-inf to inf",)),
    ],
)
def test_bounds_are_written_in_words(node: Json, bounds: tuple[str, ...]) -> None:
    """Both OpenAPI 3.0 and 3.1 syntax is understood."""
    assert schema_of(node).bounds == bounds


def test_a_missing_default_differs_from_null() -> None:
    """MISSING stands for a missing default."""
    assert schema_of({}).default is MISSING
    assert schema_of({"default": None}).default is None


def test_recursive_schemas_are_read_once() -> None:
    """Schemas that contain themselves or each other are stored once and referred to by name."""
    schemas: Json = {
        "Node": {
            "properties": {"next": to("Node"), "children": {"type": "array", "items": to("Node")}}
        },
        "A": {"properties": {"b": to("B")}},
        "B": {"additionalProperties": to("A"), "oneOf": [to("B"), to("Node")]},
    }
    whole = reference(spec({"/x": {"get": {"responses": responding(to("A"))}}}, schemas))
    assert list(whole.schemas) == ["Node", "A", "B"]
    assert {name: shared.uses for name, shared in whole.schemas.items()} == {
        "Node": 3,
        "A": 2,
        "B": 2,
    }


@pytest.mark.parametrize("kind", ["allOf", "anyOf", "oneOf"])
def test_a_schema_that_refers_only_to_itself_allows_anything(kind: str) -> None:
    """Reading it ends, whether the cycle is direct or indirect."""
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
        assert type_text(whole, Schema(name=name)) in ("any", "object")
    assert is_nullable(whole, Schema(name="C"))


def test_a_reference_outside_the_components_is_a_shared_schema() -> None:
    """This includes recursive ones."""
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
    assert [property.schema.name for property in whole.schemas["Tree.left"].schema.properties] == [
        "Tree.left"
    ]


def test_escaped_names_are_found() -> None:
    """``~1`` is a slash, ``~0`` a tilde, and percent signs are decoded."""
    whole = reference(
        spec(
            schemas={
                "a/b~c d": {"type": "integer"},
                "To": {"$ref": "#/components/schemas/a~1b~0c%20d"},
            }
        )
    )
    assert whole.follow(Schema(name="To")).types == ("integer",)


# --- Parts


def test_references_are_followed_everywhere() -> None:
    """Every object that may be a reference is followed, also through other references."""
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
    assert [parameter.name for parameter in operation.parameters] == ["q"]
    assert operation.body is not None
    assert [example.value for example in operation.body.media[0].examples] == ["hello"]
    assert operation.responses[0].response.headers[0].description == "A header."
    assert operation.security[0][0].scheme == "bearer"


def test_everything_is_optional() -> None:
    """A document needs only its version, a path and a method."""
    whole = reference({"openapi": "3.1.0", "paths": {"/x": {"get": {}}}})
    (operation,) = whole.operations
    assert (operation.summary, operation.body, operation.responses, operation.success) == (
        None,
        None,
        (),
        None,
    )
    assert [page.title for page in whole.pages] == ["API"]
    assert list(reference({"openapi": "3.1.0"}).operations) == []


def test_json_is_found_among_media_types() -> None:
    """Media types may have parameters or a ``+json`` suffix."""
    for media_type in (JSON, "application/json; charset=utf-8", "application/problem+json"):
        content = {"text/csv": {}, media_type: {"schema": {"type": "string"}}}
        whole = reference(
            spec({"/x": {"get": {"responses": {"200": {"description": "", "content": content}}}}})
        )
        (operation,) = whole.operations
        found = operation.responses[0].response.json
        assert found is not None
        assert found.type == media_type


def test_all_fields_of_the_contract_are_read() -> None:
    """No property of a shared schema is lost."""
    for name, node in CONTRACT.root["components"]["schemas"].items():
        assert [property.name for property in REFERENCE.schemas[name].schema.properties] == list(
            node.get("properties", {})
        )
