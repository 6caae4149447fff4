"""Deliveries as a receiver sees them: signed, in order, with three attempts on the mock's clock."""

from __future__ import annotations

import hashlib
import hmac
import time
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import API, NOON, ServerFactory

from .conftest import Mock
from .receiver import OK, Receiver, closed_port, receiving, status

DEPOSIT = [
    "deposit.created",
    "credit_transaction.created",
    "invoice.created",
    "invoice.paid",
    "deposit.completed",
]


def moments(delivery: dict[str, Any]) -> list[int]:
    """Return the times of a delivery's attempts, in seconds after noon."""
    noon = f"{NOON:%Y-%m-%d}T12:"
    texts = [attempt["at"] for attempt in delivery["attempts"]]
    assert all(text.startswith(noon) for text in texts)
    return [int(text[14:16]) * 60 + int(text[17:19]) for text in texts]


def test_events_are_delivered_in_order(mock: Mock, receiver: Receiver) -> None:
    """A paid deposit is five events, each a POST of JSON."""
    mock.register(f"{receiver.url}/hook?of=a-test")
    mock.deposit()
    assert mock.settle() == {"settled": True, "pending": 0, "next_attempt_at": None}
    assert receiver.types == DEPOSIT
    assert {(request.method, request.path) for request in receiver.received} == {
        ("POST", "/hook?of=a-test")
    }
    assert {request.headers["content-type"] for request in receiver.received} == {
        "application/json"
    }


def test_an_event_has_type_time_account_and_data(mock: Mock, receiver: Receiver) -> None:
    """The data are the details of the audit log."""
    endpoint = mock.register(receiver.url)
    session_id = mock.deposit(7_500)
    mock.settle()
    completed = receiver.received[-1].json
    assert completed.pop("id").startswith("evt_")
    assert completed == {
        "event": "deposit.completed",
        "created_at": "2026-03-18T12:00:00.000Z",
        "account_id": endpoint["account_id"],
        "data": {
            "session_id": session_id,
            "amount_cents": 7_500,
            "invoice": completed["data"]["invoice"],
        },
    }


def test_money_events_match_the_ledger(mock: Mock, receiver: Receiver) -> None:
    """The entry has the balance after it, and the invoice is paid."""
    mock.register(receiver.url, events=["credit_transaction.created", "invoice.paid"])
    mock.deposit(7_500)
    mock.settle()
    entry, invoice = (request.json["data"] for request in receiver.received)
    balance = mock.client.get(f"{API}/balance").json()["balance_microcents"]
    assert (entry["type"], entry["amount_microcents"]) == ("deposit", 7_500_000_000)
    assert entry["balance_after_microcents"] == balance
    assert (invoice["status"], invoice["amount_cents"], invoice["paid_at"]) == (
        "paid",
        7_500,
        "2026-03-18T12:00:00.000Z",
    )


@pytest.mark.parametrize("secret", [None, "whsec_of_my_own-1"])
def test_the_signature_is_the_hmac_of_the_bytes(
    mock: Mock, receiver: Receiver, secret: str | None
) -> None:
    """Anyone who has the secret can compute it with hashlib alone."""
    endpoint = mock.register(receiver.url, **({"secret": secret} if secret else {}))
    assert endpoint["secret"] == secret or endpoint["secret"].startswith("whsec_")
    mock.happen(3)
    mock.settle()
    for request in receiver.received:
        assert (
            request.headers["x-alterlab-signature"]
            == f"sha256={hmac_of(endpoint['secret'].encode(), request.body)}"
        )
    assert len({request.headers["x-alterlab-signature"] for request in receiver.received}) == 3


def hmac_of(key: bytes, body: bytes) -> str:
    """Return the HMAC of a body, computed by RFC 2104."""
    block = (
        key.ljust(64, b"\0") if len(key) <= 64 else hashlib.sha256(key).digest().ljust(64, b"\0")
    )
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + body).digest()
    digest = hashlib.sha256(bytes(byte ^ 0x5C for byte in block) + inner).hexdigest()
    assert digest == hmac.new(key, body, "sha256").hexdigest()
    return digest


