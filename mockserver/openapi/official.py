"""The official schemas of OpenAPI documents, from packages that ship them.

They are read without importing the packages, which takes a third of the start-up time.
``compat.py`` has all other undocumented parts of libraries.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import orjson
from jsonschema_rs import ValidationError

from mockserver.openapi.problems import Pointer
from mockserver.openapi.schemas import DRAFT_4, DRAFT_2020_12, Validator

_FILES = {
    "2.0": ("connexion", "v2.0", DRAFT_4),
    "3.0": ("connexion", "v3.0", DRAFT_4),
    "3.1": ("openapi_spec_validator", "v3.1", DRAFT_2020_12),
    "3.2": ("openapi_spec_validator", "v3.2", DRAFT_2020_12),
}
VERSIONS = tuple(_FILES)


def schema(version: str) -> Any:
    """Return the JSON Schema of documents of a version."""
    package, folder, _ = _FILES[version]
    found = find_spec(package)
    parent = next(iter((found and found.submodule_search_locations) or ()), package)
    return orjson.loads((Path(parent) / "resources/schemas" / folder / "schema.json").read_bytes())


def errors(document: Any, version: str) -> Iterator[tuple[Pointer, str]]:
    """Yield where and how a document violates the schema of its version, in its order."""
    for error in _validator(version).iter_errors(document):
        yield _most_specific(error)


@lru_cache(maxsize=len(VERSIONS))
def _validator(version: str) -> Validator:
    return _FILES[version][2].validator(schema(version))


def _most_specific(error: ValidationError) -> tuple[Pointer, str]:
    """Return place and message of the innermost error: a choice hides those of its branches."""
    while context := getattr(error.kind, "context", None):
        is_reference = isinstance(error.instance, dict) and "$ref" in error.instance
        branches = [
            branch
            for branch in context
            if branch and any("$ref" in inner.message for inner in branch) == is_reference
        ]
        if not branches:
            break
        error = max(
            (inner for branch in branches for inner in branch),
            key=lambda inner: len(inner.instance_path),
        )
    return tuple(error.instance_path), error.message
