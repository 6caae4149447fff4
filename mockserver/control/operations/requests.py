"""Recorded exchanges with the Billing API."""

from mockserver.control import render
from mockserver.control.call import Call
from mockserver.engine import pagination
from mockserver.engine.body import Json
from mockserver.engine.render import page as render_page
from mockserver.engine.world import Exchange


def list_requests(call: Call) -> Json:
    page = pagination.by_offset(
        call, [each for each in call.world.exchanges if _matches(call, each)]
    )
    return render_page(
        "requests", [render.exchange(each, call.world.redactor) for each in page.items], page
    )


def delete_requests(call: Call) -> Json:
    exchanges = call.world.exchanges
    before = len(exchanges)
    kept = [each for each in exchanges if not _matches(call, each)]
    exchanges.clear()
    exchanges.extend(kept)
    return {"deleted": before - len(kept)}


def _matches(call: Call, exchange: Exchange) -> bool:
    """Whether an exchange is one of those that the filters ask for; a filter that is left out asks for all."""
    facts = {
        "account": exchange.account_id,
        "operation": exchange.operation_id,
        "status": exchange.status,
    }
    return all(call.params[name] in (None, fact) for name, fact in facts.items())
