"""Starts a server of a checkout as a process, and ends it."""

from __future__ import annotations

import http.client
import os
import random
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

NOW = "2026-03-18T12:00:00Z"
SEED = "1"
_START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_PORTS = range(20_000, 32_000)
"""Below the ephemeral ports, and of five digits, so that the length of a body never varies."""


class RecordingError(Exception):
    """A program of the checkout did not start or did not end."""


def python(checkout: Path) -> str:
    """Return the interpreter of a checkout's environment."""
    return str(checkout / ".venv" / "bin" / "python")


def environment() -> dict[str, str]:
    """Return the environment without variables that change what the programs do."""
    dropped = ("MOCKSERVER_", "BILLING_", "PYTHON", "HYPOTHESIS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**kept, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def free_port() -> int:
    """Return a port of five digits on which nobody listens."""
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RecordingError("no port is free")


@contextmanager
def mock(checkout: Path, flags: Sequence[str] = (), *, module: str = "mockserver") -> Iterator[int]:
    """Start a server of ``checkout`` and yield its port; ``flags`` come after the fixed ones."""
    port = free_port()
    fixed = ("--seed", SEED, "--now", NOW, "--port", str(port))
    command = [python(checkout), "-m", module, *fixed, *flags]
    process = subprocess.Popen(
        command,
        cwd=checkout,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(process, port)
        yield port
    finally:
        _stop(process)


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.request("GET", "/docs/start.js")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise RecordingError(f"{process.args!r} did not start")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
