"""Subscriptions: upgrades at once and prorated, downgrades at the end of the period."""

from datetime import datetime, timedelta

import pytest

from mockserver.billing import payment_methods, subscription
from mockserver.billing.account import add_months
from mockserver.billing.context import Context
from mockserver.billing.errors import CardDeclined, NoUsableCard, UnknownPrice

from .conftest import (
    DECLINED_LATER,
    NOON,
    actions,
    at,
    catalogue,
    fresh,
    later,
    problems,
    refused,
    state,
)
from .plans import (
    END,
    GROWTH,
    MOMENT,
    SCALE,
    STARTER,
    break_card,
    current,
    granted,
    invoiced,
    subscribed,
)


@pytest.mark.parametrize(
    ("anchor", "months", "expected"),
    [
        ("2026-03-18T12:00:00+00:00", 1, "2026-04-18T12:00:00+00:00"),
        ("2026-01-31T08:30:00+00:00", 1, "2026-02-28T08:30:00+00:00"),
        ("2026-01-31T08:30:00+00:00", 2, "2026-03-31T08:30:00+00:00"),
        ("2028-01-31T00:00:00+00:00", 1, "2028-02-29T00:00:00+00:00"),
        ("2028-02-29T00:00:00+00:00", 12, "2029-02-28T00:00:00+00:00"),
        ("2026-12-31T23:59:59+00:00", 2, "2027-02-28T23:59:59+00:00"),
        ("2026-11-30T00:00:00+00:00", 0, "2026-11-30T00:00:00+00:00"),
        ("2026-11-15T00:00:00+00:00", 26, "2029-01-15T00:00:00+00:00"),
    ],
)
def test_months_keep_the_day_where_they_can(anchor: str, months: int, expected: str) -> None:
    """A month later is the same day, or the last day of a shorter month."""
    assert add_months(datetime.fromisoformat(anchor), months) == datetime.fromisoformat(expected)


@pytest.mark.parametrize(
    ("price_id", "slug"), [(STARTER, "starter"), (GROWTH, "growth"), (SCALE, "scale")]
)
def test_a_first_plan_starts_at_once(with_card: Context, price_id: str, slug: str) -> None:
    """A first plan is charged, invoiced and granted in full, for one month."""
    plan = catalogue().plan(slug)
    started = subscription.change(with_card, price_id)
    assert started is current(with_card)
    assert (started.plan, started.status, started.period_start, started.period_end) == (
        slug,
        "active",
        NOON,
        END,
    )
    assert granted(with_card) == [plan.monthly_credits]
    assert invoiced(with_card) == [(plan.price_cents, "paid")]
    invoice = with_card.account.invoices[0]
    assert (invoice.period_start, invoice.period_end) == (NOON, END)
    assert with_card.account.ledger.deposited_cents == 0


def test_a_plan_needs_a_card(context: Context) -> None:
    """An account without a card cannot start a plan."""
    with refused(context, NoUsableCard):
        subscription.change(context, STARTER)


def test_a_plan_needs_a_card_that_works(context: Context) -> None:
    """A declined first charge starts no plan."""
    payment_methods.add(context, DECLINED_LATER)
    with refused(context, CardDeclined):
        subscription.change(context, STARTER)


@pytest.mark.parametrize("price_id", ["price_nope", "", "price_credits_25"])
def test_only_a_plans_price_is_a_plan(with_card: Context, price_id: str) -> None:
    """change-plan refuses unknown prices and credit packs."""
    with refused(with_card, UnknownPrice) as caught:
        subscription.change(with_card, price_id)
    assert STARTER in str(caught.value)


