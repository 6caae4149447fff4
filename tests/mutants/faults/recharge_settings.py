"""The settings of auto-recharge: stored wrongly, partly, or not at all."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mockserver.billing import auto_recharge
from mockserver.billing.account import (
    DEFAULT_AMOUNT_CENTS,
    DEFAULT_THRESHOLD_MICROCENTS,
    AutoRecharge,
    Consent,
)
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.context import Context
from mockserver.billing.errors import NoUsableCard
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, demands, handles, property_of, together, wraps

Json = Any

_NEW = "sk_test_new"
_UPDATE, _GET, _DISABLE = "update_auto_recharge", "get_auto_recharge", "disable_auto_recharge"
_KEPT_CHARACTERS = 255


def _keep_the_old_threshold(original: Original, call: Call) -> Json:
    if call.body["threshold_microcents"] is None:
        call.body["threshold_microcents"] = call.context.account.auto_recharge.threshold_microcents
    return original(call)


def _cut_the_consent(
    original: Original, context: Context, *, consent: Consent, **settings: Any
) -> AutoRecharge:
    short = replace(consent, text=consent.text[:_KEPT_CHARACTERS] if consent.text else consent.text)
    configured: AutoRecharge = original(context, consent=short, **settings)
    return configured


def _forget_the_terms(original: Original, call: Call) -> Json:
    body = original(call)
    settings = call.context.account.auto_recharge
    settings.consent = replace(settings.consent, terms_version=None)
    return body


def _keep_what_is_refused(original: Original, context: Context, **settings: Any) -> AutoRecharge:
    try:
        configured: AutoRecharge = original(context, **settings)
    except NoUsableCard:
        context.account.auto_recharge.threshold_microcents = settings["threshold_microcents"]
        raise
    return configured


def _need_no_card(original: Original, context: Context, **settings: Any) -> AutoRecharge:
    try:
        configured: AutoRecharge = original(context, **settings)
    except NoUsableCard:
        configured = original(context, **{**settings, "enabled": False})
        configured.enabled = True
    return configured


def _forget_the_rest(original: Original, context: Context) -> AutoRecharge:
    settings: AutoRecharge = original(context)
    settings.threshold_microcents = DEFAULT_THRESHOLD_MICROCENTS
    settings.amount_cents = DEFAULT_AMOUNT_CENTS
    return settings


def _stay_enabled(original: Original, context: Context) -> AutoRecharge:
    enabled = context.account.auto_recharge.enabled
    settings: AutoRecharge = original(context)
    settings.enabled = enabled
    return settings


def _remember_old_settings(original: Original, call: Call) -> Json:
    account = call.context.account
    original.memory[account.id] = render.auto_recharge(account)
    return original(call)


def _answer_old_settings(original: Original, call: Call) -> Json:
    return original.memory.pop(call.context.account.id, None) or original(call)


def _threshold_after_an_empty_put(me: Caller) -> object:
    me.put("auto-recharge", {"threshold_microcents": 700_000_000})
    return me.put("auto-recharge", {})["threshold_microcents"]


def _consent_of(me: Caller, characters: int) -> object:
    me.put("auto-recharge", {"consent_text": "x" * characters})
    return len(me.get("auto-recharge")["consent_text"])


def _stored_terms(me: Caller) -> object:
    me.put("auto-recharge", {"terms_version": "2026-01"})
    return me.get("auto-recharge")["terms_version"]


def _threshold_after_a_refusal(me: Caller) -> object:
    new = me.named(_NEW)
    new.status("PUT", "auto-recharge", {"enabled": True, "threshold_microcents": 700_000_000})
    return new.get("auto-recharge")["threshold_microcents"]


def _after_disabling(me: Caller) -> Any:
    me.put("auto-recharge", {"enabled": True, "recharge_amount_cents": 7_500})
    me.delete("auto-recharge")
    return me.get("auto-recharge")


def _first_look_after_a_put(me: Caller) -> object:
    me.put("auto-recharge", {"threshold_microcents": 700_000_000})
    return me.get("auto-recharge")["threshold_microcents"]


FAULTS = (
    Fault(
        "left-out-threshold-stays",
        "state",
        "Saving auto-recharge without a threshold keeps the old one instead of taking the default.",
        together(
            demands(_UPDATE, property_of("threshold_microcents", default=None)),
            handles(_UPDATE, _keep_the_old_threshold),
        ),
        _threshold_after_an_empty_put,
    ),
    Fault(
        "consent-text-cut",
        "state",
        "Of a consent text only the first 255 characters are kept.",
        wraps(auto_recharge, "configure", _cut_the_consent, on=(_UPDATE, _GET)),
        lambda me: _consent_of(me, 300),
    ),
    Fault(
        "terms-version-not-stored",
        "state",
        "The terms_version of auto-recharge is in the response to PUT, and gone when it is read.",
        handles(_UPDATE, _forget_the_terms, on=(_UPDATE, _GET)),
        _stored_terms,
    ),
    Fault(
        "refused-threshold-stored",
        "state",
        "Enabling auto-recharge without a card is refused with 400, but the threshold is stored.",
        wraps(auto_recharge, "configure", _keep_what_is_refused, on=(_UPDATE, _GET)),
        _threshold_after_a_refusal,
    ),
    Fault(
        "recharge-enabled-without-a-card",
        "state",
        "Auto-recharge can be enabled without any card.",
        wraps(auto_recharge, "configure", _need_no_card, on=(_UPDATE,)),
        lambda me: me.named(_NEW).status("PUT", "auto-recharge", {"enabled": True}),
    ),
    Fault(
        "disabling-forgets-the-settings",
        "state",
        "Disabling auto-recharge puts threshold and amount back to their defaults.",
        wraps(auto_recharge, "disable", _forget_the_rest, on=(_DISABLE, _GET)),
        lambda me: _after_disabling(me)["recharge_amount_cents"],
    ),
    Fault(
        "disabling-not-stored",
        "state",
        "Disabling auto-recharge is acknowledged, and it stays enabled.",
        wraps(auto_recharge, "disable", _stay_enabled, on=(_DISABLE, _GET)),
        lambda me: _after_disabling(me)["enabled"],
    ),
    Fault(
        "first-read-of-settings-is-stale",
        "state",
        "The first time that auto-recharge is read after a change, it shows the previous settings.",
        together(handles(_UPDATE, _remember_old_settings), handles(_GET, _answer_old_settings)),
        _first_look_after_a_put,
    ),
)
