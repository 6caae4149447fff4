"""Usage: events debit the ledger, and views are sums of the same events."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mockserver.billing import money, subscription, usage
from mockserver.billing.context import Context
from mockserver.billing.errors import InsufficientBalance
from mockserver.billing.usage_log import CREDITS_PER_REQUEST, Tally, UsageLog, UsageType

from .conftest import NOON, at, credit, deposit, fresh, later, refused

MIDNIGHT = datetime(2026, 3, 18, tzinfo=UTC)


@pytest.mark.parametrize("type", CREDITS_PER_REQUEST)
def test_a_request_costs_its_credits(context: Context, type: UsageType) -> None:
    """An event debits the ledger by its credits, in one entry that refers to it."""
    credit(context, 1_000)
    event = usage.record(context, type, 7)
    entry = context.account.ledger.entries[-1]
    assert (event.type, event.requests, event.created_at) == (type, 7, NOON)
    assert event.credits == 7 * CREDITS_PER_REQUEST[type]
    assert (entry.type, entry.reference_id) == ("usage", event.id)
    assert entry.amount_microcents == -event.credits * money.MICROCENTS_PER_CREDIT
    assert entry.reference_type == ("crawl" if type == "crawl" else "scrape")


def test_the_whole_balance_can_be_spent(context: Context) -> None:
    """A charge that uses up the balance exactly succeeds."""
    credit(context, 10)
    usage.record(context, "js", 2)
    assert context.account.ledger.balance == 0


def test_a_charge_beyond_the_balance_is_refused_as_a_whole(context: Context) -> None:
    """A charge beyond the balance is a 402 that says how much is missing."""
    credit(context, 9)
    with refused(context, InsufficientBalance) as caught:
        usage.record(context, "js", 2)
    assert (caught.value.required_microcents, caught.value.balance_microcents) == (200_000, 180_000)
    assert "$0.0020" in str(caught.value)
    assert "$0.0018" in str(caught.value)
    assert "deposit" in str(caught.value)


def test_an_empty_balance_refuses_everything(context: Context) -> None:
    """An empty balance covers no usage."""
    with refused(context, InsufficientBalance):
        usage.record(context, "light", 1)


def test_a_view_without_usage_is_all_zeros(context: Context) -> None:
    """Every type is listed, even without usage."""
    tally = usage.month_to_date(context)
    assert tally == Tally()
    assert set(tally.requests) == set(tally.credits) == set(CREDITS_PER_REQUEST)
    assert (tally.total_requests, tally.total_credits) == (0, 0)


def test_the_breakdown_adds_up_by_type(context: Context) -> None:
    """Requests and credits of all types add up to the totals."""
    credit(context, 1_000)
    recorded: list[tuple[UsageType, int]] = [("light", 10), ("js", 2), ("light", 5), ("ocr", 1)]
    for type, requests in recorded:
        usage.record(context, type, requests)
    tally = usage.month_to_date(context)
    assert tally.requests == {"light": 15, "js": 2, "pdf": 0, "ocr": 1, "crawl": 0}
    assert tally.credits == {"light": 15, "js": 10, "pdf": 0, "ocr": 6, "crawl": 0}
    assert (tally.total_requests, tally.total_credits) == (18, 31)


def used_at(*moments: datetime) -> Context:
    """Return a context at the last of several moments, with one credit used at each."""
    context = fresh(now=min(moments) - timedelta(days=1))
    credit(context, 1_000)
    for moment in moments:
        context = at(context, moment)
        usage.record(context, "light", 1)
    return context


def test_days_are_utc() -> None:
    """A day ends at 24:00 UTC."""
    context = used_at(MIDNIGHT - timedelta(milliseconds=1), MIDNIGHT)
    assert [(day, tally.total_credits) for day, tally in usage.chart(context, 2)] == [
        (date(2026, 3, 17), 1),
        (date(2026, 3, 18), 1),
    ]


def test_weeks_begin_on_monday() -> None:
    """The last moment of Sunday belongs to the week before."""
    monday = datetime(2026, 3, 16, tzinfo=UTC)
    context = used_at(monday - timedelta(milliseconds=1), monday, NOON)
    assert usage.week_to_date(context).total_credits == 2
    assert usage.week_to_date(context.at(monday)).total_credits == 1
    assert usage.week_to_date(context.at(monday + timedelta(days=7))).total_credits == 0


def test_months_are_utc() -> None:
    """The last moment of a month does not belong to the next."""
    first = datetime(2026, 3, 1, tzinfo=UTC)
    context = used_at(first - timedelta(milliseconds=1), first, NOON)
    assert usage.month_to_date(context).total_credits == 2
    assert usage.project(context).credits_used == 2


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [
        (NOON, datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),
        (
            datetime(2026, 12, 31, 23, 59, tzinfo=UTC),
            datetime(2026, 12, 1, tzinfo=UTC),
            datetime(2027, 1, 1, tzinfo=UTC),
        ),
        (
            datetime(2028, 2, 29, tzinfo=UTC),
            datetime(2028, 2, 1, tzinfo=UTC),
            datetime(2028, 3, 1, tzinfo=UTC),
        ),
        (
            datetime(2026, 1, 31, tzinfo=UTC),
            datetime(2026, 1, 1, tzinfo=UTC),
            datetime(2026, 2, 1, tzinfo=UTC),
        ),
    ],
)
def test_a_month_is_from_the_first_to_the_first(
    now: datetime, start: datetime, end: datetime
) -> None:
    """Months are UTC and have their own length."""
    assert usage.month_of(now) == (start, end)


@pytest.mark.parametrize("days", [1, 2, 7, 30, 365])
def test_a_chart_has_a_point_for_each_day(context: Context, days: int) -> None:
    """A chart is oldest first and includes today and days without usage."""
    points = usage.chart(context, days)
    assert [day for day, _ in points] == [
        date(2026, 3, 18) - timedelta(days=back) for back in range(days - 1, -1, -1)
    ]


def test_reading_a_view_cannot_change_it(context: Context) -> None:
    """Changing the tally of several days does not change the log."""
    credit(context, 100)
    usage.record(context, "light", 3)
    usage.month_to_date(context).add("light", 100, 100)
    assert usage.month_to_date(context).total_credits == 3


def test_a_log_that_is_read_back_has_the_same_views() -> None:
    """Tallies are derived from the events."""
    context = used_at(MIDNIGHT - timedelta(days=20), MIDNIGHT, NOON)
    log = UsageLog(list(context.account.usage.events))
    assert log.credits_in_month(NOON) == context.account.usage.credits_in_month(NOON) == 2
    assert log.day(NOON.date()) == context.account.usage.day(NOON.date())


@pytest.mark.parametrize(
    ("before", "recent", "trend"),
    [
        (0, 0, "stable"),
        (0, 1, "increasing"),
        (1, 0, "decreasing"),
        (100, 110, "stable"),
        (100, 111, "increasing"),
        (100, 90, "stable"),
        (100, 89, "decreasing"),
    ],
)
def test_the_trend_compares_two_weeks(before: int, recent: int, trend: str) -> None:
    """The last 7 days are compared with the 7 before; 10 % either way is stable."""
    context = fresh(now=NOON - timedelta(days=30))
    credit(context, 1_000)
    if before:
        usage.record(at(context, NOON - timedelta(days=7)), "light", before)
    if recent:
        usage.record(at(context, NOON - timedelta(days=6)), "light", recent)
    assert usage.project(at(context, NOON)).trend == trend


def test_the_trend_forgets_what_is_older_than_two_weeks() -> None:
    """The trend covers 14 days, today included."""
    context = fresh(now=NOON - timedelta(days=30))
    credit(context, 1_000)
    usage.record(at(context, NOON - timedelta(days=14)), "light", 500)
    assert usage.project(at(context, NOON)).trend == "stable"


def test_with_a_plan_its_credits_are_allocated(with_card: Context) -> None:
    """With a plan, credits_allocated is the plan's monthly credits."""
    deposit(with_card, 10_000)
    subscription.change(with_card, "price_starter_monthly")
    assert usage.project(with_card).credits_allocated == 150_000


