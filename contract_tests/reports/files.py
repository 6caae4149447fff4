"""The report files, which are written atomically."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from contract_tests.errors import UsageError
from contract_tests.reports import html, junit, plain_json, sarif
from contract_tests.reports.document import Json

WRITERS: dict[str, tuple[str, Callable[[Json], str]]] = {
    "junit": ("junit.xml", junit.text),
    "html": ("report.html", html.text),
    "json": ("report.json", plain_json.text),
    "sarif": ("report.sarif", sarif.text),
}
HAR = "traffic.har"
"""Written during the run."""


def make_folder(folder: Path) -> None:
    """Prove before the first request that reports can be written. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"--report-dir {folder}: cannot be written to ({error.strerror})"
        ) from None


def write(document: Json, names: tuple[str, ...], folder: Path) -> tuple[list[str], dict[str, str]]:
    """Write the named reports, each on its own. Return the written files, and why others were not.

    A report that cannot be made or written loses no other one.
    """
    written: list[str] = []
    lost: dict[str, str] = {}
    for name, (file, text) in WRITERS.items():
        if name not in names:
            continue
        try:
            write_file(folder / file, text(document))
        except UsageError as error:
            lost[file] = str(error)
        except Exception as error:  # the verdict must not depend on how a report is made
            lost[file] = f"{folder / file}: cannot be made ({type(error).__name__})"
        else:
            written.append(file)
    return written, lost


def write_file(path: Path, text: str) -> None:
    """Write a temporary file and move it, so that no reader sees half. Raises UsageError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
