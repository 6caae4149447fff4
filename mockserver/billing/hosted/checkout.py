"""The page of a checkout session, and its 3-D Secure step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from urllib.parse import urlencode

from msgspec import Struct
from msgspec.structs import astuple
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mockserver.billing import checkout, promo
from mockserver.billing.account import CheckoutSession, add_months
from mockserver.billing.catalogue import Plan
from mockserver.billing.context import Context
from mockserver.billing.errors import BillingError, CardDeclined, PromoCodeRefused
from mockserver.billing.hosted import cards
from mockserver.billing.hosted.cards import CardRefused
from mockserver.billing.hosted.forms import fields, guarded
from mockserver.billing.hosted.site import FORMS_LEAVE, FORMS_STAY, Problem, Site
from mockserver.billing.payment_methods import AUTHENTICATION_REQUIRED

BeforeRedirect = Callable[[str], Awaitable[None]]
"""Awaited with the account's id between a payment and the redirect to the shop."""

AUTHENTICATION_FAILED = "payment_intent_authentication_failure"
_FAILED = (
    f"The payment was not authenticated ({AUTHENTICATION_FAILED}). Try again, or use another card."
)
STEPS = ("pay", "cancel")
PREFIXES = ("/checkout", "/c/pay")
"""Where the pages of a session are: the address of the API, and the path of Stripe's own pages."""


class CheckoutPages:
    """The pages of checkout sessions: payment, 3-D Secure and the redirect to the shop."""

    def __init__(self, site: Site, before_redirect: BeforeRedirect) -> None:
        self._site = site
        self._before_redirect = before_redirect

    def routes(self) -> list[Route]:
        def route(
            path: str, endpoint: Callable[[Request], Awaitable[Response]], *methods: str
        ) -> Route:
            return Route(path, guarded(endpoint, self._site), methods=list(methods))

        return [
            made
            for prefix in PREFIXES
            for made in (
                route(f"{prefix}/{{session_id}}", self._show, "GET"),
                route(f"{prefix}/{{session_id}}/authentication", self._authentication, "GET"),
                route(f"{prefix}/{{session_id}}/{{step}}", self._step, "GET", "POST"),
            )
        ]

    async def _show(self, request: Request) -> Response:
        found = self._find(request)
        if found is None:
            return self._site.missing("checkout session")
        context, session = found
        card = request.query_params.get("fill", "")
        values = cards.filled_in(card, context.catalogue, context.now)
        return self.page(Visit(context, session, _here(request)), values=values)

    async def _authentication(self, request: Request) -> Response:
        """Show the 3-D Secure page of the payer's bank."""
        found = self._find(request)
        if found is None:
            return self._site.missing("checkout session")
        context, session = found
        here = _here(request)
        card = request.query_params.get("card")
        if session.status(context.now) != "open":
            return self.page(Visit(context, session, here))
        if card is not None and not cards.is_id(card):
            return self._site.missing("card")
        return self._site.page(
            "authentication.html",
            forms=FORMS_LEAVE,
            title=_title(session, _plan(context, session)),
            amount_cents=session.amount_cents,
            card=cards.paying_card(context, card),
            action=f"{here}/pay",
            hidden={"card": card} if card else {},
            back=here,
        )

    async def _back_to_page(self, request: Request) -> Response:
        """Redirect a GET of a step to the page of its session."""
        found = self._find(request)
        if found is None:
            return self._site.missing("checkout session")
        if request.path_params["step"] not in STEPS:
            return self._site.missing("step")
        return RedirectResponse(_here(request), 303)

    async def _step(self, request: Request) -> Response:
        if request.method != "POST":
            return await self._back_to_page(request)
        form = await fields(request)
        found = self._find(request)
        if found is None:
            return self._site.missing("checkout session")
        visit = Visit(*found, _here(request))
        step = request.path_params["step"]
        if step not in STEPS:
            return self._site.missing("step")
        try:
            return await self._pay(visit, form) if step == "pay" else self._cancel(visit)
        except BillingError as error:
            return self.page(visit, Problem(str(error), 409))

    async def _pay(self, visit: Visit, form: dict[str, str]) -> Response:
        context, session = visit.context, visit.session
        if session.closed != "complete":
            problem = _attempt(visit, form)
            if isinstance(problem, Response):
                return problem
            if problem is not None:
                return self.page(visit, problem, cards.kept(form, context.catalogue))
        await self._before_redirect(context.account.id)
        return _redirect(session, session.success_url) or self.page(visit)

    def _cancel(self, visit: Visit) -> Response:
        checkout.must_be_open(visit.context, visit.session)
        text = "Cancelled. Nothing was charged."
        message = self._site.message(200, text, "You can close this page.")
        return _redirect(visit.session, visit.session.cancel_url) or message

    def _find(self, request: Request) -> tuple[Context, CheckoutSession] | None:
        session_id = request.path_params["session_id"]
        context = self._site.find(session_id)
        session = context.account.checkout_sessions.get(session_id) if context is not None else None
        return (context, session) if context is not None and session is not None else None

    def page(
        self,
        visit: Visit,
        problem: Problem | None = None,
        values: dict[str, str] | None = None,
    ) -> Response:
        """Return the page of a session. ``values`` are what its form is filled with."""
        context, session = visit.context, visit.session
        plan = _plan(context, session)
        state = session.status(context.now)
        if problem is None and state == "open" and session.last_decline_code is not None:
            problem = Problem(
                f"The last payment failed ({session.last_decline_code}). Nothing was charged.", 200
            )
        terms = _terms(context, session, plan) if plan else None
        offer = _promo(context, session)
        profile = context.account.profile
        selection = cards.to_pay_with(context)
        numbers = cards.numbers_to_pay_with(context.catalogue)
        status = problem.status if problem else 200
        forms = FORMS_LEAVE if state == "open" else FORMS_STAY
        facts = {
            "session": session,
            "state": state,
            "plan": plan,
            "title": _title(session, plan),
            "terms": terms,
            "promo": offer,
            "profile": profile,
            "selection": selection,
            "numbers": numbers,
            "samples": cards.samples(context.catalogue),
            "values": values or {},
            "here": visit.here,
            "problem": problem,
            "back": _address(session, session.success_url),
        }
        if values:
            return self._site.page("checkout.html", status, forms=forms, **facts)
        # Title, samples and address follow from the others.
        others = (state, plan, terms, offer, profile, selection, numbers, visit.here, problem)
        key = (astuple(session), others)
        return self._site.kept_page(key, "checkout.html", status, forms=forms, **facts)


