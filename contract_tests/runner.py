"""Runs the drivers, from settings to an exit code. The only module that imports drivers."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from rich.console import Console

from contract_tests import billing, last_failed, plan
from contract_tests.context import Run
from contract_tests.drivers import (
    auth,
    boundaries,
    lifecycles,
    minimisation,
    protocol,
    reads,
    schemathesis_engine,
)
from contract_tests.drivers.refusals import Refusals
from contract_tests.errors import KitError, Unreachable, UsageError
from contract_tests.findings.finding import Finding
from contract_tests.findings.known import UNDECLARED
from contract_tests.findings.result import Result
from contract_tests.http.budget import Spent
from contract_tests.http.channel import Withheld
from contract_tests.http.credentials import preferring_given
from contract_tests.knowledge import Driver, Knowledge, NoKnowledge
from contract_tests.openapi.contract import Contract
from contract_tests.operation_settings import accepting
from contract_tests.overlay.teaching import Teaching
from contract_tests.rare_collection import rarely_collected
from contract_tests.recording.har import HarWriter, close_har
from contract_tests.reports import files
from contract_tests.reports.output import publish
from contract_tests.reports.progress import Display
from contract_tests.safety import preflight
from contract_tests.safety.journal import Journal
from contract_tests.settings import Settings
from contract_tests.shard import Portion

DRIVERS: dict[str, Driver] = {
    "reads": reads.drive,
    "boundaries": boundaries.drive,
    "keys": auth.drive,
    "protocol": protocol.drive,
    "lifecycles": lifecycles.drive,
    "properties": schemathesis_engine.drive,
}
"""Drivers that need nothing but a contract."""
PHASES = (
    "reads",
    "boundaries",
    "keys",
    "protocol",
    "lifecycles",
    "tenants",
    "stories",
    "races",
    "machine",
    "properties",
)
"""In the order in which they run: what finds the most in the least time comes first."""
SNAPSHOT = "contract-tests"
_MAX_NAMED = 5
"""Operations that a note names."""


def execute(settings: Settings) -> int:
    """Run, report, and return the exit code. Raise KitError."""
    result = run_once(settings)
    exit_code = publish(result)
    last_failed.record(result)
    return exit_code


def run_once(settings: Settings, *, is_quiet: bool = False) -> Result:
    """Run, and return the result, known findings marked. Raise KitError."""
    contract = preferring_given(Contract.load(settings.spec), settings)
    teaching = Teaching(settings, accepting(contract, settings.operations))
    if settings.reports:
        files.make_folder(settings.report_dir)
    console = Console(stderr=True, quiet=is_quiet or settings.quiet)
    result = _result(settings, teaching, Display(console, settings.per_second))
    result.notes += teaching.notes(result.findings, _tried(result))
    result = replace(result, findings=teaching.applied(result.findings))
    if result.unreachable or result.interrupted:
        if settings.learn is not None:
            result.notes.append(
                f"not learnt: the run was not completed; {settings.learn} is unchanged"
            )
        return result
    try:
        result.notes += teaching.learn(result.findings)
    except UsageError as error:  # the findings are reported all the same
        result.notes.append(f"not learnt: {error}")
    return result


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
    names = [name for name in names if run.portion.has(name)]
    if run.knowledge.stories and not run.settings.phases:
        # The stories play them, with the rules of the API.
        names = [name for name in names if name != "lifecycles"]
    names = names if run.budget is None else plan.in_order(names)
    left_out = ", ".join(name for name in names if name not in known)
    if left_out:
        run.notes.append(f"left out: {left_out} (no knowledge of this API)")
    return [(name, known[name]) for name in names if name in known]


def perform(run: Run, *, minimises: bool = False) -> None:
    """Run preflight and every driver, and shorten steps. Raise KitError in preflight only."""
    chosen = chosen_drivers(run)
    if run.settings.source:
        run.notes.append(f"settings of {run.settings.source}")
    if lacking := run.contract.without_responses:
        names = _first_of(lacking)
        run.notes.append(f"warning: the contract names no responses of {names}: all are accepted")
    if left_out := run.contract.left_out_paths:
        paths = _first_of(left_out)
        run.notes.append(f"warning: paths with a query or a fragment are left out: {paths}")
    forecast = plan.forecast(run, [name for name, _ in chosen])
    _say(run, forecast, forecast.sentence())
    preflight.check(run.channel, run.settings)
    if run.first_response is not None and not forecast.is_limited_by_rate(run.first_response):
        _say(run, forecast, forecast.after_response(run.first_response))
    run.follow = Refusals(run).follow
    with rarely_collected(), put_back_afterwards(run):
        try:
            _drive_all(run, chosen, dict(forecast.phases))
            if minimises and minimisation.candidates(run):
                _drive(run, "minimisation", minimisation.shorten, len(chosen), len(chosen))
        except KeyboardInterrupt:
            run.interrupted, run.ended_early = True, "interrupted"


def _first_of(names: Sequence[str]) -> str:
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


def _say(run: Run, forecast: plan.Forecast, sentence: str) -> None:
    if run.progress is not None:
        run.progress.forecast(sentence, forecast.phases)


def _drive_all(run: Run, chosen: list[tuple[str, Driver]], estimates: dict[str, int]) -> None:
    cut: list[str] = []
    for index, (name, drive) in enumerate(chosen, 1):
        if run.budget is not None:
            run.budget.share(plan.share_of(name, run.budget.left, estimates))
        used = run.budget.used if run.budget is not None else 0
        _drive(run, name, drive, index, len(chosen))
        about = estimates.pop(name)
        if run.budget is not None and name in run.cut:
            cut.append(f"{name} ({run.budget.used - used:,} of about {about:,})")
        if run.ended_early:
            return
    if run.budget is not None and run.cut:
        run.ended_early = f"--budget {run.budget.total} is used up"
        _note_untried(run, cut)


def _note_untried(run: Run, cut: list[str]) -> None:
    run.notes.append(f"requests that --budget allowed: {', '.join(cut)}")
    untried = [name for name, seen in run.coverage.operations.items() if not seen.statuses]
    if untried:
        more = f" and {len(untried) - _MAX_NAMED} more" if len(untried) > _MAX_NAMED else ""
        run.notes.append(f"never called: {', '.join(untried[:_MAX_NAMED])}{more}")


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
        run.close()


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
    except Spent:
        run.cut.append(name)
    except UsageError:
        raise
    except KitError as error:
        run.ended_early = str(error)
        run.unreachable = isinstance(error, Unreachable)
    except requests.RequestException as error:
        run.skip(name, f"its request could not be made: {run.keyring.text(str(error))[:200]}")
    except Exception as error:
        # A deployment may send anything. Earlier findings are reported, the other drivers run,
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
        take = run.budget.take_reserved if run.budget is not None else None
        run.channel.limits = replace(run.channel.limits, deadline=None, take=take)
        run.channel.source = "restore"
        try:
            run.unauthenticated().control("POST", f"snapshots/{SNAPSHOT}/restore")
        except (KitError, requests.RequestException):
            run.skip("restore", "the mock does not respond any more")


def _put_back(run: Run, journal: Journal) -> None:
    undone = (
        "something may not be as it was before the run; "
        f"put it back: contract-tests cleanup {journal.path}"
    )
    try:
        with closing(journal):
            if run.settling is not None:
                time.sleep(run.settling.lag)
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


def _result(settings: Settings, teaching: Teaching, display: Display) -> Result:
    """Run to the end, or to whatever ends the run before."""
    _refuse_unknown_phases(settings)
    portion, notes = _portion(settings)
    run = Run(
        settings,
        teaching.contract,
        knowledge_of(teaching.contract),
        progress=display,
        portion=portion,
        known=teaching.known,
    )
    run.notes += notes
    run.channel.listeners += teaching.listeners(run.verdicts)
    har = (
        HarWriter(settings.report_dir / files.HAR, settings) if "har" in settings.reports else None
    )
    if har is not None:
        run.channel.listeners.append(har)
    try:
        with display:
            perform(run, minimises=True)
    except KeyboardInterrupt:
        run.interrupted, run.ended_early = True, "interrupted"
    finally:
        run.channel.close()
        unwritten = close_har(har, run.verdicts)
    return replace(run.result(), unwritten=unwritten)


def _portion(settings: Settings) -> tuple[Portion, list[str]]:
    """Return the portion of the work that the settings ask for, and notes on it."""
    last, notes = None, []
    if settings.last_failed:
        last, why = last_failed.load(settings.url)
        notes.append(last_failed.note(last, why, PHASES))
    if settings.shard is not None:
        notes.append(settings.shard.note)
    return Portion(settings.shard, last.failed if last is not None else None), notes


def _refuse_unknown_phases(settings: Settings) -> None:
    for name in settings.phases:
        if name not in PHASES:
            raise UsageError(f"--phases: '{name}' is none of {', '.join(PHASES)}")


def _tried(result: Result) -> set[str]:
    """Return the operations that were tried; none if it was a part of a run, which proves nothing.

    Undeclared requests, which are sent if everything is allowed, are among them.
    """
    settings = result.settings
    is_part = settings.phases or settings.shard or settings.last_failed or settings.budget
    if result.ended_early or result.broken or is_part:
        return set()
    tried = {name for name, seen in result.coverage.operations.items() if seen.statuses}
    return tried | ({UNDECLARED} if result.settings.may_do_anything else set())
