"""What a test lets go wrong."""

from __future__ import annotations

import time

import httpx
import pytest

from mockserver.testing import BillingMock, BillingMockError


def test_the_next_request_fails_and_the_one_after_does_not(
    mock: BillingMock, api: httpx.Client
) -> None:
    """503, for this account alone; the record tells of it."""
    fault = mock.fail_next()
    assert api.get("/balance", headers={"X-API-Key": "sk_test_other"}).status_code == 200
    assert [api.get("/balance").status_code for _ in range(2)] == [503, 200]
    assert [(each.id, each.applied, each.remaining) for each in mock.faults] == [(fault.id, 1, 0)]
    assert [each.fault for each in mock.requests] == [None, fault.name, None]


def test_an_operation_fails_as_often_as_asked_and_in_the_way_asked(
    mock: BillingMock, api: httpx.Client
) -> None:
    """Other operations go on."""
    mock.fail_next(
        "create_deposit", times=2, status=429, detail="Slow down.", retry_after_seconds=7
    )
    assert api.get("/balance").status_code == 200
    answers = [api.post("/deposit", json={"amount_cents": 5_000}) for _ in range(3)]
    assert [each.status_code for each in answers] == [429, 429, 200]
    assert (answers[0].headers["Retry-After"], answers[0].json()) == ("7", {"detail": "Slow down."})


def test_an_answer_can_be_lost_after_the_work_is_done(mock: BillingMock, api: httpx.Client) -> None:
    """The client sees a broken connection, the mock a deposit."""
    mock.fail_next("create_deposit", connection="answer_lost")
    with pytest.raises(httpx.TransportError):
        api.post("/deposit", json={"amount_cents": 5_000})
    assert mock.requests[0].operation_id == "create_deposit"
    assert mock.complete_checkout().status == "complete"


def test_a_connection_that_breaks_before_anything_was_done_has_no_status(
    mock: BillingMock, api: httpx.Client
) -> None:
    """Nothing is answered, and nothing happened."""
    before = mock.state
    mock.fail_next(connection="reset")
    with pytest.raises(httpx.TransportError):
        api.post("/deposit", json={"amount_cents": 5_000})
    assert mock.requests[0].status is None
    assert mock.state == before


def test_a_request_can_be_slow_and_well(mock: BillingMock, api: httpx.Client) -> None:
    """Latency alone is no failure."""
    mock.fail_next(latency_ms=80)
    began = time.monotonic()
    assert api.get("/balance").status_code == 200
    assert time.monotonic() - began >= 0.08


def test_a_set_of_faults_is_on_until_it_is_cleared(mock: BillingMock, api: httpx.Client) -> None:
    """The sets are those of the fixtures."""
    assert {each.set for each in mock.apply_faults("rate-limited")} == {"rate-limited"}
    assert [api.get("/balance").status_code for _ in range(3)] == [429] * 3
    mock.clear_faults()
    assert mock.faults == []
    assert api.get("/balance").status_code == 200


def test_a_reset_leaves_no_fault(mock: BillingMock, api: httpx.Client) -> None:
    """The next test begins without those of this one."""
    mock.fail_next(times=100)
    mock.reset()
    assert api.get("/balance").status_code == 200


def test_a_fault_that_makes_no_sense_is_refused(mock: BillingMock) -> None:
    """A misspelt operation would never be met: it is refused, and named."""
    with pytest.raises(BillingMockError, match="create_deposits"):
        mock.fail_next("create_deposits")
    with pytest.raises(BillingMockError, match="no set of faults 'weather'"):
        mock.apply_faults("weather")
    with pytest.raises(BillingMockError, match="status"):
        mock.fail_next(status=200)
