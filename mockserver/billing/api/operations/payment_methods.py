"""Cards: list, add, remove, choose the default."""

from mockserver.billing import payment_methods
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.engine.body import Json


def list_payment_methods(call: Call) -> Json:
    return render.payment_methods(call.context.account.wallet)


def add_payment_method(call: Call) -> Json:
    card = payment_methods.add(call.context, call.body["payment_method_id"])
    return render.payment_method(card, call.context.account.wallet)


def remove_payment_method(call: Call) -> Json:
    card = payment_methods.remove(call.context, call.params["payment_method_id"])
    return render.acknowledgement(f"Removed {card.label}.")


def set_default_payment_method(call: Call) -> Json:
    card = payment_methods.set_default(call.context, call.params["payment_method_id"])
    return render.acknowledgement(f"The {card.label} is the default now.")
