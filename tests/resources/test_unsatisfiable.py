"""Responses that no value satisfies are errors that name the place in the document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.resources.documents import document, json_content, operation, served

NOTHING = {
    "type": "object",
    "required": ["id"],
    "additionalProperties": False,
    "allOf": [
        {
            "type": "object",
            "properties": {"id": {"type": "integer"}},
            "additionalProperties": False,
        }
    ],
}
PROBLEM = json_content({"type": "object", "properties": {"message": {"type": "string"}}})


@pytest.mark.parametrize(
    ("errors", "status"), [({}, 501), ({"500": PROBLEM}, 500), ({"500": {}, "503": PROBLEM}, 503)]
)
def test_a_response_that_cannot_exist_is_a_documented_error(
    tmp_path: Path, errors: dict[str, Any], status: int
) -> None:
    """A warning says what cannot be satisfied, and where the document says so."""
    things = {"200": json_content(NOTHING), **errors}
    with served(tmp_path, document({"/things": {"get": operation(things)}})) as client:
        response = client.get("/things")
        assert response.status_code == status
        sentence = next(iter(response.json().values()))
        assert sentence.startswith("The document is wrong: no value fits the status 200")
        warning = response.headers["X-Mock-Warning"]
        assert "no value meets `additionalProperties` and `required` together" in warning
        assert "the status 200 at #/paths/~1things/get/responses/200" in warning
