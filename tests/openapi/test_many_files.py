"""Documents whose references lead to other files."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from mockserver.openapi import bundle
from mockserver.openapi.contract import Contract
from mockserver.openapi.yaml_file import FileError

JSON = "application/json"
ROOT = """\
openapi: 3.0.3
info: {title: Pets, version: "1"}
paths:
  /pets:
    $ref: paths/pets.yaml
  /pets/{id}:
    $ref: paths/pet.yaml#/one
components:
  schemas:
    Owner: {type: object, properties: {pet: {$ref: "schemas/pet.yaml#/Pet"}}}
"""
PATHS = """\
get:
  operationId: list_pets
  responses:
    "200":
      $ref: ../responses.json#/Pets
    default: {$ref: "../responses.json#/Error"}
"""
PATH = """\
one:
  get:
    operationId: get_pet
    parameters:
      - $ref: ../parameters/id.yaml
    responses:
      "200":
        description: A pet.
        content: {application/json: {schema: {$ref: "../schemas/pet.yaml#/Pet"}}}
"""
RESPONSES: dict[str, Any] = {
    "Pets": {
        "description": "Pets.",
        "content": {
            "application/json": {
                "schema": {"type": "array", "items": {"$ref": "schemas/pet.yaml#/Pet"}}
            }
        },
    },
    "Error": {
        "description": "An error.",
        "content": {"application/json": {"schema": {"$ref": "schemas/error.yaml"}}},
    },
}
PET = """\
Pet:
  type: object
  required: [id]
  properties:
    id: {type: integer}
    parent: {$ref: "#/Pet"}
    owner: {$ref: "../openapi.yaml#/components/schemas/Owner"}
    kind: {$ref: "kind.yml"}
"""
FILES = {
    "openapi.yaml": ROOT,
    "paths/pets.yaml": PATHS,
    "paths/pet.yaml": PATH,
    "responses.json": json.dumps(RESPONSES),
    "parameters/id.yaml": "{name: id, in: path, required: true, schema: {type: integer}}\n",
    "schemas/pet.yaml": PET,
    "schemas/kind.yml": "type: string\nenum: [cat, dog]\n",
    "schemas/error.yaml": "required: [message]\nproperties: {message: {type: string}}\n",
}


def written(folder: Path, **changes: str) -> Path:
    """Write the files of the document, some of them changed. Return the document's path."""
    for name, text in {**FILES, **changes}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "openapi.yaml"


def one(folder: Path, reference: str) -> Path:
    """Write a document with one response whose schema is a reference."""
    path = folder / "openapi.yaml"
    schema = {"$ref": reference}
    return with_operation(
        path, {"200": {"description": "A.", "content": {JSON: {"schema": schema}}}}
    )


def with_operation(path: Path, responses: Any, **fields: Any) -> Path:
    """Write a document with one operation."""
    operation = {"operationId": "get_a", "responses": responses, **fields}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "A", "version": "1"},
        "paths": {"/a": {"get": operation}},
    }
    path.write_text(json.dumps(document, indent=1))
    return path


def test_all_parts_become_one_document(tmp_path: Path) -> None:
    """Path items, responses, parameters and schemas come from their files, in both languages."""
    contract = Contract.load(written(tmp_path))
    assert contract.problems.warnings == []
    assert list(contract.operations) == ["list_pets", "get_pet"]
    assert contract.operations["get_pet"].parameters[0]["name"] == "id"
    assert {"Pet", "kind", "error", "Owner"} <= contract.schemas.keys()
    validator = contract.validator({"$ref": "#/components/schemas/Pet"}, closed=True)
    pet = {"id": 1, "parent": {"id": 2, "kind": "dog"}, "owner": {"pet": {"id": 3}}}
    assert validator.is_valid(pet)
    assert not validator.is_valid({"id": 1, "kind": "cow"})
    response = contract.follow(contract.operations["list_pets"].node["responses"]["default"])
    assert response["description"] == "An error."
    assert ".yaml" not in contract.json.decode()


def test_all_files_are_known(tmp_path: Path) -> None:
    """``--watch`` looks at each of them."""
    contract = Contract.load(written(tmp_path))
    assert {path.resolve() for path in contract.files} == {
        (tmp_path / name).resolve() for name in FILES
    }


