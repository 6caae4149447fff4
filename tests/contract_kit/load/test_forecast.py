"""How many requests a load test is going to send, told before the first."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract_tests.billing.knowledge import KNOWLEDGE
from contract_tests.context import Run
from contract_tests.load.forecast import Forecast, forecast
from contract_tests.load.plan import Plan
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit import faulty
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.program import kit

PLAN = Plan(users=10, seconds=60, spawn_rate=1_000, wait=1)


def test_users_and_their_pauses_make_the_rate() -> None:
    """Ten users with a step each second send ten requests a second."""
    said = Forecast(PLAN, 1.0, None)
    assert said.sentence() == "about 600 requests in 1 min: 10 a second, by 10 users"
    assert said.requests(1.0) == pytest.approx(300, rel=0.02)
    assert said.after_response(1.0) == (
        "the first response took 1,000 ms: about 300 requests in 1 min: 5 a second, by 10 users"
    )


def test_users_that_are_started_later_send_less() -> None:
    """At one user in six seconds, half of the time is spent on starting them."""
    slow = replace(PLAN, spawn_rate=1 / 6)
    whole, half = (Forecast(plan, 1.0, None).requests(0.0) for plan in (PLAN, slow))
    assert half == pytest.approx(whole / 2, rel=0.02)


def test_the_rate_limit_bounds_the_forecast() -> None:
    """It is named where it decides, and only there."""
    assert Forecast(PLAN, 1.0, 2.0).sentence() == (
        "about 120 requests in 1 min: 2 a second (--rate-limit), by 10 users"
    )
    assert "--rate-limit" not in Forecast(PLAN, 1.0, 50.0).sentence()


def test_without_a_pause_the_time_of_the_responses_decides() -> None:
    """A user sends the next request when it has the response."""
    said = Forecast(replace(PLAN, users=1, wait=0.0), 1.0, None)
    assert said.requests(0.1) == pytest.approx(60 / 0.104, rel=0.02)
    assert said.sentence().endswith(", by 1 user")


def test_writes_and_stories_need_more_requests_than_reads() -> None:
    """The mean of a step counts the whole of each story."""
    settings = Settings("http://127.0.0.1:9", packaged_spec(), environment={"BILLING_API_KEY": "k"})
    reads, all = (
        forecast(Run(chosen, CONTRACT, KNOWLEDGE), PLAN).per_step
        for chosen in (settings, replace(settings, mock=True))
    )
    assert 1.0 < reads < all


@pytest.mark.slow
def test_the_command_prints_the_forecast_before_the_first_request() -> None:
    """It is near what is sent, and a deployment that is not there gets one, too."""
    words = ("--users", "10", "--time", "6s", "--spawn-rate", "10")
    gone = kit("load", "http://127.0.0.1:9", "--mock", *words)
    assert gone.err.startswith("  about ")
    with faulty.mock() as server:
        outcome = kit("load", server.url, "--mock", *words)
    first, second = outcome.err.splitlines()[:2]
    assert first.startswith("  about ")
    assert second.startswith("  the first response took ")
    assert "in 6 s" in first
    assert "by 10 users" in second
