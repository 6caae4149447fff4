"""Whatever a client sends, parameters and bodies are read or refused, and nothing fails."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.engine.body import BodyReader
from mockserver.engine.media_types import chosen
from mockserver.engine.parameters import Parameters
from mockserver.openapi.contract import Contract
from tests.resources.documents import Json, document, operation

SCALARS: list[Json] = [
    *({"type": name} for name in ("string", "integer", "number", "boolean")),
    {"type": "integer", "nullable": True},
    {"enum": [1, "a", True, None, [1]]},
    {},
]
SCHEMAS: list[Json] = [
    *SCALARS,
    *({"type": "array", "items": schema} for schema in SCALARS),
    {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer"}}}},
    {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "array"}}},
    {"type": "object", "additionalProperties": {"type": "integer"}, "xml": {"name": "x"}},
    {"$ref": "#/components/schemas/Tree"},
    {"oneOf": SCALARS[:4]},
    {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "integer"}}]},
    {"allOf": [{"type": "object"}, {"properties": {"a": {"type": "boolean"}}}]},
]
TREE = {
    "type": "object",
    "properties": {
        "a": {"$ref": "#/components/schemas/Tree"},
        "b": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
    },
}
CONTRACT = Contract.checked(
    Path("openapi.yaml"),
    document({"/things": {"get": operation({"200": {}})}}, components={"schemas": {"Tree": TREE}}),
)
STYLES = {
    "query": ["form", "spaceDelimited", "pipeDelimited", "deepObject"],
    "path": ["simple", "label", "matrix"],
    "header": ["simple"],
    "cookie": ["form"],
}
MEDIA_TYPES = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "multipart/form-data",
    "application/xml",
    "text/plain",
    "image/png",
]
PIECES = ["a", "b", "p", "1", "=", "&", ",", ";", ".", "|", "[", "]", "%", "%5B", "%2C", "+", " "]
PIECES += ['"', "{", "}", "null", "true", "\r\n", "--b", "<a>", "</a>", "<", ":", "0", "é", "\x00"]
texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
schemas = st.sampled_from(SCHEMAS)


@st.composite
def parameters(draw: st.DrawFn) -> Json:
    """A parameter named p, in any place and style."""
    place = draw(st.sampled_from([*STYLES]))
    described: Json = {"name": "p", "in": place, "required": draw(st.booleans())}
    schema = draw(schemas)
    if draw(st.integers(0, 5)) == 0:
        return {**described, "content": {"application/json": {"schema": schema}}}
    style, explode = draw(st.sampled_from(STYLES[place])), draw(st.booleans())
    return {**described, "schema": schema, "style": style, "explode": explode}


@settings(max_examples=300, deadline=None)
@given(parameters(), texts)
def test_any_text_is_a_value_or_a_violation(parameter: Json, text: str) -> None:
    """In every place, style and type."""
    raw = text.encode("latin-1")
    headers = {b"p": raw, b"cookie": b"p=" + raw}
    values, found = Parameters([parameter], CONTRACT).read({"p": text}, raw, headers, [])
    assert isinstance(values, dict)
    assert all({"loc", "msg", "type"} <= problem.keys() for problem in found)


@settings(max_examples=300, deadline=None)
@given(schemas, st.sampled_from(MEDIA_TYPES), texts, st.booleans())
def test_any_body_is_a_value_or_a_violation(
    schema: Json, media_type: str, text: str, in_element: bool
) -> None:
    """Of every media type."""
    payload = f"<a>{text}</a>" if in_element else text
    body = BodyReader({"content": {media_type: {"schema": schema}}}, CONTRACT)
    headers = {b"content-type": media_type.encode()}
    assert body.unsupported(headers) is None
    value: Any
    value, found = body.parse(payload.encode(), [], headers)
    assert not found or value is None


@given(st.text(max_size=40))
def test_any_accept_selects_something_or_nothing(accept: str) -> None:
    """A malformed header does no harm."""
    assert chosen(["application/json", "*/*"], accept) in ("application/json", "*/*", None)
