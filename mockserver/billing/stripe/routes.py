"""The script and the calls that it makes: from pages of any origin, without cookies, for who has a client secret.

They stand outside the guard of ``/_mock`` on purpose. A secret opens its setup intent and nothing else of the account;
a payment method that is made here belongs to nobody. Secrets and card numbers are in bodies, which nobody keeps.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import orjson
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.billing import setup_intents
from mockserver.billing.account import SetupIntent
from mockserver.billing.accounts.accounts import Accounts
from mockserver.billing.card_details import CardDetails
from mockserver.billing.context import Context
from mockserver.billing.errors import (
    CardDetailsRefused,
    NothingToAuthenticate,
    SetupIntentNotFound,
    SetupIntentSucceeded,
)
from mockserver.billing.stripe import objects
from mockserver.billing.stripe.bodies import (
    Authentication,
    Confirmation,
    PaymentMethodData,
    Retrieval,
    read,
)
from mockserver.billing.stripe.errors import Json, StripeError
from mockserver.billing.stripe.paths import CALLS, SCRIPT
from mockserver.billing.stripe.script import script
from mockserver.engine.call import base_url_of
from mockserver.engine.world import World

logger = logging.getLogger(__name__)

_PREFLIGHT_SECONDS = 86_400

_Answer = Callable[[Request], Awaitable[Json]]


def routes(world: World[Accounts]) -> ASGIApp:
    """All that the stand-in answers."""
    calls = _Calls(world)
    intents = f"{CALLS}v1/setup_intents/{{id}}"
    served = [
        Route(SCRIPT, _script_route(world), methods=["GET"]),
        Route(f"{CALLS}v1/payment_methods", _call(calls.create_payment_method), methods=["POST"]),
        Route(intents, _call(calls.retrieve), methods=["POST"]),
        Route(f"{intents}/confirm", _call(calls.confirm), methods=["POST"]),
        Route(f"{intents}/authenticate", _call(calls.authenticate), methods=["POST"]),
    ]
    router = Router(served, redirect_slashes=False)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # The router raises its own errors when it finds itself inside another app; alone it answers in plain text.
        scope["app"] = router
        try:
            await router(scope, receive, send)
        except HTTPException as error:
            sentence = f"Unrecognized request URL ({scope['method']}: {scope['path'][:200]})."
            code = "url_invalid" if error.status_code == 404 else "method_not_allowed"
            refused = StripeError.invalid(code, sentence, status=error.status_code)
            answer = _json({"error": refused.body}, refused.status)
            answer.headers.update(error.headers or {})
            await answer(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is there to be answered

    return CORSMiddleware(
        app,
        allow_origins=["*"],
        allow_methods=["GET", "POST"],
        allow_headers=["Content-Type"],
        max_age=_PREFLIGHT_SECONDS,
    )


class _Calls:
    """What the script may ask for."""

    def __init__(self, world: World[Accounts]) -> None:
        self._accounts = world.state
        self._clock = world.clock

    async def create_payment_method(self, request: Request) -> Json:
        body = await read(request, PaymentMethodData)
        payer, catalogue, now = body.payer(), self._accounts.catalogue, self._clock.now()
        if isinstance(payer, CardDetails):
            payer = payer.payment_method(catalogue, self._accounts.payment_method_ids, now)
        return objects.payment_method(payer, catalogue, now, body.billing_details)

    async def retrieve(self, request: Request) -> Json:
        body = await read(request, Retrieval)
        context, intent = self._find(request, body)
        return _render(context, intent, body)

    async def confirm(self, request: Request) -> Json:
        body = await read(request, Confirmation)
        context, intent = self._find(request, body)
        try:
            setup_intents.confirm(context, intent, body.payer())
        except SetupIntentSucceeded:
            sentence = "You cannot confirm this SetupIntent because it has already succeeded."
            raise _unexpected(sentence, context, intent, body) from None
        if intent.last_error is not None:
            refusal = StripeError.of_decline(intent.last_error.code)
            rendered = _render(context, intent, body)
            refusal.more = {
                "payment_method": rendered["last_setup_error"]["payment_method"],
                "setup_intent": rendered,
            }
            raise refusal
        return _render(context, intent, body)

    async def authenticate(self, request: Request) -> Json:
        """The payer has answered the bank; the intent says what became of it."""
        body = await read(request, Authentication)
        context, intent = self._find(request, body)
        try:
            setup_intents.authenticate(context, intent, passed=body.outcome == "pass")
        except NothingToAuthenticate:
            sentence = "This SetupIntent does not wait for authentication."
            raise _unexpected(sentence, context, intent, body) from None
        return _render(context, intent, body)

    def _find(self, request: Request, body: Retrieval) -> tuple[Context, SetupIntent]:
        """The intent of the path, for who knows its secret. Raises SetupIntentNotFound."""
        id = request.path_params["id"]
        tenant = self._accounts.owner(id)
        if tenant is None:
            raise SetupIntentNotFound(id)
        context = self._accounts.context(tenant, "payer")
        return context, setup_intents.get(context.account, id, body.client_secret)


def _render(context: Context, intent: SetupIntent, body: Retrieval) -> Json:
    return objects.setup_intent(intent, context.catalogue, context.now, body.expand)


def _unexpected(
    sentence: str, context: Context, intent: SetupIntent, body: Retrieval
) -> StripeError:
    error = StripeError.invalid("setup_intent_unexpected_state", sentence)
    error.more = {"setup_intent": _render(context, intent, body)}
    return error


def _call(answer: _Answer) -> Callable[[Request], Awaitable[Response]]:
    """A route that answers in JSON, errors in Stripe's form."""

    async def route(request: Request) -> Response:
        try:
            return _json(await answer(request))
        except StripeError as error:
            refused = error
        except CardDetailsRefused as error:
            refused = StripeError.of_details(error.code)
        except SetupIntentNotFound as error:
            refused = StripeError.missing("setupintent", error.setup_intent_id, "intent")
        except ClientDisconnect:
            raise
        except Exception as error:
            # A traceback shows places and no values, so no card.
            logger.error("%s failed", request.url.path, exc_info=error)
            refused = StripeError(
                500,
                "api_error",
                "mock_failed",
                "The mock failed; its log says why. Please report it.",
            )
        return _json({"error": refused.body}, refused.status)

    return route


def _script_route(world: World[Accounts]) -> Callable[[Request], Awaitable[Response]]:
    async def route(request: Request) -> Response:
        host = request.headers.get("host", "").encode("latin-1")
        text = script(base_url_of(host, request.url.scheme, world.public_url), world.clock.now())
        headers = {
            "cache-control": "no-store",
            "cross-origin-resource-policy": "cross-origin",
            "x-content-type-options": "nosniff",
        }
        return Response(text, media_type="text/javascript", headers=headers)

    return route


def _json(body: Json, status: int = 200) -> Response:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(orjson.dumps(body), status, headers, "application/json")
