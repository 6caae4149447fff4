"""The steps of a finding are reduced to those that lead to it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract_tests.billing.knowledge import KNOWLEDGE
from contract_tests.context import Run
from contract_tests.drivers import minimisation
from contract_tests.drivers.minimisation import shortest
from contract_tests.findings.finding import Finding, Key
from contract_tests.http.captures import Capture, captures, substituted, value_at
from contract_tests.http.exchange import Exchange
from contract_tests.settings import Settings, packaged_spec
from tests.contract_kit import faulty
from tests.contract_kit.exchanges import CONTRACT
from tests.contract_kit.faulty import API, Response

CARDS = f"{API}/payment-methods"
URL = "https://staging.example.com"


def sent(operation_id: str) -> Exchange:
    """Return an exchange of an operation."""
    operation = CONTRACT.operations[operation_id]
    return Exchange(
        number=1,
        method=operation.method,
        url=URL + operation.path,
        path=operation.path,
        request_headers=(("X-API-Key", "[api-key]"),),
        request_body=b'{"enabled": true}',
        status=200,
        response_headers=(),
        response_body=b"{}",
        started=datetime(2026, 3, 18, 12, tzinfo=UTC),
        seconds=0.1,
        account="api-key",
    )


def finding(steps: tuple[Exchange, ...]) -> Finding:
    key = ("get_balance", "state", "/response/body/a", "unchanged")
    return Finding(*key, "assumed", "a", "b", "#/paths", sent("get_balance"), steps)


class RemovedCardsReturn:
    """state: a card that was removed is listed again."""

    def __init__(self) -> None:
        self._cards: dict[str, Any] = {}
        self._removed: set[str] = set()

    def __call__(self, response: Response) -> None:
        if response.path == "/_mock/reset":
            self._removed.clear()
        elif response.is_of("POST", "/payment-methods"):
            card = json.loads(response.body)
            self._cards[card["id"]] = card
        elif response.is_of("GET", "/payment-methods"):
            listed = json.loads(response.body)["payment_methods"]
            present = {card["id"] for card in listed}
            listed += [card for id, card in self._cards.items() if id in self._removed - present]
            listed.sort(key=lambda card: card["created_at"], reverse=True)
            response.change(payment_methods=listed)
        elif (
            response.method == "DELETE"
            and response.status < 300
            and response.path.startswith(CARDS)
        ):
            self._removed.add(response.path.rsplit("/", 1)[1])


def long_story(run: Run) -> None:
    """Change much, and remove a card in the middle of it."""
    caller = run.account()
    for step in range(8):
        caller.call("update_usage_alerts", {"email_enabled": step % 2 == 0})
        caller.call("validate_promo_code", {"code": f"NONE{step}"})
    card = caller.call("add_payment_method", {"payment_method_id": "pm_card_amex"}).object
    other = caller.call("add_payment_method", {"payment_method_id": "pm_card_jcb"}).object
    caller.call("list_payment_methods")
    caller.call("set_default_payment_method", path={"payment_method_id": other["id"]})
    for step in range(4):
        caller.call("update_usage_alerts", {"threshold_50_enabled": step % 2 == 0})
    caller.call("remove_payment_method", path={"payment_method_id": card["id"]})
    caller.call("update_usage_alerts", {"enabled": True})
    caller.call("list_payment_methods")


def about_cards(run: Run) -> list[Finding]:
    return [
        finding
        for finding in run.verdicts
        if finding.operation == "list_payment_methods" and finding.steps
    ]


@dataclass
class Shortened:
    """A run whose steps were shortened, with what they were before."""

    run: Run
    long: dict[Key, tuple[Exchange, ...]]
    judged: int


@pytest.fixture(scope="module")
def found() -> Iterator[Shortened]:
    """Run the long story on a mock whose removed cards return, and shorten its steps."""
    with faulty.mock() as upstream:
        upstream.app = faulty.Faulty(upstream.app, RemovedCardsReturn())
        run = Run(Settings(upstream.url, packaged_spec(), mock=True), CONTRACT, KNOWLEDGE)
        long_story(run)
        long = {finding.key: finding.steps for finding in about_cards(run)}
        judged = run.judge.judged
        minimisation.shorten(run)
        yield Shortened(run, long, judged)


def test_a_long_story_is_reduced_to_the_steps_that_matter(found: Shortened) -> None:
    """Of more than fifteen steps two are left: the card is added and removed."""
    findings = about_cards(found.run)
    assert {finding.key for finding in findings} == found.long.keys()
    for finding in findings:
        added, removed = finding.steps
        assert len(found.long[finding.key]) > 15
        assert (added.method, added.path) == ("POST", CARDS)
        assert (removed.method, removed.path) == ("DELETE", f"{CARDS}/{added.object['id']}")
        assert {added, removed} <= set(found.long[finding.key]), "they are exchanges of the run"


def test_replays_are_no_part_of_the_run(found: Shortened) -> None:
    """They are neither judged nor counted, and one note says how many there were."""
    assert found.run.judge.judged == found.judged
    (note,) = found.run.notes
    assert re.fullmatch(r"steps of \d+ findings? shortened by \d+ replays", note)
    assert found.run.channel.source == ""


def test_the_limits_of_replays_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """With few replays, a finding keeps the shortest steps that were seen to lead to it."""
    for name, limit, most in (("MAX_REPLAYS", 3, 3), ("MAX_SECONDS", 0.0, 0)):
        with faulty.mock() as upstream, monkeypatch.context() as patch:
            patch.setattr(minimisation, name, limit)
            upstream.app = faulty.Faulty(upstream.app, RemovedCardsReturn())
            run = Run(Settings(upstream.url, packaged_spec(), mock=True), CONTRACT, KNOWLEDGE)
            long_story(run)
            findings, start = len(about_cards(run)), len(upstream.requests)
            minimisation.shorten(run)
            resets = [line for line in upstream.requests[start:] if "reset" in line]
        assert len(resets) <= most * findings
        assert all(len(finding.steps) >= 2 for finding in about_cards(run))


@pytest.mark.parametrize(
    ("flags", "operations", "may"),
    [
        ({"mock": True}, ("create_deposit",), True),
        ({}, ("update_usage_alerts",), False),
        ({"allow_writes": True}, ("update_usage_alerts", "add_payment_method"), True),
        ({"allow_writes": True}, ("update_usage_alerts", "create_deposit"), False),
        ({"allow_writes": True}, ("update_auto_recharge",), False),
        ({"allow_irreversible": True}, ("update_usage_alerts", "create_deposit"), True),
    ],
)
def test_steps_are_repeated_only_where_the_run_may(
    flags: dict[str, Any], operations: tuple[str, ...], may: bool
) -> None:
    """Without permission for everything, each step must be reversible."""
    settings = Settings(URL, packaged_spec(), environment={"BILLING_API_KEY": "k" * 20}, **flags)
    run = Run(settings, CONTRACT, KNOWLEDGE)
    steps = tuple(sent(operation) for operation in operations)
    run.verdicts.add(finding(steps))
    assert bool(minimisation.candidates(run)) == may


@pytest.mark.parametrize(
    "changes",
    [
        {"steps": ()},
        {"witnesses": ("stories: a",)},
        {"exchange": None},
        {"steps": (replace(sent("create_deposit"), request_body=b'{"a": "[secret]"}'),)},
        {"steps": (replace(sent("create_deposit"), request_body_known=False),)},
        {"steps": (replace(sent("create_deposit"), account="unknown key"),)},
        {"steps": (replace(sent("create_deposit"), url="https://other.example.com/"),)},
    ],
)
def test_what_cannot_be_repeated_is_left_as_it_is(changes: dict[str, Any]) -> None:
    """A story's own findings, unknown bodies, secrets and other hosts are not repeated."""
    run = Run(Settings(URL, packaged_spec(), mock=True), CONTRACT, KNOWLEDGE)
    run.verdicts.add(replace(finding((sent("create_deposit"),)), **changes))
    assert minimisation.candidates(run) == []


