"""Delivery modes: duplicates, losses, reordering, delays, and the order of redirect and webhook."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

import pytest

from mockserver import packaged
from mockserver.billing import checkout
from mockserver.billing.accounts import fixtures
from mockserver.billing.api.behaviour import world_of
from mockserver.clock import Clock
from mockserver.webhooks import dispatcher
from mockserver.webhooks.endpoint import Modes
from tests.conftest import NOON

from .conftest import Mock
from .receiver import NEVER, Receiver, receiving, status


def amounts(receiver: Receiver) -> list[int]:
    """Return the numbers of the received events that ``happen`` caused, in order."""
    return [request.json["data"]["amount_cents"] // 100 - 10 for request in receiver.received]


def test_duplicates_are_the_same_event(mock: Mock, receiver: Receiver) -> None:
    """Each event is delivered twice in a row, with the same bytes; the deliveries are two."""
    mock.register(receiver.url, modes={"duplicate": True})
    mock.happen(3)
    mock.settle()
    assert amounts(receiver) == [0, 0, 1, 1, 2, 2]
    for first, second in zip(receiver.received[::2], receiver.received[1::2], strict=True):
        assert first.body == second.body
        assert first.headers["x-mock-delivery"] != second.headers["x-mock-delivery"]
    assert len(mock.deliveries()) == 6


def test_the_next_deliveries_are_dropped(mock: Mock, receiver: Receiver) -> None:
    """``drop_next`` deliveries are listed as dropped, with the reason."""
    endpoint = mock.register(receiver.url, modes={"drop_next": 2})
    mock.happen(4)
    mock.settle()
    assert amounts(receiver) == [2, 3]
    assert [delivery["status"] for delivery in mock.deliveries()] == [
        "dropped",
        "dropped",
        "delivered",
        "delivered",
    ]
    assert mock.deliveries()[0]["reason"] == "The endpoint's mode is to drop it."
    shown = mock.endpoint(endpoint["id"])
    assert (shown["modes"]["drop_next"], shown["dropped"], shown["delivered"]) == (0, 2, 2)


def test_a_share_is_dropped_reproducibly(mock: Mock, receiver: Receiver) -> None:
    """Every run drops the same deliveries."""
    runs = []
    for _ in range(2):
        mock.client.post("/_mock/reset", headers={"X-API-Key": ""}).raise_for_status()
        receiver.received.clear()
        mock.register(receiver.url, modes={"drop_share": 0.3})
        mock.happen(100)
        mock.settle()
        runs.append(amounts(receiver))
    assert runs[0] == runs[1]
    assert 55 <= len(runs[0]) <= 85


@pytest.mark.parametrize(("share", "expected"), [(0, 10), (1, 0)])
def test_none_and_all_are_shares(mock: Mock, receiver: Receiver, share: int, expected: int) -> None:
    """Shares of 0 and 1 drop nothing and everything."""
    mock.register(receiver.url, modes={"drop_share": share})
    mock.happen(10)
    mock.settle()
    assert len(receiver.received) == expected


def test_pairs_are_swapped(mock: Mock, receiver: Receiver) -> None:
    """The second event is delivered first; the first waits for it."""
    mock.register(receiver.url, modes={"reorder": 2})
    mock.happen(4)
    mock.settle()
    assert amounts(receiver) == [1, 0, 3, 2]


def test_a_single_event_is_sent_after_ten_seconds(mock: Mock, receiver: Receiver) -> None:
    """The next event then starts a new pair."""
    mock.register(receiver.url, modes={"reorder": 2})
    mock.happen(1)
    assert mock.settle()["pending"] == 1
    mock.advance(10)
    assert amounts(receiver) == [0]
    mock.happen(2)
    mock.settle()
    assert amounts(receiver) == [0, 1, 0]


def test_larger_groups_are_shuffled_within(mock: Mock, receiver: Receiver) -> None:
    """Each group of five is shuffled, and no event moves to another group."""
    mock.register(receiver.url, modes={"reorder": 5})
    mock.happen(15)
    mock.settle()
    groups = [amounts(receiver)[at : at + 5] for at in (0, 5, 10)]
    for number, group in enumerate(groups):
        straight = list(range(number * 5, number * 5 + 5))
        assert sorted(group) == straight
        assert group != straight


def test_a_delay_is_of_the_mocks_clock(mock: Mock, receiver: Receiver) -> None:
    """A delivery waits for the mock's clock, and retries count from there."""
    mock.register(receiver.url, modes={"delay_seconds": 60})
    receiver.responses = [status(500)]
    mock.happen()
    assert mock.settle()["next_attempt_at"] == "2026-03-18T12:01:00.000Z"
    mock.advance(59)
    assert receiver.received == []
    mock.advance(11)
    assert [attempt["at"][14:19] for attempt in mock.deliveries()[0]["attempts"]] == [
        "01:00",
        "01:10",
    ]
    assert len(receiver.received) == 2


