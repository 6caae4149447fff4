"""Refunds over HTTP: charged usage is credited back on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.conftest import API, RunningServer
from tests.webhooks.receiver import receiving

KEY = {"X-API-Key": "sk_test_new"}
Json = dict[str, Any]


@pytest.fixture
def mock(frozen_server: RunningServer) -> Iterator[httpx.Client]:
    """A client of a new account with a balance of $1.00, of which $0.20 are used."""
    with frozen_server.client("sk_test_new") as client:
        client.post("/_mock/usage", json={"type": "light", "requests": 1_000}).raise_for_status()
        yield client


def refund(mock: httpx.Client, **body: Any) -> httpx.Response:
    return mock.post("/_mock/refunds", json=body)


def state(mock: httpx.Client) -> Json:
    found: Json = mock.get("/_mock/state").json()
    return found


def test_a_refund_is_a_ledger_entry(mock: httpx.Client) -> None:
    """The response has the facts of the entry, and every view of the balance includes it."""
    response = refund(mock, amount_cents=15)
    assert response.status_code == 200
    entry = mock.get(f"{API}/credit-transactions").json()["transactions"][0]
    assert response.json() == {
        "id": entry["id"],
        "amount_cents": 15,
        "amount_display": "$0.15",
        "description": "Refund of failed requests",
        "balance_microcents": 95_000_000,
        "balance_display": "$0.95",
        "created_at": "2026-03-18T12:00:00.000Z",
    }
    assert (entry["type"], entry["amount_microcents"]) == ("refund", 15_000_000)
    balance = mock.get(f"{API}/balance").json()
    assert (balance["balance_microcents"], balance["total_spent_cents"]) == (95_000_000, 5)
    assert mock.get("/_mock/invariants").json() == {"ok": True, "violations": []}


def test_a_refund_may_be_described(mock: httpx.Client) -> None:
    """The ledger entry and the activity carry the given description."""
    assert refund(mock, amount_cents=1, description="Sorry").json()["description"] == "Sorry"
    exported = state(mock)
    assert exported["ledger"]["entries"][-1]["description"] == "Sorry"
    assert exported["activities"][-1]["description"] == "Sorry"


def test_the_audit_log_names_the_mock(mock: httpx.Client) -> None:
    """A refund is granted by the control API; the contract, which knows none, says system."""
    refund(mock, amount_cents=7)
    audited = state(mock)["audit_log"][-1]
    assert (audited["action"], audited["actor"]) == ("refund.granted", "mock")
    assert audited["details"] == {"amount_cents": 7}
    shown = mock.get("/api/v1/billing/audit-log").json()["entries"][0]
    assert (shown["action"], shown["actor"]) == ("refund.granted", "system")


def test_a_refund_is_delivered_as_an_event(mock: httpx.Client) -> None:
    """Endpoints receive ``refund.granted`` with the amount."""
    with receiving() as receiver:
        wanted = {"url": receiver.url, "events": ["refund.granted"]}
        endpoint = mock.post("/_mock/webhook-endpoints", json=wanted).json()
        refund(mock, amount_cents=20)
        mock.post("/_mock/webhook-deliveries/settle").raise_for_status()
        mock.delete(f"/_mock/webhook-endpoints/{endpoint['id']}").raise_for_status()
    (delivered,) = receiver.received
    assert (delivered.json["event"], delivered.json["data"]) == (
        "refund.granted",
        {"amount_cents": 20},
    )


@pytest.mark.parametrize(
    ("earlier", "amount_cents", "detail"),
    [
        pytest.param([], 21, "from $0.01 to $0.20", id="more than the usage"),
        pytest.param([15], 6, "from $0.01 to $0.05", id="more than is left"),
        pytest.param([20], 20, "Nothing can be refunded", id="the whole twice"),
        pytest.param([], 10**15, "from $0.01 to $0.20", id="a very large amount"),
    ],
)
def test_more_than_the_charged_usage_is_refused(
    mock: httpx.Client, earlier: list[int], amount_cents: int, detail: str
) -> None:
    """A refund beyond charged usage less earlier refunds is a conflict and changes nothing."""
    for cents in earlier:
        refund(mock, amount_cents=cents).raise_for_status()
    before = state(mock)
    response = refund(mock, amount_cents=amount_cents)
    assert response.status_code == 409
    assert detail in response.json()["detail"]
    assert state(mock) == before


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, ["body", "amount_cents"]),
        ({"amount_cents": None}, ["body", "amount_cents"]),
        ({"amount_cents": 0}, ["body", "amount_cents"]),
        ({"amount_cents": -1}, ["body", "amount_cents"]),
        ({"amount_cents": 1.0}, ["body", "amount_cents"]),
        ({"amount_cents": "1"}, ["body", "amount_cents"]),
        ({"amount_cents": True}, ["body", "amount_cents"]),
        ({"amount_cents": 10**30}, ["body", "amount_cents"]),
        ({"amount_cents": 1, "description": None}, ["body", "description"]),
        ({"amount_cents": 1, "description": ""}, ["body", "description"]),
        ({"amount_cents": 1, "description": "x" * 256}, ["body", "description"]),
        ({"amount_cents": 1, "currency": "usd"}, ["body"]),
    ],
)
def test_an_invalid_refund_is_refused(mock: httpx.Client, body: Json, loc: list[str]) -> None:
    """The error names the field, and nothing is refunded."""
    before = state(mock)
    response = refund(mock, **body)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == loc
    assert state(mock) == before


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        pytest.param(b"", "application/json", 422, id="no body"),
        pytest.param(b"[1]", "application/json", 422, id="no object"),
        pytest.param(b"{", "application/json", 422, id="no JSON"),
        pytest.param(b"amount_cents=1", "application/x-www-form-urlencoded", 415, id="a form"),
        pytest.param(b" " * 1_000_001, "application/json", 413, id="a body that is too large"),
    ],
)
def test_an_unreadable_body_is_refused(
    mock: httpx.Client, content: bytes, media_type: str, status: int
) -> None:
    """The status says what is wrong with the body."""
    headers = {"Content-Type": media_type}
    response = mock.post("/_mock/refunds", content=content, headers=headers)
    assert response.status_code == status
