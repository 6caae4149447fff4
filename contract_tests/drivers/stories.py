"""Runs every story that the run allows, each on an account of its own where there can be one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from contract_tests.context import Run
from contract_tests.http.channel import Withheld
from contract_tests.http.client import Client
from contract_tests.knowledge import IRREVERSIBLE, MOCK, WRITE, Story

_NEEDS = {
    WRITE: "it writes (--allow-writes)",
    IRREVERSIBLE: "what it does cannot be undone (--allow-irreversible)",
    MOCK: "it needs the mock's control API (--mock)",
}

FAILED_STEP = "after a step that did not succeed"
"""The end of the name under which the rest of a story is skipped."""

Cast = Callable[[Run, Client], Any]
"""Makes the actor of a story."""


class StoryEnds(Exception):
    """A story cannot continue, as an earlier step failed, which was reported."""


def run_story(run: Run, story: Story, cast: Cast) -> None:
    """Run one story, if the run allows it."""
    if level(run) < story.needs:
        run.skip(f"story: {story.name}", _NEEDS[story.needs])
        return
    if not run.takes(*story.operations):
        run.skip(f"story: {story.name}", "one of its operations is not selected")
        return
    run.channel.source = f"stories: {story.name}"
    try:
        story.play(cast(run, run.account()))
    except StoryEnds:
        run.skip(
            f"story: {story.name}, {FAILED_STEP}",
            "that step is among the findings",
        )
    except Withheld as error:
        run.skip(f"story: {story.name}", str(error))


def level(run: Run) -> int:
    """Return what stories are allowed to do."""
    settings = run.settings
    if settings.mock:
        return MOCK
    if settings.may_do_anything:
        return IRREVERSIBLE
    return WRITE if settings.may_write else 0
