"""What of an account is put back: its settings, and which cards it has. Read, and held against what it was before."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contract_tests.http.client import Caller
from contract_tests.http.exchange import Exchange
from contract_tests.http.redaction import Keyring
from contract_tests.judge.effects import ALERTS, CARDS, EFFECTS, RECHARGE
from contract_tests.openapi.contract import Contract, Operation
from contract_tests.openapi.schemas import Schemas

Json = dict[str, Any]

WRITES = {
    RECHARGE: "update_auto_recharge",
    ALERTS: "update_usage_alerts",
    CARDS: "remove_payment_method",
}
"""The parts, each under the operation that shows it, with the operation that puts it back."""
TITLES = {RECHARGE: "auto-recharge", ALERTS: "usage alerts", CARDS: "cards"}


class Unusable(ValueError):
    """A part of an account that could not be put back as it is, and why."""


@dataclass(frozen=True)
class Reader:
    """Reads accounts of one deployment."""

    contract: Contract
    keyring: Keyring

    @property
    def parts(self) -> list[str]:
        """The parts that accounts have by this contract."""
        known = self.contract.operations
        return [read for read, write in WRITES.items() if read in known and write in known]

    def touched(self, operation: Operation | None) -> set[str]:
        """The parts that a request may change; what is not known may change all."""
        changed = EFFECTS.get(operation.id) if operation is not None else None
        return set(self.parts) if changed is None else set(changed).intersection(self.parts)

    def read(self, caller: Caller, part: str) -> Json:
        """A part as it is now: all that can be set. Raises Unusable."""
        answer = caller.call(part)
        if answer.status != 200 or not answer.object:
            raise Unusable(
                f"{self._where(part)} answers {answer.status or answer.error}, so nobody knows what it was"
            )
        state = self.cards(answer) if part == CARDS else self._settings(part, answer)
        if self._is_secret(json.dumps(state)):
            raise Unusable(
                f"{self._where(part)} shows what looks like a secret, which the journal must not hold"
            )
        return state

    def owner(self, caller: Caller) -> str | None:
        """Whose account it is, as far as it says so."""
        found = caller.call(RECHARGE).object.get("user_id") if RECHARGE in self.parts else None
        return found if isinstance(found, str) and not self._is_secret(found) else None

    @staticmethod
    def cards(answer: Exchange) -> Json:
        """The cards that an answer lists. Raises Unusable."""
        listed = answer.object.get("payment_methods")
        if not isinstance(listed, list) or not all(isinstance(each, Mapping) for each in listed):
            raise Unusable("the list of cards is none")
        cards = [
            {name: each.get(name) for name in ("id", "stripe_payment_method_id")} for each in listed
        ]
        if not all(isinstance(value, str) for each in cards for value in each.values()):
            raise Unusable("a card in the list has no id")
        default = answer.object.get("default_method_id")
        return {"cards": cards, "default": default if isinstance(default, str) else None}

    def _settings(self, part: str, answer: Exchange) -> Json:
        body = self.contract.operations[WRITES[part]].body
        names = body.node.get("properties", {}) if body is not None else {}
        missing = [name for name in names if name not in answer.object]
        if missing:
            raise Unusable(
                f"{self._where(part)} does not show '{missing[0]}', so it could not be put back"
            )
        state = {name: answer.object[name] for name in names}
        if body is not None and not Schemas(self.contract).accepts(body.pointer, state):
            raise Unusable(
                f"what {self._where(part)} shows is not what a PUT takes, so it could not be put back"
            )
        return state

    def _is_secret(self, text: str) -> bool:
        return self.keyring.text(text) != text

    def _where(self, part: str) -> str:
        return f"GET {self.contract.operations[part].path}"


def ids(cards: Json) -> dict[str, str]:
    """Of cards their ids, each with its Stripe id."""
    return {each["id"]: each["stripe_payment_method_id"] for each in cards["cards"]}


def differences(part: str, before: Json, now: Json) -> Iterator[str]:
    """What is not as it was, a line each; of cards the default only, and those that are gone."""
    if part == CARDS:
        yield from (
            f"card {id} ({name}) is gone" for id, name in ids(before).items() if id not in ids(now)
        )
        if now["default"] != before["default"] and before["cards"]:
            yield f"the default card is {now['default']}, and was {before['default']}"
        return
    for name, value in before.items():
        if now.get(name) != value:
            yield f"{TITLES[part]}: '{name}' is {json.dumps(now.get(name))}, and was {json.dumps(value)}"
