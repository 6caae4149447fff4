"""Which rules a request falls under, and what is counted."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.faults.latency import Latency
from mockserver.faults.registry import (
    MAX_RULES,
    Fault,
    FaultRegistry,
    TooManyFaults,
    UnknownFault,
    UnknownFaultSet,
)
from mockserver.faults.rule import Rule
from mockserver.faults.sets import FaultSet

MINE, OTHER = "sk_test_mine", "sk_test_other"
SETS = {
    "down": FaultSet("Down", "", [Rule(name="a", status=500), Rule(name="b", status=501)]),
    "slow": FaultSet("Slow", "", [Rule(name="c", latency=Latency(ms=100))]),
}


@pytest.fixture
def faults() -> FaultRegistry:
    return FaultRegistry(SETS, seed=1)


def hit(faults: FaultRegistry, operation: str = "get_balance", key: str = MINE) -> str | None:
    """The names of the rules that a request falls under."""
    injection = faults.match(operation, key)
    return injection.names if injection else None


def pattern(faults: FaultRegistry, count: int = 200, **request: Any) -> str:
    """Which of so many requests are hit."""
    return "".join("x" if hit(faults, **request) else "." for _ in range(count))


def counts(fault: Fault) -> tuple[int, int, int | None]:
    return fault.seen, fault.applied, fault.remaining


def test_without_rules_nothing_happens(faults: FaultRegistry) -> None:
    """And nothing is looked through."""
    assert faults.active == []
    assert faults.match("get_balance", MINE) is None


def test_a_rule_is_about_its_operations(faults: FaultRegistry) -> None:
    """One, several, or all when it names none."""
    several = faults.add(Rule(status=500, operations=["get_balance", "list_invoices"]))
    assert [
        bool(hit(faults, name)) for name in ("get_balance", "list_invoices", "create_deposit")
    ] == [1, 1, 0]
    assert counts(several) == (2, 2, None)
    faults.add(Rule(name="all", status=500))
    assert hit(faults, "create_deposit") == "all"


def test_a_rule_is_about_its_account(faults: FaultRegistry) -> None:
    """Others, and those who have no key that works, are left alone."""
    mine = faults.add(Rule(status=500), MINE)
    assert [bool(hit(faults, key=key)) for key in (MINE, OTHER, "")] == [True, False, False]
    assert counts(mine) == (1, 1, None)


def test_a_rule_for_all_is_also_about_those_without_a_key(faults: FaultRegistry) -> None:
    """An outage asks nobody who he is."""
    faults.add(Rule(status=500))
    assert hit(faults, key="")


def test_the_next_three_are_three(faults: FaultRegistry) -> None:
    """Then the rule is spent: it stays listed, and costs nothing."""
    fault = faults.add(Rule(status=500, next=3))
    assert pattern(faults, 5) == "xxx.."
    assert counts(fault) == (3, 3, 0)
    assert (faults.all(), faults.active) == ([fault], [])


def test_a_share_is_about_so_large(faults: FaultRegistry) -> None:
    """A quarter of many requests, and counted."""
    fault = faults.add(Rule(status=500, share=0.25))
    found = pattern(faults, 4_000).count("x")
    assert found == pytest.approx(1_000, abs=80)
    assert counts(fault) == (4_000, found, None)


def test_a_share_of_one_is_everything(faults: FaultRegistry) -> None:
    """No number that is drawn reaches 1."""
    faults.add(Rule(status=500, share=1.0))
    assert pattern(faults) == "x" * 200


def test_the_same_seed_and_requests_give_the_same_faults() -> None:
    """Another server, the same choice; another seed, another."""

    def run(seed: int, **rule: Any) -> str:
        faults = FaultRegistry({}, seed)
        faults.add(Rule(status=500, share=0.3, **rule))
        return pattern(faults)

    assert run(1) == run(1)
    assert len({run(1), run(2), run(1, name="other")}) == 3


def test_what_others_do_meanwhile_does_not_change_the_choice(faults: FaultRegistry) -> None:
    """Accounts and operations are counted apart: tests that run in parallel repeat."""
    faults.add(Rule(status=500, share=0.3))
    alone = FaultRegistry({}, seed=1)
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


def test_what_is_remembered_of_requests_is_bounded(faults: FaultRegistry) -> None:
    """The number of keys that a rule remembers is limited; recent keys keep their counts."""
    fault = faults.add(Rule(status=500, share=0.5))
    for number in range(10_100):
        hit(faults, key=f"sk_test_{number}")
    assert len(fault._counts) == 10_000
    expected = FaultRegistry({}, seed=1)
    expected.add(Rule(status=500, share=0.5))
    assert pattern(expected, 21, key="sk_test_10099")[1:] == pattern(
        faults, 20, key="sk_test_10099"
    )


def test_the_newest_rule_is_asked_first(faults: FaultRegistry) -> None:
    """What a test says last counts, whatever was on before; then the older one counts again."""
    old = faults.add(Rule(name="old", status=500))
    faults.add(Rule(name="new", status=402, next=1))
    assert [hit(faults), hit(faults)] == ["new", "old"]
    assert counts(old) == (1, 1, None)


def test_the_rules_of_a_set_are_asked_in_the_order_of_its_file(faults: FaultRegistry) -> None:
    """As one reads it."""
    first, second = faults.apply("down")
    assert hit(faults) == "a"
    assert (counts(first)[1], counts(second)[1]) == (1, 0)


def test_one_request_suffers_one_decision_and_all_latencies(faults: FaultRegistry) -> None:
    """Latencies add up; of those that decide about the answer the first that hits does."""
    faults.apply("down")
    faults.apply("slow")
    faults.add(Rule(name="slow-reset", connection="reset", latency=Latency(ms=50)))
    injection = faults.match("get_balance", MINE)
    assert injection is not None
    assert injection.rule is not None
    assert (injection.names, injection.seconds, injection.rule.connection) == (
        "slow-reset, c",
        0.15,
        "reset",
    )


def test_a_request_is_held_up_for_a_minute_at_most(faults: FaultRegistry) -> None:
    """However many rules want to."""
    for _ in range(3):
        faults.add(Rule(latency=Latency(ms=40_000)))
    injection = faults.match("get_balance", MINE)
    assert injection is not None
    assert injection.seconds == 60


def test_a_rule_is_removed_by_its_id(faults: FaultRegistry) -> None:
    """That one, and no other; a second time there is none."""
    gone, kept = faults.add(Rule(status=500)), faults.add(Rule(status=501))
    assert faults.remove(gone.id) is gone
    assert faults.all() == faults.active == [kept]
    with pytest.raises(UnknownFault, match=f"'{gone.id}'"):
        faults.remove(gone.id)


def test_rules_are_removed_by_account_and_set(faults: FaultRegistry) -> None:
    """Without a filter all are."""
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


def test_forgetting_an_account_removes_its_rules_and_its_counts(faults: FaultRegistry) -> None:
    """A test that resets its account meets the same faults again; nobody else notices."""
    shared = faults.add(Rule(status=500, share=0.3))
    faults.add(Rule(status=501, next=1_000), OTHER)
    first = pattern(faults)
    pattern(faults, 5, key=OTHER)
    faults.add(Rule(status=502), MINE)
    faults.reset_account(MINE)
    assert [rule.key for rule in faults.all()] == [OTHER, None]
    assert pattern(faults) == first
    assert {key for key, _ in shared._counts} == {MINE}


def test_applying_a_set_again_begins_anew(faults: FaultRegistry) -> None:
    """It replaces itself, for the same account; for another it stands beside."""
    faults.apply("slow")
    hit(faults)
    (again,) = faults.apply("slow")
    assert counts(again) == (0, 0, None)
    faults.apply("slow", MINE)
    assert [rule.key for rule in faults.all()] == [MINE, None]


def test_an_unknown_set_is_told_what_there_is(faults: FaultRegistry) -> None:
    """The names, so that one can choose; nothing is switched on."""
    with pytest.raises(UnknownFaultSet, match=r"'dwon'\. There are: down, slow\."):
        faults.apply("dwon")
    with pytest.raises(UnknownFaultSet):
        faults.start_with(["slow", "dwon"])
    assert faults.all() == []


def test_a_reset_goes_back_to_the_sets_of_the_start(faults: FaultRegistry) -> None:
    """The first that was named is asked first; ids and counts begin anew."""
    faults.start_with(["down", "slow"])
    before = [(rule.id, rule.rule.name) for rule in faults.all()]
    assert [name for _, name in before] == ["a", "b", "c"]
    hit(faults)
    faults.remove_all()
    faults.add(Rule(status=502))
    faults.reset()
    assert [(rule.id, rule.rule.name) for rule in faults.all()] == before
    assert {counts(rule) for rule in faults.active} == {(0, 0, None)}


def test_so_many_rules_are_kept_and_no_more(faults: FaultRegistry) -> None:
    """One too many is refused, as a set is of which not all rules find room; nothing changes."""
    for _ in range(MAX_RULES - 1):
        faults.add(Rule(status=500))
    with pytest.raises(TooManyFaults, match="There are 99 faults, and at most 100"):
        faults.apply("down")
    faults.add(Rule(status=500))
    with pytest.raises(TooManyFaults):
        faults.add(Rule(status=500))
    assert len(faults.all()) == MAX_RULES


def test_spent_rules_give_way(faults: FaultRegistry) -> None:
    """Spent rules are dropped, the oldest first, so one-time faults never fill the list."""
    ids = []
    for _ in range(MAX_RULES + 20):
        ids.append(faults.add(Rule(status=500, next=1)).id)
        assert pattern(faults, 2) == "x."
    assert [rule.id for rule in faults.all()] == ids[:19:-1]
