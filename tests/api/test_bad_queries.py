"""Query parameters are validated against the contract; unknown ones are ignored."""

from __future__ import annotations

import pytest

from mockserver.openapi.contract import Operation
from mockserver.openapi.schemas import Schema
from tests.api.account import Account
from tests.api.operations import (
    OPERATIONS,
    body_example,
    each_operation,
    path_of,
)
from tests.api.raw import request, send
from tests.api.refusals import assert_refused, reset
from tests.conftest import API, RunningServer

pytestmark = pytest.mark.usefixtures("unchanged_newcomer")


@each_operation
def test_unknown_query_parameters_are_ignored(newcomer: Account, operation: Operation) -> None:
    """As in FastAPI, an unknown parameter does not change the status."""
    path, body = path_of(operation), body_example(operation)
    plain = newcomer.client.request(operation.method, path, json=body)
    reset(newcomer)
    for query in (
        "no_such=1",
        "no_such",
        "limit[]=1&__proto__=x",
        "%00=%ff",
        "&&&=&",
        "x=" + "y" * 16_000,
    ):
        response = newcomer.client.request(operation.method, f"{path}?{query}", json=body)
        assert response.status_code == plain.status_code, query
        reset(newcomer)


QUERY_INTEGERS = [
    pytest.param(
        operation,
        parameter["name"],
        parameter["schema"],
        id=f"{operation.operation_id}-{parameter['name']}",
    )
    for operation in OPERATIONS
    for parameter in operation.parameters
    if parameter["in"] == "query" and parameter["schema"].get("type") == "integer"
]
NOT_INTEGERS = [
    "",
    "%20",
    "x",
    "1.5",
    "1e1",
    "0x10",
    "true",
    "null",
    "NaN",
    "1_0",
    "%D9%A1",
    "%00",
    "%ff",
    "1%00",
    "-",
]


@pytest.mark.parametrize(("operation", "name", "schema"), QUERY_INTEGERS)
def test_a_value_that_is_not_an_integer_is_422(
    newcomer: Account, operation: Operation, name: str, schema: Schema
) -> None:
    """Floats, booleans, hexadecimals, foreign digits and values out of bounds are refused."""
    beyond = [
        str(schema["minimum"] - 1),
        *([str(schema["maximum"] + 1)] if "maximum" in schema else []),
    ]
    for value in [*NOT_INTEGERS, *beyond, "-" + "9" * 30, "9" * 500]:
        response = newcomer.client.get(f"{operation.path}?{name}={value}")
        [problem] = assert_refused(response, 422)
        assert problem["loc"] == ["query", name], value


@pytest.mark.parametrize(("operation", "name", "schema"), QUERY_INTEGERS)
def test_an_integer_past_64_bits_is_refused_or_beyond_the_end(
    newcomer: Account, operation: Operation, name: str, schema: Schema
) -> None:
    """Without an upper bound, a huge integer is refused or gives an empty page."""
    for value in (2**63 - 1, 2**63, 2**64, 10**30, 10**300):
        response = newcomer.client.get(f"{operation.path}?{name}={value}")
        if response.status_code == 200:
            assert "maximum" not in schema
            assert response.json()["has_more"] is False
        else:
            assert_refused(response, 422)


def test_the_last_of_two_equal_query_parameters_counts(newcomer: Account) -> None:
    """As in FastAPI, earlier values are ignored."""
    newcomer.use("light", 1)
    newcomer.use("light", 1)
    path = f"{API}/credit-transactions"
    assert len(newcomer.client.get(f"{path}?limit=1&limit=2").json()["transactions"]) == 2
    assert newcomer.client.get(f"{path}?limit=x&limit=2").status_code == 200
    assert_refused(newcomer.client.get(f"{path}?limit=2&limit=x"), 422)
    reset(newcomer)


def test_a_long_query_does_no_harm(frozen_server: RunningServer) -> None:
    """A query of 100 kB is served or refused."""
    response = send(frozen_server, request("GET", f"{API}/balance?x=".encode() + b"y" * 100_000))
    assert response is not None
    assert response.status in (200, 400, 414, 431)
