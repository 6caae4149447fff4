"""``python -m benchmarks.staging``: the kit's verdict on a deployment that it has not seen.

For every switch, fault and noise of ``tests.staging`` a fresh server is started, and the kit is run
against it as a user of the kit would. Writes STAGING.md. Exit codes: 0 as expected, 1 not as
expected, 2 not measured.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from tests.staging.deviations import FAULTS, NEED_ADAPTERS, NOISE, SWITCHES

_RESULTS = Path(__file__).resolve().parent / "STAGING.md"
_EXIT_OK, _EXIT_UNEXPECTED, _EXIT_UNMEASURED = 0, 1, 2
_STARTS_WITHIN_SECONDS, _KIT_ENDS_WITHIN_SECONDS = 60.0, 1_200
_HOOKS = Path(__file__).resolve().parent.parent / "examples" / "hooks" / "staging.py"
_QUICK = "reads,boundaries,keys,protocol,tenants,races,machine"
"""The phases of a quick run. Faults that need adapters run the stories and races instead."""
_ADDRESSES = 5
"""The lines that a server prints once it listens."""
_SHOWN = 3
"""Headlines that a row of the table shows."""
STRICT = "strict"
_UNDONE = "made, and cannot be undone"
"""The beginning of a note that each run with irreversible requests has."""
_KINDS = {"switch": SWITCHES, "fault": FAULTS, "noise": NOISE}


@dataclass(frozen=True, slots=True)
class Case:
    """A server to measure: the kind of its deviation, and the name."""

    kind: str
    name: str

    @property
    def flags(self) -> list[str]:
        """Flags of the server."""
        return [] if self.name == STRICT else [f"--{self.kind}", self.name]


@dataclass(slots=True)
class Outcome:
    """What a run of the kit came to."""

    case: Case
    exit_code: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    causes: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    requests: int = 0
    seconds: float = 0.0
    error: str = ""

    @property
    def red(self) -> bool:
        """Whether the kit says that the deployment breaks the contract."""
        return self.exit_code == 1

    @property
    def failures(self) -> int:
        """Number of failures."""
        return self.counts.get("failure", 0)

    @property
    def expected(self) -> bool:
        """Whether a fault is red, and anything else is green."""
        if self.exit_code not in {0, 1}:
            return False
        return self.red == (self.case.kind == "fault")


@contextmanager
def _server(case: Case, folder: Path) -> Iterator[dict[str, str]]:
    """Run a server until the end of the block; yield what it prints."""
    command = [sys.executable, "-m", "tests.staging", "--port", "0", *case.flags]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert process.stdout is not None
            lines = [process.stdout.readline().split() for _ in range(_ADDRESSES)]
            if any(len(line) != 2 for line in lines):
                raise RuntimeError(f"the server does not start: {case.name}")
            yield {line[0]: line[1] for line in lines}
        finally:
            process.terminate()
            process.wait(_STARTS_WITHIN_SECONDS)


def _kit(case: Case, said: dict[str, str], folder: Path, options: argparse.Namespace) -> list[str]:
    command = [
        *(str(Path(sys.executable).parent / "contract-tests"), "run", said["url"]),
        *("--allow-irreversible", "--quiet"),
        *("--other-key-env", "STAGING_OTHER_KEY"),
        *("--organization-id", said["organization"]),
        *("--report", "json", "--report-dir", str(folder)),
        *("--journal", str(folder / "journal")),
        *("--max-time", options.max_time),
    ]
    hooks = ["--hooks", str(_HOOKS)]
    if not options.quick:
        command += hooks
    elif case.name.partition("=")[0] in NEED_ADAPTERS:
        command += ["--phases", "tenants,stories,races", *hooks]
    else:
        command += ["--phases", _QUICK]
    return [*command, *options.kit_flag]


def _measure(case: Case, options: argparse.Namespace) -> Outcome:
    outcome = Outcome(case)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            with _server(case, folder) as said:
                variables = {
                    "BILLING_API_KEY": said["key"],
                    "STAGING_OTHER_KEY": said["other-key"],
                    "STAGING_URL": said["url"],
                    "STAGING_TOKEN": said["admin-token"],
                }
                begun = time.monotonic()
                run = subprocess.run(
                    _kit(case, said, folder, options),
                    env={**os.environ, **variables},
                    cwd=folder,
                    capture_output=True,
                    text=True,
                    timeout=_KIT_ENDS_WITHIN_SECONDS,
                    check=False,
                )
                outcome.seconds = time.monotonic() - begun
                outcome.exit_code = run.returncode
            report = json.loads((folder / "report.json").read_text())
        except (OSError, ValueError, RuntimeError, subprocess.TimeoutExpired) as error:
            outcome.error = f"{type(error).__name__}: {error}"[:200]
            return outcome
    outcome.counts = dict(Counter(entry["grade"] for entry in report["findings"]))
    outcome.causes = report.get("causes", []) or _causes_of(report["findings"])
    outcome.notes = [note for note in report.get("notes", []) if not note.startswith(_UNDONE)]
    outcome.requests = report["requests"]
    return outcome


def _causes_of(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return one cause for each title, for a report that has no causes."""
    causes: dict[tuple[str, str], dict[str, Any]] = {}
    for finding in findings:
        place = (finding["title"], finding["grade"])
        cause = causes.setdefault(
            place, {"headline": finding["title"], "grade": finding["grade"], "count": 0}
        )
        cause["count"] += 1
    return list(causes.values())


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _headlines(outcome: Outcome) -> str:
    if outcome.error:
        return _cell(outcome.error)
    shown = [
        f"{cause['headline']} ({cause.get('severity', cause['grade'])}, {cause['count']})"
        for cause in outcome.causes[:_SHOWN]
    ]
    rest = len(outcome.causes) - _SHOWN
    return _cell("; ".join(shown) + (f"; and {rest} more" if rest > 0 else "")) or "none"


