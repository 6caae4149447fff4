"""The operations of the control API that the workbench added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mockserver.billing.events import TYPES
from mockserver.control.made_up import MAX_DATA_BYTES
from tests.conftest import API, NOON, ServerFactory

SUBSCRIBER = {"X-API-Key": "sk_test_subscriber"}
SECRET = {"X-API-Key": "sk_test_4f1d9a77"}


@pytest.fixture
def mock(make_server: ServerFactory) -> Iterator[httpx.Client]:
    """A client of a frozen server of its own."""
    with make_server(now=NOON).client(None) as client:
        client.get(f"{API}/balance", headers=SUBSCRIBER)
        yield client


def accounts(mock: httpx.Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = mock.get("/_mock/accounts").json()["accounts"]
    return found


def test_an_account_is_listed_with_what_it_has(mock: httpx.Client) -> None:
    """Balance, plan, cards and alerts, at a glance."""
    (account,) = accounts(mock)
    assert (account["name"], account["label"]) == ("sk_test_subscriber", None)
    assert (account["plan"], account["plan_status"]) == ("starter", "active")
    assert account["cards"] == ["visa ending in 4242", "amex ending in 8431"]
    assert account["alerts"] == [75, 90, 100]


def test_a_key_is_shown_for_one_account_only(mock: httpx.Client) -> None:
    """The list hides it."""
    mock.get(f"{API}/balance", headers=SECRET)
    shown = mock.get("/_mock/accounts").text
    assert "4f1d9a77" not in shown
    id = accounts(mock)[0]["id"]
    assert mock.get(f"/_mock/accounts/{id}").json()["key"] == "sk_test_4f1d9a77"


def test_an_organization_has_no_key(mock: httpx.Client) -> None:
    """Its members change it."""
    persona = next(
        persona
        for persona in mock.get("/_mock/personas").json()["personas"]
        if persona["slug"] == "org_owner"
    )
    headers = {"X-API-Key": persona["key"], "X-Organization-Id": persona["member_of"]}
    mock.get(f"{API}/credit-transactions", headers=headers).raise_for_status()
    organization = next(
        account for account in accounts(mock) if account["name"] == persona["member_of"]
    )
    assert mock.get(f"/_mock/accounts/{organization['id']}").json()["key"] is None


def test_an_account_lists_its_pages(mock: httpx.Client) -> None:
    """Checkout, portal and invoices, with addresses that work."""
    mock.post(f"{API}/deposit", json={"amount_cents": 5000}, headers=SUBSCRIBER)
    mock.post(f"{API}/portal", headers=SUBSCRIBER)
    id = accounts(mock)[0]["id"]
    pages = mock.get(f"/_mock/accounts/{id}").json()["pages"]
    assert {page["kind"] for page in pages} == {"checkout", "portal", "invoice"}
    for page in pages:
        assert mock.get(page["url"]).status_code == 200, page


def test_an_unknown_account_is_404(mock: httpx.Client) -> None:
    """The sentence names it."""
    response = mock.get("/_mock/accounts/acct_none")
    assert response.status_code == 404
    assert response.json() == {"detail": "There is no account 'acct_none'."}


def test_an_account_can_be_named(mock: httpx.Client) -> None:
    """The name is listed, and null removes it."""
    for label, shown in (("Checkout tests", "Checkout tests"), (None, None), ("", None)):
        response = mock.put("/_mock/label", json={"label": label}, headers=SUBSCRIBER)
        assert response.json()["label"] == shown
        assert accounts(mock)[0]["label"] == shown


@pytest.mark.parametrize(
    ("label", "shown"),
    [(" a b\n", "a b"), ("\u200b\u202ex\u0000", "x"), (" ", None), ("\u0007\t\u200b", None)],
)
def test_a_name_is_stripped(mock: httpx.Client, label: str, shown: str | None) -> None:
    """A name that nobody could see is none."""
    mock.put("/_mock/label", json={"label": "Old"}, headers=SUBSCRIBER)
    response = mock.put("/_mock/label", json={"label": label}, headers=SUBSCRIBER)
    assert response.json()["label"] == accounts(mock)[0]["label"] == shown


def test_a_snapshot_has_the_names_of_its_time(mock: httpx.Client) -> None:
    """Restoring it brings back a name, and removes one that was given later."""
    new = {"X-API-Key": "sk_test_new"}
    mock.get("/_mock/state", headers=new).raise_for_status()
    mock.put("/_mock/label", json={"label": "First"}, headers=SUBSCRIBER)
    mock.post("/_mock/snapshots", json={"name": "named"}).raise_for_status()
    mock.put("/_mock/label", json={"label": "Second"}, headers=SUBSCRIBER)
    mock.put("/_mock/label", json={"label": "Later"}, headers=new)
    for _ in range(2):
        mock.post("/_mock/snapshots/named/restore").raise_for_status()
        assert {found["label"] for found in accounts(mock)} == {"First", None}
        mock.put("/_mock/label", json={"label": None}, headers=SUBSCRIBER)


@pytest.mark.parametrize("body", [{}, {"label": "x" * 61}, {"label": 7}, {"name": "x"}])
def test_an_impossible_name_is_422(mock: httpx.Client, body: Any) -> None:
    """Nothing changes."""
    assert mock.put("/_mock/label", json=body, headers=SUBSCRIBER).status_code == 422
    assert accounts(mock)[0]["label"] is None


def test_a_reset_removes_the_name(mock: httpx.Client) -> None:
    """Of one account, or of all."""
    for headers in (SUBSCRIBER, {}):
        mock.put("/_mock/label", json={"label": "Mine"}, headers=SUBSCRIBER)
        mock.post("/_mock/reset", headers=headers)
        mock.get(f"{API}/balance", headers=SUBSCRIBER)
        assert accounts(mock)[0]["label"] is None


def test_renewals_retries_and_webhooks_fall_due(mock: httpx.Client) -> None:
    """The earliest comes first. With a key, only those of its account are listed."""
    mock.get(f"{API}/balance", headers={"X-API-Key": "sk_test_past_due"})
    mock.post("/_mock/webhook-endpoints", json={"url": "http://127.0.0.1:9/none"})
    mock.post(f"{API}/portal", headers=SUBSCRIBER)
    mock.post("/_mock/webhook-deliveries/settle")
    due = mock.get("/_mock/due").json()["due"]
    assert [work["kind"] for work in due] == ["webhook", "retry", "renewal"]
    assert [work["at"] for work in due] == sorted(work["at"] for work in due)
    mine = mock.get("/_mock/due", headers=SUBSCRIBER).json()["due"]
    assert [work["kind"] for work in mine] == ["webhook", "renewal"]


def test_a_renewal_happens_when_it_is_due(mock: httpx.Client) -> None:
    """After the clock has reached it, the next one is listed."""
    (first,) = mock.get("/_mock/due", headers=SUBSCRIBER).json()["due"]
    mock.post("/_mock/clock/advance", json={"to": first["at"]})
    (second,) = mock.get("/_mock/due", headers=SUBSCRIBER).json()["due"]
    assert second["at"] > first["at"]


def test_the_books_end_with_the_balance(mock: httpx.Client) -> None:
    """Every invariant is named, and none is violated."""
    books = mock.get("/_mock/books", headers=SUBSCRIBER).json()
    assert books["points"][-1]["balance_microcents"] == books["balance_microcents"]
    assert books["entries"] == len(books["points"])
    assert len(books["checks"]) == 13
    assert all(check["violations"] == [] for check in books["checks"])
    assert [day["day"] for day in books["usage"]] == sorted(day["day"] for day in books["usage"])


def test_a_long_ledger_is_thinned(mock: httpx.Client) -> None:
    """500 points at most; the last one stays."""
    books = mock.get("/_mock/books", headers={"X-API-Key": "sk_test_power_user"}).json()
    assert books["entries"] > 1_000
    assert len(books["points"]) <= 500
    assert books["points"][-1]["balance_microcents"] == books["balance_microcents"]


def test_the_books_name_what_does_not_add_up(make_server: ServerFactory) -> None:
    """The sentences are those of /invariants, which come from the same rules."""
    server = make_server(now=NOON)
    with server.client("sk_test_new") as mock:
        mock.get(f"{API}/balance")
        server.world.state.tenant("sk_test_new").account.wallet.default_id = "x" * 36
        violations = mock.get("/_mock/invariants").json()["violations"]
        checks = mock.get("/_mock/books").json()["checks"]
    assert violations
    assert [text for check in checks for text in check["violations"]] == violations


@pytest.mark.parametrize("event", [*TYPES])
def test_every_event_can_be_sent(mock: httpx.Client, event: str) -> None:
    """Its data is made up where the request gives none, and nothing else changes."""
    mock.post("/_mock/webhook-endpoints", json={"url": "http://127.0.0.1:9/none"})
    before = mock.get("/_mock/state", headers=SUBSCRIBER).json()
    response = mock.post(
        "/_mock/webhook-events",
        json={"event": event, "data": {"amount_cents": 1234}},
        headers=SUBSCRIBER,
    )
    assert response.status_code == 200, response.text
    (delivery,) = response.json()["deliveries"]
    assert (delivery["event"], delivery["body"]["event"]) == (event, event)
    assert delivery["body"]["data"]["amount_cents"] == 1234
    assert mock.get("/_mock/state", headers=SUBSCRIBER).json() == before


def test_made_up_data_has_the_properties_of_a_real_event(mock: httpx.Client) -> None:
    """For events that this story causes, names of properties are the same."""
    mock.post("/_mock/webhook-endpoints", json={"url": "http://127.0.0.1:9/none"})
    session = mock.post(f"{API}/deposit", json={"amount_cents": 5000}, headers=SUBSCRIBER).json()
    mock.post(
        f"/_mock/checkout-sessions/{session['session_id']}/complete", headers=SUBSCRIBER
    ).raise_for_status()
    mock.post(f"{API}/setup-intent", headers=SUBSCRIBER)
    mock.post(f"{API}/portal", headers=SUBSCRIBER)
    mock.post("/_mock/clock/advance", json={"days": 31})
    real = {
        delivery["event"]: delivery["body"]["data"]
        for delivery in mock.get("/_mock/webhook-deliveries").json()["deliveries"]
    }
    assert {"deposit.completed", "invoice.paid", "subscription.updated"} < set(real)
    for event, data in real.items():
        sent = mock.post("/_mock/webhook-events", json={"event": event}, headers=SECRET)
        made_up = sent.json()["deliveries"][0]["body"]["data"]
        assert set(made_up) == set(data), event


def test_an_event_that_happened_is_sent_again_with_its_data(mock: httpx.Client) -> None:
    """Not that of a made-up one, nor that of another account."""
    mock.post("/_mock/webhook-endpoints", json={"url": "http://127.0.0.1:9/none"})
    session = mock.post(f"{API}/deposit", json={"amount_cents": 7777}, headers=SUBSCRIBER).json()
    for headers, data, amount in (
        (SUBSCRIBER, {}, 7777),
        (SUBSCRIBER, {"amount_cents": 1}, 1),
        (SUBSCRIBER, {}, 7777),
        (SECRET, {}, 5000),
    ):
        body = {"event": "deposit.created", "data": data}
        sent = mock.post("/_mock/webhook-events", json=body, headers=headers).json()
        found = sent["deliveries"][0]["body"]["data"]
        assert found["amount_cents"] == amount
        assert (found["session_id"] == session["session_id"]) == (headers is SUBSCRIBER)


@pytest.mark.parametrize("body", [{}, {"event": "deposit.complete"}, {"event": 1}, {"data": {}}])
def test_an_unknown_event_is_422(mock: httpx.Client, body: Any) -> None:
    """Only documented types can be sent."""
    response = mock.post("/_mock/webhook-events", json=body, headers=SUBSCRIBER)
    assert response.status_code == 422


@pytest.mark.parametrize(("size", "status"), [(MAX_DATA_BYTES, 200), (MAX_DATA_BYTES + 1, 422)])
def test_the_data_of_a_made_up_event_is_bounded(mock: httpx.Client, size: int, status: int) -> None:
    """Since 1,000 deliveries are kept, a large one is refused with its size."""
    data = {"a": "é" * ((size - 8) // 2) + "x" * (size % 2)}
    body = {"event": "portal.opened", "data": data}
    response = mock.post("/_mock/webhook-events", json=body, headers=SUBSCRIBER)
    assert response.status_code == status
    if status == 422:
        (problem,) = response.json()["detail"]
        assert problem["loc"] == ["body", "data"]
        assert problem["msg"] == "The data may have 16,384 bytes as JSON, and has 16,385"
    schema = mock.get("/_mock/openapi.json").json()["components"]["schemas"]["WebhookEventRequest"]
    assert f"{MAX_DATA_BYTES:,} bytes" in schema["properties"]["data"]["description"]


@pytest.mark.slow
def test_two_made_up_events_have_two_ids(mock: httpx.Client) -> None:
    """Receivers that drop repeated ids accept both."""
    sent = [
        mock.post("/_mock/webhook-events", json={"event": "portal.opened"}, headers=SUBSCRIBER)
        for _ in range(2)
    ]
    assert len({response.json()["event_id"] for response in sent}) == 2
