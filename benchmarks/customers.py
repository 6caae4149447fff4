"""Customers who send a realistic mix of requests.

Three of four requests read. The others open deposits, of which most are paid, use credits, change
settings, add and remove cards, verify, and open pages; a few are invalid on purpose. Every
operation of the contract is among them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from benchmarks.client import Client, Response

API = "/api/v1/billing"
CONTROL = "/_mock"
ORGANIZATION = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
"""The organization of ``sk_test_org_owner``."""

_OK = frozenset({200})
_MAX_CARDS = 6
_READS_IN_A_ROW = 6
"""The mean number of reads before a write: with this, three of four requests read."""


@dataclass
class Tally:
    """The requests and responses of all customers."""

    sent: Counter[str] = field(default_factory=Counter)
    """Requests by operation."""
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """Unexpected responses, up to a hundred."""
    reads: int = 0

    @property
    def total(self) -> int:
        return sum(self.statuses.values())


@dataclass
class Customer:
    """One key, and the state that its owner knows."""

    key: str
    tally: Tally
    chance: Random
    reads_only: bool = False
    steps_left: int | None = None
    """The number of remaining actions; None means no limit."""
    cards: list[str] = field(default_factory=list)
    """Ids of the cards that were added here; the original card stays."""
    has_promo_code: bool = True
    client: Client | None = None

    async def ask(
        self,
        operation: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        expect: frozenset[int] = _OK,
        key: str | None = "",
        headers: tuple[str, ...] = (),
    ) -> Response:
        """Send a request, by default with the customer's own key, and count its response."""
        assert self.client is not None
        payload = b"" if body is None else body if isinstance(body, bytes) else orjson.dumps(body)
        # Pages need no key, but a balancer sends them to the process of the key by it.
        response = await self.client.ask(
            method, path, self.key if key == "" else key, payload, headers
        )
        tally = self.tally
        tally.sent[operation] += 1
        tally.statuses[response.status] += 1
        tally.reads += method == "GET"
        if response.status not in expect and len(tally.wrong) < 100:
            tally.wrong.append(
                f"{method} {path}: {response.status} {response.body[:200].decode(errors='replace')}"
            )
        return response

    async def act(self) -> None:
        """Read, or write."""
        if self.reads_only or self.chance.randrange(_READS_IN_A_ROW + 2) > 1:
            await read_something(self)
        else:
            await self.chance.choices(_WRITES.what, _WRITES.weights)[0](self)
        if self.steps_left is not None:
            self.steps_left -= 1


Step = Callable[[Customer], Awaitable[object]]


async def read_something(customer: Customer) -> None:
    """Send one read."""
    await customer.chance.choices(_READS.what, _READS.weights)[0](customer)


async def deposit_and_pay(customer: Customer) -> None:
    """Open and pay a deposit, the write with the most effects."""
    opened = (
        await customer.ask("create_deposit", "POST", f"{API}/deposit", {"amount_cents": 1_000})
    ).json()
    session = f"{CONTROL}/checkout-sessions/{opened['session_id']}"
    await customer.ask("complete_checkout_session", "POST", f"{session}/complete")


class _Steps:
    def __init__(self, *steps: tuple[int, Step]) -> None:
        self.what = [step for _, step in steps]
        self.weights = [weight for weight, _ in steps]


def _read(operation: str, path: str) -> Step:
    return lambda customer: customer.ask(operation, "GET", API + path)


async def _read_transactions(customer: Customer) -> None:
    chance = customer.chance
    limit, offset = chance.choice((10, 20, 20, 50, 100)), chance.choice((0, 0, 0, 20, 100, 500))
    kind = chance.choice(("", "", "", "&reference_type=deposit", "&reference_type=scrape"))
    await customer.ask(
        "list_credit_transactions",
        "GET",
        f"{API}/credit-transactions?limit={limit}&offset={offset}{kind}",
    )


async def _read_list(customer: Customer, operation: str, path: str) -> None:
    chance = customer.chance
    limit, offset = chance.choice((10, 20, 50)), chance.choice((0, 0, 0, 10, 50))
    await customer.ask(operation, "GET", f"{API}/{path}?limit={limit}&offset={offset}")


async def _read_invoices(customer: Customer) -> None:
    response = await customer.ask("list_invoices", "GET", f"{API}/invoices?limit=10")
    found = response.json()["invoices"]
    if found and customer.chance.random() < 0.1:
        page = f"/invoices/{customer.chance.choice(found)['id']}"
        await customer.ask("page of an invoice", "GET", page)


