"""Measures the time and memory for pages of 250 to 1,000 operations whose schemas form a ring.

    .venv/bin/python -m benchmarks.docs_scale

Each run is the command in a process of its own; the best of three counts. The system attributes
this program's own memory (about 50 MB) to runs that need less.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from mockserver import packaged
from mockserver.docs.formats import FORMATS
from tests.docs.large import document

OPERATIONS = (250, 500, 750, 1_000)
RUNS = 3


def main() -> None:
    """Print one table row for each size, then for this project's contract."""
    print("| format | operations | seconds | CPU seconds | peak MB | pages MB |")
    print("|---|---|---|---|---|---|")
    with TemporaryDirectory() as folder:
        specs = {str(number): _written(Path(folder), number) for number in OPERATIONS}
        for name, spec in {**specs, "the contract": packaged.spec()}.items():
            for format in FORMATS:
                best = min(_run(spec, format) for _ in range(RUNS))
                print(
                    f"| {format} | {name} | "
                    + " | ".join(f"{figure:.2f}" for figure in best)
                    + " |"
                )


def _written(folder: Path, operations: int) -> Path:
    path = folder / f"{operations}.yaml"
    path.write_text(
        yaml.dump(document(operations), Dumper=yaml.CSafeDumper, sort_keys=False), encoding="utf-8"
    )
    return path


def _run(spec: Path, format: str) -> tuple[float, float, float, float]:
    """Return seconds, CPU seconds, the peak memory and the size of the pages, both in MB."""
    with TemporaryDirectory() as out:
        command = [
            sys.executable,
            "-m",
            "mockserver",
            "docs",
            "--format",
            format,
            "--spec",
            str(spec),
            "--out",
            out,
        ]
        began = time.perf_counter()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}")
        size = sum(path.stat().st_size for path in Path(out).rglob("*") if path.is_file())
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1_024, size / 1_000_000


if __name__ == "__main__":
    main()
