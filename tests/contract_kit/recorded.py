"""HAR files: recordings of small runs, and files as browsers write them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from contract_tests import runner
from contract_tests.billing.knowledge import KNOWLEDGE
from contract_tests.context import Run
from contract_tests.findings.finding import Finding, Grade, Key
from contract_tests.findings.result import Result
from contract_tests.http.exchange import Exchange
from contract_tests.recording.har import HarWriter, entry_of
from contract_tests.recording.replay import replay
from contract_tests.runner import perform
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit.exchanges import CONTRACT, START, example, headers_of, request_example

URL = "https://staging.example.com"


def verdicts(
    findings: list[Finding], *, strict: bool = True
) -> set[tuple[Key, Grade, tuple[str, ...]]]:
    return {
        (finding.key, finding.grade("drift" if strict else "major"), finding.witnesses)
        for finding in findings
    }


def visit(run: Run) -> None:
    """Call some operations, report one finding, and send an unauthenticated request."""
    caller = run.account()
    for name in ("get_balance", "list_credit_transactions", "get_usage_alerts", "get_subscription"):
        caller.call(name)
    caller.call("list_credit_transactions", query={"limit": 1, "offset": 100_000})
    settings = {
        "enabled": False,
        "threshold_microcents": 500_000_000,
        "recharge_amount_cents": 4000,
    }
    caller.call("update_auto_recharge", settings)
    exchange = caller.call("get_auto_recharge")
    run.expect(False, exchange, "story", "/response/body", "told", "a story", "another")
    run.unauthenticated().call("get_balance")
    run.account().call("list_payment_methods")


def glance(run: Run) -> None:
    """Read one resource."""
    run.account().call("get_usage_alerts")


def record(
    url: str, path: Path, drive: Callable[[Run], None], monkeypatch: pytest.MonkeyPatch
) -> Result:
    """Record a run with one driver to a file."""
    monkeypatch.setattr(runner, "chosen_drivers", lambda _: [("visit", drive)])
    return record_all(url, path)


def record_all(url: str, path: Path, *phases: str) -> Result:
    """Record a run with the given drivers, or all, to a file."""
    settings = Settings(url=url, spec=packaged_spec(), mock=True, seed=5, phases=phases)
    writer = HarWriter(path, settings)
    run = Run(settings, CONTRACT, KNOWLEDGE)
    run.channel.listeners.append(writer)
    perform(run)
    writer.close(run.verdicts)
    return run.result()


class Browser:
    """A writer of HAR files as browsers write them, with documented responses."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries: list[Any] = []

    def gets(self, operation_id: str, body: Any = None, **options: Any) -> None:
        """Add an exchange of an operation: its documented response, or one with this body."""
        operation = CONTRACT.operations[operation_id]
        status = options.pop("status", 200)
        body = example(operation_id, status) if body is None else body
        sent = request_example(operation_id)
        self.sends(
            operation.method,
            operation.path,
            status=status,
            headers=headers_of(operation_id, status, body),
            body=json.dumps(body).encode(),
            sent=b"" if sent is None else json.dumps(sent).encode(),
            **options,
        )

    def sends(
        self,
        method: str,
        path: str,
        *,
        status: int = 200,
        body: bytes = b"",
        sent: bytes = b"",
        headers: Any = (),
        key: str | None = "sk_live_planted0secret",
        base: str = URL,
        more: Any = (),
        at: float | None = None,
        seconds: float = 0.01,
    ) -> Any:
        """Add any exchange; return its entry, which a test may change."""
        given: tuple[tuple[str, str], ...] = (("x-api-key", key),) if key else ()
        given += (
            (("content-type", "application/json"), ("content-length", str(len(sent))))
            if sent
            else ()
        )
        exchange = Exchange(
            number=0,
            method=method,
            url=base + path,
            path=path,
            request_headers=given + tuple(more),
            request_body=sent,
            status=status,
            response_headers=headers,
            response_body=body,
            started=START + timedelta(seconds=len(self.entries) if at is None else at),
            seconds=seconds,
            account="",
        )
        made = {
            name: value for name, value in entry_of(exchange).items() if not name.startswith("_")
        }
        self.entries.append(made)
        return made

    def saved(self) -> Path:
        log = {
            "version": "1.2",
            "creator": {"name": "WebInspector", "version": "1"},
            "entries": self.entries,
        }
        self.path.write_text(json.dumps({"log": log}))
        return self.path

    def judged(self, url: str = "") -> Result:
        return replay(self.saved(), CONTRACT, Settings(url=url, spec=packaged_spec()))

    def found(self) -> list[tuple[str, str, str]]:
        """Return the operation, kind and keyword of each finding."""
        return [
            (finding.operation, finding.kind, finding.keyword) for finding in self.judged().findings
        ]
