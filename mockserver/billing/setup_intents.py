"""Setup intents: a web page collects a card without charging it (assumed, modelled on Stripe.js).

A succeeded intent adds no card to the account. Its payment method is then added like any other.
"""

from __future__ import annotations

from hmac import compare_digest

from mockserver.billing import bounds, payment_methods
from mockserver.billing.account import Account, SetupError, SetupIntent
from mockserver.billing.card_details import CardDetails
from mockserver.billing.context import Context
from mockserver.billing.errors import (
    NothingToAuthenticate,
    SetupIntentNotFound,
    SetupIntentSucceeded,
)

AUTHENTICATION_FAILED = "authentication_failed"
"""The error code if the payer failed the authentication; other codes are Stripe's decline codes."""


def create(context: Context) -> SetupIntent:
    """Create a setup intent, with which a browser can collect a card."""
    bounds.make_room(context.account.setup_intents, bounds.MAX_SETUP_INTENTS)
    ids = context.account.ids
    id = ids.token("seti_")
    intent = SetupIntent(id, ids.token(f"{id}_secret_"), context.now)
    context.account.setup_intents[id] = intent
    context.audit("setup_intent.created", setup_intent_id=id)
    return intent


def get(account: Account | None, id: str, client_secret: str) -> SetupIntent:
    """Return the intent of that id and client secret.

    Raise SetupIntentNotFound if either is wrong, without revealing which.
    """
    intent = account.setup_intents.get(id) if account is not None else None
    expected = intent.client_secret if intent is not None else ""
    if not compare_digest(_bytes(expected), _bytes(client_secret)) or intent is None:
        raise SetupIntentNotFound(id)
    return intent


def confirm(context: Context, intent: SetupIntent, payer: str | CardDetails) -> SetupIntent:
    """Try to set up a card, given by its Stripe id or as typed.

    A decline is an outcome, not an error: the intent records it and waits for another card. An
    intent that waits for authentication may be confirmed again, for example after a page reload.
    Raise SetupIntentSucceeded or CardDetailsRefused.
    """
    if intent.status == "succeeded":
        raise SetupIntentSucceeded(intent.id)
    if isinstance(payer, CardDetails):
        payer = payer.payment_method(context.catalogue, context.account.ids, context.now)
    intent.last_error = None
    if context.catalogue.card(payer).authentication == "never":
        _settle(context, intent, payer)
    else:
        intent.status, intent.payment_method = "requires_action", payer
        context.audit("setup_intent.requires_action", setup_intent_id=intent.id)
    return intent


def authenticate(context: Context, intent: SetupIntent, *, passed: bool) -> SetupIntent:
    """Record that the payer passed or failed 3-D Secure.

    Raise NothingToAuthenticate if the intent is not waiting for it.
    """
    if intent.status != "requires_action" or intent.payment_method is None:
        raise NothingToAuthenticate(intent.id)
    if passed:
        _settle(context, intent, intent.payment_method)
    else:
        _fail(context, intent, SetupError(AUTHENTICATION_FAILED, intent.payment_method))
    return intent


def _settle(context: Context, intent: SetupIntent, payment_method: str) -> None:
    card = payment_methods.make_card(context, payment_method, id="")
    refusal = context.catalogue.card(payment_method).declines_attach
    if card.expires_at <= context.now:
        refusal = "expired_card"
    if refusal is not None:
        _fail(context, intent, SetupError(refusal, payment_method))
        return
    intent.status, intent.payment_method = "succeeded", payment_method
    context.audit(
        "setup_intent.succeeded", setup_intent_id=intent.id, brand=card.brand, last4=card.last4
    )


def _fail(context: Context, intent: SetupIntent, error: SetupError) -> None:
    intent.status, intent.payment_method, intent.last_error = "requires_payment_method", None, error
    context.audit("setup_intent.setup_failed", setup_intent_id=intent.id, reason=error.code)


def _bytes(text: str) -> bytes:
    """Encode any text for comparison, lone surrogates included."""
    return text.encode("utf-8", "surrogatepass")
