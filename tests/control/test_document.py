"""The OpenAPI document of the control API."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate

from mockserver.billing.account import Account
from mockserver.billing.control.operations import HANDLERS as BILLING_HANDLERS
from mockserver.control.operations import HANDLERS
from mockserver.openapi.contract import JSON, Operation
from mockserver.openapi.schemas import compile_schema
from tests.control.merged import CONTROL

OPERATIONS = list(CONTROL.operations.values())
Json = dict[str, Any]


STREAMS = {"stream_requests": "text/event-stream"}
"""The operations whose success is no JSON."""


def media_of(content: Json) -> Json:
    """Return the only media type object of a body."""
    (media,) = content["content"].values()
    found: Json = media
    return found


def examples() -> Iterator[Any]:
    """Yield every example of the document with its schema."""
    for operation in OPERATIONS:
        contents = [
            operation.request_body,
            *map(CONTROL.follow, operation.node["responses"].values()),
        ]
        for content in filter(None, contents):
            media = media_of(content)
            for name, example in media.get("examples", {}).items():
                yield pytest.param(
                    media["schema"], example["value"], id=f"{operation.operation_id}-{name}"
                )
    for name, schema in CONTROL.schemas.items():
        if "example" in schema:
            yield pytest.param(schema, schema["example"], id=name)


def test_the_document_is_valid_openapi() -> None:
    """The document passes the validator."""
    validate(CONTROL.document)


def test_every_operation_has_its_handler() -> None:
    """There is no operation without a handler, and no handler without an operation."""
    written = {*HANDLERS, *BILLING_HANDLERS, "get_openapi_document", *STREAMS}
    assert written == set(CONTROL.operations)


def test_the_document_is_served_as_it_is_written(mock: httpx.Client) -> None:
    """The served document is the one that requests are validated against."""
    assert mock.get("/_mock/openapi.json").json() == CONTROL.document


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.operation_id)
def test_an_operation_is_described_like_all_others(operation: Operation) -> None:
    """It has a verb_noun id, a description, tags and security, and its bodies are references."""
    node = operation.node
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation.operation_id)
    assert node["description"].strip()
    assert node["tags"][0] in {tag["name"] for tag in CONTROL.document["tags"]}
    assert "security" in node
    for status, response in node["responses"].items():
        assert status == "200" or "$ref" in response
        content = CONTROL.follow(response)["content"]
        name = STREAMS.get(operation.operation_id, JSON) if status == "200" else JSON
        assert "$ref" in content[name]["schema"]
    if operation.request_body is not None:
        media = operation.request_body["content"][JSON]
        assert "$ref" in media["schema"]
        assert media["examples"]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.operation_id)
def test_an_operation_documents_its_errors(operation: Operation) -> None:
    """403 always, 401 with a key, 422 with parameters, and 413, 415 and 422 with a body."""
    expected = {403}
    if operation.node["security"]:
        expected.add(401)
    if operation.parameters:
        expected.add(422)
    if operation.request_body is not None:
        expected |= {413, 415, 422}
    assert expected <= set(operation.statuses)


@pytest.mark.parametrize(("schema", "example"), list(examples()))
def test_an_example_fits_its_schema(schema: Json, example: Any) -> None:
    """Every example is valid."""
    validator = compile_schema(schema, CONTROL.schemas, closed=True)
    assert [str(error) for error in validator.iter_errors(example)] == []


def test_the_state_has_every_part_of_an_account() -> None:
    """The schema of a state has the fields of Account in their order."""
    fields = list(Account.__struct_fields__)
    schema = CONTROL.schemas["State"]
    assert list(schema["properties"]) == fields
    assert schema["required"] == fields
