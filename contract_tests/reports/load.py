"""The section of a load test: throughput, times of responses, the share of the judge, the books."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract_tests.reports.sentences import counted

Json = dict[str, Any]

COLUMNS = ("operation", "requests", "failures", "per second", "50 %", "95 %", "99 %", "max (ms)")
_WIDTHS = (9, 9, 11, 8, 8, 8, 9)
MIN_LAG = 20.0
"""The least lag in milliseconds that is reported."""
MAX_ERRORS = 5
"""Failures that are listed."""


def summary(figures: Json) -> str:
    """Return the load in one sentence."""
    total = figures["total"]
    return (
        f"{counted(figures['users'], 'user')} in "
        f"{figures['processes']:,} process{'' if figures['processes'] == 1 else 'es'} for "
        f"{figures['seconds']:.1f} s: {counted(total['requests'], 'request')}, "
        f"{total['per_second']:,.1f} a second, {counted(total['failures'], 'failure')}"
    )


def cells(row: Json) -> tuple[str, ...]:
    """Return the texts of a row of the table."""
    times = (f"{row[name]:,.0f}" for name in ("p50", "p95", "p99", "max"))
    counts = (f"{row['requests']:,}", f"{row['failures']:,}", f"{row['per_second']:,.1f}")
    return (row["operation"] or "all", *counts, *times)


def remarks(figures: Json) -> Iterator[str]:
    """Yield what else is to be said of the load."""
    errors, judge = figures["errors"], figures["judge"]
    for error in errors[:MAX_ERRORS]:
        operations = counted(error["operations"], "operation")
        yield f"{counted(error['times'], 'failure')} in {operations}: {error['error']}"
    if len(errors) > MAX_ERRORS:
        yield f"{counted(len(errors) - MAX_ERRORS, 'more kind')} of failures in the JSON report"
    sample = f", a sample of {judge['share']:.0%} of the accounts" if judge["share"] < 1 else ""
    yield (
        f"judged: {judge['judged']:,} of {counted(judge['of'], 'exchange')}{sample}; "
        f"the judge took {judge['processor_share']:.0%} of the processor time of the processes "
        f"({judge['seconds']:.1f} s)"
    )
    if judge["held_seconds"] >= 1:
        yield (
            f"users waited for the judge for {judge['held_seconds']:.0f} s together: the load was "
            "smaller than planned (more --workers, or a smaller --judge-share)"
        )
    if figures["lag_ms"] >= MIN_LAG:
        yield (
            f"a process that makes load was busy, and read responses {figures['lag_ms']:,.0f} ms "
            "late on average: the times above are too long by as much (more --workers, more "
            "machines, or a smaller --judge-share)"
        )
    yield (
        f"books: all views of {counted(figures['books'], 'account')} were read and judged while "
        "nobody used the account"
    )


def lines(document: Json) -> Iterator[str]:
    """Yield the lines of the section on the terminal; none for other runs."""
    figures = document.get("load")
    if figures is None:
        return
    rows = [COLUMNS, *(cells(row) for row in (*figures["operations"], figures["total"]))]
    width = max(len(row[0]) for row in rows)
    yield f"LOAD  {summary(figures)}"
    for row in rows:
        numbers = "".join(f"{cell:>{size}}" for cell, size in zip(row[1:], _WIDTHS, strict=True))
        yield f"{row[0]:{width}}{numbers}"
    yield from remarks(figures)
    yield ""
