"""What tests of the stand-in share: an account with a setup intent, and the calls that the script makes."""

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
    """A card as the script sends it."""
    card = {"number": number, "exp_month": 12, "exp_year": 2030, "cvc": "123", **changes}
    return {"type": "card", "card": card}


@dataclass(frozen=True)
class Intent:
    """A setup intent of an account, as a page knows it: its id and its secret, and no key."""

    page: httpx.Client
    id: str
    secret: str

    def call(self, step: str = "", **body: Any) -> httpx.Response:
        """One of the calls about it: "", "/confirm" or "/authenticate"."""
        return self.page.post(
            f"{CALLS}/setup_intents/{self.id}{step}", json={"client_secret": self.secret, **body}
        )

    def confirm(self, number: str = VISA, **changes: Any) -> httpx.Response:
        return self.call("/confirm", payment_method_data=typed(number, **changes))


@pytest.fixture(scope="session")
def standing() -> Iterator[RunningServer]:
    """A server whose clock stands still, for all tests of the stand-in."""
    with running_server(now=NOON) as running:
        yield running


@pytest.fixture
def page(standing: RunningServer) -> Iterator[httpx.Client]:
    """A web page of another origin: it sends no key."""
    with standing.client(None) as client:
        client.headers["Origin"] = SHOP
        yield client


@pytest.fixture
def owner(standing: RunningServer, key: str) -> Iterator[httpx.Client]:
    """The back end, with a key of its own."""
    with standing.client(key) as client:
        yield client


@pytest.fixture
def intent(owner: httpx.Client, page: httpx.Client) -> Intent:
    """A setup intent that waits for a card."""
    made = owner.post(f"{API}/setup-intent").json()
    return Intent(page, made["id"], made["client_secret"])


def error_of(response: httpx.Response, status: int) -> dict[str, Any]:
    """The error in an answer that must be one."""
    assert response.status_code == status, response.text
    body = response.json()
    assert list(body) == ["error"]
    error: dict[str, Any] = body["error"]
    assert error["doc_url"].startswith("https://stripe.com/docs/error-codes/")
    return error
