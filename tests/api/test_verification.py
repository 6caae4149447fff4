"""Verification: a code is sent with a challenge, and confirms it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.account import Account, Accounts


def open_challenge(account: Account, **body: str) -> tuple[str, str]:
    """Open a challenge, and return its id and the code that was sent."""
    challenge = account.post("verify/initiate", {"action": "remove_payment_method", **body})
    return challenge["challenge_id"], account.messages()[0]["code"]


def confirm(account: Account, challenge_id: str, code: str) -> dict[str, Any]:
    return account.post("verify/confirm", {"challenge_id": challenge_id, "code": code})


def wrong(code: str) -> str:
    """Return a code that is not this one."""
    return "000000" if code != "000000" else "111111"


def test_a_code_goes_out_by_email(account: Account) -> None:
    """It is sent to the account's address, which is shown masked; e-mail is the default."""
    challenge = account.post("verify/initiate", {"action": "close_account"})
    assert (challenge["method"], challenge["action"]) == ("email", "close_account")
    assert challenge["expires_at"] == "2026-03-18T12:10:00.000Z"
    email = account.state()["profile"]["email"]
    [mail] = account.messages()
    assert (mail["channel"], mail["recipient"]) == ("email", email)
    assert len(mail["code"]) == 6
    assert mail["code"].isdigit()
    assert mail["code"] in mail["text"]
    assert challenge["masked_destination"] == f"{email[0]}***@{email.split('@')[1]}"
    assert account.audited(1) == ["verification.initiated"]


def test_a_code_goes_out_by_text_message(account: Account) -> None:
    """It is sent to the account's telephone, of which two digits are shown."""
    challenge = account.post("verify/initiate", {"action": "close_account", "method": "sms"})
    phone = account.state()["profile"]["phone"]
    [message] = account.messages()
    assert (message["channel"], message["recipient"]) == ("sms", phone)
    assert challenge["masked_destination"] == f"***-**{phone[-2:]}"


@pytest.mark.parametrize("method", ["pigeon", "", "EMAIL", "e-mail"])
def test_another_method_is_400(account: Account, method: str) -> None:
    """No code is sent."""
    detail = account.refused(
        400, "POST", "verify/initiate", {"action": "close_account", "method": method}
    )
    assert "sms" in detail
    assert account.messages() == []


@pytest.mark.parametrize(
    "body", [{}, {"action": ""}, {"action": "x" * 65}, {"action": 7}, {"action": None}]
)
def test_an_action_must_be_named(account: Account, body: dict[str, Any]) -> None:
    """An action has 1 to 64 characters."""
    [problem] = account.refused(422, "POST", "verify/initiate", body)
    assert problem["loc"] == ["body", "action"]


def test_the_right_code_succeeds_once(account: Account) -> None:
    """A used challenge is refused with 409."""
    challenge_id, code = open_challenge(account)
    result = confirm(account, challenge_id, code)
    assert (result["success"], result["remaining_attempts"]) == (True, 5)
    assert account.audited(1) == ["verification.confirmed"]
    account.refused(409, "POST", "verify/confirm", {"challenge_id": challenge_id, "code": code})
    account.refused(
        409, "POST", "verify/confirm", {"challenge_id": challenge_id, "code": wrong(code)}
    )


def test_a_wrong_code_costs_an_attempt(account: Account) -> None:
    """It is not an error, and the right code still succeeds at the fifth attempt."""
    challenge_id, code = open_challenge(account)
    for left in (4, 3, 2, 1):
        result = confirm(account, challenge_id, wrong(code))
        assert (result["success"], result["remaining_attempts"]) == (False, left)
    assert account.audited(1) == ["verification.failed"]
    assert confirm(account, challenge_id, code)["success"] is True


def test_five_wrong_codes_lock_the_challenge(account: Account) -> None:
    """Then even the right code is refused with 409; a new challenge can be opened."""
    challenge_id, code = open_challenge(account)
    for _ in range(5):
        result = confirm(account, challenge_id, wrong(code))
    assert result["remaining_attempts"] == 0
    detail = account.refused(
        409, "POST", "verify/confirm", {"challenge_id": challenge_id, "code": code}
    )
    assert "locked" in detail
    again, new_code = open_challenge(account)
    assert confirm(account, again, new_code)["success"] is True


def test_a_challenge_is_good_for_ten_minutes(account: Account) -> None:
    """After that it is refused with 410."""
    in_time, first = open_challenge(account)
    late, second = open_challenge(account)
    account.wait(seconds=599)
    assert confirm(account, in_time, first)["success"] is True
    account.wait(seconds=1)
    account.refused(410, "POST", "verify/confirm", {"challenge_id": late, "code": second})


@pytest.mark.parametrize("challenge_id", ["0c94f7d2-8b36-4ea1-95d0-2f6b83c71e4a", "nothing", ""])
def test_an_unknown_challenge_is_404(account: Account, challenge_id: str) -> None:
    """Any unknown id is not found."""
    account.refused(404, "POST", "verify/confirm", {"challenge_id": challenge_id, "code": "123456"})


def test_another_accounts_challenge_is_404(account: Account, accounts: Accounts) -> None:
    """Even the right code does not open it, and it stays open for its owner."""
    challenge_id, code = open_challenge(account)
    accounts("somebody").refused(
        404, "POST", "verify/confirm", {"challenge_id": challenge_id, "code": code}
    )
    assert confirm(account, challenge_id, code)["success"] is True


@pytest.mark.parametrize("code", ["", "x" * 17, 123456, None])
def test_a_code_is_text(account: Account, code: Any) -> None:
    """A code has 1 to 16 characters; anything else is 422 and costs no attempt."""
    challenge_id, right = open_challenge(account)
    [problem] = account.refused(
        422, "POST", "verify/confirm", {"challenge_id": challenge_id, "code": code}
    )
    assert problem["loc"] == ["body", "code"]
    assert confirm(account, challenge_id, right)["remaining_attempts"] == 5


@pytest.mark.parametrize("code", ["\uff11\uff12\uff13\uff14\uff15\uff16", "é", "\x00", " 123456"])
def test_a_code_of_other_characters_is_just_wrong(account: Account, code: str) -> None:
    """Digits of other scripts and control characters are a wrong code."""
    challenge_id, _ = open_challenge(account)
    assert confirm(account, challenge_id, code)["success"] is False


def test_two_challenges_are_separate(account: Account) -> None:
    """The code of one does not confirm the other."""
    first, first_code = open_challenge(account)
    second, second_code = open_challenge(account)
    assert (first, first_code) != (second, second_code)
    if first_code != second_code:
        assert confirm(account, first, second_code)["success"] is False
    assert confirm(account, second, second_code)["success"] is True
    assert confirm(account, first, first_code)["success"] is True


def test_a_code_is_only_in_the_message(account: Account) -> None:
    """It is in no response, no audit log and no recorded request."""
    challenge_id, code = open_challenge(account)
    confirm(account, challenge_id, code)
    assert code not in account.call("GET", "audit-log").text
    assert code not in account.call("GET", "recent-activity").text
    recorded = account.client.get(
        "/_mock/requests", params={"operation": "confirm_verification"}
    ).json()["requests"]
    assert recorded[0]["request_body"] == {"challenge_id": challenge_id, "code": "***"}