def _row(outcome: Outcome) -> str:
    counts, case = outcome.counts, outcome.case
    numbers = [counts.get(grade, 0) for grade in ("failure", "difference", "drift")]
    verdict = {0: "green", 1: "red"}.get(outcome.exit_code or 0, f"exit {outcome.exit_code}")
    mark = "" if outcome.expected else " **(unexpected)**"
    cells = [
        f"`{case.name}`",
        verdict + mark,
        *map(str, numbers),
        str(len(outcome.causes)),
        _headlines(outcome),
    ]
    if case.kind == "noise":
        cells.append(_cell("; ".join(note[:160] for note in outcome.notes[:_SHOWN])))
    return f"| {' | '.join(cells)} |"


def _table(kind: str, outcomes: list[Outcome]) -> list[str]:
    names = ["name", "verdict", "failures", "differences", "drift", "headlines", "first headlines"]
    if kind == "noise":
        names.append("notes")
    rows = [_row(outcome) for outcome in outcomes if outcome.case.kind == kind]
    return [f"| {' | '.join(names)} |", f"|{'---|' * len(names)}", *rows]


def _summary(outcomes: list[Outcome]) -> list[str]:
    lines = []
    for kind, wanted in (("switch", "green"), ("fault", "red"), ("noise", "green")):
        some = [outcome for outcome in outcomes if outcome.case.kind == kind]
        right = sum(outcome.expected for outcome in some)
        lines.append(f"| {kind} | {len(some)} | {right} {wanted} | {len(some) - right} |")
    return ["| kind | measured | as expected | not as expected |", "|---|---|---|---|", *lines]


def _text(outcomes: list[Outcome], options: argparse.Namespace) -> str:
    requests = sum(outcome.requests for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    flags = " ".join(options.kit_flag) or "none"
    listing = [
        f"- `{name}`: {text}" + (" Shows only through adapters." if name in NEED_ADAPTERS else "")
        for names in _KINDS.values()
        for name, text in names.items()
    ]
    parts = [
        "# The kit's verdict on a staging deployment",
        "",
        "`make staging` writes this page. `tests/staging` is an implementation of the contract in",
        "FastAPI and SQLite whose authors have not read the kit. A switch is a legal deviation and",
        "must not be red. A fault must be red. Noise must be measured, and not be red. Each row is",
        "a run of `contract-tests run URL --allow-irreversible` with two keys and an organization,",
        "on a fresh server.",
        "",
        *(f"- {name}: {value}" for name, value in machine.hardware().items()),
        f"- Date: {datetime.now(UTC):%Y-%m-%d}",
        f"- Runs: {requests:,} requests in {seconds:,.0f} seconds",
        f"- Quick: {'yes' if options.quick else 'no'}; further flags of the kit: {flags}",
        "",
        *_summary(outcomes),
    ]
    for kind, title in (("switch", "Switches"), ("fault", "Faults"), ("noise", "Noise")):
        parts += ["", f"## {title}", "", *_table(kind, outcomes)]
    return "\n".join([*parts, "", "## Names", "", *listing, ""])


def _cases(options: argparse.Namespace) -> list[Case]:
    cases = [Case("switch", STRICT)]
    cases += [Case(kind, name) for kind, names in _KINDS.items() for name in names]
    if options.kind:
        cases = [case for case in cases if case.kind == options.kind]
    if options.only:
        wanted = set(options.only)
        cases = [case for case in cases if case.name in wanted]
        for text in wanted:
            name = text.partition("=")[0]
            if "=" in text and name in NOISE:
                cases.append(Case("noise", text))
    return cases


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.staging", description=__doc__)
    parser.add_argument("--only", action="append", default=[], metavar="NAME")
    parser.add_argument("--kind", choices=sorted(_KINDS))
    parser.add_argument("--jobs", type=int, default=2, help="runs at the same time (2)")
    parser.add_argument(
        "--quick", action="store_true", help="without generated requests and most stories"
    )
    parser.add_argument("--max-time", default="10m", help="the kit's limit for a run (10m)")
    parser.add_argument(
        "--kit-flag", action="append", default=[], metavar="FLAG", help="a further flag of the kit"
    )
    parser.add_argument("--output", type=Path, default=_RESULTS, help="the page to write")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = _options(arguments)
    cases = _cases(options)
    if not cases:
        print("no such name; see python -m tests.staging --list", file=sys.stderr)
        return _EXIT_UNMEASURED
    is_whole = not options.only and not options.kind
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(_measure, case, options) for case in cases]
        for run in as_completed(runs):
            print(_row(run.result()), flush=True)
            outcomes = [run.result() for run in runs if run.done()]
            if is_whole or options.output != _RESULTS:
                options.output.write_text(_text(outcomes, options))
    print("\n".join(_summary(outcomes)))
    if any(outcome.error for outcome in outcomes):
        return _EXIT_UNMEASURED
    return _EXIT_OK if all(outcome.expected for outcome in outcomes) else _EXIT_UNEXPECTED


if __name__ == "__main__":
    sys.exit(main())
