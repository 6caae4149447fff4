"""Stories of plans: changes, proration, renewals and failed payments."""

from __future__ import annotations

from datetime import UTC, datetime

from contract_tests.billing.catalogue import GROWTH, PACK, SCALE, STARTER, Plan
from contract_tests.billing.stories.actor import (
    CREDIT,
    PAGES,
    Actor,
    Json,
    expect_audit,
    value_at,
)
from contract_tests.billing.stories.cards import decline_charges
from contract_tests.drivers.stories import StoryEnds
from contract_tests.findings.severity import CONTRADICTION
from contract_tests.knowledge import MOCK


def _plan(actor: Actor, role: str, shown: Json) -> Plan:
    """Return the terms of a plan: those that are known, else those that a subscription shows."""
    known = actor.catalogue.plans.get(role)
    if known is not None:
        return known
    slug, cents, credits = (shown.get(name) for name in ("plan", "price_cents", "monthly_credits"))
    if not (isinstance(slug, str) and isinstance(cents, int) and isinstance(credits, int)):
        raise StoryEnds  # the judge reports the field
    return Plan(slug, cents, credits)


def _start(actor: Actor, role: str) -> Json:
    """Start a plan, and return the subscription. Raises StoryEnds."""
    return actor.do("change_plan", {"price_id": actor.named(role)})


def _is_doubled(invoices: object) -> bool:
    """Return whether the two newest invoices charge the same period twice."""
    if not isinstance(invoices, list) or len(invoices) < 2:
        return False
    names = ("amount_cents", "period_start", "period_end", "description")
    first, second = ([invoice.get(name) for name in names] for invoice in invoices[:2])
    return first == second and first[1] is not None


def a_request_without_a_body_changes_nothing(actor: Actor) -> None:
    """Change the plan without a body: it is shown; an unknown price is refused."""
    actor.read_all()
    current = actor.do("get_subscription")
    response = actor.call("change_plan")
    actor.expect(
        response,
        response.object == current,
        "",
        "no_body",
        "the current subscription",
        "another response",
    )
    for price in filter(None, ("price_kit_unknown", actor.catalogue.names.get(PACK))):
        actor.refused(400, "change_plan", {"price_id": price})
    actor.read_all()


def a_plan_is_started(actor: Actor) -> None:
    """Start a plan: the default card is charged, and invoice and credits appear.

    A price that does not exist is refused, and the plan stays.
    """
    before = actor.balance
    invoices = actor.do("list_invoices").get("total", 0)
    body = {"price_id": actor.named(STARTER)}
    response = actor.known(actor.call("change_plan", body), body)
    plan = _plan(actor, STARTER, response.object)
    for name, value in (
        ("status", "active"),
        ("plan", plan.slug),
        ("price_id", body["price_id"]),
        ("price_cents", plan.cents),
        ("monthly_credits", plan.credits),
        ("pending_plan", None),
    ):
        actor.equal(response, f"/{name}", "started", value)
    shown = actor.call("get_subscription")
    actor.expect(
        shown,
        shown.object == response.object,
        "",
        "stored",
        "the response to the change",
        "another response",
    )
    balance = actor.call("get_balance")
    actor.equal(balance, "/balance_microcents", "granted", before + plan.credits * CREDIT)
    listed = actor.call("list_invoices")
    nature = CONTRADICTION if _is_doubled(listed.object.get("invoices")) else None
    actor.equal(listed, "/total", "started", invoices + 1, nature=nature)
    actor.equal(listed, "/invoices/0/amount_cents", "started", plan.cents)
    actor.equal(listed, "/invoices/0/status", "started", "paid")
    for end in ("start", "end"):
        actor.equal(
            listed,
            f"/invoices/0/period_{end}",
            "started",
            shown.object.get(f"current_period_{end}"),
        )
    expect_audit(actor, "subscription.started")
    actor.refused(400, "change_plan", {"price_id": "price_kit_of_nothing"})
    actor.read_all()


