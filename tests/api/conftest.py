"""A server that stands still at noon, and forgets everything before each test that asks for an account of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.account import Account, Door
from tests.conftest import NOON, RunningServer, running_server


@pytest.fixture(scope="package")
def still_server() -> Iterator[RunningServer]:
    """The server of this folder. Its clock stands at noon until a test moves it."""
    with running_server(now=NOON) as running:
        yield running


@pytest.fixture(scope="package")
def door(still_server: RunningServer) -> Iterator[Door]:
    """Connections to that server, kept from test to test."""
    door = Door(still_server)
    yield door
    door.close()


@pytest.fixture
def enter(door: Door) -> Door:
    """``enter("low_balance")`` is that persona in a world in which nothing has happened yet."""
    door.anybody.post("/_mock/reset").raise_for_status()
    return door


@pytest.fixture
def account(enter: Door) -> Account:
    """A healthy account: one card, a ledger, no plan."""
    return enter("default")


@pytest.fixture
def newcomer(enter: Door) -> Account:
    """An account that has nothing but its sign-up bonus of a dollar."""
    return enter("new")


@pytest.fixture
def unchanged_newcomer(newcomer: Account) -> Iterator[None]:
    """The newcomer's account is the same after the test; a test that changes it on purpose resets it."""
    before = newcomer.state()
    yield
    assert newcomer.state() == before
