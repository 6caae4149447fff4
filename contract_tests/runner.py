"""Runs the drivers, from settings to an exit code. The only module that imports drivers."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from contract_tests import billing
from contract_tests.context import Run
from contract_tests.drivers import (
    auth,
    boundaries,
    protocol,
    reads,
    schemathesis_engine,
)
from contract_tests.errors import KitError, Unreachable, UsageError
from contract_tests.findings.baseline import Baseline
from contract_tests.findings.finding import Finding
from contract_tests.findings.known import UNDECLARED, Known, marked
from contract_tests.findings.result import Result
from contract_tests.http.channel import Withheld
from contract_tests.knowledge import Driver, Knowledge, NoKnowledge
from contract_tests.openapi.contract import Contract
from contract_tests.overlay.teaching import Teaching
from contract_tests.recording.har import HarWriter
from contract_tests.reports import files
from contract_tests.reports.output import publish
from contract_tests.reports.progress import Display
from contract_tests.safety import preflight
from contract_tests.safety.journal import Journal
from contract_tests.settings import Settings

DRIVERS: dict[str, Driver] = {
    "reads": reads.drive,
    "boundaries": boundaries.drive,
    "keys": auth.drive,
    "protocol": protocol.drive,
    "properties": schemathesis_engine.drive,
}
"""Drivers that need nothing but a contract."""
PHASES = (
    "reads",
    "boundaries",
    "keys",
    "protocol",
    "tenants",
    "stories",
    "machine",
    "properties",
)
"""In the order in which they run: what finds the most in the least time comes first."""
SNAPSHOT = "contract-tests"


def execute(settings: Settings) -> int:
    """Run, report, and return the exit code. Raise KitError."""
    teaching = Teaching(settings, Contract.load(settings.spec))
    known: list[Known] = [*teaching.known]
    if settings.baseline is not None:
        known.append(Baseline.load(settings.baseline, date.today()))
    if settings.reports:
        files.make_folder(settings.report_dir)
    result = _with_known(_result(settings, teaching, known), known)
    if teaching.accepted is not None:
        result.findings += teaching.accepted.found(result.findings)
    if result.unreachable or result.interrupted:
        return publish(result)
    try:
        result.notes += teaching.learn(result.findings)
    except UsageError as error:  # the findings are reported all the same
        result.notes.append(f"not learnt: {error}")
    return publish(result)


def knowledge_of(contract: Contract) -> Knowledge:
    """Return what is known of a contract's API beyond the contract."""
    paths = [operation.path for operation in contract.operations.values()]
    if not any(path.startswith(billing.BASE_PATH) for path in paths):
        return NoKnowledge()
    from contract_tests.billing.knowledge import KNOWLEDGE

    return KNOWLEDGE


def chosen_drivers(run: Run) -> list[tuple[str, Driver]]:
    """Return the drivers of ``--phases``, or all, and note those that lack their knowledge."""
    known = {**DRIVERS, **run.knowledge.drivers}
    names = [name for name in PHASES if not run.settings.phases or name in run.settings.phases]
    left_out = ", ".join(name for name in names if name not in known)
    if left_out:
        run.notes.append(f"left out: {left_out} (no knowledge of this API)")
    return [(name, known[name]) for name in names if name in known]


def perform(run: Run) -> None:
    """Run preflight and every driver. Raise KitError in preflight only."""
    preflight.check(run.channel, run.settings)
    chosen = chosen_drivers(run)
    with put_back_afterwards(run):
        try:
            for index, (name, drive) in enumerate(chosen, 1):
                _drive(run, name, drive, index, len(chosen))
                if run.ended_early:
                    break
        except KeyboardInterrupt:
            run.interrupted, run.ended_early = True, "interrupted"


@contextmanager
def put_back_afterwards(run: Run) -> Iterator[None]:
    """Put the deployment back as it was at the end of the block. Raise UsageError."""
    if run.settings.mock:
        _freeze(run)
    if run.journal is not None:
        run.journal.begin()
    try:
        yield
    finally:
        _restore(run)


def _freeze(run: Run) -> None:
    """Take a snapshot of the mock, and stop its clock: stories count in seconds."""
    client = run.unauthenticated()
    client.control("POST", "snapshots", {"name": SNAPSHOT})
    now = client.control("GET", "clock").object.get("now")
    if isinstance(now, str):
        soon = datetime.fromisoformat(now) + timedelta(seconds=1)
        client.control("PUT", "clock", {"now": soon.isoformat()})


