"""A request without a test key is refused before anything else is validated."""

from __future__ import annotations

import logging

import pytest

from mockserver.openapi.contract import Operation
from tests.api.account import Accounts, assert_envelope
from tests.api.operations import (
    OPERATIONS,
    body_example,
    each_operation,
    path_of,
)
from tests.conftest import API, RunningServer

LIVE_KEY = "_".join(["sk", "live", "4eC39HqLyjWDarjtT1zdp7dc"])


@each_operation
def test_a_missing_key_is_reported_first(accounts: Accounts, operation: Operation) -> None:
    """The status is 401 even if a parameter, the body or the media type is wrong."""
    response = accounts.without_key.request(
        operation.method,
        f"{path_of(operation)}?limit=x",
        content=b"{",
        headers={"Content-Type": "text/plain", "X-Organization-Id": "x"},
    )
    assert response.status_code == 401
    assert_envelope(response)
    assert "X-API-Key" in response.json()["detail"]


@pytest.mark.parametrize("key", [LIVE_KEY, f"{LIVE_KEY} x", LIVE_KEY[:8]])
def test_a_live_key_is_refused_and_leaves_no_trace(
    accounts: Accounts, frozen_server: RunningServer, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    """The error names live keys.

    The key is in no response, log, account or recorded request.
    """
    with caplog.at_level(logging.DEBUG):
        responses = [
            accounts.without_key.request(
                operation.method,
                path_of(operation),
                json=body_example(operation),
                headers={"X-API-Key": key},
            )
            for operation in OPERATIONS
        ]
    invalid = accounts.without_key.get(f"{API}/balance", headers={"X-API-Key": "x"}).json()[
        "detail"
    ]
    for response in responses:
        assert response.status_code == 401
        assert_envelope(response)
        assert "live" in response.json()["detail"]
        assert response.json()["detail"] != invalid
        assert LIVE_KEY not in response.text + str(response.headers)
    assert LIVE_KEY not in caplog.text
    recorded = accounts.without_key.get("/_mock/requests")
    assert recorded.json()["total"] > len(responses)
    assert LIVE_KEY not in recorded.text
    assert list(frozen_server.world.state.tenants()) == []
