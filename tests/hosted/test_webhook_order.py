"""The order of redirect and webhook after a payment."""

from __future__ import annotations

import time

import httpx
import pytest

from mockserver.webhooks import dispatcher
from tests.hosted.conftest import SHOP, Opener
from tests.webhooks.receiver import Receiver, receiving

ENDPOINTS = "/_mock/webhook-endpoints"


def pay(client: httpx.Client, path: str, receiver: Receiver, order: str) -> int:
    """Pay on the page, and return the number of webhooks received before the redirect."""
    body = {"url": receiver.url, "events": ["deposit.completed"], "modes": {"checkout": order}}
    endpoint = client.post(ENDPOINTS, json=body).json()["id"]
    try:
        assert client.post(f"{path}/pay").headers["location"] == f"{SHOP}/done"
        came = len(receiver.received)
        assert client.post("/_mock/webhook-deliveries/settle").json()["settled"]
    finally:
        client.delete(f"{ENDPOINTS}/{endpoint}").raise_for_status()
    assert receiver.types == ["deposit.completed"]
    return came


def test_the_webhook_can_come_before_the_redirect(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """With ``webhook_first`` the redirect waits for the webhook."""
    with receiving() as receiver:
        assert pay(client, open_deposit(success_url=f"{SHOP}/done"), receiver, "webhook_first") == 1


def test_the_redirect_can_come_before_the_webhook(
    client: httpx.Client, open_deposit: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ``redirect_first`` the webhook follows later, and ``settle`` waits for it."""
    monkeypatch.setattr(dispatcher, "AFTER_REDIRECT_SECONDS", 0.3)
    with receiving() as receiver:
        began = time.monotonic()
        assert (
            pay(client, open_deposit(success_url=f"{SHOP}/done"), receiver, "redirect_first") == 0
        )
        assert time.monotonic() - began >= 0.3
