"""The measurements: functions from servers to plain figures."""

from __future__ import annotations

import http.client
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from benchmarks.errors import BenchError
from benchmarks.load import Job, Result
from benchmarks.scenarios import BALANCE, Scenario
from benchmarks.servers import PROJECT, Program, Server, ask, running

WARM_UP_SECONDS = 2.0
_LOAD_STARTS_AND_ENDS_WITHIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """The size of all measurements."""

    rounds: int
    seconds: float
    """The length of a round."""
    connections: int
    starts: int
    new_keys: int


@dataclass(frozen=True, slots=True)
class Round:
    """One server under one kind of request for a while."""

    per_second: float
    cpu_microseconds: float
    """The server's processor time per request."""
    generator_busy: float
    responses: int
    errors: int
    first_error: str
    bytes_per_response: int


@dataclass(slots=True)
class Series:
    """All rounds of one server and one kind of request; rounds with errors are not counted."""

    server: Server
    scenario: Scenario
    entries: int | None = None
    """The number of transactions in a response that is a page."""
    warm_up: Round | None = None
    rounds: list[Round] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.server.name

    @property
    def good(self) -> list[Round]:
        return [round_ for round_ in self.rounds if not round_.errors]

    @property
    def speeds(self) -> list[float]:
        """Return requests per second of each good round. Raises BenchError if there is none."""
        if not self.good:
            why = self.rounds[-1].first_error if self.rounds else "nothing was measured"
            raise BenchError(
                f"{self.name}, {self.scenario.name}: every round had errors, the last: {why}"
            )
        return [round_.per_second for round_ in self.good]

    @property
    def per_second(self) -> float:
        return statistics.median(self.speeds)

    @property
    def responses(self) -> int:
        """The number of good responses, including the warm-up."""
        warm_up = [self.warm_up] if self.warm_up else []
        return sum(round_.responses for round_ in [*warm_up, *self.rounds])

    @property
    def cpu_microseconds(self) -> float:
        return statistics.median(round_.cpu_microseconds for round_ in self.good)


@dataclass(slots=True)
class Starts:
    """Several starts of one program."""

    seconds: list[float] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)


def starts(programs: Sequence[Program], times: int) -> dict[str, Starts]:
    """Start each program several times, in turn.

    The first start of each fills the file caches and is not counted.
    """
    found = {program.name: Starts() for program in programs}
    for number in range(times + 1):
        for program in programs:
            with running(program) as server:
                if number:
                    found[program.name].seconds.append(server.first_response_seconds)
                    found[program.name].memory_mib.append(server.memory_mib())
    return found


def compare(subjects: Sequence[tuple[Server, Scenario]], plan: Plan) -> list[Series]:
    """Drive each subject in turn, round by round, after a warm-up."""
    found = [Series(server, scenario, _entries(server, scenario)) for server, scenario in subjects]
    for run in found:
        run.warm_up = _drive(run.server, run.scenario, plan, WARM_UP_SECONDS)
    for _ in range(plan.rounds):
        for run in found:
            run.rounds.append(_drive(run.server, run.scenario, plan, plan.seconds))
    return found


@dataclass(frozen=True, slots=True)
class FirstRequests:
    """The first requests of new keys: their duration and their cost."""

    milliseconds: list[float]
    cpu_milliseconds: float
    """The server's mean processor time for each."""


def first_requests(server: Server, keys: int) -> FirstRequests:
    """Send the first requests of many random keys, in turn on one connection."""
    cpu = server.cpu_seconds()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    found = []
    for _ in range(keys):
        started = time.perf_counter()
        ask(server, BALANCE, connection)
        found.append((time.perf_counter() - started) * 1_000)
    connection.close()
    return FirstRequests(found, (server.cpu_seconds() - cpu) / keys * 1_000)


def _drive(server: Server, scenario: Scenario, plan: Plan, seconds: float) -> Round:
    job = Job(server.port, scenario.request().decode("ascii"), plan.connections, seconds)
    cpu = server.cpu_seconds()
    result = _generate(job)
    cpu = server.cpu_seconds() - cpu
    return Round(
        per_second=result.responses / result.seconds,
        cpu_microseconds=cpu / max(result.responses, 1) * 1e6,
        generator_busy=result.busy,
        responses=result.responses,
        errors=result.errors,
        first_error=result.first_error,
        bytes_per_response=result.bytes_per_response,
    )


def _generate(job: Job) -> Result:
    """Run the load generator in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.load"]
    patience = job.seconds + _LOAD_STARTS_AND_ENDS_WITHIN_SECONDS
    try:
        done = subprocess.run(
            command,
            input=json.dumps(asdict(job)),
            cwd=PROJECT,
            capture_output=True,
            text=True,
            timeout=patience,
            check=True,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise BenchError(f"the load generator failed: {error}") from None
    return Result(**json.loads(done.stdout))


def _entries(server: Server, scenario: Scenario) -> int | None:
    response = ask(server, scenario)
    page = response.get("transactions") if isinstance(response, dict) else None
    return len(page) if page is not None else None