class Visit(Struct, frozen=True):
    """A session that is visited, and the path of its page."""

    context: Context
    session: CheckoutSession
    here: str


class Promo(Struct, frozen=True):
    """The bonus of a promo code, or why there is none."""

    code: str
    bonus_cents: int
    refusal: str | None = None


def _promo(context: Context, session: CheckoutSession) -> Promo | None:
    if session.promo_code is None:
        return None
    if session.closed == "complete":
        return Promo(session.promo_code, session.bonus_cents)
    try:
        found = promo.check(context, session.promo_code, session.amount_cents)
    except PromoCodeRefused as refused:
        return Promo(session.promo_code, 0, str(refused))
    return Promo(session.promo_code, promo.bonus_cents(found, session.amount_cents))


def _here(request: Request) -> str:
    """Return the path of the page, under the prefix that the visitor used."""
    path = request.scope["path"]
    prefix = next(prefix for prefix in PREFIXES if path.startswith(f"{prefix}/"))
    return f"{prefix}/{request.path_params['session_id']}"


def _attempt(visit: Visit, form: dict[str, str]) -> Problem | Response | None:
    """Try to pay. Return None if it succeeds, else a problem or the redirect to 3-D Secure.

    Raise SessionClosed if the session is not open.
    """
    context, session = visit.context, visit.session
    checkout.must_be_open(context, session)
    try:
        card = cards.chosen(form, context.catalogue, context.now)
    except CardRefused as refused:
        if refused.code == cards.LIVE_CARD:
            checkout.decline(context, session.id, refused.code)
        return Problem(str(refused), refused.status, refused.field)
    outcome = form.get("authentication")
    if outcome == "fail":
        checkout.decline(context, session.id, AUTHENTICATION_FAILED)
        return Problem(_FAILED, 402)
    try:
        checkout.complete(context, session.id, card, authenticated=outcome == "pass")
    except CardDeclined as declined:
        if declined.code == AUTHENTICATION_REQUIRED and outcome != "pass":
            query = f"?{urlencode({'card': card})}" if card else ""
            return RedirectResponse(f"{visit.here}/authentication{query}", 303)
        checkout.decline(context, session.id, declined.code)
        return Problem(str(declined), 402)
    return None


def _plan(context: Context, session: CheckoutSession) -> Plan | None:
    return next(
        (
            plan
            for plan in context.catalogue.plans
            if plan.price_id and plan.price_id == session.price_id
        ),
        None,
    )


class Terms(Struct, frozen=True):
    """What a plan grants now, and its first renewal."""

    credits: int
    renews_at: datetime
    is_trial: bool


def _terms(context: Context, session: CheckoutSession, plan: Plan) -> Terms:
    """Return the terms of a plan if it starts now, or as it started when the session was paid."""
    due = checkout.plan_due(context, session, plan)
    start = session.completed_at or context.now
    renews_at = due.trial_end or add_months(start, plan.months)
    return Terms(due.credits, renews_at, is_trial=due.trial_end is not None)


def _title(session: CheckoutSession, plan: Plan | None) -> str:
    return f"{plan.name} plan" if plan is not None else session.description


def _redirect(session: CheckoutSession, url: str | None) -> Response | None:
    """Return a redirect to the shop; None if the session has no such URL."""
    address = _address(session, url)
    return RedirectResponse(address, 303) if address is not None else None


def _address(session: CheckoutSession, url: str | None) -> str | None:
    """Return a URL of the session with its id in place of Stripe's placeholder."""
    return url.replace("{CHECKOUT_SESSION_ID}", session.id) if url is not None else None