async def _read_chart(customer: Customer) -> None:
    days = customer.chance.choice((7, 30, 30, 90))
    await customer.ask("get_usage_chart", "GET", f"{API}/usage-chart?days={days}")


async def _read_breakdown(customer: Customer) -> None:
    headers = (f"X-Organization-Id: {ORGANIZATION}",) if customer.key == "sk_test_org_owner" else ()
    await customer.ask("get_usage_breakdown", "GET", f"{API}/usage-breakdown", headers=headers)


_READS = _Steps(
    (20, _read("get_balance", "/balance")),
    (10, _read_transactions),
    (6, lambda customer: _read_list(customer, "list_recent_activity", "recent-activity")),
    (6, lambda customer: _read_list(customer, "list_audit_log", "audit-log")),
    (5, _read("get_auto_recharge", "/auto-recharge")),
    (3, _read("list_auto_recharge_history", "/auto-recharge/history")),
    (8, _read("list_payment_methods", "/payment-methods")),
    (6, _read("get_subscription", "/subscription")),
    (6, _read_breakdown),
    (4, _read_chart),
    (6, _read("get_usage_realtime", "/usage-realtime")),
    (4, _read("get_cost_projection", "/cost-projection")),
    (3, _read("get_usage_alerts", "/usage-alerts")),
    (5, _read_invoices),
)


async def _deposit(customer: Customer) -> None:
    """Open a deposit; most are paid over the control API."""
    chance = customer.chance
    body: dict[str, Any] = {"amount_cents": chance.randrange(10, 60) * 100}
    if chance.random() < 0.4:
        body |= {
            "success_url": "http://localhost:5173/billing?paid={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://localhost:5173/billing",
        }
    if customer.has_promo_code and chance.random() < 0.1:
        body |= {"amount_cents": 3_000, "promo_code": "BONUS5"}
    if chance.random() < 0.1:
        body |= {"auto_recharge_enabled": True, "auto_recharge_amount_cents": 2_500}
    opened = (await customer.ask("create_deposit", "POST", f"{API}/deposit", body)).json()
    session = f"{CONTROL}/checkout-sessions/{opened['session_id']}"
    if chance.random() < 0.1:
        await customer.ask("page of a checkout", "GET", f"/checkout/{opened['session_id']}")
    what_then = chance.random()
    if what_then < 0.6:
        await customer.ask("complete_checkout_session", "POST", f"{session}/complete")
        customer.has_promo_code &= "promo_code" not in body
    elif what_then < 0.65:
        await customer.ask(
            "decline_checkout_session", "POST", f"{session}/decline", {"reason": "card_declined"}
        )
    elif what_then < 0.7:
        await customer.ask("expire_checkout_session", "POST", f"{session}/expire")


async def _check_out(customer: Customer) -> None:
    body = {
        "price_id": "price_credits_25",
        "mode": "payment",
        "success_url": "http://localhost:5173/ok",
        "cancel_url": "http://localhost:5173/no",
    }
    opened = (await customer.ask("create_checkout_session", "POST", f"{API}/checkout", body)).json()
    if customer.chance.random() < 0.5:
        session = f"{CONTROL}/checkout-sessions/{opened['session_id']}"
        await customer.ask("complete_checkout_session", "POST", f"{session}/complete")


async def _use(customer: Customer) -> None:
    """Use credits; a customer with too few pays first."""
    chance = customer.chance
    body = {
        "type": chance.choice(("light", "light", "js", "pdf", "ocr", "crawl")),
        "requests": chance.randrange(1, 60),
    }
    response = await customer.ask(
        "record_usage", "POST", f"{CONTROL}/usage", body, expect=frozenset({200, 402})
    )
    if response.status == 402:
        await _deposit(customer)


async def _set_auto_recharge(customer: Customer) -> None:
    body = {
        "enabled": customer.chance.random() < 0.7,
        "threshold_microcents": 500_000_000,
        "recharge_amount_cents": 2_500,
        "consent_text": "I agree to be charged automatically.",
        "consent_source": "settings",
        "terms_version": "2026-01",
    }
    await customer.ask("update_auto_recharge", "PUT", f"{API}/auto-recharge", body)


async def _set_alerts(customer: Customer) -> None:
    chance = customer.chance
    names = [f"threshold_{percent}_enabled" for percent in (50, 75, 90, 100)]
    body = {
        "enabled": True,
        "email_enabled": True,
        **{name: chance.random() < 0.7 for name in names},
    }
    await customer.ask("update_usage_alerts", "PUT", f"{API}/usage-alerts", body)


