"""Lists and deletes recorded requests."""

from mockserver.control import render
from mockserver.control.call import Call
from mockserver.engine import pagination
from mockserver.engine.body import Json
from mockserver.engine.errors import Refusal
from mockserver.engine.render import page as render_page
from mockserver.engine.world import Exchange


def list_requests(call: Call) -> Json:
    exchanges = [exchange for exchange in call.world.exchanges if _matches(call, exchange)]
    page = pagination.by_offset(call, exchanges)
    shown = [render.exchange(exchange, call.world.redactor) for exchange in page.items]
    return render_page("requests", shown, page)


def get_request(call: Call) -> Json:
    number, exchanges = call.params["number"], call.world.exchanges
    found = next((exchange for exchange in exchanges if exchange.number == number), None)
    if found is None:
        kept = f"Only the latest {exchanges.maxlen:,} are kept."
        raise Refusal(404, f"Request {number} is not recorded. {kept}")
    return render.exchange(found, call.world.redactor)


def delete_requests(call: Call) -> Json:
    exchanges = call.world.exchanges
    before = len(exchanges)
    kept = [exchange for exchange in exchanges if not _matches(call, exchange)]
    call.world.delete_exchanges(kept)
    return {"deleted": before - len(kept)}


def _matches(call: Call, exchange: Exchange) -> bool:
    """Return whether an exchange matches all filters that are given."""
    values = {
        "account": exchange.account_id,
        "operation": exchange.operation_id,
        "status": exchange.status,
    }
    return all(call.params[name] in (None, value) for name, value in values.items())
