"""``mockserver docs``: its files, messages and exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mockserver import cli, packaged
from mockserver.docs import pages
from mockserver.docs.formats import FORMATS
from mockserver.docs.options import Options
from tests.cli.program import environment

ROOT = Path(__file__).resolve().parents[2]
SMALL = (
    'openapi: 3.0.3\ninfo: {title: Small, version: "1"}\npaths: {/x: {get: {summary: Größe, '
    'operationId: get_x, responses: {"200": {description: It.}}}}}\n'
)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A document of two lines."""
    path = tmp_path / "small.yaml"
    path.write_text(SMALL, encoding="utf-8")
    return path


def test_the_pages_of_the_contract_are_fresh() -> None:
    """After a change of the contract, run ``make generate-docs``."""
    made = pages.make(packaged.spec(), list(FORMATS), Options())
    assert pages.difference(ROOT / "docs", made) == ""


def test_pages_are_written_and_listed(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The folder is created and contains nothing else."""
    out = tmp_path / "a" / "b"
    assert cli.main(["docs", "--spec", str(small), "--out", str(out), "--format", "markdown"]) == 0
    names = ["reference.md", "reference/get_x.md", "llms.txt", "llms-full.txt"]
    assert capsys.readouterr() == ("".join(f"wrote {out / name}\n" for name in names), "")
    files = [path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()]
    assert sorted(files) == sorted(names)
    assert "**Größe**" in (out / "reference.md").read_text(encoding="utf-8")


def test_the_pages_of_another_document_name_their_own_command(small: Path, tmp_path: Path) -> None:
    """Without servers, its operations are those of the mock's root."""
    assert cli.main(["docs", "--spec", str(small), "--out", str(tmp_path / "out")]) == 0
    text = (tmp_path / "out" / "reference.md").read_text(encoding="utf-8")
    assert "Run `mockserver docs --spec small.yaml` to refresh" in text
    assert "**Servers**\n\n- `/`\n" in text
    assert "mockserver docs --spec small.yaml" in (tmp_path / "out" / "reference.html").read_text()


def test_fresh_pages_are_not_written(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is printed, and other files in the folder are left alone."""
    arguments = ["docs", "--spec", str(small), "--out", str(tmp_path / "out")]
    assert cli.main(arguments) == 0
    (tmp_path / "out" / "notes.txt").write_text("mine")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    capsys.readouterr()
    assert cli.main(arguments) == cli.main([*arguments, "--check"]) == 0
    assert capsys.readouterr() == ("", "")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == before


def test_a_stale_page_is_shown_as_a_diff(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--check`` exits with 1, prints a diff and the command to run, and writes nothing."""
    out = tmp_path / "out"
    cli.main(["docs", "--spec", str(small), "--out", str(out)])
    capsys.readouterr()
    small.write_text(SMALL.replace("Größe", "Weight"), encoding="utf-8")
    before = (out / "reference.md").read_bytes()
    assert cli.main(["docs", "--spec", str(small), "--out", str(out), "--check"]) == 1
    difference, said = capsys.readouterr()
    assert difference.startswith(f"--- {out / 'reference.md'}\n+++ {out / 'reference.md'}\n@@ ")
    assert "\n-**Größe**\n+**Weight**\n" in difference
    assert f"+++ {out / 'llms.txt'}\n" in difference
    command = f"mockserver docs --spec {small.name}"
    assert said == f"mockserver: {out} differs from the contract. Run '{command}'.\n"
    assert (out / "reference.md").read_bytes() == before


def test_a_missing_page_is_stale(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The diff shows the whole page, and the folder is not created."""
    out = tmp_path / "none"
    assert cli.main(["docs", "--spec", str(small), "--out", str(out), "--check"]) == 1
    assert capsys.readouterr().out.startswith(
        f"--- /dev/null\n+++ {out / 'reference.md'}\n@@ -0,0 +1,"
    )
    assert not out.exists()


def test_the_page_of_a_removed_operation_is_removed(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``--check`` shows it as stale. Files of other origin in the folder are left alone."""
    out = tmp_path / "out"
    arguments = ["docs", "--spec", str(small), "--out", str(out)]
    cli.main(arguments)
    (out / "reference" / "notes.md").write_text("mine")
    small.write_text(SMALL.replace("get_x", "get_y"), encoding="utf-8")
    capsys.readouterr()
    assert cli.main([*arguments, "--check"]) == 1
    assert f"--- {out / 'reference' / 'get_x.md'}\n" in capsys.readouterr().out
    assert cli.main(arguments) == cli.main([*arguments, "--check"]) == 0
    names = sorted(path.name for path in (out / "reference").iterdir())
    assert names == ["get_y.md", "notes.md"]


@pytest.mark.parametrize("there", [b"# Small", b"# Small\r\n", b"\xff\xfe"])
def test_other_bytes_are_stale(
    there: bytes, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A missing final newline, other line ends and binary content are differences."""
    (tmp_path / "reference.md").write_bytes(there)
    assert cli.main(["docs", "--spec", str(small), "--out", str(tmp_path), "--check"]) == 1
    assert "+# Small\n" in capsys.readouterr().out


def test_the_published_page_can_be_made(tmp_path: Path) -> None:
    """The flags are ``--provenance documented --examples placeholder``."""
    flags = ["--provenance", "documented", "--examples", "placeholder"]
    assert cli.main(["docs", *flags, "--out", str(tmp_path)]) == 0
    assert (
        (tmp_path / "reference.md")
        .read_text()
        .startswith("# Billing\n\nAPI reference for billing endpoints.\n")
    )


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--format", "pdf"], "--format must be "),
        (["--provenance", "guessed"], "--provenance must be documented or all, not 'guessed'"),
        (["--examples", "none"], "--examples must be realistic or placeholder, not 'none'"),
        (["--port", "80"], "unrecognized arguments: --port 80"),
        (["--chec"], "unrecognized arguments: --chec"),
    ],
)
def test_invalid_flags_are_rejected_in_one_line(
    words: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the flag and the values that it accepts."""
    try:
        code: object = cli.main(["docs", *words])
    except SystemExit as end:
        code = end.code
    said = capsys.readouterr().err
    assert code == 2
    assert said.startswith(f"mockserver: {expected}")
    assert said.count("\n") == 1


def test_an_impossible_folder_is_rejected_in_one_line(
    small: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file has the folder's name."""
    assert cli.main(["docs", "--spec", str(small), "--out", str(small / "out")]) == 2
    page = small / "out" / "reference.md"
    assert capsys.readouterr().err == f"mockserver: {page}: Not a directory\n"


def test_environment_variables_set_the_options(
    small: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A flag overrides its variable."""
    monkeypatch.setenv("MOCKSERVER_SPEC", str(small))
    monkeypatch.setenv("MOCKSERVER_OUT", str(tmp_path / "variable"))
    assert cli.main(["docs"]) == 0
    assert cli.main(["docs", "--out", str(tmp_path / "flag")]) == 0
    assert (tmp_path / "variable" / "llms.txt").read_bytes() == (
        tmp_path / "flag" / "llms.txt"
    ).read_bytes()


@pytest.mark.slow
def test_the_command_runs_from_any_folder(tmp_path: Path) -> None:
    """It writes into ``docs`` of the current folder, the same bytes for any hash seed."""
    command = [sys.executable, "-m", "mockserver", "docs"]
    for seed in ("1", "2"):
        variables = environment(PYTHONPATH=str(ROOT), PYTHONHASHSEED=seed)
        done = subprocess.run(
            command,
            cwd=tmp_path,
            env=variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ""
    assert (tmp_path / "docs" / "reference.md").read_bytes() == (
        ROOT / "docs" / "reference.md"
    ).read_bytes()


def test_help_lists_every_flag(capsys: pytest.CaptureFixture[str]) -> None:
    """The help also lists the exit codes."""
    with pytest.raises(SystemExit):
        cli.main(["docs", "--help"])
    said = capsys.readouterr().out
    for words in (
        "--format",
        "--out",
        "--spec",
        "--provenance",
        "--examples",
        "--guides",
        "--check",
        "exit codes:",
    ):
        assert words in said
