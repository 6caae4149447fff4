"""The subscription and its plan."""

from mockserver.billing import subscription
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.engine.body import Json


def get_subscription(call: Call) -> Json:
    return render.subscription(call.context.account.subscription, call.context.catalogue)


def change_plan(call: Call) -> Json:
    if call.body is not None:
        subscription.change(call.context, call.body["price_id"])
    return get_subscription(call)
