"""A server that stands still at noon, a client with an account of its own, and a receiver."""

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
    """The mock as a test of webhooks sees it: through an account of its own."""

    client: httpx.Client
    server: RunningServer
    endpoints: list[str] = field(default_factory=list)

    def register(self, url: str, **rest: Any) -> Json:
        """Register an endpoint for this account, until the end of the test."""
        endpoint = self.post("/_mock/webhook-endpoints", url=url, **rest)
        self.endpoints.append(endpoint["id"])
        return endpoint

    def post(self, path: str, **body: Any) -> Json:
        return answered(self.client.post(path, json=body))

    def happen(self, count: int = 1) -> None:
        """Let so many things happen that are one event each: ``deposit.created``, of 10, 11, 12... dollars."""
        for number in range(count):
            self.post(f"{API}/deposit", amount_cents=1_000 + number * 100)

    def deposit(self, cents: int = 5_000) -> str:
        """Open a deposit and pay it: the session's id."""
        session_id: str = self.post(f"{API}/deposit", amount_cents=cents)["session_id"]
        self.post(f"/_mock/checkout-sessions/{session_id}/complete")
        return session_id

    def use(self, requests: int) -> None:
        self.post("/_mock/usage", type="light", requests=requests)

    def advance(self, seconds: int) -> Json:
        """Let time pass, and wait until what fell due is done."""
        self.post("/_mock/clock/advance", seconds=seconds)
        return self.settle()

    def settle(self) -> Json:
        settled = self.post("/_mock/webhook-deliveries/settle")
        assert settled["settled"]
        return settled

    def deliveries(self, **filters: Any) -> list[Json]:
        """What the mock says of this account's deliveries, oldest first."""
        response = self.client.get("/_mock/webhook-deliveries", params={"limit": 1_000, **filters})
        found: list[Json] = answered(response)["deliveries"][::-1]
        return found

    def endpoint(self, id: str) -> Json:
        found = answered(self.client.get("/_mock/webhook-endpoints"))["endpoints"]
        return next(endpoint for endpoint in found if endpoint["id"] == id)


def answered(response: httpx.Response) -> Json:
    """The body of an answer that has to be a good one."""
    assert response.status_code == 200, response.text
    body: Json = response.json()
    return body


@pytest.fixture(scope="package")
def still() -> Iterator[RunningServer]:
    """A server that stands still, until a test moves its clock. A receiver has five seconds, and not ten."""
    with running_server(now=NOON) as running:
        running.world.webhooks.sender.timeout_seconds = 5
        yield running


@pytest.fixture
def mock(still: RunningServer) -> Iterator[Mock]:
    """The mock, in which nothing has happened yet."""
    with still.client("sk_test_webhooks") as client:
        client.post("/_mock/reset", headers={"X-API-Key": ""})
        yield Mock(client, still)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made
