"""Request bodies of every media type are read and validated by their schemas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mockserver.engine.body import BodyReader
from mockserver.openapi.contract import Contract
from tests.resources.documents import Json, document, operation

TEXT: Json = {"type": "string"}
INTEGER: Json = {"type": "integer"}
INTEGERS: Json = {"type": "array", "items": INTEGER}
FILE: Json = {"type": "string", "format": "binary"}
FORM = "application/x-www-form-urlencoded"
XML = "application/xml"
REFUSED = object()
COMPONENTS = {
    "schemas": {
        "Id": {"type": "integer", "readOnly": True},
        "Pet": {
            "type": "object",
            "required": ["id", "number", "name"],
            "properties": {
                "id": {"$ref": "#/components/schemas/Id"},
                "number": {"type": "integer", "readOnly": True},
                "name": TEXT,
            },
        },
    }
}


def objects(*required: str, **properties: Json) -> Json:
    """Return the schema of an object."""
    return {
        "type": "object",
        "properties": properties,
        **({"required": list(required)} if required else {}),
    }


def reader(content: Json, **more: Any) -> BodyReader:
    """Return the reader of a request body."""
    paths = {"/things": {"get": operation({"200": {}})}}
    contract = Contract.checked(Path("openapi.yaml"), document(paths, components=COMPONENTS))
    return BodyReader({"content": content, **more}, contract)


def assert_read(body: BodyReader, content_type: str, payload: str | bytes, expected: Any) -> None:
    """A payload is read as a value, or refused."""
    headers = {b"content-type": content_type.encode()}
    assert body.unsupported(headers) is None
    sent = payload if isinstance(payload, bytes) else payload.encode()
    value, found = body.parse(sent, [], headers)
    if expected is REFUSED:
        assert found
        assert found[0]["loc"][0] == "body"
    else:
        assert not found
        assert value == expected


FIELDS = objects("n", n=INTEGER, name=TEXT, flag={"type": "boolean"}, tags=INTEGERS)
NESTED = objects(
    at=objects(x=INTEGER, y=INTEGER), rows={"type": "array", "items": objects(a=INTEGER)}
)
FORMS: list[tuple[Json, Json, str, Any]] = [
    (FIELDS, {}, "n=1&name=a+b%26", {"n": 1, "name": "a b&"}),
    (FIELDS, {}, "n=1&flag=true", {"n": 1, "flag": True}),
    (FIELDS, {}, "n=x", REFUSED),
    (FIELDS, {}, "name=x", REFUSED),
    (FIELDS, {}, "n=1&tags=1&tags=2", {"n": 1, "tags": [1, 2]}),
    (FIELDS, {}, "n=1&tags=1", {"n": 1, "tags": [1]}),
    (FIELDS, {}, "n=1&tags[]=1&tags[]=2", {"n": 1, "tags": [1, 2]}),
    (FIELDS, {}, "n=1&tags[0]=1&tags[1]=2", {"n": 1, "tags": [1, 2]}),
    (FIELDS, {}, "n=1&tags=x", REFUSED),
    (FIELDS, {"tags": {"explode": False}}, "n=1&tags=1,2", {"n": 1, "tags": [1, 2]}),
    (FIELDS, {"tags": {"style": "pipeDelimited"}}, "n=1&tags=1|2", {"n": 1, "tags": [1, 2]}),
    (FIELDS, {}, "n=1&other=2", {"n": 1, "other": "2"}),
    ({**FIELDS, "additionalProperties": False}, {}, "n=1&other=2", REFUSED),
    ({**FIELDS, "additionalProperties": INTEGER}, {}, "n=1&other=2", {"n": 1, "other": 2}),
    (NESTED, {}, "at[x]=1&at[y]=2", {"at": {"x": 1, "y": 2}}),
    (NESTED, {"at": {"style": "deepObject"}}, "at[x]=1", {"at": {"x": 1}}),
    (NESTED, {}, "at=%7B%22x%22%3A1%7D", {"at": {"x": 1}}),
    (NESTED, {"at": {"contentType": "application/json"}}, 'at={"x":1}', {"at": {"x": 1}}),
    (NESTED, {}, "at[x]=a", REFUSED),
    (NESTED, {}, "rows[0][a]=1&rows[1][a]=2", {"rows": [{"a": 1}, {"a": 2}]}),
    ({"$ref": "#/components/schemas/Pet"}, {}, "name=Rex", {"name": "Rex"}),
    ({}, {}, "a=1", {"a": "1"}),
]


@pytest.mark.parametrize(("schema", "encoding", "payload", "expected"), FORMS)
def test_a_urlencoded_form(schema: Json, encoding: Json, payload: str, expected: Any) -> None:
    """Fields have the types of their schemas and the styles of their encoding."""
    body = reader({FORM: {"schema": schema, "encoding": encoding}})
    assert_read(body, FORM, payload, expected)


def multipart(*parts: tuple[str, bytes]) -> bytes:
    """Return a multipart body of parts: the rest of a disposition with more headers, a content."""
    pieces = [
        b"--cut\r\nContent-Disposition: form-data; " + head.encode() + b"\r\n\r\n" + content
        for head, content in parts
    ]
    return b"\r\n".join([*pieces, b"--cut--\r\n"])


MULTIPART = "multipart/form-data; boundary=cut"
UPLOAD = objects("file", file=FILE, n=INTEGER, at=objects(x=INTEGER), tags=INTEGERS)
JSON_PART = 'name="at"\r\nContent-Type: application/json'
PARTS: list[tuple[bytes, Any]] = [
    (multipart(('name="file"; filename="a.txt"', b"abc")), {"file": "abc"}),
    (multipart(('name="file"', b"\xff\x00\r\n--")), {"file": "\xff\x00\r\n--"}),
    (multipart(("name=file", b"a"), ('name="n"', b"7")), {"file": "a", "n": 7}),
    (multipart(('name="file"', b"a"), ('name="n"', b"x")), REFUSED),
    (multipart(('name="n"', b"7")), REFUSED),
    (multipart(('name="file"', b""), (JSON_PART, b'{"x":1}')), {"file": "", "at": {"x": 1}}),
    (multipart(('name="file"', b""), (JSON_PART, b'{"x":"a"}')), REFUSED),
    (multipart(('name="file"', b""), ('name="at"', b'{"x":1}')), {"file": "", "at": {"x": 1}}),
    (
        multipart(('name="file"', b""), ('name="tags"', b"1"), ('name="tags"', b"2")),
        {"file": "", "tags": [1, 2]},
    ),
    (multipart(('name="file"', b""), ('name="tags[]"', b"1")), {"file": "", "tags": [1]}),
    (b"--cut\r\n", REFUSED),
    (b"nothing", REFUSED),
    (b"--cut\r\nX: y\r\n\r\na\r\n--cut--", REFUSED),
]


@pytest.mark.parametrize(("payload", "expected"), PARTS)
def test_a_multipart_form(payload: bytes, expected: Any) -> None:
    """Parts are texts, files, or JSON."""
    assert_read(reader({"multipart/form-data": {"schema": UPLOAD}}), MULTIPART, payload, expected)


def test_a_multipart_form_needs_its_boundary() -> None:
    """Without it, nothing can be read."""
    body = reader({"multipart/form-data": {"schema": UPLOAD}})
    assert_read(body, "multipart/form-data", multipart(('name="file"', b"")), REFUSED)


ANIMAL = objects(
    "name",
    name=TEXT,
    id={"type": "integer", "xml": {"attribute": True}},
    kind={"type": "string", "xml": {"name": "species", "prefix": "a", "namespace": "urn:a"}},
    legs=INTEGERS,
    toys={
        "type": "array",
        "xml": {"wrapped": True},
        "items": {"type": "string", "xml": {"name": "toy"}},
    },
    home=objects(street=TEXT),
)
DOCUMENTS: list[tuple[Json, str, Any]] = [
    (ANIMAL, "<animal><name>Rex</name></animal>", {"name": "Rex"}),
    (ANIMAL, '<animal id="7"><name>a &amp; b</name></animal>', {"id": 7, "name": "a & b"}),
    (ANIMAL, '<animal id="x"><name>Rex</name></animal>', REFUSED),
    (ANIMAL, "<animal/>", REFUSED),
    (
        ANIMAL,
        '<animal xmlns:a="urn:a"><name/><a:species>dog</a:species></animal>',
        {"name": "", "kind": "dog"},
    ),
    (
        ANIMAL,
        "<animal><name>R</name><legs>1</legs><legs>2</legs></animal>",
        {"name": "R", "legs": [1, 2]},
    ),
    (ANIMAL, "<animal><name>R</name><legs>one</legs></animal>", REFUSED),
    (
        ANIMAL,
        "<animal><name>R</name><toys><toy>ball</toy><toy>bone</toy></toys></animal>",
        {"name": "R", "toys": ["ball", "bone"]},
    ),
    (
        ANIMAL,
        "<animal><name>R</name><home><street>S</street></home></animal>",
        {"name": "R", "home": {"street": "S"}},
    ),
    (INTEGERS, "<list><item>1</item><item>2</item></list>", [1, 2]),
    (INTEGER, "<n>3</n>", 3),
    (ANIMAL, "<animal>", REFUSED),
    (ANIMAL, "not xml", REFUSED),
    (ANIMAL, '<!DOCTYPE a [<!ENTITY e "x">]><a><name>&e;</name></a>', REFUSED),
    (ANIMAL, "<a>" * 100 + "</a>" * 100, REFUSED),
]


@pytest.mark.parametrize(("schema", "payload", "expected"), DOCUMENTS)
def test_an_xml_document(schema: Json, payload: str, expected: Any) -> None:
    """Elements and attributes are named by the ``xml`` objects; a DOCTYPE is refused."""
    assert_read(reader({XML: {"schema": schema}}), XML, payload, expected)


OTHERS: list[tuple[str, Json, str, Any]] = [
    ("text/plain", {"type": "string", "maxLength": 3}, "abc", "abc"),
    ("text/plain", {"type": "string", "maxLength": 3}, "abcd", REFUSED),
    ("text/plain; charset=utf-8", INTEGER, "3", 3),
    ("text/plain", objects(a=TEXT), "a", b"a"),
    ("application/octet-stream", FILE, "abc", b"abc"),
    ("image/png", {}, "abc", b"abc"),
    ("application/x-ndjson", objects("a", a=TEXT), '{"b":1}\n{"b":2}', b'{"b":1}\n{"b":2}'),
    ("application/vnd.api+json", INTEGER, "3", 3),
    ("application/vnd.api+json", INTEGER, '"3"', REFUSED),
]


@pytest.mark.parametrize(("media_type", "schema", "payload", "expected"), OTHERS)
def test_another_body(media_type: str, schema: Json, payload: str, expected: Any) -> None:
    """Text and JSON are validated; bytes and lines of JSON are not."""
    body = reader({media_type: {"schema": schema}})
    assert_read(body, media_type, payload, expected)


def test_a_body_is_validated_by_the_schema_of_its_media_type() -> None:
    """An operation may document several."""
    body = reader(
        {
            "application/json": {"schema": objects("a", a=INTEGER)},
            FORM: {"schema": objects("b", b=INTEGER)},
            "image/*": {"schema": FILE},
        }
    )
    assert_read(body, "application/json", '{"a": 1}', {"a": 1})
    assert_read(body, "application/json; charset=utf-8", '{"b": 1}', REFUSED)
    assert_read(body, "application/x+json", '{"b": 1}', REFUSED)
    assert_read(body, FORM, "b=1", {"b": 1})
    assert_read(body, FORM, "a=1", REFUSED)
    assert_read(body, "image/gif", "GIF", b"GIF")
    for other in ("text/plain", "application/xml", "image", ""):
        refusal = body.unsupported({b"content-type": other.encode()})
        assert refusal is not None
        assert refusal.status == 415


def test_a_body_without_a_media_type_is_the_documented_one() -> None:
    """JSON, or the first that is documented."""
    for content, payload in (
        ({FORM: {"schema": objects("a", a=INTEGER)}}, b"a=1"),
        ({FORM: {}, "application/json": {"schema": objects("a", a=INTEGER)}}, b'{"a": 1}'),
    ):
        body = reader(content)
        assert body.unsupported({}) is None
        assert body.parse(payload, [], {}) == ({"a": 1}, [])


@pytest.mark.parametrize("media_type", ["application/json", FORM, XML, "text/plain"])
@pytest.mark.parametrize("required", [True, False])
def test_an_absent_body_is_refused_if_it_is_required(media_type: str, required: bool) -> None:
    """It is optional by default. A form without fields has no bytes, so that it is never absent."""
    schema = {"type": "object"} if media_type == FORM else TEXT
    body = reader({media_type: {"schema": schema}}, required=required)
    value, found = body.parse(b"", [], {b"content-type": media_type.encode()})
    assert value == ({} if media_type == FORM else None)
    assert bool(found) == (required and media_type != FORM)


def test_an_empty_form_has_no_fields() -> None:
    """It is a body, so that its required fields are missing. Without a body, they are not."""
    body = reader({FORM: {"schema": objects("n", n=INTEGER)}})
    assert body.parse(b"", [], {})[1] == []
    assert body.parse(b"", [], {b"content-type": FORM.encode()})[1][0]["loc"] == ["body", "n"]


@pytest.mark.parametrize("payload", ['{"name": "Rex"}', '{"id": 1, "number": 2, "name": "Rex"}'])
def test_a_read_only_property_is_not_required(payload: str) -> None:
    """The server gives it. It may be sent back as it was read."""
    body = reader({"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}})
    value, found = body.parse(payload.encode(), [], {})
    assert not found
    assert value["name"] == "Rex"
    assert body.parse(b'{"id": 1}', [], {})[1][0]["loc"] == ["body", "name"]


def test_json_is_read_as_the_only_documented_kind_of_json() -> None:
    """Clients send it by default, so it is served with a warning. Other kinds are a 415."""
    patch = "application/merge-patch+json"
    body = reader({patch: {"schema": objects("a", a=INTEGER)}})
    for media_type, number in ((patch, 0), ("application/json", 1)):
        headers, warnings = {b"content-type": media_type.encode()}, list[str]()
        assert body.unsupported(headers) is None
        assert body.parse(b'{"a": 1}', warnings, headers) == ({"a": 1}, [])
        assert len(warnings) == number
    refusal = body.unsupported({b"content-type": b"application/json-patch+json"})
    assert refusal is not None
    assert patch in str(refusal.detail)


@pytest.mark.parametrize(
    ("schema", "root"),
    [
        ({"$ref": "#/components/schemas/Pet"}, "Pet"),
        ({**objects(a=TEXT), "xml": {"name": "b"}}, "b"),
    ],
)
def test_another_root_of_an_xml_document_is_refused(schema: Json, root: str) -> None:
    """The root is named by the ``xml`` object of the schema, else by its component."""
    body, headers = reader({XML: {"schema": schema}}), {b"content-type": XML.encode()}
    content = "<name>a</name>"
    assert body.parse(f"<{root}>{content}</{root}>".encode(), [], headers)[1] == []
    (problem,) = body.parse(f"<other>{content}</other>".encode(), [], headers)[1]
    assert problem["msg"] == f"The root element should be '{root}'"
