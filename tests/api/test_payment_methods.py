"""Cards are added and removed, and one of them is the default."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.account import Account, Accounts


def cards(account: Account) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = account.get("payment-methods")["payment_methods"]
    return found


def default_of(account: Account) -> str | None:
    """Return the Stripe id of the default card, after checking that all fields agree on it."""
    response = account.get("payment-methods")
    defaults = [
        payment_method
        for payment_method in response["payment_methods"]
        if payment_method["is_default"]
    ]
    assert len(defaults) == (1 if response["payment_methods"] else 0)
    assert response["default_method_id"] == (defaults[0]["id"] if defaults else None)
    return defaults[0]["stripe_payment_method_id"] if defaults else None


def add(account: Account, stripe_id: str) -> dict[str, Any]:
    return account.post("payment-methods", {"payment_method_id": stripe_id})


def test_a_newcomer_has_no_card(newcomer: Account) -> None:
    """The list is empty, and there is no default."""
    assert newcomer.get("payment-methods") == {"payment_methods": [], "default_method_id": None}


def test_the_first_card_becomes_the_default(newcomer: Account) -> None:
    """A second card does not; the list has the newest first."""
    first = add(newcomer, "pm_card_visa")
    second = add(newcomer, "pm_card_mastercard")
    assert (first["is_default"], second["is_default"]) == (True, False)
    assert cards(newcomer) == [second, first]
    assert default_of(newcomer) == "pm_card_visa"
    assert newcomer.audited(2) == ["payment_method.added", "payment_method.added"]
    assert (
        newcomer.get("recent-activity", limit=1)["activities"][0]["type"] == "payment_method_added"
    )


@pytest.mark.parametrize(
    ("stripe_id", "brand", "last4"),
    [
        ("pm_card_visa", "visa", "4242"),
        ("pm_card_mastercard", "mastercard", "4444"),
        ("pm_card_amex", "amex", "8431"),
        ("pm_card_chargeCustomerFail", "visa", "0341"),
    ],
)
def test_stripes_test_cards_are_known(
    newcomer: Account, stripe_id: str, brand: str, last4: str
) -> None:
    """Each has the brand and the digits that Stripe publishes."""
    card = add(newcomer, stripe_id)
    assert (card["card_brand"], card["card_last4"], card["type"]) == (brand, last4, "card")
    assert card["stripe_payment_method_id"] == stripe_id


def test_any_other_card_is_made_from_its_id(newcomer: Account, accounts: Accounts) -> None:
    """The same id gives the same card in every account, and it works."""
    mine = add(newcomer, "pm_1QxZ0123456789")
    theirs = add(accounts("somebody"), "pm_1QxZ0123456789")
    shown = ("card_brand", "card_last4", "card_exp_month", "card_exp_year")
    assert [mine[name] for name in shown] == [theirs[name] for name in shown]
    assert newcomer.put("auto-recharge", {"enabled": True})["enabled"] is True
    assert newcomer.post("auto-recharge/test")["success"] is True


@pytest.mark.parametrize(
    ("stripe_id", "reason"),
    [
        ("pm_card_chargeDeclined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
    ],
)
def test_a_card_that_its_bank_declines_is_not_added(
    newcomer: Account, stripe_id: str, reason: str
) -> None:
    """The error is 402 with Stripe's decline code."""
    detail = newcomer.refused(402, "POST", "payment-methods", {"payment_method_id": stripe_id})
    assert reason in detail


def test_the_same_card_twice_is_409(account: Account) -> None:
    """The card stays on the account once."""
    account.refused(409, "POST", "payment-methods", {"payment_method_id": "pm_card_visa"})
    assert len(cards(account)) == 1


@pytest.mark.parametrize(
    "body",
    [{}, {"payment_method_id": None}, {"payment_method_id": 7}, {"payment_method_id": "visa"}],
)
def test_an_id_that_is_not_stripes_is_422(account: Account, body: dict[str, Any]) -> None:
    """An id has ``pm_`` and then letters, digits and underscores."""
    [problem] = account.refused(422, "POST", "payment-methods", body)
    assert problem["loc"] == ["body", "payment_method_id"]


@pytest.mark.parametrize("name", ["id", "stripe_payment_method_id"])
def test_a_card_is_found_by_both_its_ids(newcomer: Account, name: str) -> None:
    """In paths, its id and its Stripe id mean the same card."""
    add(newcomer, "pm_card_visa")
    card = add(newcomer, "pm_card_amex")
    acknowledged = newcomer.post(f"payment-methods/{card[name]}/default")
    assert acknowledged["status"] == "ok"
    assert "8431" in acknowledged["message"]
    assert default_of(newcomer) == "pm_card_amex"
    newcomer.delete(f"payment-methods/{card[name]}")
    assert default_of(newcomer) == "pm_card_visa"


