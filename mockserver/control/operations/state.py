"""Exports and imports the state of one account, and saves that of all accounts."""

from mockserver.control.call import Call
from mockserver.engine.body import Json
from mockserver.engine.render import timestamp


def get_state(call: Call) -> Json:
    """Export everything that the account holds."""
    return call.world.state.export(call.key)


def save_state(call: Call) -> Json:
    """Write the whole world to the state file."""
    saved = call.world.save_state()
    return {
        "file": saved.path,
        "bytes": saved.bytes,
        "accounts": len(call.world.state),
        "snapshots": len(call.world.snapshots()),
        "now": timestamp(call.world.clock.now()),
    }


def replace_state(call: Call) -> Json:
    """Import an exported state."""
    call.world.state.replace(call.key, call.body)
    return call.world.state.export(call.key)
