"""The catalogue: test cards, their numbers, and plans."""

from __future__ import annotations

import pytest

from mockserver.billing.catalogue import passes_luhn
from tests.billing.conftest import catalogue


@pytest.mark.parametrize(
    ("number", "id"),
    [
        ("4242424242424242", "pm_card_visa"),
        ("4242 4242 4242 4242", "pm_card_visa"),
        ("3714-496353-98431", "pm_card_amex"),
        ("4000000000000002", "pm_card_chargeDeclined"),
        ("4000002760003184", "pm_card_authenticationRequired"),
    ],
)
def test_a_number_names_one_card(number: str, id: str) -> None:
    """Spaces and hyphens are ignored; of several ids with one number, the first is found."""
    card = catalogue().card_of_number(number)
    assert card is not None
    assert card.id == id


@pytest.mark.parametrize("number", ["", "4242", "4111111111111111", "pm_card_visa", "None"])
def test_any_other_number_names_none(number: str) -> None:
    """Only published numbers are known; no card is derived from a number."""
    assert catalogue().card_of_number(number) is None


def test_every_behaviour_can_be_typed() -> None:
    """Every behaviour of a test card is available by a number."""
    cards = catalogue().test_cards
    behaviours = {
        (card.declines_attach, card.declines_charge, card.authentication) for card in cards
    }
    assert behaviours == {
        (card.declines_attach, card.declines_charge, card.authentication)
        for card in cards
        if card.number
    }
    assert {card.authentication for card in cards} == {"never", "once", "always"}


@pytest.mark.parametrize(
    ("digits", "passes"), [("4242424242424242", True), ("4242424242424241", False), ("18", True)]
)
def test_the_last_digit_of_a_number_fits_the_others(digits: str, passes: bool) -> None:
    """The Luhn check catches a mistyped digit."""
    assert passes_luhn(digits) is passes


def test_an_unknown_plan_is_a_key_error() -> None:
    """A plan that the catalogue does not have is a KeyError that names it."""
    with pytest.raises(KeyError, match="platinum"):
        catalogue().plan("platinum")
