"""``mockserver resources``: what is inferred from a document."""

from __future__ import annotations

from pathlib import Path

from mockserver.openapi.contract import Contract
from mockserver.resources.inference import infer
from mockserver.resources.table import lines


def table(spec: Path) -> list[str]:
    """Return the lines of the table of a document. Raises FileError."""
    contract = Contract.load(spec)
    return list(lines(contract, infer(contract)))
