"""``make mutants``: runs both tools on faulty servers, and writes benchmarks/MUTANTS.md."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from importlib.metadata import version
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks.errors import BenchError
from benchmarks.machine import hardware
from benchmarks.mutation import judges
from benchmarks.mutation.judges import Verdict
from benchmarks.mutation.subjects import CORRECT, Mutant, mutants
from benchmarks.mutation.table import Results, markdown

TARGET = Path(__file__).resolve().parents[1] / "MUTANTS.md"
SEEDS = range(1, 21)
OTHER_SEEDS = range(2, 7)
STOCK_SEEDS = range(1, 4)
STRIDE = 3
"""Every third fault is measured without ``--all``, which takes a quarter of an hour."""

Judge = Callable[[str, int], Verdict]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the faults and write the page, or measure named faults and print it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutation.run", description=__doc__)
    parser.add_argument(
        "faults", nargs="*", help="only these; the table is printed instead of written"
    )
    parser.add_argument(
        "--all", action="store_true", help=f"every fault, not every {STRIDE}rd; takes twice as long"
    )
    flags = parser.parse_args(arguments)
    chosen = flags.faults
    try:
        known = mutants()
        results = Results(
            [mutant for mutant in known if mutant.name in chosen] if chosen else known
        )
        if not chosen and not flags.all:
            results = Results(known[::STRIDE])
        results.known = len(known)
        measure(results, everything=not chosen)
    except BenchError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2
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


def measure(results: Results, *, everything: bool) -> None:
    """Run both tools on every server."""
    started = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
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
                futures[future](future.result())
                progress.advance(bar)
    results.seconds = time.monotonic() - started


Task = tuple[Judge, str, int, Callable[[Verdict], None]]


def _tasks(results: Results, *, everything: bool) -> list[Task]:
    def keep_by_fault(kept: dict[str, Verdict]) -> Callable[[Verdict], None]:
        return lambda verdict: kept.update({verdict.fault: verdict})

    tasks: list[Task] = [
        (judges.stock, CORRECT, seed, results.stock_on_correct.append) for seed in STOCK_SEEDS
    ]
    for mutant in results.mutants:
        tasks.append((judges.kit, mutant.name, 1, keep_by_fault(results.kit)))
        tasks.append((judges.stock, mutant.name, 1, keep_by_fault(results.stock)))
    seeds = SEEDS if everything else SEEDS[:1]
    tasks += [(judges.kit, CORRECT, seed, results.kit_on_correct.append) for seed in seeds]
    for mutant in _one_of_each_group(results.mutants):
        tasks += [(judges.kit, mutant.name, seed, results.again.append) for seed in OTHER_SEEDS]
    return tasks


def _one_of_each_group(mutants: Sequence[Mutant]) -> list[Mutant]:
    return list({mutant.group: mutant for mutant in mutants}.values())


if __name__ == "__main__":
    sys.exit(main())
