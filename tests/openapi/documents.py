"""Small documents, loaded from a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mockserver.openapi.contract import Contract

INFO = {"title": "A", "version": "1"}
Json = dict[str, Any]


def loaded(folder: Path, document: Json) -> Contract:
    path = folder / "openapi.json"
    path.write_text(json.dumps(document, indent=1))
    return Contract.load(path)


def problems_of(contract: Contract) -> list[str]:
    return [str(warning) for warning in contract.problems.warnings]


def operation(**more: Any) -> Json:
    return {"operationId": "get_a", "responses": {"200": {"description": "A."}}, **more}


def paths(item: Json, path: str = "/a", version: str = "3.0.3", **more: Any) -> Json:
    return {"openapi": version, "info": INFO, "paths": {path: item}, **more}


def of_version(version: str, schema: Any, **more: Any) -> Json:
    """Return a document with one operation whose response has a schema."""
    content = {"application/json": {"schema": schema}}
    operation = {
        "operationId": "get_a",
        "responses": {"200": {"description": "A.", "content": content}},
    }
    return {"openapi": version, "info": INFO, "paths": {"/a": {"get": operation}}, **more}
