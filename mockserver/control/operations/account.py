"""One account: its state, its usage, its mail, its books."""

from mockserver.billing import usage
from mockserver.billing.api.render import page as render_page
from mockserver.control import render
from mockserver.engine import pagination
from mockserver.engine.body import Json
from mockserver.engine.operation import Call


def get_state(call: Call) -> Json:
    return call.world.export_state(call.key)


def replace_state(call: Call) -> Json:
    call.world.import_state(call.key, call.body)
    return call.world.export_state(call.key)


def record_usage(call: Call) -> Json:
    context = call.context.at(call.context.now, "mock")
    event = usage.record(context, call.body["type"], call.body["requests"])
    return render.usage_charge(event, context)


def list_messages(call: Call) -> Json:
    page = pagination.by_offset(call, call.context.account.outbox)
    return render_page("messages", [render.message(each) for each in page.items], page)


def check_invariants(call: Call) -> Json:
    violations = call.world.violations(call.key)
    return {"ok": not violations, "violations": violations}