def test_a_delivery_lists_request_and_response(mock: Mock, receiver: Receiver) -> None:
    """Each attempt has its request, its response and its duration."""
    endpoint = mock.register(receiver.url)
    receiver.responses = [status(201, "X-Other: 1\r\n", b"thank you")]
    began = time.monotonic()
    mock.happen()
    mock.settle()
    longest_ms = 1_000 * (time.monotonic() - began)
    (delivery,) = mock.deliveries()
    (request,) = receiver.received
    assert (delivery["status"], delivery["endpoint_id"]) == ("delivered", endpoint["id"])
    assert (delivery["body"], delivery["event_id"]) == (request.json, request.json["id"])
    (attempt,) = delivery["attempts"]
    assert 0 <= attempt.pop("duration_ms") <= longest_ms
    assert {
        name.lower(): value for name, value in attempt.pop("request_headers").items()
    }.items() <= (request.headers.items())
    assert attempt == {
        "at": "2026-03-18T12:00:00.000Z",
        "response_status": 201,
        "response_body": "thank you",
        "error": None,
    }
    assert request.headers["x-mock-delivery"] == delivery["id"]


# ------------------------------------------------------------------------------------------ retries


def test_a_frozen_clock_must_be_advanced_for_a_retry(mock: Mock, receiver: Receiver) -> None:
    """The retry is sent exactly at its moment."""
    mock.register(receiver.url)
    receiver.responses = [status(500)]
    mock.happen()
    assert mock.settle() == {
        "settled": True,
        "pending": 1,
        "next_attempt_at": "2026-03-18T12:00:10.000Z",
    }
    assert mock.advance(9)["pending"] == 1
    assert len(receiver.received) == 1
    assert mock.advance(1)["pending"] == 0
    assert len(receiver.received) == 2
    assert receiver.received[0].body == receiver.received[1].body
    (delivery,) = mock.deliveries()
    assert (delivery["status"], moments(delivery)) == ("delivered", [0, 10])
    assert [attempt["response_status"] for attempt in delivery["attempts"]] == [500, 200]


@pytest.mark.parametrize(
    "steps", [[3_600], [10, 20], [5, 5, 5, 5, 5, 5], [29, 1], [10, 3_590]], ids=str
)
def test_three_attempts_are_made_each_at_its_moment(
    mock: Mock, receiver: Receiver, steps: list[int]
) -> None:
    """Retries follow after 10 and 20 seconds, whatever the steps of the clock are."""
    endpoint = mock.register(receiver.url)
    receiver.otherwise = status(503)
    mock.happen()
    mock.settle()
    for step in steps:
        mock.advance(step)
    mock.advance(86_400)
    (delivery,) = mock.deliveries()
    assert (delivery["status"], delivery["next_attempt_at"]) == ("failed", None)
    assert moments(delivery) == [0, 10, 30]
    assert len(receiver.received) == 3
    assert mock.endpoint(endpoint["id"])["failed"] == 1


def test_a_retry_holds_up_without_key(mock: Mock, receiver: Receiver) -> None:
    """Later events are delivered first, and the retry when it is due."""
    mock.register(receiver.url)
    receiver.responses = [status(500)]
    mock.happen(3)
    mock.settle()
    assert [delivery["status"] for delivery in mock.deliveries()] == [
        "pending",
        "delivered",
        "delivered",
    ]
    mock.advance(10)
    assert [delivery["status"] for delivery in mock.deliveries()] == ["delivered"] * 3
    assert receiver.received[3].body == receiver.received[0].body


def test_one_step_delivers_in_order_of_time(mock: Mock, receiver: Receiver) -> None:
    """The retry of now is sent before the renewal of next month."""
    with mock.server.client("sk_test_subscriber") as client:
        subscriber = Mock(client, mock.server)
        end = client.get(f"{API}/subscription").json()["current_period_end"]
        subscriber.register(receiver.url, events=["deposit.created", "subscription.renewed"])
        receiver.responses = [status(500)]
        subscriber.happen()
        subscriber.settle()
        subscriber.advance(31 * 86_400)
        assert receiver.types == ["deposit.created", "deposit.created", "subscription.renewed"]
        assert receiver.received[-1].json["created_at"] == end
        assert subscriber.deliveries()[-1]["attempts"][0]["at"] == end


@pytest.mark.slow
def test_a_running_clock_retries_by_itself(make_server: ServerFactory) -> None:
    """The retry is sent after ten seconds of real time."""
    server = make_server()
    with receiving() as receiver, server.client("sk_test_running") as client:
        mock = Mock(client, server)
        mock.register(receiver.url)
        receiver.responses = [status(500)]
        mock.happen()
        mock.settle()
        receiver.wait_for(2, seconds=15)
        first, second = receiver.received
        assert 9 < second.at - first.at < 13
        mock.settle()
        assert mock.deliveries()[0]["status"] == "delivered"


