"""What was found, as lines for the terminal and as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from benchmarks.measure import WARM_UP_SECONDS, FirstRequests, Plan, Series, Starts

RATIO_TARGETS = {"GET balance": 6.0, "POST deposit": 6.0, "GET page of 100 transactions": 4.0}
FIRST_ANSWER_SECONDS, MEMORY_MB, LEDGER_RATIO, NEW_KEY_MILLISECONDS = 0.8, 90.0, 1.2, 10.0
_MIB_IN_MB = 1.048576


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything that was measured."""

    day: date
    plan: Plan
    machine: dict[str, str]
    starts: dict[str, Starts]
    comparisons: list[list[Series]]
    """Of each kind of request: ours, Prism, and more of Prism where there is more."""
    ledgers: list[Series]
    """Pages of ours: from the short ledger, then from the long one."""
    new_keys: FirstRequests
    memory: dict[str, tuple[float, float]]
    """MiB of ours and of Prism, by the moment."""
    deposits: int
    """How many checkout sessions our server holds at the end."""
    ceiling: Series


@dataclass(frozen=True, slots=True)
class Target:
    """A figure that was asked for, and the figure that was found."""

    what: str
    target: str
    found: str
    met: bool


def text(found: Findings) -> str:
    """The report, in Markdown."""
    parts = [
        "# Benchmark results",
        _introduction(found),
        "## Targets",
        _table(
            ("", "target", "measured", "met"), [_target_row(target) for target in targets(found)]
        ),
        "## Requests per second",
        _table(
            ("request", "server", "per second", "lowest - highest", "ours is", *_DETAIL),
            _speed_rows(found),
        ),
        _speed_notes(found),
        "## Start-up and memory",
        _table(("", "mockserver", "Prism"), _start_rows(found)),
        _memory_notes(found),
        "## Large ledgers and new keys",
        _table(
            ("request", "per second", "lowest - highest", "time against a short ledger", *_DETAIL),
            _ledger_rows(found),
        ),
        _new_key_notes(found),
        "## Errors",
        _errors(found),
        "## Machine",
        _table(("", ""), [list(fact) for fact in found.machine.items()]),
        "## How it was measured",
        _method(found),
    ]
    return "\n\n".join(parts) + "\n"


def targets(found: Findings) -> list[Target]:
    """Every target beside what was measured."""
    return [
        *(_ratio_target(series) for series in found.comparisons),
        _at_most(
            "start to first answer",
            statistics.median(found.starts["mockserver"].seconds),
            FIRST_ANSWER_SECONDS,
            "s",
        ),
        *(
            _at_most(f"memory {moment}", ours * _MIB_IN_MB, MEMORY_MB, "MB", digits=0, below=True)
            for moment, (ours, _) in found.memory.items()
            if "deposit" not in moment
        ),
        *(
            _at_most(
                f"{ledger.scenario.name}, time against a short ledger",
                _slower(found, ledger),
                LEDGER_RATIO,
                "x",
            )
            for ledger in found.ledgers[1:]
        ),
        _at_most(
            "first request of a new key, median",
            statistics.median(found.new_keys.milliseconds),
            NEW_KEY_MILLISECONDS,
            "ms",
            below=True,
        ),
        _at_most(
            "first request of a new key, worst",
            max(found.new_keys.milliseconds),
            NEW_KEY_MILLISECONDS,
            "ms",
            below=True,
        ),
    ]


def _ratio_target(series: list[Series]) -> Target:
    ours, prism = series[:2]
    ratio, wanted = ours.per_second / prism.per_second, RATIO_TARGETS[ours.scenario.name]
    return Target(
        f"{ours.scenario.name}, requests per second against Prism",
        f">= {wanted:.0f} x",
        f"{ratio:.1f} x",
        ratio >= wanted,
    )


def _at_most(
    what: str, value: float, limit: float, unit: str, digits: int = 2, *, below: bool = False
) -> Target:
    sign, met = ("<", value < limit) if below else ("<=", value <= limit)
    return Target(what, f"{sign} {limit:g} {unit}", f"{value:.{digits}f} {unit}", met)


def _slower(found: Findings, long: Series) -> float:
    return found.ledgers[0].per_second / long.per_second


def _introduction(found: Findings) -> str:
    return (
        f"Measured on {found.day.isoformat()} by `make bench`, which writes this file; the machine is described below. "
        "Figures are medians of rounds; on a machine that others use at the same time they move, which "
        "*lowest - highest* shows. Processor time for one request moves less."
    )


def _target_row(target: Target) -> list[str]:
    return [target.what, target.target, target.found, "yes" if target.met else "**missed**"]


_DETAIL = ("processor time for one", "entries", "bytes")


def _detail(series: Series) -> list[str]:
    entries = "" if series.entries is None else str(series.entries)
    return [
        f"{series.cpu_microseconds:,.0f} us",
        entries,
        f"{series.good[-1].bytes_per_response:,}",
    ]


def _range(values: Sequence[float]) -> str:
    return f"{min(values):,.0f} - {max(values):,.0f}"


