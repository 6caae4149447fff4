"""Auto-recharge: a card is charged when usage takes the balance below a threshold."""

from datetime import UTC, datetime

import pytest

from mockserver.billing import auto_recharge, payment_methods, usage
from mockserver.billing.account import AutoRecharge, Consent
from mockserver.billing.context import Context
from mockserver.billing.errors import BillingError, NoUsableCard, UnknownCard
from mockserver.billing.money import in_microcents

from .conftest import (
    DECLINE,
    DECLINED_LATER,
    NOON,
    WORKING,
    actions,
    deposit,
    fresh,
    later,
    refused,
    state,
)

THRESHOLD = in_microcents(1_000)
FIFTEEN_DOLLARS = 75_000
"""In credits."""


def switch_on(
    context: Context, card: str | None = None, threshold: int = THRESHOLD
) -> AutoRecharge:
    return auto_recharge.configure(
        context,
        enabled=True,
        threshold_microcents=threshold,
        amount_cents=5_000,
        stripe_payment_method_id=card,
    )


def ready(card: str = WORKING) -> Context:
    """Return an account with $20 and a card, which recharges $50 below $10."""
    context = fresh()
    deposit(context, 2_000)
    payment_methods.add(context, card)
    switch_on(context)
    return context


def test_never_configured_it_is_off_with_the_defaults() -> None:
    """Until configured, auto-recharge has the default settings and is disabled."""
    settings = AutoRecharge()
    assert (settings.enabled, settings.threshold_microcents, settings.amount_cents) == (
        False,
        500_000_000,
        5_000,
    )
    assert settings.stripe_payment_method_id is None
    assert settings.updated_at is None
    assert (settings.last_success, settings.last_failure_reason) == (None, None)


def test_settings_are_replaced_as_a_whole(with_card: Context) -> None:
    """PUT replaces the settings: omitted fields get their defaults."""
    consent = Consent("I agree.", "settings", "2026-01")
    auto_recharge.configure(
        with_card,
        enabled=True,
        threshold_microcents=1,
        amount_cents=2_500,
        stripe_payment_method_id=WORKING,
        consent=consent,
    )
    settings = with_card.account.auto_recharge
    assert (settings.consent, settings.stripe_payment_method_id) == (consent, WORKING)
    auto_recharge.configure(with_card, enabled=False, threshold_microcents=0, amount_cents=200_000)
    assert with_card.account.auto_recharge == AutoRecharge(
        enabled=False, threshold_microcents=0, amount_cents=200_000, updated_at=NOON
    )


def test_enabling_needs_a_card(context: Context) -> None:
    """Enabling without a card is a 400 that says to add one."""
    with refused(context, NoUsableCard) as caught:
        switch_on(context)
    assert "Add a card" in str(caught.value)


def test_enabling_needs_a_card_that_has_not_expired(with_card: Context) -> None:
    """An expired card is not usable, from the first moment after its month."""
    card = with_card.account.wallet.cards[0]
    with_card.account.wallet.cards[0] = payment_methods.expiring(
        card, datetime(2026, 2, 1, tzinfo=UTC)
    )
    with refused(with_card, NoUsableCard):
        switch_on(with_card)
    with refused(with_card, NoUsableCard):
        switch_on(with_card, WORKING)


def test_a_card_in_its_last_month_is_usable(with_card: Context) -> None:
    """A card is usable to the end of its month."""
    card = with_card.account.wallet.cards[0]
    with_card.account.wallet.cards[0] = payment_methods.expiring(card, NOON)
    assert switch_on(with_card).enabled


def test_a_card_that_is_not_there_cannot_be_named(with_card: Context) -> None:
    """Naming an unknown card is refused, whether enabling or not."""
    for enabled in (True, False):
        with refused(with_card, UnknownCard):
            auto_recharge.configure(
                with_card,
                enabled=enabled,
                threshold_microcents=0,
                amount_cents=5_000,
                stripe_payment_method_id="pm_card_amex",
            )


def test_the_named_card_cannot_be_removed_by_any_name(with_card: Context) -> None:
    """The card that an enabled auto-recharge names cannot be removed by either of its ids."""
    card = payment_methods.add(with_card, "pm_card_amex")
    switch_on(with_card, card.id)
    with refused(with_card, BillingError):
        payment_methods.remove(with_card, card.id)


def test_disabling_needs_no_card(context: Context) -> None:
    """Settings can be saved without a card if auto-recharge is disabled."""
    auto_recharge.configure(context, enabled=False, threshold_microcents=5, amount_cents=2_500)
    assert context.account.auto_recharge.threshold_microcents == 5


