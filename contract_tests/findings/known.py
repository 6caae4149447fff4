"""What is known of a deployment: findings that somebody has accepted, with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from contract_tests.findings.finding import Finding

UNDECLARED = "undeclared requests"
"""Stands among the operations that were tried for requests that the contract does not declare."""


class Known(Protocol):
    """Accepts findings: a baseline, or overlays of the contract."""

    def accepts(self, finding: Finding) -> str:
        """Return who accepts a finding and why; empty if nobody does."""
        ...

    def notes(self, findings: Iterable[Finding], tried: set[str]) -> list[str]:
        """Return notes on entries that accept nothing, given the operations that were tried."""
        ...


def was_tried(operation: str, tried: set[str]) -> bool:
    """Return whether a run tried an operation, or undeclared requests such as ``PUT /path``."""
    return operation in tried or (" " in operation and UNDECLARED in tried)


def accepted(finding: Finding, known: Iterable[Known]) -> str:
    """Return who accepts a finding and why; empty if nobody does."""
    return next((reason for source in known if (reason := source.accepts(finding))), "")


def marked(findings: Iterable[Finding], known: Sequence[Known]) -> list[Finding]:
    """Return the findings, with accepted ones marked as known."""
    return [
        replace(finding, known=finding.known or accepted(finding, known)) for finding in findings
    ]
