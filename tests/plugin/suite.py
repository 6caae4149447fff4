"""Somebody's test suite: written into a folder, and run by a pytest of its own."""

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
"""A conftest with a fixture by which tests leave facts behind; a short line is written in one piece."""


@dataclass(frozen=True)
class Outcome:
    """What a run of pytest said, and what its tests left behind."""

    code: int
    out: str
    err: str
    facts: list[dict[str, Any]]

    @property
    def counts(self) -> dict[str, int]:
        """``{"passed": 3, "errors": 1}``: how the tests ended."""
        last = self.out.rstrip().rsplit("\n", 1)[-1]
        return {
            word.rstrip("s"): int(count)
            for count, word in re.findall(r"(\d+) (passed|failed|errors?)", last)
        }

    def of(self, fact: str) -> dict[str, Any]:
        """One fact of each test, by the test's name."""
        return {each["test"]: each[fact] for each in self.facts}


def environment(**variables: str) -> dict[str, str]:
    """An environment without what this run of pytest left in it, and without plugins of others: they take a second.

    That pytest finds the plugin by itself, where it is installed, is tested with the wheel.
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
    """A suite of one file, with a configuration of its own."""
    (folder / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
    (folder / "conftest.py").write_text(REMEMBER)
    (folder / name).write_text(text)


def run(folder: Path, *words: str, cwd: Path | None = None, **variables: str) -> Outcome:
    """Run the suite of a folder; what tests left behind is of this run alone."""
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
