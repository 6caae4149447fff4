"""Stories of verification."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from contract_tests.billing.adapters import MESSAGES, NOW, READ_CODE
from contract_tests.billing.stories.actor import CODE_ONCE, Actor
from contract_tests.findings.severity import CONTRADICTION, QUESTION
from contract_tests.http.exchange import Exchange

_NO_CHALLENGE = "00000000-0000-4000-8000-000000000000"


def wrong_codes_lock_a_challenge(actor: Actor) -> None:
    """Enter five wrong codes: each costs an attempt, and then that challenge is locked."""
    challenge = actor.do("initiate_verification", {"action": "kit_story"})["challenge_id"]
    wrong = _wrong_code(actor.code(challenge) if actor.can(READ_CODE) else None)
    for left in (4, 3, 2, 1, 0):
        response = actor.call("confirm_verification", {"challenge_id": challenge, "code": wrong})
        _expect_wrong(actor, response, "wrong_code")
        actor.equal(response, "/remaining_attempts", "wrong_code", left)
    actor.refused(409, "confirm_verification", {"challenge_id": challenge, "code": wrong})
    if actor.can(READ_CODE):
        code = actor.code(challenge)
        actor.refused(409, "confirm_verification", {"challenge_id": challenge, "code": code})
    actor.refused(404, "confirm_verification", {"challenge_id": _NO_CHALLENGE, "code": wrong})
    another = actor.call("initiate_verification", {"action": "kit_story"}).object
    if "challenge_id" in another:
        body = {"challenge_id": another["challenge_id"], "code": wrong}
        response = actor.call("confirm_verification", body)
        actor.equal(response, "/remaining_attempts", "new_challenge", 4)
    actor.read_all()


def methods_are_email_and_sms(actor: Actor) -> None:
    """Send challenges by e-mail and SMS: they live ten minutes; other methods are refused."""
    for method in ("email", "sms", None):
        body = {"action": "Kit Story"} | ({"method": method} if method else {})
        response = actor.call("initiate_verification", body)
        actor.equal(response, "/method", "method", method or "email")
        if actor.can(NOW):
            expires = datetime.fromisoformat(
                response.object.get("expires_at") or "1970-01-01T00:00:00Z"
            )
            left = expires - actor.now
            actor.expect(
                response,
                abs(left - timedelta(minutes=10)) <= actor.blur,
                "/expires_at",
                "lifetime",
                "ten minutes from now",
                left,
            )
        if actor.can(MESSAGES):
            sent = actor.messages()[:1]
            channel = sent[0].get("channel") if sent else None
            actor.expect(
                response,
                channel == (method or "email"),
                "/method",
                "sent",
                method or "email",
                channel,
            )
    for method in ("pigeon", "EMAIL", "phone"):
        actor.refused(400, "initiate_verification", {"action": "kit_story", "method": method})
    actor.read_all()


def the_right_code_is_good_once(actor: Actor) -> None:
    """Enter wrong codes and the right one: it verifies once, and the challenge is used."""
    challenge = actor.do("initiate_verification", {"action": "kit_story"})["challenge_id"]
    code = actor.code(challenge)
    other = actor.do("initiate_verification", {"action": "kit_story"})["challenge_id"]
    response = actor.call(
        "confirm_verification", {"challenge_id": challenge, "code": _wrong_code(code)}
    )
    _expect_wrong(actor, response, "wrong_code")
    part = actor.call("confirm_verification", {"challenge_id": challenge, "code": code[:3]})
    is_refused = part.object.get("success") is not True
    expected, got = "not true", "true for three digits"
    actor.expect(part, is_refused, "/success", "part_of_code", expected, got, nature=CONTRADICTION)
    response = actor.call("confirm_verification", {"challenge_id": challenge, "code": code})
    actor.equal(response, "/success", "right_code", True)
    for again, rule in ((code, CODE_ONCE), (_wrong_code(code), "refused")):
        body = {"challenge_id": challenge, "code": again}
        actor.refused(409, "confirm_verification", body, rule=rule)
    other_code = actor.code(other)
    if code != other_code:
        response = actor.call("confirm_verification", {"challenge_id": other, "code": code})
        _expect_wrong(actor, response, "another_challenge")
    response = actor.call("confirm_verification", {"challenge_id": other, "code": other_code})
    actor.equal(response, "/success", "right_code", True)
    audit = actor.call("list_audit_log", query={"limit": 10})
    details = json.dumps([entry.get("details") for entry in audit.object.get("entries", [])])
    actor.expect(
        audit,
        f'"{code}"' not in details,
        "/entries/*/details",
        "no_code",
        "no code in the log",
        "the code",
        nature=QUESTION,
    )
    actor.read_all()


def challenges_expire(actor: Actor) -> None:
    """Enter the right code before and after ten minutes: the latter is 410."""
    first = actor.do("initiate_verification", {"action": "kit_story"})["challenge_id"]
    first_code = actor.code(first)
    late = actor.do("initiate_verification", {"action": "kit_story"})
    second, second_code = late["challenge_id"], actor.code(late["challenge_id"])
    actor.wait(timedelta(minutes=10) - actor.margin)
    response = actor.call("confirm_verification", {"challenge_id": first, "code": first_code})
    actor.equal(response, "/success", "in_time", True)
    actor.wait(actor.margin)
    response = actor.call("confirm_verification", {"challenge_id": second, "code": second_code})
    actor.status(response, 410, "refused")
    _expect_own_expiry(actor, response, datetime.fromisoformat(late["expires_at"]))
    actor.read_all()


def _expect_wrong(actor: Actor, response: Exchange, rule: str) -> None:
    """Expect a code to be wrong. Where the right one was read, success contradicts it."""
    is_good = response.object.get("success") is True
    nature = CONTRADICTION if is_good and actor.can(READ_CODE) else None
    actor.equal(response, "/success", rule, False, nature=nature)


def _expect_own_expiry(actor: Actor, response: Exchange, expires: datetime) -> None:
    """Expect a code to be good until the time that the deployment has stated itself."""
    now, is_good = actor.now, response.object.get("success") is True
    if now > expires:
        fits, expected = not is_good, f"a refusal, as it expired at {expires}"
    else:
        fits = response.status != 410 or expires - now <= actor.margin
        expected = f"success, as it expires at {expires}"
    got = f"{response.status} at {now}"
    actor.expect(response, fits, "/success", "expired", expected, got, nature=CONTRADICTION)


def _wrong_code(right: str | None) -> str:
    """Return a wrong code; where the right one is unknown, an unlikely one."""
    return "000000" if right != "000000" else "000001"
