"""What changed, as text, JSON, Markdown or annotations of GitHub Actions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from mockserver.contract.changes import Change, Severity
from mockserver.openapi.problems import Problems, written
from mockserver.openapi.yaml_file import FileError

NOTHING = "No differences.\n"
"""The report without changes, as text or Markdown."""
_MAX_USERS = 3
_TITLES = {
    Severity.BREAKING: "Breaking",
    Severity.UNCLEAR: "To be checked by hand",
    Severity.ADDITIVE: "Compatible",
    Severity.EDITORIAL: "Words and examples",
}
_LEVELS = {
    Severity.BREAKING: "error",
    Severity.UNCLEAR: "error",
    Severity.ADDITIVE: "warning",
    Severity.EDITORIAL: "notice",
}


def text(changes: Sequence[Change]) -> str:
    """Return the changes for a terminal: each with its place and where it is used."""
    if not changes:
        return NOTHING
    lines = []
    for change in changes:
        lines.append(f"{change.severity:<9}  {place(change)}: {change.text}")
        facts = [
            change.kind,
            *filter(None, (_users(change), change.provenance)),
        ]
        lines.append(f"{'':<11}{' · '.join(facts)}")
    return "\n".join([*lines, "", summary(changes), ""])


def summary(changes: Sequence[Change]) -> str:
    """Return how many changes there are."""
    counts = Counter(change.severity for change in changes)
    parts = ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])
    return f"{len(changes)} change{'' if len(changes) == 1 else 's'}: {parts}."


def place(change: Change) -> str:
    """Return file and line of a change."""
    path = shown_path(change)
    return f"{path}:{change.line}" if change.line else path


def shown_path(change: Change) -> str:
    """Return the file of a change."""
    return relative(str(change.path))


def relative(text: str) -> str:
    """Return a text that begins with a path, relative to the current folder if it is within."""
    return text.removeprefix(f"{Path.cwd()}/")


def warnings(
    problems: Problems, limit: int, listed: str = "; 'mockserver check {}' lists them"
) -> Iterator[str]:
    """Yield the first warnings about a document as lines, and how many more there are.

    ``listed`` is the end of the last line, with the place of the file's name.
    """
    shown = problems.lines()[:limit] if limit else []
    for path, line, warning in shown:
        yield f"warning: {relative(str(FileError(path, str(warning), line)))}"
    if hidden := problems.count - len(shown):
        name = relative(str(problems.paths[0]))
        yield f"warning: {name}: {hidden} more{listed.format(name)}"


def _users(change: Change) -> str:
    users = [user for user in change.users if user]
    more = f" and {len(users) - _MAX_USERS} more" if len(users) > _MAX_USERS else ""
    return f"{', '.join(users[:_MAX_USERS])}{more}"


def as_json(changes: Sequence[Change]) -> str:
    """Return the changes as JSON."""
    entries = [
        {
            "kind": change.kind,
            "severity": change.severity,
            "text": change.text,
            "file": shown_path(change),
            "line": change.line,
            "pointer": written(change.pointer),
            "in": "old" if change.in_old else "new",
            "provenance": change.provenance,
            "affects": [user for user in change.users if user],
        }
        for change in changes
    ]
    counts = Counter(change.severity for change in changes)
    whole = {"changes": entries, "counts": {severity: counts[severity] for severity in Severity}}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def markdown(changes: Sequence[Change]) -> str:
    """Return the changes as sections of a changelog."""
    sections = []
    for severity, title in _TITLES.items():
        found = [change for change in changes if change.severity is severity]
        if found:
            entries = "\n".join(f"- {_entry(change)}" for change in found)
            sections.append(f"### {title}\n\n{entries}\n")
    return "\n".join(sections) or NOTHING


def _entry(change: Change) -> str:
    users = _users(change)
    is_named = not users or all(user.partition(" 2")[0] in change.text for user in change.users)
    return change.text if is_named else f"{change.text} ({users})"


def github(changes: Sequence[Change]) -> str:
    """Return the changes as annotations of files in GitHub Actions."""
    return "".join(map(_annotation, changes))


def _annotation(change: Change) -> str:
    level, line = _LEVELS[change.severity], change.line or 1
    where = f"file={_property(shown_path(change))},line={line},title={_property(change.kind)}"
    return f"::{level} {where}::{_data(change.text)}\n"


def _data(value: str) -> str:
    return value.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: str) -> str:
    return _data(value).replace(":", "%3A").replace(",", "%2C")


FORMATS: Mapping[str, Callable[[Sequence[Change]], str]] = {
    "text": text,
    "json": as_json,
    "markdown": markdown,
    "github": github,
}
