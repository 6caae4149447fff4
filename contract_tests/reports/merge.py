"""One document from the documents of several runs: the shards of one, or runs of other drivers.

Findings are united by their keys, causes are formed again, and coverage is the union. Documents of
another deployment, contract, version or policy are refused, as one verdict on them means nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from contract_tests.errors import UsageError
from contract_tests.findings.causes import Cause, Group
from contract_tests.findings.finding import Finding
from contract_tests.findings.result import EXIT_CODES, Outcome
from contract_tests.findings.severity import SEVERITIES, Nature
from contract_tests.reports.document import GRADES, SCHEMA_VERSION, Json
from contract_tests.reports.headlines import headline
from contract_tests.reports.sentences import compose, counted
from contract_tests.shard import Shard
from contract_tests.text import printable

_SAME: tuple[tuple[str, Callable[[Json], Any]], ...] = (
    ("URL", lambda document: document["subject"]),
    ("contract", lambda document: document["contract"]["digest"]),
    ("version of the kit", lambda document: document["tool"]["versions"]["contract-tests"]),
    ("--mock", lambda document: document["settings"]["mock"]),
    ("--fail-on", lambda document: document["settings"]["fail_on"]),
)
"""What must be the same in all documents."""
_WORST_FIRST: tuple[Outcome, ...] = ("unreachable", "interrupted", "failed", "incomplete")


def merge(documents: Sequence[tuple[str, Json]]) -> Json:
    """Return one document of several, each with the name of its file. Raise UsageError."""
    _refuse_different(documents)
    missing = _missing_shards(documents)
    all = [document for _, document in documents]
    first = all[0]
    findings = _findings(all)
    counts = Counter(_grade(finding) for finding in findings)
    causes = _causes(all, findings)
    operations = _operations(all)
    merged = {
        **first,
        "schema_version": SCHEMA_VERSION,
        "settings": _settings(all),
        **_times(all),
        "requests": sum(document["requests"] for document in all),
        "counts": {grade: counts[grade] for grade in GRADES},
        "causes": causes,
        "findings": findings,
        "coverage": {"totals": _totals(operations), "operations": operations},
        "skipped": _unique(skipped for document in all for skipped in document["skipped"]),
        "withheld": _withheld(all),
        "broken": _unique(text for document in all for text in document["broken"]),
        "notes": _notes(all, missing),
        "merged_from": [name for name, _ in documents],
    }
    return {**merged, "verdict": _verdict(merged, all, missing)}


# --------------------------------------------------------------------------------- what is refused


def _refuse_different(documents: Sequence[tuple[str, Json]]) -> None:
    (first_name, first), *others = documents
    for name, document in others:
        for what, value in _SAME:
            if value(document) != value(first):
                values = "" if what == "contract" else f" ({value(first)} and {value(document)})"
                raise UsageError(f"{first_name} and {name} have a different {what}{values}")


def _missing_shards(documents: Sequence[tuple[str, Json]]) -> list[str]:
    """Return the shards that no document has. Raise UsageError for what cannot be united."""
    names: dict[str, str] = {}
    for name, document in documents:
        shard = document["settings"].get("shard")
        if shard is None:
            continue
        if shard in names:
            raise UsageError(f"{names[shard]} and {name} are both of shard {shard}")
        names[shard] = name
    shards = [Shard.parse(text) for text in names]
    counts = {shard.count for shard in shards}
    if len(counts) > 1:
        shown = " and ".join(f"{names[text]} ({text})" for text in list(names)[:2])
        raise UsageError(f"{shown} are parts of different wholes")
    seeds = {document["settings"]["seed"] for _, document in documents}
    if shards and len(seeds) > 1:
        raise UsageError(f"the shards have different seeds: {', '.join(map(str, sorted(seeds)))}")
    numbers = {shard.number for shard in shards}
    count = max(counts, default=0)
    return [f"{number}/{count}" for number in range(1, count + 1) if number not in numbers]


# -------------------------------------------------------------------------------------- the parts


def _grade(finding: Json) -> str:
    return "known" if finding["known"] else str(finding["grade"])


def _findings(documents: list[Json]) -> list[Json]:
    """Return the findings by grade, each once, with the shortest steps that lead to it."""
    found: dict[str, Json] = {}
    for document in documents:
        for finding in document["findings"]:
            before = found.get(finding["key"])
            found[finding["key"]] = finding if before is None else _united(before, finding)
    return sorted(found.values(), key=lambda finding: GRADES.index(_grade(finding)))


def _united(before: Json, finding: Json) -> Json:
    shown = finding if len(finding["steps"]) < len(before["steps"]) else before
    return {
        **shown,
        "times": before["times"] + finding["times"],
        "witnesses": list(dict.fromkeys([*before["witnesses"], *finding["witnesses"]])),
        # Accepted by all baselines, or not at all.
        "known": before["known"] and finding["known"],
    }


def _causes(documents: list[Json], findings: list[Json]) -> list[Json]:
    """Return the causes of the united findings, in the order of a run's own document."""
    known = {cause["key"]: cause for document in documents for cause in document["causes"]}
    groups: dict[str, list[Json]] = {}
    for finding in findings:
        groups.setdefault(finding["cause"], []).append(finding)
    causes = [_cause(known[key], group) for key, group in groups.items()]
    return sorted(
        causes,
        key=lambda cause: (
            cause["known"],
            GRADES.index(cause["grade"]),
            SEVERITIES.index(cause["severity"]),
        ),
    )


def _cause(cause: Json, findings: list[Json]) -> Json:
    group = Group(Cause(cause["code"], cause["subject"]), list(map(_as_finding, findings)))
    open = [finding for finding in findings if not finding["known"]] or findings
    return {
        **cause,
        "headline": printable(headline(group)),
        "grade": min((finding["grade"] for finding in open), key=GRADES.index),
        "severity": group.severity,
        "known": group.is_known,
        "count": len(findings),
        "times": group.times,
        "findings": [finding["key"] for finding in findings],
    }


