"""The program, in this process or as a separate process, with bounded waits."""

from __future__ import annotations

import gc
import io
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn
from unittest import mock

import httpx

from mockserver.cli import main

COMMAND = (sys.executable, "-m", "mockserver")
_READY = "Press Ctrl-C to stop."
_START_SECONDS = 20
_END_SECONDS = 10


@dataclass
class Program:
    """A running process and its output so far."""

    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def stdout(self) -> str:
        return (self.folder / "stdout").read_text()

    @property
    def stderr(self) -> str:
        return (self.folder / "stderr").read_text()

    @property
    def url(self) -> str:
        """The address that it printed."""
        found = re.search(r"http://\S+", self.stdout)
        assert found is not None, self.stdout
        return found[0]

    def client(self, key: str | None = None) -> httpx.Client:
        headers = {"X-API-Key": key} if key is not None else {}
        return httpx.Client(
            base_url=self.url, headers=headers, timeout=10, trust_env=False, verify=False
        )

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if _READY in self.stdout:
                return
            assert self.process.poll() is None, (
                f"ended with {self.process.returncode}: {self.stderr}"
            )
            time.sleep(0.01)
        raise AssertionError(f"not ready after {_START_SECONDS} s: {self.stderr}")

    def end(self, number: signal.Signals) -> tuple[int, float]:
        """Send a signal, and return the exit code and the seconds until the end."""
        began = time.monotonic()
        self.process.send_signal(number)
        return self.process.wait(_END_SECONDS), time.monotonic() - began


def wait_for(condition: Callable[[], bool], seconds: float = 5) -> None:
    """Wait until something is true, such as that a line was written."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment with the given variables of the program only."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSERVER_")}
    return {**kept, "PYTHONPATH": "", "COLUMNS": "120", **variables}


@contextmanager
def launched(
    *arguments: str | Path, cwd: Path | None = None, **variables: str
) -> Iterator[Program]:
    """Start the program."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "stdout").open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
            process = subprocess.Popen(
                [*COMMAND, *map(str, arguments)],
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                cwd=cwd or folder,
                env=environment(**variables),
            )
        try:
            yield Program(process, folder)
        finally:
            process.kill()
            process.wait(_END_SECONDS)


@contextmanager
def serving(*arguments: str | Path, cwd: Path | None = None, **variables: str) -> Iterator[Program]:
    """Start the program and wait until it is ready."""
    with launched(*arguments, cwd=cwd, **variables) as program:
        program.wait_until_ready()
        yield program


def refusal(*arguments: str | Path, cwd: Path | None = None, **variables: str) -> str:
    """Return the one line with which the program refuses to start. It runs in this process."""
    out, err = io.StringIO(), io.StringIO()
    with (
        _restored_process(),
        redirect_stdout(out),
        redirect_stderr(err),
        mock.patch.dict(os.environ, environment(**variables), clear=True),
        chdir(cwd or Path.cwd()),
    ):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
    return _only_line(code, out.getvalue(), err.getvalue())


def refusal_of_a_process(*arguments: str | Path) -> str:
    """Return the one line with which a separate process refuses to start."""
    with launched(*arguments) as program:
        code = program.process.wait(_START_SECONDS)
        return _only_line(code, program.stdout, program.stderr)


def _only_line(code: int, stdout: str, stderr: str) -> str:
    assert "Traceback" not in stderr, stderr
    assert code == 2, f"exit code {code}: {stderr}"
    assert stdout == ""
    assert stderr.startswith("mockserver: ")
    assert stderr.count("\n") == 1, f"more than one line: {stderr}"
    assert stderr.endswith("\n")
    return stderr.strip()


@contextmanager
def _restored_process() -> Iterator[None]:
    """Undo what the program changes in its process. Fail if it serves instead of refusing."""

    def too_long(*_: object) -> NoReturn:
        raise AssertionError(f"did not end within {_START_SECONDS} s")

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)
    handlers = [signal.getsignal(number) for number in numbers]
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(_START_SECONDS)
    try:
        with warnings.catch_warnings():
            # The end of a process closes the socket that it listens on.
            warnings.simplefilter("ignore", ResourceWarning)
            yield
    finally:
        signal.alarm(0)
        for number, handler in zip(numbers, handlers, strict=True):
            signal.signal(number, handler)
        gc.enable()
