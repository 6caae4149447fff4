"""The usage alert to an account's ``webhook_url``: the one webhook of the contract."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest

from mockserver import packaged
from mockserver.billing.accounts import fixtures
from mockserver.billing.api.behaviour import world_of
from mockserver.clock import Clock
from mockserver.openapi.contract import Contract
from mockserver.webhooks.dispatcher import Webhooks
from mockserver.webhooks.payload import checker
from tests.billing.conftest import fresh
from tests.conftest import API, NOON, ServerFactory
from tests.spec.json_schema import validator

from .conftest import Json, Mock, body_of
from .receiver import Receiver, receiving, status

NEW_USERS_CREDITS = 5_000
EXPRESSION = "{$request.body#/webhook_url}"


@cache
def spec() -> Json:
    document: Json = yaml.load(packaged.spec().read_bytes(), Loader=yaml.CSafeLoader)
    return document


def callback_of_the_contract() -> Json:
    """The operation of the callback."""
    operation = spec()["paths"][f"{API}/usage-alerts"]["put"]
    found: Json = operation["callbacks"]["usageAlert"][EXPRESSION]["post"]
    return found


@pytest.fixture
def alerted(mock: Mock, receiver: Receiver) -> Iterator[Mock]:
    """An account with 5,000 credits, whose alerts go to the receiver."""
    with mock.server.client("sk_test_new") as client:
        account = Mock(client, mock.server)
        watch(account, f"{receiver.url}/alerts")
        yield account


def watch(mock: Mock, url: str | None) -> None:
    settings: Json = {f"threshold_{percent}_enabled": True for percent in (50, 75, 90, 100)}
    body_of(mock.client.put(f"{API}/usage-alerts", json={**settings, "webhook_url": url}))


def test_an_alert_has_the_body_of_the_contract(alerted: Mock, receiver: Receiver) -> None:
    """It has event and data only, and the outbox has the same body."""
    alerted.use(2_500)
    alerted.settle()
    (request,) = receiver.received
    data = {"threshold": 50, "credits_used": 2_500, "credits_allocated": 5_000, "period": "2026-03"}
    assert request.path == "/alerts"
    assert request.json == {"event": "usage.alert", "data": data}
    messages = body_of(alerted.client.get("/_mock/outbox"))["messages"]
    assert [message["payload"] for message in messages if message["channel"] == "webhook"] == [
        request.json
    ]


def test_each_threshold_is_a_call_that_fits_the_callback(alerted: Mock, receiver: Receiver) -> None:
    """Other validators than the mock's accept it."""
    alerted.use(NEW_USERS_CREDITS)
    alerted.settle()
    media = callback_of_the_contract()["requestBody"]["content"]["application/json"]
    (parameter,) = [spec()["components"]["parameters"]["WebhookSignature"]]
    assert [request.json["data"]["threshold"] for request in receiver.received] == [50, 75, 90, 100]
    for request in receiver.received:
        assert list(validator(media["schema"]).iter_errors(request.json)) == []
        signature = request.headers[parameter["name"].lower()]
        assert list(validator(parameter["schema"]).iter_errors(signature)) == []


def test_openapi_core_takes_the_call_as_a_webhook(alerted: Mock, receiver: Receiver) -> None:
    """A receiver that is built from the contract accepts it."""
    alerted.use(2_500)
    alerted.settle()
    document = spec()
    operation = {**callback_of_the_contract(), "responses": {"200": {"description": "taken"}}}
    receivers = {
        **document,
        "paths": {"/alerts": {"post": operation}},
        "servers": [{"url": receiver.url}],
    }
    (request,) = receiver.received
    headers = {"X-Alterlab-Signature": request.headers["x-alterlab-signature"]}
    seen = MockRequest(receiver.url, "post", "/alerts", headers=headers, data=request.body)
    OpenAPI.from_dict(receivers).validate_request(seen)


def test_an_alert_is_signed_with_the_accounts_secret(alerted: Mock, receiver: Receiver) -> None:
    """The control API shows the secret to the account's key."""
    alerted.use(2_500)
    alerted.settle()
    shown = body_of(alerted.client.get("/_mock/webhook-endpoints"))["usage_alerts"]
    assert (shown["url"], shown["refused"]) == (f"{receiver.url}/alerts", None)
    assert shown["secret"].startswith("whsec_")
    (request,) = receiver.received
    expected = hmac.new(shown["secret"].encode(), request.body, "sha256").hexdigest()
    assert request.headers["x-alterlab-signature"] == f"sha256={expected}"


def test_every_account_has_a_stable_secret(mock: Mock) -> None:
    """A reset does not change it; without a key there is none."""
    listing = "/_mock/webhook-endpoints"
    secrets = []
    for key in ("sk_test_a", "sk_test_b", "sk_test_a"):
        shown = body_of(mock.client.get(listing, headers={"X-API-Key": key}))["usage_alerts"]
        assert (shown["url"], shown["refused"]) == (None, None)
        secrets.append(shown["secret"])
        mock.client.post("/_mock/reset", headers={"X-API-Key": key}).raise_for_status()
    assert secrets[0] == secrets[2] != secrets[1]
    assert body_of(mock.client.get(listing, headers={"X-API-Key": ""}))["usage_alerts"] is None


