"""Checks of Schemathesis and the judge: one finding for each fault, and no false findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from contract_tests.drivers.schemathesis_checks import CheckResults
from contract_tests.drivers.schemathesis_session import JudgedExchange, SessionAdapter
from contract_tests.http.exchange import Exchange
from mockserver import app, packaged
from mockserver.settings import Settings
from tests.contract_kit import faulty
from tests.contract_kit.driving import drive, make_run
from tests.contract_kit.exchanges import JudgeHarness, example, request_example
from tests.contract_kit.faulty import API, Faulty, Response, Upstream


@contextmanager
def mock_with(fault: Callable[[Response], None]) -> Iterator[Upstream]:
    """Serve the mock with a fault that is not in the registry of faults."""
    settings = Settings(spec=packaged.spec(), fixtures=packaged.fixtures())
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    with faulty.upstream(Faulty(built, fault)) as running:
        yield running


@pytest.mark.parametrize(
    ("fault", "operation", "kind"),
    [
        ("crash", "get_usage_alerts", "server_error"),
        ("field_lost", "get_balance", "response_schema"),
        ("header_missing", "get_balance", "response_header"),
        ("html_body", "get_subscription", "malformed_body"),
        ("unauthenticated_accepted", "get_balance", "auth"),
    ],
)
def test_a_check_that_agrees_with_the_judge_adds_no_finding(
    fault: str, operation: str, kind: str
) -> None:
    """A failed check becomes a witness of the finding of the judge."""
    with faulty.mock(fault) as server:
        run = make_run(server.url, only=(operation,))
        drive(run)
    findings = list(run.verdicts)
    assert {finding.kind for finding in findings} >= {kind}
    assert [
        finding.key
        for finding in findings
        if "kit" not in finding.witnesses and "openapi-core" not in finding.witnesses
    ] == []
    assert all("schemathesis" in finding.witnesses for finding in findings if finding.kind == kind)


def allow_everything(response: Response) -> None:
    if response.method == "OPTIONS":
        response.headers = [header for header in response.headers if header[0].lower() != b"allow"]
        response.headers.append((b"allow", b"GET, DELETE"))


def test_a_check_that_only_schemathesis_makes_is_a_finding() -> None:
    """The finding has the check as its keyword, its message, and the exchange."""
    with mock_with(allow_everything) as server:
        run = make_run(server.url, mock=True, only=("get_balance",))
        drive(run)
    (findings,) = run.verdicts
    key = (
        f"OPTIONS {API}/balance",
        "method",
        "/response/headers/allow",
        "allow_header_conformance",
    )
    assert findings.key == key
    assert findings.witnesses == ("schemathesis",)
    assert findings.provenance == "assumed"
    assert "DELETE" in findings.expected
    assert findings.source == "properties: coverage"
    assert findings.exchange is not None
    assert findings.exchange.request_header("X-API-Key") != "sk_test_properties"


def exchange(body: bytes, status: int) -> Exchange:
    headers = (("X-API-Key", "[api-key]"), ("Content-Type", "application/json"))
    path = f"{API}/promo/validate"
    now = datetime.now(UTC)
    return Exchange(
        1, "POST", f"http://h{path}", path, headers, body, status, (), b"{}", now, 0.0, "api-key"
    )


@pytest.mark.parametrize(
    ("check", "body", "status", "kinds"),
    [
        ("positive_data_acceptance", b'{"code": "WELCOME10"}', 418, ["valid_refused"]),
        ("positive_data_acceptance", b'{"code": 1}', 418, []),
        ("negative_data_rejection", b'{"code": 1}', 200, ["invalid_accepted"]),
        ("negative_data_rejection", b'{"code": "WELCOME10"}', 200, []),
        ("negative_data_rejection", b'{"code": "WELCOME10", "code": 1}', 200, []),
        ("not_a_server_error", b"", 500, ["server_error"]),
        ("use_after_free", b"", 200, ["state"]),
        ("a_check_that_is_new", b"", 200, ["a_check_that_is_new"]),
    ],
)
def test_a_check_of_the_request_must_agree_with_the_judge(
    check: str, body: bytes, status: int, kinds: list[str]
) -> None:
    """A check about a valid or invalid request is ignored if two other judges disagree."""
    run = make_run("http://127.0.0.1:9")
    CheckResults(run, SessionAdapter(run)).record(
        check, "the message of the check", JudgedExchange(exchange(body, status), ())
    )
    assert [finding.kind for finding in run.verdicts] == kinds


# ------------------------------------------------------------- false findings of the judge


def test_an_empty_filter_matches_no_entry() -> None:
    """An empty filter value gives an empty list, which does not contradict the full list."""
    harness = JudgeHarness()
    harness.respond("list_credit_transactions")
    nothing = {"transactions": [], "total": 0, "has_more": False}
    harness.respond("list_credit_transactions", nothing, query="?reference_type=")
    assert not {kind for kind, _ in harness.reported} & {"state", "pagination"}


def test_a_later_page_of_the_audit_log_may_omit_a_new_entry() -> None:
    """An entry that is missing on a later page may still appear on the first page."""
    harness = JudgeHarness()
    log = example("list_audit_log")
    new = {
        "action": "portal.opened",
        "actor": "api_key",
        "id": "84d6a0f2-1c97-4e5b-b3d8-60f7a92c4e1c",
    }
    entry = {**log["entries"][0], **new}
    longer = {**log, "entries": [entry, *log["entries"]], "total": log["total"] + 1}
    harness.respond("list_audit_log", log)
    harness.respond("create_portal_session")
    harness.respond(
        "list_audit_log", {**longer, "entries": longer["entries"][1:]}, query="?offset=1"
    )
    harness.respond("list_audit_log", longer)
    assert "audit" not in {kind for kind, _ in harness.reported}


@pytest.mark.parametrize("sent", [True, False])
def test_a_foreign_id_is_accepted_in_a_value_that_the_account_sent(sent: bool) -> None:
    """A webhook URL with the id of another account is a violation unless the account set it."""
    harness = JudgeHarness()
    url = f"https://hooks.example.com/{example('list_invoices')['invoices'][0]['id']}"
    settings = {**example("get_usage_alerts"), "webhook_url": url}
    harness.respond("list_invoices", account="another")
    if sent:
        harness.respond("update_usage_alerts", settings, sent={"webhook_url": url})
    harness.respond("get_usage_alerts", settings)
    assert (("tenant", "isolation") in harness.reported) == (not sent)


def test_a_redacted_value_is_not_validated() -> None:
    """A redacted card number has an unknown length, so its rejection is no violation."""
    harness = JudgeHarness()
    sent = {
        "challenge_id": request_example("confirm_verification")["challenge_id"],
        "code": "[card number]",
    }
    harness.respond("confirm_verification", status=422, sent=sent)
    assert "valid_refused" not in {kind for kind, _ in harness.reported}
