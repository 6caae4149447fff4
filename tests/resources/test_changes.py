"""PATCH, PUT and POST where the request allows more than the response does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.resources.documents import document, json_content, operation, served

Json = dict[str, Any]
NULLABLE: Json = {"type": "string", "nullable": True}
ADDRESS: Json = {"type": "object", "required": ["city"], "properties": {"city": {"type": "string"}}}
USER: Json = {
    "type": "object",
    "required": ["id", "email", "name"],
    "properties": {
        "id": {"type": "string", "readOnly": True},
        "email": {"type": "string", "format": "email"},
        "name": {"type": "string"},
        "nick": {"type": "string"},
        "address": ADDRESS,
        "rank": {"type": "integer", "readOnly": True},
        "created_at": {"type": "string", "format": "date-time"},
    },
}
OPEN: Json = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "email": NULLABLE,
        "name": NULLABLE,
        "nick": {"nullable": True},
        "address": {"type": "object"},
        "created_at": {"type": "string"},
    },
}
BODY = {"requestBody": json_content(OPEN)}
KEY = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
SENT = {"email": "a@example.com", "name": "Ann", "nick": "an", "address": {"city": "Rome"}}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    content = json_content(USER)
    paths: Json = {
        "/users": {"post": operation({"201": content}, "create", **BODY)},
        "/users/{id}": {
            "get": operation({"200": content}, "read"),
            "patch": operation({"200": content}, "change", **BODY),
            "put": operation({"200": content}, "replace", **BODY),
            "parameters": [KEY],
        },
    }
    pen: Json = {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}}
    pen["properties"]["price"] = {"type": "integer"}
    sent: Json = {"requestBody": json_content(pen)}
    code = {"name": "code", "in": "path", "required": True, "schema": {"type": "string"}}
    paths["/pens"] = {"post": operation({"201": json_content(pen)}, "make", **sent)}
    got = operation({"200": json_content(pen)}, "get")
    paths["/pens/{code}"] = {"get": got, "parameters": [code]}
    with served(tmp_path_factory.mktemp("users"), document(paths)) as made:
        yield made


@pytest.fixture
def user(client: httpx.Client) -> Json:
    body: Json = client.post("/users", json=SENT).json()
    return body


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": None}, "email"),
        ({"name": None}, "name"),
        ({"email": "no address"}, "email"),
        ({"address": {"city": None}}, "address.city"),
    ],
)
def test_a_change_that_the_response_does_not_allow_is_not_kept(
    client: httpx.Client, user: Json, change: Json, field: str
) -> None:
    """The old value stays, also for null, and a warning names the field."""
    response = client.patch(f"/users/{user['id']}", json=change)
    assert response.json() == user
    assert f"'{field}'" in response.headers["X-Mock-Warning"]
    assert client.get(f"/users/{user['id']}").json() == user


def test_null_removes_optional_fields_beside_required_ones(
    client: httpx.Client, user: Json
) -> None:
    """A null that is refused keeps no other from its field."""
    response = client.patch(f"/users/{user['id']}", json={"email": None, "nick": None})
    del user["nick"]
    assert response.json() == user
    assert response.headers.get_list("X-Mock-Warning") == [
        "The schema of users does not allow this value of 'email': it was not kept."
    ]


def test_put_replaces_what_the_request_may_set(client: httpx.Client, user: Json) -> None:
    """Identity, read-only fields and times stay, and so does what the response requires."""
    response = client.put(f"/users/{user['id']}", json={"name": "Bea"})
    kept: Json = {
        name: user[name] for name in ("id", "email", "rank", "created_at") if name in user
    }
    assert response.json() == {**kept, "name": "Bea"}
    assert client.get(f"/users/{user['id']}").json() == response.json()


def test_a_creation_with_a_key_that_exists_is_a_warning(client: httpx.Client) -> None:
    """The new item replaces the old one, because no 409 is documented."""
    response = client.post("/pens", json={"code": "red", "price": 1})
    assert "X-Mock-Warning" not in response.headers
    response = client.post("/pens", json={"code": "red", "price": 2})
    assert response.headers["X-Mock-Warning"] == (
        "Replaced: there is an item of this code already."
    )
    assert client.get("/pens/red").json() == {"code": "red", "price": 2}
