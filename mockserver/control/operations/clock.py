"""The clock: reading it, setting it, letting time pass."""

from datetime import datetime, timedelta

from mockserver.api.body import Json
from mockserver.api.compiled import Call
from mockserver.api.errors import Unprocessable
from mockserver.control import render


def get_clock(call: Call) -> Json:
    return render.clock(call.world)


def set_clock(call: Call) -> Json:
    call.world.set_clock(_moment(call.body, "now"))
    return render.clock(call.world)


def advance_clock(call: Call) -> Json:
    world, body = call.world, call.body
    if body["to"] is not None:
        world.advance_to(_moment(body, "to"))
    # A step of nothing is left out: a clock that runs would be past its "now" before it got there.
    elif step := timedelta(seconds=body["seconds"] or 0, days=body["days"] or 0):
        world.advance_to(world.clock.now() + step)
    return render.clock(world)


def _moment(body: Json, name: str) -> datetime:
    """A moment of the body. Raises Unprocessable on what RFC 3339 knows and Python does not: leap seconds, year 0."""
    try:
        return datetime.fromisoformat(body[name].upper())
    except ValueError:
        raise Unprocessable(
            [{"loc": ["body", name], "msg": "Input should be a valid datetime", "type": "datetime_parsing"}]
        ) from None
