"""``python -m benchmarks.throughput``: the cost of the journal and of a webhook endpoint.

Writes THROUGHPUT.md. Exit codes: 0 measured and fast enough, 1 measured and too slow, 2 not
measured.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine
from benchmarks.customers import CONTROL
from benchmarks.drive import KINDS, Job
from benchmarks.errors import BenchError
from benchmarks.load import Result
from benchmarks.prose import wrapped
from benchmarks.servers import PROJECT, Program, Server, free_port, ours, running

_RESULTS = Path(__file__).resolve().parent / "THROUGHPUT.md"
_EXIT_OK, _EXIT_MISSED, _EXIT_USAGE = 0, 1, 2
MIN_RATIO = 0.8
_WARM_UP_SECONDS = 1.0
_IDLE_WITHIN_SECONDS = 30.0
_IDLE_SHARE = 0.05
_DRIVER_ENDS_WITHIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of all measurements."""

    rounds: int
    seconds: float
    connections: int


@dataclass(slots=True)
class Subject:
    """One configuration of the server."""

    name: str
    server: Server
    has_endpoint: bool = False


@dataclass(slots=True)
class Series:
    """All rounds of one subject and one kind of traffic."""

    kind: str
    subject: str
    speeds: list[float] = field(default_factory=list)
    cpu_microseconds: list[float] = field(default_factory=list)
    """The server's processor time for one request with its deliveries."""
    busy: list[float] = field(default_factory=list)

    @property
    def speed(self) -> float:
        return statistics.median(self.speeds)

    @property
    def cpu(self) -> float:
        return statistics.median(self.cpu_microseconds)


def measure(subjects: Sequence[Subject], plan: Plan) -> list[Series]:
    """Measure every kind of traffic for every subject, in turn. Raises BenchError."""
    found = []
    for kind in KINDS:
        print(f"{kind} ...", flush=True)
        several = [Series(kind, subject.name) for subject in subjects]
        for number in range(plan.rounds + 1):
            for subject, series in zip(subjects, several, strict=True):
                seconds = plan.seconds if number else _WARM_UP_SECONDS
                before = subject.server.cpu_seconds()
                result = drive(Job(subject.server.port, kind, plan.connections, seconds, number))
                _wait_until_idle(subject.server)
                if number:
                    used = subject.server.cpu_seconds() - before
                    series.speeds.append(result.responses / result.seconds)
                    series.cpu_microseconds.append(used / max(result.responses, 1) * 1e6)
                    series.busy.append(result.busy)
        found += several
    return found


def drive(job: Job) -> Result:
    """Keep a server busy from a process of its own. Raises BenchError."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.drive"],
        input=json.dumps(asdict(job)),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=job.seconds + _DRIVER_ENDS_WITHIN_SECONDS,
        check=False,
    )
    if done.returncode:
        raise BenchError(f"the driver failed: {done.stderr.strip().splitlines()[-1]}")
    result = Result(**json.loads(done.stdout))
    if result.errors:
        raise BenchError(f"{job.kind}: {result.errors} errors, the first: {result.first_error}")
    return result


def _wait_until_idle(server: Server) -> None:
    """Wait until all events are delivered, so that the next round does not pay for them."""
    give_up = time.perf_counter() + _IDLE_WITHIN_SECONDS
    while time.perf_counter() < give_up:
        before = server.cpu_seconds()
        time.sleep(0.2)
        if server.cpu_seconds() - before <= 0.2 * _IDLE_SHARE:
            return


def _register(server: Server, port: int) -> bool:
    """Register a receiver for all events; return False if this server has no webhooks."""
    client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body = json.dumps({"url": f"http://127.0.0.1:{port}/events"})
    client.request(
        "POST", f"{CONTROL}/webhook-endpoints", body, {"Content-Type": "application/json"}
    )
    status = client.getresponse().status
    client.close()
    if status not in (200, 404):
        raise BenchError(f"the webhook endpoint is refused with status {status}")
    return status == 200


@contextmanager
def _receiver() -> Iterator[int]:
    """Start a receiver of events, and yield its port."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.receiver", str(port)], cwd=PROJECT
    )
    try:
        time.sleep(0.5)
        yield port
    finally:
        process.terminate()
        process.wait()


