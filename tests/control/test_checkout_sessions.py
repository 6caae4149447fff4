"""Checkout sessions are completed, declined and expired over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.conftest import API

NEW = {"X-API-Key": "sk_test_new"}


@pytest.fixture
def new(mock: httpx.Client) -> httpx.Client:
    """A client of a new account: $1 and no card."""
    mock.headers.update(NEW)
    return mock


def deposit(client: httpx.Client, cents: int = 5_000, **more: Any) -> str:
    return str(
        client.post(f"{API}/deposit", json={"amount_cents": cents, **more}).json()["session_id"]
    )


def act(client: httpx.Client, session: str, what: str, body: Any = None) -> httpx.Response:
    path = f"/_mock/checkout-sessions/{session}/{what}"
    return client.post(path) if body is None else client.post(path, json=body)


def balance(client: httpx.Client) -> str:
    return str(client.get(f"{API}/balance").json()["balance_display"])


def test_completing_a_deposit_credits_it(new: httpx.Client) -> None:
    """One request pays, and writes ledger, invoice and bonus."""
    session = deposit(new, promo_code="WELCOME10")
    assert balance(new) == "$1.00"
    paid = act(new, session, "complete").json()
    assert (paid["status"], paid["bonus_cents"], paid["balance_display"]) == (
        "complete",
        500,
        "$56.00",
    )
    assert paid["completed_at"] == "2026-03-18T12:00:00.000Z"
    assert balance(new) == "$56.00"
    assert new.get(f"{API}/invoices").json()["total"] == 1
    assert new.get("/_mock/invariants").json()["ok"] is True


def test_completing_twice_pays_once(new: httpx.Client) -> None:
    """The second response equals the first."""
    session = deposit(new)
    first = act(new, session, "complete")
    before = new.get("/_mock/state").json()
    assert (
        act(new, session, "complete", {"payment_method_id": "pm_card_chargeCustomerFail"}).json()
        == first.json()
    )
    assert new.get("/_mock/state").json() == before


@pytest.mark.parametrize("body", [None, {}, {"payment_method_id": "pm_card_amex"}])
def test_the_body_is_optional(new: httpx.Client, body: Any) -> None:
    """Without a card, a working one pays."""
    assert act(new, deposit(new), "complete", body).json()["status"] == "complete"


@pytest.mark.parametrize("card", ["pm_card_chargeCustomerFail", "pm_card_chargeDeclined"])
def test_a_card_that_declines_leaves_the_session_open(new: httpx.Client, card: str) -> None:
    """The status is 402, the ledger is unchanged, and another card can pay."""
    session = deposit(new)
    response = act(new, session, "complete", {"payment_method_id": card})
    assert response.status_code == 402
    assert "declined" in response.json()["detail"]
    assert balance(new) == "$1.00"
    assert (
        act(new, session, "complete", {"payment_method_id": "pm_card_visa"}).json()["status"]
        == "complete"
    )


def test_the_default_card_pays_when_none_is_named(mock: httpx.Client) -> None:
    """An account whose only card fails cannot pay with another by accident."""
    mock.headers["X-API-Key"] = "sk_test_card_declined"
    assert act(mock, deposit(mock), "complete").status_code == 402


def test_completing_a_plan_starts_it(new: httpx.Client) -> None:
    """The checkout of a price works like a deposit."""
    body = {
        "price_id": "price_starter_monthly",
        "mode": "subscription",
        "success_url": "https://app.example.com/ok",
        "cancel_url": "https://app.example.com/no",
    }
    opened = new.post(f"{API}/checkout", json=body).json()
    paid = act(new, opened["session_id"], "complete").json()
    assert (paid["status"], paid["price_id"]) == ("complete", "price_starter_monthly")
    assert new.get(f"{API}/subscription").json()["plan"] == "starter"


def test_declining_keeps_the_session_open_with_the_reason(new: httpx.Client) -> None:
    """A later payment clears the reason."""
    session = deposit(new)
    declined = act(new, session, "decline", {"reason": "insufficient_funds"}).json()
    assert (declined["status"], declined["last_decline_code"]) == ("open", "insufficient_funds")
    assert balance(new) == "$1.00"
    assert act(new, session, "complete").json()["last_decline_code"] is None


def test_an_expired_session_stays_expired(new: httpx.Client) -> None:
    """It can be expired again, but neither paid nor declined."""
    session = deposit(new)
    first = act(new, session, "expire")
    assert first.json()["status"] == "expired"
    assert act(new, session, "expire").json() == first.json()
    assert act(new, session, "complete").status_code == 409
    assert act(new, session, "decline", {"reason": "card_declined"}).status_code == 409


def test_a_paid_session_neither_expires_nor_declines(new: httpx.Client) -> None:
    """A payment is final."""
    session = deposit(new)
    act(new, session, "complete")
    assert act(new, session, "expire").status_code == 409
    assert act(new, session, "decline", {"reason": "card_declined"}).status_code == 409


def test_a_session_expires_by_itself_after_a_day(new: httpx.Client) -> None:
    """It is open until exactly 24 hours have passed."""
    session, other = deposit(new), deposit(new)
    new.post("/_mock/clock/advance", json={"seconds": 86_399})
    assert act(new, session, "complete").status_code == 200
    new.post("/_mock/clock/advance", json={"seconds": 1})
    assert "expired" in act(new, other, "complete").json()["detail"]


@pytest.mark.parametrize("what", ["complete", "decline", "expire"])
def test_another_accounts_session_is_404(new: httpx.Client, what: str) -> None:
    """The session of the other account is unchanged."""
    session = deposit(new)
    body = {"reason": "card_declined"} if what == "decline" else None
    path = f"/_mock/checkout-sessions/{session}/{what}"
    response = new.post(path, json=body, headers={"X-API-Key": "sk_test_other"})
    assert response.status_code == 404
    assert act(new, "cs_test_never", what, body).status_code == 404
    assert act(new, session, "complete").status_code == 200


@pytest.mark.parametrize(
    ("what", "body", "loc"),
    [
        ("complete", {"payment_method_id": "card_visa"}, ["body", "payment_method_id"]),
        ("complete", {"payment_method_id": None}, ["body", "payment_method_id"]),
        ("complete", {"payment_method_id": "pm_" + "a" * 300}, ["body", "payment_method_id"]),
        ("complete", {"card": "pm_card_visa"}, ["body"]),
        ("complete", [], ["body"]),
        ("decline", {}, ["body", "reason"]),
        ("decline", {"reason": ""}, ["body", "reason"]),
        ("decline", {"reason": "No money!"}, ["body", "reason"]),
        ("decline", {"reason": "a" * 65}, ["body", "reason"]),
        ("decline", {"reason": None}, ["body", "reason"]),
    ],
)
def test_an_invalid_body_is_422(new: httpx.Client, what: str, body: Any, loc: list[str]) -> None:
    """The error names the place; the session stays open and can be paid."""
    session = deposit(new)
    response = new.post(f"/_mock/checkout-sessions/{session}/{what}", json=body)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == loc
    assert act(new, session, "complete").json()["status"] == "complete"


def test_an_overlong_session_id_is_refused(new: httpx.Client) -> None:
    """Ids have a maximum length."""
    response = act(new, "c" * 256, "expire")
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["path", "session_id"]


@pytest.mark.parametrize(
    "card", ["pm_card_authenticationRequired", "pm_card_authenticationRequiredOnSetup"]
)
def test_the_payer_passes_authentication(new: httpx.Client, card: str) -> None:
    """Completing includes 3-D Secure, so there is no second step."""
    response = act(new, deposit(new), "complete", {"payment_method_id": card})
    assert (response.status_code, response.json()["status"]) == (200, "complete")
