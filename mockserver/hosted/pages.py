"""Checkout, portal and invoice pages: plain, server-rendered, without scripts. Unknown paths go on to the next app."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs

from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from mockserver.billing import checkout, money, payment_methods, promo, subscription
from mockserver.billing.checkout import CheckoutSession
from mockserver.billing.context import Context
from mockserver.billing.errors import BillingError, CardDeclined
from mockserver.contract import Contract
from mockserver.hosted.docs import docs_routes
from mockserver.hosted.reference import reference_route
from mockserver.world import World

_MAX_FORM_BYTES = 10_000
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action *; frame-ancestors 'none'; base-uri 'none'"
_CARD = re.compile(r"pm_\w{1,250}", re.ASCII)
DECLINE_REASONS = (
    "generic_decline",
    "insufficient_funds",
    "lost_card",
    "expired_card",
    "incorrect_cvc",
    "processing_error",
)


class Pages:
    """The routes of all pages."""

    def __init__(self, world: World, contract: Contract, *, otherwise: ASGIApp) -> None:
        self._world = world
        self._templates = Environment(
            loader=PackageLoader("mockserver.hosted"),
            autoescape=select_autoescape(),
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["cents"] = money.display_cents
        self._router = Router(
            [
                Route("/checkout/{session_id}", self._checkout, methods=["GET"]),
                Route("/checkout/{session_id}/{step}", self._checkout_step, methods=["POST"]),
                Route("/portal/{session_id}", self._portal, methods=["GET"]),
                Route("/portal/{session_id}/{step}", self._portal_step, methods=["POST"]),
                Route("/invoices/{invoice_id}", self._invoice, methods=["GET"]),
                *docs_routes(contract),
                reference_route(contract),
            ],
            default=otherwise,
            redirect_slashes=False,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._router(scope, receive, send)

    async def _checkout(self, request: Request) -> Response:
        found = self._find_checkout(request)
        if found is None:
            return self._nothing("This checkout session does not exist.")
        return self._show_checkout(*found)

    async def _checkout_step(self, request: Request) -> Response:
        found = self._find_checkout(request)
        if found is None:
            return self._nothing("This checkout session does not exist.")
        context, session = found
        form = await self._form(request)
        if isinstance(form, Response):
            return form
        try:
            return self._do(request.path_params["step"], context, session, form)
        except BillingError as error:
            return self._show_checkout(context, session, str(error), 402 if isinstance(error, CardDeclined) else 409)

    def _do(self, step: str, context: Context, session: CheckoutSession, form: dict[str, str]) -> Response:
        match step:
            case "pay":
                card = form.get("card")
                if card is not None and not _CARD.fullmatch(card):
                    return self._show_checkout(context, session, "That is no card.", 400)
                checkout.complete(context, session.id, card)
                return _leave(session, session.success_url) or self._show_checkout(context, session)
            case "decline":
                reason = form.get("reason", "")
                checkout.decline(context, session.id, reason if reason in DECLINE_REASONS else DECLINE_REASONS[0])
                return self._show_checkout(context, session, f"The card was declined ({session.last_decline_code}).")
            case "cancel":
                checkout.must_be_open(context, session)
                cancelled = "Cancelled. Nothing was charged."
                return _leave(session, session.cancel_url) or self._page("nothing.html", message=cancelled)
        return self._nothing("There is no such step.")

    def _find_checkout(self, request: Request) -> tuple[Context, CheckoutSession] | None:
        session_id = request.path_params["session_id"]
        tenant = self._world.owner(lambda account: session_id in account.checkout_sessions)
        if tenant is None:
            return None
        return self._world.context(tenant, "payer"), tenant.account.checkout_sessions[session_id]

    def _show_checkout(
        self, context: Context, session: CheckoutSession, problem: str | None = None, status: int = 200
    ) -> Response:
        bonus = 0
        if session.promo_code is not None and session.closed is None:
            found = context.catalogue.promo_code(session.promo_code)
            bonus = promo.bonus_cents(found, session.amount_cents) if found else 0
        return self._page(
            "checkout.html",
            status,
            session=session,
            state=session.status(context.now),
            bonus_cents=session.bonus_cents or bonus,
            own_cards=context.account.wallet.cards,
            test_cards=context.catalogue.test_cards,
            reasons=DECLINE_REASONS,
            problem=problem,
        )

    async def _portal(self, request: Request) -> Response:
        context = self._find_portal(request)
        return self._show_portal(context, request) if context else self._nothing("This portal session does not exist.")

    async def _portal_step(self, request: Request) -> Response:
        context = self._find_portal(request)
        if context is None:
            return self._nothing("This portal session does not exist.")
        form = await self._form(request)
        if isinstance(form, Response):
            return form
        try:
            is_known = _do_in_portal(request.path_params["step"], context, form.get("card", ""))
        except BillingError as error:
            return self._show_portal(context, request, str(error), 409)
        here = f"/portal/{request.path_params['session_id']}"
        return RedirectResponse(here, 303) if is_known else self._nothing("There is no such step.")

    def _find_portal(self, request: Request) -> Context | None:
        session_id = request.path_params["session_id"]
        tenant = self._world.owner(lambda account: session_id in account.portal_sessions)
        return self._world.context(tenant, "payer") if tenant is not None else None

    def _show_portal(
        self, context: Context, request: Request, problem: str | None = None, status: int = 200
    ) -> Response:
        current = context.account.subscription
        return self._page(
            "portal.html",
            status,
            path=f"/portal/{request.path_params['session_id']}",
            wallet=context.account.wallet,
            invoices=context.account.invoices[::-1],
            subscription=current,
            plan=context.catalogue.plan(current.plan) if current else None,
            problem=problem,
        )

    async def _invoice(self, request: Request) -> Response:
        wanted = request.path_params["invoice_id"]
        tenant = self._world.owner(lambda account: any(each.id == wanted for each in account.invoices))
        if tenant is None:
            return self._nothing("This invoice does not exist.")
        invoice = next(each for each in tenant.account.invoices if each.id == wanted)
        return self._page("invoice.html", invoice=invoice, profile=tenant.account.profile)

    async def _form(self, request: Request) -> dict[str, str] | Response:
        """The fields of a form; a page that refuses it, if it comes from another site or is too large."""
        if not _is_same_origin(request):
            return self._page("nothing.html", 403, message="This form was sent from another site.")
        fields = await _fields(request)
        if fields is None:
            return self._page("nothing.html", 413, message="This form is too large.")
        return fields

    def _nothing(self, message: str) -> Response:
        return self._page("nothing.html", 404, message=message)

    def _page(self, template: str, status: int = 200, **facts: Any) -> Response:
        html = self._templates.get_template(template).render(**facts)
        return HTMLResponse(html, status, {"content-security-policy": _POLICY, "cache-control": "no-store"})


def _do_in_portal(step: str, context: Context, card: str) -> bool:
    """What a customer may do in the portal; False if there is no such step. Raises BillingError."""
    current = context.account.subscription
    match step:
        case "default":
            payment_methods.set_default(context, card)
        case "remove":
            payment_methods.remove(context, card)
        case "cancel" if current is not None:
            subscription.schedule(context, current, "free")
        case "resume" if current is not None:
            subscription.schedule(context, current, None)
        case _:
            return False
    return True


def _leave(session: CheckoutSession, url: str | None) -> Response | None:
    """Go back to the shop, with the session's id in the address where it asks for it, as Stripe does."""
    if url is None:
        return None
    return RedirectResponse(url.replace("{CHECKOUT_SESSION_ID}", session.id), 303)


def _is_same_origin(request: Request) -> bool:
    origin = request.headers.get("origin")
    return origin is None or origin.partition("://")[2] == request.headers.get("host")


async def _fields(request: Request) -> dict[str, str] | None:
    """The fields of a form; None if it is too large."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_FORM_BYTES:
            return None
    return {name: values[-1] for name, values in parse_qs(body.decode("latin-1")).items()}
