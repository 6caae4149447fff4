"""The last line of every report: the verdict in one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from contract_tests.findings.result import Outcome, Result

_WORDS: dict[Outcome, str] = {
    "passed": "PASSED",
    "failed": "FAILED",
    "incomplete": "INCOMPLETE",
    "unreachable": "UNREACHABLE",
    "interrupted": "INTERRUPTED",
}


def sentence(result: Result, counts: Mapping[str, int], causes: int) -> str:
    """Return the verdict in one sentence."""
    return compose(
        outcome=result.outcome,
        counts=counts,
        causes=causes,
        operations=result.coverage.totals()["operations"],
        effort=f"{counted(result.exchanges, 'request')} in {result.seconds:.1f} s, "
        f"seed {result.settings.seed}",
        reason=_reason(result),
    )


def compose(
    *,
    outcome: Outcome,
    counts: Mapping[str, int],
    causes: int,
    operations: tuple[int, int],
    effort: str,
    reason: str,
) -> str:
    """Return the verdict in one sentence from its parts."""
    found = [
        counted(counts.get("failure", 0), "failure"),
        counted(counts.get("difference", 0), "difference"),
        f"{counts.get('drift', 0)} drift",
        *([f"{counts['known']} known"] if counts.get("known") else []),
    ]
    origin = f" from {counted(causes, 'cause')}" if causes else ""
    reached, all = operations
    text = f"{_WORDS[outcome]}: {', '.join(found)}{origin}; {reached} of {all} operations, {effort}"
    return f"{text} ({reason})" if reason else text


def counted(count: int, noun: str) -> str:
    """Return a count with its noun: ``1 failure``, ``1,200 failures``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _reason(result: Result) -> str:
    if result.ended_early:
        return f"ended early: {result.ended_early}"
    if result.broken:
        return "a part of the run was broken off, see above"
    return (
        "nothing was tested: see what was skipped and withheld"
        if result.outcome == "incomplete"
        else ""
    )
