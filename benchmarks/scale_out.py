"""``python -m benchmarks.scale_out``: what two processes behind HAProxy reach beside one.

Uses the configuration of ``examples/scale-out``. Writes SCALE_OUT.md. Exit codes: 0 measured, 2 not
measured.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.drive import Job
from benchmarks.errors import BenchError
from benchmarks.prose import wrapped
from benchmarks.servers import PROJECT, Program, Server, ours, running
from benchmarks.throughput import drive

_RESULTS = Path(__file__).resolve().parent / "SCALE_OUT.md"
_CONFIGURATION = PROJECT / "examples" / "scale-out" / "haproxy.cfg"
_EXIT_OK, _EXIT_USAGE = 0, 2
_KINDS = ("reads", "mix")


@dataclass(slots=True)
class Deployment:
    """Some processes behind a balancer."""

    name: str
    balancer: Server
    mocks: Sequence[Server]
    rounds: dict[str, list[Round]] = field(default_factory=dict)
    """All rounds by kind of traffic."""

    def run(self, kind: str, seconds: float, connections: int, seed: int) -> Round:
        """Keep the deployment busy for one round. Raises BenchError."""
        servers = [self.balancer, *self.mocks]
        before = [server.cpu_seconds() for server in servers]
        result = drive(Job(self.balancer.port, kind, connections, seconds, seed))
        used = [server.cpu_seconds() - then for server, then in zip(servers, before, strict=True)]
        each = 1e6 / max(result.responses, 1)
        return Round(result.responses / result.seconds, sum(used[1:]) * each, used[0] * each)


@dataclass(frozen=True, slots=True)
class Round:
    """Requests per second, and the processor time of one request in microseconds."""

    speed: float
    mocks: float
    balancer: float


def _balancer(mocks: Sequence[Server]) -> Program:
    haproxy = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    if haproxy is None:
        raise BenchError("there is no HAProxy: apt-get install haproxy")
    first, last = mocks[0].port, mocks[-1].port
    variables = (
        "SCALE_OUT_BIND=127.0.0.1:{port}",
        f"SCALE_OUT_MOCK_1=127.0.0.1:{first}",
        f"SCALE_OUT_MOCK_2=127.0.0.1:{last}",
    )
    return Program("HAProxy", ("env", *variables, haproxy, "-db", "-f", str(_CONFIGURATION)))


def measure(rounds: int, seconds: float, connections: int) -> list[Deployment]:
    """Measure one process and two, in turn. Raises BenchError."""
    with ExitStack() as stack:
        deployments = []
        for name, count in (("one process", 1), ("two processes", 2)):
            mocks = [stack.enter_context(running(ours())) for _ in range(count)]
            balancer = stack.enter_context(running(_balancer(mocks)))
            deployments.append(Deployment(name, balancer, mocks))
        for kind in _KINDS:
            print(f"{kind} ...", flush=True)
            for number in range(rounds + 1):
                for deployment in deployments:
                    done = deployment.run(kind, seconds, connections, number)
                    if number:  # the first one warms up
                        deployment.rounds.setdefault(kind, []).append(done)
    return deployments


def text(found: Sequence[Deployment], seconds: float, connections: int) -> str:
    """Return the report in Markdown."""
    rows = []
    for kind in _KINDS:
        one = statistics.median(done.speed for done in found[0].rounds[kind])
        for deployment in found:
            rounds = deployment.rounds[kind]
            speed, mocks, balancer = (
                statistics.median(values)
                for values in zip(*((r.speed, r.mocks, r.balancer) for r in rounds), strict=True)
            )
            rows.append(
                f"| {kind} | {deployment.name} | {speed:,.0f} | {speed / one:.2f} "
                f"| {mocks:.0f} | {balancer:.0f} |"
            )
    hardware = machine.hardware()
    return "\n".join(
        [
            "# Two processes beside one",
            "",
            wrapped(
                f"Measured on {datetime.now(UTC).date().isoformat()} by "
                "`python -m benchmarks.scale_out`, which writes this file, behind HAProxy as in "
                "`examples/scale-out`."
            ),
            "",
            "| traffic | mocks | requests per second | against one "
            "| processor time of the mocks, us | of HAProxy, us |",
            "| --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            wrapped(
                f"- Medians of {len(found[0].rounds[_KINDS[0]])} rounds of {seconds:g} s, in turn, "
                f"over {connections} connections, each with one customer with a new key."
            ),
            wrapped(
                "- Mocks, HAProxy and the driver share this machine's cores. On two cores, one "
                "process is not alone on its core either, so the ratio is a lower bound."
            ),
            "",
            "| | |",
            "| --- | --- |",
            *(f"| {name} | {value} |" for name, value in hardware.items()),
            "",
        ]
    )


def main() -> int:
    """Measure, and return the exit code."""
    parser = argparse.ArgumentParser("python -m benchmarks.scale_out")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each (5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a round (2)")
    parser.add_argument("--connections", type=int, default=16, help="requests at once (16)")
    parser.add_argument("--output", type=Path, default=_RESULTS, help="where to write")
    flags = parser.parse_args()
    try:
        found = measure(flags.rounds, flags.seconds, flags.connections)
    except (BenchError, OSError, subprocess.TimeoutExpired) as error:
        print(f"scale_out: {error}", file=sys.stderr)
        return _EXIT_USAGE
    flags.output.write_text(text(found, flags.seconds, flags.connections), encoding="utf-8")
    print(flags.output.read_text(encoding="utf-8"))
    return _EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
