"""The registry of rules: which rules apply to a request, and what is counted."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.faults.board import (
    MAX_RULES,
    Fault,
    Faults,
    TooManyFaults,
    UnknownFault,
    UnknownFaultSet,
)
from mockserver.faults.latency import Latency
from mockserver.faults.rule import Rule
from mockserver.faults.sets import FaultSet

MINE, OTHER = "sk_test_mine", "sk_test_other"
SETS = {
    "down": FaultSet("Down", "", [Rule(name="a", status=500), Rule(name="b", status=501)]),
    "slow": FaultSet("Slow", "", [Rule(name="c", latency=Latency(ms=100))]),
}


@pytest.fixture
def faults() -> Faults:
    return Faults(SETS, seed=1)


def hit(faults: Faults, operation: str = "get_balance", key: str = MINE) -> str | None:
    """Return the names of the rules that apply to a request."""
    strike = faults.strike(operation, key)
    return strike.names if strike else None


def pattern(faults: Faults, count: int = 200, **request: Any) -> str:
    """Return for each of so many requests whether a rule applies."""
    return "".join("x" if hit(faults, **request) else "." for _ in range(count))


def counts(fault: Fault) -> tuple[int, int, int | None]:
    return fault.seen, fault.applied, fault.remaining


def test_without_rules_nothing_happens(faults: Faults) -> None:
    """No rule is searched."""
    assert faults.active == []
    assert faults.strike("get_balance", MINE) is None


def test_a_rule_applies_to_its_operations(faults: Faults) -> None:
    """It names one, several or none, which means all."""
    several = faults.add(Rule(status=500, operations=["get_balance", "list_invoices"]))
    assert [
        bool(hit(faults, name)) for name in ("get_balance", "list_invoices", "create_deposit")
    ] == [1, 1, 0]
    assert counts(several) == (2, 2, None)
    faults.add(Rule(name="all", status=500))
    assert hit(faults, "create_deposit") == "all"


def test_a_rule_applies_to_its_account(faults: Faults) -> None:
    """Other accounts and requests without a valid key are not affected."""
    mine = faults.add(Rule(status=500), MINE)
    assert [bool(hit(faults, key=key)) for key in (MINE, OTHER, "")] == [True, False, False]
    assert counts(mine) == (1, 1, None)


def test_a_rule_for_all_applies_without_a_key(faults: Faults) -> None:
    """An outage comes before authentication."""
    faults.add(Rule(status=500))
    assert hit(faults, key="")


def test_a_counted_rule_applies_so_often(faults: Faults) -> None:
    """A spent rule stays listed, and applies to nothing."""
    fault = faults.add(Rule(status=500, next=3))
    assert pattern(faults, 5) == "xxx.."
    assert counts(fault) == (3, 3, 0)
    assert (faults.all(), faults.active) == ([fault], [])


def test_a_share_is_about_so_large(faults: Faults) -> None:
    """A share of a quarter applies to about a quarter of the requests, which are counted."""
    fault = faults.add(Rule(status=500, share=0.25))
    found = pattern(faults, 4_000).count("x")
    assert found == pytest.approx(1_000, abs=80)
    assert counts(fault) == (4_000, found, None)


def test_a_share_of_one_is_everything(faults: Faults) -> None:
    """No drawn number reaches 1."""
    faults.add(Rule(status=500, share=1.0))
    assert pattern(faults) == "x" * 200


def test_the_same_seed_and_requests_give_the_same_faults() -> None:
    """Another server makes the same choice, another seed another."""

    def run(seed: int, **rule: Any) -> str:
        faults = Faults({}, seed)
        faults.add(Rule(status=500, share=0.3, **rule))
        return pattern(faults)

    assert run(1) == run(1)
    assert len({run(1), run(2), run(1, name="other")}) == 3


def test_other_requests_do_not_change_the_choice(faults: Faults) -> None:
    """Accounts and operations are counted separately, so parallel tests are reproducible."""
    faults.add(Rule(status=500, share=0.3))
    alone = Faults({}, seed=1)
    alone.add(Rule(status=500, share=0.3))
    expected = pattern(alone)
    found = ""
    for _ in range(200):
        hit(faults, key=OTHER)
        found += "x" if hit(faults) else "."
        hit(faults, "list_invoices")
    assert found == expected
    assert (
        len({pattern(alone, key=OTHER), pattern(alone, operation="list_invoices"), expected}) == 3
    )


def test_the_counts_of_a_rule_are_bounded(faults: Faults) -> None:
    """Only the most recent keys are counted."""
    fault = faults.add(Rule(status=500, share=0.5))
    for number in range(10_100):
        hit(faults, key=f"sk_test_{number}")
    assert len(fault._nth) == 10_000
    expected = Faults({}, seed=1)
    expected.add(Rule(status=500, share=0.5))
    assert pattern(expected, 21, key="sk_test_10099")[1:] == pattern(
        faults, 20, key="sk_test_10099"
    )


def test_the_newest_rule_is_evaluated_first(faults: Faults) -> None:
    """When it is spent, the older one applies again."""
    old = faults.add(Rule(name="old", status=500))
    faults.add(Rule(name="new", status=402, next=1))
    assert [hit(faults), hit(faults)] == ["new", "old"]
    assert counts(old) == (1, 1, None)


def test_the_rules_of_a_set_are_evaluated_in_the_order_of_its_file(faults: Faults) -> None:
    """The first rule of the file is evaluated first."""
    first, second = faults.apply("down")
    assert hit(faults) == "a"
    assert (counts(first)[1], counts(second)[1]) == (1, 0)


def test_one_request_gets_one_decision_and_all_latencies(faults: Faults) -> None:
    """Latencies add up; the first status or connection fault decides."""
    faults.apply("down")
    faults.apply("slow")
    faults.add(Rule(name="slow-reset", connection="reset", latency=Latency(ms=50)))
    strike = faults.strike("get_balance", MINE)
    assert strike is not None
    assert strike.rule is not None
    assert (strike.names, strike.seconds, strike.rule.connection) == (
        "slow-reset, c",
        0.15,
        "reset",
    )


def test_a_request_is_held_up_for_a_minute_at_most(faults: Faults) -> None:
    """The sum of latencies is capped at 60 seconds."""
    for _ in range(3):
        faults.add(Rule(latency=Latency(ms=40_000)))
    strike = faults.strike("get_balance", MINE)
    assert strike is not None
    assert strike.seconds == 60


def test_a_rule_is_removed_by_its_id(faults: Faults) -> None:
    """A second removal finds nothing."""
    gone, kept = faults.add(Rule(status=500)), faults.add(Rule(status=501))
    assert faults.remove(gone.id) is gone
    assert faults.all() == faults.active == [kept]
    with pytest.raises(UnknownFault, match=f"'{gone.id}'"):
        faults.remove(gone.id)


def test_rules_are_removed_by_account_and_set(faults: Faults) -> None:
    """Without a filter all rules are removed."""
    faults.add(Rule(status=500), MINE)
    faults.apply("slow", MINE)
    faults.apply("slow")
    faults.apply("down")
    assert faults.remove_all(MINE, "slow") == 1
    assert faults.remove_all(MINE) == 1
    assert faults.remove_all(set_name="slow") == 1
    assert [rule.set for rule in faults.all()] == ["down", "down"]
    assert faults.remove_all() == 2
    assert faults.active == []


def test_forgetting_an_account_removes_its_rules_and_its_counts(faults: Faults) -> None:
    """After a reset the account gets the same faults again; others are not affected."""
    shared = faults.add(Rule(status=500, share=0.3))
    faults.add(Rule(status=501, next=1_000), OTHER)
    first = pattern(faults)
    pattern(faults, 5, key=OTHER)
    faults.add(Rule(status=502), MINE)
    faults.forget(MINE)
    assert [rule.key for rule in faults.all()] == [OTHER, None]
    assert pattern(faults) == first
    assert {key for key, _ in shared._nth} == {MINE}


def test_applying_a_set_again_replaces_it(faults: Faults) -> None:
    """It replaces the set of the same account, not that of another."""
    faults.apply("slow")
    hit(faults)
    (again,) = faults.apply("slow")
    assert counts(again) == (0, 0, None)
    faults.apply("slow", MINE)
    assert [rule.key for rule in faults.all()] == [MINE, None]


def test_an_unknown_set_is_an_error_with_the_known_names(faults: Faults) -> None:
    """Nothing is switched on."""
    with pytest.raises(UnknownFaultSet, match=r"'dwon'\. There are: down, slow\."):
        faults.apply("dwon")
    with pytest.raises(UnknownFaultSet):
        faults.start_with(["slow", "dwon"])
    assert faults.all() == []


def test_a_reset_goes_back_to_the_sets_of_the_start(faults: Faults) -> None:
    """The first named set is evaluated first; ids and counts restart."""
    faults.start_with(["down", "slow"])
    before = [(rule.id, rule.rule.name) for rule in faults.all()]
    assert [name for _, name in before] == ["a", "b", "c"]
    hit(faults)
    faults.remove_all()
    faults.add(Rule(status=502))
    faults.reset()
    assert [(rule.id, rule.rule.name) for rule in faults.all()] == before
    assert {counts(rule) for rule in faults.active} == {(0, 0, None)}


def test_the_number_of_rules_is_bounded(faults: Faults) -> None:
    """A rule or a set that does not fit is refused, and nothing changes."""
    for _ in range(MAX_RULES - 1):
        faults.add(Rule(status=500))
    with pytest.raises(TooManyFaults, match="There are 99 faults, and at most 100"):
        faults.apply("down")
    faults.add(Rule(status=500))
    with pytest.raises(TooManyFaults):
        faults.add(Rule(status=500))
    assert len(faults.all()) == MAX_RULES


def test_spent_rules_are_evicted(faults: Faults) -> None:
    """The oldest is evicted first, so that a long test run never fills the registry."""
    ids = []
    for _ in range(MAX_RULES + 20):
        ids.append(faults.add(Rule(status=500, next=1)).id)
        assert pattern(faults, 2) == "x."
    assert [rule.id for rule in faults.all()] == ids[:19:-1]
