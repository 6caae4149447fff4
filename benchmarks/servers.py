"""The measured servers: started on a free port, observed from outside, and always ended."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.errors import BenchError
from benchmarks.scenarios import BALANCE_PATH, Scenario, random_key

PROJECT = Path(__file__).resolve().parent.parent
_ANSWERS_WITHIN_SECONDS = 60.0
_ENDS_WITHIN_SECONDS = 5.0
_KIB_PER_MIB = 1024
_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Program:
    """A server that can be started."""

    name: str
    command: tuple[str, ...]
    """The command, in which ``{port}`` is replaced by the port."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    name: str
    pid: int
    port: int
    first_response_seconds: float
    """From the start of the process to its first response, a balance with status 200."""

    def memory_mib(self) -> float:
        """Return the resident memory of the process."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / _KIB_PER_MIB
        raise BenchError(f"{self.name} has ended, its memory cannot be read")

    def cpu_seconds(self) -> float:
        """Return the processor time of the process with all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _CLOCK_TICKS


def ours() -> Program:
    """Return this server as ``mockserver serve`` starts it: one process, all validation on."""
    command = (sys.executable, "-m", "mockserver", "serve", "--quiet", "--port", "{port}")
    return Program("mockserver", command)


def do_nothing() -> Program:
    """Return the server that shows the limit of the load generator."""
    return Program("do-nothing server", (sys.executable, "-m", "benchmarks.ceiling", "{port}"))


@contextmanager
def running(
    program: Program,
    target: str = BALANCE_PATH,
    *,
    patience: float = _ANSWERS_WITHIN_SECONDS,
    is_ready: Callable[[int], bool] = lambda status: status == 200,
) -> Iterator[Server]:
    """Run a server until the end of the block. Raises BenchError if it does not start.

    It has started with the first response to a GET of the target whose status makes it ready.
    """
    port = free_port()
    command = [word.format(port=port) for word in program.command]
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            cwd=PROJECT,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            if not _responds(process, port, target, patience, is_ready):
                log.seek(0)
                raise BenchError(f"{program.name} did not start: {_last_line(log.read())}")
            yield Server(program.name, process.pid, port, time.perf_counter() - started)
        finally:
            _end(process)


def ask(
    server: Server, scenario: Scenario, connection: http.client.HTTPConnection | None = None
) -> object:
    """Return the JSON of a response. Raises BenchError if it is not a 200."""
    client = connection or http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"X-API-Key": scenario.key or random_key(), "Content-Type": "application/json"}
    client.request(scenario.method, scenario.path, scenario.body or None, headers)
    response = client.getresponse()
    content = response.read()
    if connection is None:
        client.close()
    if response.status != 200:
        raise BenchError(
            f"{server.name} gave {response.status} for {scenario.name}: {content[:200]!r}"
        )
    return json.loads(content)


def _responds(
    process: subprocess.Popen[bytes],
    port: int,
    target: str,
    patience: float,
    is_ready: Callable[[int], bool],
) -> bool:
    """Wait for the first good response; return False if the process ended or stayed silent."""
    give_up = time.perf_counter() + patience
    while process.poll() is None and time.perf_counter() < give_up:
        try:
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            client.request("GET", target, headers={"X-API-Key": "sk_test_default"})
            response = client.getresponse()
            response.read()
            client.close()
            if is_ready(response.status):
                return True
        except OSError:
            pass
        time.sleep(0.002)
    return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_ENDS_WITHIN_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment() -> dict[str, str]:
    """Return the environment without settings that change the server's defaults.

    Compiled modules are kept, as in an installation: compiling them takes 0.3 s of each start.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("MOCKSERVER_") and name != "PYTHONDONTWRITEBYTECODE"
    }


def _last_line(log: bytes) -> str:
    lines = log.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