async def _add_card(customer: Customer) -> None:
    if len(customer.cards) >= _MAX_CARDS:
        await _remove_card(customer)
        return
    body = {"payment_method_id": f"pm_{customer.chance.getrandbits(96):024x}"}
    card = (await customer.ask("add_payment_method", "POST", f"{API}/payment-methods", body)).json()
    customer.cards.append(card["id"])


async def _remove_card(customer: Customer) -> None:
    if not customer.cards:
        await _add_card(customer)
        return
    card = customer.chance.choice(customer.cards)
    path = f"{API}/payment-methods/{card}"
    # 409: auto-recharge uses this card, since a deposit with auto-recharge was paid with it.
    response = await customer.ask(
        "remove_payment_method", "DELETE", path, expect=frozenset({200, 409})
    )
    if response.status == 200:
        customer.cards.remove(card)


async def _set_default_card(customer: Customer) -> None:
    card = customer.chance.choice(["pm_card_visa", *customer.cards])
    await customer.ask(
        "set_default_payment_method", "POST", f"{API}/payment-methods/{card}/default"
    )


async def _open_portal(customer: Customer) -> None:
    opened = (await customer.ask("create_portal_session", "POST", f"{API}/portal")).json()
    if customer.chance.random() < 0.3:
        page = "/" + opened["url"].split("/", 3)[3]
        await customer.ask("page of the portal", "GET", page)


async def _change_plan(customer: Customer) -> None:
    price = customer.chance.choice(("price_starter_monthly", "price_growth_monthly"))
    await customer.ask("change_plan", "POST", f"{API}/change-plan", {"price_id": price})


async def _verify(customer: Customer) -> None:
    """Request a code, read it from the outbox, and confirm it, sometimes wrongly."""
    body = {"action": "change_email", "method": customer.chance.choice(("email", "sms"))}
    opened = (
        await customer.ask("initiate_verification", "POST", f"{API}/verify/initiate", body)
    ).json()
    mail = (await customer.ask("list_messages", "GET", f"{CONTROL}/outbox?limit=5")).json()
    code = next(message["code"] for message in mail["messages"] if message["code"] is not None)
    typed = code if customer.chance.random() < 0.8 else "000000"
    body = {"challenge_id": opened["challenge_id"], "code": typed}
    await customer.ask("confirm_verification", "POST", f"{API}/verify/confirm", body)


def _post(operation: str, path: str, body: Any = None, method: str = "POST") -> Step:
    return lambda customer: customer.ask(operation, method, API + path, body)


async def _go_wrong(customer: Customer) -> None:
    """Send one of the mistakes that clients make."""
    operation, method, path, body, status, more = customer.chance.choice(_MISTAKES)
    await customer.ask(operation, method, path, body, expect=frozenset({status}), **more)


_MISTAKES: list[tuple[str, str, str, Any, int, dict[str, Any]]] = [
    ("create_deposit", "POST", f"{API}/deposit", {"amount_cents": 1}, 422, {}),
    ("create_deposit", "POST", f"{API}/deposit", b"{", 422, {}),
    (
        "create_deposit",
        "POST",
        f"{API}/deposit",
        b"x=1",
        415,
        {"headers": ("Content-Type: text/plain",)},
    ),
    ("get_balance", "GET", f"{API}/balance", None, 401, {"key": None}),
    ("get_balance", "GET", f"{API}/balance", None, 401, {"key": "sk_live_" + "0" * 32}),
    ("no operation", "GET", f"{API}/balances", None, 404, {}),
    ("no operation", "PATCH", f"{API}/balance", None, 405, {}),
    ("list_audit_log", "GET", f"{API}/audit-log?limit=1000", None, 422, {}),
    (
        "remove_payment_method",
        "DELETE",
        f"{API}/payment-methods/pm_of_somebody_else",
        None,
        404,
        {},
    ),
    ("change_plan", "POST", f"{API}/change-plan", {"price_id": "price_of_nothing"}, 400, {}),
    ("page of a checkout", "GET", "/checkout/cs_test_nobody", None, 404, {}),
]

_WRITES = _Steps(
    (24, _deposit),
    (5, _check_out),
    (28, _use),
    (6, _set_auto_recharge),
    (2, _post("disable_auto_recharge", "/auto-recharge", method="DELETE")),
    (3, _post("check_auto_recharge", "/auto-recharge/test")),
    (5, _set_alerts),
    (7, _add_card),
    (5, _remove_card),
    (4, _set_default_card),
    (5, _post("create_setup_intent", "/setup-intent")),
    (3, _open_portal),
    (3, _post("validate_promo_code", "/promo/validate", {"code": "WELCOME10"})),
    (2, _change_plan),
    (5, _verify),
    (8, _go_wrong),
)
