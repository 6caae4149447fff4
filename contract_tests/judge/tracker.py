"""What is known of one account from its exchanges so far, and what contradicts it.

The tracker only listens. It keeps every view that was read until something may have changed it, predicts what a change
must bring, and compares. So it says the same of a run, of a HAR file and of traffic through the proxy.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contract_tests.http.exchange import Exchange
from contract_tests.judge import effects
from contract_tests.judge.answer import Answer, Fault, Json
from contract_tests.openapi.contract import Provenance
from contract_tests.openapi.schemas import generalised

MAX_STEPS = 30
MAX_VIEWS = 60
_MOVES = frozenset({"as_of"})
"""Fields that differ from one reading to the next."""
_SETTINGS = (effects.RECHARGE, effects.ALERTS, effects.SUBSCRIPTION)
"""Readings of what was written as a whole."""
_LISTED = {
    effects.LEDGER: "transactions",
    effects.AUDIT: "entries",
    effects.ACTIVITY: "activities",
    effects.HISTORY: "history",
    effects.INVOICES: "invoices",
}
"""Lists whose entries never change once they are written; an invoice not any more once it is paid or void."""


@dataclass(frozen=True)
class View:
    """What a reading answered."""

    operation: str
    params: str
    body: Json
    exchange: Exchange


@dataclass
class Challenge:
    remaining: int = 5
    is_used: bool = False


@dataclass
class Tracker:
    """Everything known of one account."""

    account: str
    views: dict[tuple[str, str], View] = field(default_factory=dict)
    """Readings that nothing can have changed since."""
    cards: list[Json] | None = None
    """Newest first, as listed; None while they are not known."""
    settings: dict[str, Json] = field(default_factory=dict)
    """What the readings of ``_SETTINGS`` must answer next."""
    challenges: dict[str, Challenge] = field(default_factory=dict)
    written: dict[tuple[str, str], str] = field(default_factory=dict)
    """Entries of lists that never change, by list and id."""
    totals: dict[str, int] = field(default_factory=dict)
    """How long each list was last."""
    unaudited: list[tuple[Exchange, str]] = field(default_factory=list)
    """Changes since the audit log was last read, and how their action's name must begin."""
    audited: int | None = None
    """How long the audit log was when it was last read from its newest entry on."""
    ids: set[str] = field(default_factory=set)
    """Ids of sessions, intents and challenges that were given out."""
    promos: dict[str, Json] = field(default_factory=dict)
    """What was last said of each promo code."""
    steps: deque[Exchange] = field(default_factory=lambda: deque(maxlen=MAX_STEPS))
    last_change: datetime | None = None
    """When the last change was over."""

    def card(self, name: str) -> Json | None:
        """A known card, by its id or its Stripe id."""
        names = ("id", "stripe_payment_method_id")
        return next(
            (each for each in self.cards or [] if name in (each[key] for key in names)), None
        )

    def forget(self) -> None:
        """Nothing that was known holds any more."""
        self.__init__(self.account)  # type: ignore[misc]

    def forget_views(self, names: frozenset[str] | None = None) -> None:
        """Views of these operations, or all, may have changed."""
        self.views = {
            key: view
            for key, view in self.views.items()
            if names is not None and key[0] not in names
        }
        if names is None or effects.CARDS in names:
            self.cards = None
        if names is None or effects.PROMO in names:
            self.promos.clear()
        for name in _SETTINGS:
            if names is None or name in names:
                self.settings.pop(name, None)

    def hear(self, answer: Answer) -> Iterator[Fault]:
        """Take in a good answer: what contradicts what was known."""
        operation, exchange = answer.operation.id, answer.exchange
        if operation == effects.PROMO and isinstance(answer.exchange.sent, dict):
            self.promos[answer.exchange.sent["code"]] = answer.body
        if answer.operation.is_read or operation in effects.ASKS:
            yield from self._read(answer)
            return
        yield from self._changed(answer)
        self.note_change(exchange, effects.EFFECTS.get(operation))
        self._predict(answer)

    def balance_in_header(self, exchange: Exchange) -> Iterator[Fault]:
        """Every answer tells the balance as it is, in a header."""
        shown = exchange.response_header("X-AlterLab-Balance")
        known = next(
            (view for view in self.views.values() if view.operation == effects.BALANCE), None
        )
        if shown is not None and known is not None and shown != known.body.get("balance_display"):
            where = f"/response/{exchange.status}/headers/x-alterlab-balance"
            expected = str(known.body.get("balance_display"))
            yield Fault(
                "headers",
                where,
                "balance",
                f"{expected}, as the balance was read",
                shown,
                "observed",
            )

    def note_change(self, exchange: Exchange, names: frozenset[str] | None) -> None:
        """Something was changed, or may have been: by these views at most, if that is known."""
        self.steps.append(exchange)
        self.last_change = max(exchange.ended, self.last_change or exchange.ended)
        self.views = {
            key: view
            for key, view in self.views.items()
            if names is not None and key[0] not in names and view.exchange.ended <= exchange.started
        }
        if names is None:
            self.forget_views()

    # ------------------------------------------------------------------------------------------------ readings

    def _read(self, answer: Answer) -> Iterator[Fault]:
        exchange, operation = answer.exchange, answer.operation.id
        if self.last_change is not None and exchange.started < self.last_change:
            return  # it may have been answered before the change or after it
        if exchange.started.date() != (self.last_reading or exchange).started.date():
            self.forget_views(
                effects.USAGE | effects.MONEY | {effects.SUBSCRIPTION, effects.CHECK, effects.PROMO}
            )
        yield from self._same_as_before(answer)
        yield from self._never_rewritten(answer)
        if operation == effects.CARDS:
            yield from self._cards_read(answer.body)
        if operation in _SETTINGS:
            yield from self._settings_read(operation, answer.body)
        if operation == effects.AUDIT:
            yield from self._audit_read(answer)
        if "total" in answer.body and answer.params.get("reference_type") is None:
            yield from self._never_shorter(operation, answer.body["total"])

    @property
    def last_reading(self) -> Exchange | None:
        return next(reversed(self.views.values())).exchange if self.views else None

    def _same_as_before(self, answer: Answer) -> Iterator[Fault]:
        """Two readings with nothing changed between them answer the same."""
        params = json.dumps([answer.params, _sent(answer.exchange)], sort_keys=True, default=str)
        key = (answer.operation.id, params)
        before = self.views.get(key)
        view = View(answer.operation.id, params, answer.body, answer.exchange)
        if before is not None:
            why = (
                "although nothing was changed"
                if not self._refused_since(before)
                else "though a request was refused"
            )
            for where, was, now in differences(before.body, answer.body):
                yield Fault(
                    "state",
                    where,
                    "unchanged",
                    f"{_short(was)}, as before",
                    f"{_short(now)}, {why}",
                )
        self.views.pop(key, None)
        self.views[key] = view
        if len(self.views) > MAX_VIEWS:
            del self.views[next(iter(self.views))]

    def _refused_since(self, view: View) -> bool:
        return any(step.status >= 400 and step.number > view.exchange.number for step in self.steps)

    def _never_rewritten(self, answer: Answer) -> Iterator[Fault]:
        """Entries of the ledger, the audit log, the activity and the history stay as they were written."""
        name = _LISTED.get(answer.operation.id)
        for entry in answer.body.get(name, []) if name else []:
            if entry.get("status") == "open":
                continue
            text = json.dumps(entry, sort_keys=True)
            before = self.written.setdefault((answer.operation.id, str(entry.get("id"))), text)
            if before != text:
                for where, was, now in differences(json.loads(before), entry):
                    got = f"{_short(now)}, of an entry that said {_short(was)}"
                    yield Fault(
                        "state",
                        f"/{name}/*{where}",
                        "rewritten",
                        "an entry that never changes",
                        got,
                    )

    def _never_shorter(self, operation: str, total: int) -> Iterator[Fault]:
        before = self.totals.get(operation, 0)
        if total < before:
            yield Fault("state", "/total", "shrunk", f"at least {before}, as before", str(total))
        self.totals[operation] = total

    def _cards_read(self, body: Json) -> Iterator[Fault]:
        """Cards that were added are there, removed ones are not, and the default is the one that was set."""
        cards = body["payment_methods"]
        expected, self.cards = self.cards, cards
        if expected is None:
            return
        known, shown = {each["id"]: each for each in expected}, {each["id"]: each for each in cards}
        for lost in known.keys() - shown.keys():
            card = known[lost]["stripe_payment_method_id"]
            yield Fault(
                "state", "/payment_methods", "lost", f"the card {card}", "not listed", "documented"
            )
        for extra in shown.keys() - known.keys():
            card = shown[extra]["stripe_payment_method_id"]
            yield Fault(
                "state",
                "/payment_methods",
                "extra",
                "only cards that are there",
                f"also {card}",
                "documented",
            )
        for id in known.keys() & shown.keys():
            for where, was, now in differences(known[id], shown[id]):
                grade: Provenance = "documented" if where == "/is_default" else "assumed"
                expectation, got = f"{_short(was)}, as it was told", _short(now)
                yield Fault(
                    "state", f"/payment_methods/*{where}", "changed", expectation, got, grade
                )
        order = [each["id"] for each in expected if each["id"] in shown]
        if order != [each["id"] for each in cards if each["id"] in known]:
            yield Fault(
                "order", "/payment_methods", "newest_first", "newest first", "another order"
            )

    def _settings_read(self, operation: str, body: Json) -> Iterator[Fault]:
        """Settings are read as they were written, field by field."""
        expected, self.settings[operation] = self.settings.get(operation), body
        if expected is None:
            return
        for where, was, now in differences(expected, body):
            yield Fault(
                "state",
                where,
                "stored",
                f"{_short(was)}, as it was told",
                _short(now),
                "documented",
            )

    def _audit_read(self, answer: Answer) -> Iterator[Fault]:
        """Every change since the last reading is in the log, under its name."""
        if answer.params.get("offset"):
            return
        total = int(answer.body["total"])
        before, self.audited = self.audited, total
        changes, self.unaudited = self.unaudited, []
        if before is None:
            return
        entries = answer.body["entries"][: max(0, total - before)]
        actions = [entry["action"] for entry in entries]
        if len(entries) == len(changes) and any(entry["actor"] != "api_key" for entry in entries):
            got = ", ".join(entry["actor"] for entry in entries)
            yield Fault("audit", "/entries/*/actor", "actor", "api_key, who made the changes", got)
        if total - before < len(changes):
            got = f"{total - before} new entries: {', '.join(actions) or 'none'}"
            names = ", ".join(
                f"{each.method} {each.path.rpartition('/billing')[2]}" for each, _ in changes[-5:]
            )
            yield Fault(
                "audit", "/entries", "missing", f"an entry for each of {len(changes)}: {names}", got
            )
        elif len(actions) >= total - before:
            for prefix in dict.fromkeys(prefix for _, prefix in changes):
                if not any(action.startswith(prefix) for action in actions):
                    got = ", ".join(actions[:5]) or "none"
                    yield Fault("audit", "/entries/*/action", prefix, f"an action {prefix}*", got)

    # ------------------------------------------------------------------------------------------------- changes

    def _changed(self, answer: Answer) -> Iterator[Fault]:
        """What a change's own answer says against what was known."""
        operation, body = answer.operation.id, answer.body
        prefix = effects.AUDITED.get(operation) or self._is_audited_now(answer)
        if prefix:
            self.unaudited.append((answer.exchange, prefix))
        for name in ("session_id", "id", "challenge_id"):
            if operation in _GIVE_OUT and name in body:
                if body[name] in self.ids:
                    yield Fault(
                        "state",
                        f"/{name}",
                        "unique",
                        "an id that was never given out",
                        str(body[name]),
                    )
                self.ids.add(body[name])
        if operation == "initiate_verification":
            self.challenges[body["challenge_id"]] = Challenge()
        if operation == "confirm_verification":
            yield from self._confirmed(answer)
        if operation == "add_payment_method" and self.cards is not None:
            if any(each["id"] == body["id"] for each in self.cards):
                yield Fault("state", "/id", "unique", "an id of its own", "that of another card")
            if body["is_default"] != (not self.cards):
                got = f"{body['is_default']} of card {len(self.cards) + 1}"
                yield Fault("state", "/is_default", "first", "true for the first card alone", got)
        if operation in ("update_auto_recharge", "update_usage_alerts"):
            yield from self._updated(answer)

    def _is_audited_now(self, answer: Answer) -> str | None:
        """How the audit log tells of what is a change only where it changes something; None where it does not."""
        if answer.operation.id == "set_default_payment_method":
            card = self.card(answer.params["payment_method_id"])
            return "payment_method." if card is not None and not card["is_default"] else None
        if answer.operation.id == "change_plan":
            known = [
                view.body for view in self.views.values() if view.operation == effects.SUBSCRIPTION
            ]
            return "subscription." if known and known[-1] != answer.body else None
        return None

    def _updated(self, answer: Answer) -> Iterator[Fault]:
        """A change of settings leaves alone what it does not set."""
        name = effects.RECHARGE if answer.operation.id == "update_auto_recharge" else effects.ALERTS
        before = self.settings.get(name)
        if before is None:
            return
        properties = answer.operation.body.node["properties"] if answer.operation.body else {}
        ours = {
            *properties,
            "updated_at",
            "consecutive_failures",
            "threshold_display",
            "recharge_amount_display",
        }
        for where, was, now in differences(before, answer.body):
            if where[1:] not in ours:
                yield Fault(
                    "state",
                    where,
                    "unchanged",
                    f"{_short(was)}, which it does not set",
                    _short(now),
                )

    def _confirmed(self, answer: Answer) -> Iterator[Fault]:
        """A wrong code costs one attempt of five; a right one is good once."""
        sent, body = answer.exchange.sent, answer.body
        challenge = self.challenges.get(sent["challenge_id"])
        if challenge is None:
            return
        if challenge.is_used or challenge.remaining == 0:
            got = "200"
            yield Fault(
                "state",
                "/response/status",
                "closed",
                "409 for a challenge that is used or locked",
                got,
            )
        expected = challenge.remaining if body["success"] else challenge.remaining - 1
        if body["remaining_attempts"] != expected and challenge.remaining:
            got = str(body["remaining_attempts"])
            yield Fault("state", "/remaining_attempts", "attempts", f"{expected} of 5", got)
        challenge.remaining, challenge.is_used = (
            max(0, expected),
            challenge.is_used or body["success"],
        )

    def _predict(self, answer: Answer) -> None:
        """What must be read next."""
        operation, body = answer.operation.id, answer.body
        if operation == "update_auto_recharge":
            self.settings[effects.RECHARGE] = body
        elif operation == "update_usage_alerts":
            self.settings[effects.ALERTS] = body
        elif operation == "change_plan":
            self.settings[effects.SUBSCRIPTION] = body
        elif operation == "disable_auto_recharge":
            before = self.settings.get(effects.RECHARGE)
            if before is not None:
                kept = {name: value for name, value in before.items() if name != "updated_at"}
                self.settings[effects.RECHARGE] = {**kept, "enabled": False}
        elif self.cards is not None and operation == "add_payment_method":
            self.cards = [body, *self.cards]
        elif self.cards is not None and operation in (
            "remove_payment_method",
            "set_default_payment_method",
        ):
            self._card_changed(answer)
        if operation == "remove_payment_method":
            self._forget_named_card()

    def _card_changed(self, answer: Answer) -> None:
        cards, card = self.cards or [], self.card(answer.params["payment_method_id"])
        if card is None:
            self.cards = None  # what the deployment did to which card is not known
            return
        if answer.operation.id == "set_default_payment_method":
            self.cards = [{**each, "is_default": each["id"] == card["id"]} for each in cards]
            return
        left = [each for each in cards if each["id"] != card["id"]]
        if card["is_default"] and left:
            left[-1] = {**left[-1], "is_default": True}  # the oldest takes over
        self.cards = left

    def _forget_named_card(self) -> None:
        """The settings may have named the card that is gone."""
        before = self.settings.get(effects.RECHARGE)
        if before is not None:
            self.settings[effects.RECHARGE] = {
                name: value
                for name, value in before.items()
                if name not in ("stripe_payment_method_id", "updated_at")
            }


_GIVE_OUT = frozenset(
    {"create_deposit", "create_checkout_session", "create_setup_intent", "initiate_verification"}
)


def differences(before: Any, after: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The places in which two bodies differ; fields of one object that the other has not are left out."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before.keys() & after.keys() - _MOVES:
            yield from differences(before[name], after[name], f"{where}/{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from differences(one, other, f"{where}/*")
    elif before != after or type(before) is not type(after):
        yield generalised(where), before, after


def _sent(exchange: Exchange) -> Any:
    try:
        return exchange.sent if exchange.request_body else None
    except ValueError:
        return None


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:100]}..."
