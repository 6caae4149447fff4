"""Verification challenges: a code is sent, and five attempts are allowed."""

import re
from datetime import timedelta

import pytest

from mockserver.billing import verification
from mockserver.billing.account import Challenge
from mockserver.billing.context import Context
from mockserver.billing.errors import (
    ChallengeExpired,
    ChallengeLocked,
    ChallengeNotFound,
    ChallengeUsed,
    UnknownVerificationMethod,
)

from .conftest import NOON, fresh, later, refused

TEN_MINUTES = timedelta(minutes=10)


@pytest.fixture
def challenge(context: Context) -> Challenge:
    return verification.initiate(context, "change_plan", "email")


def wrong(challenge: Challenge) -> str:
    return "000000" if challenge.code != "000000" else "000001"


def test_a_challenge_is_good_for_ten_minutes_and_five_tries(challenge: Challenge) -> None:
    """A new challenge is valid for ten minutes and has all attempts."""
    assert (challenge.action, challenge.method, challenge.remaining_attempts) == (
        "change_plan",
        "email",
        5,
    )
    assert (challenge.created_at, challenge.expires_at) == (NOON, NOON + TEN_MINUTES)
    assert not challenge.used


@pytest.mark.parametrize(
    ("method", "recipient", "masked"),
    [("email", "jane.doe@example.com", "j***@example.com"), ("sms", "+1 202 555 0142", "***-**42")],
)
def test_the_code_goes_out_and_the_destination_is_masked(
    context: Context, method: str, recipient: str, masked: str
) -> None:
    """The 6-digit code is in the outbox, and masked_destination is masked."""
    challenge = verification.initiate(context, "add_card", method)
    [message] = context.account.outbox
    assert (message.channel, message.recipient, message.code) == (method, recipient, challenge.code)
    assert re.fullmatch(r"\d{6}", challenge.code)
    assert challenge.code in message.text
    assert challenge.destination == masked


@pytest.mark.parametrize("method", ["phone", "EMAIL", "", "totp"])
def test_another_method_is_refused(context: Context, method: str) -> None:
    """An unknown method is a 400 that names the known ones, and no message is sent."""
    with refused(context, UnknownVerificationMethod) as caught:
        verification.initiate(context, "add_card", method)
    assert "'email' or 'sms'" in str(caught.value)


def test_each_challenge_has_a_code_of_its_own(context: Context) -> None:
    """The code of one challenge does not confirm another."""
    first, second = (verification.initiate(context, "add_card", "sms") for _ in range(2))
    assert first.id != second.id
    assert first.code != second.code
    assert verification.confirm(context, second.id, first.code)[0] is False


def test_the_right_code_is_right_once(context: Context, challenge: Challenge) -> None:
    """The correct code succeeds once; then the challenge is used."""
    assert verification.confirm(context, challenge.id, challenge.code) == (True, challenge)
    assert (challenge.used, challenge.remaining_attempts) == (True, 5)
    with refused(context, ChallengeUsed):
        verification.confirm(context, challenge.id, challenge.code)


def test_a_wrong_code_costs_one_attempt(context: Context, challenge: Challenge) -> None:
    """A wrong code costs one attempt, and the correct code still works."""
    assert verification.confirm(context, challenge.id, wrong(challenge)) == (False, challenge)
    assert challenge.remaining_attempts == 4
    assert verification.confirm(context, challenge.id, challenge.code)[0] is True


def test_the_fifth_attempt_may_still_be_right(context: Context, challenge: Challenge) -> None:
    """The correct code works on the fifth attempt."""
    for _ in range(4):
        verification.confirm(context, challenge.id, wrong(challenge))
    assert verification.confirm(context, challenge.id, challenge.code)[0] is True


def test_five_wrong_codes_lock_it(context: Context, challenge: Challenge) -> None:
    """After five wrong codes, even the correct one is refused."""
    left = []
    for _ in range(5):
        _, after = verification.confirm(context, challenge.id, wrong(challenge))
        left.append(after.remaining_attempts)
    assert left == [4, 3, 2, 1, 0]
    with refused(context, ChallengeLocked):
        verification.confirm(context, challenge.id, challenge.code)


def test_it_expires_after_ten_minutes(context: Context, challenge: Challenge) -> None:
    """A challenge expires after ten minutes, whatever the code."""
    over = later(context, minutes=10)
    for code in (challenge.code, wrong(challenge)):
        with refused(over, ChallengeExpired):
            verification.confirm(over, challenge.id, code)


def test_it_is_valid_to_its_last_moment(context: Context, challenge: Challenge) -> None:
    """A challenge is valid to the last moment of its ten minutes."""
    last = later(context, minutes=10, milliseconds=-1)
    assert verification.confirm(last, challenge.id, challenge.code)[0] is True


@pytest.mark.parametrize("challenge_id", ["", "nope", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_challenge_is_not_found(context: Context, challenge_id: str) -> None:
    """An unknown challenge is a 404."""
    with refused(context, ChallengeNotFound):
        verification.confirm(context, challenge_id, "123456")


def test_another_accounts_challenge_is_not_found(challenge: Challenge) -> None:
    """A challenge of another account is not found and loses no attempt."""
    other = fresh("other")
    with refused(other, ChallengeNotFound):
        verification.confirm(other, challenge.id, challenge.code)
    assert challenge.remaining_attempts == 5


@pytest.mark.parametrize("nearly", ["{0:.5}", "{0}0", " {0}", "{0}\n"])
def test_part_of_a_code_is_wrong(context: Context, challenge: Challenge, nearly: str) -> None:
    """Only the whole code is correct."""
    assert verification.confirm(context, challenge.id, nearly.format(challenge.code))[0] is False


@pytest.mark.parametrize("code", ["", "\uff11" * 6, "é" * 6, "x" * 10_000])
def test_any_text_can_be_tried(context: Context, challenge: Challenge, code: str) -> None:
    """Any text can be tried as a code."""
    assert verification.confirm(context, challenge.id, code)[0] is False
