"""What the judge leaves open in documents that say nothing of provenance."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contract_tests.findings.finding import Finding, Verdicts
from contract_tests.http.exchange import Exchange
from contract_tests.judge.judge import Judge
from contract_tests.knowledge import NoKnowledge
from contract_tests.openapi.contract import Contract

SCHEMAS = {
    "Compact": {"type": "object", "properties": {"a": {"type": "integer"}}},
    "Base": {"$ref": "#/components/schemas/Compact"},
}


def judged(folder: Path, operation: dict[str, Any], status: int, body: Any) -> list[Finding]:
    """Return the findings in a response of ``GET /things``."""
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Things", "version": "1"},
        "paths": {"/things": {"get": {"operationId": "list_things", **operation}}},
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    path = folder / "things.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    verdicts = Verdicts()
    judge = Judge(Contract.load(path), verdicts, NoKnowledge())
    judge(
        Exchange(
            number=1,
            method="GET",
            url="http://things.example.com/things",
            path="/things",
            request_headers=(),
            request_body=b"",
            status=status,
            response_headers=(("Content-Type", "application/json"),),
            response_body=json.dumps(body).encode(),
            started=datetime(2026, 3, 14, tzinfo=UTC),
            seconds=0.1,
            account="api-key",
        )
    )
    return list(verdicts)


def content(schema: Any, **media: Any) -> dict[str, Any]:
    return {"description": "", "content": {"application/json": {"schema": schema, **media}}}


@pytest.mark.parametrize("status", [400, 404, 409])
def test_an_undocumented_refusal_is_minor_beside_422_alone(status: int, tmp_path: Path) -> None:
    """FastAPI documents no error but 422; functions raise the others."""
    responses = {"200": {"description": ""}, "422": {"description": ""}}
    (finding,) = judged(tmp_path, {"responses": responses}, status, {"detail": "No."})
    assert (finding.kind, finding.severity) == ("undocumented_status", "minor")
    assert finding.grade("major") == "difference"


@pytest.mark.parametrize(
    ("status", "documented"), [(409, "404"), (201, "422"), (418, "422"), (302, "422")]
)
def test_another_undocumented_status_is_major(status: int, documented: str, tmp_path: Path) -> None:
    """Where errors are documented, and for other statuses, the document is taken at its word."""
    responses = {"200": {"description": ""}, documented: {"description": ""}}
    (finding,) = judged(tmp_path, {"responses": responses}, status, {"detail": "No."})
    assert (finding.kind, finding.severity) == ("undocumented_status", "major")


def test_a_401_without_security_is_not_about_the_key(tmp_path: Path) -> None:
    """A login may refuse a password with 401."""
    responses = {"200": {"description": ""}, "401": {"description": ""}}
    assert judged(tmp_path, {"responses": responses}, 401, {"detail": "No."}) == []


def test_fields_of_examples_are_named_by_the_document(tmp_path: Path) -> None:
    """An example may show more than its schema; other fields are undeclared."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    operation = {"responses": {"200": content(schema, example={"a": 1, "b": {"c": 2}})}}
    assert judged(tmp_path, operation, 200, {"a": 1, "b": 3}) == []
    (finding,) = judged(tmp_path, operation, 200, {"a": 1, "d": 3})
    assert (finding.keyword, finding.where) == ("unknown_field", "/response/200/body/d")


def test_a_required_property_without_a_schema_is_declared(tmp_path: Path) -> None:
    """What an object must have is no undeclared field."""
    schema = {"type": "object", "required": ["b"], "properties": {"a": {"type": "integer"}}}
    operation = {"responses": {"200": content(schema)}}
    assert judged(tmp_path, operation, 200, {"a": 1, "b": 3}) == []


def test_a_part_of_a_whole_is_open_by_way_of_a_reference(tmp_path: Path) -> None:
    """The parts of ``allOf`` declare the fields of each other, also those that are references."""
    more = {"type": "object", "properties": {"b": {"type": "integer"}}}
    whole = {"allOf": [{"$ref": "#/components/schemas/Base"}, more]}
    assert judged(tmp_path, {"responses": {"200": content(whole)}}, 200, {"a": 1, "b": 2}) == []


def test_an_enum_that_is_nullable_may_be_null(tmp_path: Path) -> None:
    """Both judges read ``nullable`` beside an ``enum`` without null as it is meant."""
    color = {"type": "string", "enum": ["red"], "nullable": True}
    schema = {"anyOf": [{"type": "object", "properties": {"color": color}}]}
    assert judged(tmp_path, {"responses": {"200": content(schema)}}, 200, {"color": None}) == []
