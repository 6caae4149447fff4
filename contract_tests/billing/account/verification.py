"""The verification challenges of an account, and their remaining attempts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contract_tests.billing.account.part import Part
from contract_tests.findings.severity import CONTRADICTION, MAJOR
from contract_tests.judge.violation import Response, Violation


@dataclass
class Challenge:
    """An open verification challenge."""

    remaining: int = 5
    is_used: bool = False
    shown: int | None = None
    """The attempts that the last response showed."""


class Challenges(Part):
    """The challenges of an account, by id."""

    def __init__(self) -> None:
        self.known: dict[str, Challenge] = {}

    def changed(self, response: Response) -> Iterator[Violation]:
        if response.operation.id == "initiate_verification":
            self.known[response.body["challenge_id"]] = Challenge()
        elif response.operation.id == "confirm_verification":
            yield from self._confirmed(response)

    def _confirmed(self, response: Response) -> Iterator[Violation]:
        """Check that a wrong code costs one attempt of five, and that the right one works once."""
        body = response.body
        challenge = self.known.get(response.exchange.sent["challenge_id"])
        if challenge is None:
            return
        if challenge.is_used or challenge.remaining == 0:
            expected = "409 for a challenge that is used or locked"
            nature = CONTRADICTION if body["success"] else MAJOR
            yield Violation("state", "/response/status", "closed", expected, "200", nature=nature)
            return
        left = challenge.remaining if body["success"] else challenge.remaining - 1
        if body["remaining_attempts"] != left and challenge.remaining:
            shown, got = challenge.shown, body["remaining_attempts"]
            is_uncounted = not body["success"] and shown == got
            nature = CONTRADICTION if is_uncounted else MAJOR
            expected = f"less than {shown}, as before" if is_uncounted else f"{left} of 5"
            yield Violation(
                "state", "/remaining_attempts", "attempts", expected, str(got), nature=nature
            )
        challenge.shown = body["remaining_attempts"]
        challenge.remaining = max(0, left)
        challenge.is_used = challenge.is_used or body["success"]
