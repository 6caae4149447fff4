"""Rate limits: in the headers of every response, and enforced on request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mockserver.openapi.contract import Operation
from tests.api.account import Account, Accounts, assert_envelope
from tests.api.headers import NEXT_MINUTE, limits_of
from tests.api.operations import (
    body_example,
    each_operation,
    path_of,
)
from tests.conftest import API, NOON, RunningServer, running_server


@each_operation
def test_every_response_has_the_rate_limit(newcomer: Account, operation: Operation) -> None:
    """A read costs one token and a write two; the minute is that of the clock."""
    limit, remaining, reset = limits_of(newcomer.call("GET", "usage-realtime"))
    assert (limit, remaining, reset) == (30, 29, NEXT_MINUTE)
    response = newcomer.client.request(
        operation.method, path_of(operation), json=body_example(operation)
    )
    cost = 1 if operation.method == "get" else 2
    assert limits_of(response)[1:] == (remaining - cost, reset)


def test_without_a_key_nothing_is_counted(accounts: Accounts) -> None:
    """Every 401 shows the untouched limit of the free tier."""
    for _ in range(3):
        assert limits_of(accounts.without_key.get(f"{API}/balance")) == (30, 30, NEXT_MINUTE)


@pytest.mark.parametrize(
    ("deposit_cents", "limit"), [(0, 30), (1_000, 60), (5_000, 100), (20_000, 300), (50_000, 500)]
)
def test_the_limit_follows_the_tier(newcomer: Account, deposit_cents: int, limit: int) -> None:
    """A higher balance has a higher limit."""
    if deposit_cents:
        newcomer.deposit(deposit_cents)
    assert limits_of(newcomer.call("GET", "balance"))[0] == limit


def test_limits_are_shown_but_not_enforced(newcomer: Account) -> None:
    """Without the setting, ``remaining`` stops at zero and requests are still served."""
    responses = [newcomer.call("GET", "balance") for _ in range(35)]
    assert {response.status_code for response in responses} == {200}
    assert [limits_of(response)[1] for response in responses] == [*range(29, -1, -1), 0, 0, 0, 0, 0]


def test_the_limited_persona_has_five_requests_a_minute(accounts: Accounts) -> None:
    """Its limit is always enforced: the sixth request is 429, as is a write with one token left."""
    limited = accounts("rate_limited")
    for left in (4, 3, 2, 1):
        assert limits_of(limited.call("GET", "balance"))[:2] == (5, left)
    assert limited.call("POST", "portal").status_code == 429
    assert limited.call("GET", "balance").status_code == 200
    assert limited.call("GET", "balance").status_code == 429
    assert accounts("default").call("GET", "balance").status_code == 200


@pytest.fixture(scope="module")
def enforcing_server() -> Iterator[RunningServer]:
    """A server that enforces the limits of every key."""
    with running_server(now=NOON, enforce_rate_limits=True) as running:
        yield running


def test_enforced_limits_end_with_the_minute(enforcing_server: RunningServer) -> None:
    """Requests get 429 with ``Retry-After`` until the clock's next minute; keys are separate."""
    with (
        enforcing_server.client("sk_test_new") as client,
        enforcing_server.client("sk_test_org_member") as other,
    ):
        account = Account(client)
        client.post("/_mock/reset", headers={"X-API-Key": ""}).raise_for_status()
        responses = [account.call("POST", "setup-intent") for _ in range(15)]
        assert {response.status_code for response in responses} == {200}
        assert [limits_of(response)[1] for response in responses] == list(range(28, -1, -2))
        before = account.state()
        for seconds, step in ((60, 0), (40, 20), (1, 39)):
            account.wait(seconds=step)
            for method, path in (
                ("GET", "balance"),
                ("POST", "setup-intent"),
                ("DELETE", "auto-recharge"),
            ):
                response = account.call(method, path)
                assert response.status_code == 429
                assert_envelope(response)
                assert limits_of(response) == (30, 0, NEXT_MINUTE)
                assert response.headers["retry-after"] == str(seconds)
        assert account.state() == before
        assert other.get(f"{API}/balance").status_code == 200
        account.wait(seconds=1)
        response = account.call("GET", "balance")
        assert response.status_code == 200
        assert limits_of(response) == (30, 29, NEXT_MINUTE + 60)
        assert "retry-after" not in response.headers


def test_a_refusal_costs_nothing(enforcing_server: RunningServer) -> None:
    """A refused write leaves the last token for a read, and a new tier's limit applies at once."""
    with enforcing_server.client("sk_test_new") as client:
        account = Account(client)
        client.post("/_mock/reset", headers={"X-API-Key": ""}).raise_for_status()
        session = account.post("deposit", {"amount_cents": 10_000})
        for _ in range(27):
            account.get("balance")
        assert account.call("POST", "setup-intent").status_code == 429
        assert account.call("GET", "balance").status_code == 200
        assert account.call("GET", "balance").status_code == 429
        account.pay(session["session_id"]).raise_for_status()
        assert limits_of(account.call("GET", "balance")) == (100, 69, NEXT_MINUTE)
