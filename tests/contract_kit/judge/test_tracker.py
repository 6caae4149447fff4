"""What is known of an account over time, and what contradicts it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract_kit.exchanges import Bench, example

CARDS, RECHARGE, ALERTS = "list_payment_methods", "get_auto_recharge", "get_usage_alerts"
MASTERCARD, VISA = "d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70", "c0a1f2e4-6b3d-4c58-8e97-1a2b3c4d5e6f"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def cards(*, default: str = VISA, without: str = "") -> Any:
    """The two cards of the contract's example: Mastercard, added last, and Visa."""
    body = example(CARDS)
    body["payment_methods"] = [each for each in body["payment_methods"] if each["id"] != without]
    for each in body["payment_methods"]:
        each["is_default"] = each["id"] == default
    body["default_method_id"] = default if body["payment_methods"] else None
    return body


def test_a_story_without_contradictions_is_left_alone(bench: Bench) -> None:
    """Add, make it the default, remove: each reading shows it, and nothing is told."""
    bench.answers(CARDS, cards(without=MASTERCARD))
    bench.answers("add_payment_method")
    bench.answers(CARDS, cards())
    bench.answers("set_default_payment_method", path={"payment_method_id": MASTERCARD})
    bench.answers(CARDS, cards(default=MASTERCARD))
    bench.answers("remove_payment_method", path={"payment_method_id": "pm_card_mastercard"})
    bench.answers(CARDS, cards(without=MASTERCARD))
    assert bench.found == []


@pytest.mark.parametrize(
    ("operation", "after", "rule"),
    [
        ("add_payment_method", cards(without=MASTERCARD), "lost"),
        ("set_default_payment_method", cards(), "changed"),
    ],
)
def test_what_was_acknowledged_is_there(
    bench: Bench, operation: str, after: Any, rule: str
) -> None:
    """A card that was added, a default that was set, and the list does not know of it."""
    bench.answers(
        CARDS, cards(without=MASTERCARD) if operation == "add_payment_method" else cards()
    )
    bench.answers(operation, path={"payment_method_id": MASTERCARD})
    bench.answers(CARDS, after)
    assert ("state", rule) in bench.told


def test_what_was_removed_is_gone(bench: Bench) -> None:
    """It is not listed, and asking for it again is 404."""
    bench.answers(CARDS, cards())
    bench.answers("remove_payment_method", path={"payment_method_id": MASTERCARD})
    bench.answers("remove_payment_method", path={"payment_method_id": MASTERCARD})
    bench.answers(CARDS, cards())
    assert {("state", "status")} <= bench.told


def test_a_removed_default_goes_to_the_oldest(bench: Bench) -> None:
    """When the default is removed, the oldest card that is left is the default."""
    bench.answers(CARDS, cards(default=MASTERCARD))
    bench.answers("remove_payment_method", path={"payment_method_id": MASTERCARD})
    left = cards(without=MASTERCARD)
    left["payment_methods"][0]["is_default"] = False
    left["default_method_id"] = None
    bench.answers(CARDS, left)
    assert ("state", "changed") in bench.told


@pytest.mark.parametrize(
    ("operation", "status", "path"),
    [
        ("remove_payment_method", 200, "pm_card_unknown"),
        ("remove_payment_method", 404, MASTERCARD),
        ("set_default_payment_method", 404, "pm_card_visa"),
    ],
)
def test_statuses_follow_from_what_is_known(
    bench: Bench, operation: str, status: int, path: str
) -> None:
    """A card that is there is found, one that is not is 404."""
    bench.answers(CARDS, cards())
    bench.answers(RECHARGE, example(RECHARGE, name="never_configured"))
    bench.answers(operation, status=status, path={"payment_method_id": path})
    assert ("state", "status") in bench.told


def test_the_same_card_twice_is_a_conflict(bench: Bench) -> None:
    """A card that is there already is not accepted."""
    bench.answers(CARDS, cards())
    bench.answers("add_payment_method")
    assert ("state", "status") in bench.told


@pytest.mark.parametrize(
    ("read", "write"), [(RECHARGE, "update_auto_recharge"), (ALERTS, "update_usage_alerts")]
)
def test_settings_are_read_as_they_were_written(bench: Bench, read: str, write: str) -> None:
    """Field by field."""
    bench.answers(write)
    written = example(write)
    bench.answers(read, written)
    assert bench.found == []
    for name in ("enabled", "updated_at"):
        another = Bench()
        another.answers(write)
        another.answers(read, {**written, name: False if name == "enabled" else None})
        assert ("state", "stored") in another.told, name


def test_disabling_keeps_the_other_settings(bench: Bench) -> None:
    """Threshold, amount, card and consent are as before."""
    before = example(RECHARGE)
    bench.answers(RECHARGE, before)
    bench.answers("disable_auto_recharge")
    bench.answers(RECHARGE, {**before, "enabled": False, "consent_source": None})
    assert ("state", "stored") in bench.told


