"""A load test from settings to an exit code."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from rich.console import Console

from contract_tests.context import Run
from contract_tests.errors import UsageError
from contract_tests.findings.coverage import Coverage
from contract_tests.findings.result import Result, Skipped
from contract_tests.load.forecast import forecast
from contract_tests.load.messages import Outcome, Progress, Row
from contract_tests.load.plan import Plan, Seat
from contract_tests.load.processes import Crew
from contract_tests.openapi.contract import Contract
from contract_tests.overlay.teaching import Teaching
from contract_tests.reports import files
from contract_tests.reports.output import publish
from contract_tests.reports.progress import Display
from contract_tests.reports.sentences import counted
from contract_tests.runner import knowledge_of, put_back_afterwards
from contract_tests.safety import preflight
from contract_tests.safety.journal_file import JournalFile
from contract_tests.settings import Settings, key_from


def execute(settings: Settings, plan: Plan, seat: Seat) -> int:
    """Make load, report, and return the exit code. Raise KitError."""
    contract = Contract.load(settings.spec)
    teaching = Teaching(settings, contract)
    settings, plan = _with_keys(settings, plan, contract, seat)
    run = Run(settings, contract, knowledge_of(contract))
    run.journal = None  # each process that makes load has its own
    _check_journals(settings, plan)
    if seat.role == "worker":
        preflight.check(run.channel, settings)
        Crew(settings, plan, lambda _: None).serve(seat)
        return 0
    _check_with_forecast(run, plan)
    if settings.reports:
        files.make_folder(settings.report_dir)
    started = time.monotonic()
    with put_back_afterwards(run):
        outcome = _play(settings, plan, seat)
    result = _result(run, plan, outcome, time.monotonic() - started)
    return publish(replace(result, findings=teaching.applied(result.findings)))


def _with_keys(
    settings: Settings, plan: Plan, contract: Contract, seat: Seat
) -> tuple[Settings, Plan]:
    """Return settings and plan with the variables of all keys. Raise UsageError."""
    if settings.mock or contract.credential is None:
        return settings, replace(plan, keys=())
    keys = plan.keys or (settings.api_key_env,)
    for name in keys:
        key_from(settings.environment, name)
    if settings.may_write and plan.workers > len(keys) and not seat.is_for_others:
        raise UsageError(
            f"--workers {plan.workers} with writes needs {plan.workers} accounts, not {len(keys)}: "
            "no two processes may change the same account; name more keys with --key-env"
        )
    return replace(settings, api_key_env=keys[0]), replace(plan, keys=keys)


def _check_journals(settings: Settings, plan: Plan) -> None:
    """Raise UsageError if an earlier run has not put everything back."""
    for index in range(plan.workers):
        path = Seat("worker", index).journal(settings.journal)
        if settings.mock or not settings.may_write or not path.exists():
            continue
        with closing(JournalFile(path)) as file:
            if file.record.unfinished:
                raise UsageError(
                    f"{path}: an earlier run has left something behind at {file.record.url}; "
                    f"put it back first: contract-tests cleanup {path}"
                )


def _check_with_forecast(run: Run, plan: Plan) -> None:
    """Print what the users will send, before the first request and after its response."""
    console = Console(stderr=True, quiet=run.settings.quiet)
    expected = forecast(run, plan)
    console.print(f"  {expected.sentence()}", highlight=False, markup=False, soft_wrap=True)
    preflight.check(run.channel, run.settings)
    if run.first_response is not None:
        sentence = expected.after_response(run.first_response)
        console.print(f"  {sentence}", highlight=False, markup=False, soft_wrap=True)


def _play(settings: Settings, plan: Plan, seat: Seat) -> Outcome:
    display = Display(Console(stderr=True, quiet=settings.quiet))

    def show(progress: Progress) -> None:
        display.exchange(progress.requests, progress.findings)

    crew = Crew(settings, plan, show)
    has_workers_here = seat.role == "master" and not seat.is_for_others
    with display:
        display.driver("load", 1, 1)
        return crew.play(seat, has_workers_here=has_workers_here)


# -------------------------------------------------------------------------------------- the result


def _result(run: Run, plan: Plan, outcome: Outcome, seconds: float) -> Result:
    counts, settings = outcome.counts, run.settings
    notes = [*run.notes, *counts.notes, *_names_of_keys(plan)]
    if counts.left_out:
        notes.append(f"{counts.left_out:,} more findings were counted but not kept")
    notes += [
        f"{counted(number, 'account')} could not be read at the end: {reason}"
        for reason, number in counts.unread.items()
    ]
    is_gone = bool(counts.unread) and not counts.was_read
    return Result(
        settings,
        run.contract,
        outcome.findings,
        _coverage(run, outcome),
        [Skipped(name, why) for name, why in counts.skipped],
        counts.exchanges,
        seconds,
        outcome.stopped or (next(iter(counts.unread)) if is_gone else ""),
        notes=notes,
        withheld=counts.withheld,
        broken=counts.broken,
        interrupted=outcome.stopped == "interrupted",
        unreachable=is_gone,
        load=_figures(plan, outcome),
    )


def _names_of_keys(plan: Plan) -> list[str]:
    return [
        f"KEY_{number} in curl commands is the key of {name}"
        for number, name in enumerate(plan.keys, 1)
        if number > 1
    ]


def _coverage(run: Run, outcome: Outcome) -> Coverage:
    coverage = Coverage(run.contract, run.selected)
    coverage.exchanges = outcome.counts.exchanges
    for name, seen in outcome.counts.operations.items():
        if name in coverage.operations:
            mine = coverage.operations[name]
            mine.statuses.update(seen.statuses)
            mine.valid.update(seen.valid)
            mine.invalid.update(seen.invalid)
    return coverage


def _figures(plan: Plan, outcome: Outcome) -> Mapping[str, Any]:
    counts = outcome.counts
    *operations, total = outcome.rows
    share = counts.judge_seconds / counts.cpu_seconds if counts.cpu_seconds else 0.0
    return {
        "users": plan.users,
        "processes": outcome.workers,
        "seconds": round(outcome.seconds, 1),
        "total": _row(total),
        "operations": [_row(row) for row in operations],
        "errors": [
            {"error": text, "operations": operations, "times": times}
            for text, operations, times in outcome.errors
        ],
        "judge": {
            "judged": counts.judged,
            "of": counts.exchanges,
            "share": plan.judge_share,
            "seconds": round(counts.judge_seconds, 1),
            "processor_share": round(share, 3),
            "held_seconds": round(counts.held_seconds, 1),
        },
        "lag_ms": round(1000 * counts.lag_seconds, 1),
        "accounts": counts.accounts,
        "books": counts.books,
        "peak_mb": round(counts.peak_bytes / 1e6),
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "operation": row.operation,
        "requests": row.requests,
        "failures": row.failures,
        "per_second": row.per_second,
        "p50": row.p50,
        "p95": row.p95,
        "p99": row.p99,
        "max": row.longest,
    }
