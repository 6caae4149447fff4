"""A user's test suite: written to a folder and run by pytest in a child process."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
WITHIN_SECONDS = 60

REMEMBER = """
import json
import os
import pathlib

import pytest

@pytest.fixture
def remember(request):
    def write(**facts):
        line = json.dumps({"test": request.node.name, "pid": os.getpid(), **facts}, default=str)
        with (request.config.rootpath / "facts").open("a") as file:
            file.write(line + "\\n")
    return write
"""
"""A conftest with a fixture that records facts of a test, one JSON line per test.

Short lines are written atomically, so that processes can share the file.
"""


@dataclass(frozen=True)
class Outcome:
    """The result of a pytest run: exit code, output and the facts that its tests recorded."""

    code: int
    out: str
    err: str
    facts: list[dict[str, Any]]

    @property
    def counts(self) -> dict[str, int]:
        """Number of tests by outcome, such as ``{"passed": 3, "error": 1}``."""
        last = self.out.rstrip().rsplit("\n", 1)[-1]
        return {
            word.rstrip("s"): int(count)
            for count, word in re.findall(r"(\d+) (passed|failed|errors?)", last)
        }

    def of(self, fact: str) -> dict[str, Any]:
        """Return one fact of all tests, by test name."""
        return {facts["test"]: facts[fact] for facts in self.facts}


def environment(**variables: str) -> dict[str, str]:
    """Return an environment without this run's settings and without other plugins (slow to load).

    A test of the wheel shows that pytest finds the installed plugin by its entry point.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "MOCKSERVER_"))
    }
    fixed = {"PYTHONPATH": str(ROOT), "COLUMNS": "200", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return {**kept, **fixed, **variables}


def command(*words: str) -> list[str]:
    plugins = ("-p", "mockserver.pytest_plugin", "-p", "xdist.plugin", "-p", "no:cacheprovider")
    return [sys.executable, "-m", "pytest", "-W", "error", *plugins, *words]


def write(folder: Path, text: str, *, name: str = "test_suite.py", ini: str = "") -> None:
    """Write a suite of one file, with a pytest configuration."""
    (folder / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
    (folder / "conftest.py").write_text(REMEMBER)
    (folder / name).write_text(text)


def run(folder: Path, *words: str, cwd: Path | None = None, **variables: str) -> Outcome:
    """Run the suite of a folder and collect the facts of this run."""
    (folder / "facts").unlink(missing_ok=True)
    done = subprocess.run(
        command(*words),
        cwd=cwd or folder,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=WITHIN_SECONDS,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr, facts_of(folder))


def facts_of(folder: Path) -> list[dict[str, Any]]:
    file = folder / "facts"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
