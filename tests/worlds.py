"""Worlds without a server, for the tests of clock, world and personas."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from mockserver import packaged
from mockserver.billing.account import Account
from mockserver.billing.accounts import fixtures
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.accounts.fixtures import Fixtures
from mockserver.billing.api.behaviour import world_of
from mockserver.billing.context import Context
from mockserver.clock import Clock
from mockserver.engine.world import World

NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
"""A Wednesday in the middle of a month."""
MOMENTS = {
    "a Wednesday in the middle of a month": NOON,
    "a Monday morning": datetime(2026, 3, 16, 0, 0, 1, tzinfo=UTC),
    "half a minute into a month": datetime(2026, 3, 1, 0, 0, 30, tzinfo=UTC),
    "the first moment of a year": datetime(2027, 1, 1, tzinfo=UTC),
    "the last moment of a year": datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC),
    "a leap day": datetime(2028, 2, 29, 12, tzinfo=UTC),
    "the 31st": datetime(2026, 5, 31, 6, 30, tzinfo=UTC),
}
DEFAULT, SUBSCRIBER, PAST_DUE = "sk_test_default", "sk_test_subscriber", "sk_test_past_due"
ORGANIZATION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
OWNER, MEMBER = "sk_test_org_owner", "sk_test_org_member"


class WallClock:
    """A wall clock that a test advances."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> int:
        return int(self.time.timestamp() * 1_000)

    def advance(self, **duration: float) -> None:
        self.time += timedelta(**duration)


@cache
def load_fixtures() -> Fixtures:
    """Return the packaged fixtures."""
    return fixtures.load(packaged.fixtures())


def make_world(now: datetime = NOON, seed: int = 1) -> World[Accounts]:
    """Return a new world with a frozen clock."""
    return world_of(load_fixtures(), Clock(now), seed)


def exported(world: World[Accounts], *keys: str) -> str:
    """Return the state of some accounts as JSON."""
    return json.dumps([world.state.export(key) for key in keys or (DEFAULT, SUBSCRIBER, PAST_DUE)])


KEYS = sorted(persona.key for persona in load_fixtures().personas.values() if persona.key)
"""The keys of all personas with a key."""

every_key = pytest.mark.parametrize("key", KEYS)
every_moment = pytest.mark.parametrize("now", MOMENTS.values(), ids=MOMENTS)


@cache
def shared_world(now: datetime) -> World[Accounts]:
    """Return the world of a moment, which no test may change."""
    return make_world(now)


def account_of(key: str, now: datetime = NOON) -> Account:
    """Return the account of a key in the shared world of a moment."""
    return shared_world(now).state.tenant(key).account


def new_context(key: str, now: datetime = NOON) -> Context:
    """Return the context of an account that the test may change."""
    world = make_world(now)
    return world.state.context(world.state.tenant(key))
