"""``BillingMock``: clock, usage, checkouts, inspection, accounts and state."""

from __future__ import annotations

import asyncio
import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from mockserver.testing import BillingMock, BillingMockError, records
from tests.control.merged import CONTROL

NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)


def deposit(api: httpx.Client, cents: int = 5_000) -> dict[str, Any]:
    response = api.post("/deposit", json={"amount_cents": cents}).raise_for_status()
    return dict(response.json())


def balance(api: httpx.Client) -> int:
    return int(api.get("/balance").json()["balance_microcents"])


@pytest.mark.parametrize(
    "record",
    [value for value in vars(records).values() if dataclasses.is_dataclass(value)],
    ids=lambda record: record.__name__,
)
def test_a_record_has_the_fields_of_its_schema(record: Any) -> None:
    """Names and order are those of the control API's document; nullable fields may be None."""
    schema = CONTROL.schemas[record.__name__]
    types = {field.name: str(field.type) for field in dataclasses.fields(record)}
    assert list(types) == list(schema["properties"])
    for name, node in schema["properties"].items():
        nullable = CONTROL.follow(node).get("nullable", False) or types[name] == "Any"
        assert nullable == ("None" in types[name] or types[name] == "Any"), name


# --------------------------------------------------------------------------------------------- time


def test_the_clock_is_frozen_until_it_is_advanced(mock: BillingMock) -> None:
    """Days and seconds add up."""
    assert mock.now == NOON
    assert mock.advance(days=1, seconds=30) == NOON + timedelta(days=1, seconds=30)
    assert mock.now == NOON + timedelta(days=1, seconds=30)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 4, 1, tzinfo=UTC),
        datetime(2026, 4, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        datetime(2026, 4, 1),
        "2026-04-01",
        "2026-04-01T02:00:00+02:00",
    ],
    ids=str,
)
def test_the_clock_advances_to_a_time_in_any_notation(
    mock: BillingMock, moment: datetime | str
) -> None:
    """A time without an offset is in UTC."""
    assert mock.advance(to=moment) == datetime(2026, 4, 1, tzinfo=UTC)


def test_advancing_the_clock_renews_subscriptions(mock: BillingMock) -> None:
    """What falls due on the way has happened when the call returns."""
    subscriber = mock.as_persona("subscriber")
    before = len(subscriber.state["invoices"])
    mock.advance(days=31)
    assert len(subscriber.state["invoices"]) == before + 1


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            {"to": "2026-01-01"},
            "The clock never goes backwards: it is 2026-03-18T12:00:00Z. Reset to start anew.",
        ),
        ({"to": "soon"}, "'soon' is not a time in ISO 8601, such as 2026-03-01T12:00:00Z."),
        (
            {"to": "2026-04-01", "days": 1},
            "advance() takes either days and seconds, or to, not both.",
        ),
        ({"days": -1}, "seconds: Input should be greater than or equal to 0"),
    ],
)
def test_an_invalid_step_is_refused(mock: BillingMock, step: dict[str, Any], message: str) -> None:
    """The error says why, and the clock is unchanged."""
    with pytest.raises(BillingMockError) as refused:
        mock.advance(**step)
    assert str(refused.value) == message
    assert mock.now == NOON


# -------------------------------------------------------------------------------------------- usage


def test_usage_is_charged(mock: BillingMock, api: httpx.Client) -> None:
    """1,000 light requests cost $0.20."""
    before = balance(api)
    charge = mock.use("light", 1_000)
    assert (charge.type, charge.requests, charge.credits, charge.cost_display) == (
        "light",
        1_000,
        1_000,
        "$0.20",
    )
    assert charge.balance_microcents == balance(api) == before - charge.cost_microcents
    assert charge.created_at == NOON


@pytest.mark.parametrize(
    ("type", "requests", "beginning"),
    [
        ("lite", 1, "type: Input should be 'light' or 'js'"),
        ("light", 0, "requests: Input should be greater than or equal to 1"),
        ("js", 1_000_000, "Insufficient balance: this costs $1,000.00"),
    ],
)
def test_usage_that_cannot_be_charged_is_refused(
    mock: BillingMock, type: str, requests: int, beginning: str
) -> None:
    """The error is the server's message in one line."""
    with pytest.raises(BillingMockError) as refused:
        mock.use(type, requests)
    assert str(refused.value).startswith(beginning)
    assert "\n" not in str(refused.value)


