"""Callbacks of usage alerts: arrived, signed, valid, again after a 500, and no more after a 200."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract_tests.billing.stories import webhooks
from contract_tests.context import Run
from mockserver.webhooks import delivery, sender
from tests.contract_kit import faulty
from tests.contract_kit.billing.playing import played, rules, skipped
from tests.contract_kit.driving import make_run

SIGN = delivery.sign
LISTEN = "127.0.0.1:0"
ONLY = ("update_usage_alerts", "get_usage_alerts", "get_cost_projection")


@pytest.fixture(autouse=True)
def _short_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait shortly for deliveries that should not come: the mock sends them at once."""
    monkeypatch.setattr(webhooks, "QUIET_FOR", 0.5)


def callbacks() -> Run:
    """Run the story of callbacks on the mock."""
    with faulty.mock() as mock:
        return played(mock.url, "stories", mock=True, listen=LISTEN, only=ONLY)


def test_the_mocks_callbacks_are_as_the_contract_says() -> None:
    """The story runs, and finds nothing."""
    run = callbacks()
    assert "story: alerts_are_delivered" not in skipped(run)
    assert list(run.verdicts) == []


def test_the_mocks_webhooks_are_received() -> None:
    """The story of registered endpoints runs, and finds nothing."""
    only = ("create_deposit", "get_balance")
    with faulty.mock() as mock:
        run = played(mock.url, "stories", mock=True, listen=LISTEN, only=only)
    assert "story: events_are_delivered" not in skipped(run)
    assert list(run.verdicts) == []


def signed_by_another(secret: str, body: bytes) -> str:
    return SIGN(f"{secret} of another", body)


def unprefixed(secret: str, body: bytes) -> str:
    return SIGN(secret, body).removeprefix("sha256=")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("owner", "name", "value", "rule"),
    [
        (delivery, "sign", signed_by_another, "hmac"),
        (delivery, "sign", unprefixed, "signature"),
        (sender, "RETRY_AFTER", (), "retried"),
        (delivery.Delivery, "body", b'{"event": "usage.alert", "data": {}}', "required"),
        (delivery.Delivery, "body", b'{"event": "alert", "data": {}}', "enum"),
        (delivery.Delivery, "body", b"threshold=50", "json"),
    ],
    ids=["foreign secret", "form", "no retry", "fields missing", "wrong event", "no JSON"],
)
def test_a_wrong_callback_is_found(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, value: Any, rule: str
) -> None:
    """Signature, form, payload and retry are judged."""
    monkeypatch.setattr(owner, name, value)
    run = callbacks()
    assert rule in rules(run)
    assert {finding.operation for finding in run.verdicts} == {"update_usage_alerts"}


EARLY = {"threshold": 50, "credits_used": 44, "credits_allocated": 100, "period": "2026-03"}


def test_a_callback_before_its_threshold_fails_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """It contradicts itself: the stated usage has not reached the stated threshold."""
    body = json.dumps({"event": "usage.alert", "data": EARLY}).encode()
    monkeypatch.setattr(delivery.Delivery, "body", body)
    found = {finding.keyword: finding for finding in callbacks().verdicts}
    assert (found["crossed"].grade(), found["crossed"].got) == ("failure", "44")


def test_a_callback_that_never_comes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The finding names the time within which it must arrive."""
    monkeypatch.setattr(webhooks, "ARRIVES_WITHIN", 0.2)
    monkeypatch.setattr(sender.Sender, "wake", lambda *_: None)
    (finding,) = callbacks().verdicts
    assert (finding.keyword, finding.where) == ("arrived", "/callback")
    assert finding.expected == "within 0.2 s"


def test_a_callback_after_a_success_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A delivery that was accepted is not sent again."""
    monkeypatch.setattr(sender, "_failure", lambda _: "refused")
    assert "repeated" in rules(callbacks())


def test_callbacks_are_for_runs_that_may_write() -> None:
    """Without writes nothing listens."""
    with faulty.mock() as mock:
        run = make_run(mock.url, listen=LISTEN)
        allowed = make_run(mock.url, listen=LISTEN, mock=True)
    assert run.receiver is None
    assert allowed.receiver is not None
    allowed.close()
