"""The servers under test: the mock with one named fault, and the correct mock."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchError

PROJECT = Path(__file__).resolve().parents[2]
CORRECT = "none"
NOW = "2026-03-18T12:00:00Z"
_COMMAND = (sys.executable, "-m", "tests.mutants")
_PATIENCE = 10


@dataclass(frozen=True)
class Mutant:
    """A fault that a server can be started with."""

    group: str
    name: str
    description: str


def mutants() -> list[Mutant]:
    """Return all known faults."""
    listing = subprocess.run(
        [*_COMMAND, "--list"], cwd=PROJECT, capture_output=True, text=True, check=True
    ).stdout
    return [Mutant(*line.split("\t", 2)) for line in listing.splitlines()]


@contextmanager
def running(fault: str, seed: int = 1) -> Iterator[str]:
    """Run a server with a fault until the end of the block, and yield its URL."""
    command = [*_COMMAND, "--fault", fault, "--port", "0", "--now", NOW, "--seed", str(seed)]
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    server = subprocess.Popen(
        command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
    )
    try:
        url = (server.stdout.readline() if server.stdout else b"").decode().strip()
        if not url.startswith("http://"):
            raise BenchError(
                f"the server with the fault '{fault}' does not start; "
                f"run: python -m tests.mutants --fault {fault}"
            )
        yield url
    finally:
        server.terminate()
        server.wait(timeout=_PATIENCE)
        if server.stdout:
            server.stdout.close()