def test_without_a_plan_opening_balance_and_deposits_are_allocated(context: Context) -> None:
    """Without a plan, credits_allocated is what opening balance and deposits bought."""
    deposit(context, 2_000)
    usage.record(context, "light", 40_000)
    assert usage.allocation(context) == 100_000
    april = at(context, datetime(2026, 4, 2, tzinfo=UTC))
    assert usage.allocation(april) == 60_000
    usage.record(april, "light", 1_000)
    deposit(april, 1_000)
    assert usage.allocation(april) == 60_000 + 50_000
    assert usage.project(april).credits_used == 1_000


def test_a_usage_entry_has_a_description(context: Context) -> None:
    """A usage entry has a readable description, which the caller can replace."""
    credit(context, 10_000)
    usage.record(context, "light", 1_234)
    usage.record(context, "js", 1, "1 js request to example.com")
    described = [entry.description for entry in context.account.ledger.entries[-2:]]
    assert described == ["1,234 light requests", "1 js request to example.com"]


def test_all_views_agree_to_the_credit() -> None:
    """Breakdown, chart, projection and ledger are views of the same events."""
    context = fresh(now=datetime(2026, 2, 20, tzinfo=UTC))
    credit(context, 100_000)
    for step, type in enumerate([*CREDITS_PER_REQUEST] * 5):
        context = later(context, hours=29)
        usage.record(context, type, 10 + step)
    events = context.account.usage.events
    month = [event for event in events if event.created_at >= datetime(2026, 3, 1, tzinfo=UTC)]
    assert 0 < len(month) < len(events)
    used = sum(event.credits for event in month)
    assert usage.month_to_date(context).total_credits == used
    assert usage.project(context).credits_used == used
    points = usage.chart(context, 60)
    assert sum(tally.total_credits for _, tally in points) == sum(event.credits for event in events)
    assert sum(tally.total_credits for day, tally in points if day >= date(2026, 3, 1)) == used
    debits = [
        -entry.amount_microcents
        for entry in context.account.ledger.entries
        if entry.type == "usage"
    ]
    assert debits == [event.credits * money.MICROCENTS_PER_CREDIT for event in events]
