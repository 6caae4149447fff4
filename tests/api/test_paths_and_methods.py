"""Unknown paths are 404, wrong methods are 405, and HEAD is a GET without a body."""

from __future__ import annotations

import pytest

from mockserver.openapi.contract import Operation
from tests.api.account import Account, assert_envelope
from tests.api.headers import limits_of
from tests.api.operations import (
    CONTRACT,
    OPERATIONS,
    PATHS,
    READS,
    body_example,
    each_operation,
    methods_of,
    path_of,
    url_of,
)
from tests.conftest import API

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]


each_path = pytest.mark.parametrize("path", PATHS)


@each_path
def test_a_wrong_method_is_405_with_the_allowed_methods(newcomer: Account, path: str) -> None:
    """``Allow`` has exactly the methods of the path, on every path of the contract."""
    allowed = methods_of(path)
    before = newcomer.state()
    for method in METHODS:
        if method in allowed:
            continue
        response = newcomer.client.request(method, url_of(path))
        assert response.status_code == 405, method
        assert {name.strip() for name in response.headers["allow"].split(",")} == allowed
        assert response.headers["content-type"] == "application/json"
        limits_of(response)
        if method != "HEAD":
            assert_envelope(response)
            assert "sk_test_new" not in response.text
    assert newcomer.state() == before


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["", "/nothing", "/balance/nothing", "/payment-methods/pm_card_visa/nothing"]
)
def test_an_unknown_path_is_404(newcomer: Account, method: str, path: str) -> None:
    """It has the same error body for any method, with or without a key."""
    for headers in ({}, {"X-API-Key": ""}):
        response = newcomer.client.request(method, f"{API}{path}", headers=headers)
        assert response.status_code == 404
        assert_envelope(response)
        limits_of(response)


@pytest.mark.parametrize("path", ["/nothing", "/robots.txt", "/api", "/_mock/nothing"])
def test_other_paths_of_the_server_are_404_too(newcomer: Account, path: str) -> None:
    """Unknown paths outside the API have the same error body."""
    response = newcomer.client.get(path)
    assert response.status_code == 404
    assert_envelope(response)


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/_mock/clock", {"GET", "HEAD", "PUT"}),
        ("/docs", {"GET", "HEAD"}),
        ("/checkout/cs_test_1", {"GET", "HEAD"}),
        ("/checkout/cs_test_1/pay", {"GET", "HEAD", "POST"}),
    ],
)
def test_allow_is_right_for_other_paths(newcomer: Account, path: str, allowed: set[str]) -> None:
    """``Allow`` is right for pages and for the control API."""
    response = newcomer.client.delete(path)
    assert response.status_code == 405
    assert {name.strip() for name in response.headers["allow"].split(",")} == allowed
    assert_envelope(response)


@pytest.mark.parametrize("operation", READS, ids=lambda operation: operation.operation_id)
def test_head_is_a_get_without_a_body(newcomer: Account, operation: Operation) -> None:
    """HEAD has the status and the headers of GET, and costs as many tokens."""
    path = path_of(operation)
    first, got, headed = (
        newcomer.client.request(method, path) for method in ("GET", "GET", "HEAD")
    )
    assert headed.status_code == got.status_code == 200
    assert headed.content == b""
    assert limits_of(headed)[1] == limits_of(got)[1] - 1
    changing = {name for name in got.headers if got.headers[name] != first.headers.get(name)}
    assert "content-length" not in changing
    assert {**headed.headers, **dict.fromkeys(changing)} == {
        **got.headers,
        **dict.fromkeys(changing),
    }


@each_operation
def test_responses_are_not_cached(newcomer: Account, operation: Operation) -> None:
    """Responses contain money and codes."""
    response = newcomer.client.request(
        operation.method, path_of(operation), json=body_example(operation)
    )
    assert response.headers["cache-control"] == "no-store"


def test_every_path_has_an_operation() -> None:
    """These tests cover every path of the packaged contract."""
    assert (
        len(PATHS)
        == len(CONTRACT.document["paths"])
        == len({operation.path for operation in OPERATIONS})
    )
