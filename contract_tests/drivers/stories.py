"""Runs every story that the run allows, each on an account of its own where there can be one."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any

from contract_tests.context import Run
from contract_tests.hooks.hook import HookFailed
from contract_tests.http.channel import Withheld
from contract_tests.knowledge import IRREVERSIBLE, WRITE, Story

_ALLOWED_BY = {
    WRITE: f"it writes ({WRITE})",
    IRREVERSIBLE: f"what it does cannot be undone ({IRREVERSIBLE})",
}

FAILED_STEP = "after a step that did not succeed"
"""The end of the name under which the rest of a story is skipped."""

Cast = Callable[[Run], Any]
"""Makes the actor of a story."""


class StoryEnds(Exception):
    """A story cannot continue, as an earlier step failed, which was reported."""


class Unsuitable(Exception):
    """The account or the hooks are not fit for a story: the reason."""


def run_story(
    run: Run, story: Story, cast: Cast, offers: Set[str], *, phase: str = "stories"
) -> None:
    """Run one story or race, if the run allows it and has the hooks that the story needs."""
    what = f"{'story' if phase == 'stories' else 'race'}: {story.name}"
    reason = reason_against(run, story, offers)
    if reason is not None:
        run.skip(what, reason)
        return
    run.channel.source = f"{phase}: {story.name}"
    if run.is_in_use:
        _play_twice(run, story, what, cast)
    else:
        _play(run, story, what, cast)


def _play_twice(run: Run, story: Story, what: str, cast: Cast) -> None:
    """Play a story, and again if there are findings: what does not come again proves nothing."""
    with run.verdicts.holding() as first:
        _play(run, story, what, cast)
    if not first:
        return
    with run.verdicts.holding() as second:
        _play(run, story, what, cast)
    confirmed = {finding.key for finding in second}
    for finding in first:
        if finding.key in confirmed:
            run.verdicts.add(finding)


def _play(run: Run, story: Story, what: str, cast: Cast) -> None:
    try:
        story.play(cast(run))
    except StoryEnds:
        run.skip(
            f"{what}, {FAILED_STEP}",
            "that step is among the findings",
        )
    except (Withheld, Unsuitable, HookFailed) as error:
        run.skip(what, run.keyring.text(str(error)))
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        # The judge reports the field that is missing or of another type.
        shown = run.keyring.text(f"{type(error).__name__}: {error}")
        run.skip(what, f"a response is not as the contract describes it ({shown})")


def reason_against(run: Run, story: Story, offers: Set[str]) -> str | None:
    """Return why a story may or can not be run; None if it is to be run."""
    settings = run.settings
    allowed = {WRITE: settings.may_write, IRREVERSIBLE: settings.may_do_anything}
    for permission, is_allowed in allowed.items():
        if permission in story.needs and not is_allowed:
            return _ALLOWED_BY[permission]
    if not run.takes(*story.operations):
        return "one of its operations is not selected"
    missing = sorted(story.needs - allowed.keys() - offers)
    if missing:  # flags come first
        return f"needs {missing[0]}" if missing[0][0] == "-" else f"needs `{missing[0]}` (--hooks)"
    return None
