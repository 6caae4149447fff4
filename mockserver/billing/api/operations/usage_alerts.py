"""Settings of usage alerts."""

from mockserver.billing import usage_alerts
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.engine.body import Json


def get_usage_alerts(call: Call) -> Json:
    return render.usage_alerts(call.context.account.usage_alerts)


def update_usage_alerts(call: Call) -> Json:
    body = call.body
    settings = usage_alerts.configure(
        call.context,
        enabled=body["enabled"],
        threshold_50_enabled=body["threshold_50_enabled"],
        threshold_75_enabled=body["threshold_75_enabled"],
        threshold_90_enabled=body["threshold_90_enabled"],
        threshold_100_enabled=body["threshold_100_enabled"],
        email_enabled=body["email_enabled"],
        webhook_url=body["webhook_url"],
    )
    return render.usage_alerts(settings)
