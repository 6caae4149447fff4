"""A document without operations of ours is served by its own rules."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from mockserver.openapi.contract import JSON
from tests.resources.documents import BEARER, CONTRACT, NOTE

TITLE = {"title": "Milk"}
SUCCESSES = [
    ("list_notes", "GET", "/v1/notes", {}, 200),
    ("create_note", "POST", "/v1/notes", {"json": TITLE}, 201),
    ("get_note", "GET", NOTE, {}, 200),
    ("update_note", "PATCH", NOTE, {"json": TITLE}, 200),
    ("delete_note", "DELETE", NOTE, {}, 204),
]
FAILURES: list[tuple[str, str, str, str, dict[str, Any], int]] = [
    ("a query parameter", "list_notes", "GET", "/v1/notes?limit=51", {}, 422),
    ("a missing field", "create_note", "POST", "/v1/notes", {"json": {}}, 422),
    ("no body", "create_note", "POST", "/v1/notes", {}, 422),
    ("a path parameter", "get_note", "GET", "/v1/notes/1", {}, 422),
]
UNDOCUMENTED = [
    ("an unknown path", "GET", "/v1/things", {}, 404),
    ("a path outside the base path", "GET", "/notes", {}, 404),
    ("a method", "PUT", "/v1/notes", {}, 405),
    (
        "a media type",
        "POST",
        "/v1/notes",
        {"content": "a", "headers": {"Content-Type": "a/b"}},
        415,
    ),
    ("a large body", "POST", "/v1/notes", {"content": b" " * 32_000_001}, 413),
]


def assert_documented(response: httpx.Response, operation_id: str) -> None:
    """The body satisfies the schema that the document has for the status."""
    documented = CONTRACT.follow(
        CONTRACT.operations[operation_id].node["responses"][str(response.status_code)]
    )
    if "content" not in documented:
        assert response.content == b""
        return
    assert response.headers["Content-Type"] == JSON
    schema = documented["content"][JSON]["schema"]
    assert CONTRACT.validator(schema, closed=True).is_valid(response.json())


def assert_error(response: httpx.Response, status: int) -> None:
    """The body is an error of the document."""
    assert response.status_code == status
    assert response.headers["Content-Type"] == JSON
    schema = {"$ref": "#/components/schemas/Error"}
    assert CONTRACT.validator(schema, closed=True).is_valid(response.json()), response.text


@pytest.mark.parametrize(("operation_id", "method", "path", "request_", "status"), SUCCESSES)
def test_each_operation_responds_as_documented(
    client: httpx.Client,
    operation_id: str,
    method: str,
    path: str,
    request_: dict[str, Any],
    status: int,
) -> None:
    """The status is the documented success, the body satisfies its schema."""
    response = client.request(method, path, **request_)
    assert response.status_code == status
    assert "X-Mock-Source" not in response.headers
    assert_documented(response, operation_id)


def test_equal_requests_get_equal_responses(client: httpx.Client) -> None:
    """Generated values come from the seed and the request."""
    assert client.get("/v1/notes").content == client.get("/v1/notes").content
    assert client.get("/v1/notes").content != client.get("/v1/notes?limit=2").content


@pytest.mark.parametrize(
    ("what", "operation_id", "method", "path", "request_", "status"),
    FAILURES,
    ids=[row[0] for row in FAILURES],
)
def test_an_invalid_request_gets_the_documented_error(
    client: httpx.Client,
    what: str,  # noqa: ARG001 (the id of the test)
    operation_id: str,
    method: str,
    path: str,
    request_: dict[str, Any],
    status: int,
) -> None:
    """A 422 in the document's shape that names what is wrong."""
    response = client.request(method, path, **request_)
    assert_error(response, status)
    assert_documented(response, operation_id)
    assert response.json()["code"] == "invalid"
    place = "limit" if "limit" in path else "note_id" if method == "GET" else "body"
    assert place in response.json()["message"]


def test_without_credentials_the_response_is_the_documented_401(anonymous: httpx.Client) -> None:
    """With ``WWW-Authenticate``, as RFC 9110 wants it."""
    response = anonymous.get("/v1/notes")
    assert_error(response, 401)
    assert response.json()["code"] == "unauthenticated"
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer-a-token", "Basic YTpi", "a-token"])
def test_malformed_credentials_are_a_401(anonymous: httpx.Client, value: str) -> None:
    """Any token will do, but it has to be a bearer token."""
    assert_error(anonymous.get("/v1/notes", headers={"Authorization": value}), 401)


@pytest.mark.parametrize(
    ("what", "method", "path", "request_", "status"),
    UNDOCUMENTED,
    ids=[row[0] for row in UNDOCUMENTED],
)
def test_an_undocumented_error_has_the_shape_of_the_documented_ones(
    client: httpx.Client,
    what: str,  # noqa: ARG001 (the id of the test)
    method: str,
    path: str,
    request_: dict[str, Any],
    status: int,
) -> None:
    """Clients parse errors of one shape, whatever the status is."""
    response = client.request(method, path, **request_)
    assert_error(response, status)


def test_a_405_names_the_allowed_methods(client: httpx.Client) -> None:
    """As RFC 9110 wants it."""
    assert client.put("/v1/notes").headers["Allow"] == "GET, POST, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("prefer", "status"),
    [("code=404", 404), ("code=422", 422), ("example=example", 200), ("dynamic=true", 200)],
)
def test_prefer_selects_a_documented_response(
    client: httpx.Client, prefer: str, status: int
) -> None:
    """``Prefer`` works as on the mock of billing."""
    response = client.get(NOTE, headers={"Prefer": prefer})
    assert response.status_code == status
    assert response.headers["Preference-Applied"].replace('"', "") == prefer
    assert_documented(response, "get_note")


def test_prefer_delays_a_response(client: httpx.Client) -> None:
    """By so many milliseconds."""
    response = client.get(NOTE, headers={"Prefer": "delay=200"})
    assert response.elapsed.total_seconds() >= 0.2
    assert response.headers["Preference-Applied"] == "delay=200"


def test_an_undocumented_preference_is_refused(client: httpx.Client) -> None:
    """The message lists what is documented."""
    response = client.get(NOTE, headers={"Prefer": "code=409"})
    assert_error(response, 400)
    assert "It documents 200, 401, 404, 422." in response.json()["message"]


@pytest.mark.slow
def test_a_page_of_any_origin_may_call_the_api(anonymous: httpx.Client) -> None:
    """The preflight allows the document's credentials; the response may be read."""
    origin = {"Origin": "https://notes.example.com"}
    asked = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "Authorization, Content-Type, Prefer",
    }
    preflight = anonymous.options(NOTE, headers={**origin, **asked})
    assert preflight.status_code == 200
    assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
    assert "X-API-Key" not in preflight.headers["Access-Control-Allow-Headers"]
    response = anonymous.get(NOTE, headers={**origin, **BEARER})
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == "https://notes.example.com"
