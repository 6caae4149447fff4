"""The state that a behaviour keeps between requests."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol


class UnusableState(Exception):
    """A state that cannot be imported. ``problems`` holds one sentence for each reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


class Archive(NamedTuple):
    """A dump as a state file stores it."""

    facts: Any
    """JSON."""
    parts: Mapping[str, Sequence[bytes]]
    """The parts of packed accounts by name."""


class State(Protocol):
    """The accounts of one API, and the unpublished events of their changes."""

    def __len__(self) -> int:
        """Return the number of accounts that exist."""

    @property
    def evictions(self) -> int:
        """The number of accounts that were evicted since the start or the last reset."""

    @property
    def fingerprint(self) -> str:
        """Identifies the fixtures that all accounts come from."""

    @property
    def counters(self) -> Any:
        """What is counted beside the accounts, as JSON. A state file keeps it."""

    @counters.setter
    def counters(self, counters: Any) -> None: ...

    def names(self) -> list[str]:
        """Return the keys of all accounts, the most recently created or used one last."""

    def key_of(self, account_id: str) -> str | None:
        """Return the key of an account by its public id; None if it does not exist."""

    def account_id(self, key: str) -> str | None:
        """Return the public id of an account; None if it does not exist."""

    def export(self, key: str) -> Any:
        """Return one account's state as plain JSON."""

    def replace(self, key: str, state: Any) -> None:
        """Replace one account's state by an exported one. Raises UnusableState."""

    def forget(self, key: str | None = None) -> None:
        """Forget one account, or everything."""

    def dump(self) -> Any:
        """Return everything, packed, for a snapshot. Later changes do not affect it."""

    def load(self, dump: Any) -> None:
        """Restore a dump."""

    def archive(self, dump: Any) -> Archive:
        """Return a dump as a state file stores it."""

    def unarchive(self, archives: Sequence[Archive]) -> list[Any]:
        """Return the dumps of a state file. Raises UnusableState."""

    def catch_up(self) -> None:
        """Do the work that fell due since the clock last moved."""

    def publish(self) -> None:
        """Publish the events of all accounts."""

    def reload(self, fixtures: Path) -> Callable[[], None]:
        """Read the fixtures again and return the function that puts them into use.

        Raises FileError. The returned function raises UnusableState, and then changes nothing.
        """
