"""The life of an account: any operation at any time, and its books always add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from mockserver import packaged
from mockserver.billing import (
    auto_recharge,
    checkout,
    money,
    payment_methods,
    refunds,
    setup_intents,
    subscription,
    usage,
    usage_alerts,
    verification,
)
from mockserver.billing.account import Account, AutoRechargeRequest
from mockserver.billing.api import render
from mockserver.billing.context import Context
from mockserver.billing.errors import BillingError
from mockserver.billing.hosted.checkout import CheckoutPages, Visit
from mockserver.billing.hosted.site import Problem, Site
from mockserver.billing.usage_log import CREDITS_PER_REQUEST, UsageType
from mockserver.engine.pages import newest_first
from mockserver.engine.reply import encode
from mockserver.engine.responses import Responses
from mockserver.openapi.contract import Contract
from tests.worlds import make_world

from .conftest import DECLINED_LATER, WORKING, at, catalogue, deposit, fresh, problems, state

PLANS = tuple(plan.price_id for plan in catalogue().plans if plan.price_id is not None)
CARDS = (WORKING, "pm_card_amex", "pm_1Qabc", DECLINED_LATER, "pm_card_chargeDeclined")
PRICES = (*PLANS, "price_credits_25", "price_nope")
PROMO_CODES = ("WELCOME10", "bonus5", "SPRING2025", "NOPE")
METHODS = ("email", "sms", "pigeon")

CONTRACT = Contract.load(packaged.spec())
LEDGER, AUDIT_LOG = (
    Responses(CONTRACT.operations[name], CONTRACT)
    for name in ("list_credit_transactions", "list_audit_log")
)
"""The responses of two lists, which keep pages from one account to the next."""
KEEPING, FRESH = Site(make_world()), Site(make_world())


async def no_wait(_: str) -> None:
    """Do nothing before a redirect."""


picks = st.integers(0, 10**6)
"""Which of the existing records to take."""
cards = st.sampled_from(CARDS)
setups = st.sampled_from(
    ["pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"]
)
booleans = st.booleans()


class Life(RuleBasedStateMachine):
    """Any operation may happen at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.context = fresh(now=datetime(2026, 1, 30, 23, 0, tzinfo=UTC))
        self.paid_bonuses: Counter[str] = Counter()
        self.balances: dict[tuple[int, ...], Any] = {}
        """What was rendered first for the facts of a balance."""

    @property
    def account(self) -> Account:
        return self.context.account

    def attempt(self, change: Callable[[], object]) -> None:
        """Do it; where the rules refuse, nothing has changed, the counter of ids included."""
        before = state(self.context)
        try:
            change()
        except BillingError:
            assert state(self.context) == before

    def card_name(self, pick: int, by_id: bool) -> str:
        """A card that is there by one of its names, or one that is not."""
        there = self.account.wallet.cards
        if not there:
            return CARDS[pick % len(CARDS)]
        card = there[pick % len(there)]
        return card.id if by_id else card.stripe_id

    def session_id(self, pick: int) -> str:
        there = [*self.account.checkout_sessions, "cs_test_nope"]
        return there[pick % len(there)]

    @initialize(
        deposited=booleans, plan=st.sampled_from([None, *PLANS]), recharged=booleans, fails=booleans
    )
    def begin(self, deposited: bool, plan: str | None, recharged: bool, fails: bool) -> None:
        payment_methods.add(self.context, DECLINED_LATER)
        payment_methods.add(self.context, WORKING)
        payment_methods.set_default(self.context, WORKING)
        if deposited:
            deposit(self.context, 10_000)
        if plan is not None:
            subscription.change(self.context, plan)
        if recharged:
            auto_recharge.configure(
                self.context, enabled=True, threshold_microcents=10**10, amount_cents=2_500
            )
        if fails:
            payment_methods.set_default(self.context, DECLINED_LATER)

    @rule(seconds=st.sampled_from([1, 59, 60, 3_600, 86_400]))
    def a_while_passes(self, seconds: int) -> None:
        self.context = at(self.context, self.context.now + timedelta(seconds=seconds))

    @rule(days=st.sampled_from([1, 3, 7, 28, 30, 31]))
    def days_pass(self, days: int) -> None:
        self.context = at(self.context, self.context.now + timedelta(days=days))

    @rule(card=cards)
    def add_a_card(self, card: str) -> None:
        self.attempt(lambda: payment_methods.add(self.context, card))

    @rule(pick=picks, by_id=booleans)
    def remove_a_card(self, pick: int, by_id: bool) -> None:
        self.attempt(lambda: payment_methods.remove(self.context, self.card_name(pick, by_id)))

    @rule(pick=picks, by_id=booleans)
    def choose_the_default(self, pick: int, by_id: bool) -> None:
        self.attempt(lambda: payment_methods.set_default(self.context, self.card_name(pick, by_id)))

    @rule(
        enabled=st.sampled_from([True, True, True, False, None]),
        threshold=st.sampled_from([0, 5 * 10**8, 10**10, 10**11]),
        amount=st.integers(2_500, 200_000),
        card=st.none() | cards,
    )
    def configure_auto_recharge(
        self, enabled: bool | None, threshold: int, amount: int, card: str | None
    ) -> None:
        if enabled is None:
            self.attempt(lambda: auto_recharge.disable(self.context))
            return
        self.attempt(
            lambda: auto_recharge.configure(
                self.context,
                enabled=enabled,
                threshold_microcents=threshold,
                amount_cents=amount,
                stripe_payment_method_id=card,
            )
        )

    @rule(
        amount=st.integers(1_000, 200_000),
        code=st.none() | st.sampled_from(PROMO_CODES),
        recharge=st.none() | st.just(AutoRechargeRequest(10**9, 2_500)),
    )
    def open_a_deposit(
        self, amount: int, code: str | None, recharge: AutoRechargeRequest | None
    ) -> None:
        self.attempt(
            lambda: checkout.open_deposit(
                self.context, amount, promo_code=code, auto_recharge=recharge
            )
        )

    @rule(price=st.sampled_from(PRICES), mode=st.sampled_from(["subscription", "payment", "setup"]))
    def open_a_checkout(self, price: str, mode: str) -> None:
        self.attempt(lambda: checkout.open_price(self.context, price, mode, None, None))

    @rule(pick=picks, card=st.none() | cards)
    def pay(self, pick: int, card: str | None) -> None:
        self.attempt(lambda: checkout.complete(self.context, self.session_id(pick), card))

    @rule(price=st.sampled_from(PLANS), card=st.none() | cards)
    def buy_a_plan(self, price: str, card: str | None) -> None:
        session = checkout.open_price(self.context, price, "subscription", None, None)
        self.attempt(lambda: checkout.complete(self.context, session.id, card))

    @rule(pick=picks)
    def decline(self, pick: int) -> None:
        self.attempt(lambda: checkout.decline(self.context, self.session_id(pick), "lost_card"))

    @rule(pick=picks)
    def expire(self, pick: int) -> None:
        self.attempt(lambda: checkout.expire(self.context, self.session_id(pick)))

    @rule(amount=st.integers(2_500, 20_000), card=st.none() | cards)
    def deposit(self, amount: int, card: str | None) -> None:
        session = checkout.open_deposit(self.context, amount)
        self.attempt(lambda: checkout.complete(self.context, session.id, card))

    @rule(amount=st.integers(2_500, 30_000), code=st.sampled_from(PROMO_CODES))
    def deposit_with_a_promo_code(self, amount: int, code: str) -> None:
        try:
            session = checkout.open_deposit(self.context, amount, promo_code=code)
        except BillingError:
            return
        checkout.complete(self.context, session.id, WORKING)
        assert session.bonus_cents > 0

    @rule(type=st.sampled_from(sorted(CREDITS_PER_REQUEST)), requests=st.integers(1, 200_000))
    def use(self, type: UsageType, requests: int) -> None:
        self.attempt(lambda: usage.record(self.context, type, requests))

    @precondition(lambda self: self.account.ledger.balance > 0)
    @rule(percent=st.integers(1, 100))
    def use_a_share(self, percent: int) -> None:
        credits = self.account.ledger.balance * percent // 100 // money.MICROCENTS_PER_CREDIT
        self.attempt(lambda: usage.record(self.context, "light", max(credits, 1)))

    @rule(cents=st.integers(0, 20_000))
    def refund(self, cents: int) -> None:
        self.attempt(lambda: refunds.refund(self.context, cents))

    @precondition(lambda self: refunds.refundable_cents(self.account) > 0)
    @rule(percent=st.integers(1, 100))
    def refund_a_share(self, percent: int) -> None:
        cents = refunds.refundable_cents(self.account) * percent // 100
        refunds.refund(self.context, max(cents, 1))

    @rule(
        switches=st.lists(booleans, min_size=6, max_size=6),
        url=st.none() | st.just("https://example.com/hook"),
    )
    def configure_alerts(self, switches: list[bool], url: str | None) -> None:
        enabled, half, most, nearly, all, email = switches
        self.attempt(
            lambda: usage_alerts.configure(
                self.context,
                enabled=enabled,
                threshold_50_enabled=half,
                threshold_75_enabled=most,
                threshold_90_enabled=nearly,
                threshold_100_enabled=all,
                email_enabled=email,
                webhook_url=url,
            )
        )

    @rule(price=st.sampled_from(PRICES))
    def change_the_plan(self, price: str) -> None:
        self.attempt(lambda: subscription.change(self.context, price))

    @precondition(lambda self: self.account.subscription is not None)
    @rule()
    def cancel_the_plan(self) -> None:
        current = self.account.subscription
        assert current is not None
        self.attempt(lambda: subscription.schedule(self.context, current, "free"))

    @rule(method=st.sampled_from(METHODS))
    def prepare_something(self, method: str) -> None:
        self.attempt(lambda: checkout.open_portal(self.context))
        self.attempt(lambda: setup_intents.create(self.context))
        self.attempt(lambda: verification.initiate(self.context, "change_plan", method))

    @rule(pick=picks, right=booleans, card=setups)
    def set_up_a_card(self, pick: int, right: bool, card: str) -> None:
        there = [*self.account.setup_intents.values()]
        if there:
            intent = there[pick % len(there)]
            self.attempt(lambda: setup_intents.confirm(self.context, intent, card))
            self.attempt(lambda: setup_intents.authenticate(self.context, intent, passed=right))

    @rule(pick=picks, right=booleans)
    def confirm_a_verification(self, pick: int, right: bool) -> None:
        there = [*self.account.challenges.values()]
        if not there:
            self.attempt(lambda: verification.confirm(self.context, "nope", "123456"))
            return
        challenge = there[pick % len(there)]
        code = challenge.code if right else "nope"
        self.attempt(lambda: verification.confirm(self.context, challenge.id, code))

    @rule()
    def go_on_from_an_export(self) -> None:
        """What is written out, read back and written out again is the same, and lives on."""
        written = state(self.context)
        again = msgspec.convert(written, Account)
        self.context = Context(again, self.context.catalogue, self.context.now, self.context.actor)
        assert state(self.context) == written

    @invariant()
    def the_books_are_in_order(self) -> None:
        assert problems(self.context) == []

    @invariant()
    def the_balance_is_the_sum(self) -> None:
        ledger = self.account.ledger
        assert ledger.balance == sum(entry.amount_microcents for entry in ledger.entries) >= 0
        shown = Decimal(money.display(ledger.balance).replace("$", "").replace(",", ""))
        assert shown * 100 * money.MICROCENTS_PER_CENT <= ledger.balance

    @invariant()
    def the_totals_are_sums_of_entries(self) -> None:
        sums: Counter[str] = Counter()
        for entry in self.account.ledger.entries:
            sums[entry.type] += entry.amount_microcents
        ledger = self.account.ledger
        assert (
            ledger.deposited_cents
            == (sums["deposit"] + sums["auto_recharge"]) // money.MICROCENTS_PER_CENT
        )
        assert ledger.spent_cents == -(sums["usage"] + sums["refund"]) // money.MICROCENTS_PER_CENT
        assert 0 <= sums["refund"] <= -sums["usage"]

    @invariant()
    def the_views_of_usage_agree(self) -> None:
        now, events = self.context.now, self.account.usage.events
        used = sum(
            event.credits for event in events if f"{event.created_at:%Y-%m}" == f"{now:%Y-%m}"
        )
        points = usage.chart(self.context, 31)
        of_month = sum(
            tally.total_credits
            for day, tally in points
            if (day.year, day.month) == (now.year, now.month)
        )
        assert (
            usage.month_to_date(self.context).total_credits
            == usage.project(self.context).credits_used
            == used
        )
        assert of_month == used
        oldest = points[0][0]
        assert sum(tally.total_requests for _, tally in points) == sum(
            event.requests for event in events if event.created_at.date() >= oldest
        )
        debits = sum(
            entry.amount_microcents
            for entry in self.account.ledger.entries
            if entry.type == "usage"
        )
        assert -debits == sum(event.credits for event in events) * money.MICROCENTS_PER_CREDIT

    @invariant()
    def a_kept_balance_equals_a_fresh_one(self) -> None:
        """Equal facts are rendered as equal balances, so a response may be kept by its facts."""
        rendered = render.balance(self.account)
        assert self.balances.setdefault(render.facts_of_balance(self.account), rendered) == rendered

    @rule(limit=st.integers(1, 5), offset=st.integers(0, 3), pick=picks)
    def a_kept_page_equals_a_fresh_one(self, limit: int, offset: int, pick: int) -> None:
        """A page that was sent before is sent again only if nothing on it has changed."""
        types = (None, "deposit", "scrape")
        entries = self.account.ledger.page(
            limit=limit, offset=offset, reference_type=types[pick % len(types)]
        )
        audit = newest_first(self.account.audit_log, limit=limit, offset=offset)
        for responses, listing in (
            (LEDGER, render.listing("transactions", render.credit_transaction, entries)),
            (AUDIT_LOG, render.listing("entries", render.audit_entry, audit)),
        ):
            items = [listing.render(item) for item in listing.items]
            assert responses.encode(200, listing) == encode({listing.name: items, **listing.rest})

    @rule(pick=picks, problem=st.sampled_from([None, Problem("Declined.", 402)]))
    def a_kept_checkout_page_equals_a_fresh_one(self, pick: int, problem: Problem | None) -> None:
        """A page that was shown before is shown again only if nothing on it has changed."""
        sessions = [*self.account.checkout_sessions.values()]
        if sessions:
            session = sessions[pick % len(sessions)]
            visit = Visit(self.context, session, f"/checkout/{session.id}")
            FRESH.kept.clear()
            shown, fresh_one = (
                CheckoutPages(site, no_wait).page(visit, problem) for site in (KEEPING, FRESH)
            )
            assert shown.body == fresh_one.body

    @invariant()
    def each_payment_has_its_invoice(self) -> None:
        paid = [
            session
            for session in self.account.checkout_sessions.values()
            if session.closed == "complete"
        ]
        recharges = [
            attempt
            for attempt in self.account.auto_recharge.attempts
            if attempt.status == "succeeded"
        ]
        numbers = [invoice.number for invoice in self.account.invoices]
        assert len(set(numbers)) == len(numbers) >= len(paid) + len(recharges)
        assert {recharge.invoice_id for recharge in recharges} <= {
            invoice.id for invoice in self.account.invoices
        }

    @invariant()
    def bonuses_are_capped_and_given_once(self) -> None:
        redeemed = self.account.redeemed_promo_codes
        assert len(set(redeemed)) == len(redeemed)
        for session in self.account.checkout_sessions.values():
            code = catalogue().promo_code(session.promo_code or "")
            cap = (
                None
                if code is None
                else code.max_bonus_cents
                if code.type == "percentage"
                else code.value
            )
            assert session.bonus_cents <= (cap or 0)

    @invariant()
    def alerts_fire_once_a_month(self) -> None:
        fired = [(alert.period, alert.threshold) for alert in self.account.usage_alerts.fired]
        assert len(set(fired)) == len(fired)

    @invariant()
    def recharges_keep_their_distance(self) -> None:
        moments = [attempt.created_at for attempt in self.account.auto_recharge.attempts]
        assert all(after - before >= timedelta(seconds=60) for before, after in pairwise(moments))
        assert (
            not self.account.auto_recharge.enabled
            or self.account.auto_recharge.consecutive_failures < 3
        )

    @invariant()
    def nothing_is_overdue(self) -> None:
        current = self.account.subscription
        assert current is None or current.due_at > self.context.now
        settled = [invoice for invoice in self.account.invoices if invoice.status != "open"]
        unpaid = 1 if current is not None and current.status == "past_due" else 0
        assert len(self.account.invoices) - len(settled) == unpaid


Life.TestCase.settings = settings(max_examples=70, stateful_step_count=40)


TestLife = Life.TestCase
