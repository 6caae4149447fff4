"""What staging has beside the API: outbox, payment of sessions, usage, the test clock, pages."""

from __future__ import annotations

import html
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field

from tests.staging import deposits, plans, seed, usage
from tests.staging.caller import account_of, refuse_key
from tests.staging.errors import Refusal
from tests.staging.site import ADMIN_TOKEN, SECOND, WEBHOOK_SECRET, Books, Site


async def _site(request: Request) -> Site:
    site: Site = request.app.state.site
    return site


async def _admin(request: Request) -> None:
    if request.headers.get("x-admin-token") != ADMIN_TOKEN:
        raise Refusal(401, "The header X-Admin-Token is missing or wrong.")


async def _account(request: Request) -> str:
    site: Site = request.app.state.site
    key = request.headers.get("x-api-key")
    account = account_of(site, key)
    if account is None:
        raise refuse_key(site, key)
    return account


class Payment(BaseModel):
    payment_method_id: str | None = None


class Work(BaseModel):
    type: Literal["light", "js", "pdf", "ocr", "crawl"]
    requests: Annotated[int, Field(ge=1)]


class Advance(BaseModel):
    seconds: Annotated[int, Field(ge=0)]


TheSite = Annotated[Site, Depends(_site)]
Account = Annotated[str, Depends(_account)]
router = APIRouter(prefix="/internal", dependencies=[Depends(_admin)])
pages = APIRouter()


@router.get("/outbox")
def get_outbox(site: TheSite, account: Account) -> dict[str, Any]:
    """Return the messages to the account's owner, newest first."""
    with site.database.transaction(writes=False) as connection:
        books = Books(site, connection, account, site.now())
        rows = books.rows("SELECT * FROM outbox WHERE account = :account ORDER BY seq DESC")
    return {"messages": [dict(row) for row in rows]}


@router.post("/pay/{session}")
def pay_session(session: str, site: TheSite, payment: Payment | None = None) -> dict[str, Any]:
    """Pay a checkout session with a card: by default the account's, else a Visa."""
    with site.writing("") as books:
        row = deposits.find(books, session)
        if row is None:
            raise Refusal(404, "No such session.")
        card = payment.payment_method_id if payment is not None else None
        return deposits.complete(books.of(row["account"]), row, card)


@router.post("/usage")
def use_credits(work: Work, site: TheSite, account: Account) -> dict[str, Any]:
    """Charge the account for requests."""
    with site.writing(account) as books:
        usage.charge(books, work.type, work.requests)
    return {"credits": work.requests * usage.COSTS[work.type]}


@router.get("/clock")
def get_clock(site: TheSite) -> dict[str, Any]:
    """Return the time of the test clock."""
    return {"now": site.stamp(site.now())}


@router.post("/clock")
def advance_clock(advance: Advance, site: TheSite) -> dict[str, Any]:
    """Set the test clock forward, and renew what falls due."""
    site.advance(advance.seconds * SECOND)
    with site.writing("") as books:
        for row in books.rows("SELECT account FROM subscriptions"):
            plans.settle(books.of(row["account"]))
    return {"now": site.stamp(site.now())}


@router.post("/accounts")
def open_account(site: TheSite) -> dict[str, Any]:
    """Open a new account with a card and a deposit of $20; return its key."""
    with site.writing("") as books:
        return {"key": seed.newcomer(books)}


@router.get("/webhooks")
def get_webhooks(site: TheSite) -> dict[str, Any]:
    """Return the secret of webhooks, and every delivery."""
    return {"secret": WEBHOOK_SECRET, "deliveries": site.deliveries}


def _page(kind: str) -> None:
    @pages.get(f"/{kind}/{{name}}")
    def get_page(name: str) -> HTMLResponse:
        """Return a hosted page, which shows no more than a title."""
        return HTMLResponse(f"<h1>Staging {kind}</h1><p>{html.escape(name)}</p>")


for _kind in ("checkout", "portal", "invoices"):
    _page(_kind)
