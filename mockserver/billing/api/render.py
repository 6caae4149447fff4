"""The JSON of responses. Fields are in the order of the vendor's published page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from mockserver.billing import money
from mockserver.billing.account import (
    Account,
    Attempt,
    AutoRecharge,
    Card,
    Challenge,
    CheckoutSession,
    Invoice,
    PortalSession,
    SetupIntent,
    Subscription,
    UsageAlerts,
    Wallet,
)
from mockserver.billing.activity import Activity
from mockserver.billing.audit import AuditEntry
from mockserver.billing.auto_recharge import Check
from mockserver.billing.catalogue import Catalogue, PromoCode
from mockserver.billing.ledger import Entry
from mockserver.billing.tiers import tier_of
from mockserver.billing.usage import Projection
from mockserver.billing.usage_log import CREDITS_PER_REQUEST, Tally
from mockserver.engine.pages import Page
from mockserver.engine.render import optional_timestamp, timestamp
from mockserver.engine.reply import Listing

Json = dict[str, Any]


def listing(name: str, render: Callable[[Any], Json], of: Page[Any], **rest: int) -> Listing:
    """Return a page of records that never change, which are rendered and checked only once."""
    return Listing(name, of.items, render, {"total": of.total, "has_more": of.has_more, **rest})


def acknowledgement(message: str) -> Json:
    return {"status": "ok", "message": message}


def facts_of_balance(account: Account) -> tuple[int, ...]:
    """Return all that ``balance`` reads."""
    ledger, settings = account.ledger, account.auto_recharge
    return (
        ledger.balance,
        ledger.deposited_cents,
        ledger.spent_cents,
        settings.enabled,
        settings.threshold_microcents,
        settings.amount_cents,
    )


def balance(account: Account) -> Json:
    ledger, settings = account.ledger, account.auto_recharge
    amount = ledger.balance
    return {
        "balance_microcents": amount,
        "balance_display": money.display(amount),
        "total_deposited_cents": ledger.deposited_cents,
        "total_spent_cents": ledger.spent_cents,
        "tier": tier_of(amount).name,
        "auto_recharge": {
            "enabled": settings.enabled,
            "threshold_microcents": settings.threshold_microcents,
            "threshold_display": money.display(settings.threshold_microcents),
            "recharge_amount_cents": settings.amount_cents,
            "recharge_amount_display": money.display_cents(settings.amount_cents),
        },
    }


def auto_recharge(account: Account) -> Json:
    settings: AutoRecharge = account.auto_recharge
    last = settings.last_success
    return {
        "id": account.profile.auto_recharge_id,
        "user_id": account.profile.user_id,
        "enabled": settings.enabled,
        "threshold_microcents": settings.threshold_microcents,
        "threshold_display": money.display(settings.threshold_microcents),
        "recharge_amount_cents": settings.amount_cents,
        "recharge_amount_display": money.display_cents(settings.amount_cents),
        "stripe_payment_method_id": settings.stripe_payment_method_id,
        "consecutive_failures": settings.consecutive_failures,
        "last_recharge_at": optional_timestamp(last.created_at if last else None),
        "last_failure_reason": settings.last_failure_reason,
        "consent_text": settings.consent.text,
        "consent_source": settings.consent.source,
        "terms_version": settings.consent.terms_version,
        "updated_at": optional_timestamp(settings.updated_at),
    }


def auto_recharge_attempt(attempt: Attempt) -> Json:
    return {
        "id": attempt.id,
        "status": attempt.status,
        "amount_cents": attempt.amount_cents,
        "amount_display": money.display_cents(attempt.amount_cents),
        "balance_before_microcents": attempt.balance_before_microcents,
        "balance_after_microcents": attempt.balance_after_microcents,
        "payment_method_id": attempt.payment_method_id,
        "invoice_id": attempt.invoice_id,
        "failure_reason": attempt.failure_reason,
        "created_at": timestamp(attempt.created_at),
    }


def auto_recharge_check(check: Check, settings: AutoRecharge) -> Json:
    card = check.card
    return {
        "success": check.works,
        "payment_method_valid": check.works,
        "card_expired": check.card_expired,
        "card_days_until_expiry": check.days_until_expiry,
        "message": check.message,
        "card_brand": card.brand if card else None,
        "card_last4": card.last4 if card else None,
        "recharge_amount_cents": settings.amount_cents,
    }


def checkout_session(session: CheckoutSession, base_url: str) -> Json:
    return {"session_id": session.id, "url": f"{base_url}/checkout/{session.id}"}


def deposit_session(session: CheckoutSession, base_url: str) -> Json:
    return {
        **checkout_session(session, base_url),
        "amount_cents": session.amount_cents,
        "amount_display": money.display_cents(session.amount_cents),
    }


def cost_projection(projection: Projection) -> Json:
    return {
        "usage_trend": projection.trend,
        "credits_used": projection.credits_used,
        "credits_allocated": projection.credits_allocated,
    }


def credit_transaction(entry: Entry) -> Json:
    return {
        "id": entry.id,
        "type": entry.type,
        "amount_microcents": entry.amount_microcents,
        "amount_display": money.display(entry.amount_microcents),
        "balance_after_microcents": entry.balance_after_microcents,
        "balance_after_display": money.display(entry.balance_after_microcents),
        "reference_type": entry.reference_type,
        "reference_id": entry.reference_id,
        "description": entry.description,
        "created_at": timestamp(entry.created_at),
    }


def invoice(invoice: Invoice, base_url: str) -> Json:
    return {
        "id": invoice.id,
        "number": invoice.number,
        "status": invoice.status,
        "amount_cents": invoice.amount_cents,
        "amount_display": money.display_cents(invoice.amount_cents),
        "description": invoice.description,
        "period_start": optional_timestamp(invoice.period_start),
        "period_end": optional_timestamp(invoice.period_end),
        "created_at": timestamp(invoice.created_at),
        "paid_at": optional_timestamp(invoice.paid_at),
        "hosted_invoice_url": f"{base_url}/invoices/{invoice.id}",
    }


def payment_method(card: Card, wallet: Wallet) -> Json:
    return {
        "id": card.id,
        "stripe_payment_method_id": card.stripe_id,
        "type": "card",
        "card_brand": card.brand,
        "card_last4": card.last4,
        "card_exp_month": card.exp_month,
        "card_exp_year": card.exp_year,
        "is_default": card.id == wallet.default_id,
        "created_at": timestamp(card.created_at),
    }


def payment_methods(wallet: Wallet) -> Json:
    return {
        "payment_methods": [payment_method(card, wallet) for card in reversed(wallet.cards)],
        "default_method_id": wallet.default_id,
    }


def portal_session(session: PortalSession, base_url: str) -> Json:
    return {"url": f"{base_url}/portal/{session.id}"}


def setup_intent(intent: SetupIntent) -> Json:
    return {"client_secret": intent.client_secret, "id": intent.id}


def promo_validation(promo: PromoCode | None, message: str) -> Json:
    cap = None if promo is None else promo.value if promo.type == "fixed" else promo.max_bonus_cents
    return {
        "valid": promo is not None,
        "bonus_type": promo.type if promo else None,
        "bonus_value": promo.value if promo else None,
        "max_credits_microcents": money.in_microcents(cap) if cap is not None else None,
        "max_credits_display": money.display_cents(cap) if cap is not None else None,
        "min_deposit_cents": promo.min_deposit_cents if promo else None,
        "message": message,
        "expires_at": optional_timestamp(promo.expires_at if promo else None),
    }


def activity(activity: Activity) -> Json:
    amount = activity.amount_microcents
    return {
        "id": activity.id,
        "type": activity.type,
        "description": activity.description,
        "amount_microcents": amount,
        "amount_display": money.display(amount) if amount is not None else None,
        "created_at": timestamp(activity.created_at),
    }


def subscription(current: Subscription | None, catalogue: Catalogue) -> Json:
    plan = catalogue.plan(current.plan) if current else catalogue.free_plan
    return {
        "id": current.id if current else None,
        "status": current.status if current else "none",
        "plan": plan.slug,
        "plan_name": plan.name,
        "price_id": plan.price_id,
        "price_cents": plan.price_cents,
        "price_display": money.display_cents(plan.price_cents),
        "monthly_credits": plan.monthly_credits,
        "current_period_start": timestamp(current.period_start) if current else None,
        "current_period_end": timestamp(current.period_end) if current else None,
        "cancel_at_period_end": current is not None and current.pending_plan == "free",
        "pending_plan": current.pending_plan if current else None,
        "started_at": timestamp(current.started_at) if current else None,
    }


def usage_alerts(settings: UsageAlerts) -> Json:
    return {
        "enabled": settings.enabled,
        "threshold_50_enabled": settings.threshold_50_enabled,
        "threshold_75_enabled": settings.threshold_75_enabled,
        "threshold_90_enabled": settings.threshold_90_enabled,
        "threshold_100_enabled": settings.threshold_100_enabled,
        "email_enabled": settings.email_enabled,
        "webhook_url": settings.webhook_url,
        "updated_at": optional_timestamp(settings.updated_at),
    }


def usage_breakdown(tally: Tally, period: tuple[datetime, datetime]) -> Json:
    by_type: Json = {}
    for type in CREDITS_PER_REQUEST:
        cost = tally.credits[type] * money.MICROCENTS_PER_CREDIT
        by_type[type] = {
            "requests": tally.requests[type],
            "credits": tally.credits[type],
            "cost_microcents": cost,
            "cost_display": money.display(cost),
        }
    return {
        **by_type,
        "total_credits": tally.total_credits,
        "total_requests": tally.total_requests,
        "period_start": timestamp(period[0]),
        "period_end": timestamp(period[1]),
    }


def usage_day(day: str, tally: Tally) -> Json:
    by_type: Json = dict(tally.credits.items())
    return {
        "date": day,
        **by_type,
        "credits": tally.total_credits,
        "requests": tally.total_requests,
    }


def usage_realtime(today: Tally, week: Tally, month: Tally, now: datetime) -> Json:
    return {
        "credits_used_today": today.total_credits,
        "credits_used_week": week.total_credits,
        "credits_used_month": month.total_credits,
        "requests_today": today.total_requests,
        "requests_week": week.total_requests,
        "requests_month": month.total_requests,
        "as_of": timestamp(now),
    }


def verification_challenge(challenge: Challenge) -> Json:
    return {
        "challenge_id": challenge.id,
        "method": challenge.method,
        "action": challenge.action,
        "expires_at": timestamp(challenge.expires_at),
        "masked_destination": challenge.destination,
    }


def verification_result(success: bool, remaining_attempts: int) -> Json:
    message = "Verified." if success else f"Wrong code. Attempts left: {remaining_attempts}."
    return {"success": success, "message": message, "remaining_attempts": remaining_attempts}


def audit_entry(entry: AuditEntry) -> Json:
    return {
        "id": entry.id,
        "action": entry.action,
        # The contract knows no control API, whose changes are those of the vendor's staff.
        "actor": "system" if entry.actor == "mock" else entry.actor,
        "created_at": timestamp(entry.created_at),
        "details": entry.details,
    }
