"""The webhooks of a world: who is told of what, and what became of it."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from hashlib import blake2b
from random import Random
from typing import Any

from mockserver.billing.events import Event
from mockserver.engine.clock import Clock
from mockserver.webhooks import target
from mockserver.webhooks.delivery import Delivery
from mockserver.webhooks.endpoint import Endpoint, Modes
from mockserver.webhooks.queue import DeliveryQueue
from mockserver.webhooks.sender import TIMEOUT_SECONDS, Sender
from mockserver.webhooks.target import RefusedUrl, Target

logger = logging.getLogger(__name__)

MAX_ENDPOINTS = 100
MAX_DELIVERIES = 1_000
AFTER_REDIRECT_SECONDS = 1.0
"""How long after a payer's browser was sent back its server is told, if that is to come second: a page's loading."""

Check = Callable[[Any], str | None]
"""What is wrong with the payload of a usage alert, by the contract; None if nothing is."""


class UnknownEndpoint(Exception):
    """There is no endpoint of that id."""


class UnknownDelivery(Exception):
    """There is no delivery of that id, or none any more."""


class TooManyEndpoints(Exception):
    """A world has so many endpoints and no more."""


class Webhooks:
    """Endpoints, deliveries and the sender. Nothing here is part of an account, and a snapshot does not keep it."""

    def __init__(
        self,
        clock: Clock,
        seed: int,
        *,
        allowed_hosts: Collection[str] = (),
        own_port: int | None = None,
        check: Check = lambda _: None,
    ) -> None:
        self._clock = clock
        self._seed = seed
        self._allowed = frozenset(allowed_hosts)
        self._own_port = own_port
        self.check = check
        """Tells what is wrong with the payload of a usage alert; None if nothing is."""
        self.sender = Sender(clock)
        self._endpoints: dict[str, Endpoint] = {}
        self._alerts: dict[tuple[str, str], DeliveryQueue] = {}
        """The ways to the addresses of usage alerts, by account and URL, while there is something to send."""
        self._log: deque[Delivery] = deque(maxlen=MAX_DELIVERIES)
        self._endpoint_count = self._delivery_count = 0

    # ------------------------------------------------------------------------------------------- endpoints

    @property
    def endpoints(self) -> list[Endpoint]:
        """All of them, oldest first."""
        return list(self._endpoints.values())

    @property
    def deliveries(self) -> Collection[Delivery]:
        """The last of them, oldest first."""
        return self._log

    def register(
        self,
        url: str,
        *,
        events: Iterable[str] = (),
        account_id: str | None = None,
        secret: str | None = None,
        modes: Modes | None = None,
    ) -> Endpoint:
        """Tell an endpoint of what happens from now on. Raises RefusedUrl, TooManyEndpoints."""
        found = self._target(url)
        if len(self._endpoints) >= MAX_ENDPOINTS:
            raise TooManyEndpoints(
                f"There are {MAX_ENDPOINTS} endpoints already. Delete one that is not needed."
            )
        self._endpoint_count += 1
        id = f"we_{self._endpoint_count:06d}"
        queue = DeliveryQueue(found, secret or self._secret(id))
        endpoint = Endpoint(
            id,
            queue,
            frozenset(events),
            account_id,
            modes or Modes(),
            self._clock.now(),
            Random(f"{self._seed}:{id}"),  # noqa: S311 (chance that can be repeated)
        )
        self._endpoints[id] = endpoint
        return endpoint

    def endpoint(self, id: str) -> Endpoint:
        """Raises UnknownEndpoint."""
        if id not in self._endpoints:
            raise UnknownEndpoint(f"There is no webhook endpoint '{id}'.")
        return self._endpoints[id]

    def delete(self, id: str) -> Endpoint:
        """Tell an endpoint of nothing any more; what waits for it is dropped. Raises UnknownEndpoint."""
        endpoint = self.endpoint(id)
        del self._endpoints[id]
        endpoint.queue.close("The endpoint was deleted.")
        self.sender.changed()
        return endpoint

    def alert_secret(self, account_id: str) -> str:
        """What signs the usage alerts of an account."""
        return self._secret(f"usage alerts of {account_id}")

    def refusal(self, url: str) -> str | None:
        """Why nothing is sent to a URL; None if it is."""
        try:
            self._target(url)
        except RefusedUrl as refusal:
            return str(refusal)
        return None

    # ------------------------------------------------------------------------------------------ publishing

    def publish(self, account_id: str, events: Iterable[Event]) -> None:
        """Tell of events whoever wants to know; if nobody does, they are gone."""
        for event in events:
            if event.url is not None:
                self._alert(account_id, event)
                continue
            for endpoint in self._endpoints.values():
                if endpoint.wants(account_id, event):
                    self._send(endpoint, account_id, event)

    def replay(self, id: str) -> Delivery:
        """Send a delivery again, now and whatever the modes are: the new delivery. Raises UnknownDelivery."""
        old = next((each for each in self._log if each.id == id), None)
        if old is None:
            raise UnknownDelivery(
                f"There is no delivery '{id}' (any more: the last {MAX_DELIVERIES:,} are kept)."
            )
        delivery = self._delivery(
            old.endpoint_id, old.account_id, old.event, old.url, self._clock.now()
        )
        delivery.replay_of = old.id
        if old.endpoint_id is None:
            self._put_alert(delivery)
            return delivery
        endpoint = self._endpoints.get(old.endpoint_id)
        if endpoint is None:
            delivery.drop("The endpoint was deleted.")
        else:
            endpoint.queue.put(delivery, delivery.created_at)
            self.sender.wake(endpoint.queue)
        return delivery

    async def settle(self, account_id: str | None = None, seconds: float = TIMEOUT_SECONDS) -> bool:
        """Wait until nothing (of an account) is due any more; False if that takes too long."""
        return await self.sender.settle(self._queues, _of(account_id), seconds)

    async def before_redirect(self, account_id: str) -> None:
        """To be awaited between a payment on a page and the redirect back to the shop: the order is each endpoint's."""
        first = []
        for endpoint in self._endpoints.values():
            if endpoint.modes.checkout == "webhook_first":
                first.append(endpoint.queue)
            elif endpoint.modes.checkout == "redirect_first":
                news = [
                    each
                    for each in endpoint.queue.backlog
                    if each.account_id == account_id and not each.attempts
                ]
                self.sender.hold(endpoint.queue, news, AFTER_REDIRECT_SECONDS)
        if first:
            await self.sender.settle(lambda: first, _of(account_id), TIMEOUT_SECONDS)

    # ---------------------------------------------------------------------------------------------- world

    def clock_moved(self) -> None:
        """Send what fell due on the way."""
        self.sender.clock_moved(self._queues())

    def drop_pending(self, reason: str, account_id: str | None = None) -> None:
        """Send nothing of what waits (for an account): it tells of what is no longer so."""
        for queue in self._queues():
            queue.clear(reason, _of(account_id))
        self.sender.changed()

    def reset(self) -> None:
        """Forget everything."""
        for queue in self._queues():
            queue.close("The mock was reset.")
        self._endpoints.clear()
        self._alerts.clear()
        self._log.clear()
        self._endpoint_count = self._delivery_count = 0
        self.sender.forget()

    def count_pending(self, account_id: str | None = None) -> tuple[int, datetime | None]:
        """How many deliveries wait, and when the next is due."""
        concerns = _of(account_id)
        backlog = [each for queue in self._queues() for each in queue.pending() if concerns(each)]
        moments = [each.next_attempt_at for each in backlog if each.next_attempt_at is not None]
        return len(backlog), min(moments, default=None)

    def _queues(self) -> Iterator[DeliveryQueue]:
        yield from [endpoint.queue for endpoint in self._endpoints.values()]
        yield from list(self._alerts.values())

    def _target(self, url: str) -> Target:
        return target.parse(url, allowed=self._allowed, own_port=self._own_port)

    def _secret(self, of: str) -> str:
        return "whsec_" + blake2b(f"{self._seed}:{of}".encode(), digest_size=16).hexdigest()

    def _send(self, endpoint: Endpoint, account_id: str, event: Event) -> None:
        queue = endpoint.queue
        if endpoint.is_dropped():
            dropped = self._delivery(
                endpoint.id, account_id, event, queue.target.url, event.created_at
            )
            queue.drop(dropped, "The endpoint's mode is to drop it.")
            return
        for _ in range(2 if endpoint.modes.duplicate else 1):
            delivery = self._delivery(
                endpoint.id, account_id, event, queue.target.url, event.created_at
            )
            endpoint.accept(delivery, event.created_at)
        self.sender.wake(queue)

    def _alert(self, account_id: str, event: Event) -> None:
        self._put_alert(self._delivery(None, account_id, event, event.url or "", event.created_at))

    def _put_alert(self, delivery: Delivery) -> None:
        problem = self.check(delivery.payload)
        if problem is not None:
            logger.error(
                "A usage alert of %s breaks the contract and is not sent: %s",
                delivery.account_id,
                problem,
            )
            delivery.drop(f"The payload breaks the contract: {problem}")
            return
        key = (delivery.account_id, delivery.url)
        self._alerts = {
            each: queue for each, queue in self._alerts.items() if not queue.is_idle or each == key
        }
        try:
            queue = self._alerts.get(key) or DeliveryQueue(
                self._target(delivery.url), self.alert_secret(delivery.account_id)
            )
        except RefusedUrl as refusal:
            delivery.drop(str(refusal))
            return
        self._alerts[key] = queue
        queue.put(delivery, delivery.created_at)
        self.sender.wake(queue)

    def _delivery(
        self, endpoint_id: str | None, account_id: str, event: Event, url: str, created_at: datetime
    ) -> Delivery:
        self._delivery_count += 1
        delivery = Delivery(
            f"whd_{self._delivery_count:06d}", endpoint_id, account_id, event, url, created_at
        )
        self._log.append(delivery)
        return delivery


def _of(account_id: str | None) -> Callable[[Delivery], bool]:
    """Whether a delivery is an account's; without one, all are."""
    return lambda delivery: account_id in (None, delivery.account_id)
