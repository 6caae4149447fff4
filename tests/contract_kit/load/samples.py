"""An exchange for tests of load that need no server."""

from __future__ import annotations

from datetime import UTC, datetime

from contract_tests.http.exchange import Exchange


def exchange(account: str = "api-key") -> Exchange:
    """Return a reading of the balance."""
    return Exchange(
        number=1,
        method="GET",
        url="http://127.0.0.1:8080/api/v1/billing/balance",
        path="/api/v1/billing/balance",
        request_headers=(("X-API-Key", f"[{account}]"),),
        request_body=b"",
        status=200,
        response_headers=(("Content-Type", "application/json"),),
        response_body=b"{}",
        started=datetime(2026, 3, 14, 9, 30, tzinfo=UTC),
        seconds=0.01,
        account=account,
    )
