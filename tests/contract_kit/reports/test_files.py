"""Report files are written whole or not at all, each by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from contract_tests.findings.result import Result
from contract_tests.reports import files
from contract_tests.reports.document import document
from tests.contract_kit.reports.samples import (
    ALL,
)


def test_files_are_written_atomically(make: Callable[..., Result], tmp_path: Path) -> None:
    """An earlier report is replaced, and no temporary file is left behind."""
    (tmp_path / "report.json").write_text("old")
    view = document(make(*ALL))
    written = files.write(view, ("json", "junit", "html", "sarif"), tmp_path)
    assert written == (["junit.xml", "report.html", "report.json", "report.sarif"], {})
    assert {path.name for path in tmp_path.iterdir()} == set(written[0])
    assert json.loads((tmp_path / "report.json").read_text())["schema_version"] == 1
    ET.parse(tmp_path / "junit.xml")


def test_a_file_that_cannot_be_written_loses_no_other_report(
    make: Callable[..., Result], tmp_path: Path
) -> None:
    """The reason has one line, the temporary file is removed, and the rest is written."""
    (tmp_path / "report.json").mkdir()
    written, lost = files.write(document(make()), ("json", "junit"), tmp_path)
    assert written == ["junit.xml"]
    assert list(lost) == ["report.json"]
    assert lost["report.json"].endswith("report.json: cannot be written (Is a directory)")
    assert {path.name for path in tmp_path.iterdir()} == {"report.json", "junit.xml"}


def test_a_report_that_cannot_be_made_loses_no_other_report(
    make: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error of a writer is named, and is no error of the run."""

    def broken(_: Any) -> str:
        raise RecursionError

    monkeypatch.setitem(files.WRITERS, "html", ("report.html", broken))
    written, lost = files.write(document(make()), ("html", "sarif"), tmp_path)
    assert written == ["report.sarif"]
    assert lost["report.html"].endswith("report.html: cannot be made (RecursionError)")
