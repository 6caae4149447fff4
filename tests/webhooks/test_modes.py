"""What goes wrong on purpose: duplicates, losses, another order, delays, and who is told first of a payment."""

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
    """Which of the events that ``happen`` makes came, by number and in their order."""
    return [request.json["data"]["amount_cents"] // 100 - 10 for request in receiver.received]


def test_duplicates_are_the_same_event(mock: Mock, receiver: Receiver) -> None:
    """Each comes twice in a row, byte for byte; the deliveries are two."""
    mock.register(receiver.url, modes={"duplicate": True})
    mock.happen(3)
    mock.settle()
    assert amounts(receiver) == [0, 0, 1, 1, 2, 2]
    for first, second in zip(receiver.received[::2], receiver.received[1::2], strict=True):
        assert first.body == second.body
        assert first.headers["x-mock-delivery"] != second.headers["x-mock-delivery"]
    assert len(mock.deliveries()) == 6


def test_the_next_ones_are_lost(mock: Mock, receiver: Receiver) -> None:
    """So many, and no more; they are listed as dropped, with the reason."""
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


def test_a_share_is_lost_by_chance_that_repeats(mock: Mock, receiver: Receiver) -> None:
    """About that share, and the same ones in every run."""
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
    """Both ends mean what they say."""
    mock.register(receiver.url, modes={"drop_share": share})
    mock.happen(10)
    mock.settle()
    assert len(receiver.received) == expected


def test_pairs_are_swapped(mock: Mock, receiver: Receiver) -> None:
    """The second comes first; a pair waits until it is one."""
    mock.register(receiver.url, modes={"reorder": 2})
    mock.happen(4)
    mock.settle()
    assert amounts(receiver) == [1, 0, 3, 2]


def test_who_stays_alone_is_sent_after_a_while(mock: Mock, receiver: Receiver) -> None:
    """Ten seconds of the mock's clock; and who comes after that begins a new pair."""
    mock.register(receiver.url, modes={"reorder": 2})
    mock.happen(1)
    assert mock.settle()["pending"] == 1
    mock.advance(10)
    assert amounts(receiver) == [0]
    mock.happen(2)
    mock.settle()
    assert amounts(receiver) == [0, 1, 0]


def test_larger_groups_are_shuffled_within(mock: Mock, receiver: Receiver) -> None:
    """Each group of five in another order, and none of it in the next group."""
    mock.register(receiver.url, modes={"reorder": 5})
    mock.happen(15)
    mock.settle()
    groups = [amounts(receiver)[at : at + 5] for at in (0, 5, 10)]
    for number, group in enumerate(groups):
        straight = list(range(number * 5, number * 5 + 5))
        assert sorted(group) == straight
        assert group != straight


def test_a_delay_is_of_the_mocks_clock(mock: Mock, receiver: Receiver) -> None:
    """A minute later means a minute later, and not before; retries are counted from there."""
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
    """For what happens from now on; what is left out is off."""
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


def test_modes_go_together(mock: Mock, receiver: Receiver) -> None:
    """Lost first, then doubled, then swapped, and then delayed."""
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


# -------------------------------------------------------------------------------------------- payments on a page


class Shop:
    """A world on a loop of the test's own, in which somebody pays as on the checkout page."""

    def __init__(self, url: str, **modes: Any) -> None:
        self.world = world_of(fixtures.load(packaged.fixtures()), Clock(NOON), 1)
        self.world.webhooks.sender.timeout_seconds = 5
        self.world.webhooks.register(url, modes=Modes(**modes))

    async def pay(self) -> float:
        """Pay, and wait as the page does before it redirects: the seconds that it waits."""
        tenant = self.world.state.tenant("sk_test_payer")
        context = self.world.state.context(tenant, "payer")
        checkout.complete(context, checkout.open_deposit(context, 5_000).id)
        began = time.monotonic()
        await self.world.before_redirect(tenant.account.id)
        return time.monotonic() - began


def test_webhooks_can_come_before_the_redirect(receiver: Receiver) -> None:
    """The page waits until all that the payment brought was told."""
    shop = Shop(receiver.url, checkout="webhook_first")

    async def story() -> list[str]:
        await shop.pay()
        return receiver.types

    assert asyncio.run(story())[-1] == "deposit.completed"


def test_a_receiver_that_fails_holds_the_payer_up_once(receiver: Receiver) -> None:
    """The first attempt is waited for, its retries are not."""
    shop = Shop(receiver.url, checkout="webhook_first")
    receiver.otherwise = status(500)
    asyncio.run(shop.pay())
    assert len(receiver.received) == 5
    assert {delivery.status for delivery in shop.world.webhooks.deliveries} == {"pending"}


def test_a_silent_receiver_holds_the_payer_up_for_a_while_only(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten seconds, or what is set here; then the browser is sent back all the same."""
    monkeypatch.setattr(dispatcher, "TIMEOUT_SECONDS", 0.1)
    shop = Shop(receiver.url, checkout="webhook_first")
    receiver.otherwise = NEVER
    assert 0.1 <= asyncio.run(shop.pay()) < 3


def test_the_redirect_can_come_before_the_webhooks(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page waits for nothing, and nothing is told until the browser is back; then all is, in order."""
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


def test_a_reset_forgets_what_was_held(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """What waited for the browser is not told to a world in which nobody paid."""
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


def test_other_payments_are_none_of_its_business(receiver: Receiver) -> None:
    """An endpoint without the mode is told as always, while another is waited for."""
    with receiving() as other:
        shop = Shop(receiver.url, checkout="webhook_first")
        shop.world.webhooks.register(other.url)

        async def story() -> None:
            await shop.pay()
            await shop.world.webhooks.settle()

        asyncio.run(story())
        assert receiver.types == other.types
