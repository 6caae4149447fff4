"""Ids that an account was given, and the promo codes that it validated."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.billing import effects
from contract_tests.billing.account.part import Part
from contract_tests.findings.severity import CONTRADICTION
from contract_tests.judge.violation import Json, Response, Violation

_IDS = ("session_id", "id", "challenge_id")
_SOURCES = frozenset(
    {"create_deposit", "create_checkout_session", "create_setup_intent", "initiate_verification"}
)


class Ids(Part):
    """The ids of sessions, intents and challenges that were issued."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def changed(self, response: Response) -> Iterator[Violation]:
        """Check that no id is issued twice."""
        if response.operation.id not in _SOURCES:
            return
        for name in _IDS:
            id = response.body.get(name)
            if id is None:
                continue
            if id in self._known:
                expected = "an id that was not issued before"
                yield Violation(
                    "state", f"/{name}", "unique", expected, str(id), nature=CONTRADICTION
                )
            self._known.add(id)


class Promos(Part):
    """The last validation of every promo code."""

    def __init__(self) -> None:
        self.known: dict[str, Json] = {}

    def forget(self, names: frozenset[str] | None) -> None:
        if names is None or effects.PROMO in names:
            self.known.clear()

    def read(self, response: Response) -> Iterator[Violation]:
        if response.operation.id == effects.PROMO and isinstance(response.exchange.sent, dict):
            self.known[response.exchange.sent["code"]] = response.body
        return iter(())
