"""``x-mock-resource`` corrects what is inferred, and what is wrong with it is a warning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mockserver import check_command
from mockserver.openapi.contract import Contract
from mockserver.resources import corrections, document_warnings
from mockserver.resources.inference import infer
from tests.resources.documents import document, json_content, operation

Json = dict[str, Any]
PET: Json = {"type": "object", "properties": {"id": {"type": "string"}, "tag": {"type": "string"}}}
KEY = {"name": "petId", "in": "path", "required": True, "schema": {"type": "string"}}


def described(folder: Path, *, on_list: Any = None, on_item: Any = None) -> Path:
    """Write a document with corrections on the paths of a collection and of its items."""
    pets = json_content({"type": "array", "items": PET})
    paths: Json = {
        "/pets": {"get": operation({"200": pets}, "list_pets")},
        "/pets/{petId}": {
            "get": operation({"200": json_content(PET)}, "get_pet"),
            "parameters": [KEY],
        },
        "/health": {"get": operation({"200": {}}, "health")},
    }
    for path, value in (("/pets", on_list), ("/pets/{petId}", on_item)):
        paths[path] |= {"x-mock-resource": value} if value is not None else {}
    file = folder / "openapi.yaml"
    file.write_text(yaml.safe_dump(document(paths)), encoding="utf-8")
    return file


@pytest.mark.parametrize("place", ["on_list", "on_item"])
def test_a_correction_is_on_either_path(tmp_path: Path, place: str) -> None:
    """That of the collection, or that of its items."""
    file = described(tmp_path, **{place: {"name": "animals", "id": "tag"}})
    model = infer(Contract.load(file))
    assert [(name, one.identity) for name, one in model.resources.items()] == [("animals", "tag")]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (5, "must be false, or an object with id, name, parent"),
        ({"idd": "tag"}, "'idd' is no field of a correction: did you mean 'id'?"),
        ({"other": "tag"}, "'other' is no field of a correction: the fields are id, name, parent"),
        ({"name": 5}, "'name' must be a text"),
        ({"parent": "nosuch"}, "there is no resource 'nosuch'"),
        ({"id": "nope"}, "'nope' is no property of the items of pets"),
    ],
)
def test_what_is_wrong_with_a_correction_is_a_warning(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
    value: Any,
    problem: str,
) -> None:
    """With its line, at the start and in ``mockserver check``. It has no effect."""
    file = described(tmp_path, on_item=value)
    lines = file.read_text(encoding="utf-8").splitlines()
    line = next(at for at, text in enumerate(lines, 1) if "x-mock-resource" in text)
    line += isinstance(value, dict)
    contract = Contract.load(file)
    document_warnings.warn(contract, "/_mock", "")
    assert check_command.run([str(file)], {}) == 0
    for output in (caplog.text, capsys.readouterr().out):
        assert f"{file}:{line}: #/paths/~1pets~1{{petId}}/x-mock-resource" in output
        assert problem in output
    model = infer(contract)
    assert [(name, one.identity) for name, one in model.resources.items()] == [("pets", "id")]


def test_a_correction_without_a_resource_is_a_warning(tmp_path: Path) -> None:
    """A path that is served from its schema alone has nothing to correct, and may be left out."""
    file = described(tmp_path, on_list=False, on_item=False)
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content["paths"]["/health"]["get"]["x-mock-resource"] = {"name": "checks"}
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert list(corrections.problems(Contract.load(file))) == [
        (
            ("paths", "/health", "get", "x-mock-resource", "name"),
            "no resource is inferred from this path; it has no effect",
        )
    ]
