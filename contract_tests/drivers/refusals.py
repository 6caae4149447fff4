"""Reads what a refused write might have changed after all.

A refused request changes nothing. A fault that switches a setting at each refusal shows only after
an odd number of refusals, so the views are read when the number since their last reading is odd.
Each kind of refusal (operation, status, phase) is followed up a few times at most.
"""

from __future__ import annotations

import threading
from collections import Counter

from contract_tests.context import Run
from contract_tests.http.client import Client
from contract_tests.http.exchange import ANYBODY, Exchange
from contract_tests.http.redaction import SESSION, UNKNOWN_KEY
from contract_tests.openapi.contract import Operation
from contract_tests.openapi.examples import required_query

_NOT_FOLLOWED = (401, 403, 429)
"""Refusals before the request was looked at."""
_NOBODY = (ANYBODY, UNKNOWN_KEY, SESSION)
"""Callers whose key the run does not have."""
MAX_READINGS = 2
"""Readings after each kind of refusal: the first may have nothing to be compared with."""
MAX_REQUESTS = 1_000
"""Reads in one run."""

_Kind = tuple[str, int, str]


class Refusals:
    """Counts refused writes, as a listener of the channel, and reads the views they concern."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._since: dict[tuple[str, str], Counter[str]] = {}
        """Refusals of each write since the last reading, by account and view."""
        self._due: dict[str, list[tuple[_Kind, Operation]]] = {}
        """Refusals that are to be followed up, by account."""
        self._readings: Counter[_Kind] = Counter()
        self._requests = 0
        run.channel.listeners.append(self)

    def __call__(self, exchange: Exchange) -> None:
        """Take in an exchange."""
        matched = self._run.contract.match(exchange.method, exchange.path)
        if matched is None:
            return
        operation = matched[0]
        with self._lock:
            if exchange.status == 200 and exchange.method != "HEAD":
                self._since.pop((exchange.account, operation.id), None)
            if not operation.is_read and 400 <= exchange.status < 500:
                self._note(exchange, operation)

    def _note(self, exchange: Exchange, operation: Operation) -> None:
        if exchange.status in _NOT_FOLLOWED or exchange.account in _NOBODY:
            return
        for view in self._views(operation):
            self._since.setdefault((exchange.account, view), Counter())[operation.id] += 1
        kind = (operation.id, exchange.status, exchange.source.partition(":")[0])
        if self._readings[kind] < MAX_READINGS and self._requests < MAX_REQUESTS:
            self._due.setdefault(exchange.account, []).append((kind, operation))

    def follow(self, client: Client) -> None:
        """Read the views that the last refusals of an account concern."""
        account = client.key or ""
        with self._lock:
            due = self._due.pop(account, [])
        for kind, operation in due:
            known = self._run.judge.tracker(account).views
            odd = [
                view
                for view in self._views(operation)
                if self._since.get((account, view), Counter())[operation.id] % 2
            ]
            if not odd:
                continue
            # A reading proves something if there is an earlier one.
            is_proof = all(known.find(view) is not None for view in odd)
            self._readings[kind] += MAX_READINGS if is_proof else 1
            for view in odd:
                self._read(client, view)

    def _read(self, client: Client, view: str) -> None:
        operation = self._run.contract.operations[view]
        self._requests += 1
        client.call(view, query=dict(required_query(self._run.contract, operation)))

    def _views(self, operation: Operation) -> list[str]:
        """Return the selected reads that an operation may change."""
        run = self._run
        names = run.knowledge.effects.changes.get(operation.id, frozenset())
        return sorted(
            name
            for name in names & run.selected
            if (read := run.contract.operations.get(name)) is not None
            and read.is_read
            and not read.path_names
        )