def _speed_rows(found: Findings) -> list[list[str]]:
    rows = []
    for ours, *others in found.comparisons:
        rows.append(
            [
                ours.scenario.name,
                ours.name,
                f"{ours.per_second:,.0f}",
                _range(ours.speeds),
                "",
                *_detail(ours),
            ]
        )
        for other in others:
            ratio = f"{ours.per_second / other.per_second:.1f} x"
            rows.append(
                [
                    "",
                    other.name,
                    f"{other.per_second:,.0f}",
                    _range(other.speeds),
                    ratio,
                    *_detail(other),
                ]
            )
    return rows


def _speed_notes(found: Findings) -> str:
    _, prism, full = found.comparisons[1]
    busiest = max(
        sample.generator_busy for series in found.comparisons for sample in series[0].good
    )
    return (
        f"Prism answers a page with the example of the contract, whatever `limit` says: {prism.entries} entries, so it "
        "sends far fewer bytes than this server; the target is held against that row all the same. The row "
        f"*{full.name}* is the same Prism with a copy of the contract whose example has {full.entries} entries. "
        "(`Prefer: dynamic=true` gives no page of that size: it invents one with a handful of entries or none.)\n\n"
        f"The load generator reaches {found.ceiling.per_second:,.0f} requests per second against a server that does "
        "nothing but answer. In the measured rounds of this server it kept a core busy for at most "
        f"{busiest:.0%} of the time."
    )


def _start_rows(found: Findings) -> list[list[str]]:
    ours, prism = found.starts["mockserver"], found.starts["Prism"]
    rows = [
        [
            "start to first answer, median",
            *(f"{statistics.median(program.seconds):.2f} s" for program in (ours, prism)),
        ]
    ]
    rows.append(
        [
            "lowest - highest",
            *(
                f"{min(program.seconds):.2f} - {max(program.seconds):.2f} s"
                for program in (ours, prism)
            ),
        ]
    )
    for moment, pair in found.memory.items():
        rows.append([f"memory {moment}", *(f"{size * _MIB_IN_MB:.0f} MB" for size in pair)])
    return rows


def _memory_notes(found: Findings) -> str:
    (before, _), (after, _) = list(found.memory.values())[-2:]
    bytes_each = (after - before) * 1024 * 1024 / max(found.deposits, 1)
    return (
        "Memory is what is resident. Prism keeps nothing; this server opened "
        f"{found.deposits:,} checkout sessions under the load of deposits and keeps all, about "
        f"{bytes_each:,.0f} bytes each; that row is not held to the target."
    )


def _ledger_rows(found: Findings) -> list[list[str]]:
    return [
        [
            ledger.scenario.name,
            f"{ledger.per_second:,.0f}",
            _range(ledger.speeds),
            f"{_slower(found, ledger):.2f} x",
            *_detail(ledger),
        ]
        for ledger in found.ledgers
    ]


def _new_key_notes(found: Findings) -> str:
    times = found.new_keys.milliseconds
    return (
        f"The first request of a new random key, {len(times)} keys: median {statistics.median(times):.2f} ms, worst "
        f"{max(times):.2f} ms, the client's time included; {found.new_keys.cpu_milliseconds:.2f} ms of the server's "
        "processor time for one."
    )


def _errors(found: Findings) -> str:
    series = [*(run for group in found.comparisons for run in group), *found.ledgers]
    bad = [
        (sample, number, rounds)
        for sample in series
        for number, rounds in enumerate(sample.rounds, 1)
        if rounds.errors
    ]
    if not bad:
        return "None: every answer of every round was 2xx."
    lines = [
        f"- {wrong.name}, {wrong.scenario.name}, round {number}: {rounds.errors} errors, "
        f"the first: {rounds.first_error}; not counted as speed"
        for wrong, number, rounds in bad
    ]
    return "\n".join(lines)


def _method(found: Findings) -> str:
    plan = found.plan
    return f"""\
- Both servers run as one process each, on 127.0.0.1, with the same contract, `spec/openapi.yaml`. Ours is
  `mockserver serve` with its defaults, so requests and answers are both validated. Prism is `prism mock` with its
  defaults but for logs, which are silent.
- The load comes from a process of its own, over {plan.connections} keep-alive connections, each with one request
  under way. All servers run all the time; only one is driven at a time. Nothing is pinned to a core.
- For each kind of request: {WARM_UP_SECONDS:g} s to warm up each server, then {plan.rounds} rounds of
  {plan.seconds:g} s, the servers in turn. Every answer must be 2xx; a round with an error is listed above and not
  counted. Each round of balances and deposits has a new random key.
- Start: from the start of the process to the end of the first answer, a balance with status 200; {plan.starts} times
  each in turn, after one that is not counted. Memory after the start is taken then.
- Processor time is that of the server's process with all its threads, divided by the answers of the round.
- Ledgers: `sk_test_card_expiring` (a little over 100 entries) and `sk_test_power_user` (10,000), in turn.
- New keys: one request for each on one connection, to a server that has been warmed up."""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
