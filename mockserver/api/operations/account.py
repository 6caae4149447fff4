"""Balance, ledger, invoices, recent activity and audit log."""

from mockserver.api import pagination, render
from mockserver.api.body import Json
from mockserver.api.compiled import Call


def get_balance(call: Call) -> Json:
    return render.balance(call.context.account)


def list_credit_transactions(call: Call) -> Json:
    page = call.context.account.ledger.page(
        limit=call.params["limit"], offset=call.params["offset"], reference_type=call.params["reference_type"]
    )
    return render.page("transactions", [render.credit_transaction(entry) for entry in page.items], page)


def list_invoices(call: Call) -> Json:
    page = pagination.by_offset(call, call.context.account.invoices)
    return render.page("invoices", [render.invoice(each, call.base_url) for each in page.items], page)


def list_recent_activity(call: Call) -> Json:
    page = pagination.by_offset(call, call.context.account.activities)
    return render.page("activities", [render.activity(each) for each in page.items], page)


def list_audit_log(call: Call) -> Json:
    page = pagination.by_offset(call, call.context.account.audit_log)
    return render.page("entries", [render.audit_entry(entry) for entry in page.items], page)