def an_upgrade_is_prorated(actor: Actor) -> None:
    """Upgrade in mid-period: it applies at once and is prorated to the second."""
    started = _start(actor, STARTER)
    start, end = (
        datetime.fromisoformat(started[f"current_period_{side}"]) for side in ("start", "end")
    )
    actor.wait_until(start + (end - start) / 3)
    before = actor.balance
    actor.read_all()
    response = actor.call("change_plan", {"price_id": actor.named(SCALE)})
    left, whole = int((end - actor.now).total_seconds()), int((end - start).total_seconds())
    old, new = _plan(actor, STARTER, started), _plan(actor, SCALE, response.object)
    actor.equal(response, "/plan", "upgraded", new.slug)
    actor.equal(response, "/price_id", "upgraded", actor.named(SCALE))
    actor.equal(response, "/current_period_end", "upgraded", started["current_period_end"])
    price = (new.cents - old.cents) * left // whole
    credits = (new.credits - old.credits) * left // whole
    listed = actor.call("list_invoices")
    charged = value_at(listed.object, "/invoices/0/amount_cents")
    actor.expect(
        listed,
        isinstance(charged, int) and abs(charged - price) <= 1,
        "/invoices/0/amount_cents",
        "prorated",
        price,
        charged,
    )
    balance = actor.call("get_balance")
    got = balance.object.get("balance_microcents", 0)
    actor.expect(
        balance,
        abs(got - before - credits * CREDIT) <= CREDIT,
        "/balance_microcents",
        "prorated",
        before + credits * CREDIT,
        got,
    )
    actor.read_all()


def a_downgrade_waits_for_the_end(actor: Actor) -> None:
    """Downgrade: it is pending until the period ends, and the current plan cancels it."""
    plan = _plan(actor, GROWTH, _start(actor, GROWTH))
    before = actor.balance
    invoices = actor.do("list_invoices").get("total")
    lower: object = "starter"
    for role in (STARTER, GROWTH, STARTER):
        response = actor.call("change_plan", {"price_id": actor.named(role)})
        if role == STARTER and not actor.can(MOCK):
            lower = response.object.get("pending_plan") or "the lower plan"
        actor.equal(response, "/plan", "downgrade", plan.slug)
        pending = lower if role == STARTER else None
        actor.equal(response, "/pending_plan", "downgrade", pending)
        actor.read_all()
    balance = actor.call("get_balance")
    actor.equal(balance, "/balance_microcents", "downgrade", before)
    listed = actor.call("list_invoices")
    actor.equal(listed, "/total", "downgrade", invoices)
    end = datetime.fromisoformat(actor.do("get_subscription")["current_period_end"])
    actor.wait_until(end - actor.margin)
    response = actor.call("get_subscription")
    actor.equal(response, "/plan", "before_the_end", plan.slug)
    actor.wait_until(end)
    response = actor.call("get_subscription")
    actor.equal(response, "/plan", "at_the_end", lower)
    actor.equal(response, "/price_id", "at_the_end", actor.named(STARTER))
    actor.equal(response, "/pending_plan", "at_the_end", None)
    cents = _plan(actor, STARTER, response.object).cents
    listed = actor.call("list_invoices")
    actor.equal(listed, "/invoices/0/amount_cents", "at_the_end", cents)
    actor.read_all()


def a_plan_renews_itself(actor: Actor) -> None:
    """Let two periods end: each brings a charge, an invoice, credits and a new period."""
    started = _start(actor, STARTER)
    plan = _plan(actor, STARTER, started)
    invoices = actor.do("list_invoices").get("total", 0)
    for month in (1, 2):
        end = datetime.fromisoformat(actor.do("get_subscription")["current_period_end"])
        before = actor.balance
        actor.wait_until(end)
        response = actor.call("get_subscription")
        actor.equal(response, "/status", "renewed", "active")
        actor.equal(response, "/id", "renewed", started["id"])
        start = response.object.get("current_period_start") or ""
        actor.expect(
            response,
            start != "" and datetime.fromisoformat(start) == end,
            "/current_period_start",
            "renewed",
            end,
            start,
        )
        balance = actor.call("get_balance")
        actor.equal(balance, "/balance_microcents", "renewed", before + plan.credits * CREDIT)
        listed = actor.call("list_invoices")
        actor.equal(listed, "/total", "renewed", invoices + month)
        actor.equal(listed, "/invoices/0/amount_cents", "renewed", plan.cents)
        actor.equal(listed, "/invoices/0/status", "renewed", "paid")
        actor.equal(listed, "/invoices/0/period_start", "renewed", start)
        actor.read_all()


def a_plan_keeps_its_billing_day(actor: Actor) -> None:
    """Start a plan on the 31st: periods end on the 31st, or on the last day of short months."""
    year = actor.now.year + 1
    actor.wait_until(datetime(year, 1, 31, 10, tzinfo=UTC))
    _start(actor, STARTER)
    leap = 29 if year % 4 == 0 else 28
    for month, day in ((2, leap), (3, 31), (4, 30)):
        response = actor.call("get_subscription")
        end = datetime(year, month, day, 10, tzinfo=UTC)
        shown = response.object.get("current_period_end") or "1970-01-01T00:00:00Z"
        moment = datetime.fromisoformat(shown)
        fits = abs(moment - end) <= actor.blur
        if not actor.can(MOCK):  # the contract says no more than that periods are months
            fits = fits or (moment.year, moment.month) == (end.year, end.month)
        actor.expect(response, fits, "/current_period_end", "last_day", end, shown)
        actor.wait_until(max(moment, end))
    actor.read_all()


