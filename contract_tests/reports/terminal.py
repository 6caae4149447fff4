"""The report on the terminal: what failed and how to reproduce it, in few lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from rich.console import Console

from contract_tests.reports import load
from contract_tests.reports.document import Json
from contract_tests.reports.sentences import counted
from contract_tests.text import printable, shortened

MAX_SHOWN = {"failure": 40, "difference": 20, "drift": 20, "known": 20}
"""Causes of one grade that are shown. The report files contain all."""
MAX_PLACES = 3
"""Other places of a cause that are shown."""
MAX_STEPS = 5
"""Steps of a finding that are shown."""
MAX_NAMED = 3
"""Names that are shown for one reason to skip."""
_MAX_VALUE = 160
_HEADINGS = {
    "failure": "FAILURES",
    "difference": "DIFFERENCES: the deployment differs from the contract in what is not documented",
    "drift": "DRIFT: the API returns more than the contract declares",
    "known": "KNOWN: accepted by a baseline or an overlay",
}
_STYLES = {
    "failure": "bold red",
    "difference": "bold yellow",
    "drift": "bold cyan",
    "known": "bold",
}
_OUTCOMES = {"passed": "bold green", "failed": "bold red"}

Line = tuple[str, str]
"""A text and its style."""


def show(document: Json, console: Console, *, quiet: bool = False) -> None:
    """Print the report; with ``quiet`` only failures and the verdict."""
    for text, style in lines(document, quiet=quiet):
        inner = text.strip("\n")
        shown = text.replace(inner, printable(inner), 1) if inner else text
        console.print(
            shown, style=style, markup=False, highlight=False, soft_wrap=True, emoji=False
        )


def lines(document: Json, *, quiet: bool = False) -> Iterator[Line]:
    """Return the lines of the report."""
    if not quiet:
        yield f"{document['subject']}, {permissions(document)}", "bold"
        yield (
            f"validated against {document['contract']['file']}, "
            f"seed {document['settings']['seed']}\n",
            "",
        )
    for grade in ("failure",) if quiet else ("failure", "difference", "drift", "known"):
        found = [
            cause
            for cause in document["causes"]
            if ("known" if cause["known"] else cause["grade"]) == grade
        ]
        if found:
            yield from _graded(found, grade, document)
    if not quiet:
        for text in load.lines(document):
            yield text, ""
        if "load" not in document:  # load is no test of every constraint
            yield from _coverage(document)
        yield from _listed("SKIPPED", _skipped(document))
        yield from _listed(
            "WITHHELD",
            (
                f"{counted(withheld['requests'], 'request')}: {withheld['why']}"
                for withheld in document["withheld"]
            ),
        )
    heading = "BROKEN OFF by a hook that failed, or by an error of the kit"
    yield from _listed(heading, document["broken"])
    yield from _listed("NOTES", document["notes"])
    verdict = document["verdict"]
    yield verdict["sentence"], _OUTCOMES.get(verdict["outcome"], "bold yellow")


# ---------------------------------------------------------------------------------------- findings


def _graded(causes: list[Json], grade: str, document: Json) -> Iterator[Line]:
    """Return a headline for each cause, one finding in full, and the other places."""
    findings = {finding["key"]: finding for finding in document["findings"]}
    count = sum(len(cause["findings"]) for cause in causes)
    yield (
        f"{_HEADINGS[grade]} ({counted(len(causes), 'cause')}, {counted(count, 'finding')})",
        _STYLES[grade],
    )
    for cause in causes[: MAX_SHOWN[grade]]:
        yield f"\n{cause['severity']}: {cause['headline']}  [{cause['code']}]", "bold"
        first, *others = (findings[key] for key in cause["findings"])
        if grade in ("failure", "difference"):
            yield from _block(first, document)
        else:
            yield from _short(first, grade)
        yield from _others(others)
    if len(causes) > MAX_SHOWN[grade]:
        left = len(causes) - MAX_SHOWN[grade]
        yield f"\n... and {left} more causes: --report html,json shows them all", "dim"
    yield "", ""


def _others(findings: list[Json]) -> Iterator[Line]:
    """Return the other places of a cause, shortened."""
    for finding in findings[:MAX_PLACES]:
        yield from _row("also", f"{finding['operation']}  {finding['where']}")
    if len(findings) > MAX_PLACES:
        yield from _row("", f"... and {counted(len(findings) - MAX_PLACES, 'place')} more")


def _block(finding: Json, document: Json) -> Iterator[Line]:
    """Return all that is needed to reproduce and to fix a finding."""
    yield (
        f"    {finding['operation']}  {finding['where']}  {finding['keyword']}",
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
    if finding["reproduce"]:
        yield from _row("script", finding["reproduce"])


def _short(finding: Json, grade: str) -> Iterator[Line]:
    yield f"    {finding['operation']}  {finding['where']}  {finding['keyword']}", ""
    yield from (
        _row("accepted", finding["known"])
        if grade == "known"
        else _row("got", shortened(finding["got"], 80))
    )


def _row(name: str, text: str) -> Iterator[Line]:
    yield f"      {name:9}{text}", "" if name != "again" else "dim"


def permissions(document: Json) -> str:
    """Return what the run was allowed to do, in a few words."""
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
    """Return the file and line of the rule."""
    spec = finding["spec"]
    return f"{spec['file']}:{spec['line']}" if spec["line"] else str(spec["file"])


def _found(finding: Json, document: Json) -> str:
    times = "once" if finding["times"] == 1 else f"{finding['times']:,} times"
    finder = f", by {finding['found_by']}" if finding["found_by"] else ""
    account = f", as {finding['exchange']['account']}" if finding["exchange"] is not None else ""
    return f"{times}{finder}{account}, seed {document['settings']['seed']}"


def _steps(steps: list[Json]) -> Iterator[str]:
    left_out = len(steps) - MAX_STEPS
    if left_out > 0:
        yield f"{counted(left_out, 'step')} before (--report html,json shows them)"
    for step in steps[-MAX_STEPS:]:
        yield step_text(step)


def step_text(step: Json) -> str:
    """Return a request and its result in one line."""
    url = urlsplit(step["url"])
    target = f"{url.path}?{url.query}" if url.query else url.path
    body = shortened(step["request"]["body"], 120)
    request = f"{step['method']} {target} {body}".rstrip()
    return f"{request} -> {step['status'] or step['error']}"


# ---------------------------------------------------------------------------------------- the rest


def _coverage(document: Json) -> Iterator[Line]:
    """Return a row for every operation that was not tested in full."""
    operations = [
        operation for operation in document["coverage"]["operations"] if operation["statuses"]
    ]
    rest = [operation for operation in operations if _left(operation)]
    width = max((len(operation["operation"]) for operation in rest), default=len("COVERAGE"))
    yield (
        f"{'COVERAGE':{width}}" + ("  statuses   valid  invalid  not reached" if rest else ""),
        "bold",
    )
    for operation in rest:
        reached = len(operation["documented"]) - len(operation["missing"])
        of = operation["constraints"]
        tried = f"{operation['tried_valid']:>3}/{of:<3} {operation['tried_invalid']:>4}/{of:<3}"
        statuses = f"{reached:>3}/{len(operation['documented']):<3}"
        yield f"{operation['operation']:{width}}  {statuses}   {tried}  {_left(operation)}", ""
    if len(rest) < len(operations):
        yield f"{counted(len(operations) - len(rest), 'operation')} tried in full", ""
    totals = document["coverage"]["totals"]
    yield (
        "; ".join(f"{total['reached']} of {total['of']} {name}" for name, total in totals.items()),
        "",
    )
    yield "", ""


def _left(operation: Json) -> str:
    invalid = [
        f"{constraint['where']} {constraint['keyword']}" for constraint in operation["untried"]
    ]
    parts = [
        ", ".join(str(status) for status in operation["missing"]),
        shortened(", ".join(invalid), 80),
    ]
    return "; ".join(part for part in parts if part)


def not_done(document: Json) -> dict[str, list[str]]:
    """Return what was skipped or not tried, by reason."""
    reasons: dict[str, list[str]] = {}
    for skipped in document["skipped"]:
        reasons.setdefault(skipped["why"], []).append(skipped["what"])
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
        if why.startswith("needs "):  # of stories, which are many
            what = why.removeprefix("needs ")
            yield (
                f"1 story needs {what}" if len(names) == 1 else f"{len(names)} stories need {what}"
            )
            continue
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        yield f"{', '.join(names[:MAX_NAMED])}{more}: {why}"


def _listed(heading: str, texts: Iterable[str]) -> Iterator[Line]:
    found = list(texts)
    if found:
        yield heading, "bold"
        for text in found:
            yield f"  {text}", ""
        yield "", ""
