"""What came of a run, as plain data: reports, replay and the proxy need no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from contract_tests.findings.coverage import Coverage
from contract_tests.findings.finding import Finding
from contract_tests.openapi.contract import Contract
from contract_tests.settings import Settings

Outcome = Literal["passed", "failed", "incomplete", "unreachable", "interrupted"]
EXIT_CODES: dict[Outcome, int] = {
    "passed": 0,
    "failed": 1,
    "incomplete": 2,
    "unreachable": 3,
    "interrupted": 130,
}


@dataclass
class Skipped:
    """Something that was not done, and why."""

    what: str
    why: str


@dataclass
class Result:
    """What came of a run, for reports."""

    settings: Settings
    contract: Contract
    findings: list[Finding]
    coverage: Coverage
    skipped: list[Skipped]
    exchanges: int
    seconds: float
    ended_early: str = ""
    notes: list[str] = field(default_factory=list)
    """What else a person should know, a line each."""
    withheld: Mapping[str, int] = field(default_factory=dict)
    """How many requests were kept back, by reason."""
    broken: Sequence[str] = ()
    """Parts that an error of the kit ended."""
    interrupted: bool = False
    unreachable: bool = False
    unwritten: dict[str, str] = field(default_factory=dict)
    """Files that were lost during the run, and why."""
    source: str = ""
    """Whose traffic it was, in a few words, if it was not the run's own."""
    load: Mapping[str, Any] | None = None
    """The figures of a load test, as the report's document has them."""
    ended: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def outcome(self) -> Outcome:
        """What to say of the deployment."""
        if self.unreachable:
            return "unreachable"
        if self.interrupted:
            return "interrupted"
        if self.failures:
            return "failed"
        nothing_was_tried = not any(
            operation.statuses for operation in self.coverage.operations.values()
        )
        return (
            "incomplete"
            if self.broken
            # A shard may have nothing to do; all of them together may not.
            or (nothing_was_tried and not self.ended_early and self.settings.shard is None)
            else "passed"
        )

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.outcome]

    @property
    def failures(self) -> list[Finding]:
        """Findings that fail the run."""
        policy = self.settings.policy
        return [
            finding
            for finding in self.findings
            if finding.grade(policy) == "failure" and not finding.known
        ]
