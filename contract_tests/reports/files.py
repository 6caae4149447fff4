"""The report files: written whole or not at all."""

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
"""Written while the traffic flows."""


def make_folder(folder: Path) -> None:
    """Make sure, before any request is sent, that reports can be written. Raises UsageError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UsageError(
            f"--report-dir {folder}: cannot be written to ({error.strerror})"
        ) from None


def write(document: Json, names: tuple[str, ...], folder: Path) -> list[Path]:
    """Write the reports of these names: their paths. Raises UsageError."""
    written = []
    for name, (file, text) in WRITERS.items():
        if name in names:
            path = folder / file
            write_file(path, text(document))
            written.append(path)
    return written


def write_file(path: Path, text: str) -> None:
    """Write a file aside and move it to its place, so that nobody ever reads half of it. Raises UsageError."""
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(text, encoding="utf-8", errors="backslashreplace", newline="\n")
        aside.replace(path)
    except OSError as error:
        with suppress(OSError):
            aside.unlink()
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from None
