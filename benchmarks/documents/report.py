"""The results as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from benchmarks.documents.measuring import Figures, Limits, Share
from benchmarks.documents.sources import Document
from benchmarks.documents.subjects import MOCK, PRISM
from benchmarks.machine import hardware
from benchmarks.prose import wrapped

_NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Row:
    """One document with the results of each mock."""

    document: Document
    version: str
    operations: int
    figures: dict[str, Figures]


def report(rows: list[Row], prism: str, limits: Limits) -> str:
    """Return the whole file."""
    names = [MOCK.name, PRISM.name] if prism else [MOCK.name]
    parts = [
        "# Many documents",
        _introduction(rows, prism, limits),
        _summary(rows, names),
        "## Each document",
        _table(rows, names),
        "## Documents that did not start",
        _not_started(rows, names),
        "## Sources",
        _sources(rows),
        "## Machine",
        "| | |\n| --- | --- |\n"
        + "\n".join(f"| {name} | {value} |" for name, value in hardware().items()),
    ]
    return "\n\n".join(parts) + "\n"


def _introduction(rows: list[Row], prism: str, limits: Limits) -> str:
    beside = f"this mock and Prism {prism}" if prism else "this mock"
    text = (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `make documents`, which writes this file: "
        f"{len(rows)} documents as published, each served by {beside} in turn. Requests come from "
        f"a generator of the benchmark (seed {limits.seed}), at most {limits.operations} "
        f"operations and {limits.resources} resources of a document. jsonschema-rs judges the "
        "bodies.\n\n"
        "- **answered**: valid requests with a documented success. A 404 for a made-up identifier "
        "counts in a column of its own.\n"
        "- **valid**: JSON bodies of those successes that are valid against their schema, with a "
        "documented media type.\n"
        "- **refused**: requests with one violation (credentials, parameter or body) whose "
        "response is a 4xx; **errors valid**: those with a documented status whose body is "
        "valid.\n"
        "- **stateful**: resources that can be created, read with what was sent, found in their "
        "list, changed, deleted, and are then gone, as far as the document has these "
        "operations.\n"
        "- **processor**: seconds of the process until its first response to an operation."
    )
    return "\n".join(map(wrapped, text.split("\n")))


def _summary(rows: list[Row], names: list[str]) -> str:
    lines = [_line(["", *names]), _line(["---"] * (len(names) + 1))]
    kinds: list[tuple[str, Callable[[list[Figures]], str]]] = [
        ("started", lambda found: f"{len(_started(found))} of {len(found)}"),
        ("answered", lambda found: _total(one.answered for one in found)),
        ("valid", lambda found: _total(one.valid for one in found)),
        ("refused", lambda found: _total(one.refused for one in found)),
        ("errors valid", lambda found: _total(one.refusals_valid for one in found)),
        ("stateful", lambda found: _total(one.stateful for one in found)),
        ("404 for a made-up identifier", lambda found: str(sum(one.unknown for one in found))),
        ("undocumented 5xx or no response", lambda found: str(sum(one.broken for one in found))),
        (
            "processor to the first response, median",
            lambda found: _median((one.processor_seconds for one in _started(found)), "{:.2f} s"),
        ),
        (
            "memory, median",
            lambda found: _median((one.memory_mib for one in _started(found)), "{:.0f} MiB"),
        ),
    ]
    for title, value in kinds:
        cells = [value([row.figures[name] for row in rows]) for name in names]
        lines.append(_line([title, *cells]))
    return "\n".join(lines)


def _table(rows: list[Row], names: list[str]) -> str:
    titles = ["answered", "valid", "refused", "stateful", "404", "processor", "MiB"]
    heads = [
        f"{name}: {title}" if title == "answered" else title for name in names for title in titles
    ]
    head = ["document", "version", "operations", *heads]
    lines = [_line(head), _line(["---"] * len(head))]
    for row in sorted(rows, key=lambda one: (one.operations, one.document.name)):
        cells = [row.document.name, row.version, str(row.operations)]
        for name in names:
            cells += _cells(row.figures[name])
        lines.append(_line(cells))
    return "\n".join(lines)


def _cells(figures: Figures) -> list[str]:
    if figures.reason:
        return ["**no start**", *[""] * 6]
    return [
        *(_share(one) for one in (figures.answered, figures.valid, figures.refused)),
        _share(figures.stateful),
        str(figures.unknown),
        f"{figures.processor_seconds:.2f}",
        f"{figures.memory_mib:.0f}",
    ]


def _not_started(rows: list[Row], names: list[str]) -> str:
    lines = [
        f"- {row.document.name}, {name}: `{row.figures[name].reason.replace('`', chr(39))}`"
        for row in rows
        for name in names
        if row.figures[name].reason
    ]
    return "\n".join(lines) or "None."


def _sources(rows: list[Row]) -> str:
    return "\n".join(f"- {row.document.name}: {row.document.source}" for row in rows)


def _started(found: list[Figures]) -> list[Figures]:
    return [one for one in found if not one.reason]


def _total(shares: Iterable[Share]) -> str:
    found = list(shares)
    good, every = sum(one.good for one in found), sum(one.all for one in found)
    return f"{good:,} of {every:,} ({good / every:.1%})" if every else _NOTHING


def _share(share: Share) -> str:
    if not share.all:
        return _NOTHING
    text = f"{share.good}/{share.all}"
    return text if share.good == share.all else f"**{text}**"


def _median(values: Iterable[float], form: str) -> str:
    found = list(values)
    return form.format(median(found)) if found else _NOTHING


def _line(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
