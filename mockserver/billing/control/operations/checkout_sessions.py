"""Checkout sessions: the payer's actions on their page."""

from mockserver.billing import checkout
from mockserver.billing.api.call import Call
from mockserver.billing.control import render
from mockserver.billing.control.context import as_mock
from mockserver.engine.body import Json


def complete_checkout_session(call: Call) -> Json:
    context = as_mock(call)
    card = call.body["payment_method_id"] if call.body else None
    # The payer passes 3-D Secure if the card requires it.
    session = checkout.complete(context, call.params["session_id"], card, authenticated=True)
    return render.checkout_session(session, context)


def decline_checkout_session(call: Call) -> Json:
    context = as_mock(call)
    session = checkout.decline(context, call.params["session_id"], call.body["reason"])
    return render.checkout_session(session, context)


def expire_checkout_session(call: Call) -> Json:
    context = as_mock(call)
    return render.checkout_session(checkout.expire(context, call.params["session_id"]), context)
