"""Webhooks of any API: an event of another type, direct deliveries, other conventions."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mockserver.clock import Clock
from mockserver.webhooks.delivery import sign
from mockserver.webhooks.dispatcher import Webhooks
from mockserver.webhooks.event import Conventions
from tests.conftest import NOON

from .receiver import Receiver


@dataclass(frozen=True)
class PetEvent:
    """An event that has nothing to do with billing."""

    url: str | None = None
    is_whole: bool = False
    id: str = "evt_1"
    type: str = "pet.adopted"
    created_at: datetime = NOON
    data: dict[str, Any] = field(default_factory=lambda: {"name": "Rex"})


def deliver(webhooks: Webhooks, *events: PetEvent) -> None:
    async def send() -> None:
        webhooks.publish("owner_1", events)
        assert await webhooks.settle()

    asyncio.run(send())


def test_an_event_of_any_type_is_delivered(receiver: Receiver) -> None:
    """An endpoint receives the envelope, signed in a header without the name of an API."""
    webhooks = Webhooks(Clock(NOON), 1)
    endpoint = webhooks.register(receiver.url, events=["pet.adopted"])
    deliver(webhooks, PetEvent())
    (request,) = receiver.received
    assert request.json == {
        "id": "evt_1",
        "event": "pet.adopted",
        "created_at": "2026-03-18T12:00:00.000Z",
        "account_id": "owner_1",
        "data": {"name": "Rex"},
    }
    assert request.headers["x-webhook-signature"] == sign(endpoint.queue.secret, request.body)
    assert request.headers["user-agent"] == "mockserver"


def test_a_direct_delivery_goes_to_its_url_alone(receiver: Receiver) -> None:
    """Its body has type and data only; registered endpoints do not receive it."""
    webhooks = Webhooks(Clock(NOON), 1)
    webhooks.register(f"{receiver.url}/endpoint")
    deliver(webhooks, PetEvent(url=f"{receiver.url}/direct"))
    (request,) = receiver.received
    assert request.path == "/direct"
    assert request.json == {"event": "pet.adopted", "data": {"name": "Rex"}}
    expected = sign(webhooks.direct_secret("owner_1"), request.body)
    assert request.headers["x-webhook-signature"] == expected


def test_conventions_name_the_header_the_agent_and_the_secret(receiver: Receiver) -> None:
    """Two APIs differ in their headers and in the secrets of the same account and seed."""
    conventions = Conventions("X-Pet-Signature", "pet-mock", "pets of {account_id}")
    webhooks = Webhooks(Clock(NOON), 1, conventions=conventions)
    deliver(webhooks, PetEvent(url=receiver.url))
    (request,) = receiver.received
    secret = webhooks.direct_secret("owner_1")
    assert request.headers["x-pet-signature"] == sign(secret, request.body)
    assert request.headers["user-agent"] == "pet-mock"
    assert secret != Webhooks(Clock(NOON), 1).direct_secret("owner_1")


def test_the_secrets_of_usage_alerts_stay_the_same() -> None:
    """Applications may have stored them: seed and account determine the secret for good."""
    conventions = Conventions(direct_key_name="usage alerts of {account_id}")
    webhooks = Webhooks(Clock(NOON), 1, conventions=conventions)
    assert webhooks.direct_secret("acct_1") == "whsec_54239e68a2d23eb0aa0290b5b281d872"
