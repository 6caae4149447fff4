"""Cards: the list, and the default."""

from __future__ import annotations

from typing import Any

from mockserver.billing import auto_recharge, payment_methods
from mockserver.billing.account import AutoRecharge, Card, Wallet
from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.billing.context import Context
from mockserver.billing.errors import CardAlreadyAdded, CardDeclined, CardNotFound
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, together, wraps
from tests.mutants.wire import changes_body

Json = Any

_LIST = "list_payment_methods"
_VISA, _AMEX, _JCB = "pm_card_visa", "pm_card_amex", "pm_card_jcb"


def _keep_the_card(original: Original, context: Context, name: str) -> Card:
    wallet = context.account.wallet
    cards, default_id = list(wallet.cards), wallet.default_id
    removed: Card = original(context, name)
    wallet.cards, wallet.default_id = cards, default_id
    return removed


def _forgive_repetition(original: Original, call: Call) -> Json:
    removal = (call.context.account.id, call.params["payment_method_id"])
    try:
        done = original.memory[removal] = original(call)
    except CardNotFound:
        if removal not in original.memory:
            raise
        return original.memory[removal]
    return done


def _note_removed(original: Original, context: Context, name: str) -> Card:
    card: Card = original(context, name)
    original.memory[context.account.id, card.stripe_id] = card
    return card


def _refuse_what_was_removed(original: Original, context: Context, stripe_id: str) -> Card:
    if (context.account.id, stripe_id) in original.memory:
        raise CardAlreadyAdded(stripe_id)
    card: Card = original(context, stripe_id)
    return card


def _configure_with_removed_card(
    original: Original, context: Context, **settings: Any
) -> AutoRecharge:
    card = original.memory.get((context.account.id, settings.get("stripe_payment_method_id")))
    wallet = context.account.wallet
    cards = list(wallet.cards)
    if card is not None:
        wallet.cards = [*cards, card]
    try:
        configured: AutoRecharge = original(context, **settings)
    finally:
        wallet.cards = cards
    return configured


def _note_former_default(original: Original, context: Context, name: str) -> Card:
    former = context.account.wallet.default_id
    card: Card = original(context, name)
    original.memory.setdefault("former", set()).add(former)
    return card


def _show_former_default(original: Original, card: Card, wallet: Wallet) -> Json:
    body = original(card, wallet)
    return {
        **body,
        "is_default": body["is_default"] or card.id in original.memory.get("former", ()),
    }


def _leave_no_default(original: Original, context: Context, name: str) -> Card:
    wallet = context.account.wallet
    was_default = wallet.default_id
    card: Card = original(context, name)
    if card.id == was_default:
        wallet.default_id = None
    return card


def _hand_over_to_newest(original: Original, context: Context, name: str) -> Card:
    wallet = context.account.wallet
    was_default = wallet.default_id
    card: Card = original(context, name)
    if card.id == was_default and wallet.cards:
        wallet.default_id = wallet.cards[-1].id
    return card


def _add_again(original: Original, context: Context, stripe_id: str) -> Card:
    wallet = context.account.wallet
    if wallet.find(stripe_id) is None:
        added: Card = original(context, stripe_id)
        return added
    card = payment_methods.make_card(context, stripe_id)
    wallet.cards.append(card)
    context.audit(
        "payment_method.added", payment_method_id=card.id, brand=card.brand, last4=card.last4
    )
    context.record_activity("payment_method_added", f"Added {card.label}")
    return card


def _keep_the_declined(original: Original, context: Context, stripe_id: str) -> Card:
    try:
        card: Card = original(context, stripe_id)
    except CardDeclined:
        context.account.wallet.cards.append(payment_methods.make_card(context, stripe_id))
        raise
    return card


def _prefer_the_duplicate(original: Original, context: Context, stripe_id: str) -> Card:
    wallet = context.account.wallet
    try:
        card: Card = original(context, stripe_id)
    except CardAlreadyAdded:
        wallet.default_id = wallet.get(stripe_id).id
        raise
    return card


