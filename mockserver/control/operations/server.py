"""What is running, who one can be, and starting anew."""

import time

from mockserver import packaged
from mockserver.control import render
from mockserver.control.call import Call
from mockserver.control.moments import moment_of
from mockserver.engine.body import Json
from mockserver.engine.errors import Unprocessable


def get_health(call: Call) -> Json:
    world = call.world
    return {
        "status": "ok",
        "version": packaged.version(),
        "uptime_seconds": round(time.monotonic() - world.started, 3),
        **render.clock(world),
        "seed": world.seed,
        "accounts": len(world.state),
        "evictions": getattr(world.state, "evictions", 0),
    }


def reset_world(call: Call) -> Json:
    world = call.world
    now = moment_of(call.body, "now") if call.body and call.body["now"] is not None else None
    if call.key and now is not None:
        problem = "An account has no clock of its own. Leave out the key, or 'now'"
        raise Unprocessable([{"loc": ["body", "now"], "msg": problem, "type": "value_error"}])
    world.reset(call.key or None, now)
    scope = "account" if call.key else "everything"
    return {"scope": scope, "now": render.clock(world)["now"], "accounts": len(world.state)}
