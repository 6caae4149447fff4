"""Helpers for tests of bad requests."""

from __future__ import annotations

from typing import Any

import httpx

from mockserver.openapi.contract import Operation
from tests.api.account import Account, assert_detail
from tests.api.operations import (
    path_of,
)
from tests.api.raw import RawResponse

JSON_HEADERS = {"Content-Type": "application/json"}


def post(account: Account, operation: Operation, content: bytes, **headers: str) -> httpx.Response:
    return account.client.request(
        operation.method, path_of(operation), content=content, headers={**JSON_HEADERS, **headers}
    )


def assert_refused(response: httpx.Response | RawResponse | None, *statuses: int) -> Any:
    """Check that the status is one of these, and return the ``detail`` of the error."""
    assert response is not None
    status = response.status if isinstance(response, RawResponse) else response.status_code
    assert status in statuses, response.json()
    assert response.headers["content-type"] == "application/json"
    assert_detail(response.json())
    return response.json()["detail"]


def reset(account: Account) -> None:
    """Reset the account after a request that was accepted."""
    account.client.post("/_mock/reset").raise_for_status()
