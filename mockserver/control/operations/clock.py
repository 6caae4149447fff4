"""Reads, sets and advances the clock."""

from datetime import timedelta

from mockserver.control import render
from mockserver.control.call import Call
from mockserver.control.moments import moment_of
from mockserver.engine.body import Json


def get_clock(call: Call) -> Json:
    return render.clock(call.world)


def set_clock(call: Call) -> Json:
    call.world.set_clock(moment_of(call.body, "now"))
    return render.clock(call.world)


def advance_clock(call: Call) -> Json:
    world, body = call.world, call.body
    if body["to"] is not None:
        world.advance_to(moment_of(body, "to"))
    # A step of zero is skipped: a running clock would already be past the target.
    elif step := timedelta(seconds=body["seconds"] or 0, days=body["days"] or 0):
        world.advance_to(world.clock.now() + step)
    return render.clock(world)
