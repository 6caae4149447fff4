"""Plays all stories against a checkout."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from tools.recording import programs
from tools.recording.caller import Caller, Json, Log
from tools.recording.server import mock
from tools.recording.stories import Story, billing, contract, control, pages, protocol, webhooks
from tools.recording.workshop import Part, without_places

MOCK_DIGITS = "00000"


def record(
    checkout: Path, out: Path, *, like: Path | None = None, only: str = "", skip: str | None = None
) -> None:
    """Write the recording of a checkout; stories are chosen by a part of their names.

    The requests follow from the documents of the checkout, or from those of the recording
    ``like``, so that a document that was edited changes no request.
    """

    def is_wanted(name: str) -> bool:
        return only in name and (skip is None or skip not in name)

    checkout = checkout.resolve()
    documents = _documents(checkout) if like is None else _recorded_documents(like)
    recording: Json = {"documents": documents, "stories": {}}
    chosen = [story for story in _stories(documents) if is_wanted(story.name)]
    try:
        for flags, group in groupby(sorted(chosen, key=_flags), key=_flags):
            recording["stories"] |= _play(checkout, flags, group)
        for name, part in programs.parts().items():
            if is_wanted(name):
                recording["stories"][name] = _facts(part, checkout, name)
    finally:  # what was recorded before an interruption is of use
        out.write_text(json.dumps(recording, indent=1, ensure_ascii=False), encoding="utf-8")


def _documents(checkout: Path) -> Json:
    """Return the contract and the document of the control API, as the mock serves them."""
    with mock(checkout) as port:
        caller = Caller(port, Log())
        return {
            "contract": caller.get("/openapi.json").json,
            "control": caller.get("/_mock/openapi.json").json,
        }


def _recorded_documents(recording: Path) -> Json:
    documents: Json = json.loads(recording.read_text(encoding="utf-8"))["documents"]
    return documents


def _stories(documents: Json) -> list[Story]:
    return [
        *contract.stories(contract.operations_of(documents["contract"])),
        *billing.STORIES,
        *control.stories(contract.operations_of(documents["control"])),
        *(*webhooks.STORIES, *pages.STORIES, *protocol.STORIES),
    ]


def _facts(part: Part, checkout: Path, name: str) -> Json:
    started = time.monotonic()
    facts = without_places(part(checkout), checkout)
    print(f"{time.monotonic() - started:6.1f} s       {name}", file=sys.stderr)
    return {"exchanges": [], "facts": facts, "broken": None}


def _flags(story: Story) -> tuple[str, ...]:
    return story.flags


def _play(checkout: Path, flags: tuple[str, ...], stories: Iterable[Story]) -> Json:
    """Play stories one after another on one server, which is reset before each."""
    played: Json = {}
    filled = [flag.format(checkout=checkout) for flag in flags]
    with mock(checkout, filled) as port:
        for story in stories:
            Caller(port, Log()).post("/_mock/reset")
            log = Log({port: MOCK_DIGITS})
            played[story.name] = _attempt(story.play, Caller(port, log), log, story.name)
    return played


def _attempt(play: Callable[[Caller], Any], caller: Caller, log: Log, name: str) -> Json:
    """Play a story to its end, or as far as the responses allow."""
    started = time.monotonic()
    broken = None
    try:
        play(caller)
    except (
        Exception
    ) as problem:  # the story needs a response that did not come: part of what is seen
        broken = f"{type(problem).__name__}: {problem}"
    seconds = time.monotonic() - started
    print(f"{seconds:6.1f} s {len(log.exchanges):5} {name} {broken or ''}", file=sys.stderr)
    return {"exchanges": log.exchanges, "facts": log.facts, "broken": broken}
