"""Parameters in every place and style are read as their schemas describe them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.parameters import Parameters
from mockserver.openapi.contract import Contract
from tests.resources.documents import Json, document, operation

TEXT: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}
NUMBER: Json = {"type": "number"}
FLAG: Json = {"type": "boolean"}
INTEGERS: Json = {"type": "array", "items": INTEGER}
TEXTS: Json = {"type": "array", "items": TEXT}
POINT: Json = {"type": "object", "properties": {"x": INTEGER, "y": INTEGER}, "required": ["x"]}
OPEN: Json = {"type": "object", "additionalProperties": INTEGER}
TREE: Json = {
    "type": "object",
    "properties": {"a": {"type": "object", "properties": {"b": INTEGERS, "c": TEXT}}},
}
COMPONENTS = {"schemas": {"Count": INTEGER, "Point": POINT}}
REFUSED = object()
ABSENT = object()


def read(parameters: list[Json], **request: Any) -> tuple[dict[str, Any], list[Any]]:
    """Return the values of a request, and its violations."""
    paths = {"/things": {"get": operation({"200": {}})}}
    contract = Contract.checked(Path("openapi.yaml"), document(paths, components=COMPONENTS))
    values, found = Parameters(parameters, contract).read(
        request.get("path", {}),
        request.get("query", "").encode(),
        request.get("headers", {}),
        [],
    )
    return values, [problem["loc"] for problem in found]


def assert_read(parameter: Json, expected: Any, **request: Any) -> None:
    """A parameter named p has a value, is refused, or is absent."""
    values, found = read([{"name": "p", **parameter}], **request)
    if expected is REFUSED:
        assert found, values
        assert found[0][:2] == [parameter["in"], "p"]
        return
    assert not found
    if expected is ABSENT:
        assert values.get("p") is None
    else:
        assert values["p"] == expected
        assert type(values["p"]) is type(expected)


QUERIES: list[tuple[Json, str, Any]] = [
    # single values
    ({"schema": TEXT}, "p=a%20b+c", "a b c"),
    ({"schema": TEXT}, "p=", ""),
    ({"schema": TEXT}, "q=1", ABSENT),
    ({"schema": INTEGER}, "p=7", 7),
    ({"schema": INTEGER}, "p=7.0", REFUSED),
    ({"schema": INTEGER}, "p=", REFUSED),
    ({"schema": INTEGER}, f"p={2**70}", 2**70),
    ({"schema": {"$ref": "#/components/schemas/Count"}}, "p=7", 7),
    ({"schema": NUMBER}, "p=1.5e2", 150.0),
    ({"schema": NUMBER}, "p=1e999", REFUSED),
    ({"schema": FLAG}, "p=true", True),
    ({"schema": FLAG}, "p=0", False),
    ({"schema": FLAG}, "p=yes", REFUSED),
    ({"schema": {"enum": [1, 2]}}, "p=2", 2),
    ({"schema": {"enum": ["1", "2"]}}, "p=2", "2"),
    ({"schema": {}}, "p=2", "2"),
    ({"schema": {**INTEGER, "nullable": True}}, "p=null", ABSENT),
    ({"schema": {**INTEGER, "nullable": True}}, "p=", ABSENT),
    ({"schema": INTEGER, "allowEmptyValue": True}, "p=", ""),
    ({"schema": INTEGER, "allowEmptyValue": True}, "p=x", REFUSED),
    ({"schema": TEXT, "allowReserved": True}, "p=/a?b:c@d", "/a?b:c@d"),
    ({"schema": TEXT, "required": True}, "", REFUSED),
    # composed types
    ({"schema": {"oneOf": [INTEGER, FLAG]}}, "p=7", 7),
    ({"schema": {"oneOf": [INTEGER, FLAG]}}, "p=true", True),
    ({"schema": {"oneOf": [INTEGER, FLAG]}}, "p=x", REFUSED),
    (
        {"schema": {"anyOf": [{**INTEGER, "maximum": 9}, {"type": "string", "minLength": 2}]}},
        "p=10",
        "10",
    ),
    ({"schema": {"allOf": [INTEGER, {"minimum": 3}]}}, "p=7", 7),
    ({"schema": {"allOf": [INTEGER, {"minimum": 3}]}}, "p=2", REFUSED),
    ({"schema": {"oneOf": [INTEGER, INTEGERS]}}, "p=1", 1),
    ({"schema": {"oneOf": [INTEGER, INTEGERS]}}, "p=1&p=2", [1, 2]),
    # lists
    ({"schema": INTEGERS}, "p=1&p=2", [1, 2]),
    ({"schema": INTEGERS}, "p=1", [1]),
    ({"schema": INTEGERS}, "p=1,2", REFUSED),
    ({"schema": TEXTS}, "p=a%2Cb&p=c", ["a,b", "c"]),
    ({"schema": INTEGERS, "explode": False}, "p=1,2", [1, 2]),
    ({"schema": INTEGERS, "explode": False}, "p=1%2C2", [1, 2]),
    ({"schema": TEXTS, "explode": False}, "p=a%2Cb,c", ["a,b", "c"]),
    ({"schema": INTEGERS, "explode": False}, "p=1,x", REFUSED),
    ({"schema": INTEGERS, "style": "spaceDelimited"}, "p=1%202", [1, 2]),
    ({"schema": INTEGERS, "style": "spaceDelimited"}, "p=1+2", [1, 2]),
    ({"schema": INTEGERS, "style": "pipeDelimited"}, "p=1|2", [1, 2]),
    ({"schema": INTEGERS, "style": "pipeDelimited"}, "p=1%7C2", [1, 2]),
    ({"schema": INTEGERS, "style": "pipeDelimited"}, "p=1|x", REFUSED),
    ({"schema": INTEGERS, "style": "pipeDelimited", "explode": True}, "p=1&p=2", [1, 2]),
    ({"schema": INTEGERS, "style": "deepObject"}, "p[]=1&p[]=2", [1, 2]),
    ({"schema": INTEGERS, "style": "deepObject"}, "p[0]=1&p[1]=2", [1, 2]),
    ({"schema": INTEGERS, "style": "deepObject"}, "p[]=1", [1]),
    # objects
    ({"schema": POINT}, "x=1&y=2", {"x": 1, "y": 2}),
    ({"schema": POINT, "required": True}, "y=2", REFUSED),
    ({"schema": POINT}, "z=2", ABSENT),
    ({"schema": {"$ref": "#/components/schemas/Point"}}, "x=1", {"x": 1}),
    ({"schema": OPEN}, "a=1&b=2", {"a": 1, "b": 2}),
    ({"schema": OPEN, "required": True}, "", {}),
    ({"schema": POINT, "explode": False}, "p=x,1,y,2", {"x": 1, "y": 2}),
    ({"schema": POINT, "explode": False}, "p=x,1,y", REFUSED),
    ({"schema": POINT, "style": "pipeDelimited"}, "p=x|1|y|2", {"x": 1, "y": 2}),
    ({"schema": POINT, "style": "deepObject"}, "p[x]=1&p%5By%5D=2", {"x": 1, "y": 2}),
    ({"schema": POINT, "style": "deepObject"}, "p[x]=a", REFUSED),
    ({"schema": POINT, "style": "deepObject", "required": True}, "q=a", REFUSED),
    ({"schema": TREE, "style": "deepObject"}, "p[a][b][]=1&p[a][c]=2", {"a": {"b": [1], "c": "2"}}),
    ({"schema": {"anyOf": [INTEGER, POINT]}, "style": "deepObject"}, "p=1", 1),
    ({"schema": {"anyOf": [INTEGER, POINT]}, "style": "deepObject"}, "p[x]=1", {"x": 1}),
    # content
    ({"content": {"application/json": {"schema": POINT}}}, "p=%7B%22x%22%3A1%7D", {"x": 1}),
    ({"content": {"application/json": {"schema": POINT}}}, 'p={"x":"1"}', REFUSED),
    ({"content": {"application/json": {"schema": POINT}}}, "p={", REFUSED),
]


@pytest.mark.parametrize(("parameter", "query", "expected"), QUERIES)
def test_a_query_parameter(parameter: Json, query: str, expected: Any) -> None:
    """Lists and objects have the form of their style; single values that of their type."""
    assert_read({"in": "query", **parameter}, expected, query=query)


PATHS: list[tuple[Json, str, Any]] = [
    ({"schema": TEXT}, "a", "a"),
    ({"schema": INTEGER}, "1", 1),
    ({"schema": INTEGERS}, "1,2", [1, 2]),
    ({"schema": INTEGERS}, "1", [1]),
    ({"schema": POINT}, "x,1,y,2", {"x": 1, "y": 2}),
    ({"schema": POINT, "explode": True}, "x=1,y=2", {"x": 1, "y": 2}),
    ({"schema": POINT, "explode": True}, "x", REFUSED),
    ({"schema": INTEGER, "style": "label"}, ".1", 1),
    ({"schema": INTEGERS, "style": "label"}, ".1,2", [1, 2]),
    ({"schema": INTEGERS, "style": "label", "explode": True}, ".1.2", [1, 2]),
    ({"schema": POINT, "style": "label"}, ".x,1,y,2", {"x": 1, "y": 2}),
    ({"schema": POINT, "style": "label", "explode": True}, ".x=1.y=2", {"x": 1, "y": 2}),
    ({"schema": INTEGER, "style": "matrix"}, ";p=1", 1),
    ({"schema": INTEGERS, "style": "matrix"}, ";p=1,2", [1, 2]),
    ({"schema": INTEGERS, "style": "matrix", "explode": True}, ";p=1;p=2", [1, 2]),
    ({"schema": POINT, "style": "matrix"}, ";p=x,1,y,2", {"x": 1, "y": 2}),
    ({"schema": POINT, "style": "matrix", "explode": True}, ";x=1;y=2", {"x": 1, "y": 2}),
    ({"schema": INTEGERS, "style": "matrix", "explode": True}, ";p=1;p=x", REFUSED),
    ({"schema": INTEGERS, "style": "label"}, "1,2", REFUSED),
    ({"schema": INTEGERS, "style": "matrix"}, ".1", REFUSED),
    ({"schema": INTEGERS, "style": "matrix"}, ";q=1", REFUSED),
    ({"schema": POINT, "style": "label"}, "x,1,y,2", REFUSED),
    ({"schema": POINT, "style": "matrix", "explode": True}, "x=1;y=2", REFUSED),
    ({"schema": INTEGERS, "style": "label"}, ".", []),
    ({"schema": INTEGERS, "style": "matrix"}, ";p=", []),
    ({"schema": OPEN, "style": "label"}, ".", {}),
    ({"schema": OPEN, "style": "matrix"}, ";p=", {}),
    ({"schema": OPEN, "style": "matrix", "explode": True}, ";", {}),
    ({"content": {"application/json": {"schema": INTEGERS}}}, "[1,2]", [1, 2]),
]


@pytest.mark.parametrize(("parameter", "text", "expected"), PATHS)
def test_a_path_parameter(parameter: Json, text: str, expected: Any) -> None:
    """Its style is simple, label or matrix."""
    assert_read({"in": "path", "required": True, **parameter}, expected, path={"p": text})


HEADERS: list[tuple[Json, bytes | None, Any]] = [
    ({"schema": INTEGER}, b"1", 1),
    ({"schema": INTEGER}, b"x", REFUSED),
    ({"schema": INTEGER}, None, ABSENT),
    ({"schema": INTEGER, "required": True}, None, REFUSED),
    ({"schema": INTEGERS}, b"1, 2 ,3", [1, 2, 3]),
    ({"schema": INTEGERS}, b"1,x", REFUSED),
    ({"schema": POINT}, b"x,1,y,2", {"x": 1, "y": 2}),
    ({"schema": POINT, "explode": True}, b"x=1, y=2", {"x": 1, "y": 2}),
    ({"content": {"application/json": {"schema": POINT}}}, b'{"x":1}', {"x": 1}),
]


@pytest.mark.parametrize(("parameter", "value", "expected"), HEADERS)
def test_a_header_parameter(parameter: Json, value: bytes | None, expected: Any) -> None:
    """Its style is simple, with spaces between the items of lists."""
    headers = {} if value is None else {b"p": value}
    assert_read({"in": "header", **parameter}, expected, headers=headers)


COOKIES: list[tuple[Json, bytes | None, Any]] = [
    ({"schema": TEXT}, b"a=1; p=x%20y; b=2", "x y"),
    ({"schema": INTEGER}, b"p=1", 1),
    ({"schema": INTEGER}, b"p=x", REFUSED),
    ({"schema": INTEGER, "required": True}, b"q=1", REFUSED),
    ({"schema": INTEGER, "required": True}, None, REFUSED),
    ({"schema": INTEGERS, "explode": False}, b"p=1,2", [1, 2]),
    ({"schema": POINT, "explode": False}, b"p=x,1,y,2", {"x": 1, "y": 2}),
]


@pytest.mark.parametrize(("parameter", "value", "expected"), COOKIES)
def test_a_cookie_parameter(parameter: Json, value: bytes | None, expected: Any) -> None:
    """Its style is form; lists have commas."""
    headers = {} if value is None else {b"cookie": value}
    assert_read({"in": "cookie", **parameter}, expected, headers=headers)


@pytest.mark.parametrize("name", ["Accept", "content-type", "Authorization"])
def test_headers_that_other_parts_describe_are_no_parameters(name: str) -> None:
    """OpenAPI ignores parameters of these names."""
    assert read([{"name": name, "in": "header", "required": True, "schema": INTEGER}]) == ({}, [])


def test_an_exploded_object_leaves_other_parameters_alone() -> None:
    """An object of any names has those that no other parameter has."""
    parameters = [
        {"name": "p", "in": "query", "schema": OPEN},
        {"name": "q", "in": "query", "schema": TEXT},
    ]
    assert read(parameters, query="q=x&a=1") == ({"p": {"a": 1}, "q": "x"}, [])


def test_all_violations_are_found_at_once() -> None:
    """In the query, in headers, and in cookies."""
    parameters = [
        {"name": place, "in": place, "required": True, "schema": INTEGER}
        for place in ("query", "header", "cookie", "path")
    ]
    _, found = read(parameters, path={"path": "x"}, query="query=x")
    assert sorted(found) == [[place, place] for place in ("cookie", "header", "path", "query")]


@pytest.mark.parametrize(
    ("parameter", "query"),
    [
        ({"schema": POINT}, "x=1"),
        ({"schema": {"allOf": [{"$ref": "#/components/schemas/Point"}]}}, "x=1"),
        ({"schema": POINT, "style": "deepObject"}, "p[x]=1"),
        ({"schema": INTEGERS, "style": "deepObject"}, "p[]=1"),
        ({"schema": {"anyOf": [INTEGER, POINT]}, "style": "deepObject"}, "p[x]=1"),
    ],
)
def test_the_keys_of_an_object_are_known_names(parameter: Json, query: str) -> None:
    """No warning says that they are unknown."""
    paths = {"/things": {"get": operation({"200": {}})}}
    contract = Contract.checked(Path("openapi.yaml"), document(paths, components=COMPONENTS))
    parameters = Parameters([{"name": "p", "in": "query", **parameter}], contract)
    warnings: list[str] = []
    parameters.read({}, query.encode(), {}, warnings)
    assert warnings == []
    parameters.read({}, b"other=1", {}, warnings)
    assert len(warnings) == 1
