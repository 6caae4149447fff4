"""The cards of an account, and which of them is the default."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.billing import effects
from contract_tests.billing.account.part import Part
from contract_tests.findings.severity import CONTRADICTION, MAJOR
from contract_tests.judge.tracker import differences, short
from contract_tests.judge.violation import Json, Response, Violation

_NAMES = ("id", "stripe_payment_method_id")


class Cards(Part):
    """The cards as they were last listed or changed."""

    def __init__(self) -> None:
        self.known: list[Json] | None = None
        """The cards in the order of the list, newest first; None while unknown."""
        self._is_replaced = False
        """Whether the default was removed since: which card replaces it is assumed."""

    def find(self, name: str) -> Json | None:
        """Return a known card by its id or its Stripe id."""
        cards = self.known or []
        return next((card for card in cards if name in (card[key] for key in _NAMES)), None)

    def forget(self, names: frozenset[str] | None) -> None:
        if names is None or effects.CARDS in names:
            self.known = None

    def read(self, response: Response) -> Iterator[Violation]:
        """Compare the listed cards with the additions, removals and default that were predicted."""
        if response.operation.id != effects.CARDS:
            return
        cards = response.body["payment_methods"]
        expected, self.known = self.known, cards
        if expected is None:
            return
        known, shown = ({card["id"]: card for card in listed} for listed in (expected, cards))
        for lost in known.keys() - shown.keys():
            card = known[lost]["stripe_payment_method_id"]
            yield _listed("lost", f"the card {card}", "not listed")
        for extra in shown.keys() - known.keys():
            card = shown[extra]["stripe_payment_method_id"]
            yield _listed("extra", "only the cards of the account", f"also {card}")
        for id in known.keys() & shown.keys():
            yield from self._same_card(known[id], shown[id])
        self._is_replaced = False
        # Cards added in one moment have equal times, so only the model knows their order.
        if [id for id in known if id in shown] != [id for id in shown if id in known]:
            yield Violation(
                "order", "/payment_methods", "newest_first", "newest first", "another order"
            )

    def _same_card(self, known: Json, shown: Json) -> Iterator[Violation]:
        for where, was, now in differences(known, shown):
            is_assumed = where == "/is_default" and self._is_replaced
            yield Violation(
                "state",
                f"/payment_methods/*{where}",
                "replaced" if is_assumed else "changed",
                f"{short(was)}, as the oldest card" if is_assumed else f"{short(was)}, as before",
                short(now),
                nature=MAJOR if is_assumed else CONTRADICTION,
            )

    def changed(self, response: Response) -> Iterator[Violation]:
        """Check that a new card has a new id, and is the default only if it is the first."""
        body = response.body
        if response.operation.id != "add_payment_method" or self.known is None:
            return
        known = self.find(body["stripe_payment_method_id"])
        if known is not None and known["id"] == body["id"]:
            return  # the same card again
        if any(card["id"] == body["id"] for card in self.known):
            yield Violation(
                "state", "/id", "unique", "a new id", "the id of another card", nature=CONTRADICTION
            )
        if body["is_default"] != (not self.known):
            got = f"{body['is_default']} of card {len(self.known) + 1}"
            yield Violation("state", "/is_default", "first", "true for the first card only", got)

    def predict(self, response: Response) -> None:
        if self.known is None:
            return
        operation = response.operation.id
        if operation == "add_payment_method":
            if self.find(response.body["id"]):
                return
            is_default = response.body["is_default"]
            others = [{**card, "is_default": False} if is_default else card for card in self.known]
            self.known = [response.body, *others]
        elif operation in ("remove_payment_method", "set_default_payment_method"):
            card = self.find(response.params["payment_method_id"])
            if card is None:
                self.known = None  # the deployment accepted a card that the model does not know
            elif operation == "remove_payment_method":
                self._remove(card)
            else:
                self.known = [
                    {**known, "is_default": known["id"] == card["id"]} for known in self.known
                ]

    def _remove(self, card: Json) -> None:
        rest = [known for known in self.known or [] if known["id"] != card["id"]]
        if card["is_default"] and rest:
            oldest = min(reversed(rest), key=lambda card: str(card["created_at"]))
            rest = [{**card, "is_default": card is oldest} for card in rest]
            self._is_replaced = True
        self.known = rest


def _listed(rule: str, expected: str, got: str) -> Violation:
    return Violation("state", "/payment_methods", rule, expected, got, "documented", CONTRADICTION)