def test_a_problem_has_the_file_and_line_of_its_part(tmp_path: Path) -> None:
    """Though the part is in a document of many files."""
    wrong = PET.replace("id: {type: integer}", "id: {type: int}")
    path = written(tmp_path, **{"schemas/pet.yaml": wrong})
    found = Contract.load(path).problems.lines()
    assert [(file.name, line) for file, line, _ in found] == [("pet.yaml", 5)]


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    """The error is that of the file that is broken."""
    path = written(tmp_path, **{"schemas/kind.yml": "type: string\nenum: [a\n"})
    with pytest.raises(FileError) as caught:
        Contract.load(path)
    assert caught.value.path.name == "kind.yml"
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("/etc/passwd", "relative to the document"),
        ("/etc/hosts.yaml", "relative to the document"),
        ("../../../../../../etc/passwd", "a file with the ending"),
        ("../../../../../../proc/self/environ", "a file with the ending"),
        ("file:///etc/hosts.yaml", "relative to the document"),
        ("//example.com/a.yaml", "relative to the document"),
        ("https://example.com/a.yaml#/A", "--allow-remote-refs"),
        ("ftp://example.com/a.yaml", "relative to the document"),
        ("nothing.yaml", "no such file"),
        ("a%00.yaml", "relative to the document"),
        ("folder.yaml", "no such file"),
        ("pipe.yaml", "no such file"),
        ("%2e%2e/%2e%2e/etc/passwd", "a file with the ending"),
        ("other.yaml#/Nothing", "is not in that file"),
    ],
)
def test_a_reference_that_leads_elsewhere_is_refused(
    tmp_path: Path, reference: str, expected: str
) -> None:
    """One line names the reference and the reason, and no file is read. Schemas get a warning."""
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "other.yaml").write_text("A: {type: string}\n")
    os.mkfifo(tmp_path / "pipe.yaml")
    begun = time.monotonic()
    (warning,) = Contract.load(one(tmp_path, reference)).problems.warnings
    assert expected in warning.problem
    path = with_operation(tmp_path / "openapi.yaml", {"200": {"$ref": reference}})
    with pytest.raises(FileError, match=expected) as caught:
        Contract.load(path)
    assert time.monotonic() - begun < 2
    assert (caught.value.line or 0) > 5
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["hello", "5", "null", "", "[1]"])
def test_a_file_must_contain_an_object(tmp_path: Path, text: str) -> None:
    """A schema in another file accepts any value; other parts are refused, in one line."""
    (tmp_path / "part.yaml").write_text(text)
    part = {"$ref": "part.yaml"}
    path = one(tmp_path, "part.yaml")
    (warning,) = Contract.load(path).problems.warnings
    assert "it must be an object, but is" in warning.problem
    assert warning.problem.endswith("; any value fits it")
    responses = {"200": {"description": "A."}}
    for written_path in (
        with_operation(path, {"200": part}),
        with_operation(tmp_path / "parameters.yaml", responses, parameters=[part]),
        with_operation(tmp_path / "body.yaml", responses, requestBody=part),
    ):
        with pytest.raises(FileError, match="it must be an object, but is") as caught:
            Contract.load(written_path)
        assert (caught.value.line or 0) > 5
    path.write_text(path.read_text().partition('"/a"')[0] + '"/a": {"$ref": "part.yaml"}}}')
    with pytest.raises(FileError, match="it must be an object, but is"):
        Contract.load(path)


def test_an_unused_reference_to_another_server_is_a_warning(tmp_path: Path) -> None:
    """Nothing that is served needs it."""
    path = one(tmp_path, "#/components/schemas/A")
    document = json.loads(path.read_text())
    other = {"$ref": "https://example.com/a.yaml"}
    document["components"] = {"schemas": {"A": {"type": "string"}, "B": other}}
    path.write_text(json.dumps(document, indent=1))
    contract = Contract.load(path)
    assert [warning.pointer[:3] for warning in contract.problems.warnings] == [
        ("components", "schemas", "B")
    ]


