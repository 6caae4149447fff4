"""Cards: wrong rules of the default, of removal and of their dates; two requests at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from mockserver.billing import payment_methods
from mockserver.billing.account import Card, Wallet
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.context import Context
from mockserver.billing.errors import CardInUse, CardNotFound
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, together, wraps
from tests.mutants.wire import Inside, Request, Response, Wire, changes_body

Json = Any

_LIST, _ADD, _REMOVE, _DEFAULT = (
    "list_payment_methods",
    "add_payment_method",
    "remove_payment_method",
    "set_default_payment_method",
)
_MOST_LISTED = 3
_SECONDS_OF_A_RACE = 0.03


def _note_the_removed_default(original: Original, call: Call) -> Json:
    account = call.context.account
    before = account.wallet.default_id
    body = original(call)
    if account.wallet.default_id != before:
        original.memory[account.id] = before
    return body


def _name_the_removed_default(original: Original, call: Call) -> Json:
    body = original(call)
    return {
        **body,
        "default_method_id": original.memory.get(
            call.context.account.id, body["default_method_id"]
        ),
    }


def _toggle_the_default(original: Original, context: Context, name: str) -> Card:
    wallet = context.account.wallet
    was_default = wallet.get(name).id == wallet.default_id
    card: Card = original(context, name)
    if was_default:
        wallet.default_id = None
    return card


def _keep_only_the_new(original: Original, context: Context, *args: Any, **kwargs: Any) -> Card:
    card: Card = original(context, *args, **kwargs)
    if context.actor == "api_key":
        context.account.wallet.cards = [card]
        context.account.wallet.default_id = card.id
    return card


def _by_its_own_id_only(original: Original, context: Context, name: str) -> Card:
    if name.startswith("pm_"):
        raise CardNotFound(name)
    card: Card = original(context, name)
    return card


def _refuse_even_if_disabled(original: Original, context: Context, name: str) -> Card:
    card = context.account.wallet.get(name)
    if context.account.auto_recharge.stripe_payment_method_id == card.stripe_id:
        raise CardInUse(card.stripe_id)
    removed: Card = original(context, name)
    return removed


def _list_three(body: Json, _: Request) -> None:
    del body["payment_methods"][_MOST_LISTED:]


def _count_months_from_zero(original: Original, card: Card, wallet: Wallet) -> Json:
    body = original(card, wallet)
    return {**body, "card_exp_month": max(1, body["card_exp_month"] - 1)}


async def _act_twice_at_once(inside: Inside, request: Request) -> Response:
    """Give requests for the same thing that arrive together the same response."""
    what = (request.key, request.path, request.body)
    running = inside.memory.get(what)
    if running is None:
        running = inside.memory[what] = asyncio.ensure_future(_act_slowly(inside, request))
        running.add_done_callback(lambda _: inside.memory.pop(what))
    response: Response = await running
    return Response(response.status, dict(response.headers), response.body)


async def _act_slowly(inside: Inside, request: Request) -> Response:
    await asyncio.sleep(_SECONDS_OF_A_RACE)
    return await inside.ask(request)


def at_once(me: Caller, method: str, path: str, body: Json = None) -> object:
    """Send a request twice at the same time, and return how often it succeeds."""
    with ThreadPoolExecutor(2) as threads:
        sent = [threads.submit(me.status, method, path, body) for _ in range(2)]
        return sorted(status.result() for status in sent)


def _two_cards(me: Caller) -> list[str]:
    cards = ("pm_card_visa", "pm_card_amex")
    for card in cards:
        me.post("payment-methods", {"payment_method_id": card})
    return [card["id"] for card in me.get("payment-methods")["payment_methods"]]


def _default_after_its_removal(me: Caller) -> object:
    _two_cards(me)
    me.delete("payment-methods/pm_card_visa")
    listed = me.get("payment-methods")
    return listed["default_method_id"] in [card["id"] for card in listed["payment_methods"]]


def _default_after_choosing_it_again(me: Caller) -> object:
    _, visa = _two_cards(me)
    me.post(f"payment-methods/{visa}/default")
    return me.get("payment-methods")["default_method_id"]


def _removed_after_disabling(me: Caller) -> object:
    me.put("auto-recharge", {"enabled": True, "stripe_payment_method_id": "pm_card_visa"})
    me.delete("auto-recharge")
    visa = me.get("payment-methods")["payment_methods"][0]["id"]
    return me.status("DELETE", f"payment-methods/{visa}")


def _listed_of_five(me: Caller) -> object:
    for name in ("amex", "jcb", "diners", "discover"):
        me.post("payment-methods", {"payment_method_id": f"pm_card_{name}"})
    return len(me.get("payment-methods")["payment_methods"])


def _removed_at_once(me: Caller) -> object:
    amex, _ = _two_cards(me)
    return at_once(me, "DELETE", f"payment-methods/{amex}")


FAULTS = (
    Fault(
        "removed-card-stays-the-default",
        "state",
        "After the default card was removed, default_method_id still names it.",
        together(
            handles(_REMOVE, _note_the_removed_default), handles(_LIST, _name_the_removed_default)
        ),
        _default_after_its_removal,
    ),
    Fault(
        "choosing-the-default-again-clears-it",
        "state",
        "Making the default card the default again leaves the account without a default.",
        wraps(payment_methods, "set_default", _toggle_the_default, on=(_DEFAULT, _LIST)),
        _default_after_choosing_it_again,
    ),
    Fault(
        "new-card-replaces-all-others",
        "state",
        "Adding a card removes all other cards.",
        wraps(payment_methods, "add", _keep_only_the_new, on=(_ADD, _LIST)),
        lambda me: len(_two_cards(me)),
    ),
    Fault(
        "stripe-id-finds-no-card",
        "state",
        "A card cannot be removed by its Stripe id: 404.",
        wraps(payment_methods, "remove", _by_its_own_id_only, on=(_REMOVE,)),
        lambda me: me.status("DELETE", "payment-methods/pm_card_visa"),
    ),
    Fault(
        "disabled-recharge-holds-its-card",
        "state",
        "A card that disabled auto-recharge settings name cannot be removed: 409.",
        wraps(payment_methods, "remove", _refuse_even_if_disabled, on=(_REMOVE,)),
        _removed_after_disabling,
    ),
    Fault(
        "fourth-card-not-listed",
        "state",
        "Of the cards only the newest three are listed.",
        changes_body(_LIST, by=_list_three),
        _listed_of_five,
    ),
    Fault(
        "expiry-month-counts-from-zero",
        "state",
        "Cards expire a month earlier than they do: months count from zero.",
        wraps(render, "payment_method", _count_months_from_zero, on=(_LIST, _ADD)),
        lambda me: [
            me.post("payment-methods", {"payment_method_id": "pm_card_amex"})["card_exp_month"],
            me.get("payment-methods")["payment_methods"][0]["card_exp_month"],
        ],
    ),
    Fault(
        "two-removals-at-once-both-succeed",
        "state",
        "Two requests at the same time both remove the same card.",
        Wire((_REMOVE,), _act_twice_at_once),
        _removed_at_once,
    ),
)
