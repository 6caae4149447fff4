"""Findings whose texts are hostile, for tests of reports."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from contract_tests.findings.finding import Finding
from contract_tests.http.exchange import Exchange
from contract_tests.openapi.contract import Contract
from contract_tests.settings import packaged_spec

COUNT = len(Contract.load(packaged_spec()).operations)

EVIL = "</pre><script>alert('1')</script> ]]> & \"q\" \x00\x1b[31m\ud800 ü"
TIER = "#/components/schemas/Balance/properties/tier"


def exchange(
    number: int = 1, method: str = "GET", path: str = "/api/v1/billing/balance", **fields: Any
) -> Exchange:
    known: dict[str, Any] = {
        "number": number,
        "method": method,
        "url": f"https://staging.example.com{path}",
        "path": path,
        "request_headers": (("X-API-Key", "[api-key]"),),
        "request_body": b"",
        "status": 200,
        "response_headers": (("Content-Type", "application/json"),),
        "response_body": EVIL.encode("utf-8", "replace"),
        "started": datetime(2026, 3, 18, 12, tzinfo=UTC),
        "seconds": 0.1,
        "account": "api-key",
    }
    return Exchange(**{**known, **fields})


def finding(**fields: Any) -> Finding:
    known: dict[str, Any] = {
        "operation": "get_balance",
        "kind": "response_schema",
        "where": "/response/200/body/tier",
        "keyword": "enum",
        "provenance": "documented",
        "expected": "enum: free",
        "got": EVIL,
        "spec": TIER,
        "exchange": exchange(),
    }
    return Finding(**{**known, **fields})


FAILURE = finding()
SECOND = finding(where=f"/response/200/body/{EVIL}", keyword="type", times=1_200)
DIFFERENCE = finding(operation="list_invoices", kind="order", provenance="assumed", spec="#/paths")
DRIFT = finding(
    kind="unknown_field",
    where="/response/200/body/extra",
    keyword="unknown_field",
    provenance="assumed",
)
KNOWN = finding(operation="get_usage_alerts", kind="state", known="me: later, until 2026-04-01")
UNDECLARED = finding(
    operation=f"GET /x{EVIL}", kind="unknown_path", keyword="5xx", spec="#/paths", exchange=None
)
ALL = [DRIFT, KNOWN, UNDECLARED, DIFFERENCE, FAILURE, SECOND]
CALLED = ("get_balance", "list_invoices", "get_usage_alerts")
