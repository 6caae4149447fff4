"""Promo codes: validation shows what they are worth; ``test_deposits`` covers their use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.account import Account, Accounts

WORTHLESS = {
    "valid": False,
    "bonus_type": None,
    "bonus_value": None,
    "max_credits_microcents": None,
    "max_credits_display": None,
    "min_deposit_cents": None,
    "expires_at": None,
}


def validate(account: Account, code: str) -> dict[str, Any]:
    return account.post("promo/validate", {"code": code})


def test_a_fixed_code_shows_its_bonus(newcomer: Account) -> None:
    """The response has the cents, the same amount as the cap, and the smallest deposit."""
    response = validate(newcomer, "BONUS5")
    assert (response["valid"], response["bonus_type"], response["bonus_value"]) == (
        True,
        "fixed",
        500,
    )
    assert (response["max_credits_microcents"], response["max_credits_display"]) == (
        500_000_000,
        "$5.00",
    )
    assert response["min_deposit_cents"] == 2_500


def test_a_percentage_code_shows_its_bonus(newcomer: Account) -> None:
    """The response has the percentage, the cap in money, and the smallest deposit."""
    response = validate(newcomer, "WELCOME10")
    assert (response["valid"], response["bonus_type"], response["bonus_value"]) == (
        True,
        "percentage",
        10,
    )
    assert (response["max_credits_microcents"], response["max_credits_display"]) == (
        2_000_000_000,
        "$20.00",
    )
    assert response["min_deposit_cents"] == 2_000


@pytest.mark.parametrize("code", ["welcome10", " WELCOME10 ", "Welcome10"])
def test_case_and_space_do_not_matter(newcomer: Account, code: str) -> None:
    """Codes are trimmed, and compared without case."""
    assert validate(newcomer, code) == validate(newcomer, "WELCOME10")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("NOTHING", "exist"),
        ("SPRING2025", "expired"),
        ("' OR 1=1", "exist"),
        ("\x00", "exist"),
        ("é", "exist"),
    ],
)
def test_a_code_that_cannot_be_used_is_a_success(newcomer: Account, code: str, reason: str) -> None:
    """The status is 200, ``valid`` is false with the reason, and all else is null."""
    response = validate(newcomer, code)
    assert reason in response.pop("message")
    assert response == WORTHLESS


def test_validating_redeems_nothing(newcomer: Account) -> None:
    """The account is unchanged, and the code still works."""
    before = newcomer.state()
    for _ in range(3):
        assert validate(newcomer, "BONUS5")["valid"] is True
    assert newcomer.state() == before
    newcomer.deposit(5_000, promo_code="BONUS5")


def test_a_used_code_is_no_longer_valid(newcomer: Account, accounts: Accounts) -> None:
    """It works once per account; an open deposit does not use it yet."""
    session = newcomer.post("deposit", {"amount_cents": 5_000, "promo_code": "BONUS5"})
    assert validate(newcomer, "BONUS5")["valid"] is True
    newcomer.pay(session["session_id"]).raise_for_status()
    response = validate(newcomer, "BONUS5")
    assert (response["valid"], "used" in response["message"]) == (False, True)
    assert validate(accounts("somebody"), "BONUS5")["valid"] is True


@pytest.mark.parametrize(
    "body",
    [{}, {"code": ""}, {"code": None}, {"code": 10}, {"code": "x" * 65}, {"code": ["BONUS5"]}],
)
def test_a_code_must_be_sent(account: Account, body: dict[str, Any]) -> None:
    """A code has 1 to 64 characters."""
    [problem] = account.refused(422, "POST", "promo/validate", body)
    assert problem["loc"] == ["body", "code"]
