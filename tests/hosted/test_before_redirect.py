"""The wait between a payment and the redirect to the shop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx
import pytest

from mockserver.billing import checkout
from tests.hosted.conftest import SHOP
from tests.hosted.routes import pages

KEY = "sk_test_payer"


async def _paid(
    before_redirect: Callable[[str], Awaitable[None]],
    card: str,
    *,
    success_url: str | None = SHOP,
    times: int = 1,
) -> tuple[list[httpx.Response], str]:
    """Pay so many times at once, and return the responses and the account."""
    world, app = pages(before_redirect)
    tenant = world.state.tenant(KEY)
    before = len(tenant.account.invoices)
    session = checkout.open_deposit(world.state.context(tenant), 5000, success_url=success_url)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        posts = (
            client.post(f"/checkout/{session.id}/pay", data={"card": card}) for _ in range(times)
        )
        responses = await asyncio.gather(*posts)
    assert len(tenant.account.invoices) - before == (session.closed == "complete")
    return list(responses), tenant.account.id


@pytest.mark.parametrize("success_url", [SHOP, None])
def test_a_payer_is_sent_back_when_the_account_is_ready(success_url: str | None) -> None:
    """The hook is awaited with the account's id, after the payment and before the response."""
    calls: list[str] = []

    async def before(account_id: str) -> None:
        calls.append(account_id)
        await asyncio.sleep(0.01)
        calls.append("ready")

    (response,), account_id = asyncio.run(_paid(before, "pm_card_visa", success_url=success_url))
    assert response.status_code == (303 if success_url else 200)
    assert calls == [account_id, "ready"]


@pytest.mark.parametrize(
    "card", ["pm_card_chargeDeclined", "pm_card_authenticationRequired", "nonsense"]
)
def test_without_a_payment_there_is_nothing_to_wait_for(card: str) -> None:
    """A declined card and one with authentication do not call the hook."""

    async def before(_: str) -> None:
        raise AssertionError("nothing was paid")

    (response,), _ = asyncio.run(_paid(before, card))
    assert response.status_code in (303, 400, 402)
    assert response.headers.get("location") != SHOP


def test_a_double_click_pays_once_and_waits_as_well() -> None:
    """The browser follows the second response, so it waits too."""
    waiting = 0
    most = 0

    async def before(_: str) -> None:
        nonlocal waiting, most
        waiting += 1
        most = max(most, waiting)
        await asyncio.sleep(0.01)
        waiting -= 1

    responses, _ = asyncio.run(_paid(before, "pm_card_visa", times=5))
    assert [(response.status_code, response.headers["location"]) for response in responses] == [
        (303, SHOP)
    ] * 5
    assert most > 1
