"""Stories of deposits, checkout and promo codes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from contract_tests.billing.adapters import ADVANCE, EXPIRE, FRESH, NOW
from contract_tests.billing.stories.actor import CENT, CODE_ONCE, DOLLAR, Actor
from contract_tests.http.exchange import Exchange

PERCENT, FIXED, EXPIRED = "WELCOME10", "BONUS5", "SPRING2025"
"""The rule that an account uses a promo code once. To break it costs money: it is critical."""
EXPIRED_SINCE = datetime(2025, 6, 1, tzinfo=UTC)
PAGES = {
    "success_url": "https://kit.example.com/done?s={CHECKOUT_SESSION_ID}",
    "cancel_url": "https://kit.example.com/back",
}


def unpaid_sessions_change_nothing(actor: Actor) -> None:
    """Open deposits and checkouts without paying: only the audit log changes."""
    pack, plan = actor.pack, {"price_id": actor.plans.first.price_id, **PAGES}
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
    checkout = {"price_id": pack.price_id, "mode": "payment", **PAGES}
    actor.do("create_checkout_session", checkout)
    actor.do("create_checkout_session", plan)
    actor.refused(400, "create_checkout_session", {**checkout, "price_id": "price_kit_unknown"})
    actor.refused(400, "create_checkout_session", {**checkout, "mode": "rent"})
    actor.refused(400, "create_checkout_session", {**checkout, "mode": "subscription"})
    actor.refused(400, "create_checkout_session", {**plan, "mode": "payment"})
    actor.read_all()


def promo_codes_are_checked(actor: Actor) -> None:
    """Validate promo codes, and deposit with them: invalid codes are refused by both."""
    actor.require_codes(PERCENT, FIXED, EXPIRED)
    if actor.can(NOW, ADVANCE) and actor.now < EXPIRED_SINCE:
        actor.wait_until(EXPIRED_SINCE)
    actor.read_all()
    first = actor.call("validate_promo_code", {"code": FIXED})
    # An account that is not fresh may have used the code.
    usable = actor.can(FRESH) or first.object.get("valid") is True
    for code, valid in (
        (FIXED, usable),
        (EXPIRED, False),
        ("KIT-NO-SUCH-CODE", False),
        (FIXED, usable),
    ):
        response = actor.call("validate_promo_code", {"code": code})
        actor.equal(response, "/valid", code, valid)
    for code in (EXPIRED, "KIT-NO-SUCH-CODE"):
        actor.refused(400, "create_deposit", {"amount_cents": 10_000, "promo_code": code})
    if usable:
        _expect_fixed_bonus(actor)
    newcomer = actor.someone_like("new", _as_it_is) if actor.can(FRESH) else actor
    response = newcomer.call("validate_promo_code", {"code": PERCENT})
    if response.object.get("valid"):
        for name, value in (
            ("bonus_type", "percentage"),
            ("bonus_value", 10),
            ("min_deposit_cents", 2_000),
            ("max_credits_microcents", 2_000 * CENT),
        ):
            newcomer.equal(response, f"/{name}", PERCENT, value)
        newcomer.refused(400, "create_deposit", {"amount_cents": 1_999, "promo_code": PERCENT})
        newcomer.do("create_deposit", {"amount_cents": 2_000, "promo_code": PERCENT})
    actor.read_all()


def _expect_fixed_bonus(actor: Actor) -> None:
    """Expect the terms of the code with a fixed bonus."""
    actor.refused(400, "create_deposit", {"amount_cents": 2_499, "promo_code": FIXED})
    actor.do("create_deposit", {"amount_cents": 2_500, "promo_code": FIXED})
    response = actor.call("validate_promo_code", {"code": FIXED})
    for name, value in (
        ("bonus_type", "fixed"),
        ("bonus_value", 500),
        ("min_deposit_cents", 2_500),
        ("max_credits_microcents", 500 * CENT),
    ):
        actor.equal(response, f"/{name}", FIXED, value)


def from_sign_up_to_the_first_deposit(actor: Actor) -> None:
    """Sign up and deposit with a promo code: all views show the payment and the bonus."""
    actor.require_codes(PERCENT)
    newcomer = actor.someone("new")
    newcomer.read_all()
    response = newcomer.call("get_balance")
    newcomer.equal(response, "/balance_microcents", "signup", DOLLAR)
    newcomer.equal(response, "/total_deposited_cents", "signup", 0)
    session = newcomer.do("create_deposit", {"amount_cents": 5_000, "promo_code": PERCENT})
    newcomer.read_all()
    newcomer.pay(session["session_id"])
    newcomer.read_all()
    response = newcomer.call("get_balance")
    newcomer.equal(response, "/balance_microcents", "paid", DOLLAR + 55 * DOLLAR)
    newcomer.equal(response, "/total_deposited_cents", "paid", 5_000)
    _expect_first_deposit(newcomer, session["session_id"])
    response = newcomer.call("validate_promo_code", {"code": PERCENT})
    newcomer.equal(response, "/valid", "once_per_account", False)
    newcomer.refused(400, "create_deposit", {"amount_cents": 5_000, "promo_code": PERCENT})
    newcomer.read_all()


def _expect_first_deposit(newcomer: Actor, session_id: str) -> None:
    """Expect ledger, invoices, activity and audit log to show the deposit and the bonus."""
    entries = newcomer.call("list_credit_transactions")
    booked = {
        entry.get("reference_type"): entry for entry in entries.object.get("transactions", [])
    }
    for reference, type, amount in (
        ("deposit", "deposit", 50 * DOLLAR),
        ("promo", "bonus", 5 * DOLLAR),
    ):
        entry = booked.get(reference, {})
        expected = (type, amount, session_id)
        got = (entry.get("type"), entry.get("amount_microcents"), entry.get("reference_id"))
        newcomer.expect(entries, got == expected, "/transactions", reference, expected, got)
    invoices = newcomer.call("list_invoices")
    newcomer.equal(invoices, "/total", "paid", 1)
    newcomer.equal(invoices, "/invoices/0/amount_cents", "paid", 5_000)
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
    codes = {code: actor.call("validate_promo_code", {"code": code}) for code in (PERCENT, FIXED)}
    usable = [code for code, response in codes.items() if response.object.get("valid") is True]
    actor.require(usable, "a promo code that the account has not used")
    code, amount = usable[0], 5_000
    first, second = (
        actor.do("create_deposit", {"amount_cents": amount, "promo_code": code})["session_id"]
        for _ in range(2)
    )
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
    response = actor.call("validate_promo_code", {"code": code})
    actor.equal(response, "/valid", CODE_ONCE, False)
    refused = actor.call("create_deposit", {"amount_cents": amount, "promo_code": code})
    actor.status(refused, 400, CODE_ONCE)
    actor.read_all()


def a_deposit_is_credited_once(actor: Actor) -> None:
    """Complete a session again, later and concurrently: it is credited once."""
    session = actor.do("create_deposit", {"amount_cents": 4_321})["session_id"]
    before = actor.balance
    first = actor.pay(session)
    actor.read_all()
    again = actor.pay(session)
    balance = _expect_balance(actor, before + 4_321 * CENT, "completed_twice")
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
    _expect_balance(actor, before + (4_321 + 1_111) * CENT, "completed_at_once")
    if actor.can(ADVANCE):
        actor.wait(days=2)
        actor.pay(session)
        _expect_balance(actor, before + (4_321 + 1_111) * CENT, "completed_later")
    actor.read_all()


def a_declined_payment_changes_nothing(actor: Actor) -> None:
    """Pay with a declining card: nothing changes, and another card can pay."""
    actor.require_codes(FIXED)
    usable = actor.call("validate_promo_code", {"code": FIXED}).object.get("valid")
    actor.require(usable, f"an account that has not used the promo code {FIXED}")
    session = actor.do("create_deposit", {"amount_cents": 3_000, "promo_code": FIXED})["session_id"]
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
    response = actor.call("validate_promo_code", {"code": FIXED})
    actor.equal(response, "/valid", "declined", True)
    actor.pay(session, "pm_card_visa")
    _expect_balance(actor, before + 3_500 * CENT, "paid_then")
    actor.read_all()


def an_expired_session_is_not_paid(actor: Actor) -> None:
    """Pay a session just before and after its 24 hours: only the former is credited."""
    early, late, closed = (
        actor.do("create_deposit", {"amount_cents": 2_000})["session_id"] for _ in range(3)
    )
    before = actor.balance
    if actor.can(EXPIRE):
        actor.adapter.expire(actor.caller, closed)
        actor.pay(closed)
        _expect_balance(actor, before, "expired")
    actor.wait(timedelta(days=1) - actor.margin)
    actor.pay(early)
    _expect_balance(actor, before + 2_000 * CENT, "just_in_time")
    actor.wait(actor.margin)
    actor.pay(late)
    _expect_balance(actor, before + 2_000 * CENT, "too_late")
    actor.read_all()


def bonuses_are_bounded(actor: Actor) -> None:
    """Deposit with promo codes: bonuses are rounded down and capped, and a code works once."""
    actor.require_codes(PERCENT, FIXED)
    for number, (amount, code, bonus) in enumerate(
        (
            (2_000, PERCENT, 200),
            (2_019, PERCENT, 201),
            (20_000, PERCENT, 2_000),
            (50_000, PERCENT, 2_000),
            (2_500, FIXED, 500),
            (200_000, FIXED, 500),
        )
    ):
        newcomer = actor.someone_like("new", _as_it_is)
        if number % 2:
            newcomer.read_all()
        shown = newcomer.do("get_balance")
        newcomer.deposit(amount, promo_code=code)
        response = newcomer.call("get_balance")
        expected = shown.get("balance_microcents", 0) + (amount + bonus) * CENT
        newcomer.equal(response, "/balance_microcents", "bonus", expected)
        total = shown.get("total_deposited_cents", 0) + amount
        newcomer.equal(response, "/total_deposited_cents", "bonus", total)
        newcomer.read_all()
    newcomer = actor.someone_like("new", _as_it_is)
    before = newcomer.balance
    first, second = (
        newcomer.do("create_deposit", {"amount_cents": 5_000, "promo_code": FIXED})["session_id"]
        for _ in range(2)
    )
    newcomer.pay(first)
    newcomer.pay(second)
    _expect_balance(newcomer, before + 10_500 * CENT, CODE_ONCE)
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
    pack = actor.pack
    checkout = {"price_id": pack.price_id, "mode": "payment", **PAGES}
    session = actor.do("create_checkout_session", checkout)["session_id"]
    before = actor.balance
    actor.pay(session)
    actor.pay(session)
    _expect_balance(actor, before + pack.amount_cents * CENT, "pack")
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
