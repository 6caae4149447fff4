"""The paths of the document come before the mock's own, which can be moved aside."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from mockserver.settings import SettingsError, read
from tests.conftest import running_server
from tests.resources.documents import Json, document, json_content, operation, served

TEXT: Json = {"type": "string", "enum": ["of the document"]}
OWN = "/_mock/reset"


def get(name: str) -> Json:
    """Return a path item with a GET."""
    return {"get": operation({"200": json_content(TEXT)}, name)}


DOCUMENT = document(
    {"/docs": get("docs"), "/openapi.json": get("json"), "/_mock/health": get("health")}
)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A mock whose own paths have moved."""
    path = tmp_path_factory.mktemp("prefix") / "openapi.yaml"
    path.write_text(yaml.safe_dump(DOCUMENT))
    running = running_server(spec=path, control_prefix="/own/control")
    with running as server, server.client(None) as client:
        yield client


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/_mock/health"])
def test_the_paths_of_the_document_are_served(moved: httpx.Client, path: str) -> None:
    """Whatever the mock has there otherwise."""
    assert moved.get(path).json() == "of the document"


def test_the_own_paths_have_moved(moved: httpx.Client) -> None:
    """The control API, its guard, and the pages."""
    assert moved.get("/own/control/health").json()["status"] == "ok"
    assert moved.post("/own/control/reset").status_code == 200
    foreign = {"Origin": "https://evil.example.com"}
    assert moved.post("/own/control/reset", headers=foreign).status_code == 403
    assert moved.get("/own/control/docs/reference").status_code == 200
    assert moved.get("/own/control/docs").headers["Location"] == "/own/control/docs/reference"
    published = moved.get("/own/control/openapi.json").json()
    assert published["servers"][0]["url"] == "/own/control"
    assert moved.get("/own/control/nothing").status_code == 404


@pytest.mark.parametrize("path", [OWN, "/docs/reference", "/openapi.yaml", "/"])
def test_nothing_is_left_behind(moved: httpx.Client, path: str) -> None:
    """The usual paths are unknown."""
    assert moved.get(path).status_code == 404
    assert moved.post(path).status_code == 404


def test_a_path_of_the_document_below_the_control_api_is_served(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning at the start says that it hides what is the mock's own."""
    content = document({"/things": get("things")}, servers=[{"url": "/_mock/api"}])
    with caplog.at_level(logging.WARNING), served(tmp_path, content) as client:
        assert client.get("/_mock/api/things").json() == "of the document"
        page = client.get("/_mock/api/things", headers={"Origin": "https://shop.example"})
        assert page.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert client.get("/_mock/health").status_code == 200
        foreign = {"Origin": "https://evil.example.com"}
        assert client.post(OWN, headers=foreign).status_code == 403
    assert "--control-prefix" in caplog.text


def test_a_templated_path_leaves_the_control_api_alone(tmp_path: Path) -> None:
    """Only paths that begin literally like those of the mock are the document's."""
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in ("a", "b")
    ]
    item = {"get": operation({"200": json_content(TEXT)}, "two", parameters=parameters)}
    with served(tmp_path, document({"/{a}/{b}": item})) as client:
        assert client.get("/x/y").json() == "of the document"
        assert client.get("/_mock/health").json()["status"] == "ok"


@pytest.mark.parametrize("value", ["", "mock", "/", "/mock/", "/a b", "/../x", "/_mock?x", "/" * 9])
def test_a_prefix_that_is_no_path_is_refused(value: str) -> None:
    """The error names the flag."""
    flags: dict[str, Any] = {"control_prefix": value}
    with pytest.raises(SettingsError, match="--control-prefix must be a path"):
        read(flags, {}, spec=Path("a"), fixtures=Path("b"))
