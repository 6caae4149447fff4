"""The subscription and its plan."""

from mockserver.api import render
from mockserver.api.body import Json
from mockserver.api.compiled import Call
from mockserver.billing import subscription


def get_subscription(call: Call) -> Json:
    return render.subscription(call.context.account.subscription, call.context.catalogue)


def change_plan(call: Call) -> Json:
    if call.body is not None:
        subscription.change(call.context, call.body["price_id"])
    return get_subscription(call)
