"""``report.sarif`` (SARIF 2.1.0), which code hosts show beside the lines of the contract.

Paths are relative to the root of the repository (``%SRCROOT%``), wherever the kit is installed.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import PurePath
from urllib.parse import quote

from contract_tests.reports.document import Json
from contract_tests.reports.junit import described

_LEVELS = {"failure": "error", "difference": "warning", "drift": "note"}
_ROOT = "%SRCROOT%"
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def text(document: Json) -> str:
    """Return the text of the file."""
    kinds = {finding["kind"]: finding["title"] for finding in document["findings"]}
    order = {kind: index for index, kind in enumerate(kinds)}
    run = {
        "tool": {
            "driver": {
                "name": document["tool"]["name"],
                "version": document["tool"]["versions"]["contract-tests"],
                "rules": [
                    {"id": kind, "shortDescription": {"text": title}}
                    for kind, title in kinds.items()
                ],
            }
        },
        "invocations": [_invocation(document)],
        "originalUriBaseIds": {
            _ROOT: {"description": {"text": "The root of the repository that has the contract."}}
        },
        "results": [
            _result(finding, order, _artifact(document)) for finding in document["findings"]
        ],
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


def _result(finding: Json, order: dict[str, int], artifact: str) -> Json:
    message = (
        f"{finding['operation']}: {finding['title']}. "
        f"Expected {finding['expected']}, got {finding['got']}"
    )
    found: Json = {
        "ruleId": finding["kind"],
        "ruleIndex": order[finding["kind"]],
        "level": _LEVELS[finding["grade"]],
        "message": {"text": message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(artifact), "uriBaseId": _ROOT},
                    "region": {"startLine": max(1, finding["spec"]["line"] or 1)},
                },
                "logicalLocations": [{"fullyQualifiedName": finding["spec"]["pointer"]}],
            }
        ],
        "partialFingerprints": {"contractTestsKey/v1": finding["key"]},
        "occurrenceCount": finding["times"],
        "properties": {"provenance": finding["provenance"], "details": described(finding)},
    }
    if finding["known"]:
        found["suppressions"] = [{"kind": "external", "justification": finding["known"]}]
    return found


def _artifact(document: Json) -> str:
    """Return the path of the contract, also of a document that was written by an older kit."""
    contract = document["contract"]
    path = PurePath(contract.get("artifact") or contract["file"])
    return path.name if path.is_absolute() else path.as_posix()
