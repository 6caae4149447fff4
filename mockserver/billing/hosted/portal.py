"""The customer portal: cards, plan and invoices."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

from msgspec import Struct
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from mockserver.billing import payment_methods, subscription
from mockserver.billing.account import Card
from mockserver.billing.catalogue import Plan
from mockserver.billing.context import Context
from mockserver.billing.errors import BillingError, CardDeclined
from mockserver.billing.hosted import cards
from mockserver.billing.hosted.cards import CardRefused
from mockserver.billing.hosted.forms import fields, guarded
from mockserver.billing.hosted.site import FORMS_STAY, Problem, Site
from mockserver.billing.payment_methods import AUTHENTICATION_REQUIRED
from mockserver.billing.subscription import Change

INVOICES_A_PAGE = 20
SETUP_FAILED = "setup_intent_authentication_failure"
PAYMENT_FAILED = "payment_intent_authentication_failure"
STEPS = {
    "default": "The default card was changed.",
    "remove": "The card was removed.",
    "add": "The card was added.",
    "plan": "The plan was changed.",
    "cancel": "The plan ends when the current period ends.",
    "resume": "The plan continues.",
}
"""The steps, with the message after each."""


class NoPlan(BillingError):
    def __str__(self) -> str:
        return "There is no plan on this account."


class OwnCard(Struct, frozen=True):
    """A card of the account, for the template."""

    card: Card
    name: str
    is_default: bool
    is_expired: bool
    keeps: str | None
    """Why the card cannot be removed; None if it can."""


class Offer(Struct, frozen=True):
    """A plan, and the effect of choosing it."""

    plan: Plan
    change: Change
    is_coming: bool
    """Whether the plan is scheduled for the next period."""
    is_primary: bool
    """Whether the page marks the plan: the first that can be started or upgraded to."""
    is_trial: bool
    """Whether the plan would start with a trial."""


class PortalPages:
    """The portal and its steps."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def routes(self) -> list[Route]:
        def route(
            path: str, endpoint: Callable[[Request], Awaitable[Response]], *methods: str
        ) -> Route:
            return Route(
                f"/portal/{{session_id}}{path}",
                guarded(endpoint, self._site),
                methods=list(methods),
            )

        return [
            route("", self._show, "GET"),
            route("/authentication", self._authentication, "GET"),
            route("/{step}", self._step, "GET", "POST"),
        ]

    async def _show(self, request: Request) -> Response:
        context = self._find(request)
        return (
            self._page(context, request)
            if context is not None
            else self._site.missing("portal session")
        )

    async def _authentication(self, request: Request) -> Response:
        """Show the 3-D Secure page of the customer's bank."""
        context = self._find(request)
        if context is None:
            return self._site.missing("portal session")
        step = request.query_params.get("step")
        card, price = request.query_params.get("card", ""), request.query_params.get("price", "")
        plan = _plan(context, price)
        amount: int | None = None
        if step == "add" and cards.is_id(card):
            title, hidden = "Future payments", {"card": card}
        elif step == "plan" and plan is not None:
            title, hidden = f"{plan.name} plan", {"price": price}
            amount = subscription.preview(context, plan).amount_cents
        else:
            return self._site.missing("step")
        here = _here(request)
        return self._site.page(
            "authentication.html",
            forms=FORMS_STAY,
            title=title,
            amount_cents=amount,
            card=cards.paying_card(context, hidden.get("card")),
            action=f"{here}/{step}",
            hidden=hidden,
            back=here,
        )

    async def _back_to_page(self, request: Request) -> Response:
        """Redirect a GET of a step to the portal."""
        if self._find(request) is None:
            return self._site.missing("portal session")
        is_step = request.path_params["step"] in STEPS
        return RedirectResponse(_here(request), 303) if is_step else self._site.missing("step")

    async def _step(self, request: Request) -> Response:
        if request.method != "POST":
            return await self._back_to_page(request)
        form = await fields(request)
        context = self._find(request)
        if context is None:
            return self._site.missing("portal session")
        step = request.path_params["step"]
        if step not in STEPS:
            return self._site.missing("step")
        problem: Problem | None = None
        try:
            _do(step, context, form)
        except CardRefused as refused:
            problem = Problem(str(refused), refused.status, refused.field)
        except CardDeclined as declined:
            if declined.code == AUTHENTICATION_REQUIRED and form.get("authentication") != "pass":
                query = urlencode(_repetition(step, context, form))
                return RedirectResponse(f"{_here(request)}/authentication?{query}", 303)
            problem = Problem(str(declined), 402)
        except BillingError as error:
            problem = Problem(str(error), 409)
        if problem is not None:
            return self._page(context, request, problem, cards.kept(form, context.catalogue))
        return RedirectResponse(f"{_here(request)}?done={step}", 303)

    def _find(self, request: Request) -> Context | None:
        session_id = request.path_params["session_id"]
        context = self._site.find(session_id)
        return (
            context
            if context is not None and session_id in context.account.portal_sessions
            else None
        )

    def _page(
        self,
        context: Context,
        request: Request,
        problem: Problem | None = None,
        values: dict[str, str] | None = None,
    ) -> Response:
        account = context.account
        card = request.query_params.get("fill", "")
        current = account.subscription
        page = _page_number(request.query_params.get("page", "1"))
        newest_first = account.invoices[::-1]
        first = (page - 1) * INVOICES_A_PAGE
        return self._site.page(
            "portal.html",
            problem.status if problem else 200,
            forms=FORMS_STAY,
            path=_here(request),
            profile=account.profile,
            balance=account.ledger.balance,
            cards=[_own(context, card) for card in account.wallet.cards],
            selection=cards.to_add(context),
            numbers=cards.numbers_to_add(context.catalogue),
            samples=cards.samples(context.catalogue),
            values=values or cards.filled_in(card, context.catalogue, context.now),
            subscription=current,
            plan=context.catalogue.plan(current.plan) if current else None,
            pending=context.catalogue.plan(current.pending_plan)
            if current and current.pending_plan
            else None,
            offers=_offers(context),
            invoices=newest_first[first : first + INVOICES_A_PAGE],
            page=page,
            has_older=first + INVOICES_A_PAGE < len(newest_first),
            problem=problem,
            done=STEPS.get(request.query_params.get("done", "")) if problem is None else None,
        )


