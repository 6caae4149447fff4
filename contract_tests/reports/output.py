"""The output of a command: report files, the report on the terminal, and the exit code."""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import date

from rich.console import Console

from contract_tests.findings import baseline
from contract_tests.findings.result import Result
from contract_tests.reports import files, reproduction, terminal
from contract_tests.reports.document import document
from contract_tests.reports.sentences import counted


def publish(result: Result) -> int:
    """Write the report files, print the report, and return the exit code."""
    settings = result.settings
    if settings.write_baseline is not None:
        text = baseline.text(
            result.failures, settings.baseline_owner, settings.baseline_reason, date.today()
        )
        files.write_file(settings.write_baseline, text)
        result.notes.append(
            f"{counted(len(result.failures), 'failure')} written to {settings.write_baseline}"
        )
    view = document(result)
    written = [path.name for path in files.write(view, settings.reports, settings.report_dir)]
    reproduction.write(result)
    written += [files.HAR] if "har" in settings.reports else []
    notes = (
        [*result.notes, f"reports in {settings.report_dir}: {', '.join(written)}"]
        if written
        else result.notes
    )
    # rich exits when the reader of standard output is gone; the exit code must stay the same.
    with suppress(SystemExit):
        terminal.show({**view, "notes": notes}, Console(file=sys.stdout), quiet=settings.quiet)
    return result.exit_code
