"""Tests in several processes give the result that they give in one."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_CONFTEST = """
import os, pytest

@pytest.fixture(scope="session", autouse=True)
def ended():
    yield
    with open(f"ended-{os.getpid()}", "x"):
        pass
"""
_GOOD = """
import pytest

@pytest.mark.parametrize("number", range(100))
def test_a_number_is_one(number):
    with open("numbers", "a") as file:
        file.write(f"{number}\\n")

def test_skipped():
    pytest.skip("not today")

@pytest.mark.xfail(strict=True)
def test_expected():
    assert not "expected"
"""
_BAD = """
import pytest

@pytest.fixture
def broken():
    raise KeyError("in a setup")

@pytest.fixture
def left():
    yield
    raise KeyError("in a teardown")

def test_fails():
    print("what it printed")
    assert 1 + 1 == 3

def test_errs(broken): pass
def test_leaves(left): pass
"""
_CRASH = "import os\ndef test_crash(): os._exit(7)\n"
_BROKEN = "import no_module_of_this_name\n"


def run(folder: Path, files: dict[str, str], *words: str) -> tuple[int, str]:
    """Run the tests of some files in processes; return the exit code and the output."""
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
    (folder / "conftest.py").write_text(_CONFTEST, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-p", "tests.forks", "--forks", "2", *words]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def test_every_test_runs_once_and_every_outcome_is_reported(tmp_path: Path) -> None:
    """Session fixtures end in each process, and a failure has what the test printed."""
    files = {f"good_{number}": _GOOD for number in range(4)}
    code, out = run(tmp_path, {**files, "bad": _BAD})
    assert code == 1
    assert re.search(
        r"^=+ 1 failed, 401 passed, 4 skipped, 4 xfailed, 2 errors in ", out, re.MULTILINE
    )
    assert sorted(map(int, (tmp_path / "numbers").read_text().split())) == sorted([*range(100)] * 4)
    assert 1 <= len(list(tmp_path.glob("ended-*"))) <= 2
    for shown in ("assert (1 + 1) == 3", "what it printed", "in a setup", "in a teardown"):
        assert shown in out
    assert "ERROR at setup of test_errs" in out
    assert "ERROR at teardown of test_leaves" in out


def test_good_tests_pass(tmp_path: Path) -> None:
    """The exit code says so."""
    code, out = run(tmp_path, {"good": _GOOD, "more": _GOOD})
    assert code == 0, out
    assert " 200 passed, 2 skipped, 2 xfailed in " in out


@pytest.mark.parametrize(
    ("bad", "words", "code", "shown"),
    [
        (_CRASH, (), 1, "a process of tests ended with exit code 7"),
        (_CRASH.replace("7", "0"), (), 1, "tests have not ended: test_bad.py::test_crash ..."),
        (_BROKEN, (), 2, "No module named 'no_module_of_this_name'"),
        (_BAD, ("-x",), 1, "stopping after 1 failures"),
    ],
    ids=["a crash", "an exit", "a file that cannot be imported", "the first failure"],
)
def test_what_ends_the_run_is_told(
    tmp_path: Path, bad: str, words: tuple[str, ...], code: int, shown: str
) -> None:
    """The run fails, whatever the other processes do."""
    found, out = run(tmp_path, {"bad": bad, "good": _GOOD}, *words)
    assert found == code, out
    assert shown in out
