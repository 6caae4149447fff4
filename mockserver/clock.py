"""The one clock: it follows real time, or stands still and moves only when told to. Never backwards."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BEGINNING_OF_TIME = datetime(1975, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(2200, 1, 1, tzinfo=UTC)
"""No clock is before the one or after the other: such dates are a mistake, and arithmetic ends not far from there."""


class ClockError(Exception):
    """The clock cannot be put there."""


@dataclass(frozen=True, slots=True)
class ClockState:
    """Where a clock stands: the last moment it told, whether it stands still, and how far it is ahead."""

    last: datetime
    frozen: bool
    ahead: timedelta


class Clock:
    """Tells the time in UTC, to the millisecond."""

    def __init__(
        self,
        start: datetime | None = None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._wall = wall
        first = start if start is not None else wall()
        if not BEGINNING_OF_TIME <= first <= END_OF_TIME:
            raise ClockError(f"A clock starts between {BEGINNING_OF_TIME:%Y} and {END_OF_TIME:%Y}.")
        self._last = _to_milliseconds(first.astimezone(UTC))
        self._frozen = start is not None
        self._ahead = timedelta(0)

    @property
    def frozen(self) -> bool:
        return self._frozen

    @property
    def state(self) -> ClockState:
        """Where the clock stands, for a snapshot; set it to put the clock back there."""
        return ClockState(self._last, self._frozen, self._ahead)

    @state.setter
    def state(self, state: ClockState) -> None:
        self._last, self._frozen, self._ahead = state.last, state.frozen, state.ahead

    def now(self) -> datetime:
        """The moment. Equal calls of a frozen clock are equal; those of a running one never go back."""
        if not self._frozen:
            now = _to_milliseconds(self._wall() + self._ahead if self._ahead else self._wall())
            self._last = max(self._last, now)
        return self._last

    def set(self, moment: datetime) -> None:
        """Stand still at a moment, now or later. Raises ClockError."""
        self._move(moment)
        self.state = ClockState(_to_milliseconds(moment.astimezone(UTC)), True, timedelta(0))

    def advance_to(self, moment: datetime) -> None:
        """Go forward to a moment and stay as it was: standing still, or running on. Raises ClockError."""
        if self.frozen:
            self.set(moment)
            return
        ahead = self.state.ahead + self._move(moment)
        self.state = ClockState(_to_milliseconds(moment.astimezone(UTC)), False, ahead)

    def _move(self, moment: datetime) -> timedelta:
        now = self.now()
        if moment < now:
            raise ClockError(
                f"The clock never goes backwards: it is {now:%Y-%m-%dT%H:%M:%SZ}. Reset to start anew."
            )
        if moment > END_OF_TIME:
            raise ClockError(f"The clock ends at {END_OF_TIME:%Y-%m-%d}.")
        return moment - now


def _to_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
