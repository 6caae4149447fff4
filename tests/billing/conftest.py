"""Builders for tests of the domain: a fresh account, a fixed time, the real catalogue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, TypeVar

import msgspec
import pytest
from hypothesis import settings

from mockserver import packaged
from mockserver.billing import (
    checkout,
    invariants,
    money,
    payment_methods,
    subscription,
    usage_alerts,
)
from mockserver.billing.account import Account, AutoRechargeRequest, CheckoutSession, Profile
from mockserver.billing.accounts import fixtures
from mockserver.billing.audit import Actor
from mockserver.billing.catalogue import Catalogue
from mockserver.billing.context import Context
from mockserver.billing.errors import BillingError
from mockserver.billing.ids import IdSource

settings.register_profile(
    "billing", derandomize=True, database=None, deadline=None, max_examples=60
)
settings.load_profile("billing")

NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
"""A Wednesday in the middle of a month."""


@cache
def catalogue() -> Catalogue:
    """Return the catalogue of ``fixtures/``."""
    return fixtures.load(packaged.fixtures()).catalogue


WORKING, DECLINED_LATER = "pm_card_visa", "pm_card_chargeCustomerFail"
"""A card that always works, and one that can be added but not charged."""

DECLINE = catalogue().card(DECLINED_LATER).declines_charge or ""
"""The code with which charges of the latter are declined."""

Error = TypeVar("Error", bound=BillingError)

Change = Callable[[Context], object]
"""One function of the domain, with its arguments chosen."""


def account(name: str, now: datetime) -> Account:
    """Return a fresh account."""
    ids = IdSource(f"profile of {name}")
    profile = Profile(ids.uuid(), ids.uuid(), "Jane Doe", "jane.doe@example.com", "+1 202 555 0142")
    return Account(f"acct_{name}", profile, now, IdSource(name))


def fresh(name: str = "someone", now: datetime = NOON, actor: Actor = "api_key") -> Context:
    """Return the context of a fresh account."""
    return Context(account(name, now), catalogue(), now, actor)


def later(context: Context, **duration: float) -> Context:
    """Return the account after some time, with all due work done."""
    return at(context, context.now + timedelta(**duration))


def at(context: Context, moment: datetime) -> Context:
    """Return the account at a later time, with all due work done."""
    subscription.catch_up(context.account, context.catalogue, moment)
    return context.at(moment, context.actor)


def state(context: Context) -> dict[str, Any]:
    """Return the whole account as plain data, the counter of its ids included."""
    plain: dict[str, Any] = msgspec.to_builtins(context.account, enc_hook=list)
    return plain


def problems(context: Context) -> list[str]:
    """Return the broken invariants of the account."""
    return invariants.violations(context.account, context.catalogue, context.now)


def deposit(
    context: Context,
    amount_cents: int = 5_000,
    *,
    promo_code: str | None = None,
    auto_recharge: AutoRechargeRequest | None = None,
    card: str | None = WORKING,
) -> CheckoutSession:
    """Open a deposit and pay it."""
    session = checkout.open_deposit(
        context, amount_cents, promo_code=promo_code, auto_recharge=auto_recharge
    )
    return checkout.complete(context, session.id, card)


def credit(context: Context, credits: int) -> None:
    """Credit a number of credits as a bonus."""
    context.credit("bonus", credits * money.MICROCENTS_PER_CREDIT, "Bonus", reference_type="signup")


def watch(context: Context, **changes: Any) -> None:
    """Configure usage alerts: all thresholds and e-mail, except for the changes."""
    everything: dict[str, Any] = {
        f"threshold_{percent}_enabled": True for percent in (50, 75, 90, 100)
    }
    everything |= {"enabled": True, "email_enabled": True, "webhook_url": None}
    usage_alerts.configure(context, **everything | changes)


def actions(context: Context) -> list[str]:
    """Return the actions of the audit log, oldest first."""
    return [entry.action for entry in context.account.audit_log]


@contextmanager
def refused(context: Context, error: type[Error]) -> Iterator[pytest.ExceptionInfo[Error]]:
    """Expect the rules to refuse what the block does, and nothing to change."""
    before = state(context)
    with pytest.raises(error) as caught:
        yield caught
    assert state(context) == before


@pytest.fixture
def context() -> Context:
    """Return a fresh account at noon."""
    return fresh()


@pytest.fixture
def with_card(context: Context) -> Context:
    """Return a fresh account with a working card."""
    payment_methods.add(context, WORKING)
    return context
