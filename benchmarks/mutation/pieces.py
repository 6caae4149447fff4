"""Which pieces of a run found each fault last time. They are tried first.

The file is renewed by every measurement. A fault that it does not name gets a whole run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from benchmarks.mutation.judges import Pieces, Verdict

FILE = Path(__file__).with_name("pieces.json")


def load() -> dict[str, Pieces]:
    """Return the pieces by fault."""
    found: dict[str, dict[str, list[str] | None]] = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        fault: {
            driver: None if names is None else frozenset(names) for driver, names in pieces.items()
        }
        for fault, pieces in found.items()
    }


def save(verdicts: Iterable[Verdict]) -> None:
    """Renew the pieces of faults that were found, and forget those of others."""
    known = load()
    for verdict in verdicts:
        known.pop(verdict.fault, None)
        if verdict.failures and verdict.pieces is not None:
            known[verdict.fault] = verdict.pieces
    lines = [
        f"  {json.dumps(fault)}: {json.dumps(_plain(pieces))}"
        for fault, pieces in sorted(known.items())
    ]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def _plain(pieces: Pieces) -> dict[str, list[str] | None]:
    return {driver: None if names is None else sorted(names) for driver, names in pieces.items()}
