"""What Schemathesis' checks say, and what the judge says of its requests: one finding for one fault, none for none."""

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
from tests.contract_kit.driving import drive, make
from tests.contract_kit.exchanges import JudgeHarness, example, request_example
from tests.contract_kit.faulty import API, Answer, Faulty, Upstream


@contextmanager
def mock_with(fault: Callable[[Answer], None]) -> Iterator[Upstream]:
    """The mock with a fault that is nobody else's."""
    settings = Settings(spec=packaged.spec(), fixtures=packaged.fixtures())
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    with faulty.upstream(Faulty(built, fault)) as running:
        yield running


@pytest.mark.parametrize(
    ("fault", "operation", "kind"),
    [
        ("crash", "get_usage_alerts", "server_error"),
        ("field_lost", "get_balance", "response_schema"),
        ("warning_lost", "get_balance", "response_header"),
        ("no_json", "get_subscription", "malformed_body"),
        ("strangers_are_let_in", "get_balance", "auth"),
    ],
)
def test_what_the_judge_says_too_is_no_finding_of_its_own(
    fault: str, operation: str, kind: str
) -> None:
    """A check that fails where the judge has found the fault is one more witness of it."""
    with faulty.mock(fault) as server:
        run = make(server.url, only=(operation,))
        drive(run)
    told = list(run.verdicts)
    assert {finding.kind for finding in told} >= {kind}
    assert [
        finding.key
        for finding in told
        if "kit" not in finding.witnesses and "openapi-core" not in finding.witnesses
    ] == []
    assert all("schemathesis" in finding.witnesses for finding in told if finding.kind == kind)


def allow_everything(answer: Answer) -> None:
    if answer.method == "OPTIONS":
        answer.headers = [header for header in answer.headers if header[0].lower() != b"allow"]
        answer.headers.append((b"allow", b"GET, DELETE"))


def test_what_only_schemathesis_sees_is_a_finding() -> None:
    """With the check as keyword, its words, and the exchange."""
    with mock_with(allow_everything) as server:
        run = make(server.url, mock=True, only=("get_balance",))
        drive(run)
    (told,) = run.verdicts
    key = (
        f"OPTIONS {API}/balance",
        "method",
        "/response/headers/allow",
        "allow_header_conformance",
    )
    assert told.key == key
    assert told.witnesses == ("schemathesis",)
    assert told.provenance == "assumed"
    assert "DELETE" in told.expected
    assert told.source == "properties: coverage"
    assert told.exchange is not None
    assert told.exchange.request_header("X-API-Key") != "sk_test_properties"


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
def test_what_it_says_of_the_request_must_be_so(
    check: str, body: bytes, status: int, kinds: list[str]
) -> None:
    """Valid or invalid is what was really sent, by two other judges; else nothing was wrong."""
    run = make("http://127.0.0.1:9")
    CheckResults(run, SessionAdapter(run)).hear(
        check, "said so", JudgedExchange(exchange(body, status), ())
    )
    assert [finding.kind for finding in run.verdicts] == kinds


# ---------------------------------------------------------------------- what the judge must not make of its requests


def test_a_filter_may_be_empty() -> None:
    """No entry has the type "", so that list is empty, and says nothing of the whole."""
    harness = JudgeHarness()
    harness.answers("list_credit_transactions")
    nothing = {"transactions": [], "total": 0, "has_more": False}
    harness.answers("list_credit_transactions", nothing, query="?reference_type=")
    assert not {kind for kind, _ in harness.told} & {"state", "pagination"}


def test_the_end_of_the_audit_log_tells_nothing_of_its_beginning() -> None:
    """What a page further back does not show is still to come on the first."""
    harness = JudgeHarness()
    log = example("list_audit_log")
    new = {
        "action": "portal.opened",
        "actor": "api_key",
        "id": "84d6a0f2-1c97-4e5b-b3d8-60f7a92c4e1c",
    }
    entry = {**log["entries"][0], **new}
    longer = {**log, "entries": [entry, *log["entries"]], "total": log["total"] + 1}
    harness.answers("list_audit_log", log)
    harness.answers("create_portal_session")
    harness.answers(
        "list_audit_log", {**longer, "entries": longer["entries"][1:]}, query="?offset=1"
    )
    harness.answers("list_audit_log", longer)
    assert "audit" not in {kind for kind, _ in harness.told}


@pytest.mark.parametrize("sent", [True, False])
def test_a_text_around_a_foreign_id_may_come_back_to_who_sent_it(sent: bool) -> None:
    """Whoever sets a webhook's URL reads it again, whatever stands in it; whoever did not set it does not."""
    harness = JudgeHarness()
    url = f"https://hooks.example.com/{example('list_invoices')['invoices'][0]['id']}"
    settings = {**example("get_usage_alerts"), "webhook_url": url}
    harness.answers("list_invoices", account="another")
    if sent:
        harness.answers("update_usage_alerts", settings, sent={"webhook_url": url})
    harness.answers("get_usage_alerts", settings)
    assert (("tenant", "isolation") in harness.told) == (not sent)


def test_what_stands_for_a_secret_is_not_what_was_sent() -> None:
    """Digits that could be a card's are not shown, so nobody can say how many there were."""
    harness = JudgeHarness()
    sent = {
        "challenge_id": request_example("confirm_verification")["challenge_id"],
        "code": "[card number]",
    }
    harness.answers("confirm_verification", status=422, sent=sent)
    assert "valid_refused" not in {kind for kind, _ in harness.told}
