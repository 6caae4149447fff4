"""The media type of a response follows ``Accept``, and OPTIONS is served on every path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mockserver.engine.errors import Refusal
from mockserver.engine.media_types import chosen, concrete
from mockserver.engine.reply import Reply
from mockserver.engine.samples import Samples
from mockserver.generator import Generator
from mockserver.openapi.contract import Contract
from tests.resources.documents import Json, document, json_content, operation, served

TEXT: Json = {"type": "string"}
ITEM: Json = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": TEXT},
    "xml": {"name": "item"},
}
JSON, XML, PLAIN, VENDOR = "application/json", "application/xml", "text/plain", "application/v+json"
ERROR: Json = {"type": "object", "required": ["message"], "properties": {"message": TEXT}}
CONTENT = {
    XML: {"schema": ITEM, "example": "<item><name>in XML</name></item>"},
    JSON: {"schema": ITEM, "example": {"name": "in JSON"}},
    PLAIN: {"schema": TEXT, "example": "in text"},
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A mock with a response in three media types."""
    all_types = operation({"200": {"content": CONTENT}, "406": json_content(ERROR)}, "get_item")
    broken = {XML: {"schema": ITEM, "example": "<item><title/></item>"}}
    only_xml = operation({"200": {"content": broken}}, "get_xml")
    nothing = operation({"204": {}}, "delete_item")
    paths = {"/items": {"get": all_types, "delete": nothing}, "/xml": {"get": only_xml}}
    with served(tmp_path_factory.mktemp("negotiation"), document(paths)) as made:
        yield made


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", JSON),
        (JSON, JSON),
        (XML, XML),
        (PLAIN, PLAIN),
        ("text/*", PLAIN),
        ("application/xml;q=0.9, application/json;q=0.8", XML),
        ("application/xml;q=0.5, */*;q=0.9", JSON),
        ("application/json;q=0, */*", XML),
        ("text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8", XML),
        ("image/png, text/plain;q=0.1", PLAIN),
        ("APPLICATION/XML", XML),
        ("application/json; charset=utf-8", JSON),
        (",,", JSON),
        ("application/json;q=high", JSON),
    ],
)
def test_accept_selects_the_media_type(client: httpx.Client, accept: str, media_type: str) -> None:
    """By quality and specificity; JSON is preferred where several are equally welcome."""
    response = client.get("/items", headers={"Accept": accept})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == media_type
    assert {JSON: "in JSON", XML: "in XML", PLAIN: "in text"}[media_type] in response.text


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "text/html, image/*"])
def test_no_accepted_media_type_is_406(client: httpx.Client, accept: str) -> None:
    """The error is the documented one, and names what is documented."""
    response = client.get("/items", headers={"Accept": accept})
    assert response.status_code == 406
    assert "application/xml" in response.json()["message"]


def test_a_response_without_a_body_accepts_anything(client: httpx.Client) -> None:
    """There is nothing to negotiate."""
    assert client.delete("/items", headers={"Accept": "image/png"}).status_code == 204


def test_a_preferred_response_follows_accept_if_it_can(client: httpx.Client) -> None:
    """It is sent in any case, because it was selected explicitly."""
    prefer = {"Prefer": "code=200, dynamic=true"}
    response = client.get("/items", headers={**prefer, "Accept": XML})
    assert response.headers["Content-Type"] == XML
    assert "<item><name>" in response.text
    response = client.get("/items", headers={**prefer, "Accept": "image/png"})
    assert response.headers["Content-Type"] == JSON


def test_an_xml_example_that_breaks_its_schema_is_passed_over(client: httpx.Client) -> None:
    """The document is generated then."""
    response = client.get("/xml")
    assert response.headers["Content-Type"] == XML
    assert "<title" not in response.text
    assert "<item><name>" in response.text


def test_the_response_of_a_handler_follows_accept() -> None:
    """Its JSON becomes XML where the request prefers that."""
    get = operation({"200": {"content": CONTENT}}, "get_item")
    contract = Contract.checked(Path("openapi.yaml"), document({"/items": {"get": get}}))
    generator = Generator(contract.schemas, 1)
    samples = Samples(contract.operations["get_item"], contract, generator)
    made = Reply(200, b'{"name":"made"}', [(b"etag", b"1")])
    converted = samples.converted(made, XML.encode())
    assert (converted.media_type, converted.headers) == (XML.encode(), made.headers)
    assert b"<item><name>made</name></item>" in converted.payload
    assert samples.converted(made, JSON.encode()) == made
    with pytest.raises(Refusal, match="406"):
        samples.require_accepted(b"image/png")


def test_json_of_any_vendor_is_json() -> None:
    """A client that accepts JSON can read it."""
    assert chosen([XML, VENDOR], JSON) == VENDOR
    assert chosen([VENDOR], "application/*") == VENDOR
    assert chosen([JSON], VENDOR) is None
    assert chosen(["*/*"], "image/png") == "*/*"
    assert chosen([], "image/png") is None


def test_a_range_is_sent_as_the_media_type_that_is_accepted() -> None:
    """Without one, as a usual one of its kind."""
    assert concrete("image/*", "image/gif, image/png;q=0.5") == "image/gif"
    assert concrete("image/*", "image/gif;q=0, */*") == "image/png"
    assert concrete("*/*") == JSON
    assert concrete("text/*") == PLAIN
    assert concrete("font/*") == "font/plain"


def test_options_lists_the_methods_of_a_path(client: httpx.Client) -> None:
    """An unknown path stays a 404."""
    response = client.options("/items")
    assert response.status_code == 204
    assert response.headers["Allow"] == "GET, DELETE, HEAD, OPTIONS"
    assert client.options("/nothing").status_code == 404


def test_head_is_get_without_a_body(client: httpx.Client) -> None:
    """Its headers are the same."""
    response = client.head("/items")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Length"] == client.get("/items").headers["Content-Length"]


@pytest.mark.parametrize("path", ["/items", "/item", "/nothing/at/all", "/openapi.json"])
def test_a_page_of_any_origin_may_read_every_path(client: httpx.Client, path: str) -> None:
    """A page sees the 404 of a misspelt path, and may load the document."""
    origin = {"Origin": "https://shop.example"}
    response = client.get(path, headers=origin)
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    preflight = client.options(path, headers={**origin, "Access-Control-Request-Method": "GET"})
    assert preflight.status_code == 200
    assert preflight.headers["Access-Control-Allow-Methods"] == "GET"
