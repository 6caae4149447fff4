"""Status lines and headers of responses are HTTP, whatever a document says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.resources.documents import Json, document, json_content, operation, served

TEXT: Json = {"type": "string"}
PROBLEM: Json = {"type": "object", "properties": {"status": {"type": "integer"}, "title": TEXT}}


@pytest.mark.parametrize("example", [{"example": {"status": 500, "title": "Wrong."}}, {}])
def test_the_status_in_a_body_is_that_of_the_response(tmp_path: Path, example: Json) -> None:
    """A default describes every status, but its example only one."""
    problem = json_content(PROBLEM, "application/problem+json", **example)
    paths = {"/a": {"get": operation({"200": {}, "default": problem})}}
    with served(tmp_path, document(paths)) as client:
        response = client.get("/a", headers={"Prefer": "code=404"})
        assert (response.status_code, response.json().get("status", 404)) == (404, 404)


HEADERS: dict[str, Json] = {
    "X-\r\nEvil": {"required": True, "schema": TEXT},
    "X-Name": {"required": True, "schema": {**TEXT, "enum": ["a\r\nSet-Cookie: x=1"]}},
    "Content-Length": {"required": True, "schema": {"type": "integer", "enum": [99]}},
    "Transfer-Encoding": {"required": True, "schema": {**TEXT, "enum": ["chunked"]}},
    "Connection": {"required": True, "schema": {**TEXT, "enum": ["upgrade"]}},
}


@pytest.mark.parametrize("stateless", [True, False])
def test_a_document_cannot_break_the_head(tmp_path: Path, *, stateless: bool) -> None:
    """Invalid names are not sent, nor are headers of the connection; values are one line."""
    thing = {"type": "object", "properties": {"id": {"type": "integer"}, "name": TEXT}}
    content = json_content(thing)["content"]
    content = {"application/x\r\nX-Evil: 1; +json": content["application/json"], **content}
    listed = json_content({"type": "array", "items": thing})
    error = json_content(PROBLEM, "application/y\r\nX-Evil: 1; +json")
    body = {"content": json_content(thing)["content"]}
    made = {"201": {"content": content, "headers": HEADERS}, "422": error, "401": error}
    scheme = {"type": "http", "scheme": "bea\r\nX-Evil: 1"}
    things = {
        "get": operation({"200": {**listed, "headers": HEADERS}}, "list_things"),
        "post": operation(made, "create_thing", requestBody=body),
        "put": operation(made, "put_thing", security=[{"odd": []}]),
    }
    components = {"securitySchemes": {"odd": scheme}}
    with served(
        tmp_path, document({"/things": things}, components=components), stateless=stateless
    ) as client:
        for response, status in (
            (client.get("/things"), 200),
            (client.post("/things", json={"name": "a"}), 201),
            (client.post("/things", json={"name": 1}), 422),
            (client.put("/things"), 401),
        ):
            assert response.status_code == status
            names = {"x-evil", "set-cookie", "transfer-encoding", "x-", "connection"}
            assert names.isdisjoint(response.headers)
            assert status > 400 or response.headers["X-Name"] == "a  Set-Cookie: x=1"
            assert status < 400 or response.headers["X-Mock-Warning"]


@pytest.mark.parametrize("stateless", [True, False])
def test_an_informational_status_is_never_the_last(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, *, stateless: bool
) -> None:
    """Clients would wait for another response. The start warns, and it is a 200."""
    paths = {"/a": {"get": operation({"100": {}}), "post": operation({"100": {}}, "make_thing")}}
    with served(tmp_path, document(paths), stateless=stateless) as client:
        assert client.get("/a").status_code == client.post("/a").status_code == 200
        assert client.get("/a", headers={"Prefer": "code=100"}).status_code == 400
    assert "get_thing documents no success" in caplog.text


@pytest.mark.parametrize(("kind", "start"), [("uri", "http://"), ("uri-reference", "/things/")])
def test_a_location_that_is_a_uri_is_absolute(tmp_path: Path, kind: str, start: str) -> None:
    """A path is a valid value of any other format."""
    location = {"required": True, "schema": {"type": "string", "format": kind}}
    thing = json_content({"type": "object", "properties": {"id": {"type": "integer"}}})
    made = {"201": {**thing, "headers": {"Location": location}}}
    paths = {
        "/things": {"post": operation(made, "create_thing", requestBody=thing)},
        "/things/{id}": {
            "get": operation({"200": thing}),
            "parameters": [
                {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
            ],
        },
    }
    with served(tmp_path, document(paths)) as client:
        found = client.post("/things", json={}).headers["Location"]
        assert found.startswith(start)
        assert client.get(found).status_code == 200
