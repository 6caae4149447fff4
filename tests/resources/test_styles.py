"""Lives of items in documents of five styles: create, read, list, change, delete, gone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import running_server

STYLES = Path(__file__).resolve().parent.parent / "data" / "styles"
JSON_API = {"Content-Type": "application/vnd.api+json"}
WIDGETS = "/apis/example.com/v1/namespaces/prod/widgets"


@contextmanager
def mock_of(style: str) -> Iterator[httpx.Client]:
    """Serve the document of a style."""
    spec = STYLES / f"{style}.yaml"
    with running_server(spec=spec) as server, server.client(None) as client:
        yield client


def follow(
    client: httpx.Client, collection: str, item: str, change: Callable[[], httpx.Response]
) -> Any:
    """Read, list, change and delete an item. Return its body after the change."""
    before = client.get(item)
    assert before.status_code == 200
    assert item.rpartition("/")[2] in client.get(collection).text
    assert change().is_success
    after = client.get(item).json()
    assert after != before.json()
    assert client.delete(item).is_success
    assert client.get(item).status_code == client.delete(item).status_code == 404
    assert item.rpartition("/")[2] not in client.get(collection).text
    return after


def test_a_slash_ends_the_path_of_a_collection() -> None:
    """FastAPI's collections end with a slash, their items do not."""
    with mock_of("fastapi") as client:
        made = client.post("/tasks/", json={"title": "a", "note": None})
        assert made.status_code == 201
        item = f"/tasks/{made.json()['id']}"
        assert made.headers["Location"] == item
        after = follow(client, "/tasks/", item, lambda: client.put(item, json={"title": "b"}))
        assert (after["title"], after["done"]) == ("b", False)


def test_attributes_are_merged_in_their_envelope() -> None:
    """JSON:API sends and shows items as ``data`` with ``attributes``."""

    def sent(**attributes: str) -> dict[str, Any]:
        body = {"data": {"type": "articles", "attributes": attributes}}
        return {"json": body, "headers": JSON_API}

    with mock_of("json-api") as client:
        made = client.post("/articles", **sent(title="a", body="b")).json()["data"]
        item = f"/articles/{made['id']}"
        after = follow(client, "/articles", item, lambda: client.patch(item, **sent(title="z")))
        assert after["data"] == made | {"attributes": {"title": "z", "body": "b"}}


@pytest.mark.parametrize(("query", "key"), [("", ""), ("?bookId=emma", "emma")])
def test_a_name_may_be_the_path_of_its_item(query: str, key: str) -> None:
    """Google's names are paths, whose last segment the query of a creation may choose."""
    books = "/v1/shelves/fiction/books"
    with mock_of("google") as client:
        made = client.post(books + query, json={"title": "Emma"}).json()
        item = f"/v1/{made['name']}"
        assert item.startswith(f"{books}/{key}")
        assert client.post(f"{item}:archive").json() == made
        assert client.get("/v1/shelves/fiction/books/dune").is_success
        after = follow(client, books, item, lambda: client.patch(item, json={"author": "J"}))
        assert after == made | {"author": "J"}


def test_forms_create_and_change() -> None:
    """Stripe's bodies are forms, and POST on an item changes it."""
    with mock_of("forms") as client:
        made = client.post("/v1/customers", data={"name": "Ann", "metadata[a]": "1"}).json()
        item = f"/v1/customers/{made['id']}"
        changes = {"balance": "7", "metadata[b]": "2"}
        after = follow(client, "/v1/customers", item, lambda: client.post(item, data=changes))
        assert after == made | {"balance": 7, "metadata": {"a": "1", "b": "2"}}


def test_a_key_may_be_in_the_metadata() -> None:
    """Kubernetes names objects by ``metadata.name``, and PUT creates."""
    body = {"kind": "Widget", "metadata": {"name": "w1"}, "spec": {"size": 1}}
    item = f"{WIDGETS}/w1"
    with mock_of("kubernetes") as client:
        assert client.post(WIDGETS, json=body).json() == body
        change = {"metadata": {"labels": {"a": "b"}}, "spec": {"size": 2}}
        after = follow(client, WIDGETS, item, lambda: client.patch(item, json=change))
        assert after["metadata"] == {"name": "w1", "labels": {"a": "b"}}
        assert client.put(item, json=body).status_code == 201
        assert client.get(item).json() == body
        unnamed = client.post(WIDGETS, json={"kind": "Widget"}).json()["metadata"]["name"]
        assert client.get(f"{WIDGETS}/{unnamed}").is_success
