"""The judge on single exchanges: no findings for correct ones, graded findings for violations."""

from __future__ import annotations

from typing import Any

import pytest

from contract_tests.findings.finding import Finding
from contract_tests.openapi.contract import JSON
from tests.contract_kit.exchanges import CONTRACT, Change, JudgeHarness, example, request_example

DOCUMENTED = [
    pytest.param(operation.id, status, name, id=f"{operation.id}-{status}-{name}")
    for operation in CONTRACT.operations.values()
    for status, response in operation.responses.items()
    for name in response.node["content"][JSON]["examples"]
]


@pytest.fixture
def harness() -> JudgeHarness:
    return JudgeHarness()


_QUERIES = {"only_crawls": "?reference_type=crawl"}
"""Queries of the examples that are not responses to the plain request."""


def only(harness: JudgeHarness) -> Finding:
    """Return the only finding."""
    assert len(harness.found) == 1, [finding.key for finding in harness.found]
    return harness.found[0]


@pytest.mark.parametrize(("operation", "status", "name"), DOCUMENTED)
def test_documented_responses_are_correct(
    harness: JudgeHarness, operation: str, status: int, name: str
) -> None:
    """The examples of the contract violate no rule."""
    sent = request_example(operation, name)
    account = "anybody" if status == 401 else "api-key"
    query = "?limit=none&days=none&page=none" if status == 422 else _QUERIES.get(name, "")
    if status == 422 and CONTRACT.operations[operation].body is not None:
        sent = {}  # any invalid body, whatever the error of the example
    harness.respond(
        operation,
        example(operation, status, name),
        status=status,
        sent=sent,
        account=account,
        query=query,
    )
    unexpected = [
        finding
        for finding in harness.found
        if finding.kind not in ("valid_refused", "wrong_refusal", "pagination", "usage")
    ]
    assert unexpected == []


def change(where: str, value: Any) -> Change:
    """Return a change that sets or drops a value of a body."""

    def apply(body: Any) -> Any:
        node = body
        *parents, last = where.strip("/").split("/")
        for part in parents:
            node = node[int(part)] if part.isdigit() else node[part]
        if value is DROP:
            del node[last]
        else:
            node[last] = value
        return body

    return apply


DROP = object()
LEDGER, CARDS = "list_credit_transactions", "list_payment_methods"

