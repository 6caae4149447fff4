"""The judge of one process: exchanges wait in a queue, so that no response waits for a verdict."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable

from contract_tests.http.exchange import Exchange

MAX_QUEUED = 2_000
"""Exchanges in the queue. When it is full, users wait."""


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
        self._queue: queue.Queue[Exchange | str] = queue.Queue(MAX_QUEUED)
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
        """Wait until everything in the queue is judged."""
        self._queue.join()

    def _work(self) -> None:
        while True:
            item = self._queue.get()
            started = time.thread_time()
            try:
                if isinstance(item, str):
                    self._forget(item)
                else:
                    self._judge(item)
                    self.judged += 1
            except Exception as error:  # a deployment may answer anything
                self._on_error(error)
            self.seconds += time.thread_time() - started
            self._queue.task_done()
            time.sleep(0)  # responses that have come meanwhile are taken first
