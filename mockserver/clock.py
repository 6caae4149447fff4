"""The clock of a mock: it follows real time, or is frozen. It never goes backwards."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from msgspec import Struct

BEGINNING_OF_TIME = datetime(1975, 1, 1, tzinfo=UTC)
END_OF_TIME = datetime(2200, 1, 1, tzinfo=UTC)
"""The bounds of all clocks. Dates outside are mistakes, and date arithmetic may overflow."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _wall() -> int:
    """Return the real time in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class ClockError(Exception):
    """The clock cannot be set to a time."""


class ClockState(Struct, frozen=True):
    """The state of a clock."""

    last: datetime
    """The latest time that it showed."""
    frozen: bool
    ahead: timedelta
    """How far it is ahead of real time."""


class Clock:
    """Shows the time in UTC, to the millisecond."""

    def __init__(
        self,
        start: datetime | None = None,
        wall: Callable[[], int] = _wall,
    ) -> None:
        """``wall`` returns the real time in milliseconds since 1970."""
        self._wall = wall
        first = start if start is not None else _at(wall())
        if not BEGINNING_OF_TIME <= first <= END_OF_TIME:
            raise ClockError(f"A clock starts between {BEGINNING_OF_TIME:%Y} and {END_OF_TIME:%Y}.")
        self._last = _to_milliseconds(first.astimezone(UTC))
        self._frozen = start is not None
        self._ahead = timedelta(0)
        self._read = -1
        """The real time of the last reading."""

    @property
    def frozen(self) -> bool:
        """Whether the clock only moves when it is set or advanced."""
        return self._frozen

    @property
    def state(self) -> ClockState:
        """The state, for a snapshot. Setting it may move the clock backwards."""
        return ClockState(self._last, self._frozen, self._ahead)

    @state.setter
    def state(self, state: ClockState) -> None:
        self._last, self._frozen, self._ahead = state.last, state.frozen, state.ahead
        self._read = -1

    def now(self) -> datetime:
        """Return the time, which is never earlier than the last one."""
        if not self._frozen:
            wall = self._wall()
            if wall != self._read:  # several requests are served within a millisecond
                self._read = wall
                self._last = max(self._last, _at(wall) + self._ahead)
        return self._last

    def set(self, moment: datetime) -> None:
        """Freeze the clock at a present or future time. Raises ClockError."""
        self._step_to(moment)
        self.state = ClockState(_to_milliseconds(moment.astimezone(UTC)), True, timedelta(0))

    def advance_to(self, moment: datetime) -> None:
        """Move forward to a time. A frozen clock stays frozen. Raises ClockError."""
        if self.frozen:
            self.set(moment)
            return
        ahead = self.state.ahead + self._step_to(moment)
        self.state = ClockState(_to_milliseconds(moment.astimezone(UTC)), False, ahead)

    def _step_to(self, moment: datetime) -> timedelta:
        """Return the time until a moment. Raises ClockError."""
        now = self.now()
        if moment < now:
            raise ClockError(
                f"The clock never goes backwards: it is {now:%Y-%m-%dT%H:%M:%SZ}. "
                "Reset to start anew."
            )
        if moment > END_OF_TIME:
            raise ClockError(f"The clock ends at {END_OF_TIME:%Y-%m-%d}.")
        return moment - now


def _at(milliseconds: int) -> datetime:
    return _EPOCH + timedelta(milliseconds=milliseconds)


def _to_milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