def test_modes_can_be_changed(mock: Mock, receiver: Receiver) -> None:
    """New modes apply to later events; a mode that is left out is off."""
    endpoint = mock.register(receiver.url, modes={"duplicate": True, "delay_seconds": 60})
    mock.happen()
    response = mock.client.put(
        f"/_mock/webhook-endpoints/{endpoint['id']}/modes", json={"drop_next": 1}
    )
    expected = {
        "duplicate": False,
        "drop_next": 1,
        "drop_share": 0,
        "reorder": 1,
        "delay_seconds": 0,
        "checkout": "any",
    }
    assert response.json()["modes"] == expected
    mock.happen(2)
    mock.settle()
    assert amounts(receiver) == [1]
    mock.advance(60)
    assert amounts(receiver) == [1, 0, 0]


def test_modes_can_be_combined(mock: Mock, receiver: Receiver) -> None:
    """Events are dropped, then duplicated, then swapped, then delayed."""
    mock.register(
        receiver.url, modes={"drop_next": 1, "duplicate": True, "reorder": 2, "delay_seconds": 5}
    )
    mock.happen(2)
    mock.advance(5)
    assert amounts(receiver) == [1, 1]
    assert Counter(delivery["status"] for delivery in mock.deliveries()) == {
        "dropped": 1,
        "delivered": 2,
    }


# ------------------------------------------------------------------------------- payments on a page


class Shop:
    """A world on the test's own event loop, with a payer."""

    def __init__(self, url: str, **modes: Any) -> None:
        self.world = world_of(fixtures.load(packaged.fixtures()), Clock(NOON), 1)
        self.world.webhooks.sender.timeout_seconds = 5
        self.world.webhooks.register(url, modes=Modes(**modes))

    async def pay(self) -> float:
        """Pay, wait as the page does before it redirects, and return the seconds of the wait."""
        tenant = self.world.state.tenant("sk_test_payer")
        context = self.world.state.context(tenant, "payer")
        checkout.complete(context, checkout.open_deposit(context, 5_000).id)
        began = time.monotonic()
        await self.world.before_redirect(tenant.account.id)
        return time.monotonic() - began


def test_webhooks_can_come_before_the_redirect(receiver: Receiver) -> None:
    """The page waits until all events of the payment are delivered."""
    shop = Shop(receiver.url, checkout="webhook_first")

    async def story() -> list[str]:
        await shop.pay()
        return receiver.types

    assert asyncio.run(story())[-1] == "deposit.completed"


def test_the_page_does_not_wait_for_retries(receiver: Receiver) -> None:
    """Only the first attempt is awaited."""
    shop = Shop(receiver.url, checkout="webhook_first")
    receiver.otherwise = status(500)
    asyncio.run(shop.pay())
    assert len(receiver.received) == 5
    assert {delivery.status for delivery in shop.world.webhooks.deliveries} == {"pending"}


def test_the_page_waits_a_limited_time(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the limit the browser is redirected anyway."""
    monkeypatch.setattr(dispatcher, "TIMEOUT_SECONDS", 0.1)
    shop = Shop(receiver.url, checkout="webhook_first")
    receiver.otherwise = NEVER
    assert 0.1 <= asyncio.run(shop.pay()) < 3


def test_the_redirect_can_come_before_the_webhooks(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No event is sent until the browser is back; then all are, in order."""
    monkeypatch.setattr(dispatcher, "AFTER_REDIRECT_SECONDS", 0.5)
    shop = Shop(receiver.url, checkout="redirect_first")

    async def story() -> None:
        await shop.pay()
        assert receiver.received == []
        assert shop.world.webhooks.count_pending()[0] == 5
        assert await shop.world.webhooks.settle()

    began = time.monotonic()
    asyncio.run(story())
    assert receiver.received[0].at - began >= 0.5
    assert receiver.types[-1] == "deposit.completed"
    assert len(receiver.received) == 5


def test_a_reset_drops_held_deliveries(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Held events are not sent to a world in which nobody paid."""
    monkeypatch.setattr(dispatcher, "AFTER_REDIRECT_SECONDS", 0.1)
    shop = Shop(receiver.url, checkout="redirect_first")

    async def story() -> None:
        await shop.pay()
        shop.world.reset("sk_test_payer")
        await asyncio.sleep(0.2)

    asyncio.run(story())
    assert receiver.received == []
    assert {delivery.reason for delivery in shop.world.webhooks.deliveries} == {
        "The account was reset."
    }


def test_other_endpoints_are_not_affected(receiver: Receiver) -> None:
    """An endpoint without the mode gets its events as usual."""
    with receiving() as other:
        shop = Shop(receiver.url, checkout="webhook_first")
        shop.world.webhooks.register(other.url)

        async def story() -> None:
            await shop.pay()
            await shop.world.webhooks.settle()

        asyncio.run(story())
        assert receiver.types == other.types
