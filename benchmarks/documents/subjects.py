"""The mocks that serve a document."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import prism, servers
from benchmarks.errors import BenchError
from benchmarks.servers import Program, Server


@dataclass(frozen=True, slots=True)
class Subject:
    """A mock, and whether it serves the document below its base path."""

    name: str
    has_base_path: bool

    def program(self, document: Path) -> Program:
        """Return what serves a document."""
        if self.name == PRISM.name:
            return prism.program(document)
        command = (sys.executable, "-m", "mockserver", "serve", "--quiet", "--port", "{port}")
        return Program(self.name, (*command, "--spec", str(document)))


MOCK = Subject("mockserver", has_base_path=True)
PRISM = Subject("Prism", has_base_path=False)


@contextmanager
def running(subject: Subject, document: Path, target: str, patience: float) -> Iterator[Server]:
    """Serve a document until the end of the block, from its first response on.

    Raises BenchError with the last line of the mock if it ends or stays silent.
    """
    program = subject.program(document)
    with servers.running(program, target, patience=patience, is_ready=_any_response) as server:
        yield server


def _any_response(status: int) -> bool:
    return status > 0


def reason(error: BenchError) -> str:
    """Return why a mock did not start, without its name and the folder of the document."""
    text = str(error).partition("did not start:")[2].strip() or str(error)
    words = [word.rpartition("/")[2] if word.startswith("/") else word for word in text.split()]
    return " ".join(words)[:200]
