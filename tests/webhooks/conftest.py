"""A frozen server, a client with its own account, and a receiver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.conftest import API, NOON, RunningServer, running_server

from .receiver import Receiver, receiving

Json = dict[str, Any]


@dataclass
class Mock:
    """The mock as a test of webhooks sees it, through an account of its own."""

    client: httpx.Client
    server: RunningServer
    endpoints: list[str] = field(default_factory=list)

    def register(self, url: str, **rest: Any) -> Json:
        """Register an endpoint for this account, until the end of the test."""
        endpoint = self.post("/_mock/webhook-endpoints", url=url, **rest)
        self.endpoints.append(endpoint["id"])
        return endpoint

    def post(self, path: str, **body: Any) -> Json:
        return body_of(self.client.post(path, json=body))

    def happen(self, count: int = 1) -> None:
        """Cause so many events ``deposit.created``, of 10, 11, 12... dollars."""
        for number in range(count):
            self.post(f"{API}/deposit", amount_cents=1_000 + number * 100)

    def deposit(self, cents: int = 5_000) -> str:
        """Open a deposit, pay it, and return the id of its session."""
        session_id: str = self.post(f"{API}/deposit", amount_cents=cents)["session_id"]
        self.post(f"/_mock/checkout-sessions/{session_id}/complete")
        return session_id

    def use(self, requests: int) -> None:
        self.post("/_mock/usage", type="light", requests=requests)

    def advance(self, seconds: int) -> Json:
        """Advance the clock, and wait until all due deliveries are done."""
        self.post("/_mock/clock/advance", seconds=seconds)
        return self.settle()

    def settle(self) -> Json:
        settled = self.post("/_mock/webhook-deliveries/settle")
        assert settled["settled"]
        return settled

    def deliveries(self, **filters: Any) -> list[Json]:
        """Return the account's deliveries, oldest first."""
        response = self.client.get("/_mock/webhook-deliveries", params={"limit": 1_000, **filters})
        found: list[Json] = body_of(response)["deliveries"][::-1]
        return found

    def endpoint(self, id: str) -> Json:
        found = body_of(self.client.get("/_mock/webhook-endpoints"))["endpoints"]
        return next(endpoint for endpoint in found if endpoint["id"] == id)


def body_of(response: httpx.Response) -> Json:
    """Return the body of a success."""
    assert response.status_code == 200, response.text
    body: Json = response.json()
    return body


@pytest.fixture(scope="package")
def frozen() -> Iterator[RunningServer]:
    """A server with a frozen clock. A receiver has five seconds to respond, instead of ten."""
    with running_server(now=NOON) as running:
        running.world.webhooks.sender.timeout_seconds = 5
        yield running


@pytest.fixture
def mock(frozen: RunningServer) -> Iterator[Mock]:
    """The mock after a reset."""
    with frozen.client("sk_test_webhooks") as client:
        client.post("/_mock/reset", headers={"X-API-Key": ""})
        yield Mock(client, frozen)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made
