"""Values are written as XML by the ``xml`` objects of their schemas, and read back equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.xml_body import XmlBody, encode_xml
from mockserver.openapi.contract import Contract
from tests.resources.documents import Json, document, operation

TEXT: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}
PET: Json = {"type": "object", "properties": {"name": TEXT}}
CONTRACT = Contract.checked(
    Path("openapi.yaml"),
    document({"/things": {"get": operation({"200": {}})}}, components={"schemas": {"Pet": PET}}),
)


def objects(xml: Json | None = None, **properties: Json) -> Json:
    """Return the schema of an object."""
    return {"type": "object", "properties": properties, **({"xml": xml} if xml else {})}


def texts(xml: Json | None = None, item: Json | None = None) -> Json:
    """Return the schema of a list of texts."""
    items = {**TEXT, **({"xml": item} if item else {})}
    return {"type": "array", "items": items, **({"xml": xml} if xml else {})}


WRAPPED = {"wrapped": True}
CASES: list[tuple[Json, Any, str]] = [
    (
        objects(a=TEXT, b=INTEGER),
        {"a": "x<&>", "b": 1},
        "<root><a>x&lt;&amp;&gt;</a><b>1</b></root>",
    ),
    ({"$ref": "#/components/schemas/Pet"}, {"name": "R"}, "<Pet><name>R</name></Pet>"),
    (objects({"name": "pet"}, a=TEXT), {"a": ""}, "<pet><a></a></pet>"),
    (objects(a={**TEXT, "xml": {"name": "b"}}), {"a": "x"}, "<root><b>x</b></root>"),
    (
        objects(a={**INTEGER, "xml": {"attribute": True}}, b=TEXT),
        {"a": 1, "b": "x"},
        '<root a="1"><b>x</b></root>',
    ),
    (
        objects(a={**TEXT, "xml": {"attribute": True, "name": "c"}}),
        {"a": 'x"y'},
        "<root c='x\"y'></root>",
    ),
    (
        objects({"name": "r", "namespace": "urn:r", "prefix": "p"}, a=TEXT),
        {"a": "x"},
        '<p:r xmlns:p="urn:r"><a>x</a></p:r>',
    ),
    (
        objects(a={**TEXT, "xml": {"namespace": "urn:a"}}),
        {"a": "x"},
        '<root><a xmlns="urn:a">x</a></root>',
    ),
    (objects(a=texts()), {"a": ["x", "y"]}, "<root><a>x</a><a>y</a></root>"),
    (objects(a=texts(item={"name": "i"})), {"a": ["x"]}, "<root><i>x</i></root>"),
    (objects(a=texts({"name": "b"})), {"a": ["x"]}, "<root><a>x</a></root>"),
    (objects(a=texts(WRAPPED)), {"a": ["x"]}, "<root><a><a>x</a></a></root>"),
    (
        objects(a=texts({**WRAPPED, "name": "b"}, {"name": "i"})),
        {"a": ["x", "y"]},
        "<root><b><i>x</i><i>y</i></b></root>",
    ),
    (objects(a=texts({**WRAPPED, "name": "b"})), {"a": ["x"]}, "<root><b><b>x</b></b></root>"),
    (objects(a=texts(WRAPPED)), {"a": []}, "<root><a></a></root>"),
    (
        {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}, "xml": {"name": "pets"}},
        [{"name": "R"}],
        "<pets><Pet><name>R</name></Pet></pets>",
    ),
    (objects(a={"type": "boolean"}), {"a": True}, "<root><a>true</a></root>"),
    (
        {"type": "object", "additionalProperties": INTEGER},
        {"a": 1},
        "<root><a>1</a></root>",
    ),
    (
        {"allOf": [objects({"name": "q"}, a=TEXT), objects(b=TEXT)]},
        {"a": "x", "b": "y"},
        "<q><a>x</a><b>y</b></q>",
    ),
    (TEXT, "x", "<root>x</root>"),
]


@pytest.mark.parametrize(("schema", "value", "expected"), CASES)
def test_a_value_is_written_as_its_schema_describes(
    schema: Json, value: Any, expected: str
) -> None:
    """And read back, it is the same value."""
    written = encode_xml(value, schema, CONTRACT)
    assert written == b'<?xml version="1.0" encoding="UTF-8"?>\n' + expected.encode()
    assert XmlBody(schema, CONTRACT).read(written, "", []) == (value, [])


def test_what_xml_cannot_hold_is_replaced() -> None:
    """Control characters, nulls, and names that no element may have."""
    schema = objects(a={**TEXT, "nullable": True}, **{"b c": TEXT, "1": TEXT})
    written = encode_xml({"a": None, "b c": "x\x00", "1": "y"}, schema, CONTRACT).decode()
    assert "<root><b_c>x\N{REPLACEMENT CHARACTER}</b_c><_1>y</_1></root>" in written
