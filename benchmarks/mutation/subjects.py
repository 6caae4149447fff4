"""The servers under test: the mock with one named fault, and the correct mock."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from multiprocessing.context import ForkServerContext
from pathlib import Path
from socket import socket

PROJECT = Path(__file__).resolve().parents[2]
CORRECT = "none"
NOW = "2026-03-18T12:00:00+00:00"
_PATIENCE = 10
_PRELOADED = ["benchmarks.mutation.subjects", "tests.mutants.faults", "tests.mutants.server"]
"""Modules that are imported once for all servers, which would take most of a server's start."""


@dataclass(frozen=True)
class Mutant:
    """A fault that a server can be started with."""

    group: str
    name: str
    description: str


def mutants() -> list[Mutant]:
    """Return all known faults."""
    from tests.mutants.faults import ALL

    return [Mutant(fault.group, fault.name, fault.description) for fault in ALL]


@contextmanager
def running(fault: str, seed: int = 1) -> Iterator[str]:
    """Run a server with a fault until the end of the block, and yield its URL.

    Requests wait until the server is ready.
    """
    from tests.mutants.server import HOST, listen

    context = _context()
    listener = listen(0)
    url = f"http://{HOST}:{listener.getsockname()[1]}"
    server = context.Process(target=_serve, args=(fault, listener, seed), daemon=True)
    server.start()
    listener.close()
    try:
        yield url
    finally:
        server.terminate()
        server.join(_PATIENCE)
        if server.is_alive():
            server.kill()
            server.join()


def _context() -> ForkServerContext:
    """Return a context whose processes begin with the mock imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def _serve(fault: str, listener: socket, seed: int) -> None:
    from tests.mutants.faults import FAULTS
    from tests.mutants.server import serve

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    with suppress(KeyboardInterrupt):
        serve(FAULTS.get(fault), listener, now=datetime.fromisoformat(NOW), seed=seed)
