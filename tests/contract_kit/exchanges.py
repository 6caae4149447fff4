"""Exchanges built from the examples of the contract, for tests of the judge without a server."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from contract_tests.billing.knowledge import KNOWLEDGE
from contract_tests.findings.finding import Finding, Verdicts
from contract_tests.http.exchange import Exchange, Headers
from contract_tests.judge.judge import Judge
from contract_tests.openapi.contract import JSON, Contract
from contract_tests.settings import packaged_spec

CONTRACT = Contract.load(packaged_spec())
BASE = "http://127.0.0.1:8080"
START = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)

Change = Callable[[Any], Any]


def example(operation_id: str, status: int = 200, name: str | None = None) -> Any:
    """Return a documented response body: the named example, or the first."""
    response = CONTRACT.operations[operation_id].responses[status]
    examples = response.node["content"][JSON]["examples"]
    found = examples[name] if name else next(iter(examples.values()))
    return copy.deepcopy(found["value"])


def request_example(operation_id: str, name: str | None = None) -> Any:
    """Return a documented request body, or None if the operation has no body."""
    operation = CONTRACT.operations[operation_id]
    if operation.body is None:
        return None
    examples = operation.place.node["requestBody"]["content"][JSON]["examples"]
    return copy.deepcopy((examples.get(name) or next(iter(examples.values())))["value"])


def headers_of(operation_id: str, status: int, body: Any) -> Headers:
    """Return the documented headers, with values that fit the body."""
    response = CONTRACT.operations[operation_id].responses[status]
    headers = {
        name: CONTRACT.at(response.child("headers", name)).node
        for name in response.node.get("headers", {})
    }
    found = {
        "Content-Type": JSON,
        **{name: str(node["example"]) for name, node in headers.items() if node.get("required")},
        "X-RateLimit-Limit": "100",
        "X-RateLimit-Remaining": "98",
        "X-RateLimit-Reset": "1773480480",
    }
    if "Retry-After" in headers:
        found["Retry-After"] = "12"
    if operation_id == "get_balance" and status == 200:
        found["X-AlterLab-Balance"] = body["balance_display"]
        found["X-RateLimit-Limit"] = "30" if body.get("tier") == "free" else "100"
        found["X-RateLimit-Remaining"] = "20"
    return tuple(found.items())


@dataclass
class JudgeHarness:
    """A judge, and methods that pass it one exchange after another."""

    verdicts: Verdicts = field(default_factory=Verdicts)
    _count: int = 0

    def __post_init__(self) -> None:
        self.judge = Judge(CONTRACT, self.verdicts, KNOWLEDGE)

    @property
    def found(self) -> list[Finding]:
        return list(self.verdicts)

    @property
    def told(self) -> set[tuple[str, str]]:
        """The kind and keyword of all findings."""
        return {(finding.kind, finding.keyword) for finding in self.verdicts}

    def answers(
        self,
        operation_id: str,
        body: Any = None,
        *,
        status: int = 200,
        sent: Any = None,
        query: str = "",
        path: Mapping[str, str] | None = None,
        headers: Mapping[str, str | None] | None = None,
        account: str = "api-key",
        raw: bytes | None = None,
    ) -> None:
        """Judge a response of an operation; defaults come from the examples of the contract."""
        operation = CONTRACT.operations[operation_id]
        body = example(operation_id, status) if body is None else body
        sent = request_example(operation_id) if sent is None else sent
        url = operation.path
        for name in operation.path_names:
            url = url.replace(
                f"{{{name}}}", (path or {}).get(name, "d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70")
            )
        self.send(
            operation.method,
            url,
            status=status,
            body=raw if raw is not None else json.dumps(body).encode(),
            sent=b""
            if sent is None
            else sent
            if isinstance(sent, bytes)
            else json.dumps(sent).encode(),
            query=query,
            headers=tuple(
                (name, value)
                for name, value in (
                    dict(headers_of(operation_id, status, body)) | dict(headers or {})
                ).items()
                if value is not None
            ),
            account=account,
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        status: int,
        body: bytes = b"",
        sent: bytes = b"",
        query: str = "",
        headers: Headers = (),
        request_headers: Headers = (),
        account: str = "api-key",
        seconds: float = 0.01,
        error: str = "",
    ) -> None:
        """Judge any exchange. Each exchange starts one second after the previous one."""
        self._count += 1
        given: Headers = (("X-API-Key", f"[{account}]"),) if account != "anybody" else ()
        given += (("Content-Type", JSON),) if sent else ()
        self.judge(
            Exchange(
                self._count,
                method,
                f"{BASE}{path}{query}",
                path,
                given + request_headers,
                sent,
                status,
                headers,
                body,
                START + timedelta(seconds=self._count),
                seconds,
                account,
                error,
            )
        )