def _acknowledge_only(_: Original, context: Context, name: str) -> Card:
    return context.account.wallet.get(name)


def _remove_even_if_needed(original: Original, context: Context, name: str) -> Card:
    settings = context.account.auto_recharge
    enabled, settings.enabled = settings.enabled, False
    try:
        card: Card = original(context, name)
    finally:
        settings.enabled = enabled
    return card


def _first_is_no_default(original: Original, call: Call) -> Json:
    wallet = call.context.account.wallet
    was_empty = not wallet.cards
    body = original(call)
    if was_empty:
        wallet.default_id, body["is_default"] = None, False
    return body


def _claim_default(original: Original, call: Call) -> Json:
    return {**original(call), "is_default": True}


def _add(me: Caller, *stripe_ids: str) -> list[str]:
    """Add cards, and return their ids."""
    return [
        me.post("payment-methods", {"payment_method_id": stripe_id})["id"]
        for stripe_id in stripe_ids
    ]


def _brands(me: Caller) -> list[str]:
    return [card["card_brand"] for card in me.get("payment-methods")["payment_methods"]]


def _after_removal(me: Caller) -> object:
    card = _add(me, _AMEX)[0]
    me.delete(f"payment-methods/{card}")
    return _brands(me)


def _removed_twice(me: Caller) -> object:
    card = _add(me, _AMEX)[0]
    return [me.status("DELETE", f"payment-methods/{card}") for _ in range(2)]


def _added_again_after_removal(me: Caller) -> object:
    card = _add(me, _AMEX)[0]
    me.delete(f"payment-methods/{card}")
    return me.status("POST", "payment-methods", {"payment_method_id": _AMEX})


def _recharge_with_removed_card(me: Caller) -> object:
    card = _add(me, _AMEX)[0]
    me.delete(f"payment-methods/{card}")
    return me.status("PUT", "auto-recharge", {"enabled": True, "stripe_payment_method_id": _AMEX})


def _defaults_after_a_change(me: Caller) -> object:
    card = _add(me, _AMEX)[0]
    me.post(f"payment-methods/{card}/default")
    return [
        payment_method["is_default"]
        for payment_method in me.get("payment-methods")["payment_methods"]
    ]


def _default_after_its_removal(me: Caller) -> object:
    _add(me, _AMEX, _JCB)
    me.delete(f"payment-methods/{_VISA}")
    cards = me.get("payment-methods")
    return [
        card["card_brand"]
        for card in cards["payment_methods"]
        if card["id"] == cards["default_method_id"]
    ]


def _default_after_a_duplicate(me: Caller) -> object:
    _add(me, _AMEX)
    before = me.get("payment-methods")["default_method_id"]
    me.status("POST", "payment-methods", {"payment_method_id": _AMEX})
    return me.get("payment-methods")["default_method_id"] == before


def _cards_after_a_decline(me: Caller) -> object:
    me.status("POST", "payment-methods", {"payment_method_id": "pm_card_chargeDeclined"})
    return len(_brands(me))


def _removing_a_needed_card(me: Caller) -> object:
    me.put("auto-recharge", {"enabled": True, "stripe_payment_method_id": _VISA})
    return me.status("DELETE", f"payment-methods/{_VISA}")


def _default_after_the_first_card(me: Caller) -> object:
    new = me.named("sk_test_new")
    card = _add(new, _VISA)[0]
    return new.get("payment-methods")["default_method_id"] == card