def test_a_removed_card_is_gone_everywhere(account: Account) -> None:
    """It is not listed, cannot be referenced, and is not charged."""
    [card] = cards(account)
    removed = account.delete(f"payment-methods/{card['id']}")
    assert removed["status"] == "ok"
    assert account.get("payment-methods") == {"payment_methods": [], "default_method_id": None}
    for name in (card["id"], card["stripe_payment_method_id"]):
        account.refused(404, "DELETE", f"payment-methods/{name}")
        account.refused(404, "POST", f"payment-methods/{name}/default")
    account.refused(400, "PUT", "auto-recharge", {"enabled": True})
    account.refused(400, "POST", "change-plan", {"price_id": "price_growth_monthly"})
    assert account.post("auto-recharge/test")["card_brand"] is None
    assert account.audited(1) == ["payment_method.removed"]
    assert (
        account.get("recent-activity", limit=1)["activities"][0]["type"] == "payment_method_removed"
    )


def test_a_removed_card_can_be_added_again(account: Account) -> None:
    """It gets a new id."""
    [card] = cards(account)
    account.delete(f"payment-methods/{card['id']}")
    again = add(account, card["stripe_payment_method_id"])
    assert again["id"] != card["id"]
    assert again["is_default"] is True


def test_the_oldest_card_replaces_a_removed_default(newcomer: Account) -> None:
    """There is always exactly one default."""
    names = ["pm_card_visa", "pm_card_amex", "pm_card_mastercard", "pm_card_discover"]
    for name in names:
        add(newcomer, name)
    newcomer.post("payment-methods/pm_card_mastercard/default")
    assert default_of(newcomer) == "pm_card_mastercard"
    newcomer.delete("payment-methods/pm_card_mastercard")
    assert default_of(newcomer) == "pm_card_visa"
    newcomer.delete("payment-methods/pm_card_discover")
    assert default_of(newcomer) == "pm_card_visa"
    newcomer.delete("payment-methods/pm_card_visa")
    assert default_of(newcomer) == "pm_card_amex"
    newcomer.delete("payment-methods/pm_card_amex")
    assert default_of(newcomer) is None


def test_the_default_can_be_set_again(account: Account) -> None:
    """Setting the current default is not an error."""
    [card] = cards(account)
    account.post(f"payment-methods/{card['id']}/default")
    assert cards(account) == [card]


@pytest.mark.parametrize(
    "name", ["pm_card_discover", "c0a1f2e4-6b3d-4c58-8e97-1a2b3c4d5e6f", "%20", "a" * 255]
)
def test_an_unknown_card_is_404(account: Account, name: str) -> None:
    """An unknown card can be neither removed nor made the default."""
    account.refused(404, "DELETE", f"payment-methods/{name}")
    account.refused(404, "POST", f"payment-methods/{name}/default")


def test_another_accounts_card_is_404(account: Account, accounts: Accounts) -> None:
    """It is not found by its id, and stays where it is."""
    other = accounts("somebody")
    [card] = cards(other)
    account.refused(404, "DELETE", f"payment-methods/{card['id']}")
    account.refused(404, "POST", f"payment-methods/{card['id']}/default")
    assert cards(other) == [card]


def test_a_card_that_auto_recharge_names_cannot_be_removed(account: Account) -> None:
    """The 409 says what to do; after that, the card can be removed."""
    account.put("auto-recharge", {"enabled": True, "stripe_payment_method_id": "pm_card_visa"})
    detail = account.refused(409, "DELETE", "payment-methods/pm_card_visa")
    assert "disable" in detail
    account.delete("auto-recharge")
    account.delete("payment-methods/pm_card_visa")
    assert cards(account) == []


def test_a_card_can_be_removed_after_another_was_named(account: Account) -> None:
    """Auto-recharge then uses the other card."""
    add(account, "pm_card_amex")
    account.put("auto-recharge", {"enabled": True, "stripe_payment_method_id": "pm_card_visa"})
    account.put("auto-recharge", {"enabled": True, "stripe_payment_method_id": "pm_card_amex"})
    account.delete("payment-methods/pm_card_visa")
    account.refused(409, "DELETE", "payment-methods/pm_card_amex")


def test_no_whole_card_number_is_ever_shown(account: Account) -> None:
    """The list and the exported state have four digits, brand and expiry only."""
    add(account, "pm_card_amex")
    for digits in ("4242424242424242", "378282246310005", "5555555555554444"):
        assert digits not in str(account.state())
    assert all(len(card["card_last4"]) == 4 for card in cards(account))
