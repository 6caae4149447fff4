"""A server whose clock and accounts belong to the tests of this folder: reset before each of them."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import NOON, RunningServer, running_server


@pytest.fixture(scope="package")
def own_server() -> Iterator[RunningServer]:
    """A server that stands still at noon."""
    with running_server(now=NOON) as running:
        yield running


@pytest.fixture
def mock(own_server: RunningServer) -> Iterator[httpx.Client]:
    """A client without a key, of a world in which nothing has happened yet."""
    with own_server.client(None) as client:
        client.post("/_mock/reset").raise_for_status()
        yield client
