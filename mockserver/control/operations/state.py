"""Exports and imports the state of one account."""

from mockserver.control.call import Call
from mockserver.engine.body import Json


def get_state(call: Call) -> Json:
    """Export everything that the account holds."""
    return call.world.state.export(call.key)


def replace_state(call: Call) -> Json:
    """Import an exported state."""
    call.world.state.replace(call.key, call.body)
    return call.world.state.export(call.key)
