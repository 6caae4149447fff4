"""Every constraint of every parameter and property, from both sides: the last value that fits, the first that does not.

All else in a request is valid and real, so that nothing but the one constraint can decide. Walks the contract, so an
operation that is new to it is probed from its first day.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contract_tests.context import Run
from contract_tests.drivers.read_account import path_values
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Caller
from contract_tests.openapi.contract import Operation
from contract_tests.openapi.examples import Probe, broken_bodies, example, probes, request


def drive(run: Run) -> None:
    """Probe every selected operation, on one account."""
    caller = run.account()
    for operation in run.operations():
        try:
            _probe_operation(run, caller, operation)
        except Withheld as error:
            run.coverage.explain(operation.id, "constraints", str(error))


def _probe_operation(run: Run, caller: Caller, operation: Operation) -> None:
    base = example(run.contract, operation)
    if operation.id == "update_auto_recharge" and not run.settings.may_do_anything:
        base["enabled"] = False  # enabled it may charge a card, and would be withheld
    path = path_values(caller, operation)
    schemas = run.judge.schemas
    _send(caller, operation, base, path, None)
    _send(caller, operation, base, path, Probe("query", "kit_unknown_parameter", "ignored"))
    for probe in probes(operation, schemas):
        _send(caller, operation, base | _real_values(run, caller, operation), path, probe)
    if operation.body is not None:
        for request in broken_bodies(operation, base, path):
            caller.raw(request)


def _real_values(run: Run, caller: Caller, operation: Operation) -> dict[str, Any]:
    """What a body must name so that a request gets as far as its other values: an open challenge.

    On the mock a new one each time, as wrong codes use it up; elsewhere each would send a message to somebody.
    """
    if operation.id != "confirm_verification" or not run.settings.mock:
        return {}
    opened = caller.call("initiate_verification", {"action": "kit_boundaries"}).object
    return {"challenge_id": opened["challenge_id"]} if "challenge_id" in opened else {}


def _send(
    caller: Caller, operation: Operation, base: Any, path: Mapping[str, str], probe: Probe | None
) -> None:
    made = request(operation, base, path, probe)
    if made is not None:
        caller.raw(made)
