"""What is known of an account over time, and what contradicts it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract_kit.exchanges import JudgeHarness, example

CARDS, RECHARGE, ALERTS = "list_payment_methods", "get_auto_recharge", "get_usage_alerts"
MASTERCARD, VISA = "d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70", "c0a1f2e4-6b3d-4c58-8e97-1a2b3c4d5e6f"


@pytest.fixture
def harness() -> JudgeHarness:
    return JudgeHarness()


def cards(*, default: str = VISA, without: str = "") -> Any:
    """The two cards of the contract's example: Mastercard, added last, and Visa."""
    body = example(CARDS)
    body["payment_methods"] = [card for card in body["payment_methods"] if card["id"] != without]
    for card in body["payment_methods"]:
        card["is_default"] = card["id"] == default
    body["default_method_id"] = default if body["payment_methods"] else None
    return body


def test_a_story_without_contradictions_is_left_alone(harness: JudgeHarness) -> None:
    """Add, make it the default, remove: each reading shows it, and nothing is told."""
    harness.answers(CARDS, cards(without=MASTERCARD))
    harness.answers("add_payment_method")
    harness.answers(CARDS, cards())
    harness.answers("set_default_payment_method", path={"payment_method_id": MASTERCARD})
    harness.answers(CARDS, cards(default=MASTERCARD))
    harness.answers("remove_payment_method", path={"payment_method_id": "pm_card_mastercard"})
    harness.answers(CARDS, cards(without=MASTERCARD))
    assert harness.found == []


@pytest.mark.parametrize(
    ("operation", "after", "rule"),
    [
        ("add_payment_method", cards(without=MASTERCARD), "lost"),
        ("set_default_payment_method", cards(), "changed"),
    ],
)
def test_what_was_acknowledged_is_there(
    harness: JudgeHarness, operation: str, after: Any, rule: str
) -> None:
    """A card that was added, a default that was set, and the list does not know of it."""
    harness.answers(
        CARDS, cards(without=MASTERCARD) if operation == "add_payment_method" else cards()
    )
    harness.answers(operation, path={"payment_method_id": MASTERCARD})
    harness.answers(CARDS, after)
    assert ("state", rule) in harness.told


def test_what_was_removed_is_gone(harness: JudgeHarness) -> None:
    """It is not listed, and asking for it again is 404."""
    harness.answers(CARDS, cards())
    harness.answers("remove_payment_method", path={"payment_method_id": MASTERCARD})
    harness.answers("remove_payment_method", path={"payment_method_id": MASTERCARD})
    harness.answers(CARDS, cards())
    assert {("state", "status")} <= harness.told


def test_a_removed_default_goes_to_the_oldest(harness: JudgeHarness) -> None:
    """When the default is removed, the oldest card that is left is the default."""
    harness.answers(CARDS, cards(default=MASTERCARD))
    harness.answers("remove_payment_method", path={"payment_method_id": MASTERCARD})
    left = cards(without=MASTERCARD)
    left["payment_methods"][0]["is_default"] = False
    left["default_method_id"] = None
    harness.answers(CARDS, left)
    assert ("state", "changed") in harness.told


@pytest.mark.parametrize(
    ("operation", "status", "path"),
    [
        ("remove_payment_method", 200, "pm_card_unknown"),
        ("remove_payment_method", 404, MASTERCARD),
        ("set_default_payment_method", 404, "pm_card_visa"),
    ],
)
def test_statuses_follow_from_what_is_known(
    harness: JudgeHarness, operation: str, status: int, path: str
) -> None:
    """A card that is there is found, one that is not is 404."""
    harness.answers(CARDS, cards())
    harness.answers(RECHARGE, example(RECHARGE, name="never_configured"))
    harness.answers(operation, status=status, path={"payment_method_id": path})
    assert ("state", "status") in harness.told


def test_the_same_card_twice_is_a_conflict(harness: JudgeHarness) -> None:
    """A card that is there already is not accepted."""
    harness.answers(CARDS, cards())
    harness.answers("add_payment_method")
    assert ("state", "status") in harness.told


@pytest.mark.parametrize(
    ("read", "write"), [(RECHARGE, "update_auto_recharge"), (ALERTS, "update_usage_alerts")]
)
def test_settings_are_read_as_they_were_written(
    harness: JudgeHarness, read: str, write: str
) -> None:
    """Field by field."""
    harness.answers(write)
    written = example(write)
    harness.answers(read, written)
    assert harness.found == []
    for name in ("enabled", "updated_at"):
        another = JudgeHarness()
        another.answers(write)
        another.answers(read, {**written, name: False if name == "enabled" else None})
        assert ("state", "stored") in another.told, name


def test_disabling_keeps_the_other_settings(harness: JudgeHarness) -> None:
    """Threshold, amount, card and consent are as before."""
    before = example(RECHARGE)
    harness.answers(RECHARGE, before)
    harness.answers("disable_auto_recharge")
    harness.answers(RECHARGE, {**before, "enabled": False, "consent_source": None})
    assert ("state", "stored") in harness.told


