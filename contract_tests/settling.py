"""Reads contradictory views again before they are judged.

A contradiction between views may be the lag of a replica, or somebody else who uses the account.
So the views are read again after a while (``--settle``). What persists is a finding, what vanishes
is one note.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from contract_tests.http.channel import Channel
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange, Request
from contract_tests.judge.accounts import Contradiction, Unsettled
from contract_tests.judge.judge import Judge
from contract_tests.judge.tracker import Tracker, differences
from contract_tests.knowledge import Knowledge

MAX_WAITS = 40
"""How often a run waits before it reads again. After that, one that lags is not judged."""
MAX_ROUNDS = 2
"""How often a run waits for a contradiction that is seen soon after a change."""
MAX_READINGS = 5
"""How often views are read again until nothing changes between two readings."""
MAX_QUIET_MOMENTS = 10
"""How often a run looks for a quiet moment of an account in use, to judge the same views."""
PROBE_SECONDS = 12.0
"""How long a run watches whether an account changes by itself."""
MAX_PROBES = 3
PROBE_EVERY = 1.0

Held = list[tuple[Contradiction, Exchange]]


class Settling:
    """Reads again what contradicts earlier readings, after every exchange of a run."""

    def __init__(
        self, channel: Channel, judge: Judge, knowledge: Knowledge, seconds: float
    ) -> None:
        self.lagging = 0
        """Contradictions that vanished shortly after a change."""
        self.lag = 0.0
        """Seconds after which they had."""
        self.moving = 0
        """Contradictions that came of the use of an account by others."""
        self.left_open = 0
        """Those of them that were not read again, since the same views had been often enough."""
        self.not_waited_for = 0
        """Contradictions of a deployment that lags for which a run had waited often enough."""
        self._channel = channel
        self._judge = judge
        self._effects = knowledge.effects
        self._headers = ("content-type", knowledge.identifiers.scope_header.lower())
        self._seconds = seconds
        self._waits = 0
        self._probes = 0
        self._quiet_moments: Counter[tuple[str, ...]] = Counter()
        self._is_busy = False
        judge.accounts.settles = True
        judge.accounts.settle = timedelta(seconds=seconds * MAX_ROUNDS)

    def __call__(self) -> None:
        """Settle what the last exchange left unsettled."""
        unsettled = self._judge.accounts.unsettled
        if self._is_busy or not unsettled:
            return
        self._is_busy = True
        try:
            while unsettled:
                self._settle(unsettled.pop(0))
        finally:
            self._is_busy = False
            unsettled.clear()

    def notes(self) -> list[str]:
        """Return what a reader should know of the deployment, a line each."""
        notes = []
        if self.moving:
            notes.append(
                "the account is in use by others: its usage changes by itself, and was judged "
                f"where two readings around it were equal ({self.moving} times"
                + (f", of which {self.left_open} were not read again)" if self.left_open else ")")
            )
        if self.lagging:
            notes.append(
                f"the deployment lags: {self.lagging} contradictions had vanished "
                f"{self.lag:g} s later; readings so soon after a change are not judged"
                + (
                    f" ({self.not_waited_for} more were left open after {MAX_WAITS} waits)"
                    if self.not_waited_for
                    else ""
                )
            )
        return notes

    def _settle(self, unsettled: Unsettled) -> None:
        tracker = unsettled.tracker
        if tracker.in_use and self._is_of_usage(unsettled):
            self._in_quiet(unsettled)
            return
        if self.lagging and self._waits >= MAX_WAITS:
            self.not_waited_for += 1
            return
        for number in range(1, MAX_ROUNDS + 1):
            found = self._later(unsettled)
            if not found:
                self._note_lag(tracker, number)
                return
            if not tracker.is_soon_after_a_change(unsettled.exchange):
                break
        if self._is_of_usage(unsettled) and self._changes_by_itself(tracker):
            tracker.in_use = True
            self._in_quiet(unsettled)
        else:
            self._confirm(found)

    def _later(self, unsettled: Unsettled) -> Held:
        """Wait, read again, and return what is contradictory then."""
        if self._waits < MAX_WAITS:
            self._waits += 1
            time.sleep(self._seconds)
        restore = unsettled.tracker.checkpoint()
        with self._judge.holding() as held:
            self._again(view.exchange for view in unsettled.others)
            self._again([unsettled.exchange])
            found = list(held)
        if found:
            restore()
        return found

    def _note_lag(self, tracker: Tracker, rounds: int) -> None:
        """Judge no more readings soon after a change; without a change, others made one."""
        if tracker.last_change is None:
            tracker.in_use = True
            self.moving += 1
            return
        self.lagging += 1
        self.lag = max(self.lag, self._seconds * rounds)
        self._judge.accounts.note_lag(timedelta(seconds=self.lag))

    def _in_quiet(self, unsettled: Unsettled) -> None:
        """Read the views again until the ones around a reading are equal, and judge that one."""
        self.moving += 1
        tracker = unsettled.tracker
        exchange, others = unsettled.exchange, sorted(view.operation for view in unsettled.others)
        kind = exchange.account, exchange.method, exchange.path, *others
        self._quiet_moments[kind] += 1
        if self._quiet_moments[kind] > MAX_QUIET_MOMENTS:
            self.left_open += 1
            return
        names = self._effects.usage | {view.operation for view in unsettled.others}
        for _ in range(MAX_READINGS):
            restore = tracker.checkpoint()
            tracker.views.keep(lambda view: view.operation not in names)
            with self._judge.holding() as held:
                before = self._again(view.exchange for view in unsettled.others)
                self._again([unsettled.exchange])
                found = list(held)
                after = self._again(view.exchange for view in unsettled.others)
            if _are_equal(before, after):
                self._confirm(found)
                return
            restore()

    def _is_of_usage(self, unsettled: Unsettled) -> bool:
        names = {view.operation for view in unsettled.others}
        return bool(names & self._effects.usage)

    def _changes_by_itself(self, tracker: Tracker) -> bool:
        """Return whether a view of the usage changes while the run only reads it."""
        views = tracker.views.of(self._effects.usage)
        if self._probes >= MAX_PROBES or not views:
            return False
        self._probes += 1
        ends_at = time.monotonic() + PROBE_SECONDS
        with self._judge.holding():
            first = self._again(view.exchange for view in views)
            while time.monotonic() < ends_at:
                time.sleep(PROBE_EVERY)
                if not _are_equal(first, self._again(view.exchange for view in views)):
                    return True
        return False

    def _confirm(self, found: Held) -> None:
        for contradiction, exchange in found:
            self._judge.confirm(contradiction, exchange)

    def _again(self, exchanges: Iterable[Exchange]) -> list[Exchange]:
        """Send the requests of these exchanges once more, as the same account."""
        sent = []
        for exchange in exchanges:
            client = Client(self._channel, exchange.account)
            headers = {
                name: value
                for name, value in exchange.request_headers
                if name.lower() in self._headers
            }
            body = exchange.request_body or None
            sent.append(
                client.raw(Request(exchange.method, exchange.path, exchange.query, headers, body))
            )
        return sent


def _are_equal(before: list[Exchange], after: list[Exchange]) -> bool:
    return all(
        one.status == other.status and not any(differences(one.object, other.object))
        for one, other in zip(before, after, strict=True)
    )
