"""The ledger: entries whose sum is the balance."""

from datetime import UTC, datetime, timedelta

import pytest

from mockserver.billing.ledger import Entry, EntryType, Ledger, ReferenceType
from mockserver.billing.money import in_microcents

from .conftest import NOON


def write(
    ledger: Ledger,
    amount_cents: int,
    type: EntryType = "deposit",
    reference_type: ReferenceType = "deposit",
    now: datetime = NOON,
) -> Entry:
    """Write an entry; its description numbers it."""
    return ledger.append(
        id=f"id-{len(ledger.entries)}",
        type=type,
        amount=in_microcents(amount_cents),
        reference_type=reference_type,
        reference_id=None,
        description=str(len(ledger.entries)),
        now=now,
    )


@pytest.fixture
def story() -> Ledger:
    """One entry of every type: 100 + 50 + 10 - 30 + 5 + 20 dollars."""
    ledger = Ledger()
    write(ledger, 10_000, "deposit", "deposit")
    write(ledger, 5_000, "auto_recharge", "auto_recharge")
    write(ledger, 1_000, "bonus", "promo")
    write(ledger, -3_000, "usage", "scrape")
    write(ledger, 500, "refund", "refund")
    write(ledger, 2_000, "subscription", "subscription")
    return ledger


def test_an_empty_ledger_has_no_money() -> None:
    """The balance of an empty ledger is zero."""
    ledger = Ledger()
    assert (ledger.balance, ledger.deposited_cents, ledger.spent_cents) == (0, 0, 0)


def test_the_balance_is_the_sum_of_the_entries(story: Ledger) -> None:
    """The balance is the sum of the entries."""
    assert (
        story.balance
        == sum(entry.amount_microcents for entry in story.entries)
        == in_microcents(15_500)
    )


def test_each_entry_knows_the_balance_after_it(story: Ledger) -> None:
    """balance_after is the sum of the entries up to and including this one."""
    cents = [entry.balance_after_microcents // in_microcents(1) for entry in story.entries]
    assert cents == [10_000, 15_000, 16_000, 13_000, 13_500, 15_500]


def test_deposited_is_deposits_and_auto_recharges(story: Ledger) -> None:
    """Bonuses, refunds and a plan's credits do not count as deposited."""
    assert story.deposited_cents == 15_000


def test_spent_is_usage_less_refunds(story: Ledger) -> None:
    """total_spent_cents is usage less refunds."""
    assert story.spent_cents == 2_500


def test_spent_counts_whole_cents_only() -> None:
    """total_spent_cents is rounded down to whole cents."""
    ledger = Ledger()
    ledger.append(
        id="1",
        type="usage",
        amount=-1_999_999,
        reference_type="scrape",
        reference_id=None,
        description="",
        now=NOON,
    )
    assert ledger.spent_cents == 1


def test_an_entry_cannot_be_changed(story: Ledger) -> None:
    """Entries are immutable."""
    with pytest.raises(AttributeError, match="immutable"):
        story.entries[0].amount_microcents = 1  # type: ignore[misc]


def test_a_ledger_that_is_read_back_has_the_same_totals(story: Ledger) -> None:
    """Running totals are derived from the entries."""
    again = Ledger(list(story.entries))
    assert (again.balance, again.deposited_cents, again.spent_cents) == (
        15_500_000_000,
        15_000,
        2_500,
    )
    assert again.bought_in_month((2026, 3)) == story.bought_in_month((2026, 3))
    page = story.page(limit=9, offset=0, reference_type="promo")
    assert page.total == 1
    assert again.page(limit=9, offset=0, reference_type="promo") == page


def test_entries_are_listed_newest_first(story: Ledger) -> None:
    """Of equal timestamps, the entry written last comes first."""
    page = story.page(limit=100, offset=0)
    assert [entry.description for entry in page.items] == ["5", "4", "3", "2", "1", "0"]


def test_a_filter_counts_its_own_matches(story: Ledger) -> None:
    """``total`` counts the matches of the filter, not all entries."""
    write(story, -100, "usage", "crawl")
    write(story, -100, "usage", "scrape")
    page = story.page(limit=1, offset=0, reference_type="scrape")
    assert ([entry.description for entry in page.items], page.total, page.has_more) == (
        ["7"],
        2,
        True,
    )
    last = story.page(limit=1, offset=1, reference_type="scrape")
    assert ([entry.description for entry in last.items], last.has_more) == (["3"], False)


def test_a_filter_without_matches_is_an_empty_page(story: Ledger) -> None:
    """A filter without matches gives an empty page."""
    page = story.page(limit=10, offset=0, reference_type="signup")
    assert (list(page.items), page.total, page.has_more) == ([], 0, False)


def test_a_month_bought_its_opening_balance_and_its_deposits() -> None:
    """A month buys its opening balance plus its deposits, recharges and bonuses."""
    ledger = Ledger()
    write(ledger, 10_000, now=datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC))
    write(ledger, -4_000, "usage", "scrape", now=datetime(2026, 2, 28, 23, 59, 59, tzinfo=UTC))
    write(ledger, -1_000, "usage", "scrape", now=datetime(2026, 3, 1, tzinfo=UTC))
    write(ledger, 2_000, now=NOON)
    write(ledger, 300, "bonus", "promo", now=NOON)
    write(ledger, 50, "refund", "refund", now=NOON)
    assert ledger.bought_in_month((2026, 2)) == in_microcents(10_000)
    assert ledger.bought_in_month((2026, 3)) == in_microcents(6_000 + 2_000 + 300)


def test_a_month_without_entries_opens_with_the_balance() -> None:
    """A month without entries opens with the current balance."""
    ledger = Ledger()
    write(ledger, 10_000, now=NOON)
    assert ledger.bought_in_month((2026, 4)) == in_microcents(10_000)
    write(ledger, -10_000, "usage", "scrape", now=NOON + timedelta(days=30))
    assert ledger.bought_in_month((2026, 4)) == in_microcents(10_000)
