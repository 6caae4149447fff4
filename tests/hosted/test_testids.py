"""The ``data-testid`` names are an interface for end-to-end tests and do not change."""

from __future__ import annotations

import re

import pytest

from tests.conftest import NOON, ServerFactory
from tests.hosted.states import addresses

STRIPES = "hosted-payment-submit-button"
"""The name of the button on Stripe's own page."""
TYPED = {"type-a-card", "number", "expiry", "cvc", "test-numbers", "fill", STRIPES}
SUMMARY = {"title", "amount", "total", "account"}
PAYMENT = {"card", "pay", "pay-typed", "cancel", "open-until", *TYPED}
PORTAL = {
    "account",
    "balance",
    "plan",
    "offer",
    "price",
    "effect",
    "new-card",
    "add-card",
    "add-typed",
    *TYPED,
}
CARD = {"card", "default-card", "remove-card"}
TESTIDS = {
    "checkout of a deposit": {*SUMMARY, *PAYMENT, "auto-recharge"},
    "checkout whose code was used": {*SUMMARY, *PAYMENT, "promo-refused"},
    "checkout of a plan": {*SUMMARY, *PAYMENT, "credits", "renewal"},
    "checkout that was declined": {*SUMMARY, *PAYMENT, "problem"},
    "checkout that was paid": {*SUMMARY, "bonus", "state", "back-to-shop"},
    "checkout that expired": {*SUMMARY, "state"},
    "authentication of a payment": {
        *("title", "amount", "card", "authentication-pass", "authentication-fail", "back"),
    },
    "authentication of a card": {
        *("title", "card", "authentication-pass", "authentication-fail", "back")
    },
    "portal": {
        *PORTAL,
        *CARD,
        "make-default",
        "renewal",
        "cancel",
        "change-plan",
        "invoice",
        "invoice-link",
    },
    "portal after a step": {
        *(
            *PORTAL,
            *CARD,
            "make-default",
            "pending",
            "resume",
            "change-plan",
            "invoice",
            "invoice-link",
            "done",
        ),
    },
    "portal of a plan to come": {
        *(
            *PORTAL,
            *CARD,
            "make-default",
            "pending",
            "resume",
            "change-plan",
            "coming",
            "invoice",
            "invoice-link",
        ),
    },
    "portal whose renewal failed": {
        *(
            *PORTAL,
            *CARD,
            "past-due",
            "renewal",
            "cancel",
            "change-plan",
            "invoice",
            "invoice-link",
        ),
    },
    "portal with a card in use": {
        *(*PORTAL, *CARD, "card-in-use", "make-default", "renewal", "cancel"),
        *("change-plan", "invoice", "invoice-link"),
    },
    "portal with expired cards": {
        *(*PORTAL, *CARD, "expired-card", "make-default", "renewal", "cancel"),
        *("change-plan", "invoice", "invoice-link"),
    },
    "portal of a new account": {*PORTAL, "change-plan", "no-cards", "no-invoices"},
    "portal, older invoices": {
        *(*PORTAL, *CARD, "make-default", "change-plan", "invoice", "invoice-link", "newer"),
    },
    "portal, newest invoices": {
        *(*PORTAL, *CARD, "make-default", "change-plan", "invoice", "invoice-link", "older"),
    },
    "invoice": {
        "number",
        "status",
        "billed-to",
        "date",
        "period",
        "paid-at",
        "description",
        "amount",
    },
    "message": {"message"},
}
"""The names by page and state; ``test-mode`` is on all of them."""


@pytest.mark.slow
def test_every_name_stays(make_server: ServerFactory) -> None:
    """Each state of each page has exactly these names."""
    mock = make_server(now=NOON)
    with mock.client(None) as visitor:
        pages = {state: visitor.get(address).text for state, address in addresses(mock.url).items()}
    seen = {state: set(re.findall(r'data-testid="([^"]*)"', page)) for state, page in pages.items()}
    assert seen == {state: names | {"test-mode"} for state, names in TESTIDS.items()}
