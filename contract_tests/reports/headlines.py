"""One line for each cause: what one change in the deployment would end."""

from __future__ import annotations

from collections.abc import Iterable

from contract_tests.findings.causes import Group
from contract_tests.findings.codes import code_of
from contract_tests.findings.finding import Finding
from contract_tests.reports.sentences import counted
from contract_tests.text import shortened

MAX_NAMED = 3
"""Names in a headline."""


def headline(group: Group) -> str:
    """Return the headline of a group of findings."""
    findings = group.findings
    cause = group.cause
    subject = cause.subject.replace("_", " ") if cause.code == "story" else cause.subject
    return code_of(cause.code).headline.format(
        code=cause.code,
        subject=shortened(subject, 80),
        names=_named(finding.where.rsplit("/", 1)[-1] for finding in findings),
        keywords=_named(finding.keyword for finding in findings),
        rule=_named(f"{finding.where} {finding.keyword}" for finding in findings),
        places=counted(len(findings), "place"),
        operations=_named(finding.operation for finding in findings),
        responses=counted(group.times, "response"),
        stories=_named(map(_story, findings)),
    )


def _story(finding: Finding) -> str:
    """Return the title of the story or the race that found something."""
    kind, _, name = finding.source.partition(": ")
    title = name.partition(",")[0].replace("_", " ")
    return f"race '{title}'" if kind == "races" else f"story '{title}'"


def _named(names: Iterable[str]) -> str:
    found = list(dict.fromkeys(names))
    more = f" and {len(found) - MAX_NAMED} more" if len(found) > MAX_NAMED else ""
    return ", ".join(found[:MAX_NAMED]) + more
