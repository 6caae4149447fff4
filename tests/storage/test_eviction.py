"""Beyond ``--max-accounts``, the least recently used account is evicted, and never silently."""

from __future__ import annotations

import httpx
import pytest
from msgspec.structs import replace

from mockserver import packaged
from mockserver.billing import checkout
from mockserver.billing.accounts import fixtures
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.api.behaviour import world_of
from mockserver.clock import Clock
from mockserver.engine.world import World
from tests.conftest import API, NOON, RunningServer, ServerFactory

PAID = 5_000
"""The deposit of each account in US cents."""
WARNING = "X-Mock-Warning"


@pytest.fixture
def server(make_server: ServerFactory) -> RunningServer:
    """A server that keeps two accounts beside the personas."""
    return make_server(now=NOON, max_accounts=2)


def use(server: RunningServer, *names: str) -> list[httpx.Response]:
    """Read the balance of some keys in turn."""
    responses = []
    for name in names:
        with server.client(f"sk_test_{name}") as client:
            responses.append(client.get(f"{API}/balance"))
    return responses


def test_the_first_response_after_an_eviction_carries_a_warning(server: RunningServer) -> None:
    """The warning is sent once, and only for the key that lost its account."""
    use(server, "a", "b", "c")
    first, second, other = use(server, "a", "a", "d")
    assert "The earlier account of this key was evicted" in first.headers[WARNING]
    assert "--max-accounts" in first.headers[WARNING]
    assert WARNING not in second.headers
    assert WARNING not in other.headers


def test_a_refused_request_carries_the_warning(server: RunningServer) -> None:
    """The first response counts, whether the request succeeds or not."""
    use(server, "a", "b", "c")
    with server.client("sk_test_a") as client:
        response = client.post(f"{API}/deposit", json={})
    assert response.status_code == 422
    assert "was evicted" in response.headers[WARNING]


def test_the_control_api_carries_the_warning(server: RunningServer) -> None:
    """Tests that only use the control API are warned, too."""
    use(server, "a", "b", "c")
    with server.client("sk_test_a") as client:
        response = client.post("/_mock/usage", json={"type": "light", "requests": 1})
        assert "was evicted" in response.headers[WARNING]
        assert WARNING not in client.get(f"{API}/balance").headers


def test_an_injected_error_does_not_use_the_warning_up(server: RunningServer) -> None:
    """An error that replaces the response leaves the warning to the next one."""
    use(server, "a", "b", "c")
    with server.client(None) as client:
        client.post("/_mock/faults", json={"status": 503, "next": 1}).raise_for_status()
    with server.client("sk_test_a") as client:
        assert client.get(f"{API}/balance").status_code == 503
        assert client.get(f"{API}/nothing").status_code == 404
        assert "was evicted" in client.get(f"{API}/balance").headers[WARNING]


def test_accounts_of_personas_are_never_evicted(server: RunningServer) -> None:
    """They do not count."""
    use(server, "new", "subscriber", "past_due", "a", "b")
    responses = use(server, "new", "subscriber", "past_due", "a", "b")
    assert not any(WARNING in response.headers for response in responses)


def test_evictions_are_counted(server: RunningServer) -> None:
    """``/_mock/accounts`` has the number and the limit. A reset starts the count again."""
    use(server, "a", "b", "c", "d", "e")
    with server.client(None) as client:
        body = client.get("/_mock/accounts").json()
        assert (body["max_accounts"], body["evictions"], body["total"]) == (2, 3, 2)
        client.post("/_mock/reset").raise_for_status()
        assert client.get("/_mock/accounts").json()["evictions"] == 0
    assert not any(WARNING in response.headers for response in use(server, "a", "b"))


def test_an_eviction_is_logged(server: RunningServer, caplog: pytest.LogCaptureFixture) -> None:
    """The first eviction and every doubling of their number are logged, without the key."""
    use(server, "aaaa", "bbbb", *"cdefghij")
    messages = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    counts = [message.split("so far: ")[1].split(".")[0] for message in messages]
    assert counts == ["1", "2", "4", "8"]
    assert "--max-accounts" in messages[0]
    assert not any("aaaa" in message or "bbbb" in message for message in messages)


