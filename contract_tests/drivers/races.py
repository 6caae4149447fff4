"""Requests that reach a deployment at the same moment, on connections of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TypeVar

from contract_tests.context import Run
from contract_tests.http.channel import Outgoing
from contract_tests.http.client import Client
from contract_tests.http.exchange import Exchange

ROUNDS = 5
"""How often each race is run."""
_PATIENCE = 10.0
"""Seconds that one request waits for the others to be ready."""

T = TypeVar("T")


class Gate:
    """The last gate of the channel: it lets the requests of a race leave together."""

    def __init__(self, count: int) -> None:
        self._barrier = threading.Barrier(count)
        self._armed = threading.local()

    def arm(self) -> None:
        """Make the next request of this thread wait for the others."""
        self._armed.now = True

    def disarm(self) -> None:
        """Let the others go: this thread will not send."""
        if getattr(self._armed, "now", False):
            self._armed.now = False
            self._barrier.abort()

    def before(self, outgoing: Outgoing) -> None:  # noqa: ARG002 (the gate's)
        if getattr(self._armed, "now", False):
            self._armed.now = False
            with suppress(threading.BrokenBarrierError):
                self._barrier.wait(_PATIENCE)

    def after(self, outgoing: Outgoing, exchange: Exchange) -> None:
        """Do nothing."""


def at_once(run: Run, client: Client, *calls: Callable[[], T]) -> list[T]:
    """Run calls at the same moment, and return their results in order.

    Each has a thread and a connection, opened before. The judge is to predict nothing of requests
    whose order nobody knows, so what it knows of the account is forgotten.
    """
    tracker = run.judge.tracker(client.key or "")
    tracker.forget()
    gate = Gate(len(calls))
    with _unlimited(run, len(calls)), ThreadPoolExecutor(len(calls)) as pool:
        warm = threading.Barrier(len(calls))

        def race(call: Callable[[], T]) -> T:
            _connect(run, client)
            with suppress(threading.BrokenBarrierError):
                warm.wait(_PATIENCE)
            gate.arm()
            try:
                return call()
            finally:
                gate.disarm()

        run.channel.gates.append(gate)
        try:
            results = list(pool.map(race, calls))
        finally:
            run.channel.gates.remove(gate)
    tracker.forget_views()
    return results


def _connect(run: Run, client: Client) -> None:
    """Open this thread's connection by a read."""
    reads = [operation for operation in run.operations(reads=True) if not operation.path_names]
    if reads:
        client.call(reads[0].id)


@contextmanager
def _unlimited(run: Run, count: int) -> Iterator[None]:
    """Send without a pause between requests, and make up for it afterwards."""
    channel, limits = run.channel, run.channel.limits
    channel.limits = replace(limits, per_second=None)
    try:
        yield
    finally:
        channel.limits = limits
        if limits.per_second:
            time.sleep(2 * count / limits.per_second)


def succeeded(responses: Sequence[Exchange]) -> list[Exchange]:
    """Return the responses with a status of success."""
    return [response for response in responses if 200 <= response.status < 300]


def are_clear(responses: Sequence[Exchange]) -> bool:
    """Return whether each response says what came of its request: no crash, no 429, no silence."""
    return all(response.status not in (0, 429) and response.status < 500 for response in responses)