def test_an_alert_is_retried_on_the_mocks_clock(alerted: Mock, receiver: Receiver) -> None:
    """It has three attempts, each at its moment."""
    receiver.otherwise = status(500)
    alerted.use(2_500)
    alerted.settle()
    alerted.advance(3_600)
    (delivery,) = alerted.deliveries(event="usage.alert")
    assert [attempt["at"][14:19] for attempt in delivery["attempts"]] == ["00:00", "00:10", "00:30"]
    assert (delivery["status"], delivery["endpoint_id"]) == ("failed", None)


def test_an_alert_can_be_replayed(alerted: Mock, receiver: Receiver) -> None:
    """The bytes are the same."""
    alerted.use(2_500)
    alerted.settle()
    (delivery,) = alerted.deliveries(event="usage.alert")
    again = alerted.post(f"/_mock/webhook-deliveries/{delivery['id']}/replay")
    alerted.settle()
    assert again["replay_of"] == delivery["id"]
    assert receiver.received[0].body == receiver.received[1].body


def test_an_alert_to_another_machine_is_not_sent(mock: Mock) -> None:
    """It is in the outbox, and listed as dropped with the flag that would allow it."""
    with mock.server.client("sk_test_new") as client:
        account = Mock(client, mock.server)
        watch(account, "https://hooks.example.com/alterlab")
        shown = body_of(client.get("/_mock/webhook-endpoints"))["usage_alerts"]
        account.use(2_500)
        (delivery,) = account.deliveries(event="usage.alert")
        assert (delivery["status"], delivery["attempts"]) == ("dropped", [])
        assert delivery["reason"] == shown["refused"]
        assert "--allow-webhook-host hooks.example.com" in delivery["reason"]
        messages = body_of(client.get("/_mock/outbox"))["messages"]
        assert [
            message["recipient"] for message in messages if message["channel"] == "webhook"
        ] == ["https://hooks.example.com/alterlab"]


def test_a_named_host_is_called(make_server: ServerFactory) -> None:
    """``--allow-webhook-host`` allows a name; this one leads back to this machine."""
    import socket

    server = make_server(now=NOON, allow_webhook_host=(socket.gethostname().lower(),))
    with server.client("sk_test_new") as client:
        account = Mock(client, server)
        watch(account, f"http://{socket.gethostname()}:1/")
        assert body_of(client.get("/_mock/webhook-endpoints"))["usage_alerts"]["refused"] is None
        account.use(2_500)
        account.settle()
        (attempt,) = account.deliveries(event="usage.alert")[0]["attempts"]
        assert "No connection to" in attempt["error"]


def test_the_mock_does_not_post_to_itself(mock: Mock) -> None:
    """A page with a test key could otherwise make the mock reset itself."""
    with mock.server.client("sk_test_new") as client:
        account = Mock(client, mock.server)
        watch(account, f"{mock.server.url}/_mock/reset")
        account.use(2_500)
        account.settle()
        (delivery,) = account.deliveries(event="usage.alert")
        assert delivery["status"] == "dropped"
        assert "the mock's own" in delivery["reason"]


def test_endpoints_get_an_event_for_an_alert(alerted: Mock, receiver: Receiver) -> None:
    """It is an event of the audit log; the alert itself goes only to its own URL."""
    with receiving() as other:
        alerted.register(other.url, events=["usage_alert.fired"])
        alerted.use(2_500)
        alerted.settle()
        assert other.types == ["usage_alert.fired"]
        assert receiver.types == ["usage.alert"]


def test_a_webhook_that_is_switched_off_is_not_called(alerted: Mock, receiver: Receiver) -> None:
    """A null URL means no webhook."""
    watch(alerted, None)
    alerted.use(2_500)
    alerted.settle()
    assert receiver.received == []
    assert alerted.deliveries(event="usage.alert") == []


# ------------------------------------------------------------------------------------- the contract


def test_the_callbacks_own_examples_fit() -> None:
    """The examples of the contract fit its schema."""
    contract = Contract.load(packaged.spec())
    (schema,) = contract.callback_validators
    for example in callback_of_the_contract()["requestBody"]["content"]["application/json"][
        "examples"
    ].values():
        assert schema.is_valid(example["value"])


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"threshold": 51}, "data/threshold"),
        ({"period": "March"}, "data/period"),
        ({"credits_used": None}, "data/credits_used"),
        ({"more": 1}, "data"),
    ],
)
def test_a_payload_that_breaks_the_contract_is_not_sent(
    change: Json, place: str, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    """The log and the list of deliveries name the defect."""
    contract = Contract.load(packaged.spec())
    check = checker(contract)
    webhooks = Webhooks(Clock(NOON), 1, check=check)
    world = world_of(fixtures.load(packaged.fixtures()), Clock(NOON), 1, webhooks)
    data: dict[str, Any] = {
        "threshold": 50,
        "credits_used": 1,
        "credits_allocated": 2,
        "period": "2026-03",
    }
    for payload in (data, {**data, **change}):
        context = fresh()
        context.emit("usage.alert", str(payload), payload, receiver.url)
        world.webhooks.publish("acct_someone", context.account.events)
    good, bad = webhooks.deliveries
    assert (good.status, bad.status) == ("pending", "dropped")
    assert bad.reason is not None
    assert bad.reason.startswith(f"The payload violates the contract: {place}")
    assert "violates the contract" in caplog.text


def test_a_contract_without_the_callback_checks_nothing() -> None:
    """A user's own contract may lack the callback."""
    contract = Contract.load(packaged.control_spec())
    assert contract.callback_validators == []
    assert checker(contract)({"anything": 1}) is None
