"""Nodes for arrays and objects."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Sequence
from typing import Any

from msgspec import Struct, field

from mockserver.generator.errors import Unsatisfiable
from mockserver.generator.nodes import GenerationContext, Node
from mockserver.generator.patterns import matches
from mockserver.generator.seeded_random import SeededRandom

_MAX_UNREQUESTED_ITEMS = 3
_MAX_DUPLICATES, _MAX_UNREQUESTED_DUPLICATES = 400, 10
_NAME_ATTEMPTS = 24


class ArrayNode(Node):
    """Generates an array."""

    __slots__ = ("_item", "_maximum", "_minimum", "_prefix", "_unique")

    def __init__(
        self,
        item: Node | None,
        minimum: int,
        maximum: int | None,
        unique: bool,
        prefix: Sequence[Node] = (),
    ) -> None:
        super().__init__()
        self._prefix = prefix
        self._item = item
        self._minimum = minimum
        self._maximum = maximum
        self._unique = unique

    def draw(self, context: GenerationContext) -> list[Any]:
        context.enter_container()
        item = self._item
        prefix = self._prefix
        if not prefix and (item is None or item.height == math.inf):
            return []
        context.steps_left += self._minimum * 2  # required items do not count against the limit
        wanted = self._length(context)
        values: list[Any] = []
        reserved: set[str] = set()
        duplicates = 0
        while len(values) < wanted and duplicates < (
            _MAX_DUPLICATES if len(values) < self._minimum else _MAX_UNREQUESTED_DUPLICATES
        ):
            node = prefix[len(values)] if len(values) < len(prefix) else item
            if node is None or node.height == math.inf:
                break
            context.count_item()
            try:
                value = node.draw(context)
            except Unsatisfiable:
                break
            if self._unique:
                context.count_step()
                identity = _identity(value)
                if identity in reserved:
                    duplicates += 1
                    continue
                reserved.add(identity)
            values.append(value)
        if len(values) < self._minimum:
            raise Unsatisfiable("too few different items were found")
        return values

    def _length(self, context: GenerationContext) -> int:
        if context.minimal:
            return self._minimum
        random = context.seeded.random
        least = max(self._minimum, 1 if random.random() < 0.95 else 0, len(self._prefix))
        most = max(
            least, min(self._minimum + _MAX_UNREQUESTED_ITEMS, least + _MAX_UNREQUESTED_ITEMS)
        )
        if self._maximum is not None:
            least, most = min(least, self._maximum), min(most, self._maximum)
        return random.randint(least, most)

    def compute_height(self) -> float:
        needed = [node.height for node in self._prefix[: self._minimum]]
        if self._minimum > len(self._prefix) and self._item is not None:
            needed.append(self._item.height)
        return 1 + max(needed, default=0)


class AdditionalProperties(Struct):
    """The properties that an object may have beyond the named ones."""

    patterns: list[str]
    reserved: Collection[str]
    """Names that additional properties cannot have."""
    name_sources: list[Callable[[SeededRandom], str]] = field(default_factory=list)
    nodes: dict[frozenset[str], Node] = field(default_factory=dict)
    """Node for a property's value, by the set of patterns that its name matches."""
    max_unrequested: int = 0
    """Maximum number of additional properties when none are required."""

    def matching_patterns(self, name: str) -> frozenset[str]:
        """Return the patterns that a name matches."""
        return frozenset(pattern for pattern in self.patterns if matches(pattern, name))


class ObjectNode(Node):
    """Generates an object."""

    __slots__ = ("_extras", "_maximum", "_minimum", "_nodes", "_required")

    def __init__(
        self,
        nodes: dict[str, Node],
        required: frozenset[str],
        minimum: int,
        maximum: int | None,
        extras: AdditionalProperties,
    ) -> None:
        super().__init__()
        self._nodes = nodes
        self._required = required
        self._minimum = minimum
        self._maximum = maximum
        self._extras = extras

    def draw(self, context: GenerationContext) -> dict[str, Any]:
        context.enter_container()
        names = self._choose_names(context)
        values: dict[str, Any] = {}
        for name, node in self._nodes.items():
            if name in names:
                try:
                    values[name] = node.draw(context)
                except Unsatisfiable:
                    if name in self._required:
                        raise
        self._add_extras(values, context)
        if len(values) < self._minimum:
            raise Unsatisfiable("too few properties could be generated")
        return values

    def _choose_names(self, context: GenerationContext) -> set[str]:
        """Return the required names and a random choice of optional ones, within the limits."""
        random = context.seeded.random
        # A minimal value only contains nodes of lower height. Without this rule recursion might not
        # end.
        limit = self.height if context.minimal else math.inf
        optional = [
            name
            for name, node in self._nodes.items()
            if name not in self._required and node.height < limit
        ]
        optional_share = 0.0 if context.minimal else context.optional_share
        chosen = [name for name in optional if random.random() < optional_share]
        room = len(optional) if self._maximum is None else self._maximum - len(self._required)
        if len(chosen) > room:
            chosen = random.sample(chosen, max(room, 0))
        missing = self._minimum - len(self._required) - len(chosen)
        if missing > 0:
            rest = [name for name in optional if name not in chosen]
            random.shuffle(rest)
            chosen += sorted(rest, key=lambda name: self._nodes[name].height)[:missing]
        return {*self._required, *chosen}

    def _add_extras(self, values: dict[str, Any], context: GenerationContext) -> None:
        extras = self._extras
        if not extras.name_sources:
            return
        random = context.seeded.random
        wanted = max(
            self._minimum,
            len(values) + (0 if context.minimal else random.randint(0, extras.max_unrequested)),
        )
        if self._maximum is not None:
            wanted = min(wanted, self._maximum)
        for _ in range((wanted - len(values)) * 3 + _NAME_ATTEMPTS if len(values) < wanted else 0):
            context.count_step()
            name = random.choice(extras.name_sources)(context.seeded)
            node = (
                None
                if name in values or name in extras.reserved
                else extras.nodes.get(extras.matching_patterns(name))
            )
            if node is not None and node.height < (self.height if context.minimal else math.inf):
                try:
                    values[name] = node.draw(context)
                except Unsatisfiable:
                    continue
                if len(values) >= wanted:
                    return

    def compute_height(self) -> float:
        inside = [self._nodes[name].height for name in self._required]
        missing = self._minimum - len(inside)
        if missing > 0:
            extra = min((node.height for node in self._extras.nodes.values()), default=math.inf)
            optional = [
                node.height for name, node in self._nodes.items() if name not in self._required
            ]
            inside += sorted([*optional, *[extra] * missing])[:missing]
        return 1 + max(inside, default=0)


def _identity(value: Any) -> str:
    """Return a key that is equal for equal JSON values: 1 and 1.0 are the same number."""
    return json.dumps(_normalized(value), sort_keys=True)


def _normalized(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _normalized(item) for key, item in value.items()}
    return [_normalized(item) for item in value] if isinstance(value, list) else value
