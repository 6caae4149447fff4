"""What users do: reads, changes of their account, and the stories of the kit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from contract_tests.context import Run
from contract_tests.drivers.read_account import read_account
from contract_tests.http.client import Client
from contract_tests.knowledge import SettingsPart, Story
from contract_tests.openapi.contract import Operation
from contract_tests.openapi.examples import example, has_example, required_query
from contract_tests.openapi.lists import ListOperation

_READS, _ALL_VIEWS, _CHANGES, _STORIES = 60, 4, 24, 12
"""How often each kind of step is chosen, in relation to the others."""
_PAGE_SIZES = (1, 5, 20)


@dataclass(frozen=True)
class Player:
    """A user on an account, as steps see it."""

    run: Run
    client: Client
    chance: Random


@dataclass(frozen=True)
class Step:
    """Something that a user does."""

    name: str
    play: Callable[[Player], object]
    weight: float
    is_write: bool = False
    is_story: bool = False
    """A story needs a fresh account where there can be one."""


def steps(run: Run) -> list[Step]:
    """Return the steps that a run allows and selects."""
    found = [*_reads(run), Step("all views", _read_all, _ALL_VIEWS)]
    if run.settings.may_write:
        found += _share(_CHANGES, [*_settings(run), *_writes(run)])
        found += _share(_STORIES, list(_stories(run)))
    return found


def _share(weight: float, found: list[Step]) -> list[Step]:
    return [
        Step(step.name, step.play, weight / len(found), step.is_write, step.is_story)
        for step in found
    ]


def _reads(run: Run) -> list[Step]:
    reads = [operation for operation in run.operations(reads=True) if not operation.path_names]
    found = [Step(f"read {operation.id}", _reader(operation), 1) for operation in reads]
    return _share(_READS, found)


def _reader(operation: Operation) -> Callable[[Player], object]:
    def play(player: Player) -> None:
        query = dict(required_query(player.run.contract, operation))
        listed = player.run.lists.get(operation.id)
        more = _page(listed, player.chance) if listed is not None else {}
        player.client.call(operation.id, query={**query, **more})

    return play


def _page(listed: ListOperation, chance: Random) -> dict[str, int]:
    """Return one of the first pages of a list, of some size."""
    size = listed.clamped(chance.choice((*_PAGE_SIZES, listed.largest)))
    return listed.page(chance.choice((0, 0, 1)), size)


def _read_all(player: Player) -> None:
    read_account(player.run, player.client)


# ----------------------------------------------------------------------------------------- changes


def _settings(run: Run) -> Iterator[Step]:
    for part in run.knowledge.safety.settings:
        if run.takes(part.read, part.write):
            yield Step(f"change {part.title}", _changer(run, part), 1, is_write=True)


def _changer(run: Run, part: SettingsPart) -> Callable[[Player], object]:
    operation = run.contract.operations[part.write]
    base = example(run.contract, operation)

    def play(player: Player) -> None:
        chance, client = player.chance, player.client
        body = {
            name: chance.random() < 0.5 if isinstance(value, bool) else value
            for name, value in base.items()
        }
        client.call(part.read)
        knowledge, settings = player.run.knowledge, player.run.settings
        safe = knowledge.body_values(client, operation, settings, fresh=False)
        client.call(part.write, {**body, **safe})
        client.call(part.read)

    return play


def _writes(run: Run) -> Iterator[Step]:
    """Yield the other changes: those of which the contract shows a valid body."""
    safety = run.knowledge.safety
    known = {part.write for part in safety.settings}
    if safety.collection is not None:
        known |= {safety.collection.add, safety.collection.set_default, safety.collection.remove}
    for operation in run.operations(reads=False):
        if operation.id in known or operation.path_names or not _is_allowed(run, operation):
            continue
        if has_example(run.contract, operation, run.judge.schemas):
            yield Step(operation.id, _writer(run, operation), 1, is_write=True)


def _writer(run: Run, operation: Operation) -> Callable[[Player], object]:
    args = [example(run.contract, operation)] if operation.body is not None else []
    return lambda player: player.client.call(operation.id, *args)


def _is_allowed(run: Run, operation: Operation) -> bool:
    return run.settings.may_do_anything or operation.id in run.knowledge.safety.reversible


# ----------------------------------------------------------------------------------------- stories


def _stories(run: Run) -> Iterator[Step]:
    for story in run.knowledge.playable(run):
        if run.takes(*story.operations):
            yield Step(f"story: {story.name}", _teller(story), 1, is_write=True, is_story=True)


def _teller(story: Story) -> Callable[[Player], object]:
    return lambda player: player.run.knowledge.play(player.run, story)
