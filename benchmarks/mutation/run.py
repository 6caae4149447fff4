"""``make mutants``: runs both tools on faulty servers, and writes benchmarks/MUTANTS.md."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from functools import partial
from importlib.metadata import version
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.errors import BenchError
from benchmarks.machine import hardware
from benchmarks.mutation import judges, pieces
from benchmarks.mutation.judges import Verdict
from benchmarks.mutation.subjects import CORRECT, Mutant, mutants
from benchmarks.mutation.table import Results, markdown

TARGET = Path(__file__).resolve().parents[1] / "MUTANTS.md"
SEEDS = range(1, 21)
OTHER_SEEDS = range(2, 7)
STOCK_SEEDS = range(1, 4)
STOCK_STRIDE = 12
"""Stock Schemathesis tests every twelfth fault: a run takes as long as 15 of the kit."""

Judge = Callable[[str, int], Verdict]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all faults and write the page, or measure named faults and print it."""
    flags = _parser().parse_args(arguments)
    chosen = flags.faults
    try:
        known = mutants()
        results = Results(
            [mutant for mutant in known if mutant.name in chosen] if chosen else known
        )
        measure(results, flags.jobs, flags.log, everything=not chosen)
    except BenchError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2
    pieces.save(results.kit.values())
    packages = ("schemathesis", "hypothesis", "openapi-core")
    page = markdown(
        results,
        hardware() | {"Versions": ", ".join(f"{name} {version(name)}" for name in packages)},
    )
    if chosen:
        print(page)
    else:
        TARGET.write_text(page, encoding="utf-8")
        print(page.partition("## Every fault")[0])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutation.run", description=__doc__)
    parser.add_argument(
        "faults", nargs="*", help="only these, by the kit; the table is printed instead of written"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), metavar="N", help="servers at a time"
    )
    parser.add_argument("--log", type=Path, help="append a line for each verdict to this file")
    return parser


def measure(results: Results, jobs: int | None, log: Path | None, *, everything: bool) -> None:
    """Run both tools on every server."""
    started = time.monotonic()
    with ProcessPoolExecutor(jobs) as pool:
        tasks = _tasks(results, everything=everything)
        futures: dict[Future[Verdict], Callable[[Verdict], None]] = {
            pool.submit(judge, fault, seed): keep for judge, fault, seed, keep in tasks
        }
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns) as progress:
            bar = progress.add_task("servers", total=len(futures))
            for future in as_completed(futures):
                verdict = future.result()
                futures[future](verdict)
                if log is not None:
                    _append(log, verdict)
                progress.advance(bar)
    results.seconds = time.monotonic() - started


def _append(log: Path, verdict: Verdict) -> None:
    found = f"found by {verdict.found_by}" if verdict.found_by else str(len(verdict.failures))
    facts = f"{found}, {verdict.requests} requests, {verdict.seconds:.1f} s"
    with log.open("a", encoding="utf-8") as file:
        file.write(f"{verdict.fault} seed {verdict.seed}: {facts}\n")


Task = tuple[Judge, str, int, Callable[[Verdict], None]]


def _tasks(results: Results, *, everything: bool) -> list[Task]:
    """Return the runs, long ones first so that none is left over at the end."""

    def keep_by_fault(kept: dict[str, Verdict]) -> Callable[[Verdict], None]:
        return lambda verdict: kept.update({verdict.fault: verdict})

    first = pieces.load()
    tasks: list[Task] = []
    if everything:
        tasks += [(judges.kit, CORRECT, seed, results.kit_on_correct.append) for seed in SEEDS]
        tasks += [
            (judges.stock, CORRECT, seed, results.stock_on_correct.append) for seed in STOCK_SEEDS
        ]
        tasks += [
            (judges.stock, mutant.name, 1, keep_by_fault(results.stock))
            for mutant in results.mutants[::STOCK_STRIDE]
        ]
    tried = sorted(results.mutants, key=lambda mutant: mutant.name in first)
    tasks += [
        (
            partial(judges.kit, first=first.get(mutant.name)),
            mutant.name,
            1,
            keep_by_fault(results.kit),
        )
        for mutant in tried
    ]
    if everything:
        tasks += [
            (
                partial(judges.kit, first=first.get(mutant.name)),
                mutant.name,
                seed,
                results.again.append,
            )
            for mutant in _one_of_each_group(results.mutants)
            for seed in OTHER_SEEDS
        ]
    return tasks


def _one_of_each_group(mutants: Sequence[Mutant]) -> list[Mutant]:
    return list({mutant.group: mutant for mutant in mutants}.values())


if __name__ == "__main__":
    sys.exit(main())
