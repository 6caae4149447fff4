"""After a refused write its views are read: a refusal that changes something is found."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from contract_tests.drivers import refusals
from contract_tests.http.exchange import Exchange
from contract_tests.runner import perform
from mockserver import app, packaged
from mockserver.settings import Settings
from tests.contract_kit.driving import make_run
from tests.contract_kit.faulty import Faulty, Response, upstream


def toggling(status: int) -> Callable[[Response], None]:
    """Return a fault: each refusal of new alert settings with a status flips one of them."""
    flipped: dict[str | None, bool] = {}

    def fault(response: Response) -> None:
        is_alerts = response.path.endswith("/usage-alerts")
        if is_alerts and response.method == "PUT" and response.status == status:
            flipped[response.key] = not flipped.get(response.key, False)
        if response.is_of("GET", "/usage-alerts") and flipped.get(response.key):
            response.change(email_enabled=not json.loads(response.body)["email_enabled"])

    return fault


def play(fault: Callable[[Response], None], *phases: str) -> tuple[set[str], list[Exchange]]:
    """Run drivers against the mock with a fault. Return the places of findings, and the traffic."""
    settings = Settings(spec=packaged.spec(), fixtures=packaged.fixtures())
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    exchanges: list[Exchange] = []
    only = ("update_usage_alerts", "get_usage_alerts", "get_balance")
    with upstream(Faulty(built, fault)) as running:
        run = make_run(running.url, mock=True, phases=phases, only=only)
        run.channel.listeners.append(exchanges.append)
        perform(run)
    return {f"{finding.operation} {finding.where}" for finding in run.verdicts}, exchanges


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["boundaries", "properties"])
def test_a_refusal_that_flips_a_setting_is_found(phase: str) -> None:
    """However often the driver is refused, the views are read after an odd number of times."""
    found, _ = play(toggling(422), phase)
    assert "get_usage_alerts /response/body/email_enabled" in found


def test_nothing_is_found_on_the_correct_mock() -> None:
    """The readings change nothing, and agree."""
    found, _ = play(lambda _: None, "boundaries", "properties")
    assert found == set()


def test_the_readings_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of refusal is followed up a few times, and a run as a whole is bounded."""
    _, exchanges = play(lambda _: None, "boundaries")
    reads = [exchange for exchange in exchanges if exchange.path.endswith("/usage-alerts")]
    refused = [exchange for exchange in reads if 400 <= exchange.status < 500]
    followed = [exchange for exchange in reads if exchange.method == "GET"]
    monkeypatch.setattr(refusals, "MAX_REQUESTS", 0)
    _, without = play(lambda _: None, "boundaries")
    assert len(refused) > 10
    kinds = {exchange.status for exchange in refused}
    views = 1  # of the selected ones, new alert settings may change the alert settings only
    assert 0 < len(exchanges) - len(without) <= len(kinds) * refusals.MAX_READINGS * views
    assert followed
