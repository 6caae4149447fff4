"""``python -m benchmarks.documents``: many documents served by this mock and by Prism."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from benchmarks import prism
from benchmarks.documents.measuring import Figures, Limits, measured
from benchmarks.documents.reading import read
from benchmarks.documents.report import Row, report
from benchmarks.documents.sources import PUBLIC_VARIABLE, Document, documents
from benchmarks.documents.subjects import MOCK, PRISM, Subject
from benchmarks.errors import BenchError

_OUTPUT = Path(__file__).resolve().parent.parent / "DOCUMENTS.md"


def main() -> int:
    """Measure, print and write the results."""
    flags = _flags()
    limits = Limits(flags.operations, flags.resources, flags.seconds, flags.start_seconds)
    subjects = [MOCK] if flags.no_prism else [MOCK, PRISM]
    try:
        version = "" if flags.no_prism else prism.find()
        rows = [
            _row(document, subjects, limits)
            for document in documents(flags.public, flags.only or [])
        ]
    except BenchError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 2
    text = report(rows, version, limits)
    print(text)
    if flags.failures:
        _write_failures(flags.failures, rows)
    if not flags.only and not flags.no_prism:
        flags.output.write_text(text, encoding="utf-8")
    return 0


def _row(document: Document, subjects: list[Subject], limits: Limits) -> Row:
    began = time.perf_counter()
    reading = read(document.path)
    figures = {subject.name: measured(subject, document, reading, limits) for subject in subjects}
    row = Row(document, reading.version, reading.count, figures)
    seconds = time.perf_counter() - began
    print(f"{document.name}: {_brief(figures)} in {seconds:.1f} s", file=sys.stderr)
    return row


def _brief(figures: dict[str, Figures]) -> str:
    return "; ".join(
        found.reason[:60]
        or f"{name} answered {found.answered.good}/{found.answered.all}"
        f" valid {found.valid.good}/{found.valid.all}"
        f" refused {found.refused.good}/{found.refused.all}"
        f" stateful {found.stateful.good}/{found.stateful.all}"
        for name, found in figures.items()
    )


def _write_failures(path: Path, rows: list[Row]) -> None:
    found = [asdict(figures) for row in rows for figures in row.figures.values()]
    path.write_text(json.dumps(found, indent=1), encoding="utf-8")


def _flags() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.documents")
    parser.add_argument("--only", action="append", metavar="NAME", help="a document; may repeat")
    parser.add_argument("--no-prism", action="store_true", help="measure this mock alone")
    parser.add_argument(
        "--public",
        type=Path,
        metavar="FOLDER",
        help=f"the folder of public documents [{PUBLIC_VARIABLE}]",
    )
    parser.add_argument("--operations", type=int, default=40, help="most operations of a document")
    parser.add_argument("--resources", type=int, default=12, help="most resources of a document")
    parser.add_argument("--seconds", type=float, default=10.0, help="per document and mock")
    parser.add_argument("--start-seconds", type=float, default=30.0, help="patience with a start")
    parser.add_argument("--failures", type=Path, metavar="FILE", help="write failures as JSON")
    parser.add_argument("--output", type=Path, default=_OUTPUT)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