def test_a_running_clock_can_be_advanced(make_server: ServerFactory) -> None:
    """Retries are sent at their moments on the way."""
    server = make_server()
    with receiving() as receiver, server.client("sk_test_running") as client:
        mock = Mock(client, server)
        mock.register(receiver.url)
        receiver.otherwise = status(500)
        mock.happen()
        mock.settle()
        mock.advance(3_600)
        (delivery,) = mock.deliveries()
        first, second, third = (attempt["at"] for attempt in delivery["attempts"])
        assert delivery["status"] == "failed"
        assert timedelta(seconds=10) <= parse(second) - parse(first) < timedelta(seconds=11)
        assert timedelta(seconds=20) <= parse(third) - parse(second) < timedelta(seconds=21)


def parse(text: str) -> Any:
    return type(NOON).fromisoformat(text)


# --------------------------------------------------------------------------- receivers of all kinds


def test_deliveries_keep_their_order_one_at_a_time(mock: Mock, receiver: Receiver) -> None:
    """A hundred events arrive in order, and never two at once."""
    mock.register(receiver.url)
    mock.happen(100)
    mock.settle()
    assert [request.json["data"]["amount_cents"] for request in receiver.received] == list(
        range(1_000, 11_000, 100)
    )
    assert receiver.most_at_once == 1


def test_without_key_listening_is_a_failed_attempt(mock: Mock) -> None:
    """The error is in words, and the delivery is retried."""
    mock.register(f"http://127.0.0.1:{closed_port()}/")
    mock.happen()
    mock.advance(3_600)
    (delivery,) = mock.deliveries()
    assert (delivery["status"], moments(delivery)) == ("failed", [0, 10, 30])
    for attempt in delivery["attempts"]:
        assert "connection refused" in attempt["error"]
        assert (attempt["response_status"], attempt["response_body"]) == (None, None)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(mock: Mock, receiver: Receiver, code: int) -> None:
    """A receiver cannot forward a webhook to another host."""
    with receiving() as other:
        mock.register(receiver.url)
        receiver.responses = [status(code, f"Location: {other.url}/\r\n")]
        mock.happen()
        mock.advance(10)
        (delivery,) = mock.deliveries()
        assert "Redirects are not followed" in delivery["attempts"][0]["error"]
        assert (len(receiver.received), other.received) == (2, [])


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
def test_any_2xx_is_a_success(mock: Mock, receiver: Receiver, code: int) -> None:
    """Headers and body do not matter."""
    mock.register(receiver.url)
    receiver.responses = [status(code)]
    mock.happen()
    mock.settle()
    assert mock.deliveries()[0]["status"] == "delivered"


@pytest.mark.parametrize("code", [400, 401, 404, 410, 429, 500, 503])
def test_any_other_status_is_a_failure(mock: Mock, receiver: Receiver, code: int) -> None:
    """The attempt has the status and the error."""
    mock.register(receiver.url)
    receiver.responses = [status(code, body=b"no")]
    mock.happen()
    mock.settle()
    (attempt,) = mock.deliveries()[0]["attempts"]
    assert (attempt["response_status"], attempt["response_body"]) == (code, "no")
    assert str(code) in attempt["error"]


def test_endpoints_are_independent(mock: Mock, receiver: Receiver) -> None:
    """A silent endpoint delays only itself."""
    with receiving() as silent:
        silent.otherwise = b""
        mock.register(silent.url)
        mock.register(receiver.url)
        mock.happen(3)
        receiver.wait_for(3, seconds=4)  # the silent one has five
        assert len(silent.received) <= 1


def test_an_endpoint_gets_events_of_its_account(mock: Mock, receiver: Receiver) -> None:
    """An endpoint without a key gets the events of all accounts."""
    with (
        receiving() as of_everyone,
        mock.server.client("sk_test_other") as client,
        mock.server.client(None) as without_key,
    ):
        other = Mock(client, mock.server)
        mine = mock.register(receiver.url)
        all = Mock(without_key, mock.server).register(of_everyone.url)
        mock.happen()
        other.happen(2)
        mock.settle()
        other.settle()
        assert len(receiver.received) == 1
        assert len(of_everyone.received) == 3
        assert (mine["account_id"], all["account_id"]) == (
            receiver.received[0].json["account_id"],
            None,
        )


