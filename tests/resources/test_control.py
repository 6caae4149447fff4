"""The control API beside a document that is not ours."""

from __future__ import annotations

import http.client
import time
from typing import Any

import httpx
import pytest

from tests.cli.program import Program
from tests.resources.documents import BEARER, NOTE
from tests.resources.test_responses import assert_error

OTHER = {"Authorization": "Bearer another-token"}


def recorded(client: httpx.Client, **filters: Any) -> list[dict[str, Any]]:
    """Return the recorded requests, newest first."""
    listed = client.get("/_mock/requests", params=filters).raise_for_status().json()
    return list(listed["requests"])


def inject(client: httpx.Client, *, for_all: bool = True, **rule: Any) -> None:
    """Switch a fault on, for all callers or for the client's own token."""
    headers = {"Authorization": ""} if for_all else {}
    client.post("/_mock/faults", json=rule, headers=headers).raise_for_status()


def test_requests_are_recorded(client: httpx.Client) -> None:
    """With operation, status, bodies, and the account of the token."""
    client.post("/v1/notes", json={"title": "Milk"})
    client.get("/v1/things")
    unknown, created = recorded(client)
    assert (created["operation_id"], created["status"]) == ("create_note", 201)
    assert created["request_body"] == {"title": "Milk"}
    assert created["response_body"]["title"] == "Milk"
    assert created["account_id"].startswith("acct_")
    assert (unknown["operation_id"], unknown["status"]) == (None, 404)
    assert [entry["path"] for entry in recorded(client, status=404)] == ["/v1/things"]


def test_secrets_are_hidden(client: httpx.Client) -> None:
    """Neither tokens nor the usual secret fields are shown."""
    client.post("/v1/notes?token=hidden-1", json={"title": "Milk", "password": "hidden-2"})
    text = client.get("/_mock/requests").text
    assert "hidden" not in text
    assert "a-token-of-mine" not in text


@pytest.mark.parametrize("status", [401, 404, 422, 429, 500, 503])
def test_a_fault_has_the_documented_shape(client: httpx.Client, status: int) -> None:
    """Documented or not, and it happens once."""
    inject(client, operations=["get_note"], next=1, status=status)
    response = client.get(NOTE)
    assert_error(response, status)
    assert response.headers["X-Mock-Fault"] == f"status-{status}"
    assert ("Retry-After" in response.headers) == (status == 429)
    assert client.get(NOTE).status_code == 200
    assert [entry["fault"] for entry in recorded(client)] == [None, f"status-{status}"]


def test_a_fault_has_its_own_sentence(client: httpx.Client) -> None:
    """It is the message of the documented body."""
    inject(client, status=503, detail="Back at noon.", retry_after_seconds=5)
    response = client.get(NOTE)
    assert response.json()["message"] == "Back at noon."
    assert response.headers["Retry-After"] == "5"


def test_a_fault_concerns_one_token(client: httpx.Client) -> None:
    """Parallel tests have a token each."""
    inject(client, for_all=False, status=503)
    assert client.get(NOTE, headers=OTHER).status_code == 200
    assert client.get(NOTE).status_code == 503
    assert client.get("/_mock/faults").json()["faults"][0]["account"] == "a-***"


def test_a_connection_is_reset(client: httpx.Client) -> None:
    """No byte of a response arrives."""
    inject(client, next=1, connection="reset")
    with pytest.raises(httpx.ReadError):
        client.get(NOTE)
    assert recorded(client)[0]["status"] is None


def test_a_body_is_truncated(client: httpx.Client, program: Program) -> None:
    """The length promises more than arrives."""
    inject(client, next=1, connection="truncated_body")
    connection = http.client.HTTPConnection(program.url.removeprefix("http://"), timeout=10)
    connection.request("GET", NOTE, headers=BEARER)
    response = connection.getresponse()
    with pytest.raises(http.client.IncompleteRead):
        response.read()
    connection.close()


def test_a_response_is_delayed(client: httpx.Client) -> None:
    """Latency is real time."""
    inject(client, next=1, latency={"ms": 200})
    began = time.monotonic()
    assert client.get(NOTE).status_code == 200
    assert time.monotonic() - began >= 0.2


