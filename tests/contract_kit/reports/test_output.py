"""The verdict is printed first, and no lost file changes it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from contract_tests.cli import COMMANDS
from tests.contract_kit import faulty
from tests.contract_kit.program import PROJECT, Outcome, environment, kit

FULL = Path("/dev/full")
SHORT = ("--phases", "reads", "--only", "get_balance")
REPORTS = "junit,html,json,sarif,har"

pytestmark = pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")


def full(folder: Path, name: str) -> None:
    """Let a file that the kit is about to write in this process lie on a full disk."""
    (folder / name).symlink_to(FULL)


def run(folder: Path, *words: str) -> Outcome:
    """Run the kit against a mock whose balance is a text."""
    with faulty.mock("text_for_number") as mock:
        return kit("run", mock.url, "--mock", *SHORT, "--report-dir", folder, *words)


@pytest.mark.parametrize("name", ["junit.xml", "report.html", "report.json", "report.sarif"])
def test_a_report_on_a_full_disk_loses_only_itself(tmp_path: Path, name: str) -> None:
    """The other reports are written, one line names the lost one, and the verdict decides."""
    full(tmp_path, f".{name}.{os.getpid()}")
    outcome = run(tmp_path, "--report", REPORTS, "--quiet")
    assert outcome.code == 1
    assert outcome.verdict.startswith("FAILED: 1 failure")
    assert outcome.err == (
        f"contract-tests: {tmp_path / name}: cannot be written (No space left on device); "
        "the exit code is that of the verdict\n"
    )
    kept = {"junit.xml", "report.html", "report.json", "report.sarif", "traffic.har"} - {name}
    assert {path.name for path in tmp_path.iterdir()} == kept


def test_traffic_on_a_full_disk_loses_only_itself(tmp_path: Path) -> None:
    """The file stops during the run, which continues."""
    full(tmp_path, "traffic.har.part")
    outcome = run(tmp_path, "--report", "json,har")
    assert outcome.code == 1
    assert outcome.verdict.startswith("FAILED: 1 failure")
    assert f"traffic.har: cannot be written (No space left on device); {UNCHANGED}" in outcome.err
    assert f"reports in {tmp_path}: report.json\n" in outcome.err
    assert not (tmp_path / "traffic.har").exists()


UNCHANGED = "the exit code is that of the verdict"


def test_a_passed_run_passes_though_its_reports_are_lost(tmp_path: Path) -> None:
    """The exit code is by the verdict."""
    for name in ("traffic.har.part", f".report.html.{os.getpid()}"):
        full(tmp_path, name)
    with faulty.mock() as mock:
        outcome = kit(
            "run",
            mock.url,
            "--mock",
            *SHORT,
            "--report-dir",
            tmp_path,
            "--report",
            "html,har",
            "--quiet",
        )
    assert outcome.code == 0
    assert outcome.err.count("\n") == 2
    assert outcome.verdict.startswith("PASSED: ")


def test_the_verdict_is_printed_before_the_first_report_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ends the process while a report is made does not lose the verdict."""
    printed: list[str] = []

    def make(_: object) -> str:
        assert isinstance(sys.stdout, io.StringIO)
        printed.append(sys.stdout.getvalue())
        return ""

    from contract_tests.reports import files

    monkeypatch.setitem(files.WRITERS, "junit", ("junit.xml", make))
    outcome = run(tmp_path, "--report", "junit")
    assert printed == [outcome.out]
    assert "FAILED: 1 failure" in printed[0]


def test_a_baseline_that_cannot_be_written_loses_no_verdict(tmp_path: Path) -> None:
    """The run was made, so what it found is printed."""
    full(tmp_path, f".known.yaml.{os.getpid()}")
    owner = ("--baseline-owner", "me", "--baseline-reason", "first run")
    outcome = run(tmp_path, "--write-baseline", str(tmp_path / "known.yaml"), *owner, "--quiet")
    assert outcome.code == 1
    assert "known.yaml: cannot be written (No space left on device)" in outcome.err


@pytest.mark.slow
def test_standard_output_on_a_full_disk_loses_only_itself(tmp_path: Path) -> None:
    """The reports are written, and the exit code is that of the verdict."""
    words = ["--mock", *SHORT, "--report", "json", "--report-dir", str(tmp_path), "--quiet"]
    with faulty.mock("text_for_number") as mock, FULL.open("w") as disk:
        done = subprocess.run(
            [sys.executable, "-m", "contract_tests", "run", mock.url, *words],
            cwd=PROJECT,
            env=environment(),
            stdout=disk,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1, done.stderr
    assert done.stderr == (
        "contract-tests: standard output: cannot be written (No space left on device)\n"
    )
    assert (tmp_path / "report.json").exists()


def test_the_help_of_each_judging_command_says_how_lost_reports_count() -> None:
    """The exit codes of the help name the rule."""
    for command in ("run", "replay", "proxy"):
        assert command in COMMANDS
        text = " ".join(kit(command, "--help").out.split())
        assert "A report file that cannot be written is named on standard error" in text
