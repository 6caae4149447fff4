"""Balance, ledger, invoices, recent activity and audit log."""

from mockserver.billing.api import render
from mockserver.billing.api.call import Call
from mockserver.engine import pagination
from mockserver.engine.body import Json
from mockserver.engine.render import page as render_page
from mockserver.engine.reply import Derived, Listing


def get_balance(call: Call) -> Derived:
    account = call.context.account
    return Derived(render.facts_of_balance(account), render.balance, account)


def list_credit_transactions(call: Call) -> Listing:
    page = call.context.account.ledger.page(
        limit=call.params["limit"],
        offset=call.params["offset"],
        reference_type=call.params["reference_type"],
    )
    return render.listing("transactions", render.credit_transaction, page)


def list_invoices(call: Call) -> Json:
    page = pagination.by_offset(call, call.context.account.invoices)
    invoices = [render.invoice(invoice, call.base_url) for invoice in page.items]
    return render_page("invoices", invoices, page)


def list_recent_activity(call: Call) -> Listing:
    page = pagination.by_offset(call, call.context.account.activities)
    return render.listing("activities", render.activity, page)


def list_audit_log(call: Call) -> Listing:
    page = pagination.by_offset(call, call.context.account.audit_log)
    return render.listing("entries", render.audit_entry, page)
