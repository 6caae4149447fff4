"""The JSON of billing's part of the control API."""

from typing import Any

from mockserver.billing import money
from mockserver.billing.account import CheckoutSession
from mockserver.billing.accounts.personas import Persona
from mockserver.billing.accounts.store import Tenant
from mockserver.billing.context import Context
from mockserver.billing.ledger import Entry
from mockserver.billing.outbox import Message
from mockserver.billing.tiers import tier_of
from mockserver.billing.usage_log import UsageEvent
from mockserver.engine.render import optional_timestamp, timestamp

Json = dict[str, Any]


def persona(slug: str, persona: Persona) -> Json:
    return {
        "slug": slug,
        "key": persona.key,
        "organization_id": persona.organization_id,
        "member_of": persona.member_of,
        "title": persona.title,
        "about": persona.about,
    }


def account(name: str, tenant: Tenant) -> Json:
    account = tenant.account
    return {
        "id": account.id,
        "name": name,
        "persona": tenant.persona,
        "tier": tier_of(account.ledger.balance).name,
        **_balance(account.ledger.balance),
        "plan": account.subscription.plan if account.subscription else None,
        "created_at": timestamp(account.created_at),
    }


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
