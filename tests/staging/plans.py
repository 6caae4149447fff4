"""Plans: the catalogue, the subscription, upgrades, downgrades and renewals."""

from __future__ import annotations

import calendar
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.staging import cards, ledger, money, records
from tests.staging.errors import Refusal
from tests.staging.site import SECOND, Books, Site


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan of the catalogue."""

    slug: str
    name: str
    cents: int
    credits: int
    price: str | None


_FREE = Plan("free", "Free", 0, 0, None)
_PAID = (
    Plan("starter", "Starter", 2_900, 150_000, "price_starter_monthly"),
    Plan("growth", "Growth", 9_900, 550_000, "price_growth_monthly"),
    Plan("scale", "Scale", 29_900, 1_800_000, "price_scale_monthly"),
)
_TEAM = Plan("team", "Team", 59_900, 3_900_000, "price_team_monthly")


def _catalogue(site: Site) -> tuple[Plan, ...]:
    return (*_PAID, _TEAM) if site.on("new_plan") else _PAID


def of_price(site: Site, price: str) -> Plan | None:
    """Return the plan with a price, if there is one."""
    return next((plan for plan in _catalogue(site) if plan.price == price), None)


def of_slug(slug: str) -> Plan:
    """Return the plan with a slug."""
    return next(plan for plan in (_FREE, *_PAID, _TEAM) if plan.slug == slug)


def unknown_price(site: Site, price: str) -> str:
    """Return the message about a price that is not in the catalogue."""
    known = ", ".join(str(plan.price) for plan in _catalogue(site))
    return f"No such price: {price!r}. Known prices: {known}."


def current(books: Books) -> sqlite3.Row | None:
    """Return the account's subscription, if it has one."""
    return books.row("SELECT * FROM subscriptions WHERE account = :account")


def view(books: Books) -> dict[str, Any]:
    """Return the subscription as responses show it."""
    row, stamp = current(books), books.site.stamp
    plan = _FREE if row is None else of_slug(row["plan"])
    return {
        "id": row["id"] if row is not None else None,
        "status": row["status"] if row is not None else "none",
        "plan": plan.slug,
        "plan_name": plan.name,
        "price_id": plan.price,
        "price_cents": plan.cents,
        "price_display": money.display_cents(plan.cents),
        "monthly_credits": plan.credits,
        "current_period_start": stamp(row["period_start"]) if row is not None else None,
        "current_period_end": stamp(row["period_end"]) if row is not None else None,
        "cancel_at_period_end": False,
        "pending_plan": row["pending"] if row is not None else None,
        "started_at": stamp(row["started_at"]) if row is not None else None,
    }


