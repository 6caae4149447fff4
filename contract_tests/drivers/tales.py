"""Tells every story that the run allows, each on an account of its own where there can be one."""

from __future__ import annotations

from contract_tests.billing.stories import IRREVERSIBLE, MOCK, STORIES, WRITE, Story
from contract_tests.billing.stories.actor import Actor, StoryEnds
from contract_tests.context import Run
from contract_tests.http.channel import Withheld

_NEEDS = {
    WRITE: "it writes (--allow-writes)",
    IRREVERSIBLE: "what it does cannot be undone (--allow-irreversible)",
    MOCK: "it needs the mock's control API (--mock)",
}


def drive(run: Run) -> None:
    """All stories, in their order."""
    for story in STORIES:
        tell(run, story)


def tell(run: Run, story: Story) -> None:
    """One story, if the run allows it."""
    settings = run.settings
    level = (
        MOCK
        if settings.mock
        else IRREVERSIBLE
        if settings.may_do_anything
        else WRITE
        if settings.may_write
        else 0
    )
    if level < story.needs:
        run.skip(f"story: {story.name}", _NEEDS[story.needs])
        return
    if not run.takes(*story.operations):
        run.skip(f"story: {story.name}", "one of its operations is not selected")
        return
    run.channel.source = f"stories: {story.name}"
    try:
        story.tell(Actor(run, run.account()))
    except StoryEnds:
        run.skip(
            f"story: {story.name}, after a step that did not succeed",
            "that step is among the findings",
        )
    except Withheld as error:
        run.skip(f"story: {story.name}", str(error))
