"""Unknown names are found by the schemas of any document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.mistakes import Fields, QueryNames
from mockserver.openapi.contract import Contract
from tests.resources.documents import Json, document, json_content, operation, served

TEXT: Json = {"type": "string"}
COMPONENTS: Json = {
    "Person": {"type": "object", "properties": {"name": TEXT, "address": {"$ref": "#/c"}}},
    "Address": {"type": "object", "properties": {"street": TEXT}},
    "Node": {
        "type": "object",
        "properties": {
            "label": TEXT,
            "child": {"$ref": "#/components/schemas/Node"},
            "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        },
    },
}
COMPONENTS["Person"]["properties"]["address"] = {"$ref": "#/components/schemas/Address"}


def ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def contract(paths: Json | None = None, **more: Any) -> Contract:
    paths = paths or {"/things": {"get": operation({"200": {}})}}
    return Contract.checked(Path("openapi.yaml"), document(paths, **more))


def unknown(schema: Json, value: Any) -> list[str]:
    """Return the warnings about a value of a schema."""
    warnings: list[str] = []
    Fields([schema], contract(components={"schemas": COMPONENTS})).check(value, warnings)
    return warnings


def objects(**properties: Json) -> Json:
    return {"type": "object", "properties": properties}


LISTED: list[tuple[str, Json]] = [
    ("properties", objects(a=TEXT)),
    ("no type", {"properties": {"a": TEXT}}),
    ("closed", {**objects(a=TEXT), "additionalProperties": False}),
    ("allOf", {"allOf": [objects(a=TEXT), objects(b=TEXT)]}),
    ("allOf beside properties", {**objects(a=TEXT), "allOf": [objects(b=TEXT)]}),
    ("oneOf", {"oneOf": [objects(a=TEXT), objects(b=TEXT)]}),
    ("anyOf with a scalar", {"anyOf": [objects(a=TEXT), TEXT]}),
    (
        "branches that only require",
        {**objects(a=TEXT), "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
    ),
    (
        "oneOf with a discriminator",
        {"oneOf": [objects(a=TEXT), objects(b=TEXT)], "discriminator": {"propertyName": "a"}},
    ),
]
OPEN: list[tuple[str, Json]] = [
    ("no schema", {}),
    ("any object", {"type": "object"}),
    ("additional properties", {**objects(a=TEXT), "additionalProperties": True}),
    ("a map", {"type": "object", "additionalProperties": TEXT}),
    ("an open part", {"allOf": [objects(a=TEXT), {"additionalProperties": True}]}),
    ("an open branch", {"oneOf": [objects(a=TEXT), {"type": "object"}]}),
    ("an empty branch", {"anyOf": [objects(a=TEXT), {}]}),
    (
        "heirs that are not listed",
        {**objects(a=TEXT), "discriminator": {"propertyName": "a"}},
    ),
    ("a list", {"type": "array", "items": {}}),
]


@pytest.mark.parametrize("schema", dict(LISTED).values(), ids=dict(LISTED))
def test_a_schema_that_lists_its_properties_knows_no_other(schema: Json) -> None:
    """A field that no part of the schema lists is unknown."""
    assert unknown(schema, {"a": "", "zz": ""}) == ["Unknown field 'zz'."]


@pytest.mark.parametrize(("name", "schema"), LISTED[3:], ids=[name for name, _ in LISTED[3:]])
def test_the_properties_of_all_parts_are_known(name: str, schema: Json) -> None:
    """A field that one part lists is known, whichever part the value satisfies."""
    expected = ["Unknown field 'b'."] if "scalar" in name else []
    assert unknown(schema, {"a": "", "b": ""}) == expected


@pytest.mark.parametrize("schema", dict(OPEN).values(), ids=dict(OPEN))
def test_an_open_schema_knows_all_fields(schema: Json) -> None:
    """There is no warning where a field may be meant."""
    assert unknown(schema, {"a": "", "zz": {"y": [{}]}}) == []


def test_nested_fields_are_named_with_their_place() -> None:
    """The warning shows the path to the field."""
    value = {"address": {"stret": ""}, "name": ""}
    assert unknown(ref("Person"), value) == [
        "Unknown field 'address.stret': did you mean 'street'?"
    ]
    nodes = {"children": [{"label": ""}, {"lable": "", "children": [{"zz": 1}]}]}
    assert unknown(ref("Node"), nodes) == [
        "Unknown field 'children[1].lable': did you mean 'label'?",
        "Unknown field 'children[1].children[0].zz'.",
    ]
    assert unknown({"type": "array", "items": ref("Address")}, [{"zz": 1}]) == [
        "Unknown field '[0].zz'."
    ]


def test_recursive_values_are_checked_to_a_depth() -> None:
    """A value as deep as a parser accepts does not make a request fail."""
    value: Json = {"zz": 1}
    for _ in range(900):
        value = {"child": value}
    assert unknown(ref("Node"), value) == []


@pytest.mark.parametrize("value", [None, 1, "a", [], [1], {"address": 1}, {"address": None}])
def test_values_of_other_types_are_not_checked(value: Any) -> None:
    """Validation reports them."""
    assert unknown(ref("Person"), value) == []


@pytest.mark.parametrize(
    ("parameter", "names", "expected"),
    [
        ({"name": "limit", "schema": {"type": "integer"}}, ["limit"], []),
        ({"name": "limit", "schema": {"type": "integer"}}, ["Limit"], ["Limit"]),
        ({"name": "ids", "schema": {"type": "array", "items": TEXT}}, ["ids", "ids[]"], ["ids[]"]),
        ({"name": "json", "content": {"application/json": {}}}, ["json"], []),
        (
            {"name": "filter", "style": "deepObject", "schema": objects(a=TEXT)},
            ["filter[a]", "filter[b]", "filtre[a]"],
            ["filtre[a]"],
        ),
        ({"name": "page", "schema": objects(size=TEXT)}, ["page", "size", "zz"], ["zz"]),
        ({"name": "page", "schema": {"type": "object"}}, ["anything"], []),
    ],
)
def test_query_parameters_are_known_by_their_style(
    parameter: Json, names: list[str], expected: list[str]
) -> None:
    """Objects are sent under the names of their properties, or with brackets."""
    warnings: list[str] = []
    described = [{"in": "query", **parameter}]
    QueryNames(described, contract()).check(dict.fromkeys(names, ""), warnings)
    assert [warning.split("'")[1] for warning in warnings] == expected


def test_a_key_in_the_query_is_known() -> None:
    """The parameters of security schemes are none of the operation's."""
    scheme = {"type": "apiKey", "in": "query", "name": "access"}
    names = QueryNames([], contract(components={"securitySchemes": {"key": scheme}}))
    warnings: list[str] = []
    names.check({"access": "x", "acess": "x"}, warnings)
    assert len(warnings) == 1


