"""Refused requests of other documents: always the documented error, never a 500."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from mockserver.openapi.contract import Contract
from tests.resources.documents import Json, document, json_content, operation, served

TEXT: Json = {"type": "string"}
NUMBER: Json = {"type": "integer"}
LIMIT = {"name": "n", "in": "query", "schema": NUMBER}
OTHER_SHAPES: dict[str, Json] = {
    "array": json_content({"type": "array", "items": NUMBER}),
    "number": json_content({"type": "number", "minimum": 3}),
    "no-schema": {"content": {"application/json": {}}},
    "impossible": json_content({"allOf": [TEXT, NUMBER]}),
    "numbers": json_content(
        {
            "type": "object",
            "required": ["code"],
            "additionalProperties": False,
            "properties": {"code": {"type": "integer", "maximum": 9}},
        }
    ),
    "vendor": json_content({"type": "object", "properties": {"x": TEXT}}, "application/x+json"),
    "charset": json_content(
        {"type": "object", "properties": {"message": TEXT}}, "application/json; charset=utf-8"
    ),
    "html": json_content(TEXT, "text/html"),
    "xml": json_content({"type": "object", "properties": {"message": TEXT}}, "application/xml"),
    "binary": json_content({"type": "string", "format": "binary"}, "application/pdf"),
    "nothing": {},
}
STATUSES = ("400", "422", "4XX", "default")
CASES = [f"/{shape}-{status}" for shape in OTHER_SHAPES for status in STATUSES]


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> object:
    """A mock with one operation for each shape and each status of its error."""
    paths = {
        f"/{shape}-{status}": {
            "get": operation(
                {"200": json_content(NUMBER), status: response},
                f"get_{shape}_{status}".replace("-", "_"),
                parameters=[LIMIT],
            )
        }
        for shape, response in OTHER_SHAPES.items()
        for status in STATUSES
    }
    with served(tmp_path_factory.mktemp("refusals"), document(paths)) as client:
        yield client


@pytest.mark.parametrize("path", CASES)
def test_an_error_of_any_shape_is_no_500(refusing: httpx.Client, path: str) -> None:
    """The documented body is sent where one can be made, else the mock's own."""
    response = refusing.get(f"{path}?n=abc")
    assert response.status_code in (400, 422), response.text
    shape, _, status = path[1:].rpartition("-")
    if status.isdigit():
        assert response.status_code == int(status)
    contract = Contract.checked(Path("a"), document({"/a": {"get": operation({"200": {}})}}))
    content = OTHER_SHAPES[shape].get("content", {})
    media_type = response.headers.get("Content-Type")
    if media_type in content and "json" in media_type:
        schema = content[media_type].get("schema", {})
        if shape != "impossible":
            assert contract.validator(schema, closed=True).is_valid(response.json())


def test_a_scheme_that_is_not_defined_is_satisfied(tmp_path: Path) -> None:
    """No request could satisfy it, so every request does. The start warns of it."""
    security: list[Json] = [{"nowhere": []}]
    content = document({"/things": {"get": operation({"200": json_content(NUMBER)})}})
    with served(tmp_path, {**content, "security": security}) as client:
        assert client.get("/things").status_code == 200
