"""The state of a running mock.

Operations are atomic: their handlers run without an ``await``, but for the few that wait.
"""

import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from msgspec import Struct

from mockserver.clock import Clock, ClockState
from mockserver.engine.address import Address
from mockserver.engine.feed import Feed
from mockserver.engine.redaction import Redactor
from mockserver.engine.state import State
from mockserver.faults.registry import FaultRegistry
from mockserver.webhooks.dispatcher import Webhooks

MAX_EXCHANGES = 1_000
"""Default number of recorded exchanges."""
MAX_SNAPSHOTS = 20

S = TypeVar("S", bound=State)


class NoStateFile(Exception):
    """The server was started without a state file."""


class SavedState(NamedTuple):
    """The result of saving the state."""

    path: str
    bytes: int


class UnknownSnapshot(Exception):
    """There is no snapshot of that name."""


class TooManySnapshots(Exception):
    """The maximum number of snapshots exists already."""


class Exchange(Struct, frozen=True):
    """A recorded request and its response. Bodies are truncated; keys are not kept."""

    at: datetime
    account_id: str | None
    operation_id: str | None
    method: str
    path: str
    query: str
    status: int | None
    """None when a fault broke the connection before there was a response."""
    request_body: bytes
    response_body: bytes
    fault: str | None = None
    """The names of the injected faults."""
    warnings: tuple[str, ...] = ()
    """Sentences on what the client probably did not mean."""
    number: int = 0
    """Counts all recorded exchanges since the start of the server."""
    seconds: float = 0.0
    """Real time between request and response."""


class Snapshot(Struct, frozen=True):
    """The state of all accounts and the clock under a name."""

    name: str
    created_at: datetime
    clock: ClockState
    accounts: int
    dump: Any
    labels: dict[str, str]
    """The names of the accounts, by key."""


