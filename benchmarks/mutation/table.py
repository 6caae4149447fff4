"""The results as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from benchmarks.mutation.judges import KIT_EXAMPLES, STOCK_EXAMPLES, Failure, Verdict
from benchmarks.mutation.subjects import Mutant
from benchmarks.prose import wrapped

STATE_GROUPS = ("state", "tenants")


@dataclass
class Results:
    """All verdicts."""

    mutants: list[Mutant]
    kit: dict[str, Verdict] = field(default_factory=dict)
    stock: dict[str, Verdict] = field(default_factory=dict)
    """Verdicts on a sample of the faults."""
    kit_on_correct: list[Verdict] = field(default_factory=list)
    stock_on_correct: list[Verdict] = field(default_factory=list)
    again: list[Verdict] = field(default_factory=list)
    """Verdicts on some faults with other seeds."""
    seconds: float = 0.0

    @property
    def noise(self) -> frozenset[Failure]:
        """Failures that stock Schemathesis reports on the correct server, which show no fault."""
        return frozenset().union(*(verdict.failures for verdict in self.stock_on_correct))

    def kit_kills(self, mutant: Mutant) -> bool:
        return bool(self.kit[mutant.name].failures)

    def stock_kills(self, mutant: Mutant) -> bool | None:
        """Return whether stock Schemathesis found a fault; None if it did not test it."""
        verdict = self.stock.get(mutant.name)
        return None if verdict is None else bool(verdict.failures - self.noise)


def markdown(results: Results, machine: dict[str, str]) -> str:
    """Return the page."""
    lines = [
        "# Which faults are found",
        "",
        "`make mutants` starts the mock with one named fault after another: the "
        f"{len(results.mutants)} that `python -m tests.mutants --list` prints. Tests prove "
        "that every one of them is a fault. The kit tests every server, stock Schemathesis "
        f"{len(results.stock)} of them. The faults were written without a look at the kit; "
        "rules for those that it missed were added afterwards.",
        "",
        *_groups(results),
        "",
        *_correct(results),
        "",
        *_survivors(results),
        "",
        *_every(results),
        "",
        "## How it was measured",
        "",
        f"- The kit: all requests allowed (`--mock`), seed 1, `--max-examples {KIT_EXAMPLES}`, "
        "up to the first failure. The part that found a fault last time runs first "
        "(`pieces.json`); if it finds nothing, everything runs.",
        "- Stock: `schemathesis run spec/openapi.yaml --url ... "
        f"-H 'X-API-Key: sk_test_default' --max-examples {STOCK_EXAMPLES}`, all phases and "
        "checks. A fault counts as found if there is any failure that the correct server does "
        "not have.",
        f"- The measurement took {results.seconds / 60:.1f} minutes.",
        "",
        *(f"- {name}: {value}" for name, value in machine.items()),
        "",
    ]
    return "\n".join(line if line.startswith("|") else wrapped(line) for line in lines)


def _groups(results: Results) -> Iterable[str]:
    yield "| group | faults | the kit | stock Schemathesis |"
    yield "|---|---|---|---|"
    for group in dict.fromkeys(mutant.group for mutant in results.mutants):
        yield _row(results, group, [mutant for mutant in results.mutants if mutant.group == group])
    about_state = [mutant for mutant in results.mutants if mutant.group in STATE_GROUPS]
    yield _row(results, "*state and tenants*", about_state)
    yield _row(results, "**all**", results.mutants)


def _row(results: Results, name: str, mutants: Sequence[Mutant]) -> str:
    ours = sum(map(results.kit_kills, mutants))
    tested = [kills for kills in map(results.stock_kills, mutants) if kills is not None]
    share = f"{100 * ours / len(mutants):.1f} %" if mutants else ""
    return f"| {name} | {len(mutants)} | {ours} ({share}) | {sum(tested)} of {len(tested)} |"


def _correct(results: Results) -> Iterable[str]:
    if not results.kit_on_correct:
        return
    false_runs = [verdict for verdict in results.kit_on_correct if verdict.failures]
    requests = sum(verdict.requests for verdict in results.kit_on_correct)
    yield (
        f"On the correct server, with {len(results.kit_on_correct)} seeds and {requests:,} "
        f"requests: **{len(false_runs)} runs of the kit with a false failure**; stock Schemathesis "
        f"reports {len(results.noise)} failures with {len(results.stock_on_correct)} seeds. "
        "A complete run of the kit takes "
        f"{median(verdict.seconds for verdict in results.kit_on_correct):.0f} s."
    )
    for verdict in false_runs:
        yield f"- seed {verdict.seed}: {sorted(verdict.failures)}"
    found = sum(1 for verdict in results.again if verdict.failures)
    yield ""
    faults = {verdict.fault for verdict in results.again}
    seeds = {verdict.seed for verdict in results.again}
    yield (
        f"Other seeds: {found} of {len(results.again)} found ({len(faults)} faults, "
        f"one of each group, with {len(seeds)} seeds each)."
    )


def _survivors(results: Results) -> Iterable[str]:
    missed = [mutant for mutant in results.mutants if not results.kit_kills(mutant)]
    yield "## What the kit does not find"
    yield ""
    yield from (f"- `{mutant.name}` ({mutant.group}): {mutant.description}" for mutant in missed)
    if not missed:
        yield "The kit finds all faults."


def _every(results: Results) -> Iterable[str]:
    yield "## Every fault"
    yield ""
    yield "| fault | what a client sees | the kit, by | stock |"
    yield "|---|---|---|---|"
    for mutant in results.mutants:
        verdict = results.kit[mutant.name]
        stock = {True: "found", False: "not found", None: ""}[results.stock_kills(mutant)]
        by = verdict.found_by if verdict.failures else "**not found**"
        yield f"| `{mutant.name}` | {mutant.description.replace('|', '/')} | {by} | {stock} |"
