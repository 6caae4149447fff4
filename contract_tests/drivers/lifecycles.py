"""Lifecycles of resources: create, read, list, change, delete, gone; another account sees nothing.

The resources follow from the document (``openapi.resources``). What is reported contradicts another
response of the deployment. Where a response leaves room for another explanation, such as a filter,
a state machine or a soft deletion, the step is noted as skipped.
"""

from __future__ import annotations

from contract_tests.context import Run
from contract_tests.drivers.lifecycle_steps import Lifecycle
from contract_tests.drivers.lifecycle_things import NothingKept, Things, Uncertain
from contract_tests.http.channel import Withheld
from contract_tests.knowledge import IRREVERSIBLE
from contract_tests.openapi.resources import Resource, resources

DRIVER = "lifecycles"


def drive(run: Run) -> None:
    """Play the lifecycle of every selected resource, and remove what was created."""
    if not run.settings.may_do_anything:
        run.skip(DRIVER, f"they create what may have an effect elsewhere ({IRREVERSIBLE})")
        return
    known = {resource.name: resource for resource in resources(run.contract)}
    playable = {name: found for name in known if (found := _selected(run, known[name]))}
    if not playable:
        run.skip(DRIVER, "the selected operations create nothing that can be read or deleted")
        return
    things = Things(run, run.account(), known)
    other = run.other()
    if other is None and run.contract.credential is not None:
        run.skip(f"{DRIVER}: isolation", "no second account was named (--other-key-env)")
    try:
        for name in run.portion.of(DRIVER, list(playable)):
            run.channel.source = f"{DRIVER}: {name}"
            _play(run, Lifecycle(run, things, playable[name], other))
    finally:
        run.channel.source = DRIVER
        things.remove_all()


def _selected(run: Run, resource: Resource) -> Resource | None:
    """Return the part of a resource that this run may use; None without a create and a reading."""
    if not run.takes(resource.create.id):
        return None
    found = resource.only(run.selected)
    if found is None or (resource.delete is not None and found.delete is None):
        return None  # it could not be removed
    return found


def _play(run: Run, lifecycle: Lifecycle) -> None:
    try:
        lifecycle.play()
    except NothingKept as error:  # of each resource, if a mock is stateless: one note says it
        run.skip("lifecycles of what a mock invents", str(error))
    except Uncertain as error:
        run.skip(f"lifecycle of {lifecycle.resource.name}", run.keyring.text(str(error)))
    except Withheld as error:
        run.skip(f"lifecycle of {lifecycle.resource.name}", str(error))
