"""Stories of plans: changes, proration, renewals, and what happens when nobody pays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from contract_tests.billing.stories.actor import CREDIT, Actor
from contract_tests.billing.stories.deposits import PAGES

STARTER, GROWTH, SCALE = "price_starter_monthly", "price_growth_monthly", "price_scale_monthly"
_PRICES = {STARTER: 2_900, GROWTH: 9_900, SCALE: 29_900}
_CREDITS = {STARTER: 150_000, GROWTH: 550_000, SCALE: 1_800_000}


def asking_changes_nothing(actor: Actor) -> None:
    """Without a body the current subscription is the answer; an unknown price is refused."""
    actor.look()
    current = actor.do("get_subscription")
    answer = actor.call("change_plan")
    actor.expect(
        answer,
        answer.object == current,
        "",
        "no_body",
        "the current subscription",
        "another answer",
    )
    for price in ("price_kit_unknown", "price_credits_25"):
        actor.refused(400, "change_plan", {"price_id": price})
    actor.look()


def a_plan_is_started(actor: Actor) -> None:
    """Starting a plan charges the default card, writes an invoice, and brings the period's credits."""
    before = actor.balance
    invoices = actor.do("list_invoices").get("total", 0)
    answer = actor.call("change_plan", {"price_id": STARTER})
    for name, value in (
        ("status", "active"),
        ("plan", "starter"),
        ("price_id", STARTER),
        ("price_cents", 2_900),
        ("monthly_credits", 150_000),
        ("pending_plan", None),
    ):
        actor.equal(answer, f"/{name}", "started", value)
    shown = actor.call("get_subscription")
    actor.expect(
        shown,
        shown.object == answer.object,
        "",
        "stored",
        "what the change answered",
        "another answer",
    )
    balance = actor.call("get_balance")
    actor.equal(balance, "/balance_microcents", "granted", before + 150_000 * CREDIT)
    listed = actor.call("list_invoices")
    actor.equal(listed, "/total", "started", invoices + 1)
    actor.equal(listed, "/invoices/0/amount_cents", "started", 2_900)
    actor.equal(listed, "/invoices/0/status", "started", "paid")
    for end in ("start", "end"):
        actor.equal(
            listed,
            f"/invoices/0/period_{end}",
            "started",
            shown.object.get(f"current_period_{end}"),
        )
    _audited(actor, "subscription.started")
    actor.look()


def an_upgrade_is_prorated(actor: Actor) -> None:
    """An upgrade applies at once and costs the difference for the rest of the period, to the second."""
    plan = actor.do("change_plan", {"price_id": STARTER})
    start, end = (
        datetime.fromisoformat(plan[f"current_period_{side}"]) for side in ("start", "end")
    )
    actor.wait_until(start + (end - start) / 3)
    before = actor.balance
    actor.look()
    answer = actor.call("change_plan", {"price_id": SCALE})
    left, whole = int((end - actor.now).total_seconds()), int((end - start).total_seconds())
    actor.equal(answer, "/plan", "upgraded", "scale")
    actor.equal(answer, "/current_period_end", "upgraded", plan["current_period_end"])
    price = (_PRICES[SCALE] - _PRICES[STARTER]) * left // whole
    credits = (_CREDITS[SCALE] - _CREDITS[STARTER]) * left // whole
    listed = actor.call("list_invoices")
    charged = (listed.object.get("invoices") or [{}])[0].get("amount_cents")
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
    actor.look()


def a_downgrade_waits_for_the_end(actor: Actor) -> None:
    """A downgrade stands in pending_plan until the period ends; choosing the running plan takes it back."""
    actor.do("change_plan", {"price_id": GROWTH})
    before = actor.balance
    invoices = actor.do("list_invoices").get("total")
    for price, pending in ((STARTER, "starter"), (GROWTH, None), (STARTER, "starter")):
        answer = actor.call("change_plan", {"price_id": price})
        actor.equal(answer, "/plan", "downgrade", "growth")
        actor.equal(answer, "/pending_plan", "downgrade", pending)
        actor.look()
    balance = actor.call("get_balance")
    actor.equal(balance, "/balance_microcents", "downgrade", before)
    listed = actor.call("list_invoices")
    actor.equal(listed, "/total", "downgrade", invoices)
    end = datetime.fromisoformat(actor.do("get_subscription")["current_period_end"])
    actor.wait_until(end - timedelta(seconds=1))
    answer = actor.call("get_subscription")
    actor.equal(answer, "/plan", "before_the_end", "growth")
    actor.wait_until(end)
    answer = actor.call("get_subscription")
    actor.equal(answer, "/plan", "at_the_end", "starter")
    actor.equal(answer, "/pending_plan", "at_the_end", None)
    listed = actor.call("list_invoices")
    actor.equal(listed, "/invoices/0/amount_cents", "at_the_end", 2_900)
    actor.look()


def a_plan_renews_itself(actor: Actor) -> None:
    """When a period ends there is a charge, an invoice, new credits and a new period; month after month."""
    plan = actor.do("change_plan", {"price_id": STARTER})
    invoices = actor.do("list_invoices").get("total", 0)
    for month in (1, 2):
        end = datetime.fromisoformat(actor.do("get_subscription")["current_period_end"])
        before = actor.balance
        actor.wait_until(end)
        answer = actor.call("get_subscription")
        actor.equal(answer, "/status", "renewed", "active")
        actor.equal(answer, "/id", "renewed", plan["id"])
        start = answer.object.get("current_period_start") or ""
        actor.expect(
            answer,
            start != "" and datetime.fromisoformat(start) == end,
            "/current_period_start",
            "renewed",
            end,
            start,
        )
        balance = actor.call("get_balance")
        actor.equal(balance, "/balance_microcents", "renewed", before + 150_000 * CREDIT)
        listed = actor.call("list_invoices")
        actor.equal(listed, "/total", "renewed", invoices + month)
        actor.equal(listed, "/invoices/0/amount_cents", "renewed", 2_900)
        actor.equal(listed, "/invoices/0/status", "renewed", "paid")
        actor.look()