def test_switching_off_keeps_the_other_settings(with_card: Context) -> None:
    """Disabling keeps threshold, amount and card."""
    switch_on(with_card, WORKING, threshold=7)
    after = later(with_card, hours=1)
    settings = auto_recharge.disable(after)
    assert (settings.enabled, settings.threshold_microcents, settings.amount_cents) == (
        False,
        7,
        5_000,
    )
    assert settings.stripe_payment_method_id == WORKING
    assert settings.updated_at == after.now


def test_it_runs_at_once_when_a_charge_takes_the_balance_below() -> None:
    """A recharge writes ledger, history, invoice, audit and activity before the next request."""
    context = ready()
    usage.record(context, "light", FIFTEEN_DOLLARS)
    account = context.account
    assert account.ledger.balance == in_microcents(500 + 5_000)
    entry = account.ledger.entries[-1]
    [attempt] = account.auto_recharge.attempts
    assert (entry.type, entry.reference_type, entry.reference_id) == (
        "auto_recharge",
        "auto_recharge",
        attempt.id,
    )
    assert (attempt.status, attempt.amount_cents, attempt.failure_reason) == (
        "succeeded",
        5_000,
        None,
    )
    assert (attempt.balance_before_microcents, attempt.balance_after_microcents) == (
        in_microcents(500),
        in_microcents(5_500),
    )
    assert attempt.payment_method_id == account.wallet.cards[0].id
    assert attempt.invoice_id == account.invoices[-1].id
    assert account.invoices[-1].amount_cents == 5_000
    assert actions(context)[-1] == "auto_recharge.succeeded"
    assert account.activities[-1].type == "auto_recharge"
    assert account.auto_recharge.last_success == attempt
    assert account.ledger.deposited_cents == 7_000


def test_the_actor_of_a_recharge_is_the_system() -> None:
    """The actor of a recharge in the audit log is the system."""
    context = ready()
    usage.record(context, "light", FIFTEEN_DOLLARS)
    assert context.account.audit_log[-1].actor == "system"


@pytest.mark.parametrize(("credits", "recharges"), [(50_000, 0), (50_001, 1)])
def test_the_threshold_itself_is_not_below(credits: int, recharges: int) -> None:
    """At the threshold nothing happens; one credit below it, the recharge runs."""
    context = ready()
    usage.record(context, "light", credits)
    assert len(context.account.auto_recharge.attempts) == recharges


def test_it_does_not_run_without_a_charge() -> None:
    """Configuring, depositing and time charge no card, even if the balance is low."""
    context = ready()
    switch_on(context, threshold=in_microcents(100_000))
    deposit(later(context, days=40), 1_000)
    assert context.account.auto_recharge.attempts == []


def test_disabled_it_does_not_run() -> None:
    """A disabled auto-recharge never runs."""
    context = ready()
    auto_recharge.disable(context)
    usage.record(context, "light", FIFTEEN_DOLLARS)
    assert context.account.auto_recharge.attempts == []


def test_a_refused_charge_recharges_nothing() -> None:
    """A charge beyond the balance is refused as a whole and starts no recharge."""
    context = ready()
    with refused(context, BillingError):
        usage.record(context, "light", 100_001)


def test_the_named_card_pays_not_the_default(with_card: Context) -> None:
    """A card named in the settings pays instead of the default card."""
    context = with_card
    deposit(context, 2_000)
    amex = payment_methods.add(context, "pm_card_amex")
    switch_on(context, "pm_card_amex")
    usage.record(context, "light", FIFTEEN_DOLLARS)
    assert context.account.auto_recharge.attempts[-1].payment_method_id == amex.id


def test_without_a_name_the_default_of_the_moment_pays() -> None:
    """Without a named card, the default card at the time of the recharge pays."""
    context = ready()
    amex = payment_methods.add(context, "pm_card_amex")
    payment_methods.set_default(context, amex.id)
    usage.record(context, "light", FIFTEEN_DOLLARS)
    assert context.account.auto_recharge.attempts[-1].payment_method_id == amex.id


def test_a_failure_is_history_with_its_reason() -> None:
    """A failure is written to history and audit log, and no money moves."""
    context = ready(DECLINED_LATER)
    usage.record(context, "light", FIFTEEN_DOLLARS)
    account = context.account
    [attempt] = account.auto_recharge.attempts
    assert (attempt.status, attempt.failure_reason, attempt.invoice_id) == ("failed", DECLINE, None)
    assert (
        attempt.balance_before_microcents == attempt.balance_after_microcents == in_microcents(500)
    )
    assert account.ledger.balance == in_microcents(500)
    assert account.auto_recharge.last_failure_reason == DECLINE
    assert account.auto_recharge.last_success is None
    assert len(account.invoices) == 1
    assert actions(context)[-1] == "auto_recharge.failed"
    assert account.activities[-1].type == "auto_recharge_failed"