def _month_after(at: int) -> int:
    moment = datetime.fromtimestamp(at / 1_000, UTC)
    year, month = divmod(moment.year * 12 + moment.month, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return int(moment.replace(year=year, month=month + 1, day=day).timestamp() * 1_000)


def _credit(books: Books, subscription: str, credits_: int, description: str) -> None:
    if credits_ > 0:
        reference = ("subscription", subscription)
        ledger.append(books, "subscription", credits_ * money.CREDIT, reference, description)


def start(books: Books, plan: Plan, actor: str = "api_key") -> None:
    """Start a plan that has just been paid, instead of the current one."""
    end = _month_after(books.now)
    identifier = books.site.identifier("sub")
    books.run("DELETE FROM subscriptions WHERE account = :account")
    books.insert(
        "subscriptions",
        id=identifier,
        plan=plan.slug,
        status="active",
        period_start=books.now,
        period_end=end,
        started_at=books.now,
    )
    _, number = ledger.invoice(books, plan.cents, f"{plan.name} plan", (books.now, end))
    _credit(books, identifier, plan.credits, f"{plan.name} plan")
    if books.site.on("plan_charged_twice"):
        ledger.invoice(books, plan.cents, f"{plan.name} plan", (books.now, end))
        _credit(books, identifier, plan.credits, f"{plan.name} plan")
    records.audit(books, "subscription.started", actor, plan=plan.slug, invoice=number)


def _charge_default(books: Books) -> None:
    card = cards.default(books)
    if card is None:
        raise Refusal(400, cards.NO_CARD)
    reason = cards.charge(books, card)
    if reason is not None:
        raise cards.declined(reason)


def change(books: Books, price: str) -> None:
    """Change to the plan with a price: at once if it costs more, else when the period ends."""
    plan = of_price(books.site, price)
    if plan is None:
        raise Refusal(400, unknown_price(books.site, price))
    if cards.default(books) is None:
        raise Refusal(400, cards.NO_CARD)
    row = current(books)
    if row is None:
        _charge_default(books)
        start(books, plan)
        return
    old = of_slug(row["plan"])
    if plan.cents > old.cents:
        _upgrade(books, row, old, plan)
    else:
        pending = None if plan == old else plan.slug
        if pending != row["pending"]:
            books.run(
                "UPDATE subscriptions SET pending = :pending WHERE account = :account",
                pending=pending,
            )
            records.audit(books, "subscription.change_planned", plan=plan.slug)


def _upgrade(books: Books, row: sqlite3.Row, old: Plan, plan: Plan) -> None:
    if row["status"] == "past_due":
        message = "The last renewal is unpaid. Set a default card that works; "
        raise Refusal(402, message + "the payment is retried automatically.")
    _charge_default(books)
    left = (row["period_end"] - books.now) // SECOND
    whole = (row["period_end"] - row["period_start"]) // SECOND
    cents = (plan.cents - old.cents) * left // whole
    books.run(
        "UPDATE subscriptions SET plan = :plan, pending = NULL WHERE account = :account",
        plan=plan.slug,
    )
    what = f"Upgrade to the {plan.name} plan"
    _, number = ledger.invoice(books, cents, what, (books.now, row["period_end"]))
    _credit(books, row["id"], (plan.credits - old.credits) * left // whole, what)
    records.audit(
        books, "subscription.upgraded", plan=plan.slug, amount_cents=cents, invoice=number
    )


def settle(books: Books) -> None:
    """Renew the subscription for each period that has ended."""
    while (row := current(books)) is not None and row["period_end"] <= books.now:
        _renew(books.at(row["period_end"]), row)


def _renew(books: Books, row: sqlite3.Row) -> None:
    plan = of_slug(row["pending"] or row["plan"])
    period = (books.now, _month_after(books.now))
    card = cards.default(books)
    declined = card is None or cards.charge(books, card) is not None
    books.run(
        "UPDATE subscriptions SET plan = :plan, pending = NULL, status = :status,"
        " period_start = :start, period_end = :end WHERE account = :account",
        plan=plan.slug,
        status="past_due" if declined else "active",
        start=period[0],
        end=period[1],
    )
    what = f"{plan.name} plan"
    _, number = ledger.invoice(books, plan.cents, what, period, paid=not declined)
    if not declined:
        _credit(books, row["id"], plan.credits, what)
    action = "subscription.renewal_failed" if declined else "subscription.renewed"
    records.audit(books, action, "system", plan=plan.slug, invoice=number)


def retry(books: Books) -> None:
    """Charge the default card for unpaid renewals."""
    row, card = current(books), cards.default(books)
    if row is None or row["status"] != "past_due" or card is None:
        return
    if cards.charge(books, card) is None:
        unpaid = books.number(
            "SELECT count(*) FROM invoices WHERE account = :account AND status = 'open'"
        )
        books.run(
            "UPDATE invoices SET status = 'paid', paid_at = :now"
            " WHERE account = :account AND status = 'open'"
        )
        books.run("UPDATE subscriptions SET status = 'active' WHERE account = :account")
        plan = of_slug(row["plan"])
        _credit(books, row["id"], plan.credits * unpaid, f"{plan.name} plan")
        records.audit(books, "subscription.paid", "system", plan=plan.slug)