FAULTS = [
    # the schema
    (
        "get_balance",
        change("/balance_microcents", "5434000000"),
        "response_schema",
        "type",
        "documented",
    ),
    ("get_balance", change("/tier", DROP), "response_schema", "required", "documented"),
    ("get_balance", change("/tier", "gold"), "response_schema", "enum", "assumed"),
    ("get_balance", change("/kit", 1), "unknown_field", "unknown_field", "assumed"),
    (
        LEDGER,
        change("/transactions/3/created_at", "2026-03-14 09:26:53"),
        "response_schema",
        "pattern",
        "assumed",
    ),
    (
        LEDGER,
        change("/transactions/3/id", "D1B203F5-7C4E-4D69-9FA8-2B3C4D5E6F70"),
        "response_schema",
        "pattern",
        "assumed",
    ),
    ("list_invoices", change("/invoices/0/status", None), "response_schema", "type", "assumed"),
    # displays and money
    ("get_balance", change("/balance_display", "$54.35"), "display", "display", "assumed"),
    ("get_balance", change("/tier", "scale"), "money", "tier", "observed"),
    (LEDGER, change("/transactions/1/balance_after_microcents", 1), "money", "chain", "assumed"),
    (LEDGER, change("/transactions/0/amount_microcents", 600000), "money", "sign", "assumed"),
    (LEDGER, change("/transactions/0/reference_type", "deposit"), "money", "reference", "assumed"),
    # lists
    (LEDGER, change("/has_more", True), "pagination", "has_more", "assumed"),
    (LEDGER, change("/total", 99), "pagination", "length", "assumed"),
    (
        LEDGER,
        change("/transactions/0/created_at", "2026-01-01T00:00:00.000Z"),
        "order",
        "newest_first",
        "assumed",
    ),
    # cards
    (CARDS, change("/payment_methods/0/is_default", True), "state", "one_default", "assumed"),
    (
        CARDS,
        change("/default_method_id", "d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70"),
        "state",
        "default",
        "assumed",
    ),
    # the rest
    ("list_invoices", change("/invoices/0/number", "INV-000007"), "state", "numbering", "assumed"),
    ("list_invoices", change("/invoices/0/paid_at", None), "state", "paid_at", "assumed"),
    (
        "list_auto_recharge_history",
        change("/history/0/balance_after_microcents", 1),
        "money",
        "gain",
        "assumed",
    ),
    (
        "list_auto_recharge_history",
        change("/history/0/invoice_id", None),
        "state",
        "invoice",
        "assumed",
    ),
    ("check_auto_recharge", change("/card_expired", True), "state", "expired", "assumed"),
    ("get_usage_breakdown", change("/js/credits", 127501), "usage", "price", "assumed"),
    ("get_usage_breakdown", change("/total_requests", 1), "usage", "sum", "assumed"),
    (
        "get_usage_breakdown",
        change("/period_end", "2026-03-31T00:00:00.000Z"),
        "time",
        "month",
        "assumed",
    ),
    ("get_usage_realtime", change("/credits_used_week", 0), "usage", "week", "assumed"),
    ("get_subscription", change("/price_id", None), "state", "plan", "assumed"),
    ("get_subscription", change("/cancel_at_period_end", True), "state", "cancel", "assumed"),
    ("validate_promo_code", change("/bonus_value", None), "state", "valid", "assumed"),
    ("create_deposit", change("/amount_cents", 4999), "money", "echo", "documented"),
    (
        "create_deposit",
        change("/url", "http://127.0.0.1:8080/checkout/other"),
        "state",
        "session",
        "assumed",
    ),
    (
        "initiate_verification",
        change("/masked_destination", "jane@example.com"),
        "secret",
        "mask",
        "assumed",
    ),
    ("initiate_verification", change("/method", "sms"), "state", "echo", "documented"),
    ("update_auto_recharge", change("/threshold_microcents", 1), "state", "echo", "documented"),
    ("update_usage_alerts", change("/threshold_75_enabled", False), "state", "echo", "documented"),
]


@pytest.mark.parametrize(("operation", "fault", "kind", "keyword", "provenance"), FAULTS)
def test_a_fault_in_a_response_is_reported(
    harness: JudgeHarness,
    operation: str,
    fault: Change,
    kind: str,
    keyword: str,
    provenance: str,
) -> None:
    """A fault is found by its rule; the provenance of the rule is that of the finding."""
    harness.respond(operation, fault(example(operation)))
    provenances = {(finding.kind, finding.keyword): finding.provenance for finding in harness.found}
    assert provenances.get((kind, keyword)) == provenance, provenances


def test_both_validators_find_a_schema_violation(harness: JudgeHarness) -> None:
    """openapi-core finds it independently, and it is still one finding."""
    harness.respond("get_balance", change("/balance_microcents", "1")(example("get_balance")))
    schema = [finding for finding in harness.found if finding.kind == "response_schema"]
    assert [finding.witnesses for finding in schema] == [("kit", "openapi-core")]


def test_findings_in_entries_of_a_list_are_merged(
    harness: JudgeHarness,
) -> None:
    """The position in a list is not part of the key of a finding."""
    for index in (0, 2):
        harness.respond(
            LEDGER,
            change(f"/transactions/{index}/type", "gift")(example(LEDGER)),
            query=f"?limit={20 + index}",
        )
    finding = next(finding for finding in harness.found if finding.keyword == "enum")
    assert finding.where == "/response/200/body/transactions/*/type"
    assert finding.times == 2
    assert finding.spec == "#/components/schemas/CreditTransaction/properties/type/enum"


