"""The command line, run in this process or as a separate process."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from contract_tests.cli import main

PROJECT = Path(__file__).resolve().parents[2]
KEY = "planted-key-5up3rs3cr3t"

_FORECAST = re.compile(r"\A(  (about|at most|the first response took) [\d,]+ .*\n)+")


@dataclass(frozen=True)
class Outcome:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The only line on standard error, beside the forecast of a run."""
        assert self.out == ""
        err = _FORECAST.sub("", self.err)
        assert err.startswith("contract-tests: ")
        assert err.count("\n") == 1, f"not one line: {err}"
        return err.removeprefix("contract-tests: ").rstrip("\n")

    @property
    def verdict(self) -> str:
        """The last line of the report."""
        return self.out.rstrip("\n").rsplit("\n", 1)[-1]


def environment(**variables: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_KEY")}
    return {**kept, "COLUMNS": "120", "BILLING_API_KEY": KEY, **variables}


def kit(*words: str | Path, **variables: str) -> Outcome:
    """Run a command in this process. An exception that it does not catch fails the test."""
    before = signal.getsignal(signal.SIGTERM)
    out, err = io.StringIO(), io.StringIO()
    try:
        with (
            redirect_stdout(out),
            redirect_stderr(err),
            mock.patch.dict(os.environ, environment(**variables), clear=True),
            chdir(PROJECT),
        ):
            code = main([str(word) for word in words])
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        signal.signal(signal.SIGTERM, before)
    return Outcome(code, out.getvalue(), err.getvalue())


@contextmanager
def started(*words: str | Path, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Start the command as a process; kill it at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "contract_tests", *map(str, words)],
        cwd=PROJECT,
        env=environment(**variables),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=10)