def an_unpaid_renewal_is_retried(actor: Actor) -> None:
    """Renew with a declining card: it is past due without credits until a retry succeeds."""
    defaults = [card for card in actor.cards if card.get("is_default")]
    actor.require(defaults, "an account with a card")
    good = defaults[0]
    plan = _plan(actor, STARTER, _start(actor, STARTER))
    card = actor.do("add_payment_method", {"payment_method_id": "pm_card_chargeCustomerFail"})
    actor.do("set_default_payment_method", path={"payment_method_id": card["id"]})
    end = datetime.fromisoformat(actor.do("get_subscription")["current_period_end"])
    before = actor.balance
    actor.wait_until(end)
    response = actor.call("get_subscription")
    actor.equal(response, "/status", "declined", "past_due")
    listed = actor.call("list_invoices")
    actor.equal(listed, "/invoices/0/status", "declined", "open")
    balance = actor.call("get_balance")
    actor.equal(balance, "/balance_microcents", "declined", before)
    expect_audit(actor, "subscription.past_due")
    actor.refused(402, "change_plan", {"price_id": actor.named(SCALE)})
    actor.read_all()
    if not actor.can(MOCK):  # the payment may be retried at once
        actor.run.judge.tracker(actor.caller.key or "").forget_views()
    actor.do("set_default_payment_method", path={"payment_method_id": good["id"]})
    actor.wait(days=3)
    response = actor.call("get_subscription")
    actor.equal(response, "/status", "retried", "active")
    listed = actor.call("list_invoices")
    actor.equal(listed, "/invoices/0/status", "retried", "paid")
    balance = actor.call("get_balance")
    actor.equal(balance, "/balance_microcents", "retried", before + plan.credits * CREDIT)
    actor.read_all()


def an_unpaid_plan_ends(actor: Actor) -> None:
    """Let the last retry fail: the plan ends, and its invoice is void."""
    owner = actor.someone("past_due")
    owner.read_all()
    response = owner.call("get_subscription")
    owner.equal(response, "/status", "past_due", "past_due")
    owner.wait(days=10)
    response = owner.call("get_subscription")
    owner.equal(response, "/status", "ended", "none")
    owner.equal(response, "/plan", "ended", "free")
    listed = owner.call("list_invoices")
    owner.equal(listed, "/invoices/0/status", "ended", "void")
    owner.read_all()


def a_declined_charge_starts_nothing(actor: Actor) -> None:
    """Start a plan with a declining card: it is 402, and nothing changes."""
    poor = actor.someone_like("card_declined", decline_charges)
    poor.read_all()
    poor.refused(402, "change_plan", {"price_id": poor.named(STARTER)})
    poor.read_all()


def a_declined_upgrade_changes_nothing(actor: Actor) -> None:
    """Upgrade with a declining card: it is 402, and nothing changes."""
    _start(actor, STARTER)
    card = actor.do("add_payment_method", {"payment_method_id": "pm_card_chargeCustomerFail"})
    actor.do("set_default_payment_method", path={"payment_method_id": card["id"]})
    actor.read_all()
    actor.refused(402, "change_plan", {"price_id": actor.named(GROWTH)})
    actor.read_all()


def a_plan_is_bought_at_checkout(actor: Actor) -> None:
    """Complete the checkout of a plan: it starts once, with its credits, and is no payment."""
    body = {"price_id": actor.named(GROWTH), **PAGES}
    actor.refused(400, "create_checkout_session", {**body, "mode": "payment"})
    session = actor.do("create_checkout_session", body)["session_id"]
    response = actor.call("get_subscription")
    actor.equal(response, "/status", "unpaid", "none")
    before = actor.balance
    actor.pay(session)
    actor.pay(session)
    response = actor.call("get_subscription")
    plan = _plan(actor, GROWTH, response.object)
    actor.equal(response, "/plan", "bought", plan.slug)
    actor.equal(response, "/price_id", "bought", body["price_id"])
    balance = actor.call("get_balance")
    actor.equal(balance, "/balance_microcents", "bought", before + plan.credits * CREDIT)
    projection = actor.call("get_cost_projection")
    actor.equal(projection, "/credits_allocated", "bought", plan.credits)
    actor.read_all()
