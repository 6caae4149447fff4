"""Properties of deposits, charges, pages and renewals: true of any numbers and any order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from mockserver.billing import checkout, money, payment_methods, promo, subscription, usage
from mockserver.billing.catalogue import PlanSlug
from mockserver.billing.context import Context
from mockserver.billing.errors import BillingError

from .conftest import DECLINED_LATER, NOON, WORKING, at, catalogue, deposit, fresh, problems, state

PLANS = tuple(plan.price_id for plan in catalogue().plans if plan.price_id is not None)


@dataclass(frozen=True)
class Story:
    """A plan whose card may fail at the renewal and work again later, with a scheduled change."""

    plan: str
    started: timedelta
    card: str
    wish: PlanSlug | None
    repaired: timedelta | None

    def lived(self, stops: list[timedelta]) -> Context:
        """Return the account after 70 days, read at every stop."""
        begin = datetime(2026, 1, 28, tzinfo=UTC) + self.started
        context = fresh(now=begin)
        payment_methods.add(context, WORKING)
        started = subscription.change(context, self.plan)
        assert started is not None
        payment_methods.add(context, DECLINED_LATER)
        payment_methods.set_default(context, self.card)
        if self.wish is not None:
            subscription.schedule(context, started, self.wish)
        repairs = [] if self.repaired is None else [(self.repaired, True)]
        for moment, repair in sorted([(stop, False) for stop in stops] + repairs):
            context = at(context, begin + moment)
            if repair:
                payment_methods.set_default(context, WORKING)
        context = at(context, begin + timedelta(days=70))
        usage.record(context, "light", 1)
        return context


hours = st.integers(0, 70 * 24).map(lambda hours: timedelta(hours=hours))

stories = st.builds(
    Story,
    plan=st.sampled_from(PLANS),
    started=st.integers(0, 5 * 24 * 60).map(lambda minutes: timedelta(minutes=minutes)),
    card=st.sampled_from([WORKING, DECLINED_LATER]),
    wish=st.sampled_from([None, "starter", "free"]),
    repaired=st.none() | hours,
)


@given(story=stories, stops=st.lists(hours, max_size=10))
def test_one_step_or_many_is_the_same(story: Story, stops: list[timedelta]) -> None:
    """Renewals, retries, downgrades and endings do not depend on how often the account is read."""
    in_one, in_many = story.lived([]), story.lived(stops)
    assert state(in_one) == state(in_many)
    assert problems(in_one) == []


@given(
    amounts=st.lists(st.integers(1_000, 200_000), min_size=1, max_size=6),
    code=st.sampled_from([code.code for code in catalogue().promo_codes]),
    order=st.randoms(use_true_random=False),
)
def test_the_order_of_payment_cannot_raise_the_bonus(
    amounts: list[int], code: str, order: Random
) -> None:
    """However many deposits use a code, in whatever order, there is one bonus, at most the cap."""
    context = fresh()
    sessions = []
    for amount in amounts:
        try:
            sessions.append(checkout.open_deposit(context, amount, promo_code=code))
        except BillingError:
            sessions.append(checkout.open_deposit(context, amount))
    order.shuffle(sessions)
    for session in sessions:
        checkout.complete(context, session.id)
    known = catalogue().promo_code(code)
    assert known is not None
    bonuses = [entry for entry in context.account.ledger.entries if entry.type == "bonus"]
    best = max((promo.bonus_cents(known, session.amount_cents) for session in sessions), default=0)
    assert len(bonuses) <= 1
    assert sum(entry.amount_microcents for entry in bonuses) <= money.in_microcents(best)
    assert context.account.ledger.deposited_cents == sum(amounts)


@given(
    parts=st.lists(st.integers(1, 3_000), min_size=1, max_size=40),
    budget=st.integers(0, 60_000),
)
def test_a_charge_succeeds_exactly_if_the_balance_covers_it(parts: list[int], budget: int) -> None:
    """A charge succeeds exactly if the balance covers it."""
    context = fresh()
    context.credit("bonus", budget * money.MICROCENTS_PER_CREDIT, "Bonus", reference_type="signup")
    left = budget
    for requests in parts:
        covered = requests * 5 <= left
        try:
            usage.record(context, "js", requests)
        except BillingError:
            assert not covered
        else:
            assert covered
            left -= requests * 5
    assert context.account.ledger.balance == left * money.MICROCENTS_PER_CREDIT


@given(offset=st.integers(0, 120), limit=st.integers(1, 100))
def test_every_page_of_the_ledger_is_a_cut_of_all_of_it(offset: int, limit: int) -> None:
    """Pages are newest first, and ``total`` and ``has_more`` fit them."""
    entries = LONG.account.ledger.entries
    for reference_type in (None, "scrape", "crawl", "deposit"):
        matches = [entry for entry in entries if reference_type in (None, entry.reference_type)][
            ::-1
        ]
        page = LONG.account.ledger.page(limit=limit, offset=offset, reference_type=reference_type)
        assert list(page.items) == matches[offset : offset + limit]
        assert (page.total, page.has_more) == (len(matches), offset + limit < len(matches))


def _long() -> Context:
    context = fresh()
    for number in range(110):
        if number % 10 == 0:
            deposit(context, 1_000)
        usage.record(
            context.at(NOON + timedelta(seconds=number // 3)), "crawl" if number % 3 else "light", 1
        )
    return context


LONG = _long()
