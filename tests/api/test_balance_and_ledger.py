"""The balance and the ledger behind it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.account import CREDIT, DOLLAR, Account, Accounts


def every_transaction(account: Account, limit: int, **filters: str) -> list[dict[str, Any]]:
    """Return the entries of all pages, and check ``has_more`` on each page."""
    found: list[dict[str, Any]] = []
    for _ in range(1_000):
        page = account.get("credit-transactions", limit=limit, offset=len(found), **filters)
        found += page["transactions"]
        assert page["has_more"] == (len(found) < page["total"])
        if not page["has_more"]:
            assert len(found) == page["total"]
            return found
    raise AssertionError("The pages do not end.")


def test_the_balance_of_a_newcomer_is_the_bonus(newcomer: Account) -> None:
    """A new account has a bonus of one dollar, no deposits, no usage and the lowest tier."""
    balance = newcomer.get("balance")
    assert balance["balance_microcents"] == DOLLAR
    assert balance["balance_display"] == "$1.00"
    assert (balance["total_deposited_cents"], balance["total_spent_cents"]) == (0, 0)
    assert balance["tier"] == "free"
    assert balance["auto_recharge"] == {
        "enabled": False,
        "threshold_microcents": 500_000_000,
        "threshold_display": "$5.00",
        "recharge_amount_cents": 5_000,
        "recharge_amount_display": "$50.00",
    }


def test_the_balance_is_the_sum_of_the_ledger(account: Account) -> None:
    """Every entry has the balance after it, and the sum of all entries is the balance."""
    account.deposit(5_000)
    account.use("ocr", 7)
    running = 0
    for entry in reversed(every_transaction(account, 100)):
        running += entry["amount_microcents"]
        assert entry["balance_after_microcents"] == running
    assert running == account.balance


def test_totals_are_what_was_paid_in_and_used(account: Account) -> None:
    """Deposits and recharges count as deposited, bonuses do not; usage minus refunds is spent."""
    entries = every_transaction(account, 100)
    paid_in = sum(
        entry["amount_microcents"]
        for entry in entries
        if entry["type"] in ("deposit", "auto_recharge")
    )
    spent = -sum(
        entry["amount_microcents"] for entry in entries if entry["type"] in ("usage", "refund")
    )
    assert {"bonus", "refund", "usage", "deposit"} <= {entry["type"] for entry in entries}
    balance = account.get("balance")
    assert balance["total_deposited_cents"] * 1_000_000 == paid_in
    assert balance["total_spent_cents"] == spent // 1_000_000


@pytest.mark.parametrize(
    ("deposit_cents", "use_credits", "tier"),
    [
        (0, 0, "free"),
        (1_000, 0, "basic"),
        (4_899, 0, "basic"),
        (4_900, 0, "growth"),
        (19_900, 0, "scale"),
        (49_900, 0, "high_volume"),
        (49_900, 1, "scale"),
        (4_900, 1, "basic"),
        (1_000, 30_001, "free"),
    ],
)
def test_the_tier_follows_the_balance(
    newcomer: Account, deposit_cents: int, use_credits: int, tier: str
) -> None:
    """Tiers start at $0 (free), $5 (basic), $50 (growth), $200 (scale) and $500 (high volume)."""
    if deposit_cents:
        newcomer.deposit(deposit_cents)
    if use_credits:
        newcomer.use("light", use_credits)
    assert newcomer.get("balance")["tier"] == tier


def test_displays_round_down(newcomer: Account) -> None:
    """Displays round down, and have four decimals below a cent."""
    newcomer.leave(2 * 1_000_000 - CREDIT)
    assert newcomer.get("balance")["balance_display"] == "$0.01"
    newcomer.leave(42 * CREDIT // 2)
    assert newcomer.get("balance")["balance_display"] == "$0.0042"
    charge = newcomer.get("credit-transactions", limit=1)["transactions"][0]
    assert charge["amount_microcents"] == -78 * CREDIT
    assert charge["amount_display"] == "-$0.02"


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_the_pages_of_the_ledger_are_complete(account: Account, limit: int) -> None:
    """Together, pages of any size have every entry once, newest first."""
    entries = every_transaction(account, limit)
    ids = [entry["id"] for entry in entries]
    assert len(set(ids)) == len(ids)
    assert ids == [entry["id"] for entry in reversed(account.state()["ledger"]["entries"])]
    moments = [entry["created_at"] for entry in entries]
    assert moments == sorted(moments, reverse=True)


def test_entries_of_one_moment_keep_their_order(newcomer: Account) -> None:
    """While the clock is frozen, the last charge is the first on the page."""
    for requests in range(1, 6):
        newcomer.use("light", requests)
    page = newcomer.get("credit-transactions", limit=5)["transactions"]
    assert [-entry["amount_microcents"] // CREDIT for entry in page] == [5, 4, 3, 2, 1]
    assert len({entry["created_at"] for entry in page}) == 1


@pytest.mark.parametrize(
    "reference_type", ["deposit", "promo", "signup", "scrape", "crawl", "refund"]
)
def test_the_ledger_can_be_filtered(account: Account, reference_type: str) -> None:
    """A filtered page has only entries of that type, and its total counts only those."""
    wanted = [
        entry["id"]
        for entry in every_transaction(account, 100)
        if entry["reference_type"] == reference_type
    ]
    assert wanted
    found = every_transaction(account, 10, reference_type=reference_type)
    assert [entry["id"] for entry in found] == wanted


@pytest.mark.parametrize("reference_type", ["no_such_type", "", "deposit' OR 1=1"])
def test_an_unknown_filter_finds_nothing(account: Account, reference_type: str) -> None:
    """An unknown reference type gives an empty list and no error."""
    page = account.get("credit-transactions", reference_type=reference_type)
    assert page == {"transactions": [], "total": 0, "has_more": False}


def test_a_page_has_twenty_entries_by_default(account: Account) -> None:
    """The documented default is 20."""
    assert account.get("credit-transactions") == account.get(
        "credit-transactions", limit=20, offset=0
    )
    assert len(account.get("credit-transactions")["transactions"]) == 20


def test_a_page_past_the_end_is_empty(account: Account) -> None:
    """The total is still shown, and ``has_more`` is false."""
    total = account.get("credit-transactions")["total"]
    for offset in (total, total + 1, 10**9):
        page = account.get("credit-transactions", offset=offset)
        assert page == {"transactions": [], "total": total, "has_more": False}


@pytest.mark.parametrize("requests", [1, 1_000])
@pytest.mark.parametrize(
    ("type", "credits"), [("light", 1), ("js", 5), ("pdf", 3), ("ocr", 6), ("crawl", 1)]
)
def test_usage_debits_the_ledger(account: Account, type: str, credits: int, requests: int) -> None:
    """Each charge writes one entry, at the price of its type, that references the event."""
    before = account.balance
    event = account.use(type, requests)
    entry = account.get("credit-transactions", limit=1)["transactions"][0]
    assert entry["type"] == "usage"
    assert entry["amount_microcents"] == -requests * credits * CREDIT
    assert entry["reference_type"] == ("crawl" if type == "crawl" else "scrape")
    assert entry["reference_id"] == event["id"]
    assert account.balance == before - requests * credits * CREDIT


def test_a_charge_that_is_not_covered_is_refused_as_a_whole(newcomer: Account) -> None:
    """A dollar buys 5,000 credits: 5,001 are refused with 402, and the dollar stays."""
    before = newcomer.state()
    response = newcomer.client.post("/_mock/usage", json={"type": "light", "requests": 5_001})
    assert response.status_code == 402
    assert newcomer.state() == before
    newcomer.use("light", 5_000)
    assert newcomer.balance == 0


def test_two_accounts_share_nothing(accounts: Accounts) -> None:
    """A deposit with one key is not visible with another."""
    before = accounts("somebody_else").state()
    accounts("somebody").deposit(10_000)
    assert accounts("somebody_else").state() == before


def test_every_unknown_test_key_is_an_account_of_its_own(accounts: Accounts) -> None:
    """It starts as a copy of the default persona, with the same money and its own ids."""
    one, other, default = (accounts(name).state() for name in ("one", "other", "default"))
    assert len({one["id"], other["id"], default["id"]}) == 3
    assert not {entry["id"] for entry in one["ledger"]["entries"]} & {
        entry["id"] for entry in other["ledger"]["entries"]
    }
    assert one["wallet"]["cards"][0]["stripe_id"] == default["wallet"]["cards"][0]["stripe_id"]
    assert [entry["type"] for entry in one["ledger"]["entries"]].count("deposit") == 2
