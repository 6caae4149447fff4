"""Documents of many kinds, each served by a mock of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.resources.documents import Json, document, json_content, operation, served

TEXT: Json = {"type": "string"}
THING: Json = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
ERROR: Json = {"type": "object", "required": ["message"], "properties": {"message": TEXT}}
URI: Json = {"type": "string", "format": "uri"}


def get(responses: Json, operation_id: str = "get_thing", **more: Any) -> Json:
    return {"get": operation(responses, operation_id, **more)}


KINDS: dict[str, tuple[Json, int, str | None]] = {
    "object": ({"200": json_content(THING)}, 200, "application/json"),
    "array": ({"200": json_content({"type": "array", "items": THING})}, 200, "application/json"),
    "scalar": ({"200": json_content(TEXT)}, 200, "application/json"),
    "any": ({"200": {"content": {"application/json": {}}}}, 200, "application/json"),
    "vendor": ({"200": json_content(THING, "application/vnd.api+json")}, 200, None),
    "text": ({"200": json_content(TEXT, "text/plain")}, 200, "text/plain"),
    "csv": ({"200": json_content(TEXT, "text/csv", example="a,b\n1,2\n")}, 200, "text/csv"),
    "binary": (
        {"200": json_content({"type": "string", "format": "binary"}, "application/pdf")},
        200,
        "application/pdf",
    ),
    "range": ({"200": json_content(THING, "*/*")}, 200, "application/json"),
    "text-range": ({"200": json_content(TEXT, "text/*")}, 200, "text/plain"),
    "default": ({"default": json_content(THING)}, 200, "application/json"),
    "class": ({"2XX": json_content(THING)}, 200, "application/json"),
    "created": ({"201": json_content(THING), "400": {}}, 201, "application/json"),
    "accepted": ({"202": {}}, 202, None),
    "no-content": ({"204": {}}, 204, None),
    "redirect": ({"302": {"headers": {"Location": {"required": True, "schema": URI}}}}, 302, None),
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A mock with one operation for each kind of response."""
    paths = {
        f"/{name}": get(responses, f"get_{name.replace('-', '_')}")
        for name, (responses, _, _) in KINDS.items()
    }
    with served(tmp_path_factory.mktemp("kinds"), document(paths)) as client:
        yield client


@pytest.mark.parametrize("name", KINDS)
def test_each_kind_of_response_is_served(kinds: httpx.Client, name: str) -> None:
    """With the documented status and media type, and a length."""
    _, status, media_type = KINDS[name]
    response = kinds.get(f"/{name}")
    assert response.status_code == status
    assert response.headers["X-Mock-Source"] == "schema"
    if media_type is not None:
        assert response.headers["Content-Type"] == media_type
    if status in (202, 204, 302):
        assert response.content == b""
        assert "Content-Type" not in response.headers
    assert "Transfer-Encoding" not in response.headers
    assert response.headers.get("Content-Length") == (
        None if status == 204 else str(len(response.content))
    )


def test_a_required_header_is_sent(kinds: httpx.Client) -> None:
    """A redirect has its target."""
    assert kinds.get("/redirect").headers["Location"].startswith("http")


@pytest.mark.parametrize(
    ("server", "prefix"),
    [
        ({"url": "/v1"}, "/v1"),
        ({"url": "https://api.example.com/v2/"}, "/v2"),
        (
            {
                "url": "https://{host}.example.com/{base}",
                "variables": {"host": {"default": "api"}, "base": {"default": "v3"}},
            },
            "/v3",
        ),
        ({"url": "https://api.example.com"}, ""),
    ],
)
def test_operations_are_served_below_the_base_path(
    tmp_path: Path, server: Json, prefix: str
) -> None:
    """It is that of the first server, variables filled in."""
    paths = {"/things": get({"200": json_content(THING)})}
    with served(tmp_path, document(paths, servers=[server])) as client:
        assert client.get(f"{prefix}/things").status_code == 200
        assert client.get(f"{prefix}/thing").status_code == 404
        shown = client.get("/openapi.json").json()["servers"]
        assert [entry["url"] for entry in shown] == [prefix or "/"]
        assert len(client.get("/_mock/requests").json()["requests"]) >= 1


