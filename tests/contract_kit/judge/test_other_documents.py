"""What documents leave open, or write in their own way, is no finding."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contract_tests.drivers.schemathesis_checks import CheckResults
from contract_tests.findings.finding import Verdicts
from contract_tests.http.exchange import Exchange
from contract_tests.judge.admission import unauthenticated_statuses
from contract_tests.judge.judge import Judge
from contract_tests.judge.response import is_left_open
from contract_tests.knowledge import NoKnowledge
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.schemas import Schemas
from contract_tests.openapi.security import writer
from tests.contract_kit.exchanges import CONTRACT
from tests.documents.ours import DOCUMENTS

CAT = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["cat"]}}}
DOG = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["dog"]}}}
SCHEMAS = {
    "Country": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
    "Amount": {"type": "object", "properties": {"value": {"type": "number"}}},
    "Cat": CAT,
    "StrictDog": {**DOG, "additionalProperties": False},
    "Visit": {
        "type": "object",
        "properties": {
            "country": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/Country"}]},
            "rate": {"type": "number", "$ref": "#/components/schemas/Amount"},
            "pet": {
                "oneOf": [
                    {"$ref": "#/components/schemas/Cat"},
                    {"$ref": "#/components/schemas/StrictDog"},
                ]
            },
        },
    },
}
VISIT = "#/components/schemas/Visit"


def contract(folder: Path, base: str = "", responses: Any = None) -> Contract:
    """Return a contract with one operation, which reads a visit."""
    content = {"application/json": {"schema": {"$ref": VISIT}}}
    ok = {"200": {"description": "It.", "content": content}}
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    operation = {"operationId": "read", "parameters": [parameter], "responses": responses or ok}
    path = folder / "openapi.json"
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Visits", "version": "1"},
        "servers": [{"url": f"https://visits.example.com{base}"}],
        "paths": {"/visits/{id}": {"get": operation}},
        "components": {"schemas": SCHEMAS},
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return Contract.load(path)


def reading(status: int, body: Any, *, query: str = "") -> Exchange:
    return Exchange(
        number=1,
        method="GET",
        url=f"https://visits.example.com/visits/1{query}",
        path="/visits/1",
        request_headers=(),
        request_body=b"",
        status=status,
        response_headers=(("Content-Type", "application/json"),),
        response_body=json.dumps(body).encode(),
        started=datetime.now(UTC),
        seconds=0.01,
        account="api-key",
    )


def found(contract: Contract, exchange: Exchange) -> set[tuple[str, str]]:
    """Return the kinds and keywords that the judge reports of one exchange."""
    verdicts = Verdicts()
    Judge(contract, verdicts, NoKnowledge())(exchange)
    return {(finding.kind, finding.keyword) for finding in verdicts}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"country": None}, set()),
        ({"country": {"code": "NO"}}, set()),
        ({"country": {"code": None}}, {("response_schema", "type")}),
        ({"country": 1}, {("response_schema", "type")}),
        ({"rate": {"value": 1.5}}, set()),
        ({"rate": 1.5}, {("response_schema", "type")}),
    ],
)
def test_null_beside_all_of_and_references_with_siblings(
    body: Any, expected: set[tuple[str, str]], tmp_path: Path
) -> None:
    """``nullable`` beside ``allOf`` allows null, and what is beside a ``$ref`` has no effect."""
    assert found(contract(tmp_path), reading(200, body)) == expected


@pytest.mark.parametrize(
    ("pet", "keywords"),
    [
        ({"kind": "cat"}, []),
        ({"kind": "cat", "name": "Tom"}, ["unknown_field"]),
        ({"kind": "dog", "name": "Rex"}, ["oneOf"]),
        ({"kind": "cow"}, ["oneOf"]),
    ],
)
def test_an_undeclared_field_does_not_break_a_choice(
    pet: Any, keywords: list[str], tmp_path: Path
) -> None:
    """A choice is broken by undeclared fields only where the document forbids them."""
    breaches = Schemas(contract(tmp_path)).breaches(VISIT, {"pet": pet})
    assert [breach.keyword for breach in breaches] == keywords


def test_statuses_that_are_left_open(tmp_path: Path) -> None:
    """A 404 of an item and a 414 of a long URL need not be documented."""
    read = contract(tmp_path)
    long = f"?q={'x' * 9000}"
    assert found(read, reading(404, {})) == set()
    assert found(read, reading(414, {}, query=long)) == set()
    assert found(read, reading(414, {})) == {("undocumented_status", "414")}
    assert found(read, reading(409, {})) == {("undocumented_status", "409")}
    operation = CONTRACT.operations["get_balance"]
    assert not is_left_open(reading(414, {}, query=long), operation, CONTRACT)


def test_a_default_response_documents_both_refusals_of_a_key(tmp_path: Path) -> None:
    """With ``default``, 401 refuses a key as well as the 403 that is declared."""
    none = {"description": "No."}
    both = contract(tmp_path, responses={"403": none, "default": none})
    assert unauthenticated_statuses(both.operations["read"]) == (401, 403)
    one = contract(tmp_path, responses={"403": none})
    assert unauthenticated_statuses(one.operations["read"]) == (403,)


def test_paths_of_the_document_are_not_the_control_api(tmp_path: Path) -> None:
    """Declared paths, and all paths below a base path below ``/_mock``, are the document's."""
    below = contract(tmp_path, base="/_mock/visits-api")
    assert not below.is_control("/_mock/visits-api/visits/1")
    assert not below.is_control("/_mock/visits-api/none")
    assert below.is_control("/_mock/visits-apis")
    assert below.is_control("/_mock/reset")
    same = contract(tmp_path, base="/_mock")
    assert not same.is_control("/_mock/visits/1")
    assert same.is_control("/_mock/clock")
    assert not same.is_control("/_mocks")