def _do(step: str, context: Context, form: dict[str, str]) -> None:
    """Carry out a step. Raise BillingError or CardRefused if it is refused."""
    card, outcome = form.get("card", ""), form.get("authentication")
    match step:
        case "default":
            payment_methods.set_default(context, card)
        case "remove":
            payment_methods.remove(context, card)
        case "add":
            if outcome == "fail":
                raise CardDeclined(SETUP_FAILED)
            payment_methods.add(context, _added(context, form), authenticated=outcome == "pass")
        case "plan":
            if outcome == "fail":
                raise CardDeclined(PAYMENT_FAILED)
            subscription.change(context, form.get("price", ""), authenticated=outcome == "pass")
        case "cancel" | "resume":
            if context.account.subscription is None:
                raise NoPlan()
            subscription.schedule(
                context, context.account.subscription, "free" if step == "cancel" else None
            )


def _added(context: Context, form: dict[str, str]) -> str:
    """Return the id of the card to be added. Raise CardRefused if it cannot be used."""
    card = cards.chosen(form, context.catalogue, context.now)
    if card is None:
        raise CardRefused("card", "Choose a card from the list.")
    return card


def _repetition(step: str, context: Context, form: dict[str, str]) -> dict[str, str]:
    """Return the query that repeats a step after 3-D Secure."""
    return {"step": step} | (
        {"card": _added(context, form)} if step == "add" else {"price": form["price"]}
    )


def _own(context: Context, card: Card) -> OwnCard:
    account = context.account
    settings = account.auto_recharge
    pays = settings.enabled and settings.stripe_payment_method_id == card.stripe_id
    return OwnCard(
        card,
        cards.name(card.brand, card.last4),
        card.id == account.wallet.default_id,
        context.now >= card.expires_at,
        "Auto-recharge pays with this card. Choose another one there to remove it."
        if pays
        else None,
    )


def _offers(context: Context) -> list[Offer]:
    """Return the paid plans other than the current one."""
    current = context.account.subscription
    coming = current.pending_plan if current else None
    plans = [
        plan
        for plan in context.catalogue.plans
        if plan.price_id and (not current or plan.slug != current.plan)
    ]
    changes = [subscription.preview(context, plan) for plan in plans]
    primary = next(
        (
            plan.slug
            for plan, change in zip(plans, changes, strict=True)
            if change.kind in ("start", "upgrade") and plan.slug != coming
        ),
        None,
    )
    return [
        Offer(
            plan,
            change,
            plan.slug == coming,
            plan.slug == primary,
            change.kind == "start" and subscription.trial_end_of(context, plan) is not None,
        )
        for plan, change in zip(plans, changes, strict=True)
    ]


def _plan(context: Context, price_id: str) -> Plan | None:
    plans = context.catalogue.plans
    return next((plan for plan in plans if price_id and plan.price_id == price_id), None)


def _here(request: Request) -> str:
    return f"/portal/{request.path_params['session_id']}"


def _page_number(text: str) -> int:
    return (
        int(text)
        if text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) > 0
        else 1
    )
