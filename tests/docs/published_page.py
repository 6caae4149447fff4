"""The published and the generated page, split into the same sections of plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.spec.published import PAGE

_HEADING = re.compile(r"^(?:## )?(?:GET|PUT|POST|DELETE|PATCH) /\S+$")


@dataclass(frozen=True)
class Section:
    """An operation of either page."""

    heading: str
    badge: str
    summary: str
    rows: tuple[str, ...]
    """Rows as the published page joins their cells: ``limitintegerOptionallimitDefault: 20``."""
    curl: str
    json: str


def published_text() -> str:
    """Return the text of the published page, whose lines are indented by four spaces."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return "\n".join(line.removeprefix("    ") for line in lines).split("\nLast updated:")[0]


def published() -> list[Section]:
    """Return the sections of the published page."""
    return [_published_section(lines) for lines in _sections(published_text())]


def generated(page: str) -> list[Section]:
    """Return the sections of a generated page."""
    return [_generated_section(lines) for lines in _sections(page)]


def _sections(text: str) -> Iterator[list[str]]:
    lines = text.splitlines()
    starts = [index for index, line in enumerate(lines) if _HEADING.match(line)]
    for start, stop in zip(starts, [*starts[1:], len(lines)], strict=True):
        yield lines[start:stop]


def _published_section(lines: list[str]) -> Section:
    heading, method, path, summary = [line for line in lines if line][:4]
    request, response = lines.index("Request Example"), lines.index("Response Example")
    rows: tuple[str, ...] = ()
    if "Parameters" in lines:
        # The row of a required parameter spans three lines.
        cells = "\n".join(lines[lines.index("NameTypeRequiredDescription") + 1 : request]).strip()
        rows = tuple(cells.replace("\nRequired\n", "Required").split("\n"))
    return Section(
        heading,
        f"{method} {path}",
        summary,
        rows,
        curl="\n".join(lines[request + 3 : response]).strip("\n"),
        json="\n".join(lines[response + 3 :]).strip("\n"),
    )


def _generated_section(lines: list[str]) -> Section:
    heading, badge, summary = [line for line in lines if line][:3]
    text = "\n".join(lines)
    curl, json = re.findall(r"^```(?:bash|json)\n(.*?)\n```$", text, re.DOTALL | re.MULTILINE)
    return Section(
        heading.removeprefix("## "),
        badge.replace("`", ""),
        summary,
        tuple(_rows(lines)),
        curl,
        json,
    )


def _rows(lines: list[str]) -> Iterator[str]:
    if "### Parameters" not in lines:
        return
    table = [line for line in lines[: lines.index("### Request Example")] if line.startswith("|")]
    assert table[:2] == ["| Name | Type | Required | Description |", "|---|---|---|---|"]
    for line in table[2:]:
        cells = [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        yield "".join(cells).replace(" Default: ", "Default: ")
