"""``report.html``: one self-contained file for people, without scripts."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from itertools import groupby
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from contract_tests.reports import load
from contract_tests.reports.document import Json
from contract_tests.reports.terminal import not_done, permissions, place, step_text

_HERE = Path(__file__).resolve().parent
_GRADES = {
    "failure": ("Failures", "The deployment violates documented behaviour."),
    "difference": (
        "Differences",
        "The real API differs from what the contract marks as observed or assumed.",
    ),
    "drift": ("Drift", "The API returns more than the contract declares."),
    "known": ("Known", "Accepted by the baseline until the date given."),
}


def text(document: Json) -> str:
    """Return the text of the file."""
    style = (_HERE / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _template().render(
        document=document,
        sections=[_section(grade, document) for grade in _GRADES],
        not_done=not_done(document),
        style=Markup(style),  # noqa: S704 (our own file)
        style_hash=digest,
    )


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


def _section(grade: str, document: Json) -> Json:
    """Return the findings of one grade, by operation and kind."""
    found = [
        finding
        for finding in document["findings"]
        if ("known" if finding["known"] else finding["grade"]) == grade
    ]
    groups = [
        {"operation": operation, "kind": kind, "title": title, "findings": list(group)}
        for (operation, kind, title), group in groupby(
            found, key=lambda finding: (finding["operation"], finding["kind"], finding["title"])
        )
    ]
    heading, explanation = _GRADES[grade]
    return {
        "grade": grade,
        "heading": heading,
        "explanation": explanation,
        "groups": groups,
        "count": len(found),
    }
