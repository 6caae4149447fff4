"""What is known of one account from its exchanges so far, and what contradicts it.

A tracker only listens. It keeps every view until something may have changed it, predicts the effect
of a change, and compares. So a run, a HAR file and traffic through the proxy are judged alike.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from contract_tests.findings.severity import CONTRADICTION
from contract_tests.http.exchange import Exchange
from contract_tests.judge.case import Case, Outcome
from contract_tests.judge.views import View, Views
from contract_tests.judge.violation import Response, Violation, guarded
from contract_tests.knowledge import Knowledge
from contract_tests.openapi.lists import ListOperation
from contract_tests.openapi.schemas import generalised

MAX_STEPS = 30
_MOVES = frozenset({"as_of"})
"""Fields that differ from one reading to the next."""
_NOT_OF_THE_ACCOUNT = (401, 403, 413, 415, 422, 429)
"""Refusals that say nothing of what an account has."""
_UNFINISHED = "open"
"""The status of an entry that is still to change."""


class Tracker:
    """Everything known of one account."""

    def __init__(
        self, account: str, knowledge: Knowledge, lists: Mapping[str, ListOperation]
    ) -> None:
        self.account = account
        self.steps: deque[Exchange] = deque(maxlen=MAX_STEPS)
        """The last changes, and refusals of changes."""
        self._knowledge = knowledge
        self._effects = knowledge.effects
        self._lists = lists
        self.settle = timedelta()
        """How long after a change a view may still be the one before it."""
        self.lag = timedelta()
        """How long after a change readings are not judged, as the deployment lags."""
        self.in_use = False
        """Whether others use the account, so that views of its usage change by themselves."""
        self.forget()

    def forget(self, changed: datetime | None = None) -> None:
        """Forget everything that is known, since the account was made or reset at this moment."""
        self.steps.clear()
        self.views = Views(self._lists)
        """Readings that nothing can have changed since."""
        self.model = self._knowledge.account_model(self.views)
        """What only those know who know the API."""
        self.last_change = changed
        """When the last change was over."""
        self._written: dict[tuple[str, str], str] = {}
        """Entries of lists that never change, by list and id."""
        self._totals: dict[str, int] = {}
        """How long each list was last."""

    def forget_views(self, names: frozenset[str] | None = None) -> None:
        """Forget the views of these operations, or all: they may have changed."""
        self.views.keep(lambda view: names is not None and view.operation not in names)
        self.model.forget(names)

    def checkpoint(self) -> Callable[[], None]:
        """Return a function that restores what is known now."""
        views, model = self.views.checkpoint(), self.model.checkpoint()

        def restore() -> None:
            self.views.restore(views)
            self.model.restore(model)

        return restore

    def note_change(self, exchange: Exchange, names: frozenset[str] | None = None) -> None:
        """Note a possible change: of these views at most, if they are known, else of all."""
        self.steps.append(exchange)
        self.last_change = max(exchange.ended, self.last_change or exchange.ended)
        if names is None:
            self.forget_views()
            return
        self.views.keep(
            lambda view: view.operation not in names and view.exchange.ended <= exchange.started
        )

    def observe(self, case: Case, response: Response) -> Iterator[Violation]:
        """Take in a response, and yield what contradicts earlier knowledge."""
        if case.outcome is Outcome.REFUSED:
            if case.is_write:
                self.steps.append(case.exchange)
            # The status of an invalid request is a matter of the request alone.
            if case.exchange.status not in _NOT_OF_THE_ACCOUNT and case.request.is_valid:
                yield from guarded(self._status(response))
        elif case.outcome is Outcome.SUCCESS:
            if case.is_write:
                yield from guarded(self._status(response))
            if self.is_view(response):
                yield from guarded(self._read(response))
            elif case.is_write:
                yield from self._changed(response)

    def is_view(self, response: Response) -> bool:
        """Return whether a response shows the account, and changes nothing."""
        effects = self._effects
        return effects.are_known and (
            response.operation.is_read or response.operation.id in effects.read_only_posts
        )

    def _status(self, response: Response) -> Iterator[Violation]:
        """Check the status against the one that is expected of the account."""
        expected = self.model.expected_status(response)
        status = response.exchange.status
        if expected is not None and not _is_same(status, expected[0]):
            yield Violation(
                "state",
                "/response/status",
                "status",
                f"{expected[0]}: {expected[1]}",
                str(status),
            )

    # ------------------------------------------------------------------------------------- readings

    def _read(self, response: Response) -> Iterator[Violation]:
        exchange = response.exchange
        if self.last_change is not None and exchange.started < self.last_change + self.lag:
            return  # it may show the account before the change or after it
        latest = self.views.latest
        if latest is not None and exchange.started.date() != latest.exchange.started.date():
            self.forget_views(self._effects.daily)
        yield from self._same_as_before(response)
        listed = self._lists.get(response.operation.id)
        if listed is not None and listed.is_append_only:
            yield from self._never_rewritten(listed, response)
        yield from self.model.read(response)
        if listed is not None and not listed.is_filtered(response.params):
            yield from self._never_shorter(response)

    def _same_as_before(self, response: Response) -> Iterator[Violation]:
        """Compare two readings between which nothing was changed."""
        before = self.views.put(response)
        if before is None or self._moves_by_itself(before):
            return
        number = before.exchange.number
        was_refused = any(step.status >= 400 and step.number > number for step in self.steps)
        why = "though a request was refused" if was_refused else "although nothing was changed"
        for where, was, now in differences(before.body, response.body):
            expected, got = f"{short(was)}, as before", f"{short(now)}, {why}"
            yield Violation("state", where, "unchanged", expected, got, nature=CONTRADICTION)

    def _moves_by_itself(self, before: View) -> bool:
        """Return whether a reading may differ from an earlier one although nothing was changed."""
        if self.in_use and before.operation in self._effects.usage:
            return True
        return self.is_soon_after_a_change(before.exchange)

    def is_soon_after_a_change(self, exchange: Exchange) -> bool:
        """Return whether a reading may show the account as it was before the last change."""
        changed = self.last_change
        return changed is not None and changed <= exchange.started < changed + self.settle

    def _never_rewritten(self, listed: ListOperation, response: Response) -> Iterator[Violation]:
        """Check that final entries stay as they were written."""
        for entry in response.body[listed.field]:
            if entry.get("status") == _UNFINISHED:
                continue
            text = json.dumps(entry, sort_keys=True)
            before = self._written.setdefault((listed.id, str(entry.get("id"))), text)
            if before == text:
                continue
            for where, was, now in differences(json.loads(before), entry):
                yield Violation(
                    "state",
                    f"/{listed.field}/*{where}",
                    "rewritten",
                    "an entry that never changes",
                    f"{short(now)}, of an entry that said {short(was)}",
                    nature=CONTRADICTION,
                )

    def _never_shorter(self, response: Response) -> Iterator[Violation]:
        """Check that a list loses no entries."""
        name, total = response.operation.id, response.body["total"]
        before = self._totals.get(name, 0)
        if total < before:
            expected = f"at least {before}, as before"
            yield Violation("state", "/total", "shrunk", expected, str(total), nature=CONTRADICTION)
        self._totals[name] = total

    # -------------------------------------------------------------------------------------- changes

    def _changed(self, response: Response) -> Iterator[Violation]:
        # A change is noted even if its response has not the shape that the model needs.
        yield from guarded(self.model.changed(response))
        names = self._effects.changes.get(response.operation.id)
        self.note_change(response.exchange, names)
        try:
            self.model.predict(response)
        except (KeyError, TypeError, ValueError, AttributeError):
            self.model.forget(names)


def _is_same(status: int, expected: int) -> bool:
    """Return whether a status is the expected one. One success is as good as another."""
    return status == expected or (status < 300 and expected < 300)


def differences(before: Any, after: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield the places in which two bodies differ, for fields that both have."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in before.keys() & after.keys() - _MOVES:
            yield from differences(before[name], after[name], f"{where}/{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from differences(one, other, f"{where}/*")
    elif before != after or type(before) is not type(after):
        yield generalised(where), before, after


def short(value: Any) -> str:
    """Return a value as JSON, shortened."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 100 else f"{text[:100]}..."