def _with(program: Program, name: str, *flags: str) -> Program:
    return Program(name, (*program.command, *flags))


def compare(plan: Plan) -> list[Series]:
    """Run the server in each configuration, and measure."""
    with ExitStack() as stack:
        bare = stack.enter_context(running(_with(ours(), "neither", "--keep-requests", "0")))
        journal = stack.enter_context(running(_with(ours(), "journal")))
        subjects = [Subject("neither", bare), Subject("journal", journal)]
        both = stack.enter_context(running(_with(ours(), "journal and endpoint")))
        if _register(both, stack.enter_context(_receiver())):
            subjects.append(Subject("journal and endpoint", both, has_endpoint=True))
        return measure(subjects, plan)


def ratio(series: Series, all_series: Sequence[Series]) -> float:
    """Return the speed relative to the server with neither."""
    bare = next(
        other for other in all_series if other.kind == series.kind and other.subject == "neither"
    )
    return series.speed / bare.speed


def text(found: Sequence[Series], plan: Plan) -> str:
    """Return the report in Markdown."""
    rows = [
        f"| {result.kind} | {result.subject} | {result.speed:,.0f} "
        f"| {min(result.speeds):,.0f} - {max(result.speeds):,.0f} "
        f"| {ratio(result, found):.2f} | {result.cpu:.0f} |"
        for result in found
    ]
    note = (
        ""
        if any("endpoint" in result.subject for result in found)
        else " This server has no webhooks."
    )
    busiest = max(busy for result in found for busy in result.busy)
    return "\n".join(
        [
            "# Throughput with journal and webhooks",
            "",
            wrapped(
                f"Measured on {datetime.now(UTC).date().isoformat()} by "
                "`python -m benchmarks.throughput`, which writes this file. The target is at least "
                f"{MIN_RATIO} of the speed without journal and webhooks.{note}"
            ),
            "",
            "| traffic | with | requests per second | lowest - highest | ratio "
            "| processor time per request, us |",
            "| --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            wrapped(
                f"- Medians of {plan.rounds} rounds of {plan.seconds:g} s, the servers in turn, "
                "over "
                f"{plan.connections} connections, each with one customer with a new key and one "
                "request at a time."
            ),
            wrapped(
                "- *journal*: `/_mock/requests` keeps 1,000 requests, the default; *neither*: "
                "`--keep-requests 0`. *endpoint*: one webhook endpoint gets every event; it "
                "responds "
                "at once, from a process of its own."
            ),
            wrapped(
                "- *reads* and *mix* are the traffic of the soak; a *paid deposit* is two "
                "requests, "
                "one of them a payment over the control API, and half a dozen events."
            ),
            wrapped(
                "- Processor time includes the deliveries that the server made after a round for "
                "its events."
            ),
            wrapped(
                f"- The driver kept a core busy for at most {busiest:.0%} of the time; on two "
                "cores, "
                "driver, server and receiver share them."
            ),
            "",
            "| | |",
            "| --- | --- |",
            *(f"| {name} | {value} |" for name, value in machine.hardware().items()),
            "",
        ]
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, and return the exit code."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks.throughput", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--rounds", type=int, default=7, help="rounds of each (7)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a round (2)")
    parser.add_argument("--connections", type=int, default=8, help="requests under way at once (8)")
    parser.add_argument(
        "--output", type=Path, default=_RESULTS, help="where to write (benchmarks/THROUGHPUT.md)"
    )
    flags = parser.parse_args(arguments)
    plan = Plan(flags.rounds, flags.seconds, flags.connections)
    try:
        found = compare(plan)
    except (BenchError, OSError, subprocess.TimeoutExpired) as error:
        print(f"throughput: {error}", file=sys.stderr)
        return _EXIT_USAGE
    markdown = text(found, plan)
    flags.output.write_text(markdown, encoding="utf-8")
    print(markdown)
    return _EXIT_OK if all(ratio(result, found) >= MIN_RATIO for result in found) else _EXIT_MISSED


if __name__ == "__main__":
    sys.exit(main())
