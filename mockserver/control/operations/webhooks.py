"""Webhook endpoints, their modes and their deliveries."""

from typing import Any

from mockserver.control import made_up, webhook_views
from mockserver.control.call import Call
from mockserver.engine import pagination
from mockserver.engine.body import Json
from mockserver.engine.render import page as render_page
from mockserver.webhooks.delivery import Delivery
from mockserver.webhooks.endpoint import Modes


def list_webhook_endpoints(call: Call) -> Json:
    account_id = call.account_id
    shown = [
        webhook_views.endpoint(endpoint)
        for endpoint in reversed(call.world.webhooks.endpoints)
        if account_id is None or endpoint.account_id in (None, account_id)
    ]
    return {"endpoints": shown}


def register_webhook_endpoint(call: Call) -> Json:
    body = call.body
    endpoint = call.world.webhooks.register(
        body["url"],
        events=body["events"],
        account_id=call.account_id,
        secret=body.get("secret"),
        modes=_modes(body.get("modes")),
    )
    return webhook_views.endpoint(endpoint)


def delete_webhook_endpoint(call: Call) -> Json:
    return webhook_views.endpoint(call.world.webhooks.delete(call.params["endpoint_id"]))


def set_webhook_modes(call: Call) -> Json:
    endpoint = call.world.webhooks.endpoint(call.params["endpoint_id"])
    endpoint.modes = _modes(call.body)
    return webhook_views.endpoint(endpoint)


def list_webhook_deliveries(call: Call) -> Json:
    log = call.world.webhooks.deliveries
    page = pagination.by_offset(call, [delivery for delivery in log if _matches(call, delivery)])
    shown = [webhook_views.delivery(delivery, call.world.redactor) for delivery in page.items]
    return render_page("deliveries", shown, page)


def replay_webhook_delivery(call: Call) -> Json:
    return webhook_views.delivery(
        call.world.webhooks.replay(call.params["delivery_id"]), call.world.redactor
    )


def send_webhook_event(call: Call) -> Json:
    """Publish an event with the data of the request. Nothing else changes."""
    return made_up.publish(call, {**(made_up.lived(call) or {}), **made_up.given(call)})


async def settle_webhooks(call: Call) -> Json:
    webhooks, account_id = call.world.webhooks, call.account_id
    is_settled = await webhooks.settle(account_id, call.params["timeout_seconds"])
    return webhook_views.settled(is_settled, *webhooks.count_pending(account_id))


def _modes(given: Any) -> Modes:
    return Modes(**(given or {}))


def _matches(call: Call, delivery: Delivery) -> bool:
    """Return whether a delivery matches all filters that are given."""
    values = {
        "endpoint": delivery.endpoint_id,
        "event": delivery.event.type,
        "status": delivery.status,
    }
    is_match = all(call.params[name] in (None, value) for name, value in values.items())
    return is_match and call.account_id in (None, delivery.account_id)