def test_usage_is_refunded(mock: BillingMock, api: httpx.Client) -> None:
    """A refund credits charged usage back, with a description or without."""
    mock.use("light", 1_000)
    before = balance(api)
    refund = mock.refund(5)
    assert (refund.amount_cents, refund.amount_display) == (5, "$0.05")
    assert refund.balance_microcents == balance(api) == before + 5_000_000
    assert refund.created_at == NOON
    assert mock.refund(5, "Refund of a failed job").description == "Refund of a failed job"
    assert mock.invariants() == []


def test_a_refund_of_more_than_was_used_is_refused(mock: BillingMock) -> None:
    """The error says what can be refunded."""
    mock.reset()
    with pytest.raises(BillingMockError, match=r"from \$0.01 to \$"):
        mock.refund(10**9)


# ----------------------------------------------------------------------------------------- checkout


@pytest.mark.parametrize("form", ["id", "body", "response", "url", "latest"])
def test_a_checkout_is_paid_by_any_reference(
    mock: BillingMock, api: httpx.Client, form: str
) -> None:
    """A reference is an id, a body, a response or a page's URL; without one the latest is paid."""
    before = balance(api)
    response = api.post("/deposit", json={"amount_cents": 5_000})
    body = response.json()
    forms = {
        "id": body["session_id"],
        "body": body,
        "response": response,
        "url": body["url"],
    }
    paid = mock.complete_checkout(forms.get(form))
    assert (paid.session_id, paid.status, paid.completed_at) == (
        body["session_id"],
        "complete",
        NOON,
    )
    assert balance(api) == paid.balance_microcents == before + 5_000_000_000


def test_the_latest_checkout_is_the_last_that_is_open(mock: BillingMock, api: httpx.Client) -> None:
    """Paid and expired sessions are skipped; without an open one the call fails."""
    first, second, third = (deposit(api)["session_id"] for _ in range(3))
    assert mock.complete_checkout().session_id == third
    assert mock.expire_checkout(second).status == "expired"
    assert mock.decline_checkout(reason="insufficient_funds").session_id == first
    mock.advance(days=1)
    with pytest.raises(BillingMockError, match="has no open checkout session"):
        mock.complete_checkout()


def test_a_declined_card_raises_and_leaves_the_session_open(
    mock: BillingMock, api: httpx.Client
) -> None:
    """Nothing is credited, and another card can pay."""
    session, before = deposit(api), balance(api)
    with pytest.raises(BillingMockError, match=r"Your card was declined \(generic_decline\)"):
        mock.complete_checkout(session, payment_method_id="pm_card_chargeCustomerFail")
    assert balance(api) == before
    assert (
        mock.complete_checkout(session, payment_method_id="pm_card_mastercard").status == "complete"
    )


def test_a_payment_can_be_made_to_fail(mock: BillingMock, api: httpx.Client) -> None:
    """The session stays open and shows the reason."""
    declined = mock.decline_checkout(deposit(api), reason="insufficient_funds")
    assert (declined.status, declined.last_decline_code) == ("open", "insufficient_funds")
    assert mock.decline_checkout().last_decline_code == "generic_decline"


@pytest.mark.parametrize(
    ("checkout", "beginning"),
    [
        ("cs_test_nobodys", "No such checkout session: 'cs_test_nobodys'"),
        ("a b?c#d", "No such checkout session: 'a b?c#d'"),
        (
            {"detail": "Promo code is unknown"},
            "Not a reference to a checkout session, 'session_id' is missing: {'detail'",
        ),
        (
            httpx.Response(500, json=[1]),
            "Not a reference to a checkout session, 'session_id' is missing: [1]",
        ),
        (7, "Not a reference to a checkout session: 7"),
    ],
)
def test_an_invalid_reference_to_a_checkout_is_refused(
    mock: BillingMock, checkout: Any, beginning: str
) -> None:
    """The error shows the reference: often it is the body of a refused deposit."""
    with pytest.raises(BillingMockError) as refused:
        mock.complete_checkout(checkout)
    assert str(refused.value).startswith(beginning)


# --------------------------------------------------------------------------------------- inspection


def test_the_outbox_lists_messages_newest_first(mock: BillingMock, api: httpx.Client) -> None:
    """A verification code can be read there and then confirmed."""
    assert mock.outbox == []
    api.post("/verify/initiate", json={"action": "change_email"})
    mock.advance(seconds=90)
    second = api.post("/verify/initiate", json={"action": "change_email"}).json()
    latest, first = mock.outbox
    assert (latest.channel, latest.created_at - first.created_at) == (
        "email",
        timedelta(seconds=90),
    )
    confirmed = api.post(
        "/verify/confirm", json={"challenge_id": second["challenge_id"], "code": latest.code}
    )
    assert confirmed.json()["success"] is True


