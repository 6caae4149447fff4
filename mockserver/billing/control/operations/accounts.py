"""Personas, accounts, usage, refunds, messages and invariants."""

import asyncio
from datetime import datetime

import msgspec

from mockserver.billing import invariants, refunds, usage
from mockserver.billing.account import Account
from mockserver.billing.account_view import unpack, view_of
from mockserver.billing.api.call import Call
from mockserver.billing.catalogue import Catalogue
from mockserver.billing.control import render
from mockserver.billing.control.context import as_mock
from mockserver.control import render as general
from mockserver.control.accounts import key_of
from mockserver.control.operations import due
from mockserver.engine import pagination
from mockserver.engine.body import Json
from mockserver.engine.render import page as render_page

_LARGE = 1_000
"""The entries from which on books are not examined again while the account is unchanged."""
_KEPT = "examined_books"
"""Where an account keeps what was found in its books, with its version. It is no field."""


def list_personas(call: Call) -> Json:
    personas = sorted(call.world.state.personas.items())
    return {"personas": [render.persona(slug, persona) for slug, persona in personas]}


def get_catalogue(call: Call) -> Json:
    catalogue = call.world.state.catalogue
    return {
        name: msgspec.to_builtins(getattr(catalogue, name))
        for name in ("plans", "credit_packs", "promo_codes")
    }


def list_accounts(call: Call) -> Json:
    accounts = call.world.state
    page = pagination.by_offset(call, accounts.names())
    shown = [
        {**general.account(call.world, name), **render.account(accounts.peek(name))}
        for name in page.items
    ]
    return {
        **render_page("accounts", shown, page),
        "max_accounts": accounts.max_accounts,
        "evictions": accounts.evictions,
    }


def get_account(call: Call) -> Json:
    """Return an account with its key and the addresses of its pages."""
    world = call.world
    name = key_of(call, call.params["account_id"])
    tenant = world.state.peek(name)
    key = None if world.state.is_organization(name) else name
    pages = render.pages(tenant.account, world.clock.now(), call.base_url)
    shown = {**general.account(world, name), **render.account(tenant)}
    return {"account": shown, "key": key, "pages": pages}


def list_due_work(call: Call) -> Json:
    """List renewals, retries of renewals, and attempts of webhook deliveries."""
    accounts = call.world.state
    names = [call.key] if call.key else accounts.names()
    tenants = [accounts.peek(name) for name in names]
    found = [render.due(tenant.account) for tenant in tenants if tenant.account.subscription]
    found += due.list_due_work(call)["due"]
    return {"due": sorted(found, key=lambda work: work["at"])}


async def get_books(call: Call) -> Json:
    """Return balance over time, usage by day, and all invariants, as of the request."""
    account = call.context.account
    shown, version = render.books(account), (account.ids.counter, call.context.catalogue)
    kept = account.__dict__.get(_KEPT)  # every change takes an id
    if kept is None or kept[0] != version or len(account.ledger.entries) < _LARGE:
        kept = version, await asyncio.to_thread(_examined, *_view(call))
        account.__dict__[_KEPT] = kept
    return {**shown, **kept[1]}


def _view(call: Call) -> tuple[Account, Catalogue, datetime]:
    context = call.context
    return view_of(context.account), context.catalogue, context.now


def _examined(view: Account, catalogue: Catalogue, now: datetime) -> Json:
    """Return what takes long for an account of many entries. Other threads may call this."""
    unpack(view)
    return {
        "points": render.points(view.ledger.entries),
        "checks": render.checks(invariants.checks(view, catalogue, now)),
    }


def record_usage(call: Call) -> Json:
    context = as_mock(call)
    event = usage.record(context, call.body["type"], call.body["requests"])
    return render.usage_charge(event, context)


def create_refund(call: Call) -> Json:
    context = as_mock(call)
    entry = refunds.refund(context, call.body["amount_cents"], call.body["description"])
    return render.refund(entry)


def list_messages(call: Call) -> Json:
    page = pagination.by_offset(call, call.context.account.outbox)
    return render_page("messages", [render.message(message) for message in page.items], page)


async def check_invariants(call: Call) -> Json:
    """Return what does not add up, as of the request."""
    violations = await asyncio.to_thread(_violations, *_view(call))
    return {"ok": not violations, "violations": violations}


def _violations(view: Account, catalogue: Catalogue, now: datetime) -> list[str]:
    unpack(view)
    return invariants.violations(view, catalogue, now)
