"""Sends what is due, at the mock's time, on the server's own loop and in what it leaves of it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from mockserver.engine.clock import Clock
from mockserver.webhooks import client
from mockserver.webhooks.client import Undelivered
from mockserver.webhooks.delivery import Attempt, Delivery
from mockserver.webhooks.queue import DeliveryQueue

logger = logging.getLogger(__name__)

RETRY_AFTER = (timedelta(seconds=10), timedelta(seconds=20))
"""The pauses between attempts, by the mock's clock. That there are three, further and further apart, is documented."""

TIMEOUT_SECONDS = 10.0
"""How long a receiver has, in real time (documented)."""

_PAUSES_FOR_EACH_CALL = 6
_MAX_PAUSE_SECONDS = 0.02
_TICK = 0.001


class Sender:
    """One task for each lane that has something to send, started when it is needed.

    Only what is due is sent. A clock that stands still has to be moved; of what fell due on the way, each is sent as of
    its own moment, so that retries follow each other as they would have.
    """

    def __init__(self, clock: Clock) -> None:
        self.timeout_seconds = TIMEOUT_SECONDS
        self._clock = clock
        self._moved_to: datetime | None = None
        """What was due until then fell due on the way of a clock that was moved."""
        self._free_at = 0.0
        """The next call is made no earlier (by the loop's time) while more are waiting."""
        self._waiters: list[asyncio.Future[None]] = []

    def clock_moved(self, queues: Iterable[DeliveryQueue]) -> None:
        """The clock has been put somewhere else."""
        self._moved_to = self._clock.now()
        for queue in queues:
            self.wake(queue)

    def forget(self) -> None:
        """As if the clock had never been moved."""
        self._moved_to = None
        self.changed()

    def wake(self, queue: DeliveryQueue) -> None:
        """See to it that a lane sends what is due, now or at its moment."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a world without a server: it waits until somebody settles
            return
        due = queue.backlog.next_due
        if queue.worker is not None or due is None:
            return
        now = self._clock.now()
        if due <= now:
            queue.worker = loop.create_task(self._work(queue))
            return
        if queue.timer is not None:
            queue.timer.cancel()
            queue.timer = None
        if not self._clock.frozen:
            queue.timer = loop.call_later((due - now).total_seconds() + _TICK, self.wake, queue)

    async def settle(
        self,
        queues: Callable[[], Iterable[DeliveryQueue]],
        concerns: Callable[[Delivery], bool],
        seconds: float,
    ) -> bool:
        """Wait until nothing in the lanes that concerns the caller is due any more; False if that takes too long."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            now, is_busy = self._clock.now(), False
            for queue in list(queues()):
                self.wake(queue)
                is_busy = is_busy or any(map(concerns, queue.due_at(now)))
            if not is_busy:
                return True
            left = end - loop.time()
            if left <= 0:
                return False
            waiter = loop.create_future()
            self._waiters.append(waiter)
            await asyncio.wait([waiter], timeout=left)
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def hold(self, queue: DeliveryQueue, deliveries: Iterable[Delivery], seconds: float) -> None:
        """Send some deliveries so much later, in real time."""
        held = [each for each in deliveries if queue.backlog.remove(each)]
        queue.held += held
        asyncio.get_running_loop().call_later(seconds, self._release, queue, held)

    def changed(self) -> None:
        """Let those look again who wait for something to be done."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _release(self, queue: DeliveryQueue, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            if delivery in queue.held:  # else it was dropped meanwhile
                queue.held.remove(delivery)
                queue.put(delivery, delivery.next_attempt_at or self._clock.now())
        self.wake(queue)
        self.changed()

    async def _work(self, queue: DeliveryQueue) -> None:
        """Send what is due, one after the other, and go."""
        try:
            while (due := queue.backlog.next_due) is not None and due <= self._clock.now():
                await self._make_way()
                queue.current = delivery = queue.backlog.take(self._clock.now())
                if delivery is not None:  # else it was dropped meanwhile
                    await self._attempt(queue, delivery)
                queue.current = None
                self.changed()
        finally:
            queue.worker = queue.current = None
        self.wake(queue)

    async def _make_way(self) -> None:
        """Leave the loop to requests for a while, unless this call is the first for long or somebody waits for it."""
        pause = self._free_at - asyncio.get_running_loop().time()
        if pause > 0 and not self._waiters:
            await asyncio.sleep(pause)

    async def _attempt(self, queue: DeliveryQueue, delivery: Delivery) -> None:
        at = self._moment(delivery)
        headers = delivery.headers(queue.secret)
        answer = error = None
        began, busy = time.perf_counter(), time.thread_time()
        try:
            answer = await client.post(queue.target, headers, delivery.body, self.timeout_seconds)
            error = _objection(answer.status)
        except Undelivered as problem:
            error = str(problem)
        except Exception:
            logger.exception(
                "The delivery %s to %s failed in the mock itself", delivery.id, queue.target.url
            )
            error = "The mock failed to send it; its log says why."
        duration = time.perf_counter() - began
        # Time that requests took meanwhile counts too: the more there is to do, the longer are the pauses.
        pause = (time.thread_time() - busy) * _PAUSES_FOR_EACH_CALL
        self._free_at = asyncio.get_running_loop().time() + min(pause, _MAX_PAUSE_SECONDS)
        status, body = (answer.status, answer.body) if answer else (None, b"")
        if error is not None:
            logger.info(
                "Webhook %s (%s) to %s: %s", delivery.id, delivery.event.type, delivery.url, error
            )
        delivery.attempts.append(Attempt(at, round(duration * 1000), headers, status, body, error))
        self._decide(queue, delivery, at, error is None, duration)

    def _decide(
        self,
        queue: DeliveryQueue,
        delivery: Delivery,
        at: datetime,
        is_delivered: bool,
        seconds: float,
    ) -> None:
        """Whether it is done with, or is tried again."""
        if is_delivered:
            delivery.reason = None
            queue.end(delivery, "delivered")
        elif delivery.reason is not None:  # it was dropped while it was being sent
            queue.drop(delivery, delivery.reason)
        elif len(delivery.attempts) > len(RETRY_AFTER):
            queue.end(delivery, "failed")
        else:
            # A clock that stands still did so during the call too.
            ended = at if self._clock.frozen else at + timedelta(seconds=seconds)
            queue.put(delivery, ended + RETRY_AFTER[len(delivery.attempts) - 1])

    def _moment(self, delivery: Delivery) -> datetime:
        """When this attempt is made, by the mock's clock: if that was moved, when it would have been made."""
        now, due = self._clock.now(), delivery.next_attempt_at
        if due is not None and (
            self._clock.frozen or (self._moved_to is not None and due <= self._moved_to)
        ):
            return min(due, now)
        return now


def _objection(status: int) -> str | None:
    """What is wrong with an answer; None if nothing is."""
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"The receiver answered {status}. Redirects are not followed."
    return f"The receiver answered {status}."
