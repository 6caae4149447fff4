"""All accounts of a deployment, and what each exchange says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from contract_tests.http.exchange import ANYBODY, Exchange
from contract_tests.judge.case import Case, Outcome
from contract_tests.judge.isolation import Isolation
from contract_tests.judge.tracker import Tracker
from contract_tests.judge.views import Relation, View
from contract_tests.judge.violation import Response, Violation, guarded
from contract_tests.knowledge import Knowledge
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.lists import list_operations
from contract_tests.openapi.schemas import Schemas

_FORGETS = ("/_mock/reset", "/_mock/state", "/_mock/snapshots/*/restore")
"""Control operations after which nothing that was known of an account holds."""
_SNAPSHOTS = "/_mock/snapshots/"
_PASSES_TIME = ("/_mock/clock", "/_mock/clock/advance")


@dataclass(frozen=True)
class Contradiction:
    """A violation that what is known of an account shows."""

    tracker: Tracker
    operation: str
    """The operation whose response shows it."""
    violation: Violation


Key = tuple[str, str, str, str]
"""Operation, kind, place and rule."""


@dataclass(frozen=True)
class Unsettled:
    """A reading that contradicts what is known: it is read again before it is judged."""

    tracker: Tracker
    exchange: Exchange
    others: tuple[View, ...]
    """The readings that it contradicts."""


class Accounts:
    """The trackers of all accounts."""

    def __init__(self, contract: Contract, schemas: Schemas, knowledge: Knowledge) -> None:
        self.trackers: dict[str, Tracker] = {}
        self._schemas = schemas
        self._knowledge = knowledge
        self._lists = list_operations(contract)
        self._relations = knowledge.relations(self._lists)
        self._isolation = Isolation(knowledge.identifiers)
        self.settles = False
        """Whether a reading with a contradiction is kept in ``unsettled`` instead of judged."""
        self.settle = timedelta()
        """How long after a change a view may still be the one before it."""
        self.lag = timedelta()
        """How long after a change readings are not judged."""
        self.unsettled: list[Unsettled] = []
        self.confirmed: set[Key] = set()
        """Contradictions that were found again when their views were read again."""

    def tracker(self, account: str) -> Tracker:
        """Return what is known of an account."""
        if account not in self.trackers:
            self.trackers[account] = Tracker(account, self._knowledge, self._lists)
            self.trackers[account].settle = self.settle
            self.trackers[account].lag = self.lag
        return self.trackers[account]

    def note_lag(self, lag: timedelta) -> None:
        """Judge no reading of any account that is sooner after a change."""
        self.lag = max(self.lag, lag)
        for tracker in self.trackers.values():
            tracker.lag = self.lag

    def observe(self, case: Case) -> Iterator[Contradiction]:
        """Take in an exchange with the API, and yield what contradicts earlier knowledge."""
        response = case.response(self._schemas)
        if case.is_unauthenticated:
            if case.is_write and 0 < case.exchange.status < 400:
                self._note_change_everywhere(case.exchange)
        elif case.outcome is Outcome.UNKNOWN:
            self.tracker(case.account).note_change(case.exchange)
        elif response is not None:
            yield from self._of_account(case, response)

    def observe_control(self, exchange: Exchange) -> None:
        """Take in a call of the mock's control API. Its changes contradict nothing."""
        if exchange.status >= 400 or exchange.method in ("GET", "HEAD"):
            return
        if _fits(exchange.path, _FORGETS) or exchange.path.startswith(_SNAPSHOTS):
            is_of_all = exchange.account == ANYBODY
            concerned = self.trackers.values() if is_of_all else [self.tracker(exchange.account)]
            for tracker in concerned:
                tracker.forget(exchange.ended)
        elif exchange.path in _PASSES_TIME:
            self._note_change_everywhere(exchange)
        else:
            for pattern, names in self._knowledge.effects.control.items():
                if _fits(exchange.path, (pattern,)):
                    tracker = self.tracker(exchange.account)
                    tracker.note_change(exchange, names)
                    tracker.forget_views(names)

    def _of_account(self, case: Case, response: Response) -> Iterator[Contradiction]:
        name, tracker = response.operation.id, self.tracker(case.account)
        if case.outcome is Outcome.SUCCESS:
            for rule in self._knowledge.rules(name):
                for violation in guarded(rule(response)):
                    yield Contradiction(tracker, name, violation)
            for violation in self._isolation.violations(case.account, response):
                yield Contradiction(tracker, name, violation)
        yield from self._of_views(case, response, tracker)
        if case.outcome is Outcome.SUCCESS:
            own = self.tracker(case.exchange.account)
            if not own.in_use:
                for violation in own.model.headers(response):
                    yield Contradiction(own, name, violation)

    def _of_views(
        self, case: Case, response: Response, tracker: Tracker
    ) -> Iterator[Contradiction]:
        """Yield what contradicts earlier readings, unless it is to be read again first."""
        name, is_success = response.operation.id, case.outcome is Outcome.SUCCESS
        may_settle = self.settles and is_success and tracker.is_view(response)
        restore = tracker.checkpoint() if may_settle else None
        found = [
            Contradiction(tracker, name, violation) for violation in tracker.observe(case, response)
        ]
        views = {name}
        for relation, contradiction in self._between_views(tracker, name) if is_success else ():
            views.update(relation.views)
            found.append(contradiction)
        if restore is not None and any(map(self._is_open, found)):
            restore()
            others = tuple(
                view
                for view in tracker.views
                if view.operation in views or tracker.is_soon_after_a_change(view.exchange)
            )
            self.unsettled.append(Unsettled(tracker, case.exchange, others))
            return
        yield from found

    def _is_open(self, found: Contradiction) -> bool:
        """Return whether a contradiction may vanish when the views are read again."""
        return key_of(found) not in self.confirmed

    def _between_views(
        self, tracker: Tracker, name: str
    ) -> Iterator[tuple[Relation, Contradiction]]:
        """Yield what does not hold between the views after a reading."""
        for relation in self._relations:
            if name not in relation.views or not tracker.views.has(relation.views):
                continue
            try:
                for shown, violation in relation.check(tracker.views):
                    yield relation, Contradiction(tracker, shown, violation)
            except (KeyError, TypeError, ValueError, AttributeError, StopIteration):
                continue  # not the shape that the rule speaks of: the schema says so

    def _note_change_everywhere(self, exchange: Exchange) -> None:
        for tracker in self.trackers.values():
            tracker.note_change(exchange)


def key_of(found: Contradiction) -> Key:
    """Return the identity of a contradiction."""
    violation = found.violation
    return found.operation, violation.kind, violation.where, violation.rule


def _fits(path: str, patterns: tuple[str, ...]) -> bool:
    parts = path.split("/")
    return any(
        len(parts) == len(wanted)
        and all(want in ("*", part) for want, part in zip(wanted, parts, strict=True))
        for wanted in (pattern.split("/") for pattern in patterns)
    )
