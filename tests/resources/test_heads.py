"""Status lines and headers of responses are HTTP, whatever a document says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.resources.documents import Json, document, json_content, operation, served

TEXT: Json = {"type": "string"}
PROBLEM: Json = {"type": "object", "properties": {"status": {"type": "integer"}, "title": TEXT}}


@pytest.mark.parametrize("example", [{"example": {"status": 500, "title": "Wrong."}}, {}])
def test_the_status_in_a_body_is_that_of_the_response(tmp_path: Path, example: Json) -> None:
    """A default describes every status, but its example only one."""
    problem = json_content(PROBLEM, "application/problem+json", **example)
    paths = {"/a": {"get": operation({"200": {}, "default": problem})}}
    with served(tmp_path, document(paths)) as client:
        response = client.get("/a", headers={"Prefer": "code=404"})
        assert (response.status_code, response.json().get("status", 404)) == (404, 404)
