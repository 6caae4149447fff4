"""The server whose clock stands still at noon, shared by all folders and reset before each test.

``tests/conftest.py`` makes these fixtures known to all tests.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.account import Account, Accounts
from tests.conftest import NOON, RunningServer, running_server


@pytest.fixture(scope="session")
def _frozen_accounts() -> Iterator[Accounts]:
    """The server and its connections, kept from test to test."""
    with running_server(now=NOON) as running:
        accounts = Accounts(running)
        yield accounts
        accounts.close()


@pytest.fixture
def accounts(_frozen_accounts: Accounts) -> Accounts:
    """The frozen server's accounts after a reset: ``accounts("low_balance")`` is that persona."""
    _frozen_accounts.without_key.post("/_mock/reset").raise_for_status()
    return _frozen_accounts


@pytest.fixture
def frozen_server(accounts: Accounts) -> RunningServer:
    """The frozen server after a reset. Its clock stands at noon until the test advances it."""
    return accounts.server


@pytest.fixture
def account(accounts: Accounts) -> Account:
    """The account of the default persona: healthy, with one card, a ledger and no plan."""
    return accounts("default")


@pytest.fixture
def newcomer(accounts: Accounts) -> Account:
    """An account that has nothing but its sign-up bonus of one dollar."""
    return accounts("new")
