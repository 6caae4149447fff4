"""The list of event types, and that each is emitted when its event happens."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mockserver
from mockserver import packaged
from mockserver.billing.context import Context
from mockserver.billing.events import TYPES, Event
from mockserver.control import document
from tests.billing.conftest import credit, fresh
from tests.conftest import API, NOON, RunningServer, running_server

from .conftest import Mock, body_of
from .receiver import Received, Receiver, receiving

PACKAGE = Path(mockserver.__file__).parent
ONLY_IN_THE_PAST = {"account.created"}
"""What happens to personas alone, before anybody listens."""


def emitted(path: Path) -> Iterator[str]:
    """Return the types that a module passes to ``audit`` or ``emit``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node.func) in ("audit", "_audit", "emit", "_emit"):
            for part in ast.walk(
                ast.Module([ast.Expr(argument) for argument in node.args[:2]], [])
            ):
                if isinstance(part, ast.Constant) and isinstance(part.value, str):
                    yield part.value


def _name(node: ast.expr) -> str:
    return (
        node.attr
        if isinstance(node, ast.Attribute)
        else node.id
        if isinstance(node, ast.Name)
        else ""
    )


# ------------------------------------------------------------------------------------------ a story


@pytest.fixture(scope="module")
def received() -> Iterator[list[Received]]:
    """All requests that a receiver gets in a story with every kind of event."""
    with running_server(now=NOON) as server, receiving() as receiver, server.client(None) as nobody:
        Mock(nobody, server).register(receiver.url)
        play(server)
        Mock(nobody, server).settle()
        yield receiver.received


