"""The judge of one process: exchanges wait in a queue, so that no response waits for a verdict."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from contract_tests.http.exchange import Exchange
from contract_tests.judge.judge import Judge
from contract_tests.judge.tracker import Tracker

MAX_QUEUED = 2_000
"""Exchanges in the queue. When it is full, users wait."""


class LateTracker:
    """What is known of an account, as stories see it: everything sent before is judged first."""

    def __init__(self, tracker: Tracker, drain: Callable[[], object]) -> None:
        self._tracker = tracker
        self._drain = drain

    def __getattr__(self, name: str) -> Any:
        self._drain()
        return getattr(self._tracker, name)


class LateJudge(Judge):
    """A judge that is behind what users send."""

    drain: Callable[[], object]

    def tracker(self, account: str) -> Tracker:
        """Return what is known of an account, for use outside of the judge."""
        return cast(Tracker, LateTracker(self.accounts.tracker(account), self.drain))


class JudgeQueue:
    """Judges exchanges one after another, in the order in which they ended."""

    def __init__(
        self,
        judge: Callable[[Exchange], object],
        forget: Callable[[str], object],
        on_error: Callable[[Exception], object],
    ) -> None:
        self.judged = 0
        self.seconds = 0.0
        """Processor time that the judge took."""
        self.held = 0.0
        """How long users waited for room in the queue, together."""
        self._judge = judge
        self._forget = forget
        self._on_error = on_error
        self._queue: queue.Queue[Exchange | str | threading.Event] = queue.Queue(MAX_QUEUED)
        threading.Thread(target=self._work, name="judge", daemon=True).start()

    def put(self, exchange: Exchange) -> None:
        """Queue an exchange, when there is room."""
        started = time.monotonic()
        self._queue.put(exchange)
        self.held += time.monotonic() - started

    def forget(self, account: str) -> None:
        """Forget what is known of an account, after everything that is in the queue."""
        self._queue.put(account)

    def drain(self) -> None:
        """Wait until everything that is in the queue now is judged."""
        mark = threading.Event()
        self._queue.put(mark)
        mark.wait()

    def _work(self) -> None:
        while True:
            item = self._queue.get()
            started = time.thread_time()
            try:
                if isinstance(item, threading.Event):
                    item.set()
                elif isinstance(item, str):
                    self._forget(item)
                else:
                    self._judge(item)
                    self.judged += 1
            except Exception as error:  # a deployment may send anything
                self._on_error(error)
            self.seconds += time.thread_time() - started
            time.sleep(0)  # responses that have come meanwhile are taken first
