"""Deposits, promo codes and checkout sessions with wrong effects."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mockserver.billing import checkout, invoices, money, promo
from mockserver.billing.account import DEFAULT_AMOUNT_CENTS, AutoRechargeRequest, CheckoutSession
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.api.operations import checkout as operations
from mockserver.billing.catalogue import PromoCode
from mockserver.billing.context import Context
from mockserver.billing.errors import PromoCodeRefused
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, wraps

Json = Any

_MONEY = ("create_deposit", "get_balance")
_PROMO = ("create_deposit", "validate_promo_code")
_NEW = "sk_test_new"
_DAY_AND_A_BIT = 90_000


def _credit_again(
    original: Original, context: Context, session_id: str, *args: Any, **kwargs: Any
) -> CheckoutSession:
    closed = checkout.get(context, session_id).closed
    session: CheckoutSession = original(context, session_id, *args, **kwargs)
    if closed == "complete" and session.price_id is None:
        checkout._credit(context, session)
    return session


def _grant_no_bonus(_: Original, *__: Any, **___: Any) -> int:
    return 0


def _forget_the_cap(original: Original, code: PromoCode, amount_cents: int) -> int:
    bonus: int = original(replace(code, max_bonus_cents=None), amount_cents)
    return bonus


def _forget_the_minimum(original: Original, context: Context, code: str, *_: Any) -> PromoCode:
    found: PromoCode = original(context, code, None)
    return found


def _forget_the_use(
    original: Original, context: Context, code: str, *args: Any, **kwargs: Any
) -> int:
    bonus: int = original(context, code, *args, **kwargs)
    context.account.redeemed_promo_codes.clear()
    return bonus


def _forget_the_expiry(original: Original, context: Context, code: str, *args: Any) -> PromoCode:
    try:
        found: PromoCode = original(context, code, *args)
    except PromoCodeRefused:
        known = context.catalogue.promo_code(code)
        if known is None or known.expires_at is None or context.now < known.expires_at:
            raise
        return known
    return found


def _use_up(original: Original, call: Call) -> Json:
    body = original(call)
    if body["valid"]:
        call.context.account.redeemed_promo_codes.append(call.body["code"].strip().upper())
    return body


def _validate_used_ones(original: Original, call: Call) -> Json:
    account = call.context.account
    used, account.redeemed_promo_codes = account.redeemed_promo_codes, []
    try:
        return original(call)
    finally:
        account.redeemed_promo_codes = used


def _scale_the_cap(original: Original, *args: Any) -> Json:
    body = original(*args)
    if body["max_credits_microcents"] is not None:
        body["max_credits_microcents"] //= 100
    return body


def _invoice_only(original: Original, context: Context, session: CheckoutSession) -> None:
    """Charge and invoice a credit pack without crediting it."""
    if session.price_id is None:
        original(context, session)
    else:
        invoice = invoices.issue(context, session.amount_cents, session.description)
        context.audit("deposit.completed", session_id=session.id, invoice=invoice.number)


def _open_for_ever(original: Original, context: Context, session: CheckoutSession) -> None:
    if session.closed is not None:
        original(context, session)


def _recharge_by_the_default(original: Original, body: Json) -> AutoRechargeRequest | None:
    request: AutoRechargeRequest | None = original(body)
    return replace(request, amount_cents=DEFAULT_AMOUNT_CENTS) if request else None


def _credit_the_declined(
    original: Original, context: Context, session_id: str, reason: str
) -> CheckoutSession:
    session: CheckoutSession = original(context, session_id, reason)
    amount = money.in_microcents(session.amount_cents)
    context.credit("deposit", amount, "Deposit", reference_type="deposit", reference_id=session.id)
    return session


def _reuse_the_session(
    original: Original, context: Context, amount_cents: int, **more: Any
) -> CheckoutSession:
    key = (context.account.id, amount_cents)
    kept: CheckoutSession | None = original.memory.get(key)
    if kept is None or kept.status(context.now) != "open":
        kept = original.memory[key] = original(context, amount_cents, **more)
    return kept


def _tell_at_once(
    original: Original, context: Context, amount_cents: int, **more: Any
) -> CheckoutSession:
    session: CheckoutSession = original(context, amount_cents, **more)
    context.record_activity("deposit", session.description, money.in_microcents(amount_cents))
    return session


def _paid_twice(me: Caller) -> object:
    session = me.deposit(2_000)
    me.pay(session)
    me.pay(session)
    return me.get("balance")["total_deposited_cents"]


def _balance_after(me: Caller, cents: int, code: str) -> object:
    new = me.named(_NEW)
    new.pay(new.deposit(cents, promo_code=code))
    return new.get("balance")["balance_display"]


def _using_a_code_twice(me: Caller) -> object:
    new = me.named(_NEW)
    new.pay(new.deposit(2_500, promo_code="BONUS5"))
    return new.status("POST", "deposit", {"amount_cents": 2_500, "promo_code": "BONUS5"})


def _deposit_after_validating(me: Caller) -> object:
    me.post("promo/validate", {"code": "BONUS5"})
    return me.status("POST", "deposit", {"amount_cents": 2_500, "promo_code": "BONUS5"})


def _buy_a_pack(me: Caller) -> object:
    urls = {"success_url": "https://a.example", "cancel_url": "https://b.example"}
    session = me.post("checkout", {"price_id": "price_credits_25", "mode": "payment", **urls})[
        "session_id"
    ]
    me.pay(session)
    return me.get("balance")["total_deposited_cents"]


def _paid_too_late(me: Caller) -> object:
    session = me.deposit(2_000)
    me.wait(seconds=_DAY_AND_A_BIT)
    return me.status("POST", f"/_mock/checkout-sessions/{session}/complete")


def _recharge_amount_after_deposit(me: Caller) -> object:
    me.pay(me.deposit(2_000, auto_recharge_enabled=True, auto_recharge_amount_cents=7_500))
    return me.get("auto-recharge")["recharge_amount_cents"]


def _declined(me: Caller) -> object:
    session = me.deposit(2_000)
    me.post(f"/_mock/checkout-sessions/{session}/decline", {"reason": "insufficient_funds"})
    return me.get("balance")["total_deposited_cents"]


def _activities_of_an_unpaid_deposit(me: Caller) -> object:
    me.deposit(2_000)
    return me.get("recent-activity")["total"]


FAULTS = (
    Fault(
        "deposit-credited-twice",
        "state",
        "A deposit that is completed a second time is credited a second time.",
        wraps(checkout, "complete", _credit_again, on=_MONEY),
        _paid_twice,
    ),
    Fault(
        "bonus-not-credited",
        "state",
        "A deposit with a promo code is credited without the bonus.",
        wraps(promo, "redeem", _grant_no_bonus, on=_MONEY),
        lambda me: _balance_after(me, 5_000, "WELCOME10"),
    ),
    Fault(
        "bonus-without-cap",
        "state",
        "The bonus of a percentage code grows beyond its cap.",
        wraps(promo, "bonus_cents", _forget_the_cap, on=_MONEY),
        lambda me: _balance_after(me, 50_000, "WELCOME10"),
    ),
    Fault(
        "bonus-below-minimum",
        "state",
        "A promo code is accepted for a deposit below its minimum.",
        wraps(promo, "check", _forget_the_minimum, on=("create_deposit",)),
        lambda me: me.named(_NEW).status(
            "POST", "deposit", {"amount_cents": 1_999, "promo_code": "WELCOME10"}
        ),
    ),
    Fault(
        "promo-code-usable-twice",
        "state",
        "A promo code can be used again and again by the same account.",
        wraps(promo, "redeem", _forget_the_use, on=("create_deposit",)),
        _using_a_code_twice,
    ),
    Fault(
        "expired-promo-code-works",
        "state",
        "A promo code works after it has expired.",
        wraps(promo, "check", _forget_the_expiry, on=("validate_promo_code",)),
        lambda me: me.post("promo/validate", {"code": "SPRING2025"})["valid"],
    ),
    Fault(
        "validating-uses-the-code-up",
        "state",
        "Asking whether a promo code is valid uses it up.",
        handles("validate_promo_code", _use_up, on=_PROMO),
        _deposit_after_validating,
    ),
    Fault(
        "used-promo-code-called-valid",
        "state",
        "A promo code that the account has used is called valid, and refused by the deposit.",
        handles("validate_promo_code", _validate_used_ones),
        lambda me: me.post("promo/validate", {"code": "WELCOME10"})["valid"],
    ),
    Fault(
        "promo-cap-in-the-wrong-unit",
        "state",
        "What a promo code brings at most is a hundredth of what its display says.",
        wraps(render, "promo_validation", _scale_the_cap, on=("validate_promo_code",)),
        lambda me: me.post("promo/validate", {"code": "BONUS5"})["max_credits_microcents"],
    ),
    Fault(
        "credit-pack-not-credited",
        "state",
        "A credit pack is charged and invoiced, but not credited.",
        wraps(checkout, "_credit", _invoice_only, on=("create_checkout_session", "get_balance")),
        _buy_a_pack,
    ),
    Fault(
        "old-session-can-be-paid",
        "state",
        "A checkout session can be paid after its 24 hours.",
        wraps(checkout, "must_be_open", _open_for_ever, on=("create_deposit",)),
        _paid_too_late,
    ),
    Fault(
        "recharge-amount-of-deposit-forgotten",
        "state",
        "A deposit that asks for auto-recharge switches it on with the default amount, whatever "
        "it asked for.",
        wraps(
            operations,
            "_auto_recharge_request",
            _recharge_by_the_default,
            on=("create_deposit", "get_auto_recharge"),
        ),
        _recharge_amount_after_deposit,
    ),
    Fault(
        "declined-payment-credited",
        "state",
        "A deposit is credited although the payer's card was declined.",
        wraps(checkout, "decline", _credit_the_declined, on=_MONEY),
        _declined,
    ),
    Fault(
        "same-deposit-same-session",
        "state",
        "A second deposit of the same amount gets the session of the first, so that only one "
        "can be paid.",
        wraps(checkout, "open_deposit", _reuse_the_session, on=("create_deposit",)),
        lambda me: me.deposit(2_000) == me.deposit(2_000),
    ),
    Fault(
        "unpaid-deposit-in-recent-activity",
        "state",
        "A deposit stands in recent activity as soon as it is opened, before it is paid.",
        wraps(
            checkout, "open_deposit", _tell_at_once, on=("create_deposit", "list_recent_activity")
        ),
        _activities_of_an_unpaid_deposit,
    ),
)