def test_faults_and_endpoints_go_with_the_account(server: RunningServer) -> None:
    """A new account of the same key meets no faults, and sends no webhooks to the old receiver."""
    with server.client("sk_test_a") as client:
        client.post("/_mock/faults", json={"status": 503}).raise_for_status()
        endpoint = {"url": "http://127.0.0.1:1/hooks"}
        client.post("/_mock/webhook-endpoints", json=endpoint).raise_for_status()
    with server.client(None) as client:
        client.post("/_mock/faults", json={"status": 502, "next": 1, "operations": ["test"]})
        client.post("/_mock/webhook-endpoints", json=endpoint).raise_for_status()
        use(server, "b", "c")
        assert client.get("/_mock/faults").json()["faults"] == []
        (left,) = client.get("/_mock/webhook-endpoints").json()["endpoints"]
    assert left["account_id"] is None


def test_pages_go_with_the_account(server: RunningServer) -> None:
    """The checkout page of an evicted account is not found."""
    with server.client("sk_test_a") as client:
        body = {
            "amount_cents": PAID,
            "success_url": "https://a.test",
            "cancel_url": "https://a.test",
        }
        page = client.post(f"{API}/deposit", json=body).json()["url"]
        assert client.get(page).status_code == 200
        use(server, "b", "c")
        assert client.get(page).status_code == 404


def test_a_restored_account_carries_no_warning(server: RunningServer) -> None:
    """A snapshot that has the account undoes its eviction. A reset of the key ends the warning."""
    with server.client(None) as client:
        use(server, "a")
        client.post("/_mock/snapshots", json={"name": "with-a"}).raise_for_status()
        use(server, "b", "c")
        client.post("/_mock/snapshots/with-a/restore").raise_for_status()
    with server.client("sk_test_a") as client:
        client.post("/_mock/reset").raise_for_status()
        assert WARNING not in client.get(f"{API}/balance").headers


def plain_world(max_accounts: int) -> World[Accounts]:
    """Return a world whose accounts begin without history, so that many are opened quickly."""
    loaded = fixtures.load(packaged.fixtures())
    new = replace(loaded.personas["new"], key="sk_test_default")
    loaded = replace(loaded, personas={"default": new})
    return world_of(loaded, Clock(NOON), 1, max_accounts=max_accounts)


def pay(world: World[Accounts], key: str) -> int:
    """Pay a deposit, and return the balance."""
    context = world.state.context(world.state.tenant(key))
    session = checkout.open_deposit(context, PAID)
    checkout.complete(context, session.id, checkout.ANY_WORKING_CARD)
    return context.account.ledger.balance


@pytest.mark.slow
def test_fifteen_thousand_accounts_are_kept() -> None:
    """With a larger limit, each of 15,000 keys has the balance that it paid for."""
    world = plain_world(20_000)
    paid = {key: pay(world, key) for key in (f"sk_test_{number}" for number in range(15_000))}
    assert {key: world.state.tenant(key).account.ledger.balance for key in paid} == paid
    assert (len(world.state), world.state.evictions) == (15_000, 0)


@pytest.mark.slow
def test_with_the_default_limit_each_evicted_account_is_reported() -> None:
    """Of 15,000 accounts the first 5,000 are evicted, and each of them is reported."""
    world = plain_world(10_000)
    keys = [f"sk_test_{number}" for number in range(15_000)]
    paid = {key: pay(world, key) for key in keys}
    assert (len(world.state), world.state.evictions) == (10_000, 5_000)
    for key in reversed(keys[5_000:]):
        tenant = world.state.tenant(key)
        assert (tenant.account.ledger.balance, tenant.was_evicted) == (paid[key], False)
    for key in keys[:5_000]:
        tenant = world.state.tenant(key)
        assert (len(tenant.account.checkout_sessions), tenant.was_evicted) == (0, True)
