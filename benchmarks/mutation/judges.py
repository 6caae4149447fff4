"""The two tools that are compared: the kit, and stock Schemathesis."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchError
from benchmarks.mutation.subjects import CORRECT, PROJECT, running

SPEC = PROJECT / "spec" / "openapi.yaml"
STOCK_EXAMPLES = 10
"""Examples per operation for stock Schemathesis. Its default of 100 takes far longer."""
KIT_EXAMPLES = 5
_PATIENCE = 300

Failure = tuple[str, str]
"""Operation and check."""
Pieces = dict[str, frozenset[str] | None]
"""Pieces of a run of the kit by driver; None for all pieces of a driver."""


@dataclass(frozen=True)
class Verdict:
    """The verdict of one tool on one server."""

    fault: str
    seed: int
    failures: frozenset[Failure]
    """Operation and check, or rule, of each failure."""
    found_by: str
    """The part of the tool that found the first failure."""
    seconds: float
    requests: int = 0
    pieces: Pieces | None = None
    """The pieces of the run that found the failures, if they are known."""


def kit(fault: str, seed: int, first: Pieces | None = None) -> Verdict:
    """Run the kit with all requests allowed, up to the first failure on a faulty server.

    The pieces that found the fault last time run first, and everything only if they find nothing.
    """
    verdict = _run_kit(fault, seed, first) if first is not None else None
    return verdict if verdict is not None and verdict.failures else _run_kit(fault, seed, None)


def _run_kit(fault: str, seed: int, chosen: Pieces | None) -> Verdict:
    """Run the chosen pieces of the kit, or everything, on a server of its own."""
    from contract_tests import last_failed
    from contract_tests.context import Run
    from contract_tests.openapi.contract import Contract
    from contract_tests.runner import knowledge_of, perform
    from contract_tests.settings import Settings
    from contract_tests.shard import Portion

    with running(fault, seed) as url:
        settings = Settings(
            url, SPEC, mock=True, seed=seed, max_examples=KIT_EXAMPLES, fail_fast=fault != CORRECT
        )
        started = time.monotonic()
        contract = Contract.load(SPEC)
        run = Run(settings, contract, knowledge_of(contract), portion=Portion(failed=chosen))
        perform(run)
        result = run.result()
        seconds = time.monotonic() - started
    if result.broken:
        raise BenchError(f"the kit broke on '{fault}': {result.broken[0]}")
    failures = frozenset(
        (failure.operation, f"{failure.kind}: {failure.keyword}") for failure in result.failures
    )
    first = result.failures[0].source if result.failures else ""
    pieces = last_failed.pieces_of(result) if failures else None
    return Verdict(fault, seed, failures, first, seconds, result.exchanges, pieces)


def stock(fault: str, seed: int) -> Verdict:
    """Run ``schemathesis run`` with its defaults, except for the number of examples."""
    with running(fault, seed) as url, tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            str(Path(sys.executable).parent / "schemathesis"),
            "run",
            str(SPEC),
            "--url",
            url,
        ]
        command += [
            "-H",
            "X-API-Key: sk_test_default",
            "--seed",
            str(seed),
            "--max-examples",
            str(STOCK_EXAMPLES),
        ]
        command += ["--no-color", "--report", "json", "--report-json-path", str(report)]
        started = time.monotonic()
        subprocess.run(command, cwd=folder, capture_output=True, timeout=_PATIENCE, check=False)
        seconds = time.monotonic() - started
        try:
            output = json.loads(report.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise BenchError(f"stock Schemathesis wrote no report on '{fault}'") from None
    return Verdict(fault, seed, failures_of(output), "", seconds)


def failures_of(report: dict[str, Any]) -> frozenset[Failure]:
    """Return operation and check of every failure in Schemathesis' JSON report."""
    return frozenset(
        (label, failure["type"])
        for failure in report["failures"]
        for label in failure["operations"]
    )