def play(server: RunningServer) -> None:
    with server.client("sk_test_new") as client:
        somebody = Mock(client, server)
        play_cards_and_deposits(somebody)
        play_recharges(somebody)
        play_verification(somebody)
        play_a_plan(somebody)
    with server.client("sk_test_card_declined") as client:
        balance = body_of(client.get(f"{API}/balance"))["balance_microcents"]
        Mock(client, server).use(balance // 20_000)
    with server.client("sk_test_past_due") as client:
        unlucky = Mock(client, server)
        body_of(client.get(f"{API}/subscription"))
        unlucky.advance(8 * 86_400)


def play_cards_and_deposits(mock: Mock) -> None:
    for card in ("pm_card_visa", "pm_card_mastercard"):
        mock.post(f"{API}/payment-methods", payment_method_id=card)
    mock.post(f"{API}/payment-methods/pm_card_mastercard/default")
    body_of(mock.client.delete(f"{API}/payment-methods/pm_card_visa"))
    session_id = mock.post(f"{API}/deposit", amount_cents=5_000, promo_code="BONUS5")["session_id"]
    mock.post(f"/_mock/checkout-sessions/{session_id}/decline", reason="insufficient_funds")
    mock.post(f"/_mock/checkout-sessions/{session_id}/complete")
    session_id = mock.post(f"{API}/deposit", amount_cents=5_000)["session_id"]
    mock.post(f"/_mock/checkout-sessions/{session_id}/expire")
    mock.post(f"{API}/portal")
    play_a_setup(mock)


def play_a_setup(mock: Mock) -> None:
    """Set up a card with 3-D Secure, failed first and then passed."""
    secret = mock.post(f"{API}/setup-intent")["client_secret"]
    intent = f"/_mock/stripe/v1/setup_intents/{secret.partition('_secret_')[0]}"
    for outcome in ("fail", "pass"):
        mock.post(
            f"{intent}/confirm",
            client_secret=secret,
            payment_method="pm_card_threeDSecure2Required",
        )
        mock.post(f"{intent}/authenticate", client_secret=secret, outcome=outcome)


def play_recharges(mock: Mock) -> None:
    everything = {f"threshold_{percent}_enabled": True for percent in (50, 75, 90, 100)}
    body_of(mock.client.put(f"{API}/usage-alerts", json=everything))
    recharge = {
        "enabled": True,
        "threshold_microcents": 500_000_000,
        "recharge_amount_cents": 2_500,
    }
    body_of(mock.client.put(f"{API}/auto-recharge", json=recharge))
    mock.use(270_000)
    body_of(mock.client.delete(f"{API}/auto-recharge"))
    mock.post("/_mock/refunds", amount_cents=25)


def play_verification(mock: Mock) -> None:
    challenge = mock.post(f"{API}/verify/initiate", action="change_email", method="email")[
        "challenge_id"
    ]
    code = body_of(mock.client.get("/_mock/outbox"))["messages"][0]["code"]
    for attempt in ("000000" if code != "000000" else "000001", code):
        mock.post(f"{API}/verify/confirm", challenge_id=challenge, code=attempt)


def play_a_plan(mock: Mock) -> None:
    urls = {
        "success_url": "https://shop.example.com/done",
        "cancel_url": "https://shop.example.com/back",
    }
    plan = {"price_id": "price_starter_monthly", "mode": "subscription"}
    session_id = mock.post(f"{API}/checkout", **plan, **urls)["session_id"]
    mock.post(f"/_mock/checkout-sessions/{session_id}/complete")
    mock.post(f"{API}/change-plan", price_id="price_growth_monthly")
    mock.post(f"{API}/change-plan", price_id="price_starter_monthly")
    mock.advance(32 * 86_400)
    mock.post(f"{API}/payment-methods", payment_method_id="pm_card_chargeCustomerFail")
    mock.post(f"{API}/payment-methods/pm_card_chargeCustomerFail/default")
    mock.advance(31 * 86_400)


@pytest.mark.parametrize("type", TYPES)
def test_every_type_is_delivered(received: list[Received], type: str) -> None:
    """Every promised type occurs, with the same envelope."""
    found = [request.json for request in received if request.json["event"] == type]
    assert found
    for event in found:
        assert list(event) == ["id", "event", "created_at", "account_id", "data"]
        assert re.fullmatch(r"evt_[0-9a-f]{24}", event["id"])
        assert re.fullmatch(r"2026-0\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["created_at"])
        assert re.fullmatch(r"acct_[0-9a-f]{16}", event["account_id"])
        assert isinstance(event["data"], dict)


def test_no_other_type_is_delivered(received: list[Received]) -> None:
    """Every delivered type is promised."""
    assert {request.json["event"] for request in received} == set(TYPES)


def test_every_event_has_a_unique_id(received: list[Received]) -> None:
    """A receiver can recognise a duplicate."""
    ids = [request.json["id"] for request in received]
    assert len(ids) == len(set(ids)) > 50


def test_every_change_of_a_subscription_has_its_new_state(received: list[Received]) -> None:
    """``subscription.updated`` follows each change."""
    events = [
        request.json for request in received if request.json["event"].startswith("subscription.")
    ]
    for change, update in zip(events[::2], events[1::2], strict=True):
        assert change["event"] != "subscription.updated"
        assert update["event"] == "subscription.updated"
        assert update["created_at"] == change["created_at"]
    states = {
        change["event"]: update["data"]
        for change, update in zip(events[::2], events[1::2], strict=True)
    }
    assert (states["subscription.started"]["plan"], states["subscription.started"]["status"]) == (
        "starter",
        "active",
    )
    assert states["subscription.upgraded"]["plan"] == "growth"
    assert states["subscription.scheduled"]["pending_plan"] == "starter"
    assert states["subscription.past_due"]["status"] == "past_due"
    assert (states["subscription.ended"]["plan"], states["subscription.ended"]["status"]) == (
        "free",
        "none",
    )


def test_no_secret_is_delivered(received: list[Received]) -> None:
    """No key, verification code or client secret is in any body."""
    everything = b"\n".join(request.body for request in received).decode()
    assert "sk_test_" not in everything
    assert "_secret" not in everything
    assert "whsec_" not in everything
    codes = re.findall(r'"(\d{6})"', everything)
    assert codes == []


def test_the_past_of_a_persona_is_not_delivered(
    register_receiver: tuple[Mock, Receiver],
) -> None:
    """The first event is of the present."""
    mock, receiver = register_receiver
    with mock.server.client("sk_test_power_user") as client:
        user = Mock(client, mock.server)
        body_of(client.get(f"{API}/balance"))
        user.settle()
        assert receiver.received == []
        user.happen()
        user.settle()
        assert receiver.types == ["deposit.created"]


@pytest.fixture
def register_receiver(mock: Mock, receiver: Receiver) -> tuple[Mock, Receiver]:
    """Register a receiver for all accounts."""
    body_of(
        mock.client.post(
            "/_mock/webhook-endpoints", json={"url": receiver.url}, headers={"X-API-Key": ""}
        )
    )
    return mock, receiver


# ----------------------------------------------------------------------------------------- the list


@pytest.mark.slow
def test_the_list_is_what_the_code_can_emit() -> None:
    """A new action of the audit log must be added to the list and to the control API."""
    found = {type for path in PACKAGE.rglob("*.py") for type in emitted(path)}
    assert found - ONLY_IN_THE_PAST == set(TYPES)
    assert list(TYPES) == sorted(TYPES)


def test_the_document_has_the_same_list() -> None:
    """What an endpoint can ask for."""
    control = document.load(packaged.billing_control_spec(), {})
    assert control.schemas["EventType"]["enum"] == list(TYPES)


# --------------------------------------------------------------------------------------- the domain


def events_of(context: Context) -> list[Event]:
    return context.account.events


def test_a_ledger_entry_is_an_event() -> None:
    """It has the facts of the entry, at its moment."""
    context = fresh()
    credit(context, 5)
    (event,) = events_of(context)
    (entry,) = context.account.ledger.entries
    assert event == Event("credit_transaction.created", context.now, entry.facts(), entry.id)
    assert event.data["balance_after_microcents"] == 100_000


def test_an_entry_of_the_audit_log_is_an_event() -> None:
    """Its action is the type, and its details are the data."""
    context = fresh()
    context.audit("portal.opened", a=1)
    (entry,) = context.account.audit_log
    assert events_of(context) == [Event("portal.opened", context.now, {"a": 1}, entry.id)]


def test_an_events_id_depends_on_its_source() -> None:
    """It is the same in every run, and differs by type and source."""
    ids = {
        Event(type, NOON, {}, source).id
        for type in ("invoice.created", "invoice.paid")
        for source in ("1", "2")
    }
    assert len(ids) == 4
    assert (
        Event("invoice.paid", NOON, {}, "1").id
        == Event("invoice.paid", NOON, {"x": 1}, "1", "http://x").id
    )


def test_events_are_no_part_of_the_state() -> None:
    """An exported account has no pending events."""
    import msgspec

    context = fresh()
    credit(context, 5)
    plain: dict[str, Any] = msgspec.to_builtins(context.account, enc_hook=list)
    assert "events" not in plain
    assert msgspec.convert(plain, type(context.account)).events == []
