"""Fixtures of the API's tests; those of the frozen server are in ``tests/frozen_server.py``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.account import Account


@pytest.fixture
def unchanged_newcomer(newcomer: Account) -> Iterator[None]:
    """Check that the newcomer's account is the same after the test."""
    before = newcomer.state()
    yield
    assert newcomer.state() == before