def a_plan_keeps_its_day(actor: Actor) -> None:
    """A plan that began on the 31st ends its periods on the last day of shorter months, and on the 31st again."""
    year = actor.now.year + 1
    actor.wait_until(datetime(year, 1, 31, 10, tzinfo=UTC))
    actor.do("change_plan", {"price_id": STARTER})
    leap = 29 if year % 4 == 0 else 28
    for month, day in ((2, leap), (3, 31), (4, 30)):
        answer = actor.call("get_subscription")
        end = datetime(year, month, day, 10, tzinfo=UTC)
        shown = answer.object.get("current_period_end") or "1970-01-01T00:00:00Z"
        actor.expect(
            answer,
            datetime.fromisoformat(shown) == end,
            "/current_period_end",
            "last_day",
            end,
            shown,
        )
        actor.wait_until(end)
    actor.look()


def an_unpaid_renewal_is_retried(actor: Actor) -> None:
    """A declined renewal is past due with an open invoice and without credits; when the card works again it is paid."""
    card = actor.do("add_payment_method", {"payment_method_id": "pm_card_chargeCustomerFail"})
    actor.do("change_plan", {"price_id": STARTER})
    good = next(card for card in actor.cards if card["is_default"])
    actor.do("set_default_payment_method", path={"payment_method_id": card["id"]})
    end = datetime.fromisoformat(actor.do("get_subscription")["current_period_end"])
    before = actor.balance
    actor.wait_until(end)
    answer = actor.call("get_subscription")
    actor.equal(answer, "/status", "declined", "past_due")
    listed = actor.call("list_invoices")
    actor.equal(listed, "/invoices/0/status", "declined", "open")
    balance = actor.call("get_balance")
    actor.equal(balance, "/balance_microcents", "declined", before)
    _audited(actor, "subscription.past_due")
    actor.refused(402, "change_plan", {"price_id": SCALE})
    actor.look()
    actor.do("set_default_payment_method", path={"payment_method_id": good["id"]})
    actor.wait(days=3)
    answer = actor.call("get_subscription")
    actor.equal(answer, "/status", "retried", "active")
    listed = actor.call("list_invoices")
    actor.equal(listed, "/invoices/0/status", "retried", "paid")
    balance = actor.call("get_balance")
    actor.equal(balance, "/balance_microcents", "retried", before + 150_000 * CREDIT)
    actor.look()


def an_unpaid_plan_ends(actor: Actor) -> None:
    """After the last try the plan ends and its invoice is void."""
    owner = Actor(actor.run, actor.run.mock_account("past_due"))
    owner.look()
    answer = owner.call("get_subscription")
    owner.equal(answer, "/status", "past_due", "past_due")
    owner.wait(days=10)
    answer = owner.call("get_subscription")
    owner.equal(answer, "/status", "ended", "none")
    owner.equal(answer, "/plan", "ended", "free")
    listed = owner.call("list_invoices")
    owner.equal(listed, "/invoices/0/status", "ended", "void")
    owner.look()


def a_declined_charge_starts_nothing(actor: Actor) -> None:
    """A card that declines is 402, and there is no plan, no invoice and no credit."""
    poor = Actor(actor.run, actor.run.mock_account("card_declined"))
    poor.look()
    poor.refused(402, "change_plan", {"price_id": STARTER})
    poor.look()


def a_declined_upgrade_changes_nothing(actor: Actor) -> None:
    """An upgrade whose charge is declined is 402: the plan, its credits and the invoices are as before."""
    actor.do("change_plan", {"price_id": STARTER})
    card = actor.do("add_payment_method", {"payment_method_id": "pm_card_chargeCustomerFail"})
    actor.do("set_default_payment_method", path={"payment_method_id": card["id"]})
    actor.look()
    actor.refused(402, "change_plan", {"price_id": GROWTH})
    actor.look()


def a_plan_is_bought_at_checkout(actor: Actor) -> None:
    """Completing the checkout of a plan starts it, once, and its credits are allocated."""
    session = actor.do("create_checkout_session", {"price_id": GROWTH, **PAGES})["session_id"]
    answer = actor.call("get_subscription")
    actor.equal(answer, "/status", "unpaid", "none")
    before = actor.balance
    actor.pay(session)
    actor.pay(session)
    answer = actor.call("get_subscription")
    actor.equal(answer, "/plan", "bought", "growth")
    balance = actor.call("get_balance")
    actor.equal(balance, "/balance_microcents", "bought", before + 550_000 * CREDIT)
    projection = actor.call("get_cost_projection")
    actor.equal(projection, "/credits_allocated", "bought", 550_000)
    actor.look()


def _audited(actor: Actor, action: str) -> None:
    answer = actor.call("list_audit_log", query={"limit": 10})
    actions = [entry.get("action") for entry in answer.object.get("entries", [])]
    actor.expect(answer, action in actions, "/entries", action, action, actions[:5])
