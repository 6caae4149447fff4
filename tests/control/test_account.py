"""State, usage, outbox and invariants over HTTP."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import httpx
import pytest

from tests.conftest import API, RunningServer

NEW = {"X-API-Key": "sk_test_new"}
OTHER = {"X-API-Key": "sk_test_other"}
State = dict[str, Any]


def state(mock: httpx.Client, headers: dict[str, str] = NEW) -> State:
    found: State = mock.get("/_mock/state", headers=headers).json()
    return found


def put(mock: httpx.Client, body: Any, headers: dict[str, str] = NEW) -> httpx.Response:
    return mock.put("/_mock/state", json=body, headers=headers)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "state"),
        ("PUT", "state"),
        ("POST", "usage"),
        ("POST", "refunds"),
        ("GET", "outbox"),
        ("GET", "invariants"),
        ("POST", "checkout-sessions/cs_test_1/complete"),
        ("POST", "checkout-sessions/cs_test_1/decline"),
        ("POST", "checkout-sessions/cs_test_1/expire"),
    ],
)
def test_operations_on_an_account_need_its_key(mock: httpx.Client, method: str, path: str) -> None:
    """Without a key the status is 401, and a live key leaves no trace."""
    assert mock.request(method, f"/_mock/{path}").status_code == 401
    live = "_".join(["sk", "live", "0" * 24])
    response = mock.request(method, f"/_mock/{path}", headers={"X-API-Key": live})
    assert response.status_code == 401
    assert live not in response.text
    assert mock.get("/_mock/health").json()["accounts"] == 0


@pytest.mark.parametrize(
    "persona", ["default", "new", "subscriber", "past_due", "exhausted", "card_declined"]
)
def test_an_exported_state_can_be_imported(mock: httpx.Client, persona: str) -> None:
    """The imported state is equal."""
    headers = {"X-API-Key": f"sk_test_{persona}"}
    exported = state(mock, headers)
    imported = put(mock, exported, headers)
    assert imported.status_code == 200, imported.text
    assert imported.json() == exported
    assert state(mock, headers) == exported


@pytest.mark.slow
def test_the_largest_persona_can_be_imported(mock: httpx.Client) -> None:
    """The limit of this body is larger: ten thousand entries are 4 MB."""
    headers = {"X-API-Key": "sk_test_power_user"}
    exported = mock.get("/_mock/state", headers=headers)
    response = mock.put(
        "/_mock/state",
        content=exported.content,
        headers={**headers, "Content-Type": "application/json"},
    )
    assert response.status_code == 200
    assert response.content == exported.content


def test_a_state_can_be_imported_into_another_account(mock: httpx.Client) -> None:
    """It gets the history, and keeps its own id and future ids."""
    mock.post("/_mock/usage", json={"type": "js", "requests": 10}, headers=NEW)
    given, own = state(mock), state(mock, OTHER)
    taken = put(mock, given, OTHER).json()
    assert taken["ledger"] == given["ledger"]
    assert (taken["id"], taken["ids"]["namespace"]) == (own["id"], own["ids"]["namespace"])
    assert mock.get("/_mock/invariants", headers=OTHER).json() == {"ok": True, "violations": []}


def test_views_follow_an_imported_state(mock: httpx.Client) -> None:
    """The Billing API shows the imported state."""
    mock.post("/_mock/usage", json={"type": "ocr", "requests": 7}, headers=NEW)
    put(mock, state(mock), OTHER)
    for path in ("balance", "usage/realtime", "credit-transactions", "cost-projection"):
        paths = [mock.get(f"{API}/{path}", headers=key) for key in (NEW, OTHER)]
        assert paths[0].json() == paths[1].json()


def break_balance(broken: State) -> None:
    broken["ledger"]["entries"][0]["amount_microcents"] = 1


def break_type(broken: State) -> None:
    broken["ledger"]["entries"][0]["type"] = "gift"


def break_time(broken: State) -> None:
    broken["ledger"]["entries"][0]["created_at"] = "2027-01-01T00:00:00Z"


def break_card(broken: State) -> None:
    broken["wallet"]["default_id"] = "nobody's"


def break_usage(broken: State) -> None:
    event = {
        "id": "e",
        "type": "js",
        "requests": 1,
        "credits": 5,
        "created_at": "2026-03-18T12:00:00Z",
    }
    broken["usage"]["events"].append(event)


@pytest.mark.parametrize("damage", [break_balance, break_type, break_time, break_card, break_usage])
def test_a_state_that_does_not_add_up_changes_nothing(mock: httpx.Client, damage: Any) -> None:
    """It is refused with 422 and reasons."""
    before = state(mock)
    broken = deepcopy(before)
    damage(broken)
    response = put(mock, broken)
    assert response.status_code == 422
    assert all(
        problem["loc"][0] == "body" and problem["msg"] for problem in response.json()["detail"]
    )
    assert state(mock) == before


@pytest.mark.parametrize("part", ["id", "ledger", "subscription", "outbox"])
def test_a_state_must_be_complete(mock: httpx.Client, part: str) -> None:
    """A missing part is named."""
    before = state(mock)
    response = put(mock, {name: value for name, value in before.items() if name != part})
    assert response.status_code == 422
    assert response.json()["detail"] == [
        {"loc": ["body", part], "msg": "Field required", "type": "missing"}
    ]
    assert state(mock) == before


@pytest.mark.parametrize(
    ("change", "loc"),
    [
        ({"colour": "red"}, ["body"]),
        ({"ledger": None}, ["body", "ledger"]),
        ({"ledger": []}, ["body", "ledger"]),
        ({"outbox": {}}, ["body", "outbox"]),
        ({"created_at": "yesterday"}, ["body", "created_at"]),
        ({"redeemed_promo_codes": [1]}, ["body", "redeemed_promo_codes", 0]),
    ],
)
def test_a_state_of_another_shape_is_refused(
    mock: httpx.Client, change: State, loc: list[str | int]
) -> None:
    """The error of the schema names the place."""
    before = state(mock)
    response = put(mock, {**before, **change})
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == loc
    assert state(mock) == before


@pytest.mark.parametrize("body", [None, [], "state", 1, {}])
def test_a_state_is_an_object(mock: httpx.Client, body: Any) -> None:
    """Any other JSON is 422."""
    assert put(mock, body).status_code == 422


@pytest.mark.parametrize(
    ("type", "requests", "credits", "cost"),
    [
        ("light", 1, 1, "$0.0002"),
        ("js", 10, 50, "$0.01"),
        ("pdf", 3, 9, "$0.0018"),
        ("ocr", 2, 12, "$0.0024"),
    ],
)
def test_usage_is_charged_by_its_type(
    mock: httpx.Client, type: str, requests: int, credits: int, cost: str
) -> None:
    """The charge and the balance match the ledger."""
    charge = mock.post(
        "/_mock/usage", json={"type": type, "requests": requests}, headers=NEW
    ).json()
    assert (charge["type"], charge["requests"], charge["credits"]) == (type, requests, credits)
    assert charge["cost_display"] == cost
    entry = mock.get(f"{API}/credit-transactions", headers=NEW).json()["transactions"][0]
    assert entry["reference_id"] == charge["id"]
    assert entry["amount_microcents"] == -charge["cost_microcents"]
    balance = mock.get(f"{API}/balance", headers=NEW).json()
    assert balance["balance_microcents"] == charge["balance_microcents"]
    assert balance["balance_display"] == charge["balance_display"]


def test_usage_that_the_balance_does_not_cover_is_refused_as_a_whole(mock: httpx.Client) -> None:
    """The 402 has both amounts, and nothing is charged."""
    before = state(mock)
    response = mock.post("/_mock/usage", json={"type": "light", "requests": 5_001}, headers=NEW)
    assert response.status_code == 402
    assert "$1.00" in response.json()["detail"]
    assert (
        mock.post("/_mock/usage", json={"type": "ocr", "requests": 10**9}, headers=NEW).status_code
        == 402
    )
    assert state(mock) == before
    assert (
        mock.post(
            "/_mock/usage", json={"type": "light", "requests": 5_000}, headers=NEW
        ).status_code
        == 200
    )


def test_the_response_to_a_charge_has_the_balance_after_the_recharge(mock: httpx.Client) -> None:
    """Auto-recharge runs before the response."""
    headers = {"X-API-Key": "sk_test_low_balance"}
    before = mock.get(f"{API}/balance", headers=headers).json()
    charge = mock.post(
        "/_mock/usage", json={"type": "light", "requests": 2_000}, headers=headers
    ).json()
    recharge = before["auto_recharge"]["recharge_amount_cents"] * 1_000_000
    assert (
        charge["balance_microcents"]
        == before["balance_microcents"] - charge["cost_microcents"] + recharge
    )


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({"type": "light"}, ["body", "requests"]),
        ({"requests": 1}, ["body", "type"]),
        ({"type": "video", "requests": 1}, ["body", "type"]),
        ({"type": None, "requests": 1}, ["body", "type"]),
        ({"type": "light", "requests": 0}, ["body", "requests"]),
        ({"type": "light", "requests": 1_000_000_001}, ["body", "requests"]),
        ({"type": "light", "requests": 10**30}, ["body", "requests"]),
        ({"type": "light", "requests": 1.0}, ["body", "requests"]),
        ({"type": "light", "requests": True}, ["body", "requests"]),
        ({"type": "light", "requests": "1"}, ["body", "requests"]),
        ({"type": "light", "requests": 1, "url": "x"}, ["body"]),
    ],
)
def test_invalid_usage_is_422(mock: httpx.Client, body: Any, loc: list[str]) -> None:
    """The error names the place, and nothing is charged."""
    before = state(mock)
    response = mock.post("/_mock/usage", json=body, headers=NEW)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == loc
    assert state(mock) == before


def test_a_code_is_read_from_the_outbox_and_confirmed(client: httpx.Client) -> None:
    """A verification works without a mailbox."""
    opened = client.post(
        f"{API}/verify/initiate", json={"action": "change_plan", "method": "email"}
    ).json()
    message = client.get("/_mock/outbox").json()["messages"][0]
    assert message["channel"] == "email"
    assert message["code"] in message["text"]
    body = {"challenge_id": opened["challenge_id"], "code": message["code"]}
    assert client.post(f"{API}/verify/confirm", json=body).json()["success"] is True


def test_the_outbox_is_newest_first_and_can_be_limited(client: httpx.Client) -> None:
    """The message that a test has just caused is the first."""
    for method in ("email", "sms"):
        client.post(f"{API}/verify/initiate", json={"action": "change_plan", "method": method})
    outbox = client.get("/_mock/outbox").json()
    assert [message["channel"] for message in outbox["messages"]] == ["sms", "email"]
    cut = client.get("/_mock/outbox", params={"limit": 1}).json()
    assert cut == {"messages": outbox["messages"][:1], "total": 2, "has_more": True}


def test_alerts_are_in_the_outbox_with_their_webhook(mock: httpx.Client) -> None:
    """Crossing 75 % sends an e-mail and a webhook."""
    alerts = {
        "enabled": True,
        "email_enabled": True,
        "webhook_url": "https://hooks.example.com/usage",
    }
    mock.put(f"{API}/usage-alerts", json=alerts, headers=NEW).raise_for_status()
    mock.post("/_mock/usage", json={"type": "light", "requests": 4_000}, headers=NEW)
    webhook, email = mock.get("/_mock/outbox", headers=NEW).json()["messages"]
    assert (email["channel"], email["payload"]) == ("email", None)
    assert (webhook["channel"], webhook["recipient"]) == (
        "webhook",
        "https://hooks.example.com/usage",
    )
    assert webhook["payload"]["data"]["threshold"] == 75


def test_the_books_of_all_personas_add_up(mock: httpx.Client, frozen_server: RunningServer) -> None:
    """The invariants hold for every persona."""
    for persona in frozen_server.world.state.personas.values():
        if persona.key is not None:
            response = mock.get("/_mock/invariants", headers={"X-API-Key": persona.key})
            assert response.json() == {"ok": True, "violations": []}


def test_violated_invariants_are_reported(mock: httpx.Client, frozen_server: RunningServer) -> None:
    """Each violation is a sentence with the cause."""
    mock.post("/_mock/usage", json={"type": "light", "requests": 1}, headers=NEW)
    frozen_server.world.state.tenant("sk_test_new").account.usage.events.clear()
    found = mock.get("/_mock/invariants", headers=NEW).json()
    assert found["ok"] is False
    assert "0 usage events" in found["violations"][0]


def test_the_audit_log_has_the_actor(mock: httpx.Client) -> None:
    """The actor of the control API is not the customer."""
    opened = mock.post(f"{API}/deposit", json={"amount_cents": 1_000}, headers=NEW).json()
    mock.post(f"/_mock/checkout-sessions/{opened['session_id']}/complete", headers=NEW)
    log = state(mock)["audit_log"]
    actors = {entry["action"]: entry["actor"] for entry in log}
    assert (actors["deposit.created"], actors["deposit.completed"]) == ("api_key", "mock")
