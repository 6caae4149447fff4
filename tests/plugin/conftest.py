"""A server in a child process, as the plugin starts it, and a ``BillingMock`` for each test."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import httpx
import pytest

from mockserver.testing import BillingMock, BillingServer
from tests.conftest import TLS

NOON_TEXT = "2026-03-18T12:00:00Z"


@pytest.fixture(scope="session")
def server() -> Iterator[BillingServer]:
    """Start one server for all tests of this folder; each test resets it."""
    with BillingServer([f"--now={NOON_TEXT}"]) as running:
        yield running


@pytest.fixture
def mock(server: BillingServer) -> BillingMock:
    """Return what the fixture ``billing_mock`` returns."""
    made = BillingMock(server, "sk_test_of_this_test", NOON_TEXT)
    made.reset()
    return made


@pytest.fixture
def api(mock: BillingMock) -> Iterator[httpx.Client]:
    """Return a client of the Billing API, authenticated as the account of ``mock``."""
    address = f"{mock.url}/api/v1/billing"
    with httpx.Client(
        base_url=address, headers=mock.headers, timeout=10, trust_env=False, verify=TLS
    ) as client:
        yield client


def drop(http: HTTPConnection) -> None:
    """Close a connection's socket, as a server does with an idle connection."""
    sock: Any = http.sock
    sock.shutdown(2)
