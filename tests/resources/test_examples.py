"""Examples come first. One that breaks its schema is reported, and never sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.engine.examples import example_problems
from mockserver.openapi.contract import Contract
from tests.resources.documents import Json, document, json_content, operation, served

INTEGER: Json = {"type": "integer"}
NAMED: Json = {
    "type": "object",
    "required": ["name"],
    "properties": {"name": {"type": "string", "example": "from the property"}},
}
NAMES: Json = {
    "bad": {"value": {"name": 1}},
    "elsewhere": {"externalValue": "https://example.com/a.json"},
    "good": {"$ref": "#/components/examples/Good"},
    "other": {"value": {"name": "other"}},
}
PATHS: Json = {
    "/named": {"get": operation({"200": json_content(NAMED, examples=NAMES)}, "named")},
    "/single": {"get": operation({"200": json_content(NAMED, example={"name": "one"})}, "single")},
    "/broken": {"get": operation({"200": json_content(NAMED, example={})}, "broken")},
    "/shared": {"get": operation({"200": {"$ref": "#/components/responses/Shared"}}, "shared")},
    "/schema": {
        "get": operation({"200": json_content({"$ref": "#/components/schemas/Count"})}, "schema")
    },
}
RICH = {"name": "rich", "more": True}
PATHS["/rich"] = {"get": operation({"200": json_content(NAMED, example=RICH)}, "rich")}
PATHS["/shared"]["get"]["responses"]["200"] = {"$ref": "#/components/responses/Shared"}
COMPONENTS: Json = {
    "examples": {"Good": {"value": {"name": "good"}}},
    "schemas": {"Count": {**INTEGER, "example": "many"}},
    "responses": {"Shared": {"description": "", **json_content(INTEGER, example="x")}},
}
DOCUMENT = document(PATHS, components=COMPONENTS)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A mock with examples of many kinds."""
    with served(tmp_path_factory.mktemp("examples"), DOCUMENT) as made:
        yield made


@pytest.mark.parametrize(
    ("path", "prefer", "expected"),
    [
        ("/named", "", {"name": "good"}),
        ("/named", "example=other", {"name": "other"}),
        ("/named", "example=good", {"name": "good"}),
        ("/single", "", {"name": "one"}),
        ("/rich", "", {"name": "rich", "more": True}),
        ("/single", "example=example", {"name": "one"}),
    ],
)
def test_the_first_valid_example_is_sent(
    client: httpx.Client, path: str, prefer: str, expected: Any
) -> None:
    """``Prefer`` names another one."""
    response = client.get(path, headers={"Prefer": prefer} if prefer else {})
    assert (response.status_code, response.json()) == (200, expected)


@pytest.mark.parametrize(
    ("path", "name", "reason"),
    [
        ("/named", "bad", "breaks its schema at /name"),
        ("/named", "elsewhere", "no such example"),
        ("/named", "none", "It has bad, good, other"),
        ("/broken", "example", "breaks its schema at /"),
        ("/shared", "example", "breaks its schema at /"),
    ],
)
def test_a_preferred_example_that_cannot_be_sent_is_400(
    client: httpx.Client, path: str, name: str, reason: str
) -> None:
    """The error says why."""
    response = client.get(path, headers={"Prefer": f"example={name}"})
    assert response.status_code == 400
    assert reason in response.text


def test_a_broken_example_of_a_schema_is_passed_over(client: httpx.Client) -> None:
    """A value of the schema is generated."""
    for path in ("/schema", "/shared"):
        assert isinstance(client.get(path).json(), int)
    assert isinstance(client.get("/broken").json()["name"], str)


def test_generated_values_have_examples_of_properties(client: httpx.Client) -> None:
    """Not all of them, so that the items of a list differ."""
    prefer = {"Prefer": "dynamic=true"}
    found = [client.get(f"/single?n={number}", headers=prefer).json() for number in range(40)]
    assert {"name": "from the property"} in found


def test_broken_examples_are_found() -> None:
    """Each once, with its place in the document."""
    contract = Contract.checked(Path("openapi.yaml"), DOCUMENT)
    places = ["/".join(map(str, pointer)) for pointer, _ in example_problems(contract)]
    content = "get/responses/200/content/application/json"
    assert places == [
        f"paths//named/{content}/examples/bad/value",
        f"paths//broken/{content}/example",
        "components/responses/Shared/content/application/json/example",
        "components/schemas/Count/example",
    ]


def test_broken_examples_are_reported_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """With file and line."""
    with caplog.at_level(logging.WARNING), served(tmp_path, DOCUMENT):
        found = [record.getMessage() for record in caplog.records]
    assert any(
        "openapi.yaml:" in message and "/~1broken/" in message and "it is not sent" in message
        for message in found
    )


def test_required_headers_are_sent(tmp_path: Path) -> None:
    """Their examples, or values of their schemas, in the style ``simple``."""
    headers = {
        "X-Example": {"required": True, "schema": INTEGER, "example": 7},
        "X-Broken": {"required": True, "schema": INTEGER, "example": "many"},
        "X-List": {
            "required": True,
            "schema": {"type": "array", "items": INTEGER, "example": [1, 2]},
        },
        "X-Optional": {"schema": INTEGER},
        "Content-Type": {"required": True, "schema": {"type": "string", "enum": ["a/b"]}},
    }
    get = operation({"200": {**json_content(INTEGER), "headers": headers}})
    with served(tmp_path, document({"/things": {"get": get}})) as client:
        response = client.get("/things")
    assert response.headers["X-Example"] == "7"
    assert int(response.headers["X-Broken"]) is not None
    assert response.headers["X-List"] == "1,2"
    assert "X-Optional" not in response.headers
    assert response.headers["Content-Type"] == "application/json"
