"""Operations: balance, ledger, invoices, deposits, promo codes, auto-recharge and plans."""

from __future__ import annotations

import itertools
import time
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from tests.staging import bodies, deposits, ledger, plans, recharge, records
from tests.staging.bodies import Wish, body
from tests.staging.caller import Call, Caller
from tests.staging.errors import Refusal
from tests.staging.records import Span

router = APIRouter()
_turns = itertools.count()
_RACE = 0.03
"""Seconds between two steps that a fault does not lock."""


@router.get("/balance", name="get_balance")
def get_balance(call: Caller) -> Response:
    with call.reading() as books:
        return call.reply(ledger.summary(books, recharge.summary(books)))


@router.get("/credit-transactions", name="list_credit_transactions")
def list_credit_transactions(call: Caller) -> Response:
    limit, offset = call.limit(20), call.integer("offset", 0, 0, 1_000_000_000)
    call.use_organization()
    with call.reading() as books:
        page = ledger.transactions(books, Span(limit, offset), call.text("reference_type"))
    return call.reply(page)


@router.get("/recent-activity", name="list_recent_activity")
def list_recent_activity(call: Caller) -> Response:
    span = call.span(10)
    with call.reading() as books:
        return call.reply(records.activity_page(books, span))


@router.get("/audit-log", name="list_audit_log")
def list_audit_log(call: Caller) -> Response:
    span = call.span(20)
    with call.reading() as books:
        return call.reply(records.audit_page(books, span))


@router.get("/invoices", name="list_invoices")
def list_invoices(call: Caller) -> Response:
    limit = call.limit(10)
    call.use_organization()
    with call.reading() as books:
        page = ledger.invoices(books, Span(limit))
        if call.site.on("invoices_cached_by_path"):
            place = ("invoices", limit)
            until, kept = call.site.cache.get(place, (0, page))
            if books.now < until:
                page = kept
            else:
                call.site.cache[place] = (books.now + 60_000, page)
    return call.reply(page)


@router.post("/deposit", name="create_deposit")
def create_deposit(call: Caller, wish: Annotated[Wish, Depends(body(bodies.Deposit))]) -> Response:
    with call.writing() as books:
        return call.reply(deposits.open_deposit(books, wish.values))


@router.post("/checkout", name="create_checkout_session")
def create_checkout_session(
    call: Caller, wish: Annotated[Wish, Depends(body(bodies.Checkout))]
) -> Response:
    with call.writing() as books:
        return call.reply(deposits.open_checkout(books, wish.values))


@router.post("/promo/validate", name="validate_promo_code")
def validate_promo_code(
    call: Caller, wish: Annotated[Wish, Depends(body(bodies.Promo))]
) -> Response:
    if call.site.on("crash_on_odd_input"):
        wish["code"].encode("ascii")
    with call.reading() as books:
        return call.reply(deposits.validation(books, wish["code"]))


@router.get("/auto-recharge", name="get_auto_recharge")
def get_auto_recharge(call: Caller) -> Response:
    with call.reading() as books:
        return call.reply(recharge.view(books))


@router.put("/auto-recharge", name="update_auto_recharge")
def update_auto_recharge(
    call: Caller, wish: Annotated[Wish, Depends(body(bodies.AutoRecharge))]
) -> Response:
    if call.site.on("puts_mixed"):
        return _update_in_two_steps(call, wish)
    try:
        with call.writing() as books:
            recharge.replace(books, wish.values, wish.sent)
            shown = recharge.view(books)
    except Refusal:
        if call.site.on("refused_put_stores"):
            with call.writing() as books:
                books.run(
                    "UPDATE recharge SET threshold = :threshold WHERE account = :account",
                    threshold=wish["threshold_microcents"] + 1_000_000,
                )
        raise
    return call.reply(shown)


def _update_in_two_steps(call: Call, wish: Wish) -> Response:
    """Write the amount and the threshold at different times; which is first changes each time."""
    with call.writing() as books:
        recharge.replace(books, wish.values, wish.sent)
        shown = recharge.view(books)
    steps = ("amount", "recharge_amount_cents"), ("threshold", "threshold_microcents")
    for column, name in steps if next(_turns) % 2 else steps[::-1]:
        time.sleep(_RACE)
        with call.writing() as books:
            books.run(
                f"UPDATE recharge SET {column} = :value WHERE account = :account", value=wish[name]
            )
    return call.reply(shown)


@router.delete("/auto-recharge", name="disable_auto_recharge")
def disable_auto_recharge(call: Caller) -> Response:
    with call.writing() as books:
        recharge.disable(books)
    return call.reply({"status": "ok", "message": "Auto-recharge is disabled."})


@router.get("/auto-recharge/history", name="list_auto_recharge_history")
def list_auto_recharge_history(call: Caller) -> Response:
    page = call.integer("page", 1, 1, 1_000_000_000)
    per_page = call.limit(20, "per_page")
    call.check()
    with call.reading() as books:
        return call.reply(recharge.history(books, page, per_page))


@router.post("/auto-recharge/test", name="check_auto_recharge")
def check_auto_recharge(call: Caller) -> Response:
    with call.reading() as books:
        return call.reply(recharge.check(books))


@router.get("/subscription", name="get_subscription")
def get_subscription(call: Caller) -> Response:
    with call.reading() as books:
        return call.reply(plans.view(books))


@router.post("/change-plan", name="change_plan")
def change_plan(
    call: Caller,
    wish: Annotated[Wish | None, Depends(body(bodies.PlanChange, optional=True))],
) -> Response:
    with call.writing() as books:
        if wish is not None:
            plans.change(books, wish["price_id"])
        return call.reply(plans.view(books))
