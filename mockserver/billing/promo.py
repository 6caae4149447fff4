"""Promo codes: a bonus on a deposit, once per account (assumed)."""

from __future__ import annotations

from mockserver.billing import money
from mockserver.billing.catalogue import PromoCode
from mockserver.billing.context import Context
from mockserver.billing.errors import PromoCodeRefused


def check(context: Context, code: str, amount_cents: int | None = None) -> PromoCode:
    """Return the promo code if this account can use it now, for a deposit of that amount if given.

    Raise PromoCodeRefused, with the reason, if it cannot.
    """
    promo = context.catalogue.promo_code(code)
    if promo is None:
        raise PromoCodeRefused("This promo code does not exist.")
    if promo.expires_at is not None and context.now >= promo.expires_at:
        raise PromoCodeRefused("This promo code has expired.")
    if promo.code in context.account.redeemed_promo_codes:
        raise PromoCodeRefused("This promo code has already been used on this account.")
    if amount_cents is not None and amount_cents < promo.min_deposit_cents:
        raise PromoCodeRefused(
            "This promo code requires a deposit of at least "
            f"{money.dollars(promo.min_deposit_cents)}."
        )
    return promo


def bonus_cents(promo: PromoCode, amount_cents: int) -> int:
    """Return the bonus on a deposit in cents, rounded down and capped."""
    bonus = amount_cents * promo.value // 100 if promo.type == "percentage" else promo.value
    return bonus if promo.max_bonus_cents is None else min(bonus, promo.max_bonus_cents)


def redeem(context: Context, code: str, amount_cents: int, *, reference_id: str) -> int:
    """Credit the bonus of a paid deposit and mark the code as used.

    Return the bonus in cents; 0 if the code is no longer valid.
    """
    try:
        promo = check(context, code, amount_cents)
    except PromoCodeRefused:
        return 0
    bonus = bonus_cents(promo, amount_cents)
    context.account.redeemed_promo_codes.append(promo.code)
    amount = money.in_microcents(bonus)
    context.credit(
        "bonus",
        amount,
        f"Promo code {promo.code}",
        reference_type="promo",
        reference_id=reference_id,
    )
    context.audit("promo_code.redeemed", code=promo.code, bonus_cents=bonus)
    context.record_activity("bonus", f"Promo code {promo.code}", amount)
    return bonus