def test_all_servers_are_served(tmp_path: Path) -> None:
    """Those of the document, and of a path or an operation; variables may have any value."""
    variables = {"version": {"default": "v2", "enum": ["v1", "v2"]}}
    versions = [{"url": "https://api.example.com/{version}", "variables": variables}]
    paths: Json = {
        "/things": get({"200": json_content(THING)}, "list_things"),
        "/files": {**get({"200": json_content(THING)}, "files"), "servers": [{"url": "/up"}]},
        "/own": get({"200": json_content(THING)}, "own", servers=[{"url": "http://a.example/o/"}]),
    }
    content = document(paths, servers=[*versions, {"url": "/local"}, {"url": "http://[bad"}])
    with served(tmp_path, content) as client:
        known = ["/v2/things", "/v1/things", "/local/things", "/up/files", "/o/own"]
        for path in [*known, "/v2/files", "/local/own"]:
            assert client.get(path).status_code == 200, path
        for path in ("/things", "/v3/things", "/up/own", "/files", "/o/things"):
            assert client.get(path).status_code == 404, path


def test_a_document_without_security_is_open(tmp_path: Path) -> None:
    """Credentials that are sent all the same change nothing."""
    with served(tmp_path, document({"/things": get({"200": json_content(THING)})})) as client:
        assert client.get("/things").status_code == 200
        assert client.get("/things", headers={"Authorization": "nonsense"}).status_code == 200
        assert client.post("/_mock/faults", json={"status": 503, "next": 1}).status_code == 200
        assert client.get("/things").status_code == 503
        assert client.get("/docs/reference").status_code == 200


def test_a_document_of_two_schemes_accepts_either_alternative(tmp_path: Path) -> None:
    """A key in the query, or a password and a cookie."""
    schemes = {
        "key": {"type": "apiKey", "in": "query", "name": "auth"},
        "password": {"type": "http", "scheme": "basic"},
        "session": {"type": "apiKey", "in": "cookie", "name": "sid"},
    }
    content = document(
        {"/things": get({"200": json_content(THING), "401": json_content(ERROR)})},
        security=[{"key": []}, {"password": [], "session": []}],
        components={"securitySchemes": schemes},
    )
    password = {"Authorization": "Basic dXNlcjpwYXNz"}
    with served(tmp_path, content) as client:
        assert client.get("/things?auth=hidden").status_code == 200
        assert client.get("/things", headers=password).status_code == 401
        both = {**password, "Cookie": "sid=1"}
        assert client.get("/things", headers=both).status_code == 200
        refused = client.get("/things")
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"] == 'Basic realm="mock"'
        assert "hidden" not in client.get("/_mock/requests").text


def test_errors_without_a_json_body_are_served(tmp_path: Path) -> None:
    """A document may describe its errors in words alone, or as problem details."""
    problem = json_content(ERROR, "application/problem+json")
    responses = {"200": json_content(THING), "400": {}, "401": problem, "404": {}}
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    content = document(
        {"/things": get(responses, parameters=[limit])},
        security=[{"key": []}],
        components={"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    )
    bearer = {"Authorization": "Bearer a"}
    with served(tmp_path, content) as client:
        invalid = client.get("/things?limit=x", headers=bearer)
        assert (invalid.status_code, invalid.content) == (400, b"")
        unauthenticated = client.get("/things")
        assert unauthenticated.status_code == 401
        assert unauthenticated.headers["Content-Type"] == "application/problem+json"
        assert "Credentials" in unauthenticated.json()["message"]
        for rule in ({"status": 404, "next": 1}, {"status": 401, "next": 1}):
            client.post("/_mock/faults", json=rule).raise_for_status()
        failed = client.get("/things", headers=bearer)
        assert failed.headers["Content-Type"] == "application/problem+json"
        failed = client.get("/things", headers=bearer)
        assert (failed.status_code, failed.content) == (404, b"")


def test_bodies_other_than_json_are_accepted(tmp_path: Path) -> None:
    """A form is one if its media type is documented. It may have no fields, and then no bytes."""
    form = {"application/x-www-form-urlencoded": {"schema": {"type": "object"}}}
    body = {"required": True, "content": form}
    post = operation({"200": json_content(THING)}, requestBody=body)
    with served(tmp_path, document({"/things": {"post": post}})) as client:
        assert client.post("/things", data={"a": "1"}).status_code == 200
        assert client.post("/things", json={"a": 1}).status_code == 415
        empty = {"Content-Type": "application/x-www-form-urlencoded"}
        assert client.post("/things", headers=empty).status_code == 200
        assert client.post("/things").status_code == 422


def test_the_root_path_leaves_the_control_api_guarded(tmp_path: Path) -> None:
    """``/`` begins every path; a page of another origin still cannot control the mock."""
    content = document({"/": get({"200": json_content(THING)})})
    with served(tmp_path, content) as client:
        assert "id" in client.get("/").json()
        assert client.get("/_mock/health").status_code == 200
        assert client.get("/docs/reference").status_code == 200
        foreign = {"Origin": "https://evil.example.com"}
        assert client.post("/_mock/reset", headers=foreign).status_code == 403
        recorded = client.get("/_mock/requests").json()["requests"]
        assert [entry["path"] for entry in recorded] == ["/"]
