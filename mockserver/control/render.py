"""The world's things as the control API writes them."""

from typing import Any

import msgspec

from mockserver.billing import money
from mockserver.billing.account import CheckoutSession, UsageEvent
from mockserver.billing.accounts.personas import Persona
from mockserver.billing.accounts.store import Tenant
from mockserver.billing.api.render import optional_timestamp, timestamp
from mockserver.billing.context import Context
from mockserver.billing.outbox import Message
from mockserver.billing.tiers import tier_of
from mockserver.control import redaction
from mockserver.engine.world import Exchange, Snapshot, World
from mockserver.faults.registry import Fault
from mockserver.faults.rule import Rule
from mockserver.faults.sets import FaultSet

Json = dict[str, Any]


def clock(world: World) -> Json:
    return {"now": timestamp(world.clock.now()), "frozen": world.clock.frozen}


def persona(slug: str, persona: Persona) -> Json:
    return {
        "slug": slug,
        "key": persona.key,
        "organization_id": persona.organization_id,
        "member_of": persona.member_of,
        "title": persona.title,
        "about": persona.about,
    }


def account(name: str, tenant: Tenant, world: World) -> Json:
    account = tenant.account
    return {
        "id": account.id,
        "name": _shown(name, world),
        "persona": tenant.persona,
        "tier": tier_of(account.ledger.balance).name,
        **_balance(account.ledger.balance),
        "plan": account.subscription.plan if account.subscription else None,
        "created_at": timestamp(account.created_at),
    }


def snapshot(snapshot: Snapshot) -> Json:
    return {
        "name": snapshot.name,
        "created_at": timestamp(snapshot.created_at),
        "frozen": snapshot.clock.frozen,
        "accounts": snapshot.accounts,
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


def exchange(exchange: Exchange) -> Json:
    return {
        "at": timestamp(exchange.at),
        "account_id": exchange.account_id,
        "operation_id": exchange.operation_id,
        "method": exchange.method,
        "path": redaction.text(exchange.path),
        "query": redaction.query(exchange.query),
        "status": exchange.status,
        "request_body": redaction.body(exchange.request_body),
        "response_body": redaction.body(exchange.response_body),
        "fault": exchange.fault and redaction.text(exchange.fault),
    }


def fault(fault: Fault, world: World) -> Json:
    return {
        "id": fault.id,
        **_rule(fault.rule),
        "account": _shown(fault.key, world) if fault.key else None,
        "set": fault.set,
        "seen": fault.seen,
        "applied": fault.applied,
        "remaining": fault.remaining,
    }


def fault_set(name: str, found: FaultSet) -> Json:
    return {
        "name": name,
        "title": found.title,
        "about": found.about.strip(),
        "rules": [_rule(each) for each in found.rules],
    }


def _rule(rule: Rule) -> Json:
    latency = msgspec.to_builtins(rule.latency) if rule.latency else None
    return {
        "name": redaction.text(rule.label),
        "operations": rule.operations,
        "next": rule.next,
        "share": rule.share,
        "status": rule.status,
        "detail": rule.detail,
        "headers": rule.headers,
        "retry_after_seconds": rule.retry_after_seconds,
        "connection": rule.connection,
        "latency": latency
        and {name: value for name, value in latency.items() if value is not None},
    }


def _shown(name: str, world: World) -> str:
    """A name that stands in the fixtures, or how another key begins."""
    is_known = name in {each.key or each.organization_id for each in world.personas.values()}
    return name if is_known else redaction.mask_key(name)


def _balance(microcents: int) -> Json:
    return {"balance_microcents": microcents, "balance_display": money.display(microcents)}