def test_a_basic_key_is_encoded() -> None:
    """The key of a basic scheme is encoded wherever the kit writes it."""
    read = Contract.load(DOCUMENTS["swagger-two"])
    assert read.credential is not None
    write = writer(read.operations["listBooks"].carriers, read.credential)
    assert write("kit") == "Basic a2l0Og=="
    assert writer((), read.credential)("kit") == "Basic kit"


def test_accounts_of_two_schemes_are_not_compared() -> None:
    """What one scheme's key created need not be seen with the key of another scheme."""
    read = Contract.load(DOCUMENTS["swagger-two"])
    results = CheckResults(SimpleNamespace(contract=read), None)  # type: ignore[arg-type]
    exchange = SimpleNamespace(method="GET", path="/v2/books/7")
    for label, is_one in (("POST /books", False), ("PUT /books/{bookId}", True), ("", True)):
        failure = SimpleNamespace(created_with=label)
        assert results.is_of_one_key(failure, exchange) is is_one  # type: ignore[arg-type]


def secrets_of(folder: Path) -> Contract:
    """Return a contract whose visit has a secret of some form, and a parameter that may be null."""
    schema = {"type": "object", "properties": {"key": {"type": "string", "pattern": "^whsec_.{8}"}}}
    ok = {"description": "It.", "content": {"application/json": {"schema": schema}}}
    known = contract(folder, responses={"200": ok, "422": {"description": "Invalid."}})
    document = known.document
    before = {"type": "string", "format": "date-time", "nullable": True}
    operation = document["paths"]["/visits/{id}"]["get"]
    operation["parameters"].append({"name": "before", "in": "query", "schema": before})
    known.path.write_text(json.dumps(document), encoding="utf-8")
    return Contract.load(known.path)


@pytest.mark.parametrize(
    ("key", "expected"),
    [("[secret]", set()), ("open", {("response_schema", "pattern")})],
)
def test_a_name_in_place_of_a_secret_has_no_letters_to_judge(
    key: str, expected: set[tuple[str, str]], tmp_path: Path
) -> None:
    """The judge sees exchanges without their secrets."""
    assert found(secrets_of(tmp_path), reading(200, {"key": key})) == expected


@pytest.mark.parametrize(
    ("text", "is_reported"), [("", False), ("null", False), ("yesterday", True)]
)
def test_a_text_that_readers_take_for_null_may_be_accepted(
    text: str, is_reported: bool, tmp_path: Path
) -> None:
    """OpenAPI does not say how the query writes the null of a nullable parameter."""
    exchange = reading(200, {}, query=f"?before={text}")
    assert bool(found(secrets_of(tmp_path), exchange)) == is_reported
