"""Stories of verification."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from contract_tests.billing.stories.actor import Actor

_NO_CHALLENGE = "00000000-0000-4000-8000-000000000000"


def wrong_codes_lock_a_challenge(actor: Actor) -> None:
    """Each wrong code costs one attempt of five; then the challenge is locked, for any code."""
    challenge = actor.do("initiate_verification", {"action": "kit_story"})["challenge_id"]
    wrong = _wrong_code(actor)
    for left in (4, 3, 2, 1, 0):
        answer = actor.call("confirm_verification", {"challenge_id": challenge, "code": wrong})
        actor.equal(answer, "/success", "wrong_code", False)
        actor.equal(answer, "/remaining_attempts", "wrong_code", left)
    actor.refused(409, "confirm_verification", {"challenge_id": challenge, "code": wrong})
    if actor.run.settings.mock:
        actor.refused(
            409, "confirm_verification", {"challenge_id": challenge, "code": _code(actor)}
        )
    actor.refused(404, "confirm_verification", {"challenge_id": _NO_CHALLENGE, "code": wrong})
    actor.look()


def methods_are_email_and_sms(actor: Actor) -> None:
    """A challenge goes out by e-mail or SMS, masked, is good for ten minutes, and by nothing else."""
    for method in ("email", "sms", None):
        body = {"action": "kit_story"} | ({"method": method} if method else {})
        answer = actor.call("initiate_verification", body)
        actor.equal(answer, "/method", "method", method or "email")
        if actor.run.settings.mock:
            expires = datetime.fromisoformat(
                answer.object.get("expires_at") or "1970-01-01T00:00:00Z"
            )
            actor.expect(
                answer,
                expires - actor.now == timedelta(minutes=10),
                "/expires_at",
                "lifetime",
                "ten minutes from now",
                expires - actor.now,
            )
            sent = actor.messages()[:1]
            channel = sent[0].get("channel") if sent else None
            actor.expect(
                answer,
                channel == (method or "email"),
                "/method",
                "sent",
                method or "email",
                channel,
            )
    for method in ("pigeon", "EMAIL", "phone"):
        actor.refused(400, "initiate_verification", {"action": "kit_story", "method": method})
    actor.look()


def the_right_code_is_good_once(actor: Actor) -> None:
    """The code that was sent verifies once; afterwards the challenge is used. A wrong one before does not spoil it."""
    challenge = actor.do("initiate_verification", {"action": "kit_story"})["challenge_id"]
    code = _code(actor)
    other = actor.do("initiate_verification", {"action": "kit_story"})["challenge_id"]
    answer = actor.call(
        "confirm_verification", {"challenge_id": challenge, "code": _wrong_code(actor, code)}
    )
    actor.equal(answer, "/success", "wrong_code", False)
    answer = actor.call("confirm_verification", {"challenge_id": challenge, "code": code})
    actor.equal(answer, "/success", "right_code", True)
    for again in (code, _wrong_code(actor, code)):
        actor.refused(409, "confirm_verification", {"challenge_id": challenge, "code": again})
    if code != _code(actor):
        answer = actor.call("confirm_verification", {"challenge_id": other, "code": code})
        actor.equal(answer, "/success", "another_challenge", False)
    answer = actor.call("confirm_verification", {"challenge_id": other, "code": _code(actor)})
    actor.equal(answer, "/success", "right_code", True)
    audit = actor.call("list_audit_log", query={"limit": 10})
    told = json.dumps([entry.get("details") for entry in audit.object.get("entries", [])])
    actor.expect(
        audit,
        f'"{code}"' not in told,
        "/entries/*/details",
        "no_code",
        "no code in the log",
        "the code",
    )
    actor.look()


def challenges_expire(actor: Actor) -> None:
    """After ten minutes the right code is 410; a second before it is good."""
    first = actor.do("initiate_verification", {"action": "kit_story"})["challenge_id"]
    first_code = _code(actor)
    second = actor.do("initiate_verification", {"action": "kit_story"})["challenge_id"]
    second_code = _code(actor)
    actor.wait(seconds=599)
    answer = actor.call("confirm_verification", {"challenge_id": first, "code": first_code})
    actor.equal(answer, "/success", "in_time", True)
    actor.wait(seconds=1)
    actor.refused(410, "confirm_verification", {"challenge_id": second, "code": second_code})
    actor.look()


def _code(actor: Actor) -> str:
    """The code that was sent last."""
    return next((str(message["code"]) for message in actor.messages() if message.get("code")), "")


def _wrong_code(actor: Actor, right: str | None = None) -> str:
    """A code that is not the one that was sent; where that cannot be known, one that hardly ever is."""
    if right is None and actor.run.settings.mock:
        right = _code(actor)
    return "000000" if right != "000000" else "000001"
