"""``report.json``: all fields, and bounded bodies."""

from __future__ import annotations

import json
from collections.abc import Callable

from contract_tests.findings.result import Result
from contract_tests.reports import plain_json
from contract_tests.reports.document import document
from contract_tests.settings import packaged_spec
from tests.contract_kit.reports.samples import (
    ALL,
    COUNT,
    TIER,
    exchange,
    finding,
)


def test_json_is_the_document_with_all_its_fields(make: Callable[..., Result]) -> None:
    """The fields are those that the module documents."""
    found = json.loads(plain_json.text(document(make(*ALL))).encode("utf-8", "backslashreplace"))
    assert found["schema_version"] == 1
    assert set(found) == {
        "schema_version", "tool", "subject", "contract", "settings", "started", "seconds",
        "requests", "verdict", "counts", "causes", "findings", "coverage", "skipped", "withheld",
        "broken", "notes",
    }  # fmt: skip
    assert found["counts"] == {"failure": 3, "difference": 1, "drift": 1, "known": 1}
    assert found["settings"]["seed"] == 7
    assert set(found["tool"]["versions"]) >= {
        "contract-tests",
        "schemathesis",
        "openapi-core",
        "python",
    }
    assert found["coverage"]["totals"]["operations"] == {"reached": 3, "of": COUNT}
    assert len(found["coverage"]["operations"]) == COUNT
    first = found["findings"][0]
    assert set(first) == {
        "operation", "kind", "where", "keyword", "key", "title", "cause", "grade", "severity",
        "provenance", "contradicts_itself", "expected",
        "got", "spec", "times", "found_by", "witnesses", "known", "exchange", "steps",
        "reproduce",
    }  # fmt: skip
    assert first["spec"] == {
        "pointer": TIER,
        "file": "spec/openapi.yaml",
        "line": first["spec"]["line"],
    }
    assert (
        packaged_spec()
        .read_text()
        .splitlines()[first["spec"]["line"] - 1]
        .strip()
        .startswith("tier:")
    )
    assert first["exchange"]["curl"].startswith("curl ")


def test_large_bodies_are_cut_and_their_size_is_shown(make: Callable[..., Result]) -> None:
    """Complete bodies are in the HAR file only."""
    large = finding(exchange=exchange(response_body=b"x" * 1_000_000, request_body=b"\xff\xfe"))
    shown = document(make(large))["findings"][0]["exchange"]
    assert shown["response"]["body"].endswith("x... (1,000,000 bytes)")
    assert len(shown["response"]["body"]) < 5_000
