"""Documents of others do not differ from themselves, and an edit of one is found alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver import packaged
from mockserver.contract import editions
from mockserver.contract.comparison import compare
from mockserver.contract.lifecycle import Policy
from mockserver.openapi import parser, paths, reader, yaml_file
from tests.documents.ours import DOCUMENTS
from tests.guides.markdown import ROOT

Json = dict[str, Any]
TODAY = Policy(date(2026, 12, 1))
SECONDS = 30
"""The processor time for the largest document, of 468 operations and 4 MB. It needs four."""
FOLDERS = [folder / "shared" / "documents" for folder in ROOT.parents]
PUBLIC = sorted(path for folder in FOLDERS for path in folder.glob("*.*") if path.suffix != ".md")
"""Public documents that lie beside the checkout; there may be none."""
READ = [packaged.spec(), *DOCUMENTS.values(), *PUBLIC]
LARGEST = 500_000


def name_of(path: Path) -> str:
    """Return the name of a document."""
    return path.parent.name if path.stem == "openapi" else path.stem


def first_operation(document: Json) -> tuple[Json, str]:
    """Return the first path item with an operation, and the method."""
    for item in document["paths"].values():
        for method in paths.METHODS:
            if method in item:
                return item, method
    raise AssertionError("no operation")


def without_operation(document: Json) -> None:
    """Remove an operation."""
    item, method = first_operation(document)
    del item[method]


def with_required_parameter(document: Json) -> None:
    """Require a new parameter."""
    item, method = first_operation(document)
    named = {"name": "x-tenant", "in": "header", "required": True}
    schema = {"type": "string"} if "swagger" in document else {"schema": {"type": "string"}}
    item[method].setdefault("parameters", []).append({**named, **schema})


def with_other_summary(document: Json) -> None:
    """Change a title."""
    item, method = first_operation(document)
    item[method]["summary"] = "Another title"


def with_error(document: Json) -> None:
    """Document one more error."""
    item, method = first_operation(document)
    responses = item[method].setdefault("responses", {"200": {"description": "Success."}})
    responses["418"] = {"description": "A teapot."}


EDITS: dict[str, tuple[Callable[[Json], None], set[str]]] = {
    "a removed operation": (
        without_operation,
        {"api-removed-without-deprecation", "api-path-removed-without-deprecation"},
    ),
    "a required parameter": (with_required_parameter, {"new-required-request-parameter"}),
    "another summary": (with_other_summary, {"api-summary-changed", "api-summary-added"}),
    "one more error": (with_error, {"response-non-success-status-added"}),
}


@pytest.mark.parametrize("path", READ, ids=name_of)
def test_a_document_does_not_differ_from_itself(path: Path) -> None:
    """This takes seconds, also for the largest."""
    start = time.process_time()
    assert compare(path, path, TODAY) == []
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("path", READ, ids=name_of)
def test_a_document_does_not_differ_from_its_edition_of_3_1(path: Path, tmp_path: Path) -> None:
    """Null, bounds, examples and references are written in other ways, in either direction."""
    document = yaml_file.load(path)
    if "swagger" in document:
        document = reader.read(path).document
    is_whole = name_of(path) != "many-files" and path.stat().st_size <= LARGEST
    if str(document["openapi"])[:3] != "3.0" or not is_whole:
        pytest.skip("large, of several files, or of another version")
    edition = tmp_path / "edition.json"
    edition.write_bytes(orjson.dumps(editions.as_3_1(document)))
    assert compare(path, edition, TODAY) == compare(edition, path, TODAY) == []


@pytest.mark.parametrize("name", EDITS)
@pytest.mark.parametrize("path", READ, ids=name_of)
def test_an_edit_of_a_document_is_found_alone(path: Path, name: str, tmp_path: Path) -> None:
    """Nothing else is reported."""
    if path.stat().st_size > LARGEST or name_of(path) == "many-files":
        pytest.skip("large, or of several files")
    edit, kinds = EDITS[name]
    document = yaml_file.load(path)
    edited = tmp_path / "edited.json"
    old = tmp_path / "old.json"
    old.write_bytes(orjson.dumps(document))
    changed = parser.parse(old.read_bytes(), is_json=True)
    edit(changed)
    edited.write_bytes(orjson.dumps(changed))
    found = compare(old, edited, TODAY)
    (kind,) = {change.kind for change in found} - {"api-version-not-bumped"}
    assert kind in kinds
