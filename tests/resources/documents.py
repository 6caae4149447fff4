"""Documents of other APIs, as files and as servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from mockserver.openapi.contract import Contract
from tests.conftest import running_server

NOTES = Path(__file__).resolve().parent.parent / "data" / "notes.yaml"
CONTRACT = Contract.load(NOTES)
NOTE = "/v1/notes/3f1c2f6e-6a0e-4b7a-9d3e-2f7f5f1c0a11"
BEARER = {"Authorization": "Bearer a-token-of-mine"}
Json = dict[str, Any]


def document(paths: Json, **more: Any) -> Json:
    """Return a document with some paths."""
    info = {"title": "Things", "version": "1"}
    return {"openapi": "3.0.3", "info": info, "paths": paths, **more}


def operation(responses: Json, operation_id: str = "get_thing", **more: Any) -> Json:
    """Return an operation with some responses."""
    described = {
        status: {"description": "A response.", **response} for status, response in responses.items()
    }
    return {"operationId": operation_id, "responses": described, **more}


def json_content(schema: Json, media_type: str = "application/json", **more: Any) -> Json:
    """Return the content of a response."""
    return {"content": {media_type: {"schema": schema, **more}}}


@contextmanager
def served(folder: Path, content: Json, **settings: Any) -> Iterator[httpx.Client]:
    """Serve a document with some settings until the end of the block."""
    path = folder / "openapi.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with running_server(spec=path, **settings) as server, server.client(None) as client:
        yield client
