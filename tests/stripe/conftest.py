"""Helpers for the tests of the stand-in: an account with a setup intent, and the script's calls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from tests.conftest import API, NOON, RunningServer, running_server

SHOP = "https://shop.example.com"
VISA = "4242424242424242"
CALLS = "/_mock/stripe/v1"

TYPED = [
    card
    for card in fixtures.load(packaged.fixtures()).catalogue.test_cards
    if card.number is not None
]
"""The test cards that have a number."""


def typed(number: str = VISA, **changes: Any) -> dict[str, Any]:
    """Return a card as the script sends it."""
    card = {"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123", **changes}
    return {"type": "card", "card": card}


@dataclass(frozen=True)
class Intent:
    """A setup intent as a page knows it: id and secret, without a key."""

    page: httpx.Client
    id: str
    secret: str

    def call(self, step: str = "", **body: Any) -> httpx.Response:
        """Send a call about the intent: "", "/confirm" or "/authenticate"."""
        return self.page.post(
            f"{CALLS}/setup_intents/{self.id}{step}", json={"client_secret": self.secret, **body}
        )

    def confirm(self, number: str = VISA, **changes: Any) -> httpx.Response:
        return self.call("/confirm", payment_method_data=typed(number, **changes))


@pytest.fixture(scope="session")
def frozen() -> Iterator[RunningServer]:
    """The server of these tests, with a frozen clock."""
    with running_server(now=NOON) as running:
        yield running


@pytest.fixture
def page(frozen: RunningServer) -> Iterator[httpx.Client]:
    """A web page of another origin, without a key."""
    with frozen.client(None) as client:
        client.headers["Origin"] = SHOP
        yield client


@pytest.fixture
def owner(frozen: RunningServer, key: str) -> Iterator[httpx.Client]:
    """The back end, with a key of its own."""
    with frozen.client(key) as client:
        yield client


@pytest.fixture
def intent(owner: httpx.Client, page: httpx.Client) -> Intent:
    """A setup intent without a card."""
    made = owner.post(f"{API}/setup-intent").json()
    return Intent(page, made["id"], made["client_secret"])


def error_of(response: httpx.Response, status: int) -> dict[str, Any]:
    """Return the error of a response that must be one."""
    assert response.status_code == status, response.text
    body = response.json()
    assert list(body) == ["error"]
    error: dict[str, Any] = body["error"]
    assert error["doc_url"].startswith("https://stripe.com/docs/error-codes/")
    return error
