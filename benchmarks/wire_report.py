"""``python -m benchmarks.wire_report``: the figures of the server, written to WIRE.md.

Requests beside a bare uvicorn app and beside a warmed-up Prism, starts beside ``import connexion``,
and memory. Each ratio is taken within a round of one run, so that other load counts little.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks import machine, prism, wire
from benchmarks.errors import BenchError
from benchmarks.scenarios import BALANCE, DEPOSIT, PAGE, Scenario
from benchmarks.servers import Program, Server, ask, ours, running
from benchmarks.wire import Kind, Plan, Row

_OUTPUT = Path(__file__).resolve().parent / "WIRE.md"
_STARTS = 9


class Figure(NamedTuple):
    """One line of the table of targets."""

    name: str
    wanted: str
    measured: str
    is_met: bool


def main() -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser("python -m benchmarks.wire_report")
    wire.add_flags(parser)
    parser.add_argument("--output", type=Path, default=_OUTPUT)
    flags = parser.parse_args()
    plan = wire.plan_of(flags)
    try:
        version = prism.find()
        starts = list(_starts())
        memory = list(_memory())
        with ExitStack() as stack:
            bare = stack.enter_context(running(wire.uvicorn_program()))
            mock = stack.enter_context(running(ours()))
            rows = list(wire.measured(bare, mock, wire.kinds(wire.checkout_of(mock)), plan))
            other = stack.enter_context(running(prism.program()))
            beside = list(_beside_prism(mock, other, plan))
    except (BenchError, OSError) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    figures = [*_requests(rows), *beside, *starts, *memory]
    text = _text(figures, rows, version)
    flags.output.write_text(text, encoding="utf-8")
    print(text)
    return 0


def _requests(rows: list[Row]) -> Iterator[Figure]:
    for row in rows:
        peer = "one key" if row.name == wire.KEYS_IN_TURN else "bare uvicorn"
        name = f"{row.name}, against {peer}"
        met = row.ratio <= row.target
        yield Figure(name, f"<= {row.target:g} x", f"{row.ratio:.2f} x", met)


def _beside_prism(mock: Server, other: Server, plan: Plan) -> Iterator[Figure]:
    """Yield how much less processor time each scenario takes than in a warmed-up Prism."""
    for scenario, target in ((BALANCE, 16), (DEPOSIT, 12), (PAGE, 8)):
        kind = _kind(scenario)
        for server in (mock, other):
            for _ in range(3):
                wire.microseconds(server, kind, plan.seconds)
        ratios = [
            wire.microseconds(other, kind, plan.seconds)
            / wire.microseconds(mock, kind, plan.seconds)
            for _ in range(plan.rounds)
        ]
        ratio = median(ratios)
        name = f"{scenario.name}, cheaper than Prism"
        yield Figure(name, f">= {target} x", f"{ratio:.1f} x", ratio >= target)


def _kind(scenario: Scenario) -> Kind:
    return Kind(scenario.name, [scenario.request()], 200, 0)


# ------------------------------------------------------------------------------------------ starts


def _starts() -> Iterator[Figure]:
    """Yield the time to the first response, and its processor time beside an import."""
    seconds: list[float] = []
    processor: list[float] = []
    ratios: list[float] = []
    for _ in range(_STARTS):
        with running(ours()) as server:
            seconds.append(server.first_response_seconds)
            own = server.cpu_seconds()
        processor.append(own)
        ratios.append(own / _import_seconds())
    shown = f"{median(seconds):.2f} s, of which {median(processor):.2f} s on a processor"
    yield Figure("start to first response", "<= 0.20 s", shown, median(seconds) <= 0.20)
    ratio = median(ratios)
    name = "start to first response, processor time against `import connexion`"
    yield Figure(name, "<= 1.0 x", f"{ratio:.2f} x", ratio <= 1.0)


def _import_seconds() -> float:
    """Return the processor time of a process that imports Connexion."""
    process = os.posix_spawn(sys.executable, [sys.executable, "-c", "import connexion"], os.environ)
    usage = os.wait4(process, 0)[2]
    return usage.ru_utime + usage.ru_stime


# ------------------------------------------------------------------------------------------ memory


def _memory() -> Iterator[Figure]:
    """Yield the resident memory after the first response, with and without compiled modules."""
    for name, variables in (
        ("memory after the start", {}),
        ("memory after the start, nothing compiled", {"PYTHONDONTWRITEBYTECODE": "1"}),
    ):
        mib = median(_memory_after_start(variables) for _ in range(3))
        yield Figure(name, "<= 50 MB", f"{mib:.0f} MB", mib <= 50)


def _memory_after_start(variables: Mapping[str, str]) -> float:
    words = ["env", *(f"{name}={value}" for name, value in variables.items())]
    if variables:
        words.append("PYTHONPYCACHEPREFIX=/nonexistent")
    with running(Program("mockserver", (*words, *ours().command))) as server:
        ask(server, BALANCE)
        time.sleep(0.5)
        return server.memory_mib()


# ------------------------------------------------------------------------------------------- report


def _text(figures: list[Figure], rows: list[Row], version: str) -> str:
    facts = machine.describe(version, prism.node_version())
    lines = [
        "# The wire",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `make bench`, which writes this file.",
        "Figures are medians of rounds. The processor time of a request is that of the server's",
        "process; each ratio is taken within a round, the servers one after the other.",
        "",
        "| | wanted | measured | met |",
        "| --- | --- | --- | --- |",
        *map(_line, figures),
        "",
        "## Processor time of a request",
        "",
        "The last row is beside one key of mockserver instead of uvicorn.",
        "",
        "| request | mockserver, us | bare uvicorn, us | ratio |",
        "| --- | --- | --- | --- |",
        *(f"| {row.name} | {row.own:.1f} | {row.peer:.1f} | {row.ratio:.2f} |" for row in rows),
        "",
        "## Machine",
        "",
        "| | |",
        "| --- | --- |",
        *(f"| {name} | {value} |" for name, value in facts.items()),
        "",
    ]
    return "\n".join(lines)


def _line(figure: Figure) -> str:
    met = "yes" if figure.is_met else "no"
    return f"| {figure.name} | {figure.wanted} | {figure.measured} | {met} |"


if __name__ == "__main__":
    sys.exit(main())
