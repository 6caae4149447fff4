"""Query parameters are checked against the contract; unknown ones are ignored."""

from __future__ import annotations

import pytest

from mockserver.contract import Operation
from mockserver.schemas import Schema
from tests.api.account import Account
from tests.api.operations import (
    OPERATIONS,
    body_example,
    each_operation,
    path_of,
)
from tests.api.raw import request, send
from tests.api.refusals import assert_refused, forget
from tests.conftest import API, RunningServer

pytestmark = pytest.mark.usefixtures("unchanged_newcomer")


@each_operation
def test_unknown_query_parameters_are_ignored(newcomer: Account, operation: Operation) -> None:
    """As FastAPI does: the answer has the status that it has without them."""
    path, body = path_of(operation), body_example(operation)
    plain = newcomer.client.request(operation.method, path, json=body)
    forget(newcomer)
    for query in (
        "no_such=1",
        "no_such",
        "limit[]=1&__proto__=x",
        "%00=%ff",
        "&&&=&",
        "x=" + "y" * 50_000,
    ):
        response = newcomer.client.request(operation.method, f"{path}?{query}", json=body)
        assert response.status_code == plain.status_code, query
        forget(newcomer)


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
NO_INTEGERS = [
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
def test_what_is_no_integer_is_422(
    newcomer: Account, operation: Operation, name: str, schema: Schema
) -> None:
    """Neither floats, booleans, hexadecimals nor digits of other scripts; nor what is out of bounds."""
    beyond = [
        str(schema["minimum"] - 1),
        *([str(schema["maximum"] + 1)] if "maximum" in schema else []),
    ]
    for value in [*NO_INTEGERS, *beyond, "-" + "9" * 30, "9" * 500]:
        response = newcomer.client.get(f"{operation.path}?{name}={value}")
        [problem] = assert_refused(response, 422)
        assert problem["loc"] == ["query", name], value


@pytest.mark.parametrize(("operation", "name", "schema"), QUERY_INTEGERS)
def test_an_integer_past_64_bits_is_refused_or_beyond_the_end(
    newcomer: Account, operation: Operation, name: str, schema: Schema
) -> None:
    """Where there is an upper bound it is 422; where there is none it may be that, or an empty page."""
    for value in (2**63 - 1, 2**63, 2**64, 10**30, 10**300):
        response = newcomer.client.get(f"{operation.path}?{name}={value}")
        if response.status_code == 200:
            assert "maximum" not in schema
            assert response.json()["has_more"] is False
        else:
            assert_refused(response, 422)


def test_of_a_query_parameter_twice_the_last_counts(newcomer: Account) -> None:
    """As in FastAPI."""
    newcomer.use("light", 1)
    newcomer.use("light", 1)
    path = f"{API}/credit-transactions"
    assert len(newcomer.client.get(f"{path}?limit=1&limit=2").json()["transactions"]) == 2
    assert newcomer.client.get(f"{path}?limit=x&limit=2").status_code == 200
    assert_refused(newcomer.client.get(f"{path}?limit=2&limit=x"), 422)
    forget(newcomer)


def test_a_long_query_does_no_harm(frozen_server: RunningServer) -> None:
    """100 kB behind the question mark: an answer or a refusal."""
    response = send(frozen_server, request("GET", f"{API}/balance?x=".encode() + b"y" * 100_000))
    assert response is not None
    assert response.status in (200, 400, 414, 431)
