"""Values of a body have the types of the contract: nothing is converted."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver.openapi.contract import Operation
from mockserver.openapi.schemas import Schema, resolve
from tests.api.account import Account
from tests.api.operations import (
    CONTRACT,
    WITH_BODY,
    body_example,
    body_schema,
    each_with_body,
)
from tests.api.refusals import assert_refused, post, reset

pytestmark = pytest.mark.usefixtures("unchanged_newcomer")


WRONG_VALUES: dict[str, list[bytes]] = {
    "integer": [
        b'"5000"',
        b"5000.0",
        b"5000.5",
        b"5e3",
        b"-0.0",
        b"true",
        b"false",
        b"[]",
        b"{}",
        b"[5000]",
        b"9223372036854775808",
        b"-9223372036854775809",
        b"18446744073709551616",
        b"1" + b"0" * 40,
        b"-1" + b"0" * 40,
    ],
    "string": [b"5000", b"5.5", b"true", b"[]", b"{}", b'["a"]', b"9223372036854775808", b"1e300"],
    "boolean": [
        b"0",
        b"1",
        b'"true"',
        b'"false"',
        b'""',
        b"1.0",
        b"[]",
        b"{}",
        b"9223372036854775808",
    ],
}


PROPERTIES = [
    pytest.param(
        operation, name, resolve(schema, CONTRACT.schemas), id=f"{operation.operation_id}-{name}"
    )
    for operation in WITH_BODY
    for name, schema in body_schema(operation)["properties"].items()
]


def _is_nullable(parameters: Any) -> bool:
    return bool(parameters.values[2].get("nullable"))


def body_with(operation: Operation, name: str, value: bytes) -> bytes:
    """Return the contract's example of a body, with one value replaced by raw JSON."""
    others = {
        other: given for other, given in (body_example(operation) or {}).items() if other != name
    }
    pairs = [
        json.dumps(other).encode() + b":" + json.dumps(given).encode()
        for other, given in others.items()
    ]
    return b"{" + b",".join([*pairs, json.dumps(name).encode() + b":" + value]) + b"}"


@pytest.mark.parametrize(("operation", "name", "schema"), PROPERTIES)
def test_a_value_of_another_type_is_422(
    newcomer: Account, operation: Operation, name: str, schema: Schema
) -> None:
    """The error names the place, and no value is converted."""
    values = [*WRONG_VALUES[schema["type"]], *([] if schema.get("nullable") else [b"null"])]
    for value in values:
        problems = assert_refused(post(newcomer, operation, body_with(operation, name, value)), 422)
        assert ["body", name] in [problem["loc"] for problem in problems], value
        assert all(problem["loc"] == ["body", name] for problem in problems), value


@pytest.mark.parametrize(
    ("operation", "name"),
    [
        pytest.param(*parameters.values[:2], id=parameters.id)
        for parameters in PROPERTIES
        if _is_nullable(parameters)
    ],
)
def test_null_is_accepted_where_the_contract_allows_it(
    newcomer: Account, operation: Operation, name: str
) -> None:
    """Null then means the same as leaving the field out."""
    given = post(newcomer, operation, body_with(operation, name, b"null"))
    reset(newcomer)
    left_out = {other: value for other, value in body_example(operation).items() if other != name}
    assert given.content == post(newcomer, operation, json.dumps(left_out).encode()).content
    assert given.status_code != 422
    reset(newcomer)


@pytest.mark.parametrize(("operation", "name", "schema"), PROPERTIES)
def test_the_last_of_two_equal_names_counts(
    newcomer: Account, operation: Operation, name: str, schema: Schema
) -> None:
    """As in FastAPI, only the last value of a repeated name is validated."""
    right = json.dumps((body_example(operation) or {}).get(name, schema.get("default"))).encode()
    if right == b"null":
        right = {"string": b'"email"', "integer": b"5000", "boolean": b"false"}[schema["type"]]
    wrong, key = WRONG_VALUES[schema["type"]][0], json.dumps(name).encode()
    assert_refused(
        post(newcomer, operation, body_with(operation, name, right + b"," + key + b":" + wrong)),
        422,
    )
    once = post(newcomer, operation, body_with(operation, name, right)).status_code
    reset(newcomer)
    assert (
        post(
            newcomer, operation, body_with(operation, name, wrong + b"," + key + b":" + right)
        ).status_code
        == once
    )
    reset(newcomer)


@each_with_body
def test_unknown_properties_are_ignored(newcomer: Account, operation: Operation) -> None:
    """As in FastAPI, they do not change the response."""
    plain = json.dumps(body_example(operation)).encode()
    without = post(newcomer, operation, plain)
    reset(newcomer)
    for more in (
        b'"no_such":1',
        b'"":null',
        b'"__proto__":{"enabled":true}',
        b'"x":' + b"[" * 1_000 + b"]" * 1_000,
    ):
        response = post(newcomer, operation, plain[:-1] + b"," + more + b"}")
        assert (response.status_code, response.content) == (without.status_code, without.content)
        reset(newcomer)
    assert without.status_code != 422


@pytest.mark.parametrize(
    ("path", "name", "status"),
    [
        ("promo/validate", "code", 200),
        ("deposit", "promo_code", 400),
        ("checkout", "price_id", 400),
    ],
)
def test_odd_characters_are_just_text(newcomer: Account, path: str, name: str, status: int) -> None:
    """Control characters, direction marks and emoji are handled like any other text."""
    bodies: dict[str, dict[str, Any]] = {
        "promo/validate": {},
        "deposit": {"amount_cents": 5_000},
        "checkout": {"success_url": "https://a.example", "cancel_url": "https://a.example"},
    }
    for text in (
        "\u0000",
        "\u0007",
        "\u001b[31m",
        "\u202e",
        "\ufffe",
        "\U0001f4b3",
        "e\u0301" * 20,
    ):
        response = newcomer.call("POST", path, json={**bodies[path], name: text})
        assert response.status_code == status, response.text
