"""Recorded exchanges over HTTP."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.conftest import API, ServerFactory

SECRET = "Zq7" + "x" * 20
MINE = {"X-API-Key": f"sk_test_{SECRET}"}
NEW = {"X-API-Key": "sk_test_new"}


def recorded(mock: httpx.Client, **filters: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mock.get("/_mock/requests", params=filters).json()["requests"]
    return found


def account_id(mock: httpx.Client, headers: dict[str, str]) -> str:
    return str(mock.get("/_mock/state", headers=headers).json()["id"])


@pytest.fixture
def story(mock: httpx.Client) -> httpx.Client:
    """Four exchanges: two accounts, three operations, three statuses."""
    mock.get(f"{API}/balance", headers=NEW)
    mock.get(f"{API}/balance")
    mock.post(f"{API}/deposit", json={"amount_cents": 1}, headers=MINE)
    mock.get(f"{API}/invoices", params={"limit": 3}, headers=MINE)
    return mock


def test_requests_are_newest_first(story: httpx.Client) -> None:
    """The exchange that a test has just caused is the first."""
    names = [(exchange["operation_id"], exchange["status"]) for exchange in recorded(story)]
    assert names == [
        ("list_invoices", 200),
        ("create_deposit", 422),
        ("get_balance", 401),
        ("get_balance", 200),
    ]


def test_an_exchange_is_shown_with_both_bodies(story: httpx.Client) -> None:
    """Request and response bodies are shown as JSON."""
    invoices, deposit, *_ = recorded(story)
    assert (invoices["method"], invoices["path"], invoices["query"]) == (
        "GET",
        f"{API}/invoices",
        "limit=3",
    )
    assert invoices["request_body"] is None
    assert invoices["response_body"]["invoices"]
    assert deposit["at"] == "2026-03-18T12:00:00.000Z"
    assert deposit["account_id"] == account_id(story, MINE)
    assert deposit["request_body"] == {"amount_cents": 1}
    assert deposit["response_body"]["detail"][0]["loc"] == ["body", "amount_cents"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"operation": "get_balance"}, [401, 200]),
        ({"status": 200}, [200, 200]),
        ({"status": 200, "operation": "get_balance"}, [200]),
        ({"operation": "no_such_operation"}, []),
        ({"account": "acct_nobody"}, []),
        ({"limit": 2}, [200, 422]),
    ],
)
def test_requests_can_be_filtered(
    story: httpx.Client, filters: dict[str, Any], expected: list[int]
) -> None:
    """An exchange must match all filters."""
    assert [exchange["status"] for exchange in recorded(story, **filters)] == expected


def test_requests_can_be_filtered_by_account(story: httpx.Client) -> None:
    """A parallel test sees its own exchanges only."""
    assert [exchange["status"] for exchange in recorded(story, account=account_id(story, NEW))] == [
        200
    ]
    assert [
        exchange["status"] for exchange in recorded(story, account=account_id(story, MINE))
    ] == [
        200,
        422,
    ]


def test_a_limited_list_has_more(story: httpx.Client) -> None:
    """``total`` counts all that match, and ``has_more`` is true."""
    found = story.get("/_mock/requests", params={"limit": 1, "status": 200}).json()
    assert (len(found["requests"]), found["total"], found["has_more"]) == (1, 2, True)


def test_requests_can_be_deleted(story: httpx.Client) -> None:
    """The filters are the same."""
    assert story.delete(
        "/_mock/requests", params={"operation": "get_balance", "status": 401}
    ).json() == {"deleted": 1}
    assert len(recorded(story)) == 3
    assert story.delete("/_mock/requests", params={"account": account_id(story, MINE)}).json() == {
        "deleted": 2
    }
    assert story.delete("/_mock/requests").json() == {"deleted": 1}
    assert story.delete("/_mock/requests").json() == {"deleted": 0}
    assert recorded(story) == []


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "99"),
        ("status", "600"),
        ("status", "ok"),
        ("account", ""),
        ("operation", "o" * 65),
    ],
)
def test_an_invalid_filter_is_422(story: httpx.Client, method: str, name: str, value: str) -> None:
    """The error names the place, and nothing is deleted."""
    response = story.request(method, "/_mock/requests", params={name: value})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", name]
    assert len(recorded(story)) == 4


def test_the_control_api_is_not_recorded(mock: httpx.Client) -> None:
    """Reading the list does not change it."""
    mock.get("/_mock/health")
    mock.post("/_mock/usage", json={"type": "light", "requests": 1}, headers=NEW)
    assert recorded(mock) == []


def test_the_last_thousand_are_kept(mock: httpx.Client) -> None:
    """A new exchange evicts the oldest."""
    for _ in range(1_001):
        mock.get(f"{API}/balance")
    found = mock.get("/_mock/requests", params={"limit": 1_000}).json()
    assert (found["total"], len(found["requests"]), found["has_more"]) == (1_000, 1_000, False)


def test_secrets_are_redacted(mock: httpx.Client) -> None:
    """No key, code or client secret is in the list."""
    opened = mock.post(
        f"{API}/verify/initiate", json={"action": "pay", "method": "sms"}, headers=MINE
    ).json()
    code = mock.get("/_mock/outbox", headers=MINE).json()["messages"][0]["code"]
    body = {"challenge_id": opened["challenge_id"], "code": code}
    mock.post(f"{API}/verify/confirm", json=body, headers=MINE)
    secret = mock.post(f"{API}/setup-intent", headers=MINE).json()["client_secret"]
    mock.post(
        f"{API}/payment-methods/sk_test_{SECRET}/default",
        params={"key": f"sk_test_{SECRET}"},
        headers=MINE,
    )
    mock.post(
        f"{API}/payment-methods", json={"payment_method_id": f"sk_test_{SECRET}"}, headers=MINE
    )
    shown = mock.get("/_mock/requests").text
    assert mock.get("/_mock/requests").json()["total"] == 5
    for hidden in (SECRET, code, secret):
        assert hidden not in shown
    assert recorded(mock, operation="confirm_verification")[0]["request_body"]["code"] == "***"
    assert (
        recorded(mock, operation="create_setup_intent")[0]["response_body"]["client_secret"]
        == "***"
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 2_000 + b"]" * 2_000,
        b'{"code": "123456"' + b" " * 5_000 + b"}",
    ],
)
def test_any_body_can_be_shown(mock: httpx.Client, content: bytes) -> None:
    """No recorded body makes the list fail."""
    mock.post(
        f"{API}/deposit", content=content, headers={**NEW, "Content-Type": "application/json"}
    )
    response = mock.get("/_mock/requests")
    assert response.status_code == 200
    assert response.json()["total"] == 1
    assert "123456" not in response.text


def test_unknown_paths_and_methods_are_recorded(mock: httpx.Client) -> None:
    """They have no operation, but the account of a valid key."""
    mock.get(f"{API}/ballance", headers=NEW)
    mock.patch(f"{API}/balance", headers={"X-API-Key": "nonsense"})
    mock.get("/_mock/nothing")
    mock.get("/nothing")
    wrong_method, misspelt = recorded(mock)
    assert (misspelt["path"], misspelt["status"], misspelt["operation_id"]) == (
        f"{API}/ballance",
        404,
        None,
    )
    assert misspelt["account_id"] == account_id(mock, NEW)
    assert (wrong_method["method"], wrong_method["status"], wrong_method["account_id"]) == (
        "PATCH",
        405,
        None,
    )
    assert "Allowed: GET" in wrong_method["response_body"]["detail"]


@pytest.mark.parametrize(("keep", "expected"), [(0, 0), (2, 2), (10, 3)])
def test_keep_requests_sets_the_number(
    make_server: ServerFactory, keep: int, expected: int
) -> None:
    """``--keep-requests`` keeps the newest, or none."""
    with make_server(keep_requests=keep).client("sk_test_new") as client:
        for limit in (1, 2, 3):
            client.get(f"{API}/invoices", params={"limit": limit})
        found = recorded(client)
    assert [exchange["query"] for exchange in found] == ["limit=3", "limit=2", "limit=1"][:expected]
