"""The JSON of billing's part of the control API."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mockserver.billing import money
from mockserver.billing.account import Account, CheckoutSession
from mockserver.billing.accounts.personas import Persona
from mockserver.billing.accounts.store import Tenant
from mockserver.billing.catalogue import PromoCode
from mockserver.billing.context import Context
from mockserver.billing.invariants import Check
from mockserver.billing.ledger import Entry
from mockserver.billing.outbox import Message
from mockserver.billing.tiers import tier_of
from mockserver.billing.usage_log import UsageEvent
from mockserver.engine.render import optional_timestamp, timestamp

Json = dict[str, Any]

_MAX_PAGES = 20
"""How many pages of each kind are listed."""
_MAX_POINTS = 500
"""How many points the balance over time has."""
_MAX_DAYS = 62
"""How many days of usage are listed."""


def persona(slug: str, persona: Persona) -> Json:
    return {
        "slug": slug,
        "key": persona.key,
        "organization_id": persona.organization_id,
        "member_of": persona.member_of,
        "title": persona.title,
        "about": persona.about,
    }


def promo_code(code: PromoCode) -> Json:
    return {
        "code": code.code,
        "type": code.type,
        "value": code.value,
        "min_deposit_cents": code.min_deposit_cents,
        "max_bonus_cents": code.max_bonus_cents,
        "expires_at": optional_timestamp(code.expires_at),
    }


def account(tenant: Tenant) -> Json:
    account, alerts = tenant.account, tenant.account.usage_alerts
    return {
        "persona": tenant.persona,
        "tier": tier_of(account.ledger.balance).name,
        **_balance(account.ledger.balance),
        "plan": account.subscription.plan if account.subscription else None,
        "plan_status": account.subscription.status if account.subscription else None,
        "cards": [card.label for card in account.wallet.cards],
        "alerts": alerts.thresholds if alerts.enabled else [],
        "created_at": timestamp(account.created_at),
    }


def pages(account: Account, now: datetime, base_url: str) -> list[Json]:
    """Return the pages of an account, newest first of each kind."""
    checkouts = [
        {
            "kind": "checkout",
            "title": f"{session.description}, {money.display_cents(session.amount_cents)}",
            "status": session.status(now),
            "url": f"{base_url}/checkout/{session.id}",
        }
        for session in account.checkout_sessions.values()
    ]
    portals = [
        {
            "kind": "portal",
            "title": f"Opened {timestamp(session.created_at)[:16].replace('T', ' ')}",
            "status": "open",
            "url": f"{base_url}/portal/{session.id}",
        }
        for session in account.portal_sessions.values()
    ]
    invoices = [
        {
            "kind": "invoice",
            "title": f"{invoice.number}, {money.display_cents(invoice.amount_cents)}",
            "status": invoice.status,
            "url": f"{base_url}/invoices/{invoice.id}",
        }
        for invoice in account.invoices
    ]
    newest = (kind[-_MAX_PAGES:][::-1] for kind in (checkouts, portals, invoices))
    return [page for kind in newest for page in kind]


def due(tenant: Tenant) -> list[Json]:
    """Return the next renewal of an account, or the retry of an unpaid one, if it has a plan."""
    subscription = tenant.account.subscription
    if subscription is None:
        return []
    is_retry = subscription.status == "past_due"
    what = f"Retry {subscription.retries + 1} of the payment for" if is_retry else "Renewal of"
    return [
        {
            "at": timestamp(subscription.due_at),
            "kind": "retry" if is_retry else "renewal",
            "account_id": tenant.account.id,
            "title": f"{what} the {subscription.plan} plan",
        }
    ]


def points(entries: Sequence[Entry]) -> list[Json]:
    """Return the balance over time, oldest first: after all entries, or after some of many."""
    step = max(1, -(-len(entries) // _MAX_POINTS))
    chosen = [entries[index] for index in range(len(entries) - 1, -1, -step)][::-1]
    return [
        {
            "at": timestamp(entry.created_at),
            "balance_microcents": entry.balance_after_microcents,
            "type": entry.type,
            "description": entry.description,
        }
        for entry in chosen
    ]


def books(account: Account) -> Json:
    """Return the balance and the usage by day."""
    days = list(account.usage.days)[-_MAX_DAYS:]
    return {
        "entries": len(account.ledger.entries),
        "usage": [
            {
                "day": day.isoformat(),
                "requests": tally.total_requests,
                "credits": tally.total_credits,
                "cost_display": money.display(tally.total_credits * money.MICROCENTS_PER_CREDIT),
            }
            for day, tally in days
        ],
        **_balance(account.ledger.balance),
    }


def checks(checks: Sequence[Check]) -> list[Json]:
    return [{"title": check.title, "violations": check.violations} for check in checks]


def usage_charge(event: UsageEvent, context: Context) -> Json:
    cost = event.credits * money.MICROCENTS_PER_CREDIT
    return {
        "id": event.id,
        "type": event.type,
        "requests": event.requests,
        "credits": event.credits,
        "cost_microcents": cost,
        "cost_display": money.display(cost),
        **_balance(context.account.ledger.balance),
        "created_at": timestamp(event.created_at),
    }


def refund(entry: Entry) -> Json:
    return {
        "id": entry.id,
        "amount_cents": money.in_cents(entry.amount_microcents),
        "amount_display": money.display(entry.amount_microcents),
        "description": entry.description,
        **_balance(entry.balance_after_microcents),
        "created_at": timestamp(entry.created_at),
    }


def checkout_session(session: CheckoutSession, context: Context) -> Json:
    return {
        "session_id": session.id,
        "status": session.status(context.now),
        "amount_cents": session.amount_cents,
        "amount_display": money.display_cents(session.amount_cents),
        "description": session.description,
        "price_id": session.price_id,
        "promo_code": session.promo_code,
        "bonus_cents": session.bonus_cents,
        "last_decline_code": session.last_decline_code,
        "created_at": timestamp(session.created_at),
        "expires_at": timestamp(session.expires_at),
        "completed_at": optional_timestamp(session.completed_at),
        **_balance(context.account.ledger.balance),
    }


def message(message: Message) -> Json:
    return {
        "id": message.id,
        "channel": message.channel,
        "recipient": message.recipient,
        "subject": message.subject,
        "text": message.text,
        "code": message.code,
        "payload": message.payload,
        "created_at": timestamp(message.created_at),
    }


def _balance(microcents: int) -> Json:
    return {"balance_microcents": microcents, "balance_display": money.display(microcents)}
