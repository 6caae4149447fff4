"""Operations: cards, usage, alerts and verification."""

from __future__ import annotations

import time
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from tests.staging import alerts, bodies, cards, challenges, plans, recharge, records, usage
from tests.staging.bodies import Wish, body
from tests.staging.caller import Call, Caller
from tests.staging.errors import Refusal
from tests.staging.site import Books

router = APIRouter()
_RACE = 0.03
"""Seconds between reading and writing where a fault does not lock."""


@router.get("/payment-methods", name="list_payment_methods")
def list_payment_methods(call: Caller) -> Response:
    with call.reading() as books:
        return call.reply(cards.listing(books))


@router.post("/payment-methods", name="add_payment_method")
def add_payment_method(call: Caller, wish: Annotated[Wish, Depends(body(bodies.Card))]) -> Response:
    with call.writing() as books:
        card = cards.add(books, wish["payment_method_id"])
        plans.retry(books)
        return call.reply(cards.view(books, card))


def _removed_before(books: Books, name: str) -> bool:
    sql = "SELECT 1 FROM cards WHERE account = :account AND (id = :name OR stripe_id = :name)"
    return books.site.on("delete_idempotent") and books.row(sql, name=name) is not None


@router.delete("/payment-methods/{payment_method_id}", name="remove_payment_method")
def remove_payment_method(call: Caller, payment_method_id: str) -> Response:
    site = call.site
    if site.on("removed_twice"):
        with call.reading() as books:
            slow = cards.find(books, payment_method_id)
        time.sleep(_RACE)
    with call.writing() as books:
        card = cards.find(books, payment_method_id)
        if card is None and site.on("card_of_others_removed"):
            card = books.row(
                "SELECT * FROM cards WHERE id = :id AND removed_at IS NULL", id=payment_method_id
            )
        if card is None and site.on("removed_twice"):
            card = slow
        if card is None and _removed_before(books, payment_method_id):
            return call.reply({"status": "ok", "message": "This card is removed."})
        if card is None:
            raise Refusal(404, f"No such payment method: {payment_method_id!r}.")
        settings = recharge.settings(books)
        used = settings["enabled"] and settings["stripe_id"] == card["stripe_id"]
        if used and not site.on("card_in_use_removed"):
            message = f"Auto-recharge pays with {card['stripe_id']!r}. Choose another card in its "
            raise Refusal(409, message + "settings, or disable it; then remove this card.")
        cards.detach(books, card)
    return call.reply({"status": "ok", "message": f"Removed {cards.name_of(card)}."})


@router.post("/payment-methods/{payment_method_id}/default", name="set_default_payment_method")
def set_default_payment_method(call: Caller, payment_method_id: str) -> Response:
    if call.site.on("two_defaults"):
        return _set_default_unlocked(call, payment_method_id)
    with call.writing() as books:
        card = cards.find(books, payment_method_id)
        if card is None and call.site.on("default_of_others"):
            card = books.row(
                "SELECT * FROM cards WHERE id = :id AND removed_at IS NULL", id=payment_method_id
            )
        if card is None:
            raise Refusal(404, f"No such payment method: {payment_method_id!r}.")
        if not card["is_default"]:
            cards.make_default(books, card)
            records.audit(books, "payment_method.default_set", payment_method_id=card["id"])
            plans.retry(books)
    message = f"The {cards.name_of(card)} is the default now."
    return call.reply({"status": "ok", "message": message})


def _set_default_unlocked(call: Call, name: str) -> Response:
    """Change the default in two steps, between which another request may run."""
    with call.writing() as books:
        card, old = cards.find(books, name), cards.default(books)
        if card is None:
            raise Refusal(404, f"No such payment method: {name!r}.")
    time.sleep(_RACE)
    with call.writing() as books:
        if old is not None:
            books.run("UPDATE cards SET is_default = 0 WHERE id = :id", id=old["id"])
        books.run("UPDATE cards SET is_default = 1 WHERE id = :id", id=card["id"])
        records.audit(books, "payment_method.default_set", payment_method_id=card["id"])
    message = f"The {cards.name_of(card)} is the default now."
    return call.reply({"status": "ok", "message": message})


@router.post("/setup-intent", name="create_setup_intent")
def create_setup_intent(call: Caller) -> Response:
    with call.writing() as books:
        return call.reply(cards.setup_intent(books))


@router.post("/portal", name="create_portal_session")
def create_portal_session(call: Caller) -> Response:
    with call.writing() as books:
        return call.reply(cards.portal(books))


@router.get("/usage-breakdown", name="get_usage_breakdown")
def get_usage_breakdown(call: Caller) -> Response:
    call.use_organization()
    with call.reading() as books:
        return call.reply(usage.breakdown(books))


@router.get("/usage-chart", name="get_usage_chart")
def get_usage_chart(call: Caller) -> Response:
    days = call.integer("days", 30, 1, 365)
    call.use_organization()
    with call.reading() as books:
        return call.reply(usage.chart(books, days))


@router.get("/usage-realtime", name="get_usage_realtime")
def get_usage_realtime(call: Caller) -> Response:
    call.use_organization()
    with call.reading() as books:
        return call.reply(usage.realtime(books))


@router.get("/cost-projection", name="get_cost_projection")
def get_cost_projection(call: Caller) -> Response:
    call.use_organization()
    with call.reading() as books:
        return call.reply(usage.projection(books))


@router.get("/usage-alerts", name="get_usage_alerts")
def get_usage_alerts(call: Caller) -> Response:
    with call.reading() as books:
        return call.reply(alerts.view(books))


async def _alerts_wish(request: Request) -> Wish | None:
    try:
        return await body(bodies.Alerts)(request)
    except Refusal:
        call = Call(request)
        if call.site.on("refused_put_toggles"):
            with call.writing() as books:
                alerts.toggle_email(books)
        raise


@router.put("/usage-alerts", name="update_usage_alerts")
def update_usage_alerts(call: Caller, wish: Annotated[Wish, Depends(_alerts_wish)]) -> Response:
    with call.writing() as books:
        alerts.replace(books, wish.values)
        return call.reply(alerts.view(books))


@router.post("/verify/initiate", name="initiate_verification")
def initiate_verification(
    call: Caller, wish: Annotated[Wish, Depends(body(bodies.Initiation))]
) -> Response:
    with call.writing() as books:
        return call.reply(challenges.initiate(books, wish["action"], wish["method"]))


@router.post("/verify/confirm", name="confirm_verification")
def confirm_verification(
    call: Caller, wish: Annotated[Wish, Depends(body(bodies.Confirmation))]
) -> Response:
    if call.site.on("confirmed_twice"):
        with call.reading() as books:
            found = challenges.find(books, wish["challenge_id"])
        time.sleep(_RACE)
        with call.writing() as books:
            return call.reply(challenges.judge(books, found, wish["code"]))
    with call.writing() as books:
        found = challenges.find(books, wish["challenge_id"])
        return call.reply(challenges.judge(books, found, wish["code"]))
