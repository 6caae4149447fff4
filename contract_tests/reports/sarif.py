"""``report.sarif`` (SARIF 2.1.0), which code hosts show beside the lines of the contract.

A cause is one result, at the place of its first finding; the other places are related locations. So
a code host shows one alert for what one change would end. Its fingerprint is the key of the cause.
Paths are relative to the root of the repository (``%SRCROOT%``), wherever the kit is installed.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import PurePath
from urllib.parse import quote

from contract_tests.findings.codes import code_of
from contract_tests.reports.document import Json
from contract_tests.reports.junit import described

_LEVELS = {"failure": "error", "difference": "warning", "drift": "note"}
_RANKS = {"critical": 90.0, "major": 60.0, "minor": 20.0}
MAX_PLACES = 100
"""Places that are shown for one cause."""
_ROOT = "%SRCROOT%"
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def text(document: Json) -> str:
    """Return the text of the file."""
    codes = list(dict.fromkeys(cause["code"] for cause in document["causes"]))
    run = {
        "tool": {
            "driver": {
                "name": document["tool"]["name"],
                "version": document["tool"]["versions"]["contract-tests"],
                "rules": [_rule(code) for code in codes],
            }
        },
        "invocations": [_invocation(document)],
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The root of the repository that has the contract."}}
        },
        "results": _results(document, codes),
        "columnKind": "unicodeCodePoints",
        "properties": {
            "subject": document["subject"],
            "settings": document["settings"],
            "counts": document["counts"],
        },
    }
    return (
        json.dumps(
            {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False
        )
        + "\n"
    )


def _invocation(document: Json) -> Json:
    started = datetime.fromisoformat(document["started"])
    return {
        "executionSuccessful": document["verdict"]["outcome"] in ("passed", "failed"),
        "exitCode": document["verdict"]["exit_code"],
        "exitCodeDescription": document["verdict"]["sentence"],
        "startTimeUtc": _utc(started),
        "endTimeUtc": _utc(started + timedelta(seconds=document["seconds"])),
    }


def _utc(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _rule(name: str) -> Json:
    code = code_of(name)
    return {
        "id": name,
        "shortDescription": {"text": name.replace("-", " ").capitalize()},
        "fullDescription": {"text": code.meaning},
        "help": {"text": code.remedy},
    }


def _results(document: Json, codes: list[str]) -> list[Json]:
    findings = {finding["key"]: finding for finding in document["findings"]}
    return [
        _result(cause, [findings[key] for key in cause["findings"]], codes, _artifact(document))
        for cause in document["causes"]
    ]


def _result(cause: Json, findings: list[Json], codes: list[str], artifact: str) -> Json:
    first, *others = findings
    example = f"{first['operation']} {first['where']}"
    message = (
        f"{cause['headline']}. "
        f"{example}: expected {first['expected']}, got {first['got']} ({first['title']})"
    )
    result: Json = {
        "ruleId": cause["code"],
        "ruleIndex": codes.index(cause["code"]),
        "level": _LEVELS[cause["grade"]],
        "rank": _RANKS[cause["severity"]],
        "message": {"text": message},
        "locations": [_location(first, artifact)],
        "relatedLocations": [
            {
                **_location(finding, artifact),
                "id": number,
                "message": {"text": f"{finding['operation']} {finding['where']}: {finding['got']}"},
            }
            for number, finding in enumerate(others[:MAX_PLACES], 1)
        ],
        "partialFingerprints": {"contractTestsCause/v1": cause["key"]},
        "occurrenceCount": cause["times"],
        "properties": {
            "severity": cause["severity"],
            "grade": cause["grade"],
            "findings": cause["findings"][:MAX_PLACES],
            "count": cause["count"],
            "details": described(first),
        },
    }
    if cause["known"]:
        result["suppressions"] = [{"kind": "external", "justification": first["known"]}]
    return result


def _location(finding: Json, artifact: str) -> Json:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(artifact), "uriBaseId": _ROOT},
            "region": {"startLine": max(1, finding["spec"]["line"] or 1)},
        },
        "logicalLocations": [{"fullyQualifiedName": finding["spec"]["pointer"]}],
    }


def _artifact(document: Json) -> str:
    """Return the path of the contract, also of a document that was written by an older kit."""
    contract = document["contract"]
    path = PurePath(contract.get("artifact") or contract["file"])
    return path.name if path.is_absolute() else path.as_posix()