@pytest.mark.parametrize(
    ("status", "headers", "raw", "kind"),
    [
        (500, {}, b'{"detail": "crash"}', "server_error"),
        (418, {}, b'{"detail": "teapot"}', "undocumented_status"),
        (200, {"Content-Type": "text/html"}, None, "content_type"),
        (200, {}, b"<html>", "malformed_body"),
        (200, {}, b'{"balance_microcents": NaN}', "malformed_body"),
        (200, {}, b'{"a": 1, "a": 2}', "malformed_body"),
        (200, {}, b"\xff\xfe", "malformed_body"),
        (200, {"X-RateLimit-Limit": None}, None, "response_header"),
        (200, {"X-RateLimit-Limit": "many"}, None, "response_header"),
        (200, {"X-AlterLab-Balance-Warning": "low"}, None, "headers"),
        (200, {"Retry-After": "3"}, None, "headers"),
    ],
)
def test_status_headers_and_format_are_judged(
    harness: JudgeHarness,
    status: int,
    headers: dict[str, str | None],
    raw: bytes | None,
    kind: str,
) -> None:
    """Wrong statuses, content types, bodies and headers are reported by their kind."""
    known = status if status == 200 else 401
    harness.send(
        "GET",
        "/api/v1/billing/balance",
        status=status,
        body=raw if raw is not None else b"",
        headers=(("Content-Type", JSON),),
    ) if known != status else harness.respond("get_balance", headers=headers, raw=raw)
    assert kind in {finding.kind for finding in harness.found}


def test_an_incomplete_response_is_reported(harness: JudgeHarness) -> None:
    """An incomplete response is one finding and is not judged further."""
    harness.send(
        "GET", "/api/v1/billing/balance", status=200, body=b'{"bal', error="the response breaks off"
    )
    assert only(harness).kind == "no_response"


@pytest.mark.parametrize(
    ("sent", "status", "kind"),
    [
        ({"amount_cents": 999}, 200, "invalid_accepted"),
        ({"amount_cents": "5000"}, 200, "invalid_accepted"),
        ({}, 200, "invalid_accepted"),
        (b"{", 200, "invalid_accepted"),
        ({"amount_cents": 999}, 400, "wrong_refusal"),
        ({"amount_cents": 1_000}, 422, "valid_refused"),
        ({"amount_cents": 200_000, "kit": "unknown fields are ignored"}, 422, "valid_refused"),
    ],
)
def test_wrong_acceptance_and_wrong_rejection_are_reported(
    harness: JudgeHarness, sent: Any, status: int, kind: str
) -> None:
    """The contract requires 422 for invalid requests and forbids it for valid ones."""
    harness.respond("create_deposit", status=status, sent=sent)
    assert kind in {finding.kind for finding in harness.found}


@pytest.mark.parametrize(
    "sent",
    [b'{"amount_cents": 5000, "amount_cents": 1}', b"\xef\xbb\xbf{}", b'{"amount_cents": 5e3}'],
)
def test_ambiguous_json_may_be_accepted_or_rejected(harness: JudgeHarness, sent: bytes) -> None:
    """Duplicate keys, a byte order mark and integral floats give no finding."""
    for status in (200, 422):
        harness.respond("create_deposit", status=status, sent=sent)
    assert not {"invalid_accepted", "valid_refused"} & {finding.kind for finding in harness.found}


def test_a_text_with_nul_may_be_accepted_or_rejected(harness: JudgeHarness) -> None:
    """Databases differ about NUL, so neither response is a finding."""
    sent = {"action": "kit\0"}
    harness.respond(
        "initiate_verification", {**example("initiate_verification"), **sent}, sent=sent
    )
    harness.respond("initiate_verification", status=422, sent=sent)
    assert not {"invalid_accepted", "valid_refused"} & {finding.kind for finding in harness.found}


def test_a_url_without_a_scheme_is_invalid(harness: JudgeHarness) -> None:
    """Validators differ about the format uri, but not about the pattern beside it."""
    harness.respond("update_usage_alerts", sent={"webhook_url": "hooks.example.com"})
    assert ("invalid_accepted", "pattern") in harness.reported


