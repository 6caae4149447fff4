"""The model of an account: what it predicts, and what contradicts it."""

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
    """Return the two cards of the contract's example: Mastercard, added last, and Visa."""
    body = example(CARDS)
    body["payment_methods"] = [card for card in body["payment_methods"] if card["id"] != without]
    for card in body["payment_methods"]:
        card["is_default"] = card["id"] == default
    body["default_method_id"] = default if body["payment_methods"] else None
    return body


def test_consistent_changes_have_no_finding(harness: JudgeHarness) -> None:
    """Readings show a card that is added, made the default and removed."""
    harness.respond(CARDS, cards(without=MASTERCARD))
    harness.respond("add_payment_method")
    harness.respond(CARDS, cards())
    harness.respond("set_default_payment_method", path={"payment_method_id": MASTERCARD})
    harness.respond(CARDS, cards(default=MASTERCARD))
    harness.respond("remove_payment_method", path={"payment_method_id": "pm_card_mastercard"})
    harness.respond(CARDS, cards(without=MASTERCARD))
    assert harness.found == []


@pytest.mark.parametrize(
    ("operation", "after", "rule"),
    [
        ("add_payment_method", cards(without=MASTERCARD), "lost"),
        ("set_default_payment_method", cards(), "changed"),
    ],
)
def test_an_acknowledged_change_must_be_listed(
    harness: JudgeHarness, operation: str, after: Any, rule: str
) -> None:
    """A list without the added card or the chosen default is a contradiction."""
    harness.respond(
        CARDS, cards(without=MASTERCARD) if operation == "add_payment_method" else cards()
    )
    harness.respond(operation, path={"payment_method_id": MASTERCARD})
    harness.respond(CARDS, after)
    assert ("state", rule) in harness.reported


def test_a_removed_card_is_gone(harness: JudgeHarness) -> None:
    """It is not listed, and removing it again is 404."""
    harness.respond(CARDS, cards())
    harness.respond("remove_payment_method", path={"payment_method_id": MASTERCARD})
    harness.respond("remove_payment_method", path={"payment_method_id": MASTERCARD})
    harness.respond(CARDS, cards())
    assert {("state", "status")} <= harness.reported


def test_cards_of_one_moment_keep_their_order(harness: JudgeHarness) -> None:
    """Equal times say nothing of the order, but a card that is added is listed first."""
    listed = cards()
    for card in listed["payment_methods"]:
        card["created_at"] = listed["payment_methods"][0]["created_at"]
    newest, oldest = listed["payment_methods"]
    harness.respond(CARDS, {**listed, "payment_methods": [oldest]})
    harness.respond("add_payment_method", newest)
    harness.respond(CARDS, {**listed, "payment_methods": [oldest, newest]})
    assert harness.reported == {("order", "newest_first")}


def test_the_oldest_card_replaces_a_removed_default(harness: JudgeHarness) -> None:
    """When the default is removed, the oldest remaining card is the default."""
    harness.respond(CARDS, cards(default=MASTERCARD))
    harness.respond("remove_payment_method", path={"payment_method_id": MASTERCARD})
    left = cards(without=MASTERCARD)
    left["payment_methods"][0]["is_default"] = False
    left["default_method_id"] = None
    harness.respond(CARDS, left)
    assert ("state", "replaced") in harness.reported


@pytest.mark.parametrize(
    ("operation", "status", "path"),
    [
        ("remove_payment_method", 200, "pm_card_unknown"),
        ("remove_payment_method", 404, MASTERCARD),
        ("set_default_payment_method", 404, "pm_card_visa"),
    ],
)
def test_the_status_follows_from_the_known_cards(
    harness: JudgeHarness, operation: str, status: int, path: str
) -> None:
    """A known card is found, and an unknown one is 404."""
    harness.respond(CARDS, cards())
    harness.respond(RECHARGE, example(RECHARGE, name="never_configured"))
    harness.respond(operation, status=status, path={"payment_method_id": path})
    assert ("state", "status") in harness.reported


def test_the_same_card_twice_is_a_conflict(harness: JudgeHarness) -> None:
    """A card that the account has already is not accepted."""
    harness.respond(CARDS, cards())
    harness.respond("add_payment_method")
    assert ("state", "status") in harness.reported


@pytest.mark.parametrize(
    ("read", "write"), [(RECHARGE, "update_auto_recharge"), (ALERTS, "update_usage_alerts")]
)
def test_settings_are_read_as_they_were_written(
    harness: JudgeHarness, read: str, write: str
) -> None:
    """Every field is compared."""
    harness.respond(write)
    written = example(write)
    harness.respond(read, written)
    assert harness.found == []
    for name in ("enabled", "updated_at"):
        another = JudgeHarness()
        another.respond(write)
        another.respond(read, {**written, name: False if name == "enabled" else None})
        assert ("state", "stored") in another.reported, name


def test_disabling_keeps_the_other_settings(harness: JudgeHarness) -> None:
    """Threshold, amount, card and consent do not change."""
    before = example(RECHARGE)
    harness.respond(RECHARGE, before)
    harness.respond("disable_auto_recharge")
    harness.respond(RECHARGE, {**before, "enabled": False, "consent_source": None})
    assert ("state", "stored") in harness.reported


