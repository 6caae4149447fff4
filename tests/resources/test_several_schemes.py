"""Clients with several credentials: one scheme to create, another or none to read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.conftest import running_server
from tests.documents.ours import DOCUMENTS
from tests.resources.documents import document, json_content, operation

WRITER = {"X-Writer": "w"}
BOOK = {"title": "Emma", "year": 1815}
READER = ("reader", "secret")
NOTE = {
    "type": "object",
    "required": ["id", "text"],
    "properties": {"id": {"type": "integer", "readOnly": True}, "text": {"type": "string"}},
}
ONE, TWO = {"Authorization": "Bearer one"}, {"Authorization": "Bearer two"}


TOKEN = {"token": {"type": "http", "scheme": "bearer"}}
QUERY = {"query": {"type": "apiKey", "in": "query", "name": "key"}}


@contextmanager
def serving(folder: Path, write: list[Any], schemes: Any, **more: Any) -> Iterator[httpx.Client]:
    """Serve notes that everybody reads, and a requirement writes."""
    note = json_content(NOTE)
    posted = {"content": note["content"], "required": True}
    key = [{"name": "noteId", "in": "path", "required": True, "schema": {"type": "integer"}}]
    notes = json_content({"type": "array", "items": NOTE})
    paths = {
        "/notes": {
            "get": operation({"200": notes}, "list"),
            "post": operation({"201": note}, "create", requestBody=posted, security=write),
        },
        "/notes/{noteId}": {
            "parameters": key,
            "get": operation({"200": note, "404": {}}, "read"),
            "delete": operation({"204": {}, "404": {}}, "delete", security=write),
        },
    }
    content = document({**paths, **more}, components={"securitySchemes": schemes})
    (folder / "openapi.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    with running_server(spec=folder / "openapi.yaml") as server, server.client(None) as client:
        yield client


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(tmp_path_factory.mktemp("notes"), [{"token": []}], TOKEN) as client:
        yield client


@pytest.fixture
def notes(started: httpx.Client) -> httpx.Client:
    started.post("/_mock/reset").raise_for_status()
    return started


def note(client: httpx.Client, headers: dict[str, str], text: str = "a") -> str:
    """Create a note; return its path."""
    response = client.post("/notes", json={"text": text}, headers=headers)
    assert response.status_code == 201, response.text
    return f"/notes/{response.json()['id']}"


@pytest.mark.parametrize("is_read_first", [True, False])
def test_one_scheme_creates_and_another_reads(is_read_first: bool) -> None:
    """The order of the first requests does not matter."""
    with running_server(spec=DOCUMENTS["swagger-two"]) as server, server.client(None) as client:
        if is_read_first:
            client.get("/v2/books", auth=READER).raise_for_status()
        created = client.post("/v2/books", json=BOOK, headers=WRITER)
        assert created.status_code == 201, created.text
        book = created.json()
        assert client.get(f"/v2/books/{book['bookId']}", auth=READER).json() == book
        assert book in client.get("/v2/books", auth=READER).json()


def test_without_credentials_the_last_account_is_read(notes: httpx.Client) -> None:
    """Its items are read and listed, and its deleted items are gone."""
    notes.get("/notes").raise_for_status()
    path = note(notes, ONE)
    assert notes.get(path).json()["text"] == "a"
    assert notes.get(path).json() in notes.get("/notes").json()
    assert notes.delete(path, headers=ONE).status_code == 204
    assert notes.get(path).status_code == 404


def test_without_credentials_the_items_of_all_accounts_are_found(notes: httpx.Client) -> None:
    """Also those that were not used last."""
    note(notes, ONE, "first")
    path = note(notes, ONE, "second")
    note(notes, TWO, "third")
    assert notes.get(path).json()["text"] == "second"


def test_credentials_of_one_scheme_stay_apart(notes: httpx.Client) -> None:
    """One account does not delete the items of another."""
    notes.get("/notes").raise_for_status()
    path = note(notes, ONE)
    assert notes.delete(path, headers=TWO).status_code == 404
    assert notes.delete(path, headers=ONE).status_code == 204


def test_what_a_rare_scheme_creates_is_read_without_credentials(tmp_path: Path) -> None:
    """Nobody has used the scheme that most operations take, so no main account is there to read."""
    more = {
        f"/{name}": {"get": operation({"204": {}}, name, security=[{"query": []}])}
        for name in ("one", "two", "three")
    }
    with serving(tmp_path, [{"token": []}], {**TOKEN, **QUERY}, **more) as client:
        path = note(client, ONE)
        listed = [f"/notes/{item['id']}" for item in client.get("/notes").json()]
        assert path in listed
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("order", [("token", "query"), ("query", "token")])
def test_the_control_api_takes_each_of_several_schemes(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    """Whatever credentials name an account in the API name it there, too."""
    schemes = {name: {**TOKEN, **QUERY}[name] for name in order}
    write: list[Any] = [{"token": []}, {"query": []}]
    with serving(tmp_path, write, schemes) as client:
        sent: list[dict[str, Any]] = [{"headers": ONE}, {"params": {"key": "two"}}]
        for credentials in sent:
            text = next(iter(credentials))
            created = client.post("/notes", json={"text": text}, **credentials)
            assert created.status_code == 201, created.text
            state = client.get("/_mock/state", **credentials)
            assert state.status_code == 200, state.text
            assert text in state.text
