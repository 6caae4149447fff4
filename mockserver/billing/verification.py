"""Verification: a challenge whose 6-digit code is sent by e-mail or text message (assumed)."""

from __future__ import annotations

import hmac
from datetime import timedelta

from mockserver.billing import bounds
from mockserver.billing.account import Challenge, VerificationMethod
from mockserver.billing.context import Context
from mockserver.billing.errors import (
    ChallengeExpired,
    ChallengeLocked,
    ChallengeNotFound,
    ChallengeUsed,
    UnknownVerificationMethod,
)

LIFETIME = timedelta(minutes=10)
CODE_DIGITS = 6


def initiate(context: Context, action: str, method: str) -> Challenge:
    """Open a challenge and put its code into the outbox. Raise UnknownVerificationMethod."""
    account = context.account
    if method == "email":
        challenge = _open(context, action, "email", _mask_email(account.profile.email))
        recipient = account.profile.email
    elif method == "sms":
        challenge = _open(context, action, "sms", _mask_phone(account.profile.phone))
        recipient = account.profile.phone
    else:
        raise UnknownVerificationMethod(method)
    context.send(
        challenge.method,
        recipient,
        "Your verification code",
        f"Your code is {challenge.code}. It is valid for 10 minutes.",
        code=challenge.code,
    )
    context.audit(
        "verification.initiated", challenge_id=challenge.id, verified_action=action, method=method
    )
    return challenge


def confirm(context: Context, challenge_id: str, code: str) -> tuple[bool, Challenge]:
    """Try a code. Return whether it was correct, and the challenge after the attempt.

    A wrong code uses up one of five attempts.
    Raise ChallengeNotFound, ChallengeUsed, ChallengeLocked or ChallengeExpired.
    """
    challenge = context.account.challenges.get(challenge_id)
    if challenge is None:
        raise ChallengeNotFound(challenge_id)
    if challenge.used:
        raise ChallengeUsed()
    if challenge.remaining_attempts == 0:
        raise ChallengeLocked()
    if context.now >= challenge.expires_at:
        raise ChallengeExpired()
    correct = hmac.compare_digest(code.encode(), challenge.code.encode())
    if correct:
        challenge.used = True
    else:
        challenge.remaining_attempts -= 1
    context.audit(
        "verification.confirmed" if correct else "verification.failed",
        challenge_id=challenge.id,
        verified_action=challenge.action,
    )
    return correct, challenge


def _open(context: Context, action: str, method: VerificationMethod, destination: str) -> Challenge:
    bounds.make_room(
        context.account.challenges,
        bounds.MAX_CHALLENGES,
        lambda challenge: challenge.used or context.now >= challenge.expires_at,
    )
    ids = context.account.ids
    challenge = Challenge(
        id=ids.uuid(),
        method=method,
        action=action,
        code=ids.digits(CODE_DIGITS),
        destination=destination,
        created_at=context.now,
        expires_at=context.now + LIFETIME,
    )
    context.account.challenges[challenge.id] = challenge
    return challenge


def _mask_email(email: str) -> str:
    name, _, domain = email.partition("@")
    return f"{name[:1]}***@{domain}"


def _mask_phone(phone: str) -> str:
    return f"***-**{phone[-2:]}"
