"""Errors as HTTP responses.

A ``Refusal`` names the status and the problem. ``Behaviour.error`` writes it as its API does. The
mock's own envelope is FastAPI's: ``{"detail": "..."}``, or a list of ``{loc, msg, type}`` for
requests that violate the contract.
"""

from typing import Any

Headers = list[tuple[bytes, bytes]]
Problem = dict[str, Any]
"""One violation of the contract by a request: ``loc``, ``msg``, ``type``."""


class Refusal(Exception):
    """A request that gets an error response."""

    def __init__(
        self, status: int, detail: str | list[Problem], headers: Headers | None = None
    ) -> None:
        super().__init__(status, detail, headers)
        self.status = status
        self.detail = detail
        self.headers = headers or []


class Unauthorized(Refusal):
    """The request carries no credentials that the API accepts."""

    def __init__(self, detail: str, headers: Headers | None = None) -> None:
        super().__init__(401, detail, headers)


class Unprocessable(Refusal):
    """The request does not satisfy the contract."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__(422, problems)


class PreferenceRefused(Refusal):
    """A ``Prefer`` header that cannot be satisfied. The contract does not document its 400."""

    def __init__(self, detail: str) -> None:
        super().__init__(400, f"Prefer: {detail}")


def envelope(refusal: Refusal) -> dict[str, Any]:
    """Return the mock's own error body."""
    return {"detail": refusal.detail}