FAULTS = (
    Fault(
        "card-not-removed",
        "state",
        "Removing a card is acknowledged, and the card stays.",
        wraps(payment_methods, "remove", _keep_the_card, on=("remove_payment_method", _LIST)),
        _after_removal,
    ),
    Fault(
        "card-can-be-removed-twice",
        "state",
        "Removing a card that was removed before is acknowledged instead of 404.",
        handles("remove_payment_method", _forgive_repetition),
        _removed_twice,
    ),
    Fault(
        "removed-card-cannot-return",
        "state",
        "A card that was removed cannot be added again: 409.",
        together(
            wraps(payment_methods, "remove", _note_removed, on=("remove_payment_method",)),
            wraps(payment_methods, "add", _refuse_what_was_removed, on=("add_payment_method",)),
        ),
        _added_again_after_removal,
    ),
    Fault(
        "removed-card-pays-recharges",
        "state",
        "Auto-recharge can be switched on with a card that was removed.",
        together(
            wraps(payment_methods, "remove", _note_removed, on=("remove_payment_method",)),
            wraps(
                auto_recharge,
                "configure",
                _configure_with_removed_card,
                on=("update_auto_recharge",),
            ),
        ),
        _recharge_with_removed_card,
    ),
    Fault(
        "former-default-stays-one",
        "state",
        "After another card was made the default, two cards are listed as the default.",
        together(
            wraps(
                payment_methods,
                "set_default",
                _note_former_default,
                on=("set_default_payment_method",),
            ),
            wraps(render, "payment_method", _show_former_default, on=(_LIST,)),
        ),
        _defaults_after_a_change,
    ),
    Fault(
        "default-not-stored",
        "state",
        "Making a card the default is acknowledged, and nothing changes.",
        wraps(
            payment_methods,
            "set_default",
            _acknowledge_only,
            on=("set_default_payment_method", _LIST),
        ),
        _defaults_after_a_change,
    ),
    Fault(
        "no-default-after-removal",
        "state",
        "When the default card is removed, no other becomes the default.",
        wraps(payment_methods, "remove", _leave_no_default, on=("remove_payment_method", _LIST)),
        _default_after_its_removal,
    ),
    Fault(
        "newest-card-becomes-default",
        "state",
        "When the default card is removed, the newest card becomes the default instead of the "
        "oldest.",
        wraps(payment_methods, "remove", _hand_over_to_newest, on=("remove_payment_method", _LIST)),
        _default_after_its_removal,
    ),
    Fault(
        "same-card-twice",
        "state",
        "A card that is on the account already is added a second time.",
        wraps(payment_methods, "add", _add_again, on=("add_payment_method",)),
        lambda me: me.status("POST", "payment-methods", {"payment_method_id": _VISA}),
    ),
    Fault(
        "declined-card-kept",
        "state",
        "A card that is declined with 402 is added all the same.",
        wraps(payment_methods, "add", _keep_the_declined, on=("add_payment_method", _LIST)),
        _cards_after_a_decline,
    ),
    Fault(
        "refused-duplicate-becomes-default",
        "state",
        "Adding a card that is there already is refused with 409, but makes it the default.",
        wraps(payment_methods, "add", _prefer_the_duplicate, on=("add_payment_method", _LIST)),
        _default_after_a_duplicate,
    ),
    Fault(
        "needed-card-can-be-removed",
        "state",
        "The card that an enabled auto-recharge names can be removed.",
        wraps(payment_methods, "remove", _remove_even_if_needed, on=("remove_payment_method",)),
        _removing_a_needed_card,
    ),
    Fault(
        "first-card-is-no-default",
        "state",
        "The first card of an account does not become its default.",
        handles("add_payment_method", _first_is_no_default, on=("add_payment_method", _LIST)),
        _default_after_the_first_card,
    ),
    Fault(
        "added-card-called-default",
        "state",
        "The response to adding a card says that it is the default, even if another is.",
        handles("add_payment_method", _claim_default),
        lambda me: me.post("payment-methods", {"payment_method_id": _AMEX})["is_default"],
    ),
    Fault(
        "cards-oldest-first",
        "state",
        "Cards are listed oldest first.",
        changes_body(_LIST, by=lambda body, _: body["payment_methods"].reverse()),
        lambda me: _brands(me.named("sk_test_subscriber")),
    ),
)
