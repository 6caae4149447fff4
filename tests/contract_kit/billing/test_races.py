"""Races: two requests at once, of which one may win or both must count."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract_tests.billing.races import RACES
from contract_tests.drivers.races import at_once
from mockserver import app, packaged
from mockserver.settings import Settings
from tests.contract_kit import faulty
from tests.contract_kit.billing.playing import played, rules, skipped
from tests.contract_kit.driving import make_run
from tests.contract_kit.faulty import API, Faulty, Response, upstream
from tests.mutants.faults import FAULTS
from tests.mutants.server import faulty_app

Fault = Callable[[Response], None]
HIDDEN = ("terms_version", "webhook_url", "threshold_100_enabled")


def two_removals() -> Fault:
    """Return a fault: a card can be removed twice, and not a third time."""
    removed: set[str] = set()

    def fault(response: Response) -> None:
        if response.method == "DELETE" and response.path.startswith(f"{API}/payment-methods/"):
            if response.status == 200:
                removed.add(response.path)
            elif response.path in removed:
                removed.remove(response.path)
                response.status, response.body = 200, b'{"message": "Removed."}'

    return fault


def two_defaults() -> Fault:
    """Return a fault: each card that was made the default stays one."""
    made: set[str] = set()

    def fault(response: Response) -> None:
        if response.status == 200 and response.path.endswith("/default"):
            made.add(response.path.split("/")[-2])
        if response.is_of("GET", "/payment-methods"):
            cards = json.loads(response.body)["payment_methods"]
            response.change(
                payment_methods=[{**card, "is_default": card["id"] in made} for card in cards]
            )

    return fault


def mixed_settings() -> Fault:
    """Return a fault: of two requests one sets the first switch, the other one the rest."""
    seen: list[Any] = []

    def fault(response: Response) -> None:
        if response.is_of("PUT", "/usage-alerts"):
            seen.append(json.loads(response.request))
        if response.is_of("GET", "/usage-alerts") and len(seen) > 1:
            shown = json.loads(response.body)["threshold_50_enabled"]
            response.change(threshold_50_enabled=not shown)

    return fault


def code_good_twice() -> Fault:
    """Return a fault: a code that was confirmed is confirmed again."""
    good: dict[bytes, bytes] = {}

    def fault(response: Response) -> None:
        if not response.path.endswith("/verify/confirm"):
            return
        if response.status == 200 and json.loads(response.body)["success"]:
            good[response.request] = response.body
        elif response.status == 409 and response.request in good:
            response.status, response.body = 200, good[response.request]

    return fault


def lost_attempt() -> Fault:
    """Return a fault: a wrong code costs half an attempt."""

    def fault(response: Response) -> None:
        if response.path.endswith("/verify/confirm") and response.status == 200:
            body = json.loads(response.body)
            response.change(remaining_attempts=(body["remaining_attempts"] + 6) // 2)

    return fault


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        (two_removals(), "race_removal"),
        (two_defaults(), "race_default"),
        (mixed_settings(), "race_settings"),
        (code_good_twice(), "race_confirmation"),
        (lost_attempt(), "race_attempts"),
    ],
    ids=["removals", "defaults", "settings", "confirmations", "attempts"],
)
def test_a_race_with_two_winners_is_found(fault: Fault, rule: str) -> None:
    """Each fault has the finding of its rule."""
    settings = Settings(spec=packaged.spec(), fixtures=packaged.fixtures())
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    with upstream(Faulty(built, fault)) as running:
        run = played(running.url, "races", mock=True)
    assert rule in rules(run)


def test_settings_are_compared_by_the_fields_that_are_shown() -> None:
    """A view of settings that leaves out some of them does not mix two requests."""

    def published(response: Response) -> None:
        if response.is_of("GET", "/auto-recharge") or response.is_of("GET", "/usage-alerts"):
            body = json.loads(response.body)
            shown = {name: body[name] for name in body if name not in HIDDEN}
            response.body = json.dumps(shown).encode()

    settings = Settings(spec=packaged.spec(), fixtures=packaged.fixtures())
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    with upstream(Faulty(built, published)) as running:
        run = played(running.url, "races", mock=True)
    assert "race_settings" not in rules(run)


@pytest.mark.parametrize(
    ("mutant", "rule"),
    [
        ("promo-code-usable-twice", "race_promo"),
        ("code-works-twice", "race_confirmation"),
        ("deposit-credited-twice", "race_payment"),
    ],
)
def test_a_mutant_is_found(mutant: str, rule: str) -> None:
    """What is good twice in a row is good twice at once."""
    with faulty_app(FAULTS[mutant]) as broken, upstream(broken) as running:
        run = played(running.url, "races", mock=True)
    assert rule in rules(run)


def test_the_correct_mock_passes_every_race() -> None:
    """No race is skipped, and none finds anything."""
    with faulty.mock() as mock:
        run = played(mock.url, "races", mock=True)
    assert (list(run.verdicts), run.skipped, run.broken) == ([], [], [])
    sources = {f"races: {race.name}" for race in RACES}
    assert len(sources) == len(RACES)


def test_a_deployment_is_put_back(tmp_path: Path) -> None:
    """With writes that can be undone four races run, and cards and settings are as before."""
    with faulty.mock() as mock:
        run = played(mock.url, "races", allow_writes=True, journal=tmp_path / "journal")
    assert list(run.verdicts) == []
    assert len(skipped(run)) == len(RACES) - 4


def test_without_writes_there_is_no_race() -> None:
    """Races write."""
    with faulty.mock() as mock:
        run = played(mock.url, "races")
    assert skipped(run) == {"races": "they write (--allow-writes)"}


def test_requests_of_a_race_leave_together_despite_a_rate_limit() -> None:
    """The pause between requests is made up for afterwards."""
    with faulty.mock() as mock:
        run = make_run(mock.url, mock=True, per_second=20.0)
        client = run.account()
        first, second = at_once(run, client, *[lambda: client.call("get_balance")] * 2)
    assert abs((first.started - second.started).total_seconds()) < 0.04
    assert run.channel.limits.per_second == 20.0
    assert len(run.channel.gates) == 1