def test_an_upgrade_applies_at_once_prorated_by_the_second() -> None:
    """Price and credits are prorated for the rest of the period, and the period stays."""
    context = later(subscribed(), days=7)
    subscription.change(context, GROWTH)
    assert (current(context).plan, current(context).period_start, current(context).period_end) == (
        "growth",
        NOON,
        END,
    )
    assert invoiced(context)[-1] == ((9_900 - 2_900) * 24 // 31, "paid")
    assert granted(context)[-1] == (550_000 - 150_000) * 24 // 31


@pytest.mark.parametrize(
    ("seconds", "price"), [(0, 7_000), (1, 6_999), (31 * 86_400 - 1, 0), (31 * 43_200, 3_500)]
)
def test_proration_counts_seconds(seconds: int, price: int) -> None:
    """Proration runs from the whole difference to nothing in the last second."""
    context = later(subscribed(), seconds=seconds)
    subscription.change(context, GROWTH)
    assert invoiced(context)[-1] == (price, "paid")


def test_an_upgrade_is_renewed_at_its_own_price() -> None:
    """The next period costs the full price, on the same day of the month."""
    context = later(subscribed(), days=7)
    subscription.change(context, SCALE)
    context = at(context, END)
    assert invoiced(context)[-1] == (29_900, "paid")
    assert granted(context)[-1] == 1_800_000


def test_an_upgrade_that_is_declined_changes_nothing() -> None:
    """A declined upgrade changes nothing."""
    context = later(subscribed(), days=7)
    break_card(context)
    with refused(context, CardDeclined):
        subscription.change(context, GROWTH)


def test_a_downgrade_waits_for_the_periods_end() -> None:
    """A downgrade charges and grants nothing until the smaller plan begins."""
    context = later(subscribed(GROWTH), days=7)
    subscription.change(context, STARTER)
    assert (current(context).plan, current(context).pending_plan) == ("growth", "starter")
    assert invoiced(context) == [(9_900, "paid")]
    before = at(context, END - MOMENT)
    assert current(before).plan == "growth"
    after = at(before, END)
    assert (current(after).plan, current(after).pending_plan) == ("starter", None)
    assert invoiced(after) == [(9_900, "paid"), (2_900, "paid")]
    assert granted(after) == [550_000, 150_000]


def test_the_current_plan_cancels_a_downgrade() -> None:
    """Choosing the current plan cancels a scheduled downgrade."""
    context = subscribed(GROWTH)
    subscription.change(context, STARTER)
    subscription.change(context, GROWTH)
    assert current(context).pending_plan is None
    assert current(at(context, END)).plan == "growth"


def test_asking_for_the_current_plan_changes_nothing() -> None:
    """Choosing the current plan charges, writes and audits nothing."""
    context = subscribed(GROWTH)
    before = state(context)
    subscription.change(context, GROWTH)
    assert state(context) == before


def test_scheduling_a_downgrade_twice_changes_nothing() -> None:
    """Scheduling the same downgrade again changes nothing."""
    context = subscribed(GROWTH)
    subscription.change(context, STARTER)
    before = state(context)
    subscription.change(context, STARTER)
    assert state(context) == before


def test_an_upgrade_cancels_a_downgrade() -> None:
    """An upgrade cancels a scheduled downgrade."""
    context = subscribed(GROWTH)
    subscription.change(context, STARTER)
    subscription.change(context, SCALE)
    assert (current(context).plan, current(context).pending_plan) == ("scale", None)
    assert current(at(context, END)).plan == "scale"


def test_the_free_plan_ends_the_subscription_at_the_periods_end() -> None:
    """A cancelled subscription lasts to the end of the paid period and is never charged again."""
    context = subscribed()
    subscription.schedule(context, current(context), "free")
    assert current(at(context, END - MOMENT)).plan == "starter"
    context = at(context, END)
    assert context.account.subscription is None
    assert actions(context)[-1] == "subscription.ended"
    before = state(context)
    assert state(later(context, days=400)) == before


def test_after_the_end_a_plan_can_start_again() -> None:
    """After the end, a new plan is a new subscription with its own anchor."""
    context = subscribed()
    first = current(context).id
    subscription.schedule(context, current(context), "free")
    context = at(context, END + timedelta(days=5))
    subscription.change(context, GROWTH)
    assert (current(context).period_start, current(context).period) == (context.now, 1)
    assert current(context).id != first


def test_a_changed_plan_is_recent_activity() -> None:
    """Started, upgraded, renewed and ended plans are recent activity."""
    context = subscribed()
    subscription.change(context, GROWTH)
    context = at(context, END)
    subscription.schedule(context, current(context), "free")
    context = at(context, add_months(NOON, 2))
    shown = [
        activity.description
        for activity in context.account.activities
        if activity.type == "subscription"
    ]
    assert shown == [
        "Started the Starter plan",
        "Upgraded to the Growth plan",
        "Renewed the Growth plan",
        "At the period's end: the free plan",
        "The growth plan ended (at the period's end)",
    ]
    assert problems(context) == []


@pytest.mark.parametrize("days", [0, 1, 13, 30.9])
@pytest.mark.parametrize("price_id", [GROWTH, SCALE])
def test_an_upgrade_costs_what_its_preview_says(price_id: str, days: float) -> None:
    """The previewed price and credits are those charged and granted; a preview changes nothing."""
    context = later(subscribed(), days=days)
    plan = next(plan for plan in catalogue().plans if plan.price_id == price_id)
    before = state(context)
    planned = subscription.preview(context, plan)
    assert state(context) == before
    subscription.change(context, price_id)
    assert (planned.kind, planned.takes_effect_at) == ("upgrade", context.now)
    assert (planned.amount_cents, planned.credits) == (
        invoiced(context)[-1][0],
        granted(context)[-1],
    )


@pytest.mark.parametrize(
    ("price_id", "expected"),
    [
        (STARTER, ("downgrade", 0, 0, END)),
        (GROWTH, ("keep", 0, 0, NOON)),
    ],
)
def test_a_preview_says_when_a_free_change_takes_effect(
    price_id: str, expected: tuple[object, ...]
) -> None:
    """The preview of a downgrade names the next period; of the current plan, now."""
    plan = next(plan for plan in catalogue().plans if plan.price_id == price_id)
    planned = subscription.preview(subscribed(GROWTH), plan)
    assert (
        planned.kind,
        planned.amount_cents,
        planned.credits,
        planned.takes_effect_at,
    ) == expected


def test_a_first_plan_is_previewed_in_full(with_card: Context) -> None:
    """The preview of a first plan has the full price and all credits."""
    plan = catalogue().plan("starter")
    planned = subscription.preview(with_card, plan)
    assert (planned.kind, planned.amount_cents, planned.credits) == ("start", 2_900, 150_000)
    subscription.change(with_card, STARTER)
    assert (invoiced(with_card), granted(with_card)) == ([(2_900, "paid")], [150_000])


@pytest.mark.parametrize("price_id", [STARTER, SCALE])
def test_a_change_is_paid_by_a_card_that_asks_once_its_holder_has_passed(price_id: str) -> None:
    """Starting and upgrading need 3-D Secure if the card requires it."""
    context = fresh() if price_id == STARTER else subscribed()
    asking = payment_methods.add(context, "pm_card_authenticationRequired")
    payment_methods.set_default(context, asking.id)
    with refused(context, CardDeclined) as caught:
        subscription.change(context, price_id)
    assert caught.value.code == "authentication_required"
    subscription.change(context, price_id, authenticated=True)
    assert current(context).plan == price_id.split("_")[1]
