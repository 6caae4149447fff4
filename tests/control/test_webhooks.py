"""Webhook endpoints and deliveries over HTTP."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.conftest import API, RunningServer
from tests.webhooks.receiver import NEVER, Receiver, receiving, status

ENDPOINTS, DELIVERIES = "/_mock/webhook-endpoints", "/_mock/webhook-deliveries"
URL = "http://127.0.0.1:9/hook"
KEYED = {"X-API-Key": "sk_test_webhook_control"}


@pytest.fixture
def receiver() -> Any:
    with receiving() as made:
        yield made


def register(
    mock: httpx.Client, url: str = URL, headers: dict[str, str] | None = None, **rest: Any
) -> dict[str, Any]:
    response = mock.post(ENDPOINTS, json={"url": url, **rest}, headers=headers)
    assert response.status_code == 200, response.text
    endpoint: dict[str, Any] = response.json()
    return endpoint


def happen(mock: httpx.Client, headers: dict[str, str] | None = None) -> None:
    mock.post(
        f"{API}/deposit", json={"amount_cents": 5_000}, headers=headers or KEYED
    ).raise_for_status()


def deliveries(
    mock: httpx.Client, headers: dict[str, str] | None = None, **filters: Any
) -> list[dict[str, Any]]:
    response = mock.get(DELIVERIES, params=filters, headers=headers)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["deliveries"]
    return found


def settle(
    mock: httpx.Client, headers: dict[str, str] | None = None, **params: Any
) -> dict[str, Any]:
    response = mock.post(f"{DELIVERIES}/settle", params=params, headers=headers)
    assert response.status_code == 200, response.text
    settled: dict[str, Any] = response.json()
    return settled


def test_an_endpoint_is_registered_with_defaults(mock: httpx.Client) -> None:
    """The defaults: all events of all accounts, a new secret, and no modes."""
    endpoint = register(mock)
    assert endpoint.pop("secret").startswith("whsec_")
    assert endpoint == {
        "id": "we_000001",
        "url": URL,
        "account_id": None,
        "events": [],
        "modes": {
            "duplicate": False,
            "drop_next": 0,
            "drop_share": 0,
            "reorder": 1,
            "delay_seconds": 0,
            "checkout": "any",
        },
        "pending": 0,
        "delivered": 0,
        "failed": 0,
        "dropped": 0,
        "created_at": "2026-03-18T12:00:00.000Z",
    }


def test_endpoints_are_listed_newest_first(mock: httpx.Client) -> None:
    """With a key, only the endpoints for its account are listed."""
    mine = register(mock, headers=KEYED)
    others = register(mock, headers={"X-API-Key": "sk_test_somebody_else"})
    everybodys = register(mock)
    listed = mock.get(ENDPOINTS).json()
    assert [endpoint["id"] for endpoint in listed["endpoints"]] == [
        everybodys["id"],
        others["id"],
        mine["id"],
    ]
    assert listed["usage_alerts"] is None
    listed = mock.get(ENDPOINTS, headers=KEYED).json()
    assert [endpoint["id"] for endpoint in listed["endpoints"]] == [everybodys["id"], mine["id"]]


def test_a_deleted_endpoint_gets_nothing(mock: httpx.Client, receiver: Receiver) -> None:
    """Pending deliveries are dropped, and stay listed."""
    endpoint = register(mock, receiver.url, modes={"delay_seconds": 60})
    happen(mock)
    gone = mock.delete(f"{ENDPOINTS}/{endpoint['id']}").json()
    assert (gone["id"], gone["pending"], gone["dropped"]) == (endpoint["id"], 0, 1)
    happen(mock)
    mock.post("/_mock/clock/advance", json={"seconds": 60})
    settle(mock)
    assert receiver.received == []
    (delivery,) = deliveries(mock)
    assert (delivery["status"], delivery["reason"]) == ("dropped", "The endpoint was deleted.")
    assert mock.get(ENDPOINTS).json()["endpoints"] == []


def test_deleting_cancels_a_delivery_under_way(mock: httpx.Client, receiver: Receiver) -> None:
    """The connection is closed."""
    receiver.otherwise = NEVER
    endpoint = register(mock, receiver.url)
    happen(mock)
    began = time.monotonic()
    receiver.wait_for(1)
    mock.delete(f"{ENDPOINTS}/{endpoint['id']}").raise_for_status()
    assert settle(mock) == {"settled": True, "pending": 0, "next_attempt_at": None}
    assert time.monotonic() - began < 5
    assert deliveries(mock)[0]["status"] == "dropped"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", f"{ENDPOINTS}/we_000009", None),
        ("PUT", f"{ENDPOINTS}/we_000009/modes", {}),
        ("POST", f"{DELIVERIES}/whd_000009/replay", None),
    ],
)
def test_an_unknown_id_is_404(mock: httpx.Client, method: str, path: str, body: Any) -> None:
    """The error has the id."""
    response = mock.request(method, path, json=body)
    assert response.status_code == 404
    assert "000009" in response.json()["detail"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://127.0.0.1/",
        "nothing",
        "http://u:p@127.0.0.1/",
        "http://127.0.0.1/a b",
        "http://\u00e9/",
    ],
)
def test_a_url_that_is_not_allowed_is_422(mock: httpx.Client, url: str) -> None:
    """The error says how to allow it, and nothing is registered."""
    response = mock.post(ENDPOINTS, json={"url": url})
    assert response.status_code == 422
    (problem,) = response.json()["detail"]
    assert problem["loc"] == ["body", "url"]
    assert len(problem["msg"].split()) > 4
    assert mock.get(ENDPOINTS).json()["endpoints"] == []


def test_the_mocks_own_address_is_refused(mock: httpx.Client, frozen_server: RunningServer) -> None:
    """The mock would control itself."""
    response = mock.post(ENDPOINTS, json={"url": f"{frozen_server.url}/_mock/reset"})
    assert "the mock's own" in response.json()["detail"][0]["msg"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("events", ["deposit.complete"]),
        ("events", "deposit.completed"),
        ("events", ["usage.alert"]),
        ("secret", "secret"),
        ("secret", "whsec_a b"),
        ("secret", "whsec_"),
        ("modes", {"duplicate": "yes"}),
        ("modes", {"drop_next": -1}),
        ("modes", {"drop_share": 1.1}),
        ("modes", {"reorder": 0}),
        ("modes", {"delay_seconds": 1.5}),
        ("modes", {"checkout": "never"}),
        ("modes", {"mystery": 1}),
        ("colour", "red"),
    ],
)
def test_misspelt_types_and_modes_are_refused(mock: httpx.Client, field: str, value: Any) -> None:
    """An unknown type would never be sent."""
    response = mock.post(ENDPOINTS, json={"url": URL, field: value})
    assert response.status_code == 422
    assert field in str(response.json()["detail"][0])


def test_the_number_of_endpoints_is_bounded(mock: httpx.Client) -> None:
    """The hundred and first is refused with 409 until one is deleted."""
    ids = [register(mock)["id"] for _ in range(100)]
    response = mock.post(ENDPOINTS, json={"url": URL})
    assert response.status_code == 409
    assert "100 endpoints" in response.json()["detail"]
    mock.delete(f"{ENDPOINTS}/{ids[50]}").raise_for_status()
    assert register(mock)["id"] == "we_000101"


def test_deliveries_are_filtered(mock: httpx.Client, receiver: Receiver) -> None:
    """Filters are account, endpoint, event and status; the newest is first."""
    receiver.responses = [status(500)]
    first = register(mock, receiver.url, headers=KEYED)
    happen(mock)
    settle(mock)
    second = register(mock, receiver.url)
    happen(mock, {"X-API-Key": "sk_test_somebody_else"})
    mock.post(f"{API}/portal", headers=KEYED)
    settle(mock)
    all = deliveries(mock)
    assert [delivery["event"] for delivery in all][-1] == "deposit.created"
    assert [delivery["id"] for delivery in all] == sorted(
        (delivery["id"] for delivery in all), reverse=True
    )
    assert len(all) == 4
    assert len(deliveries(mock, headers=KEYED)) == 3
    assert {delivery["endpoint_id"] for delivery in deliveries(mock, endpoint=second["id"])} == {
        second["id"]
    }
    assert len(deliveries(mock, event="portal.opened")) == 2
    (pending,) = deliveries(mock, status="pending")
    assert (pending["endpoint_id"], pending["event"]) == (first["id"], "deposit.created")
    assert deliveries(mock, event="portal.opened", status="pending") == []
    page = mock.get(DELIVERIES, params={"limit": 1}).json()
    assert (len(page["deliveries"]), page["total"], page["has_more"]) == (1, 4, True)


@pytest.mark.parametrize("filters", [{"status": "lost"}, {"limit": 0}, {"endpoint": ""}])
def test_an_invalid_filter_is_422(mock: httpx.Client, filters: dict[str, Any]) -> None:
    """The error names the place."""
    assert mock.get(DELIVERIES, params=filters).status_code == 422


def test_a_replay_is_a_delivery_of_its_own(mock: httpx.Client, receiver: Receiver) -> None:
    """It has the same bytes and the same signature, whatever the modes are."""
    endpoint = register(mock, receiver.url)
    happen(mock)
    settle(mock)
    mock.put(
        f"{ENDPOINTS}/{endpoint['id']}/modes", json={"drop_share": 1, "delay_seconds": 60}
    ).raise_for_status()
    (first,) = deliveries(mock)
    again = mock.post(f"{DELIVERIES}/{first['id']}/replay").json()
    assert (again["replay_of"], again["status"], again["attempts"]) == (first["id"], "pending", [])
    settle(mock)
    one, other = receiver.received
    assert one.body == other.body
    assert one.headers["x-alterlab-signature"] == other.headers["x-alterlab-signature"]
    assert deliveries(mock)[0]["status"] == "delivered"
    assert deliveries(mock)[0]["id"] == again["id"]


def test_a_replay_is_sent_at_once(mock: httpx.Client, receiver: Receiver) -> None:
    """The attempt has the current time, and a failed one is retried."""
    receiver.otherwise = status(500)
    register(mock, receiver.url)
    happen(mock)
    settle(mock)
    mock.post("/_mock/clock/advance", json={"seconds": 3_600})
    settle(mock)
    (first,) = deliveries(mock, status="failed")
    mock.post(f"{DELIVERIES}/{first['id']}/replay").raise_for_status()
    settled = settle(mock)
    assert settled["next_attempt_at"] == "2026-03-18T13:00:10.000Z"
    assert deliveries(mock)[0]["attempts"][0]["at"] == "2026-03-18T13:00:00.000Z"


def test_a_replay_to_a_deleted_endpoint_is_dropped(mock: httpx.Client, receiver: Receiver) -> None:
    """It is listed with the reason."""
    endpoint = register(mock, receiver.url)
    happen(mock)
    settle(mock)
    mock.delete(f"{ENDPOINTS}/{endpoint['id']}").raise_for_status()
    again = mock.post(f"{DELIVERIES}/{deliveries(mock)[0]['id']}/replay").json()
    assert (again["status"], again["reason"]) == ("dropped", "The endpoint was deleted.")
    assert len(receiver.received) == 1


@pytest.mark.slow
def test_settling_has_a_timeout(mock: httpx.Client, receiver: Receiver) -> None:
    """``settled`` is false then; other requests are served meanwhile."""
    receiver.otherwise = NEVER
    register(mock, receiver.url)
    happen(mock)
    began = time.monotonic()
    settled = settle(mock, timeout_seconds=1)
    assert 0.9 < time.monotonic() - began < 3
    assert (settled["settled"], settled["pending"]) == (False, 1)


def test_settling_an_account_waits_for_no_other(mock: httpx.Client, receiver: Receiver) -> None:
    """Parallel tests do not delay each other."""
    receiver.otherwise = NEVER
    register(mock, receiver.url, headers={"X-API-Key": "sk_test_somebody_else"})
    happen(mock, {"X-API-Key": "sk_test_somebody_else"})
    assert settle(mock, headers=KEYED) == {"settled": True, "pending": 0, "next_attempt_at": None}


@pytest.mark.parametrize("seconds", ["0", "61", "x", "1.5"])
def test_settling_has_bounds(mock: httpx.Client, seconds: str) -> None:
    """The timeout is at most a minute."""
    assert mock.post(f"{DELIVERIES}/settle", params={"timeout_seconds": seconds}).status_code == 422


# ------------------------------------------------------------------------------ reset and snapshots


def test_a_reset_of_everything_removes_endpoints_and_deliveries(
    mock: httpx.Client, receiver: Receiver
) -> None:
    """Ids restart, and pending deliveries are never sent."""
    endpoint = register(mock, receiver.url, modes={"delay_seconds": 5})
    happen(mock)
    mock.post("/_mock/reset").raise_for_status()
    assert mock.get(ENDPOINTS).json()["endpoints"] == []
    assert deliveries(mock) == []
    mock.post("/_mock/clock/advance", json={"seconds": 60})
    settle(mock)
    assert receiver.received == []
    assert register(mock)["id"] == endpoint["id"]


def test_a_reset_of_an_account_drops_its_pending_deliveries(
    mock: httpx.Client, receiver: Receiver
) -> None:
    """Endpoints and finished deliveries stay."""
    somebody_else = {"X-API-Key": "sk_test_somebody_else"}
    register(mock, receiver.url)
    happen(mock)
    settle(mock)
    endpoint = register(mock, receiver.url, modes={"delay_seconds": 5})
    happen(mock)
    happen(mock, somebody_else)
    settle(mock)
    mock.post("/_mock/reset", headers=KEYED).raise_for_status()
    mock.post("/_mock/clock/advance", json={"seconds": 5})
    settle(mock)
    mine, others = deliveries(mock, headers=KEYED), deliveries(mock, headers=somebody_else)
    assert [delivery["status"] for delivery in mine] == ["dropped", "delivered", "delivered"]
    assert mine[0]["reason"] == "The account was reset."
    assert [other["status"] for other in others] == ["delivered", "delivered"]
    assert len(mock.get(ENDPOINTS).json()["endpoints"]) == 2
    assert mock.get(ENDPOINTS).json()["endpoints"][0]["id"] == endpoint["id"]


def test_a_restored_snapshot_drops_pending_deliveries(
    mock: httpx.Client, receiver: Receiver
) -> None:
    """Endpoints stay, and get the new events."""
    mock.post("/_mock/snapshots", json={"name": "before"}).raise_for_status()
    register(mock, receiver.url)
    receiver.responses = [status(500)]
    mock.post("/_mock/clock/advance", json={"seconds": 100})
    happen(mock)
    settle(mock)
    mock.post("/_mock/snapshots/before/restore").raise_for_status()
    assert settle(mock) == {"settled": True, "pending": 0, "next_attempt_at": None}
    assert deliveries(mock)[0]["reason"] == "A snapshot was restored."
    happen(mock)
    settle(mock)
    assert receiver.received[-1].json["created_at"] == "2026-03-18T12:00:00.000Z"
    assert deliveries(mock)[0]["attempts"][0]["at"] == "2026-03-18T12:00:00.000Z"


def test_an_imported_state_publishes_nothing_of_its_past(
    mock: httpx.Client, receiver: Receiver
) -> None:
    """The past of an imported state is not delivered."""
    happen(mock)
    state = mock.get("/_mock/state", headers=KEYED).json()
    assert "events" not in state
    register(mock, receiver.url)
    mock.put("/_mock/state", json=state, headers=KEYED).raise_for_status()
    settle(mock)
    assert receiver.received == []
    happen(mock)
    settle(mock)
    assert len(receiver.received) == 1
