"""The dispatcher: queues events for the endpoints that want them, and records the deliveries."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import datetime
from hashlib import blake2b
from random import Random

from msgspec import Struct

from mockserver.clock import Clock
from mockserver.webhooks import target
from mockserver.webhooks.delivery import Delivery, Status
from mockserver.webhooks.endpoint import Endpoint, Modes
from mockserver.webhooks.event import Conventions, Event
from mockserver.webhooks.payload import Check
from mockserver.webhooks.queue import DeliveryQueue
from mockserver.webhooks.sender import TIMEOUT_SECONDS, Sender
from mockserver.webhooks.target import RefusedUrl, Target

logger = logging.getLogger(__name__)

MAX_ENDPOINTS = 100
MAX_DELIVERIES = 1_000
AFTER_REDIRECT_SECONDS = 1.0
"""Real time between a redirect and the webhooks that follow it: enough for a page to load."""


class UnknownEndpoint(Exception):
    """No endpoint has this id."""


class UnknownDelivery(Exception):
    """No delivery has this id, or it is no longer recorded."""


class TooManyEndpoints(Exception):
    """The maximum number of endpoints is reached."""


class SavedEndpoint(Struct, frozen=True):
    """An endpoint as a state file stores it."""

    id: str
    url: str
    secret: str
    events: list[str]
    account_id: str | None
    modes: Modes
    created_at: datetime
    counts: dict[Status, int]


class SavedWebhooks(Struct, frozen=True):
    """Endpoints and the numbering of ids. Deliveries are not saved."""

    endpoints: list[SavedEndpoint]
    endpoint_count: int
    delivery_count: int


class Webhooks:
    """Endpoints, deliveries and the sender.

    They belong to the server, not to an account: snapshots do not include them. An event that names
    a URL is a *direct delivery*: it goes to that URL alone, whatever endpoints are registered.
    """

    def __init__(
        self,
        clock: Clock,
        seed: int,
        *,
        allowed_hosts: Collection[str] = (),
        own_port: int | None = None,
        check: Check = lambda _: None,
        conventions: Conventions = Conventions(),  # noqa: B008 (frozen)
    ) -> None:
        self._clock = clock
        self._seed = seed
        self._allowed = frozenset(allowed_hosts)
        self._own_port = own_port
        self._conventions = conventions
        self.check = check
        """Validates the payloads of direct deliveries against the contract."""
        self.sender = Sender(clock, conventions)
        self._endpoints: dict[str, Endpoint] = {}
        self._direct: dict[tuple[str, str], DeliveryQueue] = {}
        """Queues of direct deliveries by account and URL; idle ones are removed."""
        self._log: deque[Delivery] = deque(maxlen=MAX_DELIVERIES)
        self._endpoint_count = self._delivery_count = self._made_up = 0

    # ------------------------------------------------------------------------------------ endpoints

    @property
    def endpoints(self) -> list[Endpoint]:
        """All endpoints, oldest first."""
        return list(self._endpoints.values())

    @property
    def deliveries(self) -> Collection[Delivery]:
        """The latest deliveries, oldest first."""
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
        """Register an endpoint for future events. Raises RefusedUrl and TooManyEndpoints.

        ``events`` and ``account_id`` restrict the events; by default the endpoint receives all.
        """
        found = self._target(url)
        if len(self._endpoints) >= MAX_ENDPOINTS:
            raise TooManyEndpoints(
                f"There are {MAX_ENDPOINTS} endpoints already. Delete one that is not needed."
            )
        self._endpoint_count += 1
        id = f"we_{self._endpoint_count:06d}"
        queue = DeliveryQueue(found, secret or self._secret(id))
        endpoint = self._endpoints[id] = Endpoint(
            id,
            queue,
            frozenset(events),
            account_id,
            modes or Modes(),
            self._clock.now(),
            self._random(id),
        )
        return endpoint

    def saved(self) -> SavedWebhooks:
        """Return all endpoints as a state file stores them."""
        endpoints = [
            SavedEndpoint(
                endpoint.id,
                endpoint.queue.target.url,
                endpoint.queue.secret,
                sorted(endpoint.events),
                endpoint.account_id,
                endpoint.modes,
                endpoint.created_at,
                endpoint.queue.counts,
            )
            for endpoint in self.endpoints
        ]
        return SavedWebhooks(endpoints, self._endpoint_count, self._delivery_count)

    def restore(self, saved: SavedWebhooks) -> None:
        """Replace all endpoints by saved ones. Raises RefusedUrl before any change."""
        endpoints = {
            given.id: Endpoint(
                given.id,
                DeliveryQueue(self._target(given.url), given.secret, counts=given.counts),
                frozenset(given.events),
                given.account_id,
                given.modes,
                given.created_at,
                self._random(given.id),
            )
            for given in saved.endpoints
        }
        self.reset()
        self._endpoints = endpoints
        self._endpoint_count = saved.endpoint_count
        self._delivery_count = saved.delivery_count

    def endpoint(self, id: str) -> Endpoint:
        """Return an endpoint. Raises UnknownEndpoint."""
        if id not in self._endpoints:
            raise UnknownEndpoint(f"There is no webhook endpoint '{id}'.")
        return self._endpoints[id]

    def delete(self, id: str) -> Endpoint:
        """Delete an endpoint and drop its pending deliveries. Raises UnknownEndpoint."""
        endpoint = self.endpoint(id)
        del self._endpoints[id]
        endpoint.queue.close("The endpoint was deleted.")
        self.sender.changed()
        return endpoint

    def direct_secret(self, account_id: str) -> str:
        """Return the secret that signs an account's direct deliveries."""
        return self._secret(self._conventions.direct_key_name.format(account_id=account_id))

    def refusal(self, url: str) -> str | None:
        """Return why a URL is refused; None if it is allowed."""
        try:
            self._target(url)
        except RefusedUrl as refusal:
            return str(refusal)
        return None

    # ----------------------------------------------------------------------------------- publishing

    def publish(self, account_id: str, events: Iterable[Event]) -> list[Delivery]:
        """Queue an account's events for all endpoints that want them. Return the deliveries."""
        before = self._delivery_count
        for event in events:
            if event.url is not None:
                self._queue_direct(
                    self._delivery(None, account_id, event, event.url, event.created_at)
                )
                continue
            for endpoint in self._endpoints.values():
                if endpoint.wants(account_id, event):
                    self._queue(endpoint, account_id, event)
        count = min(self._delivery_count - before, len(self._log))
        return [self._log[-number] for number in range(count, 0, -1)]

    def count_event(self) -> int:
        """Return the number of the next event that somebody makes up."""
        self._made_up += 1
        return self._made_up

    def replay(self, id: str) -> Delivery:
        """Send a delivery again, now and regardless of modes; return the new delivery.

        Raises UnknownDelivery.
        """
        old = next((delivery for delivery in self._log if delivery.id == id), None)
        if old is None:
            raise UnknownDelivery(
                f"There is no delivery '{id}'. Only the latest {MAX_DELIVERIES:,} are kept."
            )
        delivery = self._delivery(
            old.endpoint_id, old.account_id, old.event, old.url, self._clock.now()
        )
        delivery.replay_of = old.id
        if old.endpoint_id is None:
            self._queue_direct(delivery)
            return delivery
        endpoint = self._endpoints.get(old.endpoint_id)
        if endpoint is None:
            delivery.drop("The endpoint was deleted.")
        else:
            endpoint.queue.put(delivery, delivery.created_at)
            self.sender.wake(endpoint.queue)
        return delivery

    async def settle(self, account_id: str | None = None, seconds: float = TIMEOUT_SECONDS) -> bool:
        """Wait until no delivery (of an account) is due; False if that takes too long."""
        return await self.sender.settle(self._queues, _of(account_id), seconds)

    async def before_redirect(self, account_id: str) -> None:
        """Apply each endpoint's mode ``checkout``; await this before a page redirects the payer.

        With ``webhook_first`` it waits for the account's due deliveries; with ``redirect_first`` it
        holds the new ones back until the browser has loaded the page.
        """
        first = []
        for endpoint in self._endpoints.values():
            if endpoint.modes.checkout == "webhook_first":
                first.append(endpoint.queue)
            elif endpoint.modes.checkout == "redirect_first":
                unsent = [
                    delivery
                    for delivery in endpoint.queue.backlog
                    if delivery.account_id == account_id and not delivery.attempts
                ]
                self.sender.hold(endpoint.queue, unsent, AFTER_REDIRECT_SECONDS)
        if first:
            await self.sender.settle(lambda: first, _of(account_id), TIMEOUT_SECONDS)

    # ---------------------------------------------------------------------------------------- state

    def clock_moved(self) -> None:
        """Send what is due after the clock was set or advanced."""
        self.sender.clock_moved(self._queues())

    def drop_pending(self, reason: str, account_id: str | None = None) -> None:
        """Drop all pending deliveries (of an account), because its state was replaced."""
        for queue in self._queues():
            queue.clear(reason, _of(account_id))
        self.sender.changed()

    def forget_account(self, reason: str, account_id: str) -> None:
        """Delete the endpoints of an account, and drop its pending deliveries."""
        for endpoint in self.endpoints:
            if endpoint.account_id == account_id:
                self.delete(endpoint.id)
        self.drop_pending(reason, account_id)

    def reset(self) -> None:
        """Delete all endpoints and deliveries, and restart the numbering."""
        for queue in self._queues():
            queue.close("The mock was reset.")
        self._endpoints.clear()
        self._direct.clear()
        self._log.clear()
        self._endpoint_count = self._delivery_count = self._made_up = 0
        self.sender.reset()

    def count_pending(self, account_id: str | None = None) -> tuple[int, datetime | None]:
        """Return the number of pending deliveries (of an account) and the next attempt's time."""
        concerns = _of(account_id)
        pending = [
            delivery
            for queue in self._queues()
            for delivery in queue.pending()
            if concerns(delivery)
        ]
        times = [
            delivery.next_attempt_at for delivery in pending if delivery.next_attempt_at is not None
        ]
        return len(pending), min(times, default=None)

    def _queues(self) -> Iterator[DeliveryQueue]:
        yield from [endpoint.queue for endpoint in self._endpoints.values()]
        yield from list(self._direct.values())

    def _target(self, url: str) -> Target:
        return target.parse(url, allowed=self._allowed, own_port=self._own_port)

    def _random(self, id: str) -> Random:
        return Random(f"{self._seed}:{id}")  # noqa: S311 (reproducible, not secret)

    def _secret(self, name: str) -> str:
        return "whsec_" + blake2b(f"{self._seed}:{name}".encode(), digest_size=16).hexdigest()

    def _queue(self, endpoint: Endpoint, account_id: str, event: Event) -> None:
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

    def _queue_direct(self, delivery: Delivery) -> None:
        problem = self.check(delivery.payload)
        if problem is not None:
            logger.error(
                "Delivery %s of account %s is not sent: its payload violates the contract: %s",
                delivery.id,
                delivery.account_id,
                problem,
            )
            delivery.drop(f"The payload violates the contract: {problem}")
            return
        key = (delivery.account_id, delivery.url)
        self._direct = {
            other: queue
            for other, queue in self._direct.items()
            if not queue.is_idle or other == key
        }
        try:
            queue = self._direct.get(key) or DeliveryQueue(
                self._target(delivery.url), self.direct_secret(delivery.account_id)
            )
        except RefusedUrl as refusal:
            delivery.drop(str(refusal))
            return
        self._direct[key] = queue
        queue.put(delivery, delivery.created_at)
        self.sender.wake(queue)

    def _delivery(
        self, endpoint_id: str | None, account_id: str, event: Event, url: str, created_at: datetime
    ) -> Delivery:
        """Create a delivery and record it."""
        self._delivery_count += 1
        delivery = Delivery(
            f"whd_{self._delivery_count:06d}", endpoint_id, account_id, event, url, created_at
        )
        self._log.append(delivery)
        return delivery


def _of(account_id: str | None) -> Callable[[Delivery], bool]:
    """Return a filter for an account's deliveries; None accepts all."""
    return lambda delivery: account_id in (None, delivery.account_id)
