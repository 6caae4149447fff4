"""Items that are created below others, and listed in a collection of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.resources.documents import document, json_content, operation, served

Json = dict[str, Any]
TEXT: Json = {"type": "string"}
UUID: Json = {"type": "string", "format": "uuid"}


def item(**fields: Json) -> Json:
    """Return the schema of an item, all of whose fields are required."""
    return {"type": "object", "required": [*fields], "properties": fields}


def key(name: str, schema: Json) -> Json:
    """Return a path parameter."""
    return {"name": name, "in": "path", "required": True, "schema": schema}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    user = json_content(item(id=UUID, name=TEXT))
    thing = json_content(item(id={"type": "integer"}, title=TEXT, owner_id=UUID))
    things = json_content({"type": "array", "items": item(**item_fields(thing))})
    made = {"requestBody": json_content(item(title=TEXT))}
    named = {"requestBody": json_content(item(name=TEXT))}
    below = {
        "get": operation({"200": things}, "list_own"),
        "post": operation({"200": thing}, "make_own", **made),
        "parameters": [key("user_id", UUID)],
    }
    paths = {
        "/users/": {"post": operation({"201": user}, "create_user", **named)},
        "/users/{user_id}": {
            "get": operation({"200": user}, "get_user"),
            "parameters": [key("user_id", UUID)],
        },
        "/users/{user_id}/items/": below,
        "/items/": {"get": operation({"200": things}, "list_items")},
        "/items/{item_id}": {
            "get": operation({"200": thing}, "get_item"),
            "parameters": [key("item_id", {"type": "integer"})],
        },
    }
    with served(tmp_path_factory.mktemp("items"), document(paths)) as made_client:
        yield made_client


def item_fields(content: Json) -> Json:
    """Return the properties of the schema of a response."""
    fields: Json = content["content"]["application/json"]["schema"]["properties"]
    return fields


def test_an_item_names_the_one_that_it_was_created_below(client: httpx.Client) -> None:
    """Also where the property has the name of an owner."""
    user = client.post("/users/", json={"name": "Ann"}).json()
    path = f"/users/{user['id']}/items/"
    made = client.post(path, json={"title": "Pen"})
    assert made.json()["owner_id"] == user["id"]
    assert "X-Mock-Warning" not in made.headers
    assert client.get(f"/items/{made.json()['id']}").json() == made.json()
    assert client.get(path).json() == [made.json()]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_below_an_unknown_item_is_a_404(client: httpx.Client, method: str) -> None:
    """Nothing is created."""
    count = len(client.get("/items/").json())
    path = "/users/3f1c2f6e-6a0e-4b7a-9d3e-2f7f5f1c0a11/items/"
    body = {"title": "Pen"} if method == "POST" else None
    assert client.request(method, path, json=body).status_code == 404
    assert len(client.get("/items/").json()) == count
