"""A server of this folder: it stands still at noon, and forgets everything before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.account import Account, Door
from tests.conftest import NOON, RunningServer, running_server


@pytest.fixture(scope="package")
def faulty_server() -> Iterator[RunningServer]:
    """The server itself, for those who open connections of their own."""
    with running_server(now=NOON) as running:
        yield running


@pytest.fixture(scope="package")
def faulty_door(faulty_server: RunningServer) -> Iterator[Door]:
    """Connections to it, kept from test to test."""
    door = Door(faulty_server)
    yield door
    door.close()


@pytest.fixture
def enter(faulty_door: Door) -> Door:
    """``enter("new")`` is that persona in a world in which nothing has happened yet."""
    faulty_door.anybody.post("/_mock/reset").raise_for_status()
    return faulty_door


@pytest.fixture
def account(enter: Door) -> Account:
    """A healthy account: one card, a ledger, no plan."""
    return enter("default")
