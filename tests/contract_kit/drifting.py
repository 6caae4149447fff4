"""Ten differences on the wire, servers that show them, and drift runs against two servers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contract_tests.settings import packaged_spec
from mockserver import app, packaged
from mockserver.settings import Settings
from tests.contract_kit.faulty import API, Faulty, Response, Upstream, upstream
from tests.contract_kit.program import Outcome, kit

Json = dict[str, Any]
Violation = Callable[[Response], None]
Location = tuple[str, str, str]

KEY = "sk_test_planted5up3rs3cr3t"
SPEC = packaged_spec().read_text(encoding="utf-8").splitlines()


# ---------------------------------------------------------------------- the ten differences


def edit(response: Response, method: str, path: str, change: Callable[[Json], Any]) -> None:
    """Apply a change to the body of an operation's successful responses."""
    if response.is_of(method, path):
        body = json.loads(response.body)
        change(body)
        response.body = json.dumps(body).encode()


def field_removed(response: Response) -> None:
    edit(response, "GET", "/balance", lambda body: body.pop("tier"))


def field_added(response: Response) -> None:
    edit(
        response,
        "GET",
        "/credit-transactions",
        lambda body: [entry.update(currency="usd") for entry in body["transactions"]],
    )


def integer_as_string(response: Response) -> None:
    edit(
        response,
        "GET",
        "/usage-breakdown",
        lambda body: body.update(total_credits=str(body["total_credits"])),
    )


def null_where_none_may_be(response: Response) -> None:
    edit(response, "GET", "/subscription", lambda body: body.update(plan_name=None))


def new_enum_value(response: Response) -> None:
    edit(
        response,
        "GET",
        "/recent-activity",
        lambda body: [activity.update(type="gift") for activity in body["activities"][:1]],
    )


def time_without_z(response: Response) -> None:
    def change(body: Json) -> None:
        for entry in body["entries"]:
            entry["created_at"] = entry["created_at"].removesuffix("Z")

    edit(response, "GET", "/audit-log", change)


def uuid_in_capitals(response: Response) -> None:
    edit(
        response,
        "GET",
        "/payment-methods",
        lambda body: [card.update(id=card["id"].upper()) for card in body["payment_methods"]],
    )


def header_missing(response: Response) -> None:
    if response.path == f"{API}/usage-alerts" and response.status == 200:
        response.headers = [
            header for header in response.headers if header[0].lower() != b"x-ratelimit-reset"
        ]


def other_status(response: Response) -> None:
    if response.path == f"{API}/invoices" and response.status == 422:
        response.status, response.body = 400, b'{"detail": "Bad limit."}'


def envelope_as_string(response: Response) -> None:
    if response.path == f"{API}/usage-chart" and response.status == 422:
        response.body = b'{"detail": "Bad parameter."}'


@dataclass(frozen=True)
class Seeded:
    """A fault, and the difference that drift must report for it."""

    fault: Violation
    operation: str
    pointer: str
    keyword: str
    spec: str
    line: str
    """A part of the contract line that would have to change."""


TEN = [
    Seeded(
        field_removed,
        "get_balance",
        "/response/200/body/tier",
        "required",
        "#/components/schemas/Balance/required/4",
        "- tier",
    ),
    Seeded(
        field_added,
        "list_credit_transactions",
        "/response/200/body/transactions/*/currency",
        "unknown_field",
        "#/components/schemas/CreditTransaction/properties",
        "      properties:",
    ),
    Seeded(
        integer_as_string,
        "get_usage_breakdown",
        "/response/200/body/total_credits",
        "type",
        "#/components/schemas/UsageBreakdown/properties/total_credits/type",
        "total_credits: { type: integer",
    ),
    Seeded(
        null_where_none_may_be,
        "get_subscription",
        "/response/200/body/plan_name",
        "type",
        "#/components/schemas/Subscription/properties/plan_name/type",
        "plan_name: { type: string",
    ),
    Seeded(
        new_enum_value,
        "list_recent_activity",
        "/response/200/body/activities/*/type",
        "enum",
        "#/components/schemas/Activity/properties/type/enum",
        "          enum:",
    ),
    Seeded(
        time_without_z,
        "list_audit_log",
        "/response/200/body/entries/*/created_at",
        "pattern",
        "#/components/schemas/AuditEntry/properties/created_at",
        "created_at:",
    ),
    Seeded(
        uuid_in_capitals,
        "list_payment_methods",
        "/response/200/body/payment_methods/*/id",
        "pattern",
        "#/components/schemas/PaymentMethod/properties/id",
        "        id:",
    ),
    Seeded(
        header_missing,
        "get_usage_alerts",
        "/response/200/headers/x-ratelimit-reset",
        "required",
        "#/paths/~1api~1v1~1billing~1usage-alerts/get/responses/200/headers/X-RateLimit-Reset",
        "X-RateLimit-R",
    ),
    Seeded(
        other_status,
        "list_invoices",
        "/response/status",
        "status",
        "#/paths/~1api~1v1~1billing~1invoices/get/responses",
        "      responses:",
    ),
    Seeded(
        envelope_as_string,
        "get_usage_chart",
        "/response/422/body/detail",
        "type",
        "#/components/schemas/ValidationError/properties/detail/type",
        "type: array",
    ),
]


EXPECTED = sorted(
    (difference.operation, difference.pointer, difference.keyword) for difference in TEN
)


def all_ten(response: Response) -> None:
    for difference in TEN:
        difference.fault(response)


# ---------------------------------------------------------------------------------- servers


@contextmanager
def mock(*faults: Violation, **changes: Any) -> Iterator[Upstream]:
    """Start a new mock that applies faults to its responses."""
    settings = Settings(**{"spec": packaged.spec(), "fixtures": packaged.fixtures(), **changes})
    built = app.build(settings, public_url="http://127.0.0.1:8080").app

    def change(response: Response) -> None:
        for fault in faults:
            fault(response)

    with upstream(Faulty(built, change)) as running:
        yield running


def compare(
    folder: Path, mock: str, staging: str, *words: str, **keys: str
) -> tuple[Outcome, Json]:
    """Run drift on two servers; return the outcome and the JSON report."""
    keys = {"BILLING_API_KEY": KEY, **keys}
    outcome = kit(
        "drift", mock, staging, "--report", "json", "--report-dir", folder, *words, **keys
    )
    document = json.loads((folder / "drift.json").read_text(encoding="utf-8"))
    assert outcome.code == document["verdict"]["exit_code"]
    return outcome, document


def spots(document: Json) -> list[Location]:
    return [
        (difference["operation"], difference["pointer"], difference["keyword"])
        for difference in document["differences"]
    ]


def only(document: Json) -> Json:
    """Return the only difference of a report."""
    assert len(document["differences"]) == 1, spots(document)
    difference: Json = document["differences"][0]
    return difference