# ------------------------------------------------------------------------------- delta debugging


@given(
    st.integers(0, 30).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.integers(0, max(0, n - 1))))
    )
)
def test_the_fewest_items_are_found(case: tuple[int, set[int]]) -> None:
    """Whatever subset is needed, exactly that is left, in order, in bounded tries."""
    count, needed = case
    items: list[Any] = list(range(count))
    tries = 0

    def shows(tried: Sequence[Any]) -> bool:
        nonlocal tries
        tries += 1
        return needed <= set(tried) and list(tried) == sorted(tried)

    results: list[Any] = list(shortest(items, shows)) if needed <= set(items) else []
    if results:
        assert results[-1] == sorted(needed)
        assert [len(result) for result in results] == sorted(map(len, results), reverse=True)
    elif count and needed <= set(items):
        assert needed == set(items)
    assert tries <= count**2 + 3 * count + 1


# -------------------------------------------------------------------------------------- captures


def test_a_value_of_a_response_that_a_later_request_uses_is_captured() -> None:
    """Ids are; words, values that were sent before, and unused values are not."""
    added = replace(
        sent("add_payment_method"),
        request_body=b'{"payment_method_id": "pm_card_amex"}',
        response_body=json.dumps(
            {
                "id": "card/1-x",
                "token": "pm_card_amex",
                "type": "default",
                "more": [{"a/b": "x_12345"}],
            }
        ).encode(),
    )
    later = replace(
        sent("get_balance"),
        url=f"{URL}/cards/card/1-x/default?pm_card_amex",
        request_body=b"x_12345",
    )
    assert captures([added, later]) == [
        Capture(0, "/id", "card/1-x"),
        Capture(0, "/more/0/a~1b", "x_12345"),
    ]
    assert captures([later, added]) == []
    assert value_at(added.json, "/more/0/a~1b") == "x_12345"
    assert value_at(added.json, "/more/1/a") is value_at(added.json, "/more") is None
    assert substituted("ab abc", {"ab": "1", "abc": "2"}) == "1 2"


def test_a_slow_deployment_ends_a_replay_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is checked at each request, and the limits of the run hold again afterwards."""
    monkeypatch.setattr(minimisation, "MAX_SECONDS", 0.5)
    with faulty.mock() as upstream:
        upstream.app = faulty.Faulty(upstream.app, RemovedCardsReturn())
        run = Run(Settings(upstream.url, packaged_spec(), mock=True), CONTRACT, KNOWLEDGE)
        long_story(run)
        limits = run.channel.limits
        run.channel.limits = replace(limits, per_second=10.0)
        started = time.monotonic()
        minimisation.shorten(run)
        assert time.monotonic() - started < 5
    assert run.channel.limits.deadline == limits.deadline
