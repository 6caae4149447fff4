"""The state of an account: exported, imported, and refused if it is invalid."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from mockserver.billing import payment_methods, usage
from mockserver.billing.accounts.accounts import Accounts
from mockserver.engine.state import UnusableState
from mockserver.engine.world import World
from tests.worlds import (
    DEFAULT,
    KEYS,
    NOON,
    SUBSCRIBER,
    exported,
    make_world,
)


@pytest.fixture
def world() -> World[Accounts]:
    return make_world()


@pytest.mark.parametrize("key", KEYS)
def test_export_import_export_is_the_identity(world: World[Accounts], key: str) -> None:
    """An exported account that is imported again is unchanged."""
    state = world.state.export(key)
    text = json.dumps(state)
    world.state.replace(key, json.loads(text))
    assert json.dumps(world.state.export(key)) == text


def test_an_imported_account_behaves_like_the_original(world: World[Accounts]) -> None:
    """The same later events lead to the same state in both."""
    other = make_world()
    other.state.replace(SUBSCRIBER, world.state.export(SUBSCRIBER))
    for copy in (world, other):
        copy.advance_to(NOON + timedelta(days=45))
        usage.record(copy.state.context(copy.state.tenant(SUBSCRIBER)), "js", 3)
    assert exported(world, SUBSCRIBER) == exported(other, SUBSCRIBER)


def test_an_account_keeps_its_ids_on_import(world: World[Accounts]) -> None:
    """A state that is imported under another key brings its history, but not its ids."""
    own = world.state.tenant("sk_test_mine").account.id
    world.state.replace("sk_test_mine", world.state.export(SUBSCRIBER))
    account = world.state.tenant("sk_test_mine").account
    theirs = world.state.tenant(SUBSCRIBER).account
    assert (account.id, account.subscription) == (own, theirs.subscription)
    mine_next, theirs_next = (
        usage.record(world.state.context(world.state.tenant(key)), "light", 1)
        for key in ("sk_test_mine", SUBSCRIBER)
    )
    assert mine_next.id != theirs_next.id
    assert len(theirs.usage.events) == len(account.usage.events)
    assert account.usage.events[-1] is not theirs.usage.events[-1]


def test_an_import_does_the_due_work(world: World[Accounts]) -> None:
    """The subscription of an older state is renewed up to the time of the clock."""
    state = world.state.export(SUBSCRIBER)
    world.advance_to(NOON + timedelta(days=100))
    world.state.replace("sk_test_mine", state)
    subscription = world.state.tenant("sk_test_mine").account.subscription
    assert subscription is not None
    assert subscription.period_end > world.clock.now()


def broken(path: str, value: Any) -> Callable[[Any], Any]:
    """Return a function that replaces one value of a state."""

    def change(state: Any) -> Any:
        *parents, last = path.split(".")
        node = state
        for part in parents:
            node = node[int(part)] if isinstance(node, list) else node[part]
        node[int(last) if isinstance(node, list) else last] = value
        return state

    return change


def without_ledger(state: Any) -> Any:
    del state["ledger"]["entries"][0]
    return state


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda _: None, id="nothing"),
        pytest.param(lambda _: [], id="a list"),
        pytest.param(lambda _: {}, id="an empty object"),
        pytest.param(lambda _: "state", id="a text"),
        pytest.param(without_ledger, id="a missing entry"),
        pytest.param(broken("ledger", []), id="another type"),
        pytest.param(broken("ledger.entries.0.amount_microcents", "1"), id="a text for a number"),
        pytest.param(
            broken("ledger.entries.0.amount_microcents", 1.5), id="a fraction of a microcent"
        ),
        pytest.param(broken("ledger.entries.0.type", "gift"), id="an unknown type of entry"),
        pytest.param(broken("ledger.entries.0.created_at", "yesterday"), id="text for a time"),
        pytest.param(
            broken("ledger.entries.0.created_at", "2025-12-01T00:00:00"), id="a time without a zone"
        ),
        pytest.param(
            broken("ledger.entries.3.created_at", "2020-01-01T00:00:00Z"), id="a time out of order"
        ),
        pytest.param(broken("subscription.plan", "gold"), id="an unknown plan"),
        pytest.param(broken("subscription.period", 0), id="no period"),
        pytest.param(
            broken("subscription.started_at", "2027-01-01T00:00:00Z"), id="a start in the future"
        ),
        pytest.param(broken("subscription.status", "past_due"), id="past due without an invoice"),
        pytest.param(broken("wallet.default_id", None), id="no default card"),
        pytest.param(broken("wallet.cards.0.exp_month", 13), id="no month"),
        pytest.param(broken("wallet.cards.0.exp_year", 10**6), id="no year"),
        pytest.param(broken("ids.counter", 2**63), id="a number beyond 64 bits"),
    ],
)
def test_an_invalid_state_is_refused(world: World[Accounts], change: Callable[[Any], Any]) -> None:
    """The error lists the problems, and the account is unchanged."""
    before = exported(world, SUBSCRIBER)
    with pytest.raises(UnusableState) as caught:
        world.state.replace(
            SUBSCRIBER, change(json.loads(json.dumps(world.state.export(SUBSCRIBER))))
        )
    assert caught.value.problems
    assert all(problem.strip() for problem in caught.value.problems)
    assert exported(world, SUBSCRIBER) == before


def test_a_state_from_the_future_is_refused(world: World[Accounts]) -> None:
    """No record of an imported state may be later than the clock."""
    later = make_world(now=NOON)
    later.state.tenant(DEFAULT)
    later.advance_to(NOON + timedelta(days=5))
    payment_methods.add(later.state.context(later.state.tenant(DEFAULT)), "pm_card_amex")
    before = exported(world, DEFAULT)
    with pytest.raises(UnusableState, match="clock"):
        world.state.replace(DEFAULT, later.state.export(DEFAULT))
    assert exported(world, DEFAULT) == before


def test_no_id_is_issued_twice_after_an_import(world: World[Accounts]) -> None:
    """A lower counter in an imported state does not make the account repeat ids."""
    state = world.state.export(DEFAULT)
    known = json.dumps(state)
    state["ids"]["counter"] = 0
    world.state.replace(DEFAULT, state)
    context = world.state.context(world.state.tenant(DEFAULT))
    assert usage.record(context, "light", 1).id not in known
    assert context.account.ledger.entries[-1].id not in known
