"""Builders for tests of checkout sessions: one of every kind."""

import pytest

from mockserver.billing import checkout
from mockserver.billing.account import CheckoutSession
from mockserver.billing.context import Context

ADDRESSES = ("https://example.com/paid", "https://example.com/back")


def open_pack(context: Context) -> CheckoutSession:
    return checkout.open_price(context, "price_credits_25", "payment", *ADDRESSES)


def open_plan(context: Context) -> CheckoutSession:
    return checkout.open_price(context, "price_starter_monthly", "subscription", *ADDRESSES)


def open_deposit(context: Context) -> CheckoutSession:
    return checkout.open_deposit(context, 5_000)


OPENERS = pytest.mark.parametrize("open_one", [open_deposit, open_pack, open_plan])
