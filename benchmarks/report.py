"""The findings, as lines for the terminal and as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from benchmarks.measure import WARM_UP_SECONDS, FirstRequests, Plan, Series, Starts
from benchmarks.prose import wrapped

RATIO_TARGETS = {"GET balance": 6.0, "POST deposit": 6.0, "GET page of 100 transactions": 4.0}
FIRST_ANSWER_SECONDS, MEMORY_MB, LEDGER_RATIO, NEW_KEY_MILLISECONDS = 0.8, 90.0, 1.2, 10.0
_MIB_IN_MB = 1.048576


@dataclass(frozen=True, slots=True)
class Findings:
    """All measurements."""

    day: date
    plan: Plan
    machine: dict[str, str]
    starts: dict[str, Starts]
    comparisons: list[list[Series]]
    """For each kind of request: this server, Prism, and further variants of Prism."""
    ledgers: list[Series]
    """Pages of this server: from the short ledger, then from the long one."""
    new_keys: FirstRequests
    memory: dict[str, tuple[float, float]]
    """MiB of this server and of Prism, by moment."""
    deposits: int
    """The number of checkout sessions in this server at the end."""
    ceiling: Series


@dataclass(frozen=True, slots=True)
class Target:
    """A required figure, and the measured one."""

    what: str
    target: str
    found: str
    met: bool


def text(found: Findings) -> str:
    """Return the report in Markdown."""
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
    """Return every target with its measured figure."""
    return [
        *(_ratio_target(series) for series in found.comparisons),
        _at_most(
            "start to first response",
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
    return wrapped(
        f"Measured on {found.day.isoformat()} by `make bench`, which writes this file. The machine "
        "is described below. Figures are medians of rounds. On a busy machine they vary, which "
        "*lowest - highest* shows. Processor time per request varies less."
    )


def _target_row(target: Target) -> list[str]:
    return [target.what, target.target, target.found, "yes" if target.met else "**missed**"]


_DETAIL = ("processor time per request", "entries", "bytes")


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
        wrapped(
            "For a page, Prism sends the example of the contract, whatever `limit` is: "
            f"{prism.entries} entries, so far fewer bytes than this server. The target applies to "
            f"that row anyway. The row *{full.name}* is the same Prism with a copy of the contract "
            f"whose example has {full.entries} entries. (`Prefer: dynamic=true` makes no page of "
            "that size: it generates a few entries or none.)"
        )
        + "\n\n"
        + wrapped(
            f"The load generator reaches {found.ceiling.per_second:,.0f} requests per second "
            "against a server that sends a constant response. In the measured rounds of this "
            f"server it kept a core busy for at most {busiest:.0%} of the time."
        )
    )


def _start_rows(found: Findings) -> list[list[str]]:
    ours, prism = found.starts["mockserver"], found.starts["Prism"]
    rows = [
        [
            "start to first response, median",
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
    return wrapped(
        "Memory is resident memory. Prism is stateless. Under the load of deposits this server "
        f"opened {found.deposits:,} checkout sessions and keeps all, about {bytes_each:,.0f} bytes "
        "each, so the target does not apply to that row."
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
    return wrapped(
        f"The first request of a new random key, {len(times)} keys: median "
        f"{statistics.median(times):.2f} ms, worst {max(times):.2f} ms, including the client's "
        f"time; {found.new_keys.cpu_milliseconds:.2f} ms of the server's processor time each."
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
        return "None: every response of every round was 2xx."
    lines = [
        f"- {wrong.name}, {wrong.scenario.name}, round {number}: {rounds.errors} errors, "
        f"the first: {rounds.first_error}; not counted as speed"
        for wrong, number, rounds in bad
    ]
    return "\n".join(lines)


def _method(found: Findings) -> str:
    plan = found.plan
    return f"""\
- Both servers run as one process each, on 127.0.0.1, with the same contract, `spec/openapi.yaml`.
  This server is `mockserver serve` with its defaults, so requests and responses are validated.
  Prism is `prism mock` with its defaults, except for silent logs.
- The load comes from a separate process, over {plan.connections} keep-alive connections with one
  request each at a time. All servers run all the time; only one is driven at a time. No process
  is pinned to a core.
- For each kind of request: {WARM_UP_SECONDS:g} s to warm up each server, then {plan.rounds} rounds
  of {plan.seconds:g} s, the servers in turn. Every response must be 2xx; a round with an error is
  listed above and not counted. Each round of balances and deposits has a new random key.
- Start: from the start of the process to the end of the first response, a balance with status 200;
  {plan.starts} times each, in turn, after one that is not counted. Memory after the start is
  measured then.
- Processor time is that of the server's process with all its threads, divided by the responses of
  the round.
- Ledgers: `sk_test_card_expiring` (slightly over 100 entries) and `sk_test_power_user` (10,000), in
  turn.
- New keys: one request each on one connection, to a server that has been warmed up."""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
