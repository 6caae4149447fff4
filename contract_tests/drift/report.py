"""The report of a comparison, on the terminal and as ``drift.json``.

The document has ``schema_version`` 1; ``mock`` and ``staging`` (URLs), ``contract``, ``seed``;
``verdict`` (``outcome``, ``exit_code``, ``sentence``); ``differences``, which have ``operation``,
``pointer``, ``keyword``, ``mock``, ``staging``, ``departs``, ``spec`` (``pointer``, ``file``,
``line``), ``suggestion``, ``provenance``, ``times`` and ``curl``; ``compared`` (pairs of
responses), ``requests`` (by server), ``seconds``; ``not_compared`` and ``withheld`` (by reason),
``unseen`` (lists without entries, by server) and ``notes``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from rich.console import Console

from contract_tests.drift.difference import Difference
from contract_tests.drift.outcome import Outcome
from contract_tests.http import curl
from contract_tests.reports.document import shown_path
from contract_tests.reports.sentences import counted
from contract_tests.text import printable

Json = dict[str, Any]
Line = tuple[str, str]
"""A text and its style."""

FILE = "drift.json"
MAX_SHOWN = 60
_MAX_UNSEEN = 6


def document(outcome: Outcome) -> Json:
    """Return the document of an outcome."""
    contract, staging = outcome.contract, outcome.staging
    return {
        "schema_version": 1,
        "mock": outcome.mock.url,
        "staging": staging.url,
        "contract": shown_path(contract.path),
        "seed": staging.seed,
        "verdict": {
            "outcome": outcome.word,
            "exit_code": outcome.exit_code,
            "sentence": _sentence(outcome),
        },
        "differences": [_difference(difference, outcome) for difference in outcome.differences],
        "compared": outcome.pairs,
        "requests": {"mock": outcome.requests[0], "staging": outcome.requests[1]},
        "seconds": round(outcome.seconds, 3),
        "not_compared": dict(outcome.incomparable),
        "withheld": dict(outcome.withheld),
        "unseen": outcome.unseen,
        "notes": outcome.notes,
    }


def text(document: Json) -> str:
    """Return the text of the file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def show(document: Json, console: Console, *, quiet: bool) -> None:
    """Print the report; with ``quiet`` only the differences and the verdict."""
    for line, style in _lines(document, quiet=quiet):
        console.print(
            printable(line),
            style=style,
            markup=False,
            highlight=False,
            soft_wrap=True,
            emoji=False,
        )


def _difference(difference: Difference, outcome: Outcome) -> Json:
    contract = outcome.contract
    settings = outcome.mock if difference.departs == "mock" else outcome.staging
    return {
        "operation": difference.operation,
        "pointer": difference.pointer,
        "keyword": difference.keyword,
        "mock": difference.mock,
        "staging": difference.staging,
        "departs": difference.departs,
        "spec": {
            "pointer": difference.spec,
            "file": shown_path(contract.path),
            "line": contract.line_of(difference.spec),
        },
        "suggestion": difference.suggestion,
        "provenance": difference.provenance,
        "times": difference.times,
        "curl": curl.line(difference.exchange, settings),
    }


def _sentence(outcome: Outcome) -> str:
    words = {"same": "SAME", "different": "DIFFERENT"}.get(outcome.word, outcome.word.upper())
    places = len({difference.spec for difference in outcome.differences})
    found = counted(len(outcome.differences), "difference")
    where = f" in {counted(places, 'place')} of the contract" if places else ""
    text = (
        f"{words}: {found}{where}; {counted(outcome.pairs, 'response')} compared, "
        f"{sum(outcome.requests):,} requests in {outcome.seconds:.1f} s, "
        f"seed {outcome.staging.seed}"
    )
    return f"{text} (ended early: {outcome.ended_early})" if outcome.ended_early else text


# ---------------------------------------------------------------------------------------- terminal


def _lines(document: Json, *, quiet: bool) -> Iterator[Line]:
    if not quiet:
        yield f"mock     {document['mock']}", "bold"
        yield f"staging  {document['staging']}", "bold"
        yield f"validated against {document['contract']}, seed {document['seed']}", ""
    shown = document["differences"][:MAX_SHOWN]
    for (spec, provenance), group in groupby(shown, key=_place):
        yield "", ""
        yield f"{spec}  ({provenance})", "bold yellow"
        for suggestion, rows in groupby(
            group, key=lambda difference: str(difference["suggestion"])
        ):
            yield f"  {suggestion}", ""
            for difference in rows:
                yield from _row(difference)
    left_out = len(document["differences"]) - len(shown)
    if left_out:
        yield f"... and {left_out} more: --report json shows them all", "dim"
    if not quiet:
        yield from _listed("NOT COMPARED", _counts(document["not_compared"]))
        yield from _listed("WITHHELD", _counts(document["withheld"]))
        for name, lists in document["unseen"].items():
            more = [f"... and {len(lists) - _MAX_UNSEEN} more"] if len(lists) > _MAX_UNSEEN else []
            yield from _listed(
                f"NOT OBSERVED in {name}, whose lists are empty", [*lists[:_MAX_UNSEEN], *more]
            )
    yield from _listed("NOTES", document["notes"])
    yield "", ""
    yield (
        document["verdict"]["sentence"],
        "bold green" if document["verdict"]["outcome"] == "same" else "bold red",
    )


def _place(difference: Json) -> tuple[str, str]:
    spec = difference["spec"]
    return f"{spec['file']}:{spec['line']}  {spec['pointer']}", difference["provenance"]


def _row(difference: Json) -> Iterator[Line]:
    times = f"  ({difference['times']:,} times)" if difference["times"] > 1 else ""
    yield (
        f"    {difference['operation']}  {difference['pointer']}  {difference['keyword']}{times}",
        "yellow",
    )
    yield f"      mock     {difference['mock']}", ""
    yield f"      staging  {difference['staging']}", ""
    yield f"      again    {difference['curl']}", "dim"


def _counts(counts: dict[str, int]) -> Iterator[str]:
    return (f"{counted(count, 'request')}: {why}" for why, count in counts.items())


def _listed(heading: str, rows: Iterable[str]) -> Iterator[Line]:
    listed = list(rows)
    if listed:
        yield "", ""
        yield heading, "bold"
        yield from ((f"  {row}", "") for row in listed)