@pytest.mark.parametrize("change", ["refusal", "read", "unrelated"])
def test_nothing_changes_by_itself(harness: JudgeHarness, change: str) -> None:
    """After a refusal, a read, or a change of something else, an account shows what it showed before."""
    balance = example("get_balance")
    harness.answers("get_balance", balance)
    if change == "refusal":
        harness.answers("change_plan", status=402)
    elif change == "read":
        harness.answers(CARDS, cards())
    else:
        harness.answers("update_usage_alerts")
    poorer = {**balance, "balance_microcents": 5_433_000_000, "balance_display": "$54.33"}
    harness.answers("get_balance", poorer)
    assert ("state", "unchanged") in harness.told


def test_what_may_change_is_no_contradiction(harness: JudgeHarness) -> None:
    """A plan that was changed may have moved the balance."""
    balance = example("get_balance")
    harness.answers("get_balance", balance)
    harness.answers("change_plan", sent={"price_id": "price_scale_monthly"})
    richer = {**balance, "balance_microcents": 5_534_000_000, "balance_display": "$55.34"}
    harness.answers("get_balance", richer, headers={"X-AlterLab-Balance": "$55.34"})
    assert harness.found == []


def test_a_reading_beside_a_change_says_nothing(harness: JudgeHarness) -> None:
    """An answer that was under way while something changed may be from before or after."""
    harness.answers(CARDS, cards())
    harness.answers("remove_payment_method", path={"payment_method_id": MASTERCARD})
    tracker = harness.judge.tracker("api-key")
    assert tracker.last_change is not None
    tracker.last_change = tracker.last_change.replace(year=2030)
    harness.answers(CARDS, cards())
    assert harness.found == []


def test_entries_are_never_rewritten(harness: JudgeHarness) -> None:
    """An entry of the audit log that says something else than before."""
    log = example("list_audit_log")
    harness.answers("list_audit_log", log)
    harness.answers("update_usage_alerts")
    log["entries"][2]["actor"] = "system"
    log["total"], log["has_more"] = 7, True
    harness.answers("list_audit_log", log, query="?limit=6")
    assert ("state", "rewritten") in harness.told


def test_changes_are_in_the_audit_log(harness: JudgeHarness) -> None:
    """A change that succeeded, and a log that has not grown."""
    harness.answers("list_audit_log")
    harness.answers("update_usage_alerts")
    harness.answers("list_audit_log")
    assert ("audit", "missing") in harness.told


def test_wrong_codes_cost_attempts_and_right_ones_are_good_once(
    harness: JudgeHarness,
) -> None:
    """Attempts go down by one; after a success the challenge is used."""
    wrong = example("confirm_verification", name="wrong_code")
    harness.answers("initiate_verification")
    harness.answers("confirm_verification", wrong)
    assert harness.found == []
    harness.answers("confirm_verification", wrong)
    assert ("state", "attempts") in harness.told
    harness.answers(
        "confirm_verification", {**example("confirm_verification"), "remaining_attempts": 3}
    )
    harness.answers(
        "confirm_verification", {**example("confirm_verification"), "remaining_attempts": 3}
    )
    assert ("state", "closed") in harness.told


def test_ids_are_given_out_once(harness: JudgeHarness) -> None:
    """Two deposits, one session id."""
    harness.answers("create_deposit")
    harness.answers("create_deposit")
    assert ("state", "unique") in harness.told


def test_accounts_are_told_apart(harness: JudgeHarness) -> None:
    """What one account changed is not expected of another; what belongs to one is not shown to another."""
    harness.answers(CARDS, cards(without=MASTERCARD))
    harness.answers("get_balance", account="other-key")
    assert harness.found == []
    harness.answers(CARDS, cards(without=MASTERCARD), account="other-key")
    assert ("tenant", "isolation") in harness.told
    assert (
        next(finding for finding in harness.found if finding.kind == "tenant").grade(strict=False)
        == "failure"
    )


def test_views_of_one_account_agree(harness: JudgeHarness) -> None:
    """The balance is what the newest entry of the ledger left."""
    ledger = example("list_credit_transactions")
    harness.answers("list_credit_transactions", ledger)
    balance = example("get_balance")
    left = ledger["transactions"][0]["balance_after_microcents"]
    harness.answers("get_balance", {**balance, "balance_microcents": left + 1_000_000})
    assert ("money", "ledger") in harness.told


def test_the_steps_that_led_there_are_told(harness: JudgeHarness) -> None:
    """A finding about state names the changes before it."""
    harness.answers(CARDS, cards(without=MASTERCARD))
    harness.answers("add_payment_method")
    harness.answers(CARDS, cards(without=MASTERCARD))
    finding = next(finding for finding in harness.found if finding.keyword == "lost")
    assert [step.method for step in finding.steps] == ["POST"]
    assert finding.operation == CARDS
