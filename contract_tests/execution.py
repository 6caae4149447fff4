"""One run from its settings to its exit code: the parts put together, and what comes of it told."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from datetime import date

from rich.console import Console

from contract_tests import baseline
from contract_tests.baseline import Baseline
from contract_tests.contract import Contract
from contract_tests.errors import UsageError
from contract_tests.har import HarWriter
from contract_tests.progress import Display
from contract_tests.reports import files, terminal
from contract_tests.reports.document import document
from contract_tests.reports.sentences import counted
from contract_tests.run import Result, Run
from contract_tests.settings import Settings


def execute(settings: Settings) -> int:
    """Run, tell, and answer with the exit code. Raises KitError."""
    contract = Contract.load(settings.spec)
    known = Baseline.load(settings.baseline, date.today()) if settings.baseline else None
    if settings.reports:
        files.make_folder(settings.report_dir)
    result = _result(settings, contract, known)
    if known is not None:
        result = _with_baseline(result, known)
    return tell(result)


def tell(result: Result) -> int:
    """Write the reports, print one, and answer with the exit code."""
    settings = result.settings
    if settings.write_baseline is not None:
        told = baseline.text(
            result.failures, settings.baseline_owner, settings.baseline_reason, date.today()
        )
        files.write_file(settings.write_baseline, told)
        result.notes.append(
            f"{counted(len(result.failures), 'failure')} written to {settings.write_baseline}"
        )
    view = document(result)
    written = [path.name for path in files.write(view, settings.reports, settings.report_dir)]
    written += [files.HAR] if "har" in settings.reports else []
    notes = (
        [*result.notes, f"reports in {settings.report_dir}: {', '.join(written)}"]
        if written
        else result.notes
    )
    with suppress(
        SystemExit
    ):  # which rich raises when nobody reads any more; the verdict is the same
        terminal.show({**view, "notes": notes}, Console(file=sys.stdout), quiet=settings.quiet)
    return result.exit_code


def _result(settings: Settings, contract: Contract, known: Baseline | None) -> Result:
    """One run, to its end or to whatever ends it before."""
    _refuse_unknown_phases(settings)
    display = Display(Console(stderr=True, quiet=settings.quiet))
    run = Run(settings, contract, progress=display, known=known.accepted if known else ())
    har = (
        HarWriter(settings.report_dir / files.HAR, settings) if "har" in settings.reports else None
    )
    if har is not None:
        run.channel.listeners.append(har)
    try:
        with display:
            run.execute()
    except KeyboardInterrupt:
        run.interrupted, run.ended_early = True, "interrupted"
    finally:
        if har is not None:
            har.close(run.verdicts)
    return run.result()


def _refuse_unknown_phases(settings: Settings) -> None:
    from contract_tests.drivers import DRIVERS

    for name in settings.phases:
        if name not in DRIVERS:
            raise UsageError(f"--phases: '{name}' is none of {', '.join(DRIVERS)}")


def _with_baseline(result: Result, known: Baseline) -> Result:
    """The result with what is known marked, and what is wrong with the baseline said."""
    # A part of a run proves nothing of what it did not find.
    is_whole = not result.ended_early and not result.broken and not result.settings.phases
    tried = (
        {name for name, seen in result.coverage.operations.items() if seen.statuses}
        if is_whole
        else set()
    )
    notes = known.notes(result.findings, tried)
    return replace(result, findings=known.apply(result.findings), notes=[*result.notes, *notes])
