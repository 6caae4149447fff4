"""The result of a run as plain data. Every report is a view of this document.

``schema_version`` is 1. Without a new version, fields are added, but never renamed or redefined.

- ``tool``: ``name``, and ``versions`` of the kit, its validators and Python.
- ``subject``: the URL or file that was judged. ``contract``: ``file``, ``artifact`` (its path in
  the repository), ``digest`` (SHA-256), ``title``, ``version``.
- ``settings``: what determines the requests: ``seed``, ``mock``, ``strict``, ``only``, ...;
  ``source`` names the origin of recorded traffic, and is empty for a run.
- ``started`` (UTC), ``seconds``, ``requests``; ``verdict``: ``outcome``, ``exit_code``,
  ``sentence``.
- ``counts``: findings by grade: ``failure``, ``difference``, ``drift``, and ``known`` for those in
  the baseline.
- ``causes``: what one change in the deployment would end, failures first. ``key`` (``code`` and
  ``subject``) identifies a cause across runs; ``headline``, ``grade``, ``severity``, ``known``;
  ``count`` findings, whose keys are ``findings``, in ``times`` responses.
- ``findings``: without duplicates, failures first. ``key`` (operation, kind, where, keyword)
  identifies a finding across runs; ``cause``, ``grade``, ``severity``, ``provenance``,
  ``contradicts_itself``; ``expected``, ``got``; ``spec``
  (``pointer``, ``file``, ``line``); ``times``, ``found_by``, ``witnesses``, ``known``;
  ``exchange`` (``null`` if there is none) and ``steps``, both with ``account``, ``method``,
  ``url``, ``status``, ``seconds``, ``error``, ``curl``, ``request`` and ``response``
  (``headers``, ``body``); ``reproduce``: the script that sends all of them, below the report
  directory, or empty.
- ``coverage``: ``totals`` (``reached``, ``of``) and ``operations`` with ``statuses`` (and their
  counts), ``seconds`` (of its requests), ``documented``, ``missing``, ``constraints``,
  ``tried_valid``, ``tried_invalid``, ``why`` and ``untried`` (``where``, ``keyword``, ``valid``,
  ``invalid``).
- ``merged_from``: the files of a merged document, see ``contract-tests merge``.
- ``skipped`` (``what``, ``why``), ``withheld`` (``why``, ``requests``), ``broken``, ``notes``.
- ``load``, of load tests only: ``users``, ``processes``, ``seconds``; ``total`` and ``operations``
  (``operation``, ``requests``, ``failures``, ``per_second``, and ``p50``, ``p95``, ``p99``, ``max``
  in milliseconds); ``errors`` (``error``, ``operations``, ``times``); ``judge`` (``judged``,
  ``of``, ``share``, ``seconds``, ``processor_share``, ``held_seconds``); ``lag_ms``, ``accounts``,
  ``books``, ``peak_mb``.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path, PurePath
from typing import Any

from contract_tests.findings.causes import Group, cause_of, grouped
from contract_tests.findings.coverage import OperationCoverage
from contract_tests.findings.finding import Finding
from contract_tests.findings.result import Result
from contract_tests.http import curl
from contract_tests.http.exchange import Exchange, Headers
from contract_tests.reports import reproduction
from contract_tests.reports.headlines import headline
from contract_tests.reports.kinds import title
from contract_tests.reports.sentences import sentence
from contract_tests.settings import packaged_spec
from contract_tests.text import printable

Json = dict[str, Any]

SCHEMA_VERSION = 1
GRADES = ("failure", "difference", "drift", "known")
PACKAGED_ARTIFACT = "spec/openapi.yaml"
MAX_BODY = 4_000
"""The most characters of a body in a report."""

_PACKAGES = {
    "contract-tests": "alterlab-billing-mock",
    "schemathesis": "schemathesis",
    "openapi-core": "openapi-core",
    "jsonschema-rs": "jsonschema-rs",
}


def document(result: Result) -> Json:
    """Return the document of a result."""
    groups = grouped(result.findings, result.settings.policy)
    scripts = reproduction.names(result)
    findings = [
        _finding(finding, result) | {"reproduce": scripts.get(finding.key, "")}
        for finding in _sorted(result)
    ]
    counts = Counter("known" if finding["known"] else finding["grade"] for finding in findings)
    settings, contract, coverage = result.settings, result.contract, result.coverage
    info = contract.document.get("info") or {}
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "contract-tests", "versions": _versions()},
        "subject": settings.url,
        "contract": {
            "file": shown_path(contract.path),
            "artifact": artifact(contract.path),
            "digest": _digest(contract.document),
            "title": str(info.get("title", "")),
            "version": str(info.get("version", "")),
        },
        "settings": _settings(result),
        "started": (result.ended - timedelta(seconds=result.seconds)).isoformat(timespec="seconds"),
        "seconds": round(result.seconds, 3),
        "requests": result.exchanges,
        "verdict": {
            "outcome": result.outcome,
            "exit_code": result.exit_code,
            "sentence": printable(sentence(result, counts, len(groups))),
        },
        "counts": {grade: counts[grade] for grade in GRADES},
        "causes": [_cause(group, result) for group in groups],
        "findings": findings,
        "coverage": {
            "totals": {
                name: {"reached": some, "of": all}
                for name, (some, all) in coverage.totals().items()
            },
            "operations": [_operation(operation) for operation in coverage.operations.values()],
        },
        "skipped": [
            {"what": printable(skipped.what), "why": printable(skipped.why)}
            for skipped in result.skipped
        ],
        "withheld": [
            {"why": printable(why), "requests": count} for why, count in result.withheld.items()
        ],
        "broken": [printable(text) for text in result.broken],
        "notes": [printable(text) for text in result.notes],
        **({"load": dict(result.load)} if result.load is not None else {}),
    }


def _settings(result: Result) -> Json:
    settings = result.settings
    return {
        "seed": settings.seed,
        "source": result.source,
        "mock": settings.mock,
        "strict": settings.is_strict,
        "allow_writes": settings.may_write,
        "allow_irreversible": settings.may_do_anything,
        "organization_id": settings.organization_id,
        "max_examples": settings.max_examples,
        "only": list(settings.only),
        "skip": list(settings.skip),
        "phases": list(settings.phases),
        "shard": str(settings.shard) if settings.shard else None,
        "last_failed": settings.last_failed,
        "fail_on": settings.policy,
    }


def shown_path(path: Path) -> str:
    """Return a path relative to the working directory, if it is below; else the absolute one."""
    absolute, here = path.resolve(), Path.cwd()
    return (
        absolute.relative_to(here).as_posix()
        if absolute.is_relative_to(here)
        else absolute.as_posix()
    )


def artifact(path: Path) -> str:
    """Return the path of a contract in its repository, without any folder of this machine.

    The packaged contract has its path in the kit's own repository. A contract outside of the
    repository of the working directory has its name only.
    """
    absolute = path.resolve()
    if absolute == packaged_spec().resolve():
        return PACKAGED_ARTIFACT
    for folder in (Path.cwd(), *Path.cwd().parents):
        if (folder / ".git").exists() and absolute.is_relative_to(folder):
            return absolute.relative_to(folder).as_posix()
    shown = PurePath(shown_path(path))
    return shown.name if shown.is_absolute() else shown.as_posix()


def _digest(contract: Json) -> str:
    text = json.dumps(contract, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _sorted(result: Result) -> list[Finding]:
    """Return the findings by grade, failures first, and in the order of the contract."""
    order = {name: index for index, name in enumerate(result.contract.operations)}
    policy = result.settings.policy

    def rank(finding: Finding) -> tuple[int, int, str, str]:
        grade = "known" if finding.known else finding.grade(policy)
        return (
            GRADES.index(grade),
            order.get(finding.operation, len(order)),
            finding.operation,
            finding.kind,
        )

    return sorted(result.findings, key=rank)


def _cause(group: Group, result: Result) -> Json:
    return {
        "key": group.cause.key,
        "code": group.cause.code,
        "subject": group.cause.subject,
        "headline": printable(headline(group)),
        "grade": group.grade(result.settings.policy),
        "severity": group.severity,
        "known": group.is_known,
        "count": len(group.findings),
        "times": group.times,
        "findings": [" ".join(finding.key) for finding in group.findings],
    }


def _finding(finding: Finding, result: Result) -> Json:
    shown = finding.exchange
    return {
        "operation": printable(finding.operation),
        "kind": finding.kind,
        "where": printable(finding.where),
        "keyword": printable(finding.keyword),
        "key": " ".join(finding.key),
        "title": title(finding.kind),
        "cause": cause_of(finding).key,
        "grade": finding.grade(result.settings.policy),
        "severity": finding.severity,
        "provenance": finding.provenance,
        "contradicts_itself": finding.contradicts_itself,
        "expected": printable(finding.expected),
        "got": printable(finding.got),
        "spec": {
            "pointer": finding.spec,
            "file": shown_path(result.contract.path),
            "line": result.contract.line_of(finding.spec),
        },
        "times": finding.times,
        "found_by": finding.source,
        "witnesses": list(finding.witnesses),
        "known": finding.known,
        "exchange": _exchange(shown, result) if shown is not None else None,
        # Reads do not lead to a finding, not even those that were refused.
        "steps": [
            _exchange(step, result) for step in finding.steps if step.method not in ("GET", "HEAD")
        ],
    }


def _exchange(exchange: Exchange, result: Result) -> Json:
    return {
        "account": exchange.account,
        "method": exchange.method,
        "url": exchange.url,
        "status": exchange.status,
        "seconds": round(exchange.seconds, 3),
        "error": printable(exchange.error),
        "request": _message(exchange.request_headers, exchange.request_body),
        "response": _message(exchange.response_headers, exchange.response_body),
        "curl": curl.line(exchange, result.settings),
    }


def _message(headers: Headers, body: bytes) -> Json:
    text = body[: 4 * MAX_BODY].decode("utf-8", "replace")
    if len(text) > MAX_BODY:
        text = f"{text[:MAX_BODY]}... ({len(body):,} bytes)"
    return {"headers": [list(pair) for pair in headers], "body": text}


def _operation(seen: OperationCoverage) -> Json:
    untried = [
        {
            "where": constraint[0],
            "keyword": constraint[1],
            "valid": constraint in seen.valid,
            "invalid": constraint in seen.invalid,
        }
        for constraint in seen.all_constraints
        if constraint not in seen.valid or constraint not in seen.invalid
    ]
    return {
        "operation": seen.operation.id,
        "method": seen.operation.method,
        "path": seen.operation.path,
        "group": seen.operation.group,
        "statuses": {str(status): count for status, count in sorted(seen.statuses.items())},
        "seconds": round(seen.seconds, 4),
        "documented": list(seen.operation.responses),
        "missing": seen.missing_statuses,
        "constraints": len(seen.all_constraints),
        "tried_valid": len(seen.valid),
        "tried_invalid": len(seen.invalid),
        "untried": untried,
        "why": {what: printable(why) for what, why in seen.why.items()},
    }


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name, package in _PACKAGES.items():
        try:
            found[name] = version(package)
        except PackageNotFoundError:  # a checkout that was not installed
            found[name] = "unknown"
    return found
