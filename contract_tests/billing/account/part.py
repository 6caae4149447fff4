"""The base of the parts of an account's model."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

from contract_tests.judge.violation import Response, Violation

Checkpoint = dict[str, Any]


class Part:
    """Knows nothing. Subclasses define what they learn from which response."""

    def read(self, response: Response) -> Iterator[Violation]:
        """Compare a reading with what was predicted."""
        return iter(())

    def changed(self, response: Response) -> Iterator[Violation]:
        """Compare the response to a change with what was known before."""
        return iter(())

    def predict(self, response: Response) -> None:
        """Note what must be read after a change."""

    def checkpoint(self) -> Checkpoint:
        """Return what is known, to restore it if a response turns out to be premature."""
        return {
            name: copy(value) if isinstance(value, dict | list | set) else value
            for name, value in vars(self).items()
        }

    def restore(self, checkpoint: Checkpoint) -> None:
        """Restore what was known."""
        vars(self).update(checkpoint)

    def forget(self, names: frozenset[str] | None) -> None:
        """Forget predictions for these views, or all."""
