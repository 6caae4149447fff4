"""Personas, accounts, usage, refunds, messages and invariants."""

from mockserver.billing import refunds, usage
from mockserver.billing.api.call import Call
from mockserver.billing.control import render
from mockserver.billing.control.context import as_mock
from mockserver.engine import pagination
from mockserver.engine.body import Json
from mockserver.engine.render import page as render_page


def list_personas(call: Call) -> Json:
    personas = sorted(call.world.state.personas.items())
    return {"personas": [render.persona(slug, persona) for slug, persona in personas]}


def list_accounts(call: Call) -> Json:
    accounts = call.world.state
    page = pagination.by_offset(call, accounts.names())
    shown = [
        render.account(call.world.redactor.show(name), accounts.peek(name)) for name in page.items
    ]
    return {
        **render_page("accounts", shown, page),
        "max_accounts": accounts.max_accounts,
        "evictions": accounts.evictions,
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


def check_invariants(call: Call) -> Json:
    violations = call.world.state.violations(call.key)
    return {"ok": not violations, "violations": violations}
