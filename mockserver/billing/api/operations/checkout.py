"""Deposits, checkout, the customer portal, setup intents and promo codes."""

from mockserver.billing import checkout, promo, setup_intents
from mockserver.billing.account import (
    DEFAULT_AMOUNT_CENTS,
    DEFAULT_THRESHOLD_MICROCENTS,
    AutoRechargeRequest,
)
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.errors import PromoCodeRefused
from mockserver.engine.body import Json


def create_deposit(call: Call) -> Json:
    body = call.body
    session = checkout.open_deposit(
        call.context,
        body["amount_cents"],
        success_url=body["success_url"],
        cancel_url=body["cancel_url"],
        promo_code=body["promo_code"],
        auto_recharge=_auto_recharge_request(body),
    )
    return render.deposit_session(session, call.base_url)


def create_checkout_session(call: Call) -> Json:
    body = call.body
    session = checkout.open_price(
        call.context, body["price_id"], body["mode"], body["success_url"], body["cancel_url"]
    )
    return render.checkout_session(session, call.base_url)


def create_portal_session(call: Call) -> Json:
    return render.portal_session(checkout.open_portal(call.context), call.base_url)


def create_setup_intent(call: Call) -> Json:
    return render.setup_intent(setup_intents.create(call.context))


def validate_promo_code(call: Call) -> Json:
    try:
        found = promo.check(call.context, call.body["code"])
    except PromoCodeRefused as refused:
        return render.promo_validation(None, str(refused))
    return render.promo_validation(found, f"{found.code} is valid.")


def _auto_recharge_request(body: Json) -> AutoRechargeRequest | None:
    """Return the settings requested with a deposit, completed by the documented defaults."""
    if not body["auto_recharge_enabled"]:
        return None
    threshold, amount = (
        body["auto_recharge_threshold_microcents"],
        body["auto_recharge_amount_cents"],
    )
    return AutoRechargeRequest(
        DEFAULT_THRESHOLD_MICROCENTS if threshold is None else threshold,
        DEFAULT_AMOUNT_CENTS if amount is None else amount,
    )