def _drive(run: Run, name: str, drive: Callable[[Any], None], index: int, count: int) -> None:
    if run.progress is not None:
        run.progress.driver(name, index, count)
    run.channel.source = name
    try:
        drive(run)
    except Withheld as error:
        run.skip(name, str(error))
    except UsageError:
        raise
    except KitError as error:
        run.ended_early = str(error)
        run.unreachable = isinstance(error, Unreachable)
    except requests.RequestException as error:
        run.skip(name, f"its request could not be made: {run.keyring.text(str(error))[:200]}")
    except Exception as error:
        # A deployment may answer anything. Earlier findings are reported, the other drivers run,
        # and the run does not pass.
        last = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
        run.broken.append(run.keyring.text(f"{name}: {what}: {error}")[:200])


def _restore(run: Run) -> None:
    """Put the mock, or the accounts of a deployment, back as they were."""
    if run.journal is not None:
        _put_back(run, run.journal)
    if run.settings.mock:
        run.channel.stop_reason = ""
        run.channel.limits = replace(run.channel.limits, deadline=None)
        run.channel.source = "restore"
        try:
            run.unauthenticated().control("POST", f"snapshots/{SNAPSHOT}/restore")
        except (KitError, requests.RequestException):
            run.skip("restore", "the mock does not answer any more")


def _put_back(run: Run, journal: Journal) -> None:
    undone = (
        "something may not be as it was before the run; "
        f"put it back: contract-tests cleanup {journal.path}"
    )
    try:
        with closing(journal):
            restoration = journal.put_back()
    except KeyboardInterrupt:
        run.notes.append(undone)
        raise
    except KitError as error:
        run.unreachable = run.unreachable or isinstance(error, Unreachable)
        run.ended_early = run.ended_early or str(error)
        run.notes.append(undone)
        return
    for left in restoration.left:
        operation = run.contract.operations[left.operation]
        expected, spec = "all is as it was before the run", operation.place.pointer
        key = (operation.id, "state", "/response/body", "put_back")
        run.found(
            Finding(
                *key,
                "documented",
                expected,
                left.text,
                spec,
                source="journal",
                witnesses=("journal",),
            )
        )
        run.notes.append(f"not put back: {left.account}: {left.text}")
    run.notes += restoration.notes.values()
    run.notes += [undone] if restoration.left else []
    run.notes += [f"made, and cannot be undone: {text}" for text in journal.record.irreversible()]


def _result(settings: Settings, teaching: Teaching, known: Sequence[Known]) -> Result:
    """Run to the end, or to whatever ends the run before."""
    _refuse_unknown_phases(settings)
    display = Display(Console(stderr=True, quiet=settings.quiet))
    run = Run(
        settings,
        teaching.contract,
        knowledge_of(teaching.contract),
        progress=display,
        known=known,
    )
    run.channel.listeners += teaching.listeners(run.verdicts)
    har = (
        HarWriter(settings.report_dir / files.HAR, settings) if "har" in settings.reports else None
    )
    if har is not None:
        run.channel.listeners.append(har)
    try:
        with display:
            perform(run)
    except KeyboardInterrupt:
        run.interrupted, run.ended_early = True, "interrupted"
    finally:
        if har is not None:
            har.close(run.verdicts)
    return run.result()


def _refuse_unknown_phases(settings: Settings) -> None:
    for name in settings.phases:
        if name not in PHASES:
            raise UsageError(f"--phases: '{name}' is none of {', '.join(PHASES)}")


def _with_known(result: Result, known: Sequence[Known]) -> Result:
    """Return the result with known findings marked, and notes on what is not found any more."""
    tried = _tried(result)
    notes = [note for each in known for note in each.notes(result.findings, tried)]
    findings = marked(result.findings, known)
    return replace(result, findings=findings, notes=[*result.notes, *notes])


def _tried(result: Result) -> set[str]:
    """Return the operations that were tried; none if it was a part of a run, which proves nothing.

    Undeclared requests, which are sent if everything is allowed, are among them.
    """
    if result.ended_early or result.broken or result.settings.phases:
        return set()
    tried = {name for name, seen in result.coverage.operations.items() if seen.statuses}
    return tried | ({UNDECLARED} if result.settings.may_do_anything else set())
