"""Verification challenges that accept too much or show too much."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from mockserver.billing import verification
from mockserver.billing.account import MAX_ATTEMPTS, Challenge
from mockserver.billing.context import Context
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, wraps

_INITIATE, _CONFIRM = "initiate_verification", "confirm_verification"
_BOTH = (_INITIATE, _CONFIRM)
_END_OF_TIME = datetime.max.replace(tzinfo=UTC)

Result = tuple[bool, Challenge]


def _forget_the_use(original: Original, context: Context, challenge_id: str, code: str) -> Result:
    if challenge := context.account.challenges.get(challenge_id):
        challenge.used = False
    result: Result = original(context, challenge_id, code)
    return result


def _count_nothing(original: Original, context: Context, challenge_id: str, code: str) -> Result:
    right, challenge = original(context, challenge_id, code)
    challenge.remaining_attempts = MAX_ATTEMPTS
    return right, challenge


def _never_lock(original: Original, context: Context, challenge_id: str, code: str) -> Result:
    challenge = context.account.challenges.get(challenge_id)
    if challenge and challenge.remaining_attempts == 0:
        challenge.remaining_attempts = 1
    result: Result = original(context, challenge_id, code)
    return result


def _forget_the_expiry(
    original: Original, context: Context, challenge_id: str, code: str
) -> Result:
    if challenge := context.account.challenges.get(challenge_id):
        challenge.expires_at = _END_OF_TIME
    result: Result = original(context, challenge_id, code)
    return result


def _take_any_code(original: Original, context: Context, challenge_id: str, code: str) -> Result:
    challenges = context.account.challenges
    challenge = challenges.get(challenge_id)
    if challenge and any(challenge.code == code for challenge in challenges.values()):
        challenge.code = code
    result: Result = original(context, challenge_id, code)
    return result


def _show_the_name(_: Original, email: str) -> str:
    return email


def _mail_in_any_case(
    original: Original, context: Context, channel: str, recipient: str, *args: Any, **kw: Any
) -> None:
    if kw.get("code") is not None:
        channel, recipient = "email", context.account.profile.email
    original(context, channel, recipient, *args, **kw)


def _open(me: Caller, **more: str) -> tuple[str, str]:
    """Open a challenge, and return its id and its code."""
    opened = me.post("verify/initiate", {"action": "change_email", **more})
    return opened["challenge_id"], me.outbox()[0]["code"]


def _confirm(me: Caller, challenge: str, code: str) -> Any:
    return me.post("verify/confirm", {"challenge_id": challenge, "code": code})


def _wrong(code: str) -> str:
    return code[::-1] if code != code[::-1] else "x"


def _confirmed_twice(me: Caller) -> object:
    challenge, code = _open(me)
    return [_confirm(me, challenge, code).get("success") for _ in range(2)]


def _attempts_after_two_wrong_codes(me: Caller) -> object:
    challenge, code = _open(me)
    return [_confirm(me, challenge, _wrong(code))["remaining_attempts"] for _ in range(2)]


def _right_code_after_five_wrong_ones(me: Caller) -> object:
    challenge, code = _open(me)
    for _ in range(MAX_ATTEMPTS):
        _confirm(me, challenge, _wrong(code))
    return _confirm(me, challenge, code).get("success")


def _confirmed_late(me: Caller) -> object:
    challenge, code = _open(me)
    me.wait(seconds=600)
    return _confirm(me, challenge, code).get("success")


def _confirmed_with_the_code_of_another(me: Caller) -> object:
    challenge, _ = _open(me)
    _, code = _open(me)
    return _confirm(me, challenge, code)["success"]


def _channel_of_a_text_message(me: Caller) -> object:
    _open(me, method="sms")
    return me.outbox()[0]["channel"]


FAULTS = (
    Fault(
        "code-works-twice",
        "state",
        "A verification code works more than once.",
        wraps(verification, "confirm", _forget_the_use, on=_BOTH),
        _confirmed_twice,
    ),
    Fault(
        "wrong-codes-are-free",
        "state",
        "A wrong verification code costs no attempt.",
        wraps(verification, "confirm", _count_nothing, on=_BOTH),
        _attempts_after_two_wrong_codes,
    ),
    Fault(
        "challenge-never-locks",
        "state",
        "After five wrong codes the right one still works.",
        wraps(verification, "confirm", _never_lock, on=_BOTH),
        _right_code_after_five_wrong_ones,
    ),
    Fault(
        "expired-code-works",
        "state",
        "A verification code works after its ten minutes.",
        wraps(verification, "confirm", _forget_the_expiry, on=_BOTH),
        _confirmed_late,
    ),
    Fault(
        "code-of-another-challenge-works",
        "state",
        "A challenge accepts the code of any other challenge of the account.",
        wraps(verification, "confirm", _take_any_code, on=_BOTH),
        _confirmed_with_the_code_of_another,
    ),
    Fault(
        "destination-not-masked",
        "state",
        "masked_destination shows the whole e-mail address.",
        wraps(verification, "_mask_email", _show_the_name, on=(_INITIATE,)),
        lambda me: me.post("verify/initiate", {"action": "change_email"})["masked_destination"][
            1:4
        ],
    ),
    Fault(
        "text-message-goes-by-mail",
        "state",
        "A code that was asked for by SMS is sent by e-mail.",
        wraps(Context, "send", _mail_in_any_case, on=(_INITIATE,)),
        _channel_of_a_text_message,
    ),
)
