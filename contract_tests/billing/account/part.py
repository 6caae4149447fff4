"""The base of the parts of an account's model."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.judge.violation import Response, Violation


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

    def forget(self, names: frozenset[str] | None) -> None:
        """Forget predictions for these views, or all."""
