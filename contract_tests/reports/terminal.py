"""The report for whoever sits before the terminal: what to do, in few lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from urllib.parse import urlsplit

from rich.console import Console

from contract_tests.reports.document import Json
from contract_tests.reports.sentences import counted
from contract_tests.text import printable, shortened

MAX_SHOWN = {"failure": 40, "difference": 20, "drift": 20, "known": 20}
"""Findings of one grade; the files hold them all."""
MAX_STEPS = 5
MAX_NAMED = 3
"""Things that were skipped for one reason."""
_MAX_VALUE = 160
_HEADINGS = {
    "failure": "FAILURES",
    "difference": "DIFFERENCES: the real API differs from our assumption",
    "drift": "DRIFT: the API answers more than the contract knows",
    "known": "KNOWN: accepted by the baseline",
}
_STYLES = {
    "failure": "bold red",
    "difference": "bold yellow",
    "drift": "bold cyan",
    "known": "bold",
}
_OUTCOMES = {"passed": "bold green", "failed": "bold red"}

Line = tuple[str, str]
"""Text and its style."""


def show(document: Json, console: Console, *, quiet: bool = False) -> None:
    """Print the report; ``quiet``: what failed and the verdict only."""
    for text, style in lines(document, quiet=quiet):
        shown = "\n".join(map(printable, text.split("\n")))
        console.print(
            shown, style=style, markup=False, highlight=False, soft_wrap=True, emoji=False
        )


def lines(document: Json, *, quiet: bool = False) -> Iterator[Line]:
    """The report's lines."""
    if not quiet:
        yield f"{document['subject']}, {permissions(document)}", "bold"
        yield (
            f"held against {document['contract']['file']}, seed {document['settings']['seed']}\n",
            "",
        )
    for grade in ("failure",) if quiet else ("failure", "difference", "drift", "known"):
        found = [
            each
            for each in document["findings"]
            if ("known" if each["known"] else each["grade"]) == grade
        ]
        if found:
            yield from _graded(found, grade, document)
    if not quiet:
        yield from _coverage(document)
        yield from _listed("SKIPPED", _skipped(document))
        yield from _listed(
            "WITHHELD",
            (
                f"{counted(each['requests'], 'request')}: {each['why']}"
                for each in document["withheld"]
            ),
        )
    yield from _listed("BROKEN OFF by an error of the kit, please report it", document["broken"])
    yield from _listed("NOTES", document["notes"])
    verdict = document["verdict"]
    yield verdict["sentence"], _OUTCOMES.get(verdict["outcome"], "bold yellow")


# ---------------------------------------------------------------------------------------- findings


def _graded(found: list[Json], grade: str, document: Json) -> Iterator[Line]:
    yield f"{_HEADINGS[grade]} ({len(found)})", _STYLES[grade]
    shown = found[: MAX_SHOWN[grade]]
    for operation, group in groupby(shown, key=lambda each: str(each["operation"])):
        yield f"\n{operation}", "bold"
        for kind, each_kind in groupby(group, key=lambda each: str(each["kind"])):
            several = list(each_kind)
            yield f"  {several[0]['title']}  [{kind}]", ""
            for finding in several:
                if grade in ("failure", "difference"):
                    yield from _block(finding, document)
                else:
                    yield from _short(finding, grade)
    if len(found) > len(shown):
        yield f"\n... and {len(found) - len(shown)} more: --report html,json shows them all", "dim"
    yield "", ""


def _block(finding: Json, document: Json) -> Iterator[Line]:
    """Everything that is needed to see it again and to put it right."""
    yield (
        f"    {finding['where']}  {finding['keyword']}",
        "red" if finding["grade"] == "failure" else "yellow",
    )
    yield from _row(
        "expected", f"{shortened(finding['expected'], _MAX_VALUE)}  ({finding['provenance']})"
    )
    yield from _row("got", shortened(finding["got"], _MAX_VALUE))
    yield from _row("spec", f"{place(finding)}  {finding['spec']['pointer']}")
    yield from _row("found", _found(finding, document))
    for index, text in enumerate(_steps(finding["steps"])):
        yield from _row("" if index else "after", text)
    if finding["exchange"] is not None:
        yield from _row("again", finding["exchange"]["curl"])


def _short(finding: Json, grade: str) -> Iterator[Line]:
    yield f"    {finding['where']}  {finding['keyword']}", ""
    yield from (
        _row("accepted", finding["known"])
        if grade == "known"
        else _row("got", shortened(finding["got"], 80))
    )


