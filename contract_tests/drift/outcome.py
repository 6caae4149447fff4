"""What came of a comparison, as plain data."""

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
    """Differences, and how much was looked at to find them."""

    contract: Contract
    mock: Settings
    staging: Settings
    differences: list[Difference] = field(default_factory=list)
    pairs: int = 0
    """Requests whose two answers were compared."""
    requests: tuple[int, int] = (0, 0)
    """All that were sent to each."""
    seconds: float = 0.0
    silent: Counter[str] = field(default_factory=Counter)
    """Why answers could not be compared, and how many."""
    withheld: Counter[str] = field(default_factory=Counter)
    unseen: dict[str, list[str]] = field(default_factory=dict)
    """Lists in which one server showed nothing, while the other did."""
    notes: list[str] = field(default_factory=list)
    is_left: bool = False
    """Whether a deployment is not as it was before."""
    ended_early: str = ""
    unreachable: bool = False
    interrupted: bool = False

    @property
    def word(self) -> str:
        """What to say of the two."""
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
