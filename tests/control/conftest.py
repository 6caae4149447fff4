"""The client of the control API's tests."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.conftest import RunningServer


@pytest.fixture
def mock(frozen_server: RunningServer) -> Iterator[httpx.Client]:
    """A client of the frozen server, without a key unless the test adds one."""
    with frozen_server.client(None) as client:
        yield client
