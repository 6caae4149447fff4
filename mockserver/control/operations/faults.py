"""Adds, lists and deletes faults, and applies sets of them."""

import msgspec

from mockserver.control import render
from mockserver.control.call import Call
from mockserver.engine.body import Json
from mockserver.engine.errors import Unprocessable
from mockserver.faults.rule import Rule, problems


def list_faults(call: Call) -> Json:
    faults = call.world.faults.all(call.key or None, call.params["set"])
    return {"faults": [render.fault(fault, call.world.redactor) for fault in faults]}


def create_fault(call: Call) -> Json:
    rule = msgspec.convert(call.body, Rule)
    violations = [
        {"loc": ["body", *place], "msg": _sentence(place, problem), "type": "value_error"}
        for place, problem in problems(rule, call.world.faults.operations)
    ]
    if violations:
        raise Unprocessable(violations)
    return render.fault(call.world.faults.add(rule, call.key or None), call.world.redactor)


def delete_faults(call: Call) -> Json:
    return {"deleted": call.world.faults.remove_all(call.key or None, call.params["set"])}


def delete_fault(call: Call) -> Json:
    return render.fault(call.world.faults.remove(call.params["fault_id"]), call.world.redactor)


def list_fault_sets(call: Call) -> Json:
    return {
        "sets": [
            render.fault_set(name, fault_set, call.world.redactor)
            for name, fault_set in sorted(call.world.faults.sets.items())
        ]
    }


def apply_fault_set(call: Call) -> Json:
    applied = call.world.faults.apply(call.params["name"], call.key or None)
    return {"faults": [render.fault(fault, call.world.redactor) for fault in applied]}


def _sentence(place: list[str | int], problem: str) -> str:
    """Return the message of a problem, preceded by the name of its field."""
    subject = place[-1] if place else "The rule"
    return f"{subject} {problem}." if isinstance(subject, str) else f"{problem}."
