"""Sends due deliveries on the server's event loop, leaving most of its time to requests."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from mockserver.clock import Clock
from mockserver.webhooks import client
from mockserver.webhooks.client import Undelivered
from mockserver.webhooks.delivery import Attempt, Delivery
from mockserver.webhooks.event import Conventions
from mockserver.webhooks.queue import DeliveryQueue

logger = logging.getLogger(__name__)

RETRY_AFTER = (timedelta(seconds=10), timedelta(seconds=20))
"""Delays between attempts, on the mock's clock: three attempts, increasing delays (documented)."""

TIMEOUT_SECONDS = 10.0
"""Real time within which a receiver must respond (documented)."""

_PAUSE_PER_CALL = 6
"""Length of the pause after a call, as a multiple of the call's processor time."""
_MAX_PAUSE_SECONDS = 0.02
_TICK = 0.001


class Sender:
    """Runs one task for each queue that has due deliveries.

    If the clock is frozen, deliveries fall due when it is advanced. An attempt that fell due during
    an advance is dated at the moment it was due, so that retries keep their distances.
    """

    def __init__(self, clock: Clock, conventions: Conventions) -> None:
        self.timeout_seconds = TIMEOUT_SECONDS
        self._clock = clock
        self._conventions = conventions
        self._moved_to: datetime | None = None
        """The clock's time after it was last set; what was due by then fell due on the way."""
        self._free_at = 0.0
        """The event loop's time before which no further call starts."""
        self._waiters: list[asyncio.Future[None]] = []

    def clock_moved(self, queues: Iterable[DeliveryQueue]) -> None:
        """Send what is due after the clock was set or advanced."""
        self._moved_to = self._clock.now()
        for queue in queues:
            self.wake(queue)

    def reset(self) -> None:
        """Return to the state before the clock was first moved."""
        self._moved_to = None
        self.changed()

    def wake(self, queue: DeliveryQueue) -> None:
        """Start sending what is due, or schedule that for the next due time.

        Without a running event loop nothing happens until ``settle`` is called.
        """
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
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
        """Wait until none of the deliveries that ``concerns`` accepts is due; False on timeout."""
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
        """Send some deliveries of a queue later, by so many seconds of real time."""
        held = [delivery for delivery in deliveries if queue.backlog.remove(delivery)]
        queue.held += held
        asyncio.get_running_loop().call_later(seconds, self._release, queue, held)

    def changed(self) -> None:
        """Have all calls of ``settle`` check again."""
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _release(self, queue: DeliveryQueue, deliveries: list[Delivery]) -> None:
        for delivery in deliveries:
            if delivery in queue.held:  # otherwise it has been dropped in the meantime
                queue.held.remove(delivery)
                queue.put(delivery, delivery.next_attempt_at or self._clock.now())
        self.wake(queue)
        self.changed()

    async def _work(self, queue: DeliveryQueue) -> None:
        """Send the due deliveries of a queue, one after the other."""
        try:
            while (due := queue.backlog.next_due) is not None and due <= self._clock.now():
                await self._yield_to_requests()
                queue.current = delivery = queue.backlog.take(self._clock.now())
                if delivery is not None:  # otherwise it has been dropped in the meantime
                    await self._attempt(queue, delivery)
                queue.current = None
                self.changed()
        finally:
            queue.worker = queue.current = None
        self.wake(queue)

    async def _yield_to_requests(self) -> None:
        """Pause after the previous call, unless somebody waits for deliveries to settle."""
        pause = self._free_at - asyncio.get_running_loop().time()
        if pause > 0 and not self._waiters:
            await asyncio.sleep(pause)

    async def _attempt(self, queue: DeliveryQueue, delivery: Delivery) -> None:
        at = self._attempt_time(delivery)
        headers = delivery.headers(queue.secret, self._conventions)
        response = error = None
        began, busy = time.perf_counter(), time.thread_time()
        try:
            response = await client.post(queue.target, headers, delivery.body, self.timeout_seconds)
            error = _failure(response.status)
        except Undelivered as undelivered:
            error = str(undelivered)
        except Exception:
            logger.exception("Internal error: delivery %s to %s", delivery.id, queue.target.url)
            error = "Internal error of the mock; see its log."
        duration = time.perf_counter() - began
        # The processor time includes requests served during the call: the higher the load, the
        # longer the pause.
        pause = (time.thread_time() - busy) * _PAUSE_PER_CALL
        self._free_at = asyncio.get_running_loop().time() + min(pause, _MAX_PAUSE_SECONDS)
        status, body = (response.status, response.body) if response else (None, b"")
        if error is not None:
            logger.info(
                "Webhook %s (%s) to %s: %s", delivery.id, delivery.event.type, delivery.url, error
            )
        delivery.attempts.append(Attempt(at, round(duration * 1000), headers, status, body, error))
        self._conclude(queue, delivery, at, error is None, duration)

    def _conclude(
        self,
        queue: DeliveryQueue,
        delivery: Delivery,
        at: datetime,
        is_delivered: bool,
        seconds: float,
    ) -> None:
        """Finish a delivery after an attempt, or queue it for a retry."""
        if is_delivered:
            delivery.reason = None
            queue.end(delivery, "delivered")
        elif delivery.reason is not None:  # dropped while it was being sent
            queue.drop(delivery, delivery.reason)
        elif len(delivery.attempts) > len(RETRY_AFTER):
            queue.end(delivery, "failed")
        else:
            # On a frozen clock the call took no time.
            ended = at if self._clock.frozen else at + timedelta(seconds=seconds)
            queue.put(delivery, ended + RETRY_AFTER[len(delivery.attempts) - 1])

    def _attempt_time(self, delivery: Delivery) -> datetime:
        """Return the mock's time of an attempt: when it was due, if the clock was moved past it."""
        now, due = self._clock.now(), delivery.next_attempt_at
        if due is not None and (
            self._clock.frozen or (self._moved_to is not None and due <= self._moved_to)
        ):
            return min(due, now)
        return now


def _failure(status: int) -> str | None:
    """Return why a response counts as a failure; None if it does not."""
    if 200 <= status < 300:
        return None
    if 300 <= status < 400:
        return f"The receiver responded with {status}. Redirects are not followed."
    return f"The receiver responded with {status}."
