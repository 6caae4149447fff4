"""Lists, takes, deletes and restores snapshots."""

from mockserver.control import render
from mockserver.control.call import Call
from mockserver.engine.body import Json


def list_snapshots(call: Call) -> Json:
    return {"snapshots": [render.snapshot(taken) for taken in reversed(call.world.snapshots())]}


def take_snapshot(call: Call) -> Json:
    return render.snapshot(call.world.take_snapshot(call.body["name"]))


def delete_snapshot(call: Call) -> Json:
    return render.snapshot(call.world.delete_snapshot(call.params["name"]))


def restore_snapshot(call: Call) -> Json:
    return render.snapshot(call.world.restore_snapshot(call.params["name"]))
