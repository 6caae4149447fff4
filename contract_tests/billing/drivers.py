"""Drivers that need knowledge of the Billing API, by the names of their phases."""

from __future__ import annotations

from collections.abc import Mapping

from contract_tests.billing import races, tenants
from contract_tests.billing.adapters import adapter_of
from contract_tests.billing.stories.actor import new_actor
from contract_tests.billing.stories.catalogue import STORIES
from contract_tests.context import Run
from contract_tests.drivers.stories import run_story
from contract_tests.knowledge import Driver


def run_stories(run: Run) -> None:
    """Run all stories, in the order of the catalogue unless there is a budget."""
    chosen = set(run.portion.of("stories", [story.name for story in STORIES]))
    for story in run.mixed([story for story in STORIES if story.name in chosen]):
        run_story(run, story, new_actor, adapter_of(run).offers)


def run_state_machine(run: Run) -> None:
    """Run the state machine, if the run may write."""
    if not run.settings.may_write:
        run.skip("state machine", "it writes (--allow-writes)")
        return
    if not run.portion.of("machine", ["machine"]):
        return
    # Hypothesis is slow to import.
    from contract_tests.billing.state_machine import BillingMachine
    from contract_tests.drivers.state_machine import run_machine

    run_machine(run, BillingMachine)


DRIVERS: Mapping[str, Driver] = {
    "tenants": tenants.drive,
    "stories": run_stories,
    "races": races.drive,
    "machine": run_state_machine,
}
