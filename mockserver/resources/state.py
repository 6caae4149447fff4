"""The state of a mock that keeps none."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mockserver.engine.state import Archive, UnusableState


class NoState:
    """Nothing is kept between requests, so there is nothing to save, restore or publish."""

    def __len__(self) -> int:
        return 0

    counters: Any = None
    """Nothing is counted."""
    fingerprint = ""
    """There are no fixtures."""

    @property
    def evictions(self) -> int:
        """Zero: there are no accounts."""
        return 0

    def names(self) -> list[str]:
        """Return nothing: there are no accounts."""
        return []

    def key_of(self, account_id: str) -> str | None:  # noqa: ARG002
        """Return None: there are no accounts."""
        return None

    def account_id(self, key: str) -> str | None:  # noqa: ARG002
        """Return None: there are no accounts."""
        return None

    def export(self, key: str) -> Any:  # noqa: ARG002
        """Return an empty object."""
        return {}

    def replace(self, key: str, state: Any) -> None:  # noqa: ARG002
        """Accept an empty object. Raises UnusableState for any other."""
        if state != {}:
            raise UnusableState(
                [f"{name}: this mock keeps no state for the served document." for name in state]
            )

    def forget(self, key: str | None = None) -> None:
        """Do nothing."""

    def dump(self) -> None:
        """Return None: there is nothing to save."""

    def load(self, dump: None) -> None:
        """Do nothing."""

    def archive(self, dump: None) -> Archive:  # noqa: ARG002
        """Return an empty archive."""
        return Archive(None, {})

    def unarchive(self, archives: Sequence[Archive]) -> list[None]:
        """Return None for each archive."""
        return [None for _ in archives]

    def catch_up(self) -> None:
        """Do nothing: no work falls due."""

    def publish(self) -> None:
        """Do nothing: there are no events."""

    def reload(self, fixtures: Path) -> Callable[[], None]:  # noqa: ARG002
        """Return a function that does nothing: no fixtures are used."""
        return lambda: None