@pytest.mark.parametrize(
    "trace",
    [
        "Traceback (most recent call last):\n  File ...",
        "at com.example.billing.Cards.remove(Cards.java:88)",
        "at removeCard (/srv/app/cards.js:88:13)",
        "goroutine 12 [running]:",
        "#0 /srv/app/Cards.php(88): remove()",
        "app/cards.rb:88:in `remove'",
        "at Billing.Cards.Remove(String id) in /srv/Cards.cs:line 88",
    ],
)
def test_a_stack_trace_in_an_error_is_reported(harness: JudgeHarness, trace: str) -> None:
    """It is a major difference, as the contract says nothing about it."""
    harness.respond("remove_payment_method", {"detail": trace}, status=404)
    found = only(harness)
    assert (found.kind, found.severity, found.grade()) == ("stack_trace", "major", "difference")


def test_a_sentence_about_a_place_is_no_stack_trace(harness: JudgeHarness) -> None:
    """Messages may have brackets, numbers and the word at."""
    detail = "No such card (look at your settings (2) or at https://example.com/cards:8080)."
    harness.respond("remove_payment_method", {"detail": detail}, status=404)
    assert harness.found == []


def test_a_reset_in_seconds_is_a_minor_difference(harness: JudgeHarness) -> None:
    """X-RateLimit-Reset is a Unix time, not a number of seconds."""
    harness.respond("get_balance", headers={"X-RateLimit-Reset": "42"})
    found = only(harness)
    assert (found.keyword, found.severity, found.grade()) == ("reset", "minor", "difference")


def test_only_a_violated_documented_bound_is_a_failure(
    harness: JudgeHarness,
) -> None:
    """The bounds of a deposit are documented; the length of a promo code is assumed."""
    harness.respond("create_deposit", sent={"amount_cents": 999})
    harness.respond("create_deposit", sent={"amount_cents": 5000, "promo_code": "x" * 65})
    grades = {
        finding.where: finding.grade()
        for finding in harness.found
        if finding.kind == "invalid_accepted"
    }
    assert grades == {
        "/request/body/amount_cents": "failure",
        "/request/body/promo_code": "difference",
    }


@pytest.mark.parametrize("account", ["anybody", "unknown key"])
def test_an_accepted_unauthenticated_request_is_a_failure(
    harness: JudgeHarness, account: str
) -> None:
    """A successful response without a known key is a failure, with or without --strict."""
    harness.respond("get_balance", account=account)
    assert only(harness).kind == "auth"
    assert only(harness).grade() == "failure"


def test_a_rejected_known_key_is_reported(harness: JudgeHarness) -> None:
    """A key that one operation accepts must be accepted by every operation."""
    harness.respond("get_balance", status=401)
    assert only(harness).keyword == "known key"


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "keyword"),
    [
        ("PATCH", "/api/v1/billing/balance", 200, (), "accepted"),
        ("PATCH", "/api/v1/billing/balance", 404, (), "status"),
        ("PATCH", "/api/v1/billing/balance", 405, (), "required"),
        ("PATCH", "/api/v1/billing/balance", 405, (("Allow", "GET, POST"),), "allow"),
        ("GET", "/api/v1/billing/nothing", 200, (), "accepted"),
        ("GET", "/api/v1/billing/nothing", 500, (), "5xx"),
        ("PATCH", "/api/v1/billing/balance", 500, (), "5xx"),
        ("PATCH", "/api/v1/billing/balance", 501, (), "status"),
        ("GET", "/api/v1/billing/nothing", 501, (), "5xx"),
        ("GET", "/api/v1/billing/nothing", 404, (), "envelope"),
    ],
)
def test_undeclared_requests_must_be_rejected(
    harness: JudgeHarness, method: str, path: str, status: int, headers: Any, keyword: str
) -> None:
    """An undeclared method needs 405 with Allow, an undeclared path 404, both as JSON errors."""
    harness.send(method, path, status=status, headers=headers, body=b"<h1>")
    assert keyword in {finding.keyword for finding in harness.found}
