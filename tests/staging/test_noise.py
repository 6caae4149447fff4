"""Noise comes as often as it says, and from where it says."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.staging.probe import Probe


def test_a_replica_lags(deployment: Callable[..., Probe]) -> None:
    """A change is not seen at once, and is seen later."""
    probe = deployment("lag=0.1")
    probe.call("PUT", "/auto-recharge", {"recharge_amount_cents": 7_700})
    assert probe.get("/auto-recharge")["recharge_amount_cents"] != 7_700
    deadline = time.monotonic() + 10
    while probe.get("/auto-recharge")["recharge_amount_cents"] != 7_700:
        assert time.monotonic() < deadline


def test_a_new_account_is_read_where_it_was_opened(deployment: Callable[..., Probe]) -> None:
    """An account that the replica does not have yet is no server error."""
    probe = deployment("lag=60")
    key = probe.call("POST", "/internal/accounts").json()["key"]
    assert probe.status("GET", "/balance", key=key) == 200


def test_a_balancer_fails_now_and_then(deployment: Callable[..., Probe]) -> None:
    """A share of the responses is the page of a balancer."""
    probe = deployment("gateway_502=30")
    counts = Counter(probe.status("GET", "/usage-alerts") for _ in range(40))
    assert set(counts) == {200, 502}


def test_a_limit_is_enforced_without_retry_after(deployment: Callable[..., Probe]) -> None:
    """The request after the last of a minute gives 429, without `Retry-After`."""
    probe = deployment("rate_limit=0")
    response = probe.call("GET", "/balance")
    assert response.status_code == 429
    assert "retry-after" not in response.headers


def test_the_account_is_in_use(deployment: Callable[..., Probe]) -> None:
    """The ledger grows by itself."""
    probe = deployment("live_account=0.05")
    before = probe.get("/credit-transactions")["total"]
    deadline = time.monotonic() + 10
    while probe.get("/credit-transactions")["total"] == before:
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/promo/validate", {"code": "<script>"}),
        ("GET", "/credit-transactions?reference_type=%3Cscript%3E", None),
    ],
)
def test_a_firewall_blocks_odd_input(
    deployment: Callable[..., Probe], method: str, path: str, body: dict[str, str] | None
) -> None:
    """A request that looks like an attack gets a page and never reaches the API."""
    probe = deployment("waf")
    response = probe.call(method, path, body)
    assert response.status_code == 403
    assert "html" in response.headers["content-type"]
    assert probe.status("GET", "/balance") == 200
    assert probe.status("POST", "/promo/validate", {"code": "BONUS5"}) == 200
