"""Unites what all workers have sent: findings by key, counts as sums."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from contract_tests.findings.finding import Finding, Key
from contract_tests.load.messages import MAX_FINDINGS, Counts, Seen, Update

_MAX_LINES = 100
_MAX_WORKERS = 1_000


class Tally:
    """The findings and counts of all workers."""

    def __init__(self) -> None:
        self.findings: dict[Key, Finding] = {}
        self._counts: dict[str, Counts] = {}
        """The latest counts of each worker."""
        self._left_out: set[Key] = set()
        self._malformed = 0
        self._problems: list[str] = []

    def add(self, worker: str, update: Update | None) -> None:
        """Take in an update of a worker; None for one that could not be read."""
        if update is None or (worker not in self._counts and len(self._counts) >= _MAX_WORKERS):
            self._malformed += 1
            return
        self._counts[worker] = update.counts
        for finding in update.findings:
            before = self.findings.get(finding.key)
            if before is None and len(self.findings) >= MAX_FINDINGS:
                self._left_out.add(finding.key)
            elif before is None or len(finding.steps) < len(before.steps):
                self.findings[finding.key] = finding

    def is_final(self, worker: str) -> bool:
        """Return whether a worker has sent everything."""
        return worker in self._counts and self._counts[worker].is_final

    def problem(self, text: str) -> None:
        """Note something because of which the result is not whole."""
        self._problems.append(text)

    def united(self) -> list[Finding]:
        """Return the findings of all workers, each once, with how often all have seen it."""
        times: dict[Key, int] = {}
        for counts in self._counts.values():
            for key, number in counts.times:
                times[key] = times.get(key, 0) + number
        return [
            replace(finding, times=times.get(key, finding.times))
            for key, finding in self.findings.items()
        ]

    def counts(self) -> Counts:
        """Return the counts of all workers together."""
        all = list(self._counts.values())
        malformed = [f"{self._malformed} messages of workers could not be read"]
        return Counts(
            exchanges=sum(count.exchanges for count in all),
            judged=sum(count.judged for count in all),
            left_out=sum(count.left_out for count in all) + len(self._left_out),
            operations=_operations(count.operations for count in all),
            withheld=_sums(count.withheld for count in all),
            skipped=list(dict(pair for count in all for pair in count.skipped).items()),
            notes=_lines(count.notes for count in all),
            broken=[
                *_lines(count.broken for count in all),
                *(malformed if self._malformed else []),
                *self._problems,
            ],
            cpu_seconds=sum(count.cpu_seconds for count in all),
            judge_seconds=sum(count.judge_seconds for count in all),
            lag_seconds=max((count.lag_seconds for count in all), default=0.0),
            held_seconds=sum(count.held_seconds for count in all),
            accounts=sum(count.accounts for count in all),
            books=sum(count.books for count in all),
            was_read=any(count.was_read for count in all),
            unread=_sums(count.unread for count in all),
            peak_bytes=max((count.peak_bytes for count in all), default=0),
            is_final=all != [] and all_final(all),
        )


def all_final(counts: Iterable[Counts]) -> bool:
    """Return whether all workers have sent everything."""
    return all(count.is_final for count in counts)


def _lines(lists: Iterable[list[str]]) -> list[str]:
    return list(dict.fromkeys(line for lines in lists for line in lines))[:_MAX_LINES]


def _sums(all: Iterable[dict[str, int]]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for numbers in all:
        for name, number in numbers.items():
            sums[name] = sums.get(name, 0) + number
    return sums


def _operations(all: Iterable[dict[str, Seen]]) -> dict[str, Seen]:
    found: dict[str, Seen] = {}
    for operations in all:
        for name, seen in operations.items():
            before = found.get(name, Seen())
            statuses = dict(before.statuses)
            for status, number in seen.statuses.items():
                statuses[status] = statuses.get(status, 0) + number
            found[name] = Seen(
                statuses,
                sorted({*before.valid, *seen.valid}),
                sorted({*before.invalid, *seen.invalid}),
            )
    return found
