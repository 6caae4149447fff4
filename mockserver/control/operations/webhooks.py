"""Webhooks: who is told of events, what came of it, and what is to go wrong."""

from typing import Any

from mockserver.control import webhook_views
from mockserver.control.call import Call
from mockserver.engine import pagination
from mockserver.engine.body import Json
from mockserver.engine.render import page as render_page
from mockserver.webhooks.delivery import Delivery
from mockserver.webhooks.endpoint import Modes


def list_webhook_endpoints(call: Call) -> Json:
    account_id, found = call.account_id, call.world.webhooks.endpoints
    shown = [each for each in found if account_id is None or each.account_id in (None, account_id)]
    return {"endpoints": [webhook_views.endpoint(each) for each in reversed(shown)]}


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
    page = pagination.by_offset(
        call, [each for each in call.world.webhooks.deliveries if _matches(call, each)]
    )
    return render_page(
        "deliveries",
        [webhook_views.delivery(each, call.world.redactor) for each in page.items],
        page,
    )


def replay_webhook_delivery(call: Call) -> Json:
    return webhook_views.delivery(
        call.world.webhooks.replay(call.params["delivery_id"]), call.world.redactor
    )


async def settle_webhooks(call: Call) -> Json:
    webhooks, account_id = call.world.webhooks, call.account_id
    is_settled = await webhooks.settle(account_id, call.params["timeout_seconds"])
    return webhook_views.settled(is_settled, *webhooks.count_pending(account_id))


def _modes(given: Any) -> Modes:
    return Modes(**(given or {}))


def _matches(call: Call, delivery: Delivery) -> bool:
    """Whether a delivery is one of those that the filters ask for; a filter that is left out asks for all."""
    facts = {
        "endpoint": delivery.endpoint_id,
        "event": delivery.event.type,
        "status": delivery.status,
    }
    is_wanted = all(call.params[name] in (None, fact) for name, fact in facts.items())
    return is_wanted and call.account_id in (None, delivery.account_id)