SCHEMES: Json = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Token"},
    "query": {"type": "apiKey", "in": "query", "name": "access"},
}


@pytest.mark.parametrize(
    ("scheme", "headers", "expected"),
    [
        (
            "bearer",
            {"X-API-Key": "abc"},
            "'X-API-Key' is not read here. Send the header 'Authorization: Bearer ...'.",
        ),
        (
            "bearer",
            {"Authorization": "abc"},
            "'Authorization' has another form. Send the header 'Authorization: Bearer ...'.",
        ),
        (
            "key",
            {"Authorization": "Basic abc"},
            "'Authorization: Basic' is not read here. Send the header 'X-Token'.",
        ),
        (
            "query",
            {"Authorization": "Bearer abc"},
            "'Authorization: Bearer' is not read here. Send the query parameter 'access'.",
        ),
    ],
)
def test_credentials_of_any_scheme(
    tmp_path: Path, scheme: str, headers: dict[str, str], expected: str
) -> None:
    """A warning names the place that the document describes, and repeats no value."""
    body = json_content(objects(message=TEXT))
    things = operation({"200": {}, "401": body}, security=[{scheme: []}])
    described = document({"/things": {"get": things}}, components={"securitySchemes": SCHEMES})
    with served(tmp_path, described) as client:
        response = client.get("/things", headers=headers)
        misspelt = client.get("/thing")
    assert response.status_code == 401
    assert response.headers.get_list("X-Mock-Warning") == [expected]
    assert misspelt.headers["X-Mock-Warning"] == "Unknown path: did you mean '/things'?"
    assert misspelt.json()["message"] == "No such path: /thing. Did you mean /things?"