@pytest.mark.parametrize("change", ["refusal", "read", "unrelated"])
def test_views_change_only_by_related_changes(harness: JudgeHarness, change: str) -> None:
    """A refusal, a read or an unrelated change leaves a view as it was."""
    balance = example("get_balance")
    harness.respond("get_balance", balance)
    if change == "refusal":
        harness.respond("change_plan", status=402)
    elif change == "read":
        harness.respond(CARDS, cards())
    else:
        harness.respond("update_usage_alerts")
    poorer = {**balance, "balance_microcents": 5_433_000_000, "balance_display": "$54.33"}
    harness.respond("get_balance", poorer)
    assert ("state", "unchanged") in harness.reported


def test_an_expected_change_is_no_contradiction(harness: JudgeHarness) -> None:
    """A plan change may change the balance."""
    balance = example("get_balance")
    harness.respond("get_balance", balance)
    harness.respond("change_plan", sent={"price_id": "price_scale_monthly"})
    richer = {**balance, "balance_microcents": 5_534_000_000, "balance_display": "$55.34"}
    harness.respond("get_balance", richer, headers={"X-AlterLab-Balance": "$55.34"})
    assert harness.found == []


def test_a_reading_during_a_change_proves_nothing(harness: JudgeHarness) -> None:
    """It may show the state before or after the change."""
    harness.respond(CARDS, cards())
    harness.respond("remove_payment_method", path={"payment_method_id": MASTERCARD})
    tracker = harness.judge.tracker("api-key")
    assert tracker.last_change is not None
    tracker.last_change = tracker.last_change.replace(year=2030)
    harness.respond(CARDS, cards())
    assert harness.found == []


def test_entries_are_never_rewritten(harness: JudgeHarness) -> None:
    """An entry of the audit log must not change."""
    log = example("list_audit_log")
    harness.respond("list_audit_log", log)
    harness.respond("update_usage_alerts")
    log["entries"][2]["actor"] = "system"
    log["total"], log["has_more"] = 7, True
    harness.respond("list_audit_log", log, query="?limit=6")
    assert ("state", "rewritten") in harness.reported


def test_changes_are_in_the_audit_log(harness: JudgeHarness) -> None:
    """A successful change must add an entry."""
    harness.respond("list_audit_log")
    harness.respond("update_usage_alerts")
    harness.respond("list_audit_log")
    assert ("audit", "missing") in harness.reported


def test_wrong_codes_cost_attempts_and_the_right_code_works_once(
    harness: JudgeHarness,
) -> None:
    """Attempts decrease by one, and a confirmed challenge is used."""
    wrong = example("confirm_verification", name="wrong_code")
    harness.respond("initiate_verification")
    harness.respond("confirm_verification", wrong)
    assert harness.found == []
    harness.respond("confirm_verification", wrong)
    assert ("state", "attempts") in harness.reported
    harness.respond(
        "confirm_verification", {**example("confirm_verification"), "remaining_attempts": 3}
    )
    harness.respond(
        "confirm_verification", {**example("confirm_verification"), "remaining_attempts": 3}
    )
    assert ("state", "closed") in harness.reported


def test_an_attempt_that_is_not_counted_fails_the_run(harness: JudgeHarness) -> None:
    """The deployment shows the same number after another wrong code; five are only assumed."""
    harness.respond("initiate_verification")
    wrong = {**example("confirm_verification", name="wrong_code"), "remaining_attempts": 2}
    harness.respond("confirm_verification", wrong)
    assert [finding.grade() for finding in harness.found] == ["difference"]
    harness.respond("confirm_verification", wrong)
    assert [finding.grade() for finding in harness.found] == ["failure"]


def test_ids_are_unique(harness: JudgeHarness) -> None:
    """Two deposits must not share a session id."""
    harness.respond("create_deposit")
    harness.respond("create_deposit")
    assert ("state", "unique") in harness.reported


def test_accounts_are_kept_apart(harness: JudgeHarness) -> None:
    """A change of one account is not expected of another, and ids are not shared."""
    harness.respond(CARDS, cards(without=MASTERCARD))
    harness.respond("get_balance", account="other-key")
    assert harness.found == []
    harness.respond(CARDS, cards(without=MASTERCARD), account="other-key")
    assert ("tenant", "isolation") in harness.reported
    assert (
        next(finding for finding in harness.found if finding.kind == "tenant").grade() == "failure"
    )


def test_views_of_one_account_agree(harness: JudgeHarness) -> None:
    """The balance is that of the newest ledger entry."""
    ledger = example("list_credit_transactions")
    harness.respond("list_credit_transactions", ledger)
    balance = example("get_balance")
    left = ledger["transactions"][0]["balance_after_microcents"]
    harness.respond("get_balance", {**balance, "balance_microcents": left + 1_000_000})
    assert ("money", "ledger") in harness.reported


def test_a_finding_lists_the_steps_before_it(harness: JudgeHarness) -> None:
    """A finding about state names the changes before it."""
    harness.respond(CARDS, cards(without=MASTERCARD))
    harness.respond("add_payment_method")
    harness.respond(CARDS, cards(without=MASTERCARD))
    finding = next(finding for finding in harness.found if finding.keyword == "lost")
    assert [step.method for step in finding.steps] == ["POST"]
    assert finding.operation == CARDS


@pytest.mark.parametrize(("tier", "is_reported"), [("enterprise", False), ("free", True)])
def test_the_agreed_tier_fits_any_balance(
    harness: JudgeHarness, tier: str, is_reported: bool
) -> None:
    """Every other tier follows from the balance."""
    headers = {"X-RateLimit-Limit": "100"}
    harness.respond("get_balance", {**example("get_balance"), "tier": tier}, headers=headers)
    assert (("money", "tier") in harness.reported) == is_reported
