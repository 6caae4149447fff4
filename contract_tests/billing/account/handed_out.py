"""What an account was given once: ids of sessions, intents and challenges, and the worth of promo codes."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.billing import effects
from contract_tests.billing.account.part import Part
from contract_tests.judge.violation import Json, Response, Violation

_IDS = ("session_id", "id", "challenge_id")
_BY = frozenset(
    {"create_deposit", "create_checkout_session", "create_setup_intent", "initiate_verification"}
)


class Ids(Part):
    """The ids of sessions, intents and challenges that were given out."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def changed(self, response: Response) -> Iterator[Violation]:
        """No id is given out twice."""
        if response.operation.id not in _BY:
            return
        for name in _IDS:
            id = response.body.get(name)
            if id is None:
                continue
            if id in self._known:
                expected = "an id that was never given out"
                yield Violation("state", f"/{name}", "unique", expected, str(id))
            self._known.add(id)


class Promos(Part):
    """What was last said of each promo code."""

    def __init__(self) -> None:
        self.known: dict[str, Json] = {}

    def forget(self, names: frozenset[str] | None) -> None:
        if names is None or effects.PROMO in names:
            self.known.clear()

    def read(self, response: Response) -> Iterator[Violation]:
        if response.operation.id == effects.PROMO and isinstance(response.exchange.sent, dict):
            self.known[response.exchange.sent["code"]] = response.body
        return iter(())