def test_an_endpoint_gets_the_types_it_lists(mock: Mock, receiver: Receiver) -> None:
    """A list of types is a filter."""
    mock.register(receiver.url, events=["deposit.completed", "invoice.created"])
    mock.deposit()
    mock.settle()
    assert receiver.types == ["invoice.created", "deposit.completed"]


def test_a_refused_request_emits_nothing(mock: Mock, receiver: Receiver) -> None:
    """An error changes nothing, so there is no event."""
    mock.register(receiver.url)
    assert mock.client.post(f"{API}/deposit", json={"amount_cents": 1}).status_code == 422
    assert (
        mock.client.post("/_mock/usage", json={"type": "js", "requests": 10**9}).status_code == 402
    )
    session_id = mock.post(f"{API}/deposit", amount_cents=1_000)["session_id"]
    declined = {"payment_method_id": "pm_card_chargeCustomerFail"}
    assert (
        mock.client.post(
            f"/_mock/checkout-sessions/{session_id}/complete", json=declined
        ).status_code
        == 402
    )
    mock.settle()
    assert receiver.types == ["deposit.created"]


@pytest.mark.slow
def test_the_backlog_is_bounded(mock: Mock, receiver: Receiver) -> None:
    """The oldest deliveries are dropped and listed; the newest 500 are delivered."""
    endpoint = mock.register(receiver.url, modes={"delay_seconds": 60})
    key = "sk_test_webhooks"
    tenant = mock.server.world.state.tenant(key)
    context = mock.server.world.state.context(tenant)
    for number in range(599):
        context.emit("deposit.created", f"source {number}", {"number": number})
    mock.happen()  # publishes the pending events
    shown = mock.endpoint(endpoint["id"])
    assert (shown["pending"], shown["dropped"]) == (500, 100)
    dropped = mock.deliveries(status="dropped")
    assert [delivery["body"]["data"] for delivery in dropped] == [
        {"number": number} for number in range(100)
    ]
    assert all(
        "the oldest one was dropped" in delivery["reason"] and delivery["attempts"] == []
        for delivery in dropped
    )
    mock.advance(60)
    assert len(receiver.received) == 500
    assert receiver.received[0].json["data"] == {"number": 100}
    assert mock.endpoint(endpoint["id"])["pending"] == 0


def test_the_same_story_has_the_same_bytes(make_server: ServerFactory) -> None:
    """Ids, secrets and signatures depend on seed, clock and events only."""
    bodies = []
    for _ in range(2):
        with receiving() as receiver:
            server = make_server(now=NOON, seed=7)
            with server.client("sk_test_same") as client:
                mock = Mock(client, server)
                mock.register(receiver.url)
                mock.deposit()
                mock.settle()
            bodies.append(
                [
                    (request.body, request.headers["x-alterlab-signature"])
                    for request in receiver.received
                ]
            )
    assert bodies[0] == bodies[1]
    assert len({body for body, _ in bodies[0]}) == len(DEPOSIT)


def test_endpoints_do_not_change_the_state(
    make_server: ServerFactory,
) -> None:
    """Events use no ids of the account."""
    states = []
    for listens in (False, True):
        server = make_server(now=NOON, seed=7)
        with receiving() as receiver, server.client("sk_test_same") as client:
            mock = Mock(client, server)
            if listens:
                mock.register(receiver.url)
            mock.deposit()
            mock.use(1_000)
            states.append(client.get("/_mock/state").json())
            assert bool(mock.settle() and receiver.received) == listens
    assert states[0] == states[1]


def test_a_receiver_on_ipv6_and_one_called_localhost_are_reached(mock: Mock) -> None:
    """Both names of the loopback interface work."""
    with receiving("::1") as six:
        port = six.url.rpartition(":")[2]
        mock.register(six.url)
        mock.register(f"http://localhost:{port}/by-name")
        mock.happen()
        mock.settle()
        assert sorted(request.path for request in six.received) == ["/", "/by-name"]
        assert {request.headers["host"] for request in six.received} == {
            f"[::1]:{port}",
            f"localhost:{port}",
        }
        assert OK.startswith(b"HTTP/1.1 200")
