"""Verification with wrong attempts or codes, and an audit log with too much or too little."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from mockserver.billing import setup_intents, verification
from mockserver.billing.account import MAX_ATTEMPTS, Challenge, SetupIntent
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.context import Context
from mockserver.billing.errors import CardAlreadyAdded
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.faults.card_rules import _act_twice_at_once, at_once
from tests.mutants.patches import Original, handles, sets, wraps
from tests.mutants.wire import Wire

Json = Any
Result = tuple[bool, Challenge]

_INITIATE, _CONFIRM, _AUDIT = "initiate_verification", "confirm_verification", "list_audit_log"
_DEBUG_CODE = "000000"
_FEWER_ATTEMPTS = 4
_HALF = 3


def _one_too_many(original: Original, success: bool, remaining: int) -> Json:
    body = original(success, remaining)
    return {**body, "remaining_attempts": min(remaining + 1, MAX_ATTEMPTS)}


def _four_attempts(original: Original, *args: Any) -> Challenge:
    challenge: Challenge = original(*args)
    challenge.remaining_attempts = _FEWER_ATTEMPTS
    return challenge


def _attempts_of_the_last(original: Original, context: Context, *args: Any) -> Challenge:
    earlier = list(context.account.challenges.values())
    challenge: Challenge = original(context, *args)
    if earlier:
        challenge.remaining_attempts = earlier[-1].remaining_attempts
    return challenge


def _take_half(original: Original, context: Context, challenge_id: str, code: str) -> Result:
    challenge = context.account.challenges.get(challenge_id)
    if challenge is not None and len(code) >= _HALF and challenge.code.startswith(code):
        code = challenge.code
    result: Result = original(context, challenge_id, code)
    return result


def _take_the_debug_code(
    original: Original, context: Context, challenge_id: str, code: str
) -> Result:
    challenge = context.account.challenges.get(challenge_id)
    if challenge is not None and code == _DEBUG_CODE:
        code = challenge.code
    result: Result = original(context, challenge_id, code)
    return result


def _lower_case_action(original: Original, challenge: Challenge) -> Json:
    body = original(challenge)
    return {**body, "action": body["action"].lower()}


def _log_the_refusal(original: Original, call: Call) -> Json:
    try:
        return original(call)
    except CardAlreadyAdded as error:
        card = call.context.account.wallet.get(error.stripe_payment_method_id)
        call.context.audit(
            "payment_method.added", payment_method_id=card.id, brand=card.brand, last4=card.last4
        )
        raise


def _log_the_secret(original: Original, context: Context) -> SetupIntent:
    intent: SetupIntent = original(context)
    context.account.audit_log[-1].details["client_secret"] = intent.client_secret
    return intent


def _without(*actions: str) -> Any:
    def audit(original: Original, self: Context, action: str, **details: Any) -> None:
        if action not in actions:
            original(self, action, **details)

    return audit


def _open(me: Caller, **more: str) -> tuple[str, str]:
    opened = me.post("verify/initiate", {"action": "Change_Email", **more})
    return opened["challenge_id"], me.outbox()[0]["code"]


def _confirm(me: Caller, challenge: str, code: str) -> Any:
    return me.post("verify/confirm", {"challenge_id": challenge, "code": code})


def _wrong_codes(me: Caller, count: int) -> object:
    challenge, _ = _open(me)
    return [_confirm(me, challenge, "x").get("remaining_attempts") for _ in range(count)]


def _attempts_of_the_second(me: Caller) -> object:
    _wrong_codes(me, 2)
    return _wrong_codes(me, 1)


def _half_a_code(me: Caller) -> object:
    challenge, code = _open(me)
    return _confirm(me, challenge, code[:_HALF])["success"]


def _debug_code(me: Caller) -> object:
    challenge, _ = _open(me)
    return _confirm(me, challenge, _DEBUG_CODE)["success"]


def _confirmed_at_once(me: Caller) -> object:
    challenge, code = _open(me)
    return at_once(me, "POST", "verify/confirm", {"challenge_id": challenge, "code": code})


def _log_after(me: Caller, method: str, path: str, body: Json = None) -> object:
    me.status(method, path, body)
    return me.get("audit-log")["total"]


def _log_after_a_downgrade(me: Caller) -> object:
    for plan in ("growth", "starter"):
        me.post("change-plan", {"price_id": f"price_{plan}_monthly"})
    return me.get("audit-log")["entries"][0]["action"]


FAULTS = (
    Fault(
        "attempts-reported-one-too-many",
        "state",
        "remaining_attempts is that before the attempt.",
        wraps(render, "verification_result", _one_too_many, on=(_CONFIRM,)),
        lambda me: _wrong_codes(me, 2),
    ),
    Fault(
        "four-attempts-instead-of-five",
        "state",
        "A verification challenge is locked after four wrong codes.",
        wraps(verification, "_open", _four_attempts, on=(_CONFIRM,)),
        lambda me: _wrong_codes(me, 1),
    ),
    Fault(
        "new-challenge-has-used-up-attempts",
        "state",
        "A new challenge has the attempts that the one before had left.",
        wraps(verification, "_open", _attempts_of_the_last, on=(_INITIATE, _CONFIRM)),
        _attempts_of_the_second,
    ),
    Fault(
        "half-a-code-works",
        "state",
        "The first three digits of a verification code are enough.",
        wraps(verification, "confirm", _take_half, on=(_CONFIRM,)),
        _half_a_code,
    ),
    Fault(
        "debug-code-works",
        "state",
        "The code 000000 confirms every verification challenge.",
        wraps(verification, "confirm", _take_the_debug_code, on=(_CONFIRM,)),
        _debug_code,
    ),
    Fault(
        "code-good-twice-at-once",
        "state",
        "Two requests at the same time both succeed with the same verification code.",
        Wire((_CONFIRM,), _act_twice_at_once),
        _confirmed_at_once,
    ),
    Fault(
        "phone-not-masked",
        "state",
        "masked_destination shows the whole telephone number.",
        sets(verification, "_mask_phone", lambda phone: phone, on=(_INITIATE,)),
        lambda me: me.post("verify/initiate", {"action": "a", "method": "sms"})[
            "masked_destination"
        ],
    ),
    Fault(
        "challenge-lives-an-hour",
        "state",
        "A verification challenge is valid for an hour instead of ten minutes.",
        sets(verification, "LIFETIME", timedelta(hours=1), on=(_INITIATE,)),
        lambda me: me.post("verify/initiate", {"action": "a"})["expires_at"],
    ),
    Fault(
        "verified-action-in-lower-case",
        "state",
        "The response to a verification repeats the action in lower case.",
        wraps(render, "verification_challenge", _lower_case_action, on=(_INITIATE,)),
        lambda me: me.post("verify/initiate", {"action": "Change_Email"})["action"],
    ),
    Fault(
        "refused-card-logged-as-added",
        "state",
        "A card that is refused with 409 is in the audit log as added.",
        handles("add_payment_method", _log_the_refusal, on=("add_payment_method", _AUDIT)),
        lambda me: _log_after(me, "POST", "payment-methods", {"payment_method_id": "pm_card_visa"}),
    ),
    Fault(
        "audit-log-shows-the-client-secret",
        "state",
        "The audit log holds the client secret of a setup intent.",
        wraps(setup_intents, "create", _log_the_secret, on=("create_setup_intent", _AUDIT)),
        lambda me: [
            me.post("setup-intent"),
            len(me.get("audit-log")["entries"][0]["details"]),
        ],
    ),
    Fault(
        "downgrade-not-logged",
        "state",
        "A downgrade leaves no entry in the audit log.",
        wraps(Context, "audit", _without("subscription.scheduled"), on=("change_plan", _AUDIT)),
        _log_after_a_downgrade,
    ),
)
