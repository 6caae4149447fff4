"""Stories of deposits, checkout and promo codes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from contract_tests.billing.adapters import ADVANCE, EXPIRE, FRESH, NOW
from contract_tests.billing.catalogue import EXPIRED, FIXED, PACK, PERCENTAGE, STARTER
from contract_tests.billing.stories.actor import (
    CENT,
    CLOSED,
    CODE_ONCE,
    CREDITED_ONCE,
    DOLLAR,
    PAGES,
    Actor,
)
from contract_tests.billing.stories.promo_codes import Promo, promo_of, usable_promo
from contract_tests.http.exchange import Exchange
from contract_tests.knowledge import MOCK

"""When the expired promo code of the mock expired."""


def unpaid_sessions_change_nothing(actor: Actor) -> None:
    """Open deposits and checkouts without paying: only the audit log changes."""
    actor.read_all()
    for body in (
        {"amount_cents": 1_000},
        {"amount_cents": 200_000, **PAGES},
        {"amount_cents": 123_456, "promo_code": None},
    ):
        response = actor.call("create_deposit", body)
        actor.equal(response, "/amount_cents", "echo", body["amount_cents"])
    for amount in (999, 200_001, 0, -5_000):
        actor.refused(422, "create_deposit", {"amount_cents": amount})
    checkout = {"price_id": actor.named(PACK), "mode": "payment", **PAGES}
    actor.do("create_checkout_session", checkout)
    plan = {"price_id": actor.named(STARTER), **PAGES}
    actor.do("create_checkout_session", plan)
    actor.refused(400, "create_checkout_session", {**checkout, "price_id": "price_kit_unknown"})
    actor.refused(400, "create_checkout_session", {**checkout, "mode": "rent"})
    actor.refused(400, "create_checkout_session", {**checkout, "mode": "subscription"})
    actor.refused(400, "create_checkout_session", {**plan, "mode": "payment"})
    actor.read_all()


def promo_codes_are_checked(actor: Actor) -> None:
    """Validate promo codes, and deposit with them: invalid codes are refused by both."""
    since = actor.catalogue.expired_since
    if actor.can(NOW, ADVANCE) and actor.now < since:
        actor.wait_until(since)
    actor.read_all()
    unusable = [actor.catalogue.names.get(EXPIRED), "KIT-NO-SUCH-CODE"]
    for code in filter(None, unusable):
        response = actor.call("validate_promo_code", {"code": code})
        actor.equal(response, "/valid", code, False)
        actor.refused(400, "create_deposit", {"amount_cents": 10_000, "promo_code": code})
    fixed = actor.call("validate_promo_code", {"code": actor.named(FIXED)})
    # An account that is not fresh may have used the code.
    if actor.can(FRESH) or fixed.object.get("valid") is True:
        _expect_terms(actor, FIXED)
    newcomer = actor.someone_like("new", _as_it_is) if actor.can(FRESH) else actor
    shown = newcomer.call("validate_promo_code", {"code": actor.named(PERCENTAGE)})
    if actor.can(FRESH) or shown.object.get("valid") is True:
        _expect_terms(newcomer, PERCENTAGE)
    actor.read_all()


def _expect_terms(actor: Actor, role: str) -> None:
    """Expect a code to be good from its least deposit on, and to be good still afterwards."""
    promo = promo_of(actor, role)
    below, least = (
        {"amount_cents": cents, "promo_code": promo.code}
        for cents in (promo.minimum - 1, promo.minimum)
    )
    if promo.minimum > 1_000:
        actor.refused(400, "create_deposit", below)
    actor.do("create_deposit", least)
    response = actor.call("validate_promo_code", {"code": promo.code})
    actor.equal(response, "/valid", promo.code, True)
    actor.equal(response, "/bonus_type", promo.code, role)
    terms = actor.catalogue.terms.get(role)
    if terms is not None:
        cap = terms.cap_cents * CENT if terms.cap_cents is not None else None
        actor.equal(response, "/bonus_value", promo.code, terms.value)
        actor.equal(response, "/min_deposit_cents", promo.code, terms.minimum_cents)
        actor.equal(response, "/max_credits_microcents", promo.code, cap)


def from_sign_up_to_the_first_deposit(actor: Actor) -> None:
    """Sign up and deposit with a promo code: all views show the payment and the bonus."""
    newcomer = actor.someone("new")
    newcomer.read_all()
    response = newcomer.call("get_balance")
    newcomer.equal(response, "/balance_microcents", "signup", DOLLAR)
    newcomer.equal(response, "/total_deposited_cents", "signup", 0)
    before, promo = newcomer.balance, promo_of(newcomer, PERCENTAGE)
    cents = max(5_000, promo.minimum)
    body = {"amount_cents": cents, "promo_code": promo.code}
    session = newcomer.do("create_deposit", body)
    newcomer.read_all()
    newcomer.pay(session["session_id"])
    newcomer.read_all()
    _expect_bonus(newcomer, before, cents, promo, "paid")
    response = newcomer.call("get_balance")
    newcomer.equal(response, "/total_deposited_cents", "paid", cents)
    _expect_first_deposit(newcomer, session["session_id"], cents)
    response = newcomer.call("validate_promo_code", {"code": promo.code})
    newcomer.equal(response, "/valid", "once_per_account", False)
    newcomer.refused(400, "create_deposit", body)
    newcomer.read_all()


def _expect_bonus(actor: Actor, before: int, cents: int, promo: Promo, rule: str) -> None:
    """Expect a balance after a deposit with a promo code, which brings its bonus."""
    response = actor.call("get_balance")
    got, paid = response.object.get("balance_microcents"), before + cents * CENT
    fits = isinstance(got, int) and promo.gives(cents, got - paid)
    if actor.can(MOCK):  # the mock rounds down
        fits = got == paid + promo.bonus(cents)
    expected = paid + promo.bonus(cents)
    actor.expect(response, fits, "/balance_microcents", rule, expected, got)


def _expect_first_deposit(newcomer: Actor, session_id: str, cents: int) -> None:
    """Expect ledger, invoices, activity and audit log to show the deposit and the bonus."""
    entries = newcomer.call("list_credit_transactions")
    booked = {
        entry.get("reference_type"): entry for entry in entries.object.get("transactions", [])
    }
    for reference, type in (("deposit", "deposit"), ("promo", "bonus")):
        entry = booked.get(reference, {})
        amount = entry.get("amount_microcents")
        expected = (type, cents * CENT if type == "deposit" else amount, session_id)
        got = (entry.get("type"), amount, entry.get("reference_id"))
        newcomer.expect(entries, got == expected, "/transactions", reference, expected, got)
    invoices = newcomer.call("list_invoices")
    newcomer.equal(invoices, "/total", "paid", 1)
    newcomer.equal(invoices, "/invoices/0/amount_cents", "paid", cents)
    newcomer.equal(invoices, "/invoices/0/status", "paid", "paid")
    for end in ("start", "end"):
        newcomer.equal(invoices, f"/invoices/0/period_{end}", "no_period", None)
    activity = newcomer.call("list_recent_activity")
    types = [item.get("type") for item in activity.object.get("activities", [])]
    fits = {"deposit", "bonus"} <= set(types)
    newcomer.expect(activity, fits, "/activities", "paid", "a deposit and a bonus", types)
    audit = newcomer.call("list_audit_log")
    actions = [entry.get("action") for entry in audit.object.get("entries", [])]
    wanted = {"deposit.created", "deposit.completed", "promo_code.redeemed"}
    newcomer.expect(audit, wanted <= set(actions), "/entries", "paid", sorted(wanted), actions)


def a_promo_code_is_good_once(actor: Actor) -> None:
    """Pay two deposits with one promo code: the second brings no bonus, and the code is refused."""
    promo = usable_promo(actor)
    amount = max(5_000, promo.minimum)
    body = {"amount_cents": amount, "promo_code": promo.code}
    first, second = (actor.do("create_deposit", body)["session_id"] for _ in range(2))
    before = actor.balance
    actor.pay(first)
    paid = actor.balance
    actor.pay(second)
    response = actor.call("get_balance")
    got = response.object.get("balance_microcents")
    # The second session may be refused, or credited without the bonus.
    fits = paid > before + amount * CENT and got in (paid, paid + amount * CENT)
    expected = f"a bonus for the first deposit, and at most {paid + amount * CENT}"
    actor.expect(response, fits, "/balance_microcents", CODE_ONCE, expected, f"{paid}, then {got}")
    response = actor.call("validate_promo_code", {"code": promo.code})
    actor.equal(response, "/valid", CODE_ONCE, False)
    refused = actor.call("create_deposit", body)
    actor.status(refused, 400, CODE_ONCE)
    actor.read_all()


def a_deposit_is_credited_once(actor: Actor) -> None:
    """Complete a session again, later and concurrently: it is credited once."""
    session = actor.do("create_deposit", {"amount_cents": 4_321})["session_id"]
    before = actor.balance
    first = actor.pay(session)
    actor.read_all()
    again = actor.pay(session)
    balance = _expect_balance(actor, before + 4_321 * CENT, CREDITED_ONCE)
    actor.expect(
        balance,
        again.value == first.value,
        "/response/body",
        "idempotent",
        "the same response",
        "another response",
        operation="create_deposit",
    )
    actor.read_all()
    other = actor.do("create_deposit", {"amount_cents": 1_111})["session_id"]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: actor.pay(other), range(6)))
    _expect_balance(actor, before + (4_321 + 1_111) * CENT, CREDITED_ONCE)
    if actor.can(ADVANCE):
        actor.wait(days=2)
        actor.pay(session)
        _expect_balance(actor, before + (4_321 + 1_111) * CENT, CREDITED_ONCE)
    actor.read_all()


def a_declined_payment_changes_nothing(actor: Actor) -> None:
    """Pay with a declining card: nothing changes, and another card can pay."""
    promo = usable_promo(actor)
    amount = max(3_000, promo.minimum)
    body = {"amount_cents": amount, "promo_code": promo.code}
    session = actor.do("create_deposit", body)["session_id"]
    before = actor.balance
    actor.read_all()
    declined = actor.adapter.decline(actor.caller, session)
    balance = _expect_balance(actor, before, "declined")
    actor.expect(
        balance,
        not declined.accepted,
        "/response/status",
        "declined",
        402,
        "a payment that succeeds",
        operation="create_deposit",
    )
    actor.read_all()
    response = actor.call("validate_promo_code", {"code": promo.code})
    actor.equal(response, "/valid", "declined", True)
    actor.pay(session, "pm_card_visa")
    _expect_bonus(actor, before, amount, promo, "paid_then")
    actor.read_all()


def an_expired_session_is_not_paid(actor: Actor) -> None:
    """Pay a session just before and after its 24 hours: only the former is credited."""
    early, late, closed = (
        actor.do("create_deposit", {"amount_cents": 2_000})["session_id"] for _ in range(3)
    )
    before = actor.balance
    if actor.can(EXPIRE):
        is_closed = actor.adapter.expire(actor.caller, closed).accepted
        actor.pay(closed)
        _expect_balance(actor, before, CLOSED if is_closed else "expired")
    actor.wait(timedelta(days=1) - actor.margin)
    actor.pay(early)
    _expect_balance(actor, before + 2_000 * CENT, "just_in_time")
    actor.wait(actor.margin)
    actor.pay(late)
    _expect_balance(actor, before + 2_000 * CENT, "too_late")
    actor.read_all()


def bonuses_are_bounded(actor: Actor) -> None:
    """Deposit with promo codes: bonuses are proportional and capped, and a code works once."""
    for number, (amount, role) in enumerate(
        (
            (2_000, PERCENTAGE),
            (2_019, PERCENTAGE),
            (20_000, PERCENTAGE),
            (50_000, PERCENTAGE),
            (2_500, FIXED),
            (200_000, FIXED),
        )
    ):
        newcomer = actor.someone_like("new", _as_it_is)
        if number % 2:
            newcomer.read_all()
        promo = promo_of(newcomer, role)
        cents = amount if amount >= promo.minimum else promo.minimum + amount % 100
        shown = newcomer.do("get_balance")
        newcomer.deposit(cents, promo_code=promo.code)
        _expect_bonus(newcomer, shown.get("balance_microcents", 0), cents, promo, "bonus")
        response = newcomer.call("get_balance")
        total = shown.get("total_deposited_cents", 0) + cents
        newcomer.equal(response, "/total_deposited_cents", "bonus", total)
        newcomer.read_all()
    newcomer = actor.someone_like("new", _as_it_is)
    promo = promo_of(newcomer, FIXED)
    cents = max(5_000, promo.minimum)
    before, body = newcomer.balance, {"amount_cents": cents, "promo_code": promo.code}
    first, second = (newcomer.do("create_deposit", body)["session_id"] for _ in range(2))
    newcomer.pay(first)
    newcomer.pay(second)
    _expect_bonus(newcomer, before + cents * CENT, cents, promo, CODE_ONCE)
    newcomer.read_all()


def a_deposit_may_enable_auto_recharge(actor: Actor) -> None:
    """Enable auto-recharge by a deposit: it is enabled when the deposit is paid."""
    actor.require(actor.cards, "a card")
    before = actor.do("get_auto_recharge")
    body = {
        "amount_cents": 2_000,
        "auto_recharge_enabled": True,
        "auto_recharge_threshold_microcents": 2 * DOLLAR,
        "auto_recharge_amount_cents": 3_300,
    }
    session = actor.do("create_deposit", body)["session_id"]
    response = actor.call("get_auto_recharge")
    actor.equal(response, "/enabled", "unpaid", before.get("enabled"))
    actor.pay(session)
    response = actor.call("get_auto_recharge")
    actor.equal(response, "/enabled", "paid", True)
    actor.equal(response, "/threshold_microcents", "paid", 2 * DOLLAR)
    actor.equal(response, "/recharge_amount_cents", "paid", 3_300)
    actor.read_all()
    if not actor.can(FRESH):
        return
    other = actor.someone("default")
    other.deposit(2_000, auto_recharge_enabled=True)
    response = other.call("get_auto_recharge")
    other.equal(response, "/threshold_microcents", "default", 5 * DOLLAR)
    other.equal(response, "/recharge_amount_cents", "default", 5_000)
    third = actor.someone("default")
    third.deposit(2_000, auto_recharge_enabled=False, auto_recharge_amount_cents=2_500)
    response = third.call("get_auto_recharge")
    third.equal(response, "/enabled", "not_asked_for", False)


def a_credit_pack_is_bought(actor: Actor) -> None:
    """Buy a credit pack: its price is credited once, with an invoice."""
    session = actor.do(
        "create_checkout_session", {"price_id": actor.named(PACK), "mode": "payment", **PAGES}
    )["session_id"]
    before = actor.balance
    actor.pay(session)
    credited = 2_500 * CENT if actor.can(MOCK) else actor.balance - before
    actor.pay(session)
    response = _expect_balance(actor, before + credited, "pack")
    actor.expect(response, credited > 0, "/balance_microcents", "pack", "more credits", credited)
    actor.read_all()


def tiers_follow_the_balance(actor: Actor) -> None:
    """Use up a balance: the tier changes at exactly $500, $200, $50 and $5."""
    newcomer = actor.someone_like("new", _as_it_is)
    newcomer.deposit(49_900)
    for dollars, at, below in (
        (500, "high_volume", "scale"),
        (200, "scale", "growth"),
        (50, "growth", "basic"),
        (5, "basic", "free"),
    ):
        newcomer.leave(dollars * DOLLAR)
        response = newcomer.call("get_balance")
        newcomer.equal(response, "/balance_microcents", "tier", dollars * DOLLAR)
        newcomer.equal(response, "/tier", f"at_{dollars}", at)
        newcomer.use("light", 1)
        response = newcomer.call("get_balance")
        newcomer.equal(response, "/tier", f"below_{dollars}", below)
    newcomer.read_all()


def _as_it_is(actor: Actor) -> None:
    """Leave a fresh account as it is."""


def _expect_balance(actor: Actor, expected: int, rule: str) -> Exchange:
    """Expect a balance in microcents, and return its reading."""
    response = actor.call("get_balance")
    actor.equal(response, "/balance_microcents", rule, expected)
    return response