@pytest.mark.parametrize("change", ["refusal", "read", "unrelated"])
def test_nothing_changes_by_itself(bench: Bench, change: str) -> None:
    """After a refusal, a read, or a change of something else, an account shows what it showed before."""
    balance = example("get_balance")
    bench.answers("get_balance", balance)
    if change == "refusal":
        bench.answers("change_plan", status=402)
    elif change == "read":
        bench.answers(CARDS, cards())
    else:
        bench.answers("update_usage_alerts")
    poorer = {**balance, "balance_microcents": 5_433_000_000, "balance_display": "$54.33"}
    bench.answers("get_balance", poorer)
    assert ("state", "unchanged") in bench.told


def test_what_may_change_is_no_contradiction(bench: Bench) -> None:
    """A plan that was changed may have moved the balance."""
    balance = example("get_balance")
    bench.answers("get_balance", balance)
    bench.answers("change_plan", sent={"price_id": "price_scale_monthly"})
    richer = {**balance, "balance_microcents": 5_534_000_000, "balance_display": "$55.34"}
    bench.answers("get_balance", richer, headers={"X-AlterLab-Balance": "$55.34"})
    assert bench.found == []


def test_a_reading_beside_a_change_says_nothing(bench: Bench) -> None:
    """An answer that was under way while something changed may be from before or after."""
    bench.answers(CARDS, cards())
    bench.answers("remove_payment_method", path={"payment_method_id": MASTERCARD})
    tracker = bench.judge.tracker("api-key")
    assert tracker.last_change is not None
    tracker.last_change = tracker.last_change.replace(year=2030)
    bench.answers(CARDS, cards())
    assert bench.found == []


def test_entries_are_never_rewritten(bench: Bench) -> None:
    """An entry of the audit log that says something else than before."""
    log = example("list_audit_log")
    bench.answers("list_audit_log", log)
    bench.answers("update_usage_alerts")
    log["entries"][2]["actor"] = "system"
    log["total"], log["has_more"] = 7, True
    bench.answers("list_audit_log", log, query="?limit=6")
    assert ("state", "rewritten") in bench.told


def test_changes_are_in_the_audit_log(bench: Bench) -> None:
    """A change that succeeded, and a log that has not grown."""
    bench.answers("list_audit_log")
    bench.answers("update_usage_alerts")
    bench.answers("list_audit_log")
    assert ("audit", "missing") in bench.told


def test_wrong_codes_cost_attempts_and_right_ones_are_good_once(bench: Bench) -> None:
    """Attempts go down by one; after a success the challenge is used."""
    wrong = example("confirm_verification", name="wrong_code")
    bench.answers("initiate_verification")
    bench.answers("confirm_verification", wrong)
    assert bench.found == []
    bench.answers("confirm_verification", wrong)
    assert ("state", "attempts") in bench.told
    bench.answers(
        "confirm_verification", {**example("confirm_verification"), "remaining_attempts": 3}
    )
    bench.answers(
        "confirm_verification", {**example("confirm_verification"), "remaining_attempts": 3}
    )
    assert ("state", "closed") in bench.told


def test_ids_are_given_out_once(bench: Bench) -> None:
    """Two deposits, one session id."""
    bench.answers("create_deposit")
    bench.answers("create_deposit")
    assert ("state", "unique") in bench.told


def test_accounts_are_told_apart(bench: Bench) -> None:
    """What one account changed is not expected of another; what belongs to one is not shown to another."""
    bench.answers(CARDS, cards(without=MASTERCARD))
    bench.answers("get_balance", account="other-key")
    assert bench.found == []
    bench.answers(CARDS, cards(without=MASTERCARD), account="other-key")
    assert ("tenant", "isolation") in bench.told
    assert (
        next(each for each in bench.found if each.kind == "tenant").grade(strict=False) == "failure"
    )


def test_views_of_one_account_agree(bench: Bench) -> None:
    """The balance is what the newest entry of the ledger left."""
    ledger = example("list_credit_transactions")
    bench.answers("list_credit_transactions", ledger)
    balance = example("get_balance")
    left = ledger["transactions"][0]["balance_after_microcents"]
    bench.answers("get_balance", {**balance, "balance_microcents": left + 1_000_000})
    assert ("money", "ledger") in bench.told


def test_the_steps_that_led_there_are_told(bench: Bench) -> None:
    """A finding about state names the changes before it."""
    bench.answers(CARDS, cards(without=MASTERCARD))
    bench.answers("add_payment_method")
    bench.answers(CARDS, cards(without=MASTERCARD))
    finding = next(each for each in bench.found if each.keyword == "lost")
    assert [step.method for step in finding.steps] == ["POST"]
    assert finding.operation == CARDS
