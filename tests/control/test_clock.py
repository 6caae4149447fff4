"""The clock over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import httpx
import pytest

from tests.conftest import API, NOON, ServerFactory


def now(mock: httpx.Client) -> str:
    return str(mock.get("/_mock/clock").json()["now"])


def test_the_clock_shows_its_time_and_state(mock: httpx.Client) -> None:
    """The body has the time and whether the clock is frozen."""
    assert mock.get("/_mock/clock").json() == {"now": "2026-03-18T12:00:00.000Z", "frozen": True}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-18T12:00:00Z", "2026-03-18T12:00:00.000Z"),
        ("2026-03-18T12:00:00.1239Z", "2026-03-18T12:00:00.123Z"),
        ("2026-03-18T14:00:01+02:00", "2026-03-18T12:00:01.000Z"),
        ("2026-03-18t12:00:01z", "2026-03-18T12:00:01.000Z"),
        ("2200-01-01T00:00:00Z", "2200-01-01T00:00:00.000Z"),
    ],
)
def test_the_clock_can_be_set_to_now_and_later(
    mock: httpx.Client, text: str, expected: str
) -> None:
    """Any offset and fraction is accepted, and shown in UTC and milliseconds."""
    assert mock.put("/_mock/clock", json={"now": text}).json() == {"now": expected, "frozen": True}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"seconds": 0}, "2026-03-18T12:00:00.000Z"),
        ({"seconds": 90}, "2026-03-18T12:01:30.000Z"),
        ({"seconds": 315_360_000}, "2036-03-15T12:00:00.000Z"),
        ({"days": 0}, "2026-03-18T12:00:00.000Z"),
        ({"days": 14}, "2026-04-01T12:00:00.000Z"),
        ({"to": "2026-03-19T00:00:00Z"}, "2026-03-19T00:00:00.000Z"),
    ],
)
def test_the_clock_can_be_advanced(mock: httpx.Client, body: dict[str, Any], expected: str) -> None:
    """A step is a duration or a moment, and a frozen clock stays frozen."""
    assert mock.post("/_mock/clock/advance", json=body).json() == {"now": expected, "frozen": True}


@pytest.mark.parametrize(
    "moment",
    [
        "2026-03-18T11:59:59.999Z",
        "2026-03-18T12:00:00+00:01",
        "0001-01-01T00:00:00+23:59",
        "2200-01-01T00:00:00.001Z",
        "9999-12-31T23:59:59-23:59",
    ],
)
def test_the_clock_goes_neither_back_nor_past_its_end(mock: httpx.Client, moment: str) -> None:
    """The status is 409, and the time is unchanged."""
    for response in (
        mock.put("/_mock/clock", json={"now": moment}),
        mock.post("/_mock/clock/advance", json={"to": moment}),
    ):
        assert response.status_code == 409
        assert "clock" in response.json()["detail"]
    assert now(mock) == "2026-03-18T12:00:00.000Z"


def test_days_do_not_lead_past_the_end(mock: httpx.Client) -> None:
    """The end cannot be passed by days either."""
    mock.put("/_mock/clock", json={"now": "2199-12-31T12:00:00Z"})
    assert mock.post("/_mock/clock/advance", json={"days": 1}).status_code == 409


@pytest.mark.parametrize(
    ("body", "loc"),
    [
        ({}, ["body"]),
        ({"seconds": 1, "days": 1}, ["body"]),
        ({"seconds": 1, "to": "2026-03-19T00:00:00Z"}, ["body"]),
        ({"seconds": -1}, ["body", "seconds"]),
        ({"seconds": 315_360_001}, ["body", "seconds"]),
        ({"seconds": 10**30}, ["body", "seconds"]),
        ({"seconds": 1.5}, ["body", "seconds"]),
        ({"seconds": 1.0}, ["body", "seconds"]),
        ({"seconds": True}, ["body", "seconds"]),
        ({"seconds": None}, ["body", "seconds"]),
        ({"seconds": "1"}, ["body", "seconds"]),
        ({"days": 3_651}, ["body", "days"]),
        ({"days": -1}, ["body", "days"]),
        ({"to": "tomorrow"}, ["body", "to"]),
        ({"to": "2026-03-19"}, ["body", "to"]),
        ({"to": "2026-03-19T00:00:00"}, ["body", "to"]),
        ({"to": "2026-02-30T00:00:00Z"}, ["body", "to"]),
        ({"to": "2026-12-31T23:59:60Z"}, ["body", "to"]),
        ({"to": "0000-01-01T00:00:00Z"}, ["body", "to"]),
        ({"to": "2026-03-19T00:00:00.%sZ" % ("0" * 100)}, ["body", "to"]),
        ({"to": 1_800_000_000}, ["body", "to"]),
        ({"hours": 1}, ["body"]),
        ([], ["body"]),
        (None, ["body"]),
    ],
)
def test_an_invalid_step_is_422(mock: httpx.Client, body: Any, loc: list[str]) -> None:
    """A step is one of three fields: whole numbers within ten years, or a moment with an offset."""
    response = mock.post("/_mock/clock/advance", json=body)
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == loc
    assert now(mock) == "2026-03-18T12:00:00.000Z"


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b'{"now": NaN}', b"[" * 5_000])
def test_a_body_that_is_not_json_is_422(mock: httpx.Client, content: bytes) -> None:
    """The error has the usual body."""
    response = mock.put(
        "/_mock/clock", content=content, headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"][0] == "body"


def test_a_form_is_415(mock: httpx.Client) -> None:
    """Only JSON is accepted."""
    assert mock.put("/_mock/clock", data={"now": "2026-03-19T00:00:00Z"}).status_code == 415


def test_advancing_does_the_due_work(mock: httpx.Client) -> None:
    """A subscription renews at its own moment, not at the end of the step."""
    headers = {"X-API-Key": "sk_test_subscriber"}
    invoices = mock.get(f"{API}/invoices", headers=headers).json()["total"]
    mock.post("/_mock/clock/advance", json={"days": 100})
    renewed = mock.get("/_mock/state", headers=headers).json()["invoices"]
    assert len(renewed) == invoices + 3
    assert all(invoice["created_at"] < now(mock) for invoice in renewed[-3:])


def test_one_step_and_many_lead_to_the_same_state(mock: httpx.Client) -> None:
    """The number of steps does not matter."""
    headers = {"X-API-Key": "sk_test_subscriber"}
    states = []
    for steps in ([90], [1] * 90):
        mock.post("/_mock/reset")
        mock.get(f"{API}/balance", headers=headers)
        for days in steps:
            mock.post("/_mock/clock/advance", json={"days": days})
        states.append(mock.get("/_mock/state", headers=headers).content)
    assert states[0] == states[1]


def test_advancing_keeps_a_clock_running_and_setting_freezes_it(
    make_server: ServerFactory,
) -> None:
    """Only setting stops a running clock."""
    with make_server().client(None) as client:
        before = datetime.fromisoformat(now(client))
        stepped = client.post("/_mock/clock/advance", json={"days": 2}).json()
        assert stepped["frozen"] is False
        assert (datetime.fromisoformat(stepped["now"]) - before).days == 2
        for body in ({"seconds": 0}, {"days": 0}):
            assert client.post("/_mock/clock/advance", json=body).status_code == 200
        later = f"{datetime.fromisoformat(now(client)).year + 1}-01-01T00:00:00.000Z"
        assert client.put("/_mock/clock", json={"now": later}).json() == {
            "now": later,
            "frozen": True,
        }
        assert now(client) == later
        reset = client.post("/_mock/reset").json()["now"]
        assert datetime.fromisoformat(reset) < datetime.fromisoformat(later)
        assert client.get("/_mock/clock").json()["frozen"] is False


def test_the_clock_starts_at_the_configured_time(mock: httpx.Client) -> None:
    """The fixture's server starts at noon."""
    assert datetime.fromisoformat(now(mock)) == NOON