def _row(name: str, text: str) -> Iterator[Line]:
    yield f"      {name:9}{text}", "" if name != "again" else "dim"


def permissions(document: Json) -> str:
    """What the run was allowed to do, in a few words."""
    settings = document["settings"]
    if settings["source"]:
        return str(settings["source"]) + (", strict" if settings["strict"] else "")
    if settings["mock"]:
        return "the mock"
    allowed = "everything allowed" if settings["allow_irreversible"] else "writes allowed"
    return (allowed if settings["allow_writes"] else "read only") + (
        ", strict" if settings["strict"] else ""
    )


def place(finding: Json) -> str:
    """Where the rule stands: file and line."""
    spec = finding["spec"]
    return f"{spec['file']}:{spec['line']}" if spec["line"] else str(spec["file"])


def _found(finding: Json, document: Json) -> str:
    times = "once" if finding["times"] == 1 else f"{finding['times']:,} times"
    who = f", by {finding['found_by']}" if finding["found_by"] else ""
    account = f", as {finding['exchange']['account']}" if finding["exchange"] is not None else ""
    return f"{times}{who}{account}, seed {document['settings']['seed']}"


def _steps(steps: list[Json]) -> Iterator[str]:
    left_out = len(steps) - MAX_STEPS
    if left_out > 0:
        yield f"{counted(left_out, 'step')} before (--report html,json shows them)"
    for step in steps[-MAX_STEPS:]:
        yield step_text(step)


def step_text(step: Json) -> str:
    """A request and what came of it, in one line."""
    url = urlsplit(step["url"])
    target = f"{url.path}?{url.query}" if url.query else url.path
    body = shortened(step["request"]["body"], 120)
    return f"{step['method']} {target}{f' {body}' if body else ''} -> {step['status'] or step['error']}"


# ---------------------------------------------------------------------------------------- the rest


def _coverage(document: Json) -> Iterator[Line]:
    """A row for each operation of which something is left to try."""
    operations = [each for each in document["coverage"]["operations"] if each["statuses"]]
    rest = [each for each in operations if _left(each)]
    width = max((len(each["operation"]) for each in rest), default=len("COVERAGE"))
    yield (
        f"{'COVERAGE':{width}}" + ("  statuses   valid  invalid  not reached" if rest else ""),
        "bold",
    )
    for each in rest:
        reached = len(each["documented"]) - len(each["missing"])
        tried = f"{each['tried_valid']:>3}/{each['constraints']:<3} {each['tried_invalid']:>4}/{each['constraints']:<3}"
        yield (
            f"{each['operation']:{width}}  {reached:>3}/{len(each['documented']):<3}   {tried}  {_left(each)}",
            "",
        )
    if len(rest) < len(operations):
        yield f"{counted(len(operations) - len(rest), 'operation')} tried in full", ""
    totals = document["coverage"]["totals"]
    yield (
        "; ".join(f"{each['reached']} of {each['of']} {name}" for name, each in totals.items()),
        "",
    )
    yield "", ""


def _left(operation: Json) -> str:
    invalid = [f"{each['where']} {each['keyword']}" for each in operation["untried"]]
    parts = [
        ", ".join(str(each) for each in operation["missing"]),
        shortened(", ".join(invalid), 80),
    ]
    return "; ".join(part for part in parts if part)


def not_done(document: Json) -> dict[str, list[str]]:
    """What was skipped or not tried, by the reason."""
    reasons: dict[str, list[str]] = {}
    for each in document["skipped"]:
        reasons.setdefault(each["why"], []).append(each["what"])
    for operation in document["coverage"]["operations"]:
        for what, why in operation["why"].items():
            reasons.setdefault(why, []).append(
                f"{operation['operation']} ({what})"
                if operation["statuses"]
                else operation["operation"]
            )
    return {why: list(dict.fromkeys(names)) for why, names in reasons.items()}


def _skipped(document: Json) -> Iterator[str]:
    for why, names in not_done(document).items():
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        yield f"{', '.join(names[:MAX_NAMED])}{more}: {why}"


def _listed(heading: str, texts: Iterable[str]) -> Iterator[Line]:
    found = list(texts)
    if found:
        yield heading, "bold"
        for text in found:
            yield f"  {text}", ""
        yield "", ""
