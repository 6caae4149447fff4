"""Webhook endpoints, with the delivery of usage alerts."""

from mockserver.billing.api.call import Call
from mockserver.billing.control import samples
from mockserver.control import made_up
from mockserver.control.operations import webhooks
from mockserver.engine.body import Json


def list_webhook_endpoints(call: Call) -> Json:
    """List the endpoints, and how the account's usage alerts are delivered."""
    return {**webhooks.list_webhook_endpoints(call), "usage_alerts": _usage_alerts(call)}


def send_webhook_event(call: Call) -> Json:
    """Send an event that did not happen, with made-up data under what the request gives."""
    data = made_up.lived(call) or samples.of(call.body["event"], call.context)
    return made_up.publish(call, {**data, **made_up.given(call)})


def _usage_alerts(call: Call) -> Json | None:
    """Return URL, secret and refusal of the account's usage alerts; None without a key."""
    if call.account_id is None:
        return None
    world, account = call.world, call.context.account
    url = account.usage_alerts.webhook_url
    return {
        "url": url,
        "secret": world.webhooks.direct_secret(account.id),
        "refused": world.webhooks.refusal(url) if url is not None else None,
    }
