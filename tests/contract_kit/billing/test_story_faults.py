"""Faults that only a story with hooks can show: the deployment contradicts its own word."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from contract_tests.billing.stories.plans import _is_doubled
from contract_tests.context import Run
from contract_tests.findings.finding import Finding
from mockserver import app, packaged
from mockserver.settings import Settings
from tests.contract_kit import faulty
from tests.contract_kit.billing.playing import EXAMPLE, played_by_hooks
from tests.contract_kit.faulty import Faulty, Response, upstream

Fault = Callable[[Response], None]
VERIFY = ("initiate_verification", "confirm_verification", "list_audit_log")


def failed(run: Run) -> dict[str, Finding]:
    return {found.keyword: found for found in run.verdicts if found.grade() == "failure"}


def good_for_others() -> Fault:
    """Return a fault: a code that was confirmed is good for every challenge."""
    good: set[str] = set()

    def fault(response: Response) -> None:
        if not response.path.endswith("/verify/confirm") or response.status != 200:
            return
        code = json.loads(response.request)["code"]
        if json.loads(response.body)["success"]:
            good.add(code)
        elif code in good:
            response.change(success=True)

    return fault


def any_code(response: Response) -> None:
    """Every code is the correct one."""
    if response.is_of("POST", "/verify/confirm"):
        response.change(success=True)


def never_expires(response: Response) -> None:
    """A challenge that has expired is confirmed."""
    if response.path.endswith("/verify/confirm") and response.status == 410:
        response.status = 200
        response.body = b'{"success": true, "message": "Verified.", "remaining_attempts": 5}'


def promises_a_day(response: Response) -> None:
    """A challenge states another expiry than it has."""
    if response.is_of("POST", "/verify/initiate"):
        expires = datetime.fromisoformat(json.loads(response.body)["expires_at"])
        later = (expires + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        response.change(expires_at=later)


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        (good_for_others(), "another_challenge"),
        (any_code, "wrong_code"),
        (never_expires, "expired"),
        (promises_a_day, "expired"),
    ],
    ids=["another-challenge", "any-code", "expired", "promised"],
)
def test_a_code_is_good_for_its_challenge_only(tmp_path: Path, fault: Fault, rule: str) -> None:
    """The deployment sent the code and stated the expiry, so another outcome fails the run."""
    settings = Settings(spec=packaged.spec(), fixtures=packaged.fixtures())
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    with upstream(Faulty(built, fault)) as running:
        run = played_by_hooks(running.url, tmp_path, "stories", only=VERIFY)
    assert rule in failed(run)


def test_a_challenge_may_have_fewer_attempts(tmp_path: Path) -> None:
    """That there are five is assumed, so the refusal of the fourth is a difference."""
    wrong: list[str] = []

    def three_attempts(response: Response) -> None:
        if not response.path.endswith("/verify/confirm") or response.status != 200:
            return
        body, challenge = json.loads(response.body), json.loads(response.request)["challenge_id"]
        if body["success"]:
            return
        if wrong.count(challenge) == 3:
            response.status, response.body = 409, b'{"detail": "Locked."}'
        wrong.append(challenge)
        if response.status == 200:
            response.change(remaining_attempts=body["remaining_attempts"] - 2)

    settings = Settings(spec=packaged.spec(), fixtures=packaged.fixtures())
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    with upstream(Faulty(built, three_attempts)) as running:
        run = played_by_hooks(running.url, tmp_path, "stories", "races", only=VERIFY)
    assert "wrong_code" in {found.keyword for found in run.verdicts}
    assert failed(run) == {}


def test_a_bank_may_decline_the_test_cards(tmp_path: Path) -> None:
    """A deployment in live mode knows none of them, so 402 is a difference."""

    def declined(response: Response) -> None:
        if response.is_of("POST", "/payment-methods"):
            response.status, response.body = 402, b'{"detail": "Declined."}'

    settings = Settings(spec=packaged.spec(), fixtures=packaged.fixtures())
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    cards = ("add_payment_method", "remove_payment_method", "set_default_payment_method")
    only = (*cards, "list_payment_methods", "get_balance")
    with upstream(Faulty(built, declined)) as running:
        run = played_by_hooks(running.url, tmp_path, "stories", only=only)
    found = {finding.keyword: finding.grade() for finding in run.verdicts}
    assert found.get("success") == "difference"


@pytest.mark.slow
def test_a_recharge_while_it_is_disabled_fails_the_run(tmp_path: Path) -> None:
    """The deployment shows that it is disabled, and charges the card."""
    disabled: list[str] = []

    def recharges(response: Response) -> None:
        if response.is_of("DELETE", "/auto-recharge"):
            disabled.append("counted before")
        elif response.is_of("GET", "/auto-recharge/history") and disabled:
            response.change(total=json.loads(response.body)["total"] + len(disabled) - 1)
            disabled.append("and once more")

    settings = Settings(spec=packaged.spec(), fixtures=packaged.fixtures())
    built = app.build(settings, public_url="http://127.0.0.1:8080").app
    only = ("update_auto_recharge", "get_auto_recharge", "disable_auto_recharge", "get_balance")
    with upstream(Faulty(built, recharges)) as running:
        run = played_by_hooks(
            running.url, tmp_path, "stories", only=(*only, "list_auto_recharge_history")
        )
    assert failed(run)["disabled"].severity == "critical"


def test_a_session_that_was_closed_cannot_be_paid(tmp_path: Path) -> None:
    """The hook ``expire`` closed it, so a credit for it fails the run."""
    hooks, source = tmp_path / "hooks.py", EXAMPLE.read_text(encoding="utf-8")
    name = "def expire(account: Account, session: str) -> bool:\n"
    assert name in source
    hooks.write_text(source.replace(name, f"{name}    return True\n"), encoding="utf-8")
    only = ("create_deposit", "get_balance")
    with faulty.mock() as mock:
        run = played_by_hooks(mock.url, tmp_path, "stories", hooks=hooks, only=only)
    assert failed(run)["closed"].severity == "critical"


@pytest.mark.parametrize(
    ("second", "is_doubled"),
    [({}, True), ({"amount_cents": 100}, False), ({"period_start": "2026-02-01"}, False)],
)
def test_two_invoices_of_one_period_are_a_doubled_charge(
    second: dict[str, Any], is_doubled: bool
) -> None:
    """Invoices of other amounts or periods are not."""
    invoice = {
        "amount_cents": 2_900,
        "period_start": "2026-03-01",
        "period_end": "2026-04-01",
        "description": "Starter",
    }
    assert _is_doubled([invoice, {**invoice, **second}]) is is_doubled
