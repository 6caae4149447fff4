"""Card details as typed by a payer: checked, then discarded; only a payment method id is kept."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from mockserver.billing.catalogue import Catalogue, TestCard, passes_luhn, typed_id
from mockserver.billing.errors import CardDetailsRefused
from mockserver.billing.ids import IdSource

_MOST_YEARS_AHEAD = 50
_LAST_YEAR = 2199
"""The last year that a payment method id can express."""
_AMEX_CVC, _CVC = 4, 3


def card_of(number: str, catalogue: Catalogue) -> TestCard:
    """Return the test card of a typed number; spaces and hyphens are ignored.

    Raise CardDetailsRefused: ``incorrect_number`` if it is not a card number,
    ``test_mode_live_card`` if it is not one of the catalogue's.
    """
    digits = number.replace(" ", "").replace("-", "")
    if not (
        digits.isascii() and digits.isdigit() and 12 <= len(digits) <= 19 and passes_luhn(digits)
    ):
        raise CardDetailsRefused("incorrect_number")
    card = catalogue.card_of_number(digits)
    if card is None:
        raise CardDetailsRefused("test_mode_live_card")
    return card


class CardDetails(Struct, frozen=True):
    """A card as typed. Number and security code do not appear in its representation."""

    number: str
    exp_month: int
    exp_year: int
    cvc: str | None = None

    def __repr__(self) -> str:
        return f"CardDetails(exp_month={self.exp_month}, exp_year={self.exp_year})"

    def payment_method(self, catalogue: Catalogue, ids: IdSource, now: datetime) -> str:
        """Return a new payment method id for the card.

        Raise CardDetailsRefused, before an id is taken from the account, if a detail is invalid.
        """
        card, year = card_of(self.number, catalogue), self._year(now)
        self._check_expiry(year, now)
        if self.cvc is not None and not self._fits(card, self.cvc):
            raise CardDetailsRefused("invalid_cvc")
        return typed_id(card, self.exp_month, year, ids.token("", 14))

    def _year(self, now: datetime) -> int:
        """Return the four-digit year; two digits, as printed on cards, mean the current century."""
        return self.exp_year + now.year // 100 * 100 if 0 <= self.exp_year < 100 else self.exp_year

    def _check_expiry(self, year: int, now: datetime) -> None:
        if not now.year <= year <= min(now.year + _MOST_YEARS_AHEAD, _LAST_YEAR):
            raise CardDetailsRefused("invalid_expiry_year")
        if not 1 <= self.exp_month <= 12 or (year, self.exp_month) < (now.year, now.month):
            raise CardDetailsRefused("invalid_expiry_month")

    @staticmethod
    def _fits(card: TestCard, cvc: str) -> bool:
        lengths = (_CVC, _AMEX_CVC) if card.brand == "amex" else (_CVC,)
        return cvc.isascii() and cvc.isdigit() and len(cvc) in lengths
