"""``BillingMock``: faults."""

from __future__ import annotations

import time

import httpx
import pytest

from mockserver.testing import BillingMock, BillingMockError


def test_the_next_request_fails_and_the_one_after_does_not(
    mock: BillingMock, api: httpx.Client
) -> None:
    """The status is 503; other accounts are not affected, and the request log names the fault."""
    fault = mock.fail_next()
    assert api.get("/balance", headers={"X-API-Key": "sk_test_other"}).status_code == 200
    assert [api.get("/balance").status_code for _ in range(2)] == [503, 200]
    assert [(active.id, active.applied, active.remaining) for active in mock.faults] == [
        (fault.id, 1, 0)
    ]
    assert [exchange.fault for exchange in mock.requests] == [None, fault.name, None]


def test_one_operation_fails_with_a_chosen_response_a_number_of_times(
    mock: BillingMock, api: httpx.Client
) -> None:
    """Other operations succeed meanwhile."""
    mock.fail_next(
        "create_deposit", times=2, status=429, detail="Slow down.", retry_after_seconds=7
    )
    assert api.get("/balance").status_code == 200
    responses = [api.post("/deposit", json={"amount_cents": 5_000}) for _ in range(3)]
    assert [response.status_code for response in responses] == [429, 429, 200]
    assert (responses[0].headers["Retry-After"], responses[0].json()) == (
        "7",
        {"detail": "Slow down."},
    )


def test_a_response_can_be_lost_after_the_operation_ran(
    mock: BillingMock, api: httpx.Client
) -> None:
    """The client sees a broken connection; the mock has the deposit."""
    mock.fail_next("create_deposit", connection="answer_lost")
    with pytest.raises(httpx.TransportError):
        api.post("/deposit", json={"amount_cents": 5_000})
    assert mock.requests[0].operation_id == "create_deposit"
    assert mock.complete_checkout().status == "complete"


def test_a_connection_reset_before_the_operation_has_no_status(
    mock: BillingMock, api: httpx.Client
) -> None:
    """There is no response, and the state is unchanged."""
    before = mock.state
    mock.fail_next(connection="reset")
    with pytest.raises(httpx.TransportError):
        api.post("/deposit", json={"amount_cents": 5_000})
    assert mock.requests[0].status is None
    assert mock.state == before


def test_a_request_can_be_slow_and_succeed(mock: BillingMock, api: httpx.Client) -> None:
    """Latency alone does not change the response."""
    mock.fail_next(latency_ms=80)
    began = time.monotonic()
    assert api.get("/balance").status_code == 200
    assert time.monotonic() - began >= 0.08


def test_a_fault_set_is_active_until_it_is_cleared(mock: BillingMock, api: httpx.Client) -> None:
    """Fault sets come from the fixtures."""
    assert {fault.set for fault in mock.apply_faults("rate-limited")} == {"rate-limited"}
    assert [api.get("/balance").status_code for _ in range(3)] == [429] * 3
    mock.clear_faults()
    assert mock.faults == []
    assert api.get("/balance").status_code == 200


def test_a_reset_removes_all_faults(mock: BillingMock, api: httpx.Client) -> None:
    """Faults of one test do not affect the next."""
    mock.fail_next(times=100)
    mock.reset()
    assert api.get("/balance").status_code == 200


def test_an_invalid_fault_is_refused(mock: BillingMock) -> None:
    """Unknown operations, unknown sets and statuses that are no errors are named in the message."""
    with pytest.raises(BillingMockError, match="create_deposits"):
        mock.fail_next("create_deposits")
    with pytest.raises(BillingMockError, match="no set of faults 'weather'"):
        mock.apply_faults("weather")
    with pytest.raises(BillingMockError, match="status"):
        mock.fail_next(status=200)