def test_the_clock_moves(client: httpx.Client) -> None:
    """It is that of every mock."""
    assert client.get("/_mock/clock").json()["now"] == "2026-03-18T12:00:00.000Z"
    client.post("/_mock/clock/advance", json={"days": 1}).raise_for_status()
    assert client.get("/_mock/clock").json()["now"] == "2026-03-19T12:00:00.000Z"
    client.get(NOTE)
    assert recorded(client)[0]["at"] == "2026-03-19T12:00:00.000Z"


def test_a_snapshot_restores_the_clock_and_the_items(client: httpx.Client) -> None:
    """What happened since is gone."""
    kept = client.post("/v1/notes", json={"title": "Milk"}).json()
    taken = client.post("/_mock/snapshots", json={"name": "noon"}).raise_for_status().json()
    assert taken["accounts"] == 1
    client.post("/_mock/clock/advance", json={"days": 1}).raise_for_status()
    later = client.post("/v1/notes", json={"title": "Bread"}).json()
    client.delete(f"/v1/notes/{kept['id']}").raise_for_status()
    client.post("/_mock/snapshots/noon/restore").raise_for_status()
    assert client.get("/_mock/clock").json()["now"] == "2026-03-18T12:00:00.000Z"
    assert client.get(f"/v1/notes/{kept['id']}").json() == kept
    assert client.get(f"/v1/notes/{later['id']}").status_code == 404


def test_a_reset_forgets_requests_and_faults(client: httpx.Client) -> None:
    """As if the mock had just started."""
    inject(client, status=503)
    client.get(NOTE)
    client.post("/_mock/reset", headers={"Authorization": ""}).raise_for_status()
    assert recorded(client) == []
    assert client.get(NOTE).status_code == 200


def test_a_caller_can_be_reset(client: httpx.Client) -> None:
    """Its faults are gone; there is nothing else to forget."""
    inject(client, for_all=False, status=503)
    reset = client.post("/_mock/reset").raise_for_status().json()
    assert reset["scope"] == "account"
    assert client.get(NOTE).status_code == 200


def test_the_state_is_exported_and_imported(client: httpx.Client) -> None:
    """With all items, as plain JSON; another token gets the same items and an id of its own."""
    created = client.post("/v1/notes", json={"title": "Milk"}).json()
    state = client.get("/_mock/state").json()
    assert state["collections"]["/notes"]["items"][created["id"]]["data"] == created
    imported = client.put("/_mock/state", json=state, headers=OTHER).raise_for_status().json()
    assert imported["collections"] == state["collections"]
    assert imported["id"] != state["id"]
    assert client.get(f"/v1/notes/{created['id']}", headers=OTHER).json() == created


def test_a_state_of_something_else_is_refused(client: httpx.Client) -> None:
    """The reason names the field; an empty state is that of a new account."""
    refused = client.put("/_mock/state", json={"ledger": {}})
    assert refused.status_code == 422
    assert "cannot be imported" in refused.json()["detail"][0]["msg"]
    assert client.put("/_mock/state", json={}).json() == {}


def test_an_imported_item_that_breaks_the_schema_is_shown_valid(client: httpx.Client) -> None:
    """Responses are valid whatever the state contains."""
    created = client.post("/v1/notes", json={"title": "Milk"}).json()
    state = client.get("/_mock/state").json()
    state["collections"]["/notes"]["items"][created["id"]]["data"]["color"] = "pink"
    client.put("/_mock/state", json=state).raise_for_status()
    shown = client.get(f"/v1/notes/{created['id']}").json()
    assert shown["color"] in ("yellow", "green", "blue")
    assert shown["title"] == "Milk"


def test_the_state_needs_credentials(anonymous: httpx.Client) -> None:
    """Those of the document, in the control API's own envelope."""
    response = anonymous.get("/_mock/state")
    assert response.status_code == 401
    assert response.json() == {"detail": "Credentials are missing or have the wrong form."}
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_health_counts_accounts(client: httpx.Client) -> None:
    """Each token has one, once it is used."""
    assert client.get("/_mock/health").json()["accounts"] == 0
    client.get("/v1/notes")
    client.get("/v1/notes", headers=OTHER)
    assert client.get("/_mock/health").json()["accounts"] == 2


@pytest.mark.parametrize("path", ["personas", "books", "usage", "outbox", "invariants"])
def test_what_billing_adds_is_not_served(client: httpx.Client, path: str) -> None:
    """A 404 in the control API's own envelope."""
    response = client.get(f"/_mock/{path}")
    assert response.status_code == 404
    assert response.json() == {"detail": f"No such path: /_mock/{path}"}
