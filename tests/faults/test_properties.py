"""Whatever fails, the books add up: a fault neither loses nor repeats a request."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.account import PAGES, Account, Accounts
from tests.conftest import NOON, running_server
from tests.faults.rules import fault, last_request

Action = tuple[str, str, Any]
KINDS: dict[str, dict[str, Any]] = {
    "status": {"status": 503},
    "limit": {"status": 429},
    "reset": {"connection": "reset"},
    "lost": {"connection": "answer_lost"},
    "half": {"connection": "truncated_body"},
    "slow": {"latency": {"min_ms": 0, "max_ms": 2}},
}
NOT_CARRIED_OUT = {"status", "limit", "reset"}
ACTIONS: list[Action] = [
    ("GET", "balance", None),
    ("GET", "credit-transactions", None),
    ("POST", "deposit", {"amount_cents": 2_500, **PAGES}),
    ("POST", "deposit", {"amount_cents": 1}),
    ("POST", "payment-methods", {"payment_method_id": "pm_card_mastercard"}),
    ("POST", "payment-methods", {"payment_method_id": "pm_card_chargeDeclined"}),
    ("DELETE", "payment-methods/pm_card_mastercard", None),
    ("POST", "payment-methods/pm_card_mastercard/default", None),
    ("PUT", "usage-alerts", {"enabled": False}),
    ("POST", "verify/initiate", {"method": "email", "action": "change_plan"}),
    ("POST", "setup-intent", {}),
]
CARD = "pm_card_mastercard"
LEAST_CHANCE = 0.1
"""The least chance of a request to succeed with which 200 tries are enough."""


@st.composite
def rules(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a rule of any kind, named by it, for some operations or all, with any count or share."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    numbers: list[dict[str, Any]] = [{}, {"next": 1}, {"next": 3}, {"share": 0.3}, {"share": 0.7}]
    number = draw(st.sampled_from(numbers))
    operations = draw(
        st.sampled_from([None, ["create_deposit", "add_payment_method"], ["get_balance"]])
    )
    return {"name": kind, "operations": operations, **number, **KINDS[kind]}


@pytest.fixture(scope="module")
def worlds() -> Iterator[tuple[Account, Account]]:
    """The same account in two worlds, one with faults and one without."""
    with running_server(now=NOON) as one, running_server(now=NOON) as other:
        both = Accounts(one), Accounts(other)
        yield both[0]("default"), both[1]("default")
        for accounts in both:
            accounts.close()


def begin(account: Account) -> None:
    account.client.post("/_mock/reset", headers={"X-API-Key": ""}).raise_for_status()


def attempt(account: Account, action: Action) -> httpx.Response | None:
    """Return the response, or None if the connection broke."""
    method, path, body = action
    try:
        return account.call(method, path, json=body)
    except httpx.TransportError:
        return None


@pytest.mark.slow
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(rules(), max_size=4), st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=8))
def test_a_request_is_carried_out_once_or_not_at_all(
    worlds: tuple[Account, Account], chosen: list[dict[str, Any]], actions: list[Action]
) -> None:
    """The requests that were carried out lead to the same state in a world without faults."""
    faulty, sound = worlds
    begin(faulty)
    begin(sound)
    for rule in chosen:
        fault(faulty, **rule)
    for action in actions:
        response = attempt(faulty, action)
        shown = last_request(faulty)
        names = set((shown["fault"] or "").split(", "))
        assert (response is None) == bool(names & {"reset", "lost", "half"})
        if not names & NOT_CARRIED_OUT:
            expected = attempt(sound, action)
            assert expected is not None
            assert shown["status"] == expected.status_code
            assert response is None or response.content.replace(
                faulty_url(faulty), b""
            ) == expected.content.replace(faulty_url(sound), b"")
    faulty.check_books()
    assert faulty.state() == sound.state()


def faulty_url(account: Account) -> bytes:
    return str(account.client.base_url).rstrip("/").encode()


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(rules().filter(lambda rule: "next" in rule or "share" in rule), max_size=4).filter(
        lambda chosen: math.prod(1 - rule.get("share", 0) for rule in chosen) >= LEAST_CHANCE
    )
)
def test_a_client_that_checks_before_a_retry_succeeds(
    worlds: tuple[Account, Account], chosen: list[dict[str, Any]]
) -> None:
    """A card is added once and removed once, whatever temporary faults there are."""
    account, _ = worlds
    begin(account)
    for rule in chosen:
        fault(account, **rule)

    def read_cards() -> list[str]:
        """Read the account's cards until there is a complete response."""
        for _ in range(200):
            response = attempt(account, ("GET", "payment-methods", None))
            if response is not None and response.status_code == 200:
                return [
                    card["stripe_payment_method_id"] for card in response.json()["payment_methods"]
                ]
        raise AssertionError("no response in 200 tries")

    def until(wanted: bool, action: Action) -> None:
        for _ in range(200):
            if (CARD in read_cards()) == wanted:
                return
            attempt(account, action)
        raise AssertionError("not done in 200 tries")

    logged = card_changes(account)
    before = read_cards()
    until(True, ("POST", "payment-methods", {"payment_method_id": CARD}))
    assert sorted(read_cards()) == sorted([*before, CARD])
    until(False, ("DELETE", f"payment-methods/{CARD}", None))
    assert read_cards() == before
    account.check_books()
    assert card_changes(account) == [*logged, "payment_method.added", "payment_method.removed"]


def card_changes(account: Account) -> list[str]:
    """Return the audit log's entries about cards."""
    actions = [entry["action"] for entry in account.state()["audit_log"]]
    return [action for action in actions if action.startswith("payment_method.")]
