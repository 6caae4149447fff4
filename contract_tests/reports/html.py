"""``report.html``: one self-contained file for people, which loads nothing.

Findings stand below the headlines of their causes. A script filters and searches them; without
scripts all are shown, and the filter is hidden. The policy of the page allows that script and its
style by their hashes, and nothing else. A large report is bounded, and says what it leaves out.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from contract_tests.findings.codes import code_of
from contract_tests.findings.severity import SEVERITIES
from contract_tests.reports import load
from contract_tests.reports.document import Json
from contract_tests.reports.terminal import not_done, permissions, place, step_text

MAX_FINDINGS = 1_000
"""Findings that are shown, the first ones of each cause before others."""
MAX_EXCHANGE_CHARACTERS = 1_200_000
"""Characters of exchanges that are shown. Further findings are shown without theirs."""
MAX_STEPS = 20
"""Steps of a finding that are shown: the last ones."""
MAX_OPEN = 3
"""Failing causes that are open when there are no more."""

_HERE = Path(__file__).resolve().parent
_GRADES = {
    "failure": ("Failures", "These findings fail the run."),
    "difference": (
        "Differences",
        "The deployment differs from the contract in what is not documented, or in manners.",
    ),
    "drift": ("Drift", "The API returns more than the contract declares."),
    "known": ("Known", "Accepted by the baseline until the date given."),
}


@dataclass(frozen=True)
class Shown:
    """What a page of bounded size shows."""

    findings: frozenset[str]
    """Keys of findings."""
    exchanges: frozenset[str]
    """Keys of findings that are shown with their exchange and steps."""


def text(document: Json) -> str:
    """Return the text of the file."""
    style = (_HERE / "report.css").read_text(encoding="utf-8")
    script = (_HERE / "report.js").read_text(encoding="utf-8")
    findings = {finding["key"]: finding for finding in document["findings"]}
    shown = _shown(document["causes"], findings)
    return _template().render(
        document=document,
        sections=[_section(grade, document, findings, shown) for grade in _GRADES],
        not_done=not_done(document),
        style=Markup(style),  # noqa: S704 (our own file)
        style_hash=_hash(style),
        script=Markup(script),  # noqa: S704 (our own file)
        script_hash=_hash(script),
        choices=_choices(document, shown),
        left_out=len(findings) - len(shown.findings),
        without_exchange=len(shown.findings) - len(shown.exchanges),
    )


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(permissions=permissions, place=place, step_text=step_text)
    environment.globals.update(
        load_summary=load.summary,
        load_columns=load.COLUMNS,
        load_cells=load.cells,
        load_remarks=lambda figures: list(load.remarks(figures)),
    )
    return environment.get_template("report.html.j2")


def _shown(causes: list[Json], findings: dict[str, Json]) -> Shown:
    """Choose findings in turns: the first of each cause, then the second of each, and so on."""
    in_turns = zip_longest(*(cause["findings"] for cause in causes))
    keys = [key for turn in in_turns for key in turn if key is not None][:MAX_FINDINGS]
    exchanges: set[str] = set()
    size = 0
    for key in keys:
        size += _size(findings[key])
        if size > MAX_EXCHANGE_CHARACTERS:
            break
        exchanges.add(key)
    return Shown(frozenset(keys), frozenset(exchanges))


def _size(finding: Json) -> int:
    """Return about how many characters the exchange and the steps of a finding have."""
    exchanges = [*finding["steps"][-MAX_STEPS:], finding["exchange"]]
    return sum(_length(exchange) for exchange in exchanges if exchange is not None)


def _length(exchange: Json) -> int:
    parts = (exchange["request"], exchange["response"])
    headers = [text for part in parts for pair in part["headers"] for text in pair]
    return len(exchange["curl"]) + sum(len(part["body"]) for part in parts) + len("".join(headers))


def _section(grade: str, document: Json, findings: dict[str, Json], shown: Shown) -> Json:
    """Return the causes of one grade with their findings."""
    causes = [
        cause
        for cause in document["causes"]
        if ("known" if cause["known"] else cause["grade"]) == grade
    ]
    heading, explanation = _GRADES[grade]
    return {
        "grade": grade,
        "heading": heading,
        "explanation": explanation,
        "causes": [
            _cause(cause, findings, shown)
            for cause in causes
            if not shown.findings.isdisjoint(cause["findings"])
        ],
        "of": len(causes),
        "count": sum(cause["count"] for cause in causes),
        "is_open": grade == "failure" and len(causes) <= MAX_OPEN,
    }


def _cause(cause: Json, findings: dict[str, Json], shown: Shown) -> Json:
    places = [
        {
            **finding,
            "steps": finding["steps"][-MAX_STEPS:],
            "steps_before": max(0, len(finding["steps"]) - MAX_STEPS),
            "has_exchange": finding["key"] in shown.exchanges,
        }
        for finding in (findings[key] for key in cause["findings"] if key in shown.findings)
    ]
    code = code_of(cause["code"])
    return {
        **cause,
        "places": places,
        "left_out": cause["count"] - len(places),
        "meaning": code.meaning,
        "remedy": code.remedy,
    }


def _choices(document: Json, shown: Shown) -> list[Json]:
    """Return what the findings can be filtered by."""
    findings = [finding for finding in document["findings"] if finding["key"] in shown.findings]
    grades = {"known" if finding["known"] else finding["grade"] for finding in findings}
    severities = {finding["severity"] for finding in findings}
    titles = {finding["kind"]: finding["title"] for finding in findings}
    operations = dict.fromkeys(finding["operation"] for finding in findings)
    return [
        _choice(
            "severity", [(name, name.capitalize()) for name in SEVERITIES if name in severities]
        ),
        _choice("grade", [(name, name.capitalize()) for name in _GRADES if name in grades]),
        _choice("operation", [(name, name) for name in operations]),
        _choice("check", sorted(titles.items(), key=lambda item: item[1])),
    ]


def _choice(name: str, options: list[tuple[str, str]]) -> Json:
    return {"name": name, "options": options}