def test_an_expired_card_fails_as_expired() -> None:
    """A recharge with an expired card fails with the reason expired_card."""
    context = ready()
    card = context.account.wallet.cards[0]
    context.account.wallet.cards[0] = payment_methods.expiring(card, NOON)
    usage.record(later(context, days=14), "light", FIFTEEN_DOLLARS)
    assert context.account.auto_recharge.last_failure_reason == "expired_card"


def test_without_a_card_it_fails() -> None:
    """If the default card was removed, the recharge fails with that reason."""
    context = ready()
    payment_methods.remove(context, WORKING)
    usage.record(context, "light", FIFTEEN_DOLLARS)
    [attempt] = context.account.auto_recharge.attempts
    assert (attempt.status, attempt.failure_reason, attempt.payment_method_id) == (
        "failed",
        "no_payment_method",
        None,
    )


def test_no_second_recharge_within_a_minute() -> None:
    """No recharge runs within 60 s of the last; the next charge after that runs one."""
    context = ready()
    switch_on(context, threshold=in_microcents(100_000))
    usage.record(context, "light", 1)
    usage.record(later(context, seconds=59, milliseconds=999), "light", 1)
    assert len(context.account.auto_recharge.attempts) == 1
    usage.record(later(context, seconds=60), "light", 1)
    assert len(context.account.auto_recharge.attempts) == 2


def fail_times(context: Context, times: int) -> Context:
    for _ in range(times):
        context = later(context, minutes=2)
        usage.record(context, "light", 1)
    return context


def test_three_failures_in_a_row_disable_it() -> None:
    """The third consecutive failure disables auto-recharge, and the audit log says why."""
    context = ready(DECLINED_LATER)
    usage.record(context, "light", FIFTEEN_DOLLARS)
    context = fail_times(context, 1)
    assert (
        context.account.auto_recharge.enabled,
        context.account.auto_recharge.consecutive_failures,
    ) == (True, 2)
    context = fail_times(context, 1)
    assert not context.account.auto_recharge.enabled
    assert actions(context)[-2:] == ["auto_recharge.failed", "auto_recharge.disabled"]
    context = fail_times(context, 1)
    assert len(context.account.auto_recharge.attempts) == 3


def test_a_success_resets_the_failures() -> None:
    """A success resets the number of consecutive failures."""
    context = ready(DECLINED_LATER)
    usage.record(context, "light", FIFTEEN_DOLLARS)
    context = fail_times(context, 1)
    payment_methods.add(context, WORKING)
    payment_methods.set_default(context, WORKING)
    context = fail_times(context, 1)
    assert context.account.auto_recharge.attempts[-1].status == "succeeded"
    assert context.account.auto_recharge.last_failure_reason is None
    payment_methods.set_default(context, DECLINED_LATER)
    context.account.auto_recharge.threshold_microcents = in_microcents(100_000)
    context = fail_times(context, 2)
    assert (
        context.account.auto_recharge.enabled,
        context.account.auto_recharge.consecutive_failures,
    ) == (True, 2)


def test_enabling_again_resets_the_failures() -> None:
    """Enabling again resets the failures and keeps the history."""
    context = ready(DECLINED_LATER)
    usage.record(context, "light", FIFTEEN_DOLLARS)
    context = fail_times(context, 2)
    settings = switch_on(context)
    assert (settings.enabled, settings.consecutive_failures, len(settings.attempts)) == (True, 0, 3)


def test_a_test_charges_nothing() -> None:
    """The test reports whether the card would work, and changes nothing."""
    context = ready()
    before = state(context)
    check = auto_recharge.check(context)
    assert state(context) == before
    assert (check.works, check.card_expired) == (True, False)
    assert check.card == context.account.wallet.cards[0]


def test_a_test_reports_the_days_until_expiry() -> None:
    """The test reports the whole days until expiry; the last day counts as zero."""
    context = ready()
    card = context.account.wallet.cards[0]
    context.account.wallet.cards[0] = payment_methods.expiring(card, NOON)
    assert auto_recharge.check(context).days_until_expiry == 13
    last_day = auto_recharge.check(context.at(datetime(2026, 3, 31, 12, tzinfo=UTC)))
    assert (last_day.days_until_expiry, last_day.works) == (0, True)
    over = auto_recharge.check(context.at(datetime(2026, 4, 2, tzinfo=UTC)))
    assert (over.works, over.card_expired, over.days_until_expiry) == (False, True, -1)
    assert "expired" in over.message


def test_a_test_reports_the_decline_code() -> None:
    """The test reports the decline code that a charge would get."""
    check = auto_recharge.check(ready(DECLINED_LATER))
    assert (check.works, check.card_expired) == (False, False)
    assert DECLINE in check.message


def test_a_test_without_a_card_says_to_add_one(context: Context) -> None:
    """Without a card, the test says to add one."""
    check = auto_recharge.check(context)
    assert (check.card, check.works, check.days_until_expiry) == (None, False, None)
    assert "Add a card" in check.message