def _as_finding(finding: Json) -> Finding:
    """Return a finding with what a headline needs."""
    return Finding(
        finding["operation"],
        finding["kind"],
        finding["where"],
        finding["keyword"],
        finding["provenance"],
        finding["expected"],
        finding["got"],
        finding["spec"]["pointer"],
        source=finding["found_by"],
        times=finding["times"],
        known=finding["known"],
        nature=Nature(
            finding["severity"], "deployment" if finding["contradicts_itself"] else "contract"
        ),
    )


def _operations(documents: list[Json]) -> list[Json]:
    found: dict[str, list[Json]] = {}
    for document in documents:
        for operation in document["coverage"]["operations"]:
            found.setdefault(operation["operation"], []).append(operation)
    return [_operation(same) for same in found.values()]


def _operation(same: list[Json]) -> Json:
    """Return the united coverage of one operation."""
    first = same[0]
    statuses: Counter[str] = Counter()
    for operation in same:
        statuses.update(operation["statuses"])
    # What a document does not list as untried was tried both ways.
    listed = [
        {
            (constraint["where"], constraint["keyword"]): constraint
            for constraint in operation["untried"]
        }
        for operation in same
    ]
    untried = [
        {
            "where": key[0],
            "keyword": key[1],
            "valid": any(report[key]["valid"] for report in listed),
            "invalid": any(report[key]["invalid"] for report in listed),
        }
        for key in listed[0]
        if all(key in report for report in listed)
    ]
    untried = [
        constraint for constraint in untried if not (constraint["valid"] and constraint["invalid"])
    ]
    missing = [status for status in first["documented"] if str(status) not in statuses]
    whys = {what: why for operation in reversed(same) for what, why in operation["why"].items()}
    return {
        **first,
        "statuses": dict(sorted(statuses.items())),
        "seconds": round(sum(operation["seconds"] for operation in same), 4),
        "missing": missing,
        "tried_valid": first["constraints"]
        - sum(not constraint["valid"] for constraint in untried),
        "tried_invalid": first["constraints"]
        - sum(not constraint["invalid"] for constraint in untried),
        "untried": untried,
        "why": whys,
    }


def _totals(operations: list[Json]) -> Json:
    def total(reached: Iterable[int], of: Iterable[int]) -> Json:
        return {"reached": sum(reached), "of": sum(of)}

    constraints = [operation["constraints"] for operation in operations]
    return {
        "operations": {
            "reached": sum(bool(operation["statuses"]) for operation in operations),
            "of": len(operations),
        },
        "statuses": total(
            (len(operation["documented"]) - len(operation["missing"]) for operation in operations),
            (len(operation["documented"]) for operation in operations),
        ),
        "constraints tried valid": total(
            (operation["tried_valid"] for operation in operations), constraints
        ),
        "constraints tried invalid": total(
            (operation["tried_invalid"] for operation in operations), constraints
        ),
    }


def _settings(documents: list[Json]) -> Json:
    """Return the settings of the first document, and the selections of all."""
    united = {
        name: _unique(value for document in documents for value in document["settings"][name])
        if all(document["settings"][name] for document in documents)
        else []
        for name in ("only", "phases")
    }
    return {**documents[0]["settings"], **united, "shard": None}


def _times(documents: list[Json]) -> Json:
    """Return the time from the first start to the last end."""
    starts = [datetime.fromisoformat(document["started"]) for document in documents]
    ends = [
        start + timedelta(seconds=document["seconds"])
        for start, document in zip(starts, documents, strict=True)
    ]
    return {
        "started": min(starts).isoformat(timespec="seconds"),
        "seconds": round((max(ends) - min(starts)).total_seconds(), 3),
    }


def _withheld(documents: list[Json]) -> list[Json]:
    counts: Counter[str] = Counter()
    for document in documents:
        for withheld in document["withheld"]:
            counts[withheld["why"]] += withheld["requests"]
    return [{"why": why, "requests": count} for why, count in counts.items()]


def _notes(documents: list[Json], missing: list[str]) -> list[str]:
    notes = [f"merged from {counted(len(documents), 'report')}"]
    if missing:
        notes.append(f"no report of shard {', '.join(missing)}: a part of the work is not judged")
    for document in documents:
        shard = document["settings"].get("shard")
        own = Shard.parse(shard).note if shard else None
        notes += [note for note in document["notes"] if note != own]
    return list(dict.fromkeys(notes))


def _unique(values: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


# ------------------------------------------------------------------------------------- the verdict


def _verdict(merged: Json, documents: list[Json], missing: list[str]) -> Json:
    outcomes = {document["verdict"]["outcome"] for document in documents}
    totals = merged["coverage"]["totals"]["operations"]
    if merged["counts"]["failure"]:
        outcomes.add("failed")
    if missing or merged["broken"] or not totals["reached"]:
        outcomes.add("incomplete")
    outcome: Outcome = next((name for name in _WORST_FIRST if name in outcomes), "passed")
    effort = (
        f"{counted(merged['requests'], 'request')} in {merged['seconds']:.1f} s, "
        f"seed {merged['settings']['seed']}"
    )
    reason = f"no report of shard {', '.join(missing)}" if missing else ""
    return {
        "outcome": outcome,
        "exit_code": EXIT_CODES[outcome],
        "sentence": compose(
            outcome=outcome,
            counts=merged["counts"],
            causes=len(merged["causes"]),
            operations=(totals["reached"], totals["of"]),
            effort=effort,
            reason=reason,
        ),
    }