def test_requests_are_listed_with_their_responses_newest_first(
    mock: BillingMock, api: httpx.Client
) -> None:
    """They are of all accounts, since the test began."""
    assert mock.requests == []
    deposit(api, 2_500)
    api.get("/balance", headers={"X-API-Key": "sk_test_new"})
    read, created = mock.requests
    assert (read.method, read.path, read.status) == ("GET", "/api/v1/billing/balance", 200)
    assert (created.operation_id, created.request_body, created.at) == (
        "create_deposit",
        {"amount_cents": 2_500},
        NOON,
    )
    assert created.response_body["amount_display"] == "$25.00"
    assert read.account_id != created.account_id == mock.state["id"]
    mock.reset()
    assert mock.requests == []


def test_the_invariants_hold(mock: BillingMock, api: httpx.Client) -> None:
    """Usage and payments keep the books balanced."""
    mock.use("js", 10)
    mock.complete_checkout(deposit(api))
    assert mock.invariants() == []


# ----------------------------------------------------------------------------------- other accounts


def test_one_server_has_many_accounts(mock: BillingMock) -> None:
    """A persona or another key selects another account on the same server."""
    new, other = mock.as_persona("new"), mock.with_key("sk_test_other")
    assert (new.api_key, new.url, new.headers) == (
        "sk_test_new",
        mock.url,
        {"X-API-Key": "sk_test_new"},
    )
    assert new.use("light", 1_000).balance_display == "$0.80"
    assert other.state["usage"] != new.state["usage"]
    assert "sk_test_other" in repr(other)


@pytest.mark.parametrize("persona", ["nobody", "organization"])
def test_a_persona_without_a_key_is_refused(mock: BillingMock, persona: str) -> None:
    """The error lists the personas with a key."""
    with pytest.raises(
        BillingMockError,
        match=f"no persona '{persona}' with a key. Personas with a key: .*, default, .*, subs",
    ):
        mock.as_persona(persona)


def test_a_live_key_is_refused(mock: BillingMock) -> None:
    """Only test keys reach an account."""
    with pytest.raises(BillingMockError, match="do not send live keys"):
        mock.with_key("sk_live_1").use("light")


# -------------------------------------------------------------------------------------------- state


def test_a_state_is_restored(mock: BillingMock, api: httpx.Client) -> None:
    """A state can be restored into another account."""
    before, state = balance(api), mock.state
    mock.use("light", 1_000)
    mock.restore(state)
    assert balance(api) == before
    poor = mock.as_persona("exhausted").state
    mock.restore(poor)
    assert balance(api) == 0


def test_a_state_that_violates_an_invariant_is_refused(mock: BillingMock) -> None:
    """The error names the violation in one line."""
    state = mock.state
    state["ledger"]["entries"][-1]["balance_after_microcents"] += 1
    with pytest.raises(BillingMockError, match="balance_after") as refused:
        mock.restore(state)
    assert "\n" not in str(refused.value)


def test_a_reset_restores_the_start_of_the_test(mock: BillingMock) -> None:
    """That includes the test's start time, which may differ from the server's."""
    earlier = BillingMock(mock._server, "sk_test_earlier", "2025-06-30T23:00:00Z")
    earlier.reset()
    first = earlier.state
    earlier.advance(days=400)
    earlier.use("light", 5)
    earlier.reset()
    assert earlier.state == first
    assert earlier.now == datetime(2025, 6, 30, 23, tzinfo=UTC)


# -------------------------------------------------------------------------------------- concurrency


def test_threads_may_share_it(mock: BillingMock) -> None:
    """Calls of several threads are serialized on one connection."""
    before = mock.use("light").balance_microcents
    with ThreadPoolExecutor(8) as threads:
        charges = list(threads.map(lambda _: mock.use("light"), range(80)))
    assert {before - charge.balance_microcents for charge in charges} == {
        n * 20_000 for n in range(1, 81)
    }


def test_an_async_test_can_call_it(mock: BillingMock) -> None:
    """The server is another process, so a blocking call cannot deadlock with the event loop."""

    async def story() -> str:
        async with httpx.AsyncClient(
            base_url=mock.url, headers=mock.headers, trust_env=False
        ) as client:
            response, _ = await asyncio.gather(
                client.post("/api/v1/billing/deposit", json={"amount_cents": 5_000}),
                asyncio.to_thread(mock.use, "light"),
            )
            return mock.complete_checkout(response).status

    assert asyncio.run(story()) == "complete"
