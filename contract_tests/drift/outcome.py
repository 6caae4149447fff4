"""The outcome of a comparison as plain data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from contract_tests.drift.difference import Difference
from contract_tests.openapi.contract import Contract
from contract_tests.settings import Settings

EXIT_CODES = {
    "same": 0,
    "different": 1,
    "not put back": 1,
    "incomplete": 2,
    "unreachable": 3,
    "interrupted": 130,
}


@dataclass
class Outcome:
    """The differences, and the extent of the comparison."""

    contract: Contract
    mock: Settings
    staging: Settings
    differences: list[Difference] = field(default_factory=list)
    pairs: int = 0
    """Requests whose two responses were compared."""
    requests: tuple[int, int] = (0, 0)
    """The requests to the mock and to staging."""
    seconds: float = 0.0
    incomparable: Counter[str] = field(default_factory=Counter)
    """The numbers of responses that could not be compared, by reason."""
    withheld: Counter[str] = field(default_factory=Counter)
    """The numbers of requests that were not sent, by reason."""
    unseen: dict[str, list[str]] = field(default_factory=dict)
    """Lists without entries on one server, by its name, that have entries on the other."""
    notes: list[str] = field(default_factory=list)
    is_left: bool = False
    """Whether a deployment could not be restored completely."""
    ended_early: str = ""
    unreachable: bool = False
    interrupted: bool = False

    @property
    def word(self) -> str:
        """The outcome in a word, a key of ``EXIT_CODES``."""
        if self.unreachable:
            return "unreachable"
        if self.interrupted:
            return "interrupted"
        if self.differences:
            return "different"
        if self.is_left:
            return "not put back"
        return "same" if self.pairs else "incomplete"

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.word]
