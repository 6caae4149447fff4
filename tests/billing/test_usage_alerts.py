"""Usage alerts: each threshold of the allocation fires once a month."""

from datetime import UTC, datetime

import pytest

from mockserver.billing import subscription, usage
from mockserver.billing.account import UsageAlerts
from mockserver.billing.context import Context

from .conftest import NOON, actions, at, credit, deposit, fresh, later, watch

HOOK = "https://example.com/hook"


@pytest.fixture
def watched() -> Context:
    """Return an account with 100 credits and every alert enabled."""
    context = fresh()
    credit(context, 100)
    watch(context)
    return context


def fired(context: Context) -> list[tuple[str, int]]:
    return [(alert.period, alert.threshold) for alert in context.account.usage_alerts.fired]


def test_the_defaults_leave_out_one_half() -> None:
    """By default, alerts are sent by e-mail at 75, 90 and 100 %."""
    settings = UsageAlerts()
    assert (settings.enabled, settings.email_enabled, settings.webhook_url) == (True, True, None)
    assert settings.thresholds == [75, 90, 100]
    assert settings.updated_at is None


@pytest.mark.parametrize("threshold", [50, 75, 90, 100])
def test_an_alert_fires_when_its_share_is_reached(watched: Context, threshold: int) -> None:
    """An alert fires with the credit that reaches its threshold, not before."""
    usage.record(watched, "light", threshold - 1)
    assert ("2026-03", threshold) not in fired(watched)
    before = len(fired(watched))
    usage.record(watched, "light", 1)
    assert fired(watched)[before:] == [("2026-03", threshold)]


def test_each_alert_fires_once_a_month(watched: Context) -> None:
    """More usage, or crossing again after a deposit, fires no alert twice."""
    for _ in range(100):
        usage.record(watched, "light", 1)
    assert fired(watched) == [("2026-03", threshold) for threshold in (50, 75, 90, 100)]
    deposit(watched, 1_000)
    usage.record(watched, "light", 49_000)
    assert len(fired(watched)) == 4


def test_one_charge_can_cross_all(watched: Context) -> None:
    """A charge that crosses several thresholds fires all, the lowest first."""
    usage.record(watched, "light", 100)
    assert fired(watched) == [("2026-03", threshold) for threshold in (50, 75, 90, 100)]
    assert [message.subject for message in watched.account.outbox] == [
        f"You have used {threshold} % of your credits" for threshold in (50, 75, 90, 100)
    ]


def test_an_alert_fires_again_in_the_next_month(watched: Context) -> None:
    """An alert that fired in March fires again in April."""
    usage.record(watched, "light", 60)
    april = at(watched, datetime(2026, 4, 1, tzinfo=UTC))
    usage.record(april, "light", 20)
    assert fired(april) == [("2026-03", 50), ("2026-04", 50)]


@pytest.mark.parametrize("threshold", [50, 75, 90, 100])
def test_a_disabled_threshold_does_not_fire(watched: Context, threshold: int) -> None:
    """A disabled threshold does not fire; the others do."""
    watch(watched, **{f"threshold_{threshold}_enabled": False})
    usage.record(watched, "light", 100)
    assert [percent for _, percent in fired(watched)] == [
        percent for percent in (50, 75, 90, 100) if percent != threshold
    ]


def test_disabled_alerts_do_not_fire(watched: Context) -> None:
    """Disabled alerts never fire."""
    watch(watched, enabled=False, webhook_url=HOOK)
    usage.record(watched, "light", 100)
    assert (fired(watched), watched.account.outbox) == ([], [])


def test_an_alert_goes_out_by_e_mail_and_webhook(watched: Context) -> None:
    """An alert is sent to the account's e-mail address and, with its numbers, to webhook_url."""
    watch(watched, webhook_url=HOOK)
    usage.record(watched, "light", 50)
    mail, hook = watched.account.outbox
    assert (mail.channel, mail.recipient) == ("email", watched.account.profile.email)
    assert mail.created_at == NOON
    assert "50 of 100 credits" in mail.text
    assert (hook.channel, hook.recipient) == ("webhook", HOOK)
    assert hook.payload == {
        "event": "usage.alert",
        "data": {
            "threshold": 50,
            "credits_used": 50,
            "credits_allocated": 100,
            "period": "2026-03",
        },
    }


@pytest.mark.parametrize(
    ("email", "url", "channels"),
    [
        (True, None, ["email"]),
        (False, HOOK, ["webhook"]),
        (False, None, []),
        (True, HOOK, ["email", "webhook"]),
    ],
)
def test_the_settings_choose_the_channels(
    watched: Context, email: bool, url: str | None, channels: list[str]
) -> None:
    """Without a channel, an alert is still audited and in recent activity."""
    watch(watched, email_enabled=email, webhook_url=url)
    usage.record(watched, "light", 50)
    assert [message.channel for message in watched.account.outbox] == channels
    assert fired(watched) == [("2026-03", 50)]
    assert actions(watched)[-1] == "usage_alert.fired"
    assert watched.account.activities[-1].type == "usage_alert"


def test_new_settings_keep_the_fired_alerts(watched: Context) -> None:
    """Saving the settings again does not send the same alert again."""
    usage.record(watched, "light", 50)
    after = later(watched, hours=1)
    watch(after)
    assert after.account.usage_alerts.updated_at == after.now
    deposit(after, 1_000)
    usage.record(after, "light", 40_000)
    assert fired(after) == [("2026-03", 50), ("2026-03", 75)]
    assert [message.subject.split()[3] for message in after.account.outbox] == ["50", "75"]


def test_shares_are_of_the_plan_when_there_is_one(with_card: Context) -> None:
    """With a plan, thresholds are shares of its monthly credits."""
    subscription.change(with_card, "price_starter_monthly")
    deposit(with_card, 10_000)
    usage.record(with_card, "light", 112_499)
    assert fired(with_card) == []
    usage.record(with_card, "light", 1)
    assert fired(with_card) == [("2026-03", 75)]
