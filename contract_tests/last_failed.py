"""``--last-failed``: what failed in the last run of this folder, in ``.contract-tests/last.json``.

The file has ``schema_version`` 1; ``subject`` (the URL), ``ended``, and ``failures``, each with
``key``, ``found_by`` and ``operations``: the one that it is about, and those of its steps. A run
that was ended early adds to the failures of the run before, as it did not come to all of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract_tests.errors import UsageError
from contract_tests.findings.finding import Finding
from contract_tests.findings.result import Result
from contract_tests.openapi.contract import Contract
from contract_tests.reports.files import write_file
from contract_tests.reports.sentences import counted

FILE = Path(".contract-tests") / "last.json"
_BY_OPERATION = ("boundaries", "keys", "protocol", "properties")
"""Drivers whose pieces are operations."""
_ALWAYS = ("preflight", "restore")
"""What every run does."""
KNOWN_KEY = "the known key"
"""A piece of the driver ``keys`` that may show any finding of it."""
_STATEFUL = "stateful"
_IGNORE = "# Created by contract-tests.\n*\n"

Failed = dict[str, frozenset[str] | None]
Json = dict[str, Any]


@dataclass(frozen=True)
class LastRun:
    """What failed in the last run."""

    failures: int
    ended: str
    failed: Failed
    """The pieces of work that found it, by driver; None for all pieces of a driver."""


def record(result: Result) -> None:
    """Write what failed, unless the folder cannot be written to."""
    failures = [_entry(finding, result.contract) for finding in result.failures]
    before = _read() or {}
    if (result.ended_early or result.broken) and before.get("subject") == result.settings.url:
        keys = {failure["key"] for failure in failures}
        failures += [entry for entry in before["failures"] if entry["key"] not in keys]
    document = {
        "schema_version": 1,
        "subject": result.settings.url,
        "ended": result.ended.isoformat(timespec="seconds"),
        "failures": failures,
    }
    with suppress(OSError, UsageError):
        FILE.parent.mkdir(exist_ok=True)
        (FILE.parent / ".gitignore").write_text(_IGNORE, encoding="utf-8")
        write_file(FILE, json.dumps(document, indent=2) + "\n")


def load(url: str) -> tuple[LastRun | None, str]:
    """Return the last run of a deployment, or else why there is none to go by."""
    found = _read()
    if found is None:
        return None, f"{FILE} has no record of a run"
    if found["subject"] != url:
        return None, f"the last run was of {found['subject']}"
    if not found["failures"]:
        return None, f"nothing failed in the last run ({found['ended']})"
    failed = _pieces(found["failures"])
    if failed is None:
        return None, "a failure of the last run belongs to no driver"
    return LastRun(len(found["failures"]), found["ended"], failed), ""


def pieces_of(result: Result) -> Failed | None:
    """Return the pieces of work that found the failures; None if one belongs to no driver."""
    return _pieces([_entry(finding, result.contract) for finding in result.failures])


def note(last: LastRun | None, why: str, phases: Iterable[str]) -> str:
    """Return what is run and what is left out, in one line."""
    if last is None:
        return f"--last-failed: {why}, so everything is run"
    chosen = ", ".join(
        name if pieces is None else f"{name} ({', '.join(sorted(pieces))})"
        for name, pieces in last.failed.items()
        if name != _STATEFUL
    )
    left_out = ", ".join(name for name in phases if name not in last.failed)
    return (
        f"--last-failed: {counted(last.failures, 'failure')} of the run that ended {last.ended}; "
        f"run: {chosen or 'preflight'}; left out: {left_out + ', and ' if left_out else ''}"
        "what did not fail"
    )


def _entry(finding: Finding, contract: Contract) -> Json:
    exchanges = [*finding.steps, *([finding.exchange] if finding.exchange else [])]
    matched = [contract.match(exchange.method, exchange.path) for exchange in exchanges]
    names = [finding.operation, *(found[0].id for found in matched if found)]
    return {
        "key": " ".join(finding.key),
        "found_by": finding.source,
        "operations": list(dict.fromkeys(names)),
    }


def _pieces(failures: list[Json]) -> Failed | None:
    """Return the pieces by driver; None if a failure belongs to no driver."""
    pieces: Failed = {}
    for failure in failures:
        driver, _, detail = str(failure["found_by"]).partition(": ")
        if driver in _ALWAYS:
            continue
        if driver in ("journal", ""):
            return None
        names = frozenset(_names(driver, detail, failure["operations"]))
        before = pieces.get(driver, frozenset())
        pieces[driver] = None if before is None or not names else before | names
        if driver == "properties" and detail.lower().startswith(_STATEFUL):
            pieces[_STATEFUL] = None
    return pieces


def _names(driver: str, detail: str, operations: list[str]) -> Iterator[str]:
    """Yield the names of the pieces, or nothing for all pieces of a driver."""
    if driver in ("stories", "races", "lifecycles"):
        yield detail
    elif driver in _BY_OPERATION and not any(" " in name for name in operations):
        yield from operations
        if driver == "keys":
            yield KNOWN_KEY


def _read() -> Json | None:
    """Return the file; None if it is not there or not ours."""
    try:
        found = json.loads(FILE.read_text(encoding="utf-8"))
        failures = [
            {key: entry[key] for key in ("key", "found_by", "operations")}
            for entry in found["failures"]
        ]
        return {"subject": found["subject"], "ended": found["ended"], "failures": failures}
    except (OSError, ValueError, KeyError, TypeError):
        return None
