"""The contract as the kit reads it: operations, places, provenance, and one clear line when it cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract_tests.errors import UsageError
from contract_tests.openapi.contract import Contract
from tests.contract_kit.exchanges import CONTRACT


def test_every_operation_is_there() -> None:
    """All 29, with their parameters, bodies and statuses, references followed."""
    assert len(CONTRACT.operations) == 29
    chart = CONTRACT.operations["get_usage_chart"]
    assert [parameter.node["name"] for parameter in chart.parameters] == [
        "days",
        "X-Organization-Id",
    ]
    assert set(CONTRACT.operations["add_payment_method"].responses) == {
        200,
        401,
        402,
        409,
        413,
        415,
        422,
        429,
    }


@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("GET", "/api/v1/billing/balance", "get_balance"),
        ("HEAD", "/api/v1/billing/balance", "get_balance"),
        ("DELETE", "/api/v1/billing/payment-methods/a%2Fb", "remove_payment_method"),
        ("POST", "/api/v1/billing/balance", None),
        ("GET", "/api/v1/billing/balance/", None),
        ("DELETE", "/api/v1/billing/payment-methods/a/b", None),
    ],
)
def test_requests_find_their_operation(method: str, path: str, operation: str | None) -> None:
    """By method and whole path; a HEAD is for the GET."""
    found = CONTRACT.match(method, path)
    assert (found[0].id if found else None) == operation
    if operation == "remove_payment_method" and found:
        assert found[1] == {"payment_method_id": "a/b"}


@pytest.mark.parametrize(
    ("pointer", "provenance"),
    [
        ("#/components/schemas/Balance/properties/tier", "documented"),
        ("#/components/schemas/AutoRechargeSummary/properties/enabled", "assumed"),
        ("#/components/schemas/Uuid/pattern", "observed"),
        ("#/components/responses/Unauthorized/content", "observed"),
        ("#/components/schemas/Balance/properties/nothing/here", "documented"),
    ],
)
def test_provenance_is_the_nearest_mark(pointer: str, provenance: str) -> None:
    """A mark holds for everything inside until a nearer one."""
    assert CONTRACT.provenance(pointer) == provenance


def test_places_have_lines() -> None:
    """A pointer leads to the line of the document."""
    line = CONTRACT.line_of("#/components/schemas/Balance/properties/tier")
    assert line is not None
    assert CONTRACT.path.read_text(encoding="utf-8").splitlines()[line - 1].strip() == "tier:"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("openapi: 3.0.3\npaths: {a: [\n", ":3: is not valid YAML"),
        ("just text", "is no OpenAPI 3.0 document"),
        ("swagger: '2.0'", "is no OpenAPI 3.0 document"),
        ("openapi: 3.0.3\ninfo: {}", "misses 'paths'"),
        ("openapi: 3.0.3\npaths: {}", "has no operations"),
        (
            "openapi: 3.0.3\npaths: {/a: {get: {parameters: [{$ref: '#/nowhere'}], responses: {}}}}",
            "leads nowhere",
        ),
        ("openapi: 3.0.3\npaths: {/a: {get: {summary: x}}}", "misses 'responses'"),
        ("openapi: 3.0.3\npaths: {/a: {get: 5}}", "is no valid OpenAPI document"),
    ],
)
def test_a_document_that_cannot_be_used_is_told_in_one_line(
    tmp_path: Path, text: str, words: str
) -> None:
    """With the file, and what to put right."""
    file = tmp_path / "spec.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as told:
        Contract.load(file)
    assert words in str(told.value)
    assert str(file) in str(told.value)
    assert "\n" not in str(told.value)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path) -> None:
    """Missing, a folder, not UTF-8."""
    (tmp_path / "latin").write_bytes(b"openapi: \xff\xfe")
    for file in (tmp_path / "missing.yaml", tmp_path, tmp_path / "latin"):
        with pytest.raises(UsageError):
            Contract.load(file)
