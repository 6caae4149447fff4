"""Usage alerts: sent when usage crosses a share of the month's allocation.

Each threshold fires once a month. The default settings are documented, the rules assumed.
"""

from __future__ import annotations

from mockserver.billing.account import Fired, UsageAlerts
from mockserver.billing.context import Context

EVENT = "usage.alert"


def configure(
    context: Context,
    *,
    enabled: bool,
    threshold_50_enabled: bool,
    threshold_75_enabled: bool,
    threshold_90_enabled: bool,
    threshold_100_enabled: bool,
    email_enabled: bool,
    webhook_url: str | None,
) -> UsageAlerts:
    """Replace the settings."""
    context.account.usage_alerts = settings = UsageAlerts(
        enabled,
        threshold_50_enabled,
        threshold_75_enabled,
        threshold_90_enabled,
        threshold_100_enabled,
        email_enabled,
        webhook_url,
        updated_at=context.now,
        fired=context.account.usage_alerts.fired,
    )
    context.audit(
        "usage_alerts.updated",
        enabled=enabled,
        email_enabled=email_enabled,
        webhook_url=webhook_url,
    )
    return settings


def fire_crossed(context: Context, used_before: int, used_after: int, allocated: int) -> None:
    """Fire the thresholds that a charge crossed, each once per UTC calendar month."""
    settings = context.account.usage_alerts
    if not settings.enabled or allocated <= 0:
        return
    for threshold in settings.thresholds:
        if used_before * 100 < threshold * allocated <= used_after * 100:
            period = f"{context.now:%Y-%m}"
            if not any(
                alert.period == period and alert.threshold == threshold for alert in settings.fired
            ):
                _fire(context.at(context.now), period, threshold, used_after, allocated)


def _fire(context: Context, period: str, threshold: int, used: int, allocated: int) -> None:
    account, settings = context.account, context.account.usage_alerts
    settings.fired.append(Fired(period, threshold, context.now))
    text = f"{used:,} of {allocated:,} credits are used this month."
    if settings.email_enabled:
        context.send(
            "email", account.profile.email, f"You have used {threshold} % of your credits", text
        )
    if settings.webhook_url is not None:
        data = {
            "threshold": threshold,
            "credits_used": used,
            "credits_allocated": allocated,
            "period": period,
        }
        payload: dict[str, object] = {"event": EVENT, "data": data}
        message = context.send("webhook", settings.webhook_url, EVENT, text, payload=payload)
        context.emit(EVENT, message.id, data, settings.webhook_url)
    context.audit(
        "usage_alert.fired", threshold=threshold, credits_used=used, credits_allocated=allocated
    )
    context.record_activity("usage_alert", f"{threshold} % of this month's credits are used")
