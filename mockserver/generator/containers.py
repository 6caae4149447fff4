"""Makers of arrays and objects."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

from mockserver.generator.chance import Chance
from mockserver.generator.errors import DeadEnd
from mockserver.generator.nodes import Node, Walk
from mockserver.generator.patterns import matches

_LONGEST_BY_CHOICE = 3
_MISSES, _MISSES_BY_CHOICE = 400, 10
_NAME_TRIES = 24


class Items(Node):
    """An array."""

    __slots__ = ("_fewest", "_highest", "_item", "_unique")

    def __init__(self, item: Node | None, fewest: int, highest: int | None, unique: bool) -> None:
        super().__init__()
        self._item = item
        self._fewest = fewest
        self._highest = highest
        self._unique = unique

    def draw(self, walk: Walk) -> list[Any]:
        walk.enter()
        item = self._item
        if item is None or item.height == math.inf:
            return []
        walk.effort += self._fewest * 2  # what is asked for is not wasted
        wanted = self._length(walk)
        values: list[Any] = []
        taken: set[str] = set()
        misses = 0
        while len(values) < wanted and misses < (
            _MISSES if len(values) < self._fewest else _MISSES_BY_CHOICE
        ):
            try:
                value = item.draw(walk)
            except DeadEnd:
                break
            if self._unique:
                walk.spend()
                identity = _identity(value)
                if identity in taken:
                    misses += 1
                    continue
                taken.add(identity)
            values.append(value)
        if len(values) < self._fewest:
            raise DeadEnd("too few items were found")
        return values

    def _length(self, walk: Walk) -> int:
        if walk.tight:
            return self._fewest
        random = walk.chance.random
        least = max(self._fewest, 1 if random.random() < 0.95 else 0)
        most = max(least, min(self._fewest + _LONGEST_BY_CHOICE, least + _LONGEST_BY_CHOICE))
        if self._highest is not None:
            least, most = min(least, self._highest), min(most, self._highest)
        return random.randint(least, most)

    def measure(self) -> float:
        return 1 + (self._item.height if self._item is not None and self._fewest else 0)


@dataclass(slots=True)
class Extras:
    """What properties there may be beyond those that have a name of their own."""

    patterns: list[str]
    taken: Collection[str]
    """The names that are not for extras."""
    names: list[Callable[[Chance], str]] = field(default_factory=list)
    nodes: dict[frozenset[str], Node] = field(default_factory=dict)
    """What a property holds, by the patterns that its name matches."""
    usual: int = 0
    """How many there are at most when nobody asks for more."""

    def kind(self, name: str) -> frozenset[str]:
        """The patterns that a name matches."""
        return frozenset(pattern for pattern in self.patterns if matches(pattern, name))


class Members(Node):
    """An object."""

    __slots__ = ("_extras", "_fewest", "_highest", "_nodes", "_required")

    def __init__(
        self,
        nodes: dict[str, Node],
        required: frozenset[str],
        fewest: int,
        highest: int | None,
        extras: Extras,
    ) -> None:
        super().__init__()
        self._nodes = nodes
        self._required = required
        self._fewest = fewest
        self._highest = highest
        self._extras = extras

    def draw(self, walk: Walk) -> dict[str, Any]:
        walk.enter()
        names = self._names(walk)
        values: dict[str, Any] = {}
        for name, node in self._nodes.items():
            if name in names:
                try:
                    values[name] = node.draw(walk)
                except DeadEnd:
                    if name in self._required:
                        raise
        self._add(values, walk)
        if len(values) < self._fewest:
            raise DeadEnd("too few properties were found")
        return values

    def _names(self, walk: Walk) -> set[str]:
        """The required ones, and as many others as there may and must be."""
        random = walk.chance.random
        # On the shortest way out, each level must be lower than the last: else there would be no end.
        limit = self.height if walk.tight else math.inf
        optional = [
            name
            for name, node in self._nodes.items()
            if name not in self._required and node.height < limit
        ]
        kept = 0.0 if walk.tight else walk.kept
        chosen = [name for name in optional if random.random() < kept]
        room = len(optional) if self._highest is None else self._highest - len(self._required)
        if len(chosen) > room:
            chosen = random.sample(chosen, max(room, 0))
        lacking = self._fewest - len(self._required) - len(chosen)
        if lacking > 0:
            rest = [name for name in optional if name not in chosen]
            random.shuffle(rest)
            chosen += sorted(rest, key=lambda name: self._nodes[name].height)[:lacking]
        return {*self._required, *chosen}

    def _add(self, values: dict[str, Any], walk: Walk) -> None:
        extras = self._extras
        if not extras.names:
            return
        random = walk.chance.random
        wanted = max(
            self._fewest, len(values) + (0 if walk.tight else random.randint(0, extras.usual))
        )
        if self._highest is not None:
            wanted = min(wanted, self._highest)
        for _ in range((wanted - len(values)) * 3 + _NAME_TRIES if len(values) < wanted else 0):
            walk.spend()
            name = random.choice(extras.names)(walk.chance)
            node = (
                None
                if name in values or name in extras.taken
                else extras.nodes.get(extras.kind(name))
            )
            if node is not None and node.height < (self.height if walk.tight else math.inf):
                try:
                    values[name] = node.draw(walk)
                except DeadEnd:
                    continue
                if len(values) >= wanted:
                    return

    def measure(self) -> float:
        inside = [self._nodes[name].height for name in self._required]
        lacking = self._fewest - len(inside)
        if lacking > 0:
            extra = min((node.height for node in self._extras.nodes.values()), default=math.inf)
            optional = [
                node.height for name, node in self._nodes.items() if name not in self._required
            ]
            inside += sorted([*optional, *[extra] * lacking])[:lacking]
        return 1 + max(inside, default=0)


def _identity(value: Any) -> str:
    """The same for equal JSON values: 1 and 1.0 are one."""
    return json.dumps(_plain(value), sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