class World(Generic[S]):
    """The clock, the state behind the contract, faults, webhooks and recorded exchanges."""

    def __init__(
        self,
        clock: Clock,
        seed: int,
        state: S,
        *,
        faults: FaultRegistry,
        webhooks: Webhooks,
        redactor: Redactor | None = None,
    ) -> None:
        self.clock = clock
        self.seed = seed
        self.state = state
        self.faults = faults
        self.webhooks = webhooks
        self.redactor = redactor or Redactor()
        """Hides secrets in recorded exchanges."""
        self.address = Address("")
        """Finds the address of the server, for URLs in responses."""
        self.exchanges: deque[Exchange] = deque(maxlen=MAX_EXCHANGES)
        self.feed: Feed[Exchange] = Feed()
        """Passes new exchanges to those who watch them."""
        self.recorded = 0
        """The number of exchanges recorded since the start of the server."""
        self.cleared = 0
        """The number of the last exchange that was deleted together with all others."""
        self._dropped = 0
        """The number of the last exchange that was dropped because too many were kept."""
        self.labels: dict[str, str] = {}
        """Names that people gave to accounts, by key."""
        self.started = time.monotonic()
        """The real time of the start, by the monotonic clock."""
        self.save: Callable[[], SavedState] | None = None
        """Writes the state file; None if the server was started without one."""
        self._start = clock.state
        self._snapshots: dict[str, Snapshot] = {}

    def keep_requests(self, count: int) -> None:
        """Set the number of exchanges to keep, and forget those so far."""
        self.exchanges = deque(maxlen=count)

    def record(self, exchange: Exchange) -> None:
        """Keep an exchange, whose number is ``recorded`` plus one, and pass it to watchers."""
        self.recorded += 1
        if self.exchanges and len(self.exchanges) == self.exchanges.maxlen:
            self._dropped = self.exchanges[0].number
        self.exchanges.append(exchange)
        if self.feed.watchers:
            self.feed.publish(exchange)

    def delete_exchanges(self, kept: Iterable[Exchange] = ()) -> None:
        """Delete the recorded exchanges except those to keep."""
        kept = [*kept]
        self.exchanges.clear()
        self.exchanges.extend(kept)
        if not kept:
            self.cleared = self.recorded

    def missed_after(self, number: int) -> int:
        """Return how many exchanges after a number were dropped because too many were kept."""
        return max(0, self._dropped - max(number, self.cleared))

    def advance_to(self, moment: datetime) -> datetime:
        """Advance the clock and do the work that falls due. Raises ClockError."""
        self.clock.advance_to(moment)
        return self._catch_up()

    def set_clock(self, moment: datetime) -> datetime:
        """Freeze the clock at a time and do the work that falls due. Raises ClockError."""
        self.clock.set(moment)
        return self._catch_up()

    def reset(self, key: str | None = None, now: datetime | None = None) -> None:
        """Reset everything, or one account, as if the server had just started.

        ``now`` freezes the clock at that time. Raises ClockError.
        """
        start = Clock(now).state if now is not None else None
        if key is not None:
            account_id = self.state.account_id(key)
            if account_id is not None:
                self.webhooks.drop_pending("The account was reset.", account_id)
            self.state.forget(key)
            self.faults.reset_account(key)
            self.labels.pop(key, None)
            return
        self.labels.clear()
        self.webhooks.reset()
        self.state.forget()
        self._snapshots.clear()
        self.delete_exchanges()
        self.faults.reset()
        self.clock.state = start or self._start

    def account_evicted(self, key: str, account_id: str) -> None:
        """Remove what belongs to an evicted account: faults, endpoints, pending deliveries."""
        self.faults.reset_account(key)
        self.labels.pop(key, None)
        self.webhooks.forget_account("The account was evicted.", account_id)

    def take_snapshot(self, name: str) -> Snapshot:
        """Save all accounts and the clock. A snapshot of the same name is replaced.

        Raises TooManySnapshots.
        """
        if name not in self._snapshots and len(self._snapshots) >= MAX_SNAPSHOTS:
            raise TooManySnapshots(
                f"There are {MAX_SNAPSHOTS} snapshots already, and no more are kept. "
                "Delete one, or take one of the same name again."
            )
        now = self.clock.now()
        dump, labels = self.state.dump(), self.labels.copy()
        snapshot = Snapshot(name, now, self.clock.state, len(self.state), dump, labels)
        self._snapshots[name] = snapshot
        return snapshot

    def snapshots(self) -> list[Snapshot]:
        """Return all snapshots, oldest first."""
        return list(self._snapshots.values())

    def delete_snapshot(self, name: str) -> Snapshot:
        """Delete a snapshot. Raises UnknownSnapshot."""
        if name not in self._snapshots:
            raise UnknownSnapshot(f"There is no snapshot '{name}'.")
        return self._snapshots.pop(name)

    def restore_snapshot(self, name: str) -> Snapshot:
        """Restore all accounts and the clock. Raises UnknownSnapshot."""
        snapshot = self._snapshots.get(name)
        if snapshot is None:
            raise UnknownSnapshot(f"There is no snapshot '{name}'.")
        self.state.load(snapshot.dump)
        self.labels = snapshot.labels.copy()
        self.clock.state = snapshot.clock
        self.webhooks.drop_pending("A snapshot was restored.")
        self.webhooks.clock_moved()
        return snapshot

    def save_state(self) -> SavedState:
        """Write the whole world to the state file. Raises NoStateFile and FileError."""
        if self.save is None:
            raise NoStateFile(
                "The server was started without a state file. Start it with --state FILE."
            )
        return self.save()

    def replace_snapshots(self, snapshots: Iterable[Snapshot]) -> None:
        """Replace all snapshots by others, oldest first."""
        self._snapshots = {snapshot.name: snapshot for snapshot in snapshots}

    async def before_redirect(self, account_id: str) -> None:
        """Wait for webhooks that an endpoint wants before a redirect to the shop."""
        self.state.publish()
        await self.webhooks.before_redirect(account_id)

    def _catch_up(self) -> datetime:
        self.state.catch_up()
        self.webhooks.clock_moved()
        return self.clock.now()
