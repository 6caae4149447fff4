"""Auto-recharge: settings, history and a dry run."""

from mockserver.billing import auto_recharge
from mockserver.billing.account import Consent
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.engine import pagination
from mockserver.engine.body import Json
from mockserver.engine.reply import Listing


def get_auto_recharge(call: Call) -> Json:
    return render.auto_recharge(call.context.account)


def update_auto_recharge(call: Call) -> Json:
    body = call.body
    auto_recharge.configure(
        call.context,
        enabled=body["enabled"],
        threshold_microcents=body["threshold_microcents"],
        amount_cents=body["recharge_amount_cents"],
        stripe_payment_method_id=body["stripe_payment_method_id"],
        consent=Consent(body["consent_text"], body["consent_source"], body["terms_version"]),
    )
    return render.auto_recharge(call.context.account)


def disable_auto_recharge(call: Call) -> Json:
    auto_recharge.disable(call.context)
    return render.acknowledgement("Auto-recharge is disabled.")


def list_auto_recharge_history(call: Call) -> Listing:
    number, size = call.params["page"], call.params["per_page"]
    page = pagination.by_number(call, call.context.account.auto_recharge.attempts)
    return render.listing("history", render.auto_recharge_attempt, page, page=number, per_page=size)


def check_auto_recharge(call: Call) -> Json:
    check = auto_recharge.check(call.context)
    return render.auto_recharge_check(check, call.context.account.auto_recharge)
