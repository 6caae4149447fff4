"""Checkout sessions: what a payer would do on the page."""

from mockserver.billing import checkout
from mockserver.billing.api.call import Call
from mockserver.billing.context import Context
from mockserver.billing.control import render
from mockserver.engine.body import Json


def complete_checkout_session(call: Call) -> Json:
    context = _context(call)
    card = call.body["payment_method_id"] if call.body else None
    # What the payer would do includes passing 3-D Secure, where the card asks for it.
    session = checkout.complete(context, call.params["session_id"], card, authenticated=True)
    return render.checkout_session(session, context)


def decline_checkout_session(call: Call) -> Json:
    context = _context(call)
    session = checkout.decline(context, call.params["session_id"], call.body["reason"])
    return render.checkout_session(session, context)


def expire_checkout_session(call: Call) -> Json:
    context = _context(call)
    return render.checkout_session(checkout.expire(context, call.params["session_id"]), context)


def _context(call: Call) -> Context:
    """The same context, in which the audit log names the control API and not the customer."""
    return call.context.at(call.context.now, "mock")
