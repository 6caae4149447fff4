"""Scripts, frames and their calls, open to web pages of any origin (see ``server.cors``).

They bypass the guard of ``/_mock`` on purpose. A client secret gives access to its setup intent and
to nothing else of the account; a payment method that is created here belongs to no account. Secrets
and card numbers are sent in bodies, which are not recorded.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import orjson
from starlette.exceptions import HTTPException
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
from mockserver.billing.stripe.frames import frame
from mockserver.billing.stripe.paths import CALLS, FRAME_SCRIPT, FRAMES, SCRIPT
from mockserver.billing.stripe.script import FRAME, PAGE, script
from mockserver.engine.asgi import headers_of
from mockserver.engine.world import World

logger = logging.getLogger(__name__)

_Handler = Callable[[Request], Awaitable[Json]]


def routes(world: World[Accounts]) -> ASGIApp:
    """Return the app that serves the script and its calls."""
    calls = _Calls(world)
    intents = f"{CALLS}v1/setup_intents/{{id}}"
    table = [
        Route(SCRIPT, _script_route(world, PAGE), methods=["GET"]),
        Route(FRAME_SCRIPT, _script_route(world, FRAME), methods=["GET"]),
        Route(f"{FRAMES}{{name}}.html", frame, methods=["GET"]),
        Route(f"{CALLS}v1/payment_methods", _call(calls.create_payment_method), methods=["POST"]),
        Route(intents, _call(calls.retrieve), methods=["POST"]),
        Route(f"{intents}/confirm", _call(calls.confirm), methods=["POST"]),
        Route(f"{intents}/authenticate", _call(calls.authenticate), methods=["POST"]),
    ]
    router = Router(table, redirect_slashes=False)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # With an app in its scope, the router raises errors instead of responding in plain text.
        scope["app"] = router
        try:
            await router(scope, receive, send)
        except HTTPException as error:
            sentence = f"Unrecognized request URL ({scope['method']}: {scope['path'][:200]})."
            code = "url_invalid" if error.status_code == 404 else "method_not_allowed"
            refused = StripeError.invalid(code, sentence, status=error.status_code)
            response = _json({"error": refused.body}, refused.status)
            response.headers.update(error.headers or {})
            await response(scope, receive, send)
        except ClientDisconnect:
            return

    return app


class _Calls:
    """The calls of the script."""

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
        """Record the outcome of the payer's authentication and return the intent."""
        body = await read(request, Authentication)
        context, intent = self._find(request, body)
        try:
            setup_intents.authenticate(context, intent, passed=body.outcome == "pass")
        except NothingToAuthenticate:
            sentence = "This SetupIntent is not waiting for authentication."
            raise _unexpected(sentence, context, intent, body) from None
        return _render(context, intent, body)

    def _find(self, request: Request, body: Retrieval) -> tuple[Context, SetupIntent]:
        """Return the intent of the path. Raise SetupIntentNotFound for an unknown id or secret."""
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


def _call(handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
    """Return an endpoint that responds in JSON, with errors in Stripe's format."""

    async def route(request: Request) -> Response:
        try:
            return _json(await handler(request))
        except StripeError as error:
            refused = error
        except CardDetailsRefused as error:
            refused = StripeError.of_details(error.code)
        except SetupIntentNotFound as error:
            refused = StripeError.missing("setupintent", error.setup_intent_id, "intent")
        except ClientDisconnect:
            raise
        except Exception as error:
            # A traceback contains no values, so it cannot contain a card number.
            logger.error("%s failed", request.url.path, exc_info=error)
            message = "The mock failed, and its log has the reason. Please report it."
            refused = StripeError(500, "api_error", "mock_failed", message)
        return _json({"error": refused.body}, refused.status)

    return route


def _script_route(
    world: World[Accounts], parts: tuple[str, ...]
) -> Callable[[Request], Awaitable[Response]]:
    async def route(request: Request) -> Response:
        scope = request.scope
        client = scope.get("client")
        url = world.address.base_url(headers_of(scope), scope["scheme"], client)
        text = script(url, world.clock.now(), parts)
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
