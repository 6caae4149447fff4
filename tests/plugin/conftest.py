"""A server that is started as the fixture starts it, and an account of each test's own."""

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
def companion() -> Iterator[BillingServer]:
    """One for all tests here; each resets it."""
    with BillingServer([f"--now={NOON_TEXT}"]) as server:
        yield server


@pytest.fixture
def mock(companion: BillingServer) -> BillingMock:
    """As ``billing_mock`` is when a test begins."""
    made = BillingMock(companion, "sk_test_of_this_test", NOON_TEXT)
    made.reset()
    return made


@pytest.fixture
def api(mock: BillingMock) -> Iterator[httpx.Client]:
    """The Billing API as the account of ``mock`` calls it."""
    address = f"{mock.url}/api/v1/billing"
    with httpx.Client(
        base_url=address, headers=mock.headers, timeout=10, trust_env=False, verify=TLS
    ) as client:
        yield client


def drop(http: HTTPConnection) -> None:
    """What a connection looks like that the other side has closed while it rested."""
    sock: Any = http.sock
    sock.shutdown(2)
