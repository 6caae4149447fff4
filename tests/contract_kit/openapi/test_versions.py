"""The kit reads documents of every version, and of many files, by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contract_tests.errors import UsageError
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.document import with_plain_references
from contract_tests.openapi.schemas import Schemas
from contract_tests.openapi.security import Carrier
from tests.contract_kit.exchanges import CONTRACT, example
from tests.documents.ours import DOCUMENTS


def contract(name: str) -> Contract:
    return Contract.load(DOCUMENTS[name])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_read(name: str) -> None:
    """All operations are read, and all schemas of JSON responses compile."""
    read = contract(name)
    schemas = Schemas(read)
    for operation in read.operations.values():
        for response in operation.responses.values():
            for media, content in (response.node.get("content") or {}).items():
                if "schema" in content:
                    list(schemas.breaches(response.child("content", media, "schema"), {}))


def test_swagger_is_read_as_openapi_3() -> None:
    """Base path, bodies, forms, collection formats and credentials keep their meaning."""
    read = contract("swagger-two")
    operations = read.operations
    assert operations["listBooks"].path == "/v2/books"
    tags = operations["listBooks"].parameters[0].node
    assert (tags["style"], tags["explode"]) == ("pipeDelimited", False)
    assert operations["addBook"].body is not None
    assert operations["addBook"].carriers == (Carrier("header", "X-Writer"),)
    assert operations["getBook"].carriers == (Carrier("header", "Authorization", "Basic "),)
    assert operations["searchBooks"].has_other_body


def test_modern_schemas_are_lowered_for_drivers_and_judged_as_written() -> None:
    """Drivers see nullable and enum; values are validated with const, if and prefixItems."""
    read = contract("three-one")
    sensor = read.at("#/components/schemas/NewSensor").node["properties"]
    assert (sensor["place"]["type"], sensor["place"]["nullable"]) == ("string", True)
    schemas = Schemas(read)
    body = read.operations["create_sensor"].body
    assert body is not None
    good = {"name": "Roof", "kind": "door", "position": [1, 2]}
    assert schemas.accepts(body.pointer, good)
    assert not schemas.accepts(body.pointer, {**good, "position": [1, 2, 3]})
    reading = read.operations["send_reading"].body
    assert reading is not None
    assert not schemas.accepts(reading.pointer, {"kind": "door", "value": 1})


def test_documents_of_many_files_are_one() -> None:
    """A schema of another file is followed from yet another file."""
    read = contract("many-files")
    assert list(read.operations) == ["listBoats", "createBoat", "getBoat", "sinkBoat"]
    response = read.operations["getBoat"].responses[200]
    pointer = response.child("content", "application/json", "schema")
    assert not Schemas(read).accepts(pointer, {"id": "boat_1", "name": "A", "length": 2})


def test_a_file_outside_of_the_folder_is_refused(tmp_path: Path) -> None:
    """References never lead out of the document's folder."""
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps({"openapi": "3.0.3", "paths": {"/a": {"$ref": "../x.yaml"}}}))
    with pytest.raises(UsageError, match="outside of the document's folder"):
        Contract.load(path)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("withQueryKey", [Carrier("query", "key")]),
        ("withCookieKey", [Carrier("cookie", "session")]),
        ("withBoth", [Carrier("header", "X-Door-Key"), Carrier("query", "key")]),
        ("withOrWithout", [Carrier("header", "Authorization", "Bearer ")]),
        ("withNothing", []),
    ],
)
def test_each_operation_has_its_own_credentials(operation: str, expected: list[Any]) -> None:
    """The first requirement of an operation says where its requests carry the key."""
    assert list(contract("security").operations[operation].carriers) == expected


@pytest.mark.parametrize(
    ("key", "value"),
    [("user", "Basic dXNlcjo="), ("a:b", "Basic YTpi"), ("YTpi", "Basic YTpi")],
)
def test_basic_credentials_are_encoded_once(key: str, value: str) -> None:
    """A key is a user's name, a pair, or a pair that is encoded already."""
    assert Carrier("header", "Authorization", "Basic ").value(key) == value


PET = {"$ref": "#/components/schemas/Pet"}


@pytest.mark.parametrize(
    ("schema", "read"),
    [
        (
            {"allOf": [PET], "description": "A pet.", "x-mark": 1},
            {**PET, "description": "A pet.", "x-mark": 1},
        ),
        ({"properties": {"pet": {"allOf": [PET]}}}, {"properties": {"pet": PET}}),
        ({"items": [{"allOf": [PET]}]}, {"items": [PET]}),
        ({"allOf": [PET], "nullable": True}, {"allOf": [PET], "nullable": True}),
        ({"allOf": [PET], "minLength": 1}, {"allOf": [PET], "minLength": 1}),
        ({"allOf": [PET, PET]}, {"allOf": [PET, PET]}),
    ],
)
def test_a_described_reference_is_read_as_a_reference(schema: Any, read: Any) -> None:
    """An ``allOf`` of one reference beside annotations is that reference."""
    assert with_plain_references(schema) == read


def test_a_described_reference_of_an_object_stays_closed() -> None:
    """An undeclared field within a described object is found, as in any other."""
    body = example("get_balance")
    body["auto_recharge"]["surprise"] = 1
    found = list(Schemas(CONTRACT).breaches("#/components/schemas/Balance", body))
    assert [(breach.keyword, breach.where) for breach in found] == [
        ("unknown_field", "/auto_recharge/surprise")
    ]
