"""``python -m benchmarks.run``: measure this server beside Prism, and write RESULTS.md.

Exit codes: 0 measured (whether targets are met or not), 2 something is missing or does not work.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import machine, measure, prism, report, scenarios
from benchmarks.errors import BenchError
from benchmarks.measure import Plan, Series
from benchmarks.report import Findings
from benchmarks.servers import Server, do_nothing, ours, running

_RESULTS = Path(__file__).resolve().parent / "RESULTS.md"
_EXIT_OK, _EXIT_USAGE, _EXIT_INTERRUPTED = 0, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark, and return the exit code."""
    flags = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_EXIT_INTERRUPTED))
    try:
        found = _measure(
            Plan(flags.rounds, flags.seconds, flags.connections, flags.starts, flags.new_keys)
        )
        markdown = report.text(found)
    except (BenchError, OSError) as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return _EXIT_USAGE
    except KeyboardInterrupt:
        return _EXIT_INTERRUPTED
    flags.output.write_text(markdown, encoding="utf-8")
    print("\n" + markdown)
    return _EXIT_OK


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.run", description="Measure this server beside Prism."
    )
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each kind of request (5)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a round (2)")
    parser.add_argument(
        "--connections", type=int, default=16, help="requests under way at once (16)"
    )
    parser.add_argument("--starts", type=int, default=5, help="starts of each server (5)")
    parser.add_argument(
        "--new-keys", type=int, default=50, help="new keys whose first request is timed (50)"
    )
    parser.add_argument(
        "--output", type=Path, default=_RESULTS, help="where to write (benchmarks/RESULTS.md)"
    )
    return parser


def _measure(plan: Plan) -> Findings:
    """Measure everything, after checking the requirements."""
    if not Path("/proc/self/status").exists():
        raise BenchError(
            "this machine has no /proc, from which memory and processor time are read: run it "
            "on Linux"
        )
    described = machine.describe(prism.find(), prism.node_version())
    _say("starting each server several times")
    starts = measure.starts([ours(), prism.program()], plan.starts)
    _say("what the load generator can reach")
    with running(do_nothing()) as server:
        (ceiling,) = measure.compare([(server, scenarios.BALANCE)], plan)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        full = prism.program(prism.spec_with_full_page(folder), "Prism, 100 entries")
        mock, other, full_page = (
            stack.enter_context(running(program)) for program in (ours(), prism.program(), full)
        )
        memory = {"after the start": _memory_after_start(starts)}
        balance = _compare([(mock, scenarios.BALANCE), (other, scenarios.BALANCE)], plan)
        page = _compare([(program, scenarios.PAGE) for program in (mock, other, full_page)], plan)
        ledgers = _compare([(mock, page) for page in _LEDGER_PAGES], plan)
        _say("first requests of new keys")
        new_keys = measure.first_requests(mock, plan.new_keys)
        memory["after all balances and pages"] = (mock.memory_mib(), other.memory_mib())
        deposit = _compare([(mock, scenarios.DEPOSIT), (other, scenarios.DEPOSIT)], plan)
        memory["after all deposits"] = (mock.memory_mib(), other.memory_mib())
    deposits = deposit[0].responses
    day = datetime.now(UTC).date()
    comparisons = [balance, page, deposit]
    return Findings(
        day, plan, described, starts, comparisons, ledgers, new_keys, memory, deposits, ceiling
    )


_LEDGER_PAGES = (
    scenarios.SHORT_LEDGER_PAGE,
    scenarios.LONG_LEDGER_PAGE,
    scenarios.LONG_LEDGER_LAST_PAGE,
)


def _compare(subjects: Sequence[tuple[Server, scenarios.Scenario]], plan: Plan) -> list[Series]:
    _say(subjects[0][1].name)
    return measure.compare(subjects, plan)


def _memory_after_start(starts: dict[str, measure.Starts]) -> tuple[float, float]:
    mine, prisms = (sorted(starts[name].memory_mib) for name in ("mockserver", "Prism"))
    return mine[len(mine) // 2], prisms[len(prisms) // 2]


def _say(what: str) -> None:
    print(f"{what} ...", flush=True)


if __name__ == "__main__":
    sys.exit(main())
