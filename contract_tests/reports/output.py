"""The output of a command: the report on the terminal, the report files, and the exit code.

The report is printed as soon as the result is known. Then each file is written on its own. A file
that cannot be written is named on standard error, and never changes the exit code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from contract_tests.cli import say
from contract_tests.errors import UsageError
from contract_tests.findings import baseline
from contract_tests.findings.result import Result
from contract_tests.reports import files, reproduction, terminal
from contract_tests.reports.document import document
from contract_tests.reports.sentences import counted
from contract_tests.settings import Settings

_UNCHANGED = "the exit code is that of the verdict"


def publish(result: Result) -> int:
    """Print the report, write the report files, and return the exit code."""
    settings = result.settings
    view = document(result)
    show(terminal.show, view, quiet=settings.quiet)
    for line in write_reports(view, settings, result.unwritten):
        say(line)
    try:
        reproduction.write(result)
    except UsageError as error:
        say(f"{error}; {_UNCHANGED}")
    if settings.write_baseline is not None:
        _write_baseline(result, settings.write_baseline)
    return result.exit_code


def show(print_report: Callable[..., None], view: Any, *, quiet: bool) -> None:
    """Print a report on standard output, which may be closed or full."""
    try:
        # rich exits when the reader of standard output is gone.
        with suppress(SystemExit):
            print_report(view, Console(file=sys.stdout), quiet=quiet)
        sys.stdout.flush()
    except OSError as error:
        say(f"standard output: cannot be written ({error.strerror})")
        _discard_the_rest()


def write_reports(
    view: Any, settings: Settings, unwritten: dict[str, str] | None = None
) -> list[str]:
    """Write the report files. Return a line of what was written, and one for each lost file."""
    written, lost = files.write(view, settings.reports, settings.report_dir)
    lost = {**(unwritten or {}), **lost}
    if "har" in settings.reports and files.HAR not in lost:
        written.append(files.HAR)
    lines = [f"reports in {settings.report_dir}: {', '.join(written)}"] if written else []
    return ([] if settings.quiet else lines) + [f"{why}; {_UNCHANGED}" for why in lost.values()]


def write_report(path: Path, text: str) -> bool:
    """Write one file. Return whether it could be written, and report on standard error if not."""
    try:
        files.write_file(path, text)
    except UsageError as error:
        say(f"{error}; {_UNCHANGED}")
        return False
    return True


def _write_baseline(result: Result, path: Path) -> None:
    settings = result.settings
    text = baseline.text(
        result.failures, settings.baseline_owner, settings.baseline_reason, date.today()
    )
    if write_report(path, text):
        say(f"{counted(len(result.failures), 'failure')} written to {path}")


def _discard_the_rest() -> None:
    """Discard what is buffered, or Python would end with a code of its own."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
