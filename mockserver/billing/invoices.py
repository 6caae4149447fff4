"""Invoices: one for every charge of a card (assumed)."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import asdict, replace

from mockserver.billing.account import Invoice
from mockserver.billing.context import Context


def issue(
    context: Context,
    amount_cents: int,
    description: str,
    *,
    paid: bool = True,
    period: tuple[datetime, datetime] | None = None,
) -> Invoice:
    """Append the next invoice of the account: paid now, or open."""
    account = context.account
    start, end = period or (None, None)
    invoice = Invoice(
        id=account.ids.uuid(),
        number=f"INV-{len(account.invoices) + 1:06d}",
        status="paid" if paid else "open",
        amount_cents=amount_cents,
        description=description,
        period_start=start,
        period_end=end,
        created_at=context.now,
        paid_at=context.now if paid else None,
    )
    account.invoices.append(invoice)
    _emit(context, "invoice.created", invoice)
    if paid:
        _emit(context, "invoice.paid", invoice)
    return invoice


def pay(context: Context, invoice: Invoice) -> None:
    """Mark an open invoice as paid now."""
    _emit(
        context,
        "invoice.paid",
        _replace(context, replace(invoice, status="paid", paid_at=context.now)),
    )


def void(context: Context, invoice: Invoice) -> None:
    """Mark an open invoice as void: it will never be paid."""
    _emit(context, "invoice.voided", _replace(context, replace(invoice, status="void")))


def _replace(context: Context, invoice: Invoice) -> Invoice:
    """Put the invoice in the place of the one of the same id."""
    invoices = context.account.invoices
    index = next(index for index, old in enumerate(invoices) if old.id == invoice.id)
    invoices[index] = invoice
    return invoice


def _emit(context: Context, type: str, invoice: Invoice) -> None:
    context.emit(type, invoice.id, asdict(invoice))