def test_a_reference_in_an_example_is_data(tmp_path: Path) -> None:
    """An API may have objects with such a field."""
    path = one(tmp_path, "#/components/schemas/A")
    document = json.loads(path.read_text())
    example = {"schema": {"$ref": "https://example.com/a.yaml"}}
    document["components"] = {"schemas": {"A": {"type": "object", "example": example}}}
    path.write_text(json.dumps(document))
    contract = Contract.load(path)
    assert contract.problems.warnings == []
    assert contract.schemas["A"]["example"] == example


def test_the_number_of_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain of files ends with an error."""
    monkeypatch.setattr(bundle, "MAX_FILES", 20)
    for index in range(30):
        text = f"properties: {{a: {{$ref: 'f{index + 1}.yaml'}}}}\n"
        (tmp_path / f"f{index}.yaml").write_text(text)
    with pytest.raises(FileError, match="more than 20 files"):
        Contract.load(one(tmp_path, "f0.yaml"))


def test_the_size_of_all_files_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them may be small."""
    monkeypatch.setattr(bundle, "MAX_TOTAL_BYTES", 1024 * 1024)
    for index in range(5):
        text = f"description: {'x' * 300_000}\nproperties: {{a: {{$ref: 'f{index + 1}.yaml'}}}}\n"
        (tmp_path / f"f{index}.yaml").write_text(text)
    with pytest.raises(FileError, match="more than 1 MB of files"):
        Contract.load(one(tmp_path, "f0.yaml"))


def test_files_that_refer_to_each_other_end(tmp_path: Path) -> None:
    """A circle without an object has no target; one with an object is a recursive schema."""
    (tmp_path / "a.yaml").write_text("$ref: b.yaml\n")
    (tmp_path / "b.yaml").write_text("$ref: a.yaml\n")
    with pytest.raises(FileError, match="leads to itself"):
        Contract.load(one(tmp_path, "a.yaml"))
    (tmp_path / "b.yaml").write_text("properties: {a: {$ref: a.yaml}}\n")
    assert Contract.load(one(tmp_path, "a.yaml")).problems.warnings == []


def test_path_items_that_refer_to_each_other_end(tmp_path: Path) -> None:
    """A path item is copied to its place, so a circle of them must be noticed."""
    path = tmp_path / "openapi.yaml"
    path.write_text(
        "openapi: 3.0.3\ninfo: {title: A, version: '1'}\npaths:\n  /a: {$ref: a.yaml}\n"
    )
    (tmp_path / "a.yaml").write_text("$ref: b.yaml\n")
    (tmp_path / "b.yaml").write_text("$ref: a.yaml\n")
    with pytest.raises(FileError, match="too many references"):
        Contract.load(path)


def test_references_to_another_server_are_followed_when_allowed(
    tmp_path: Path, httpserver_url: str
) -> None:
    """A remote file may refer to others of its server."""
    contract = Contract.load(one(tmp_path, f"{httpserver_url}/a.yaml#/A"), allow_remote=True)
    validator = contract.validator({"$ref": "#/components/schemas/A"})
    assert validator.is_valid({"b": 1})
    assert not validator.is_valid({"b": "x"})


@pytest.fixture
def httpserver_url(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The URL of a server with two files."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    folder = tmp_path_factory.mktemp("remote")
    (folder / "a.yaml").write_text("A: {type: object, properties: {b: {$ref: 'b.yaml'}}}\n")
    (folder / "b.yaml").write_text("type: integer\n")

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_discriminator_may_name_schemas_of_other_files(tmp_path: Path) -> None:
    """Its mapping leads to the components that they become."""
    (tmp_path / "pets.yaml").write_text(
        "Pet:\n  oneOf: [{$ref: '#/Cat'}, {$ref: dog.yaml}]\n"
        "  discriminator: {propertyName: kind, mapping: {c: '#/Cat', d: dog.yaml}}\n"
        "Cat: {type: object, required: [kind], properties: {kind: {type: string}}}\n"
    )
    (tmp_path / "dog.yaml").write_text("type: object\nproperties: {kind: {type: string}}\n")
    contract = Contract.load(one(tmp_path, "pets.yaml#/Pet"))
    assert contract.problems.warnings == []
    assert contract.schemas["Pet"]["discriminator"]["mapping"] == {
        "c": "#/components/schemas/Cat",
        "d": "#/components/schemas/dog",
    }
