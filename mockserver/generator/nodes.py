"""Nodes that generate values. A schema is compiled into a graph of nodes once."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct, field

from mockserver.generator import limits
from mockserver.generator.errors import Unsatisfiable
from mockserver.generator.seeded_random import SeededRandom
from mockserver.openapi.schemas import Validator

_ATTEMPTS = 24
_MAX_CONTAINERS = 60
_MAX_STEPS = 4_000
_MAX_RECURSION = 2
_STEPS_OF_ITEM = 4
_OPTIONAL_SHARES = (0.85, 0.85, 0.5, 0.15, 0.95)
"""How often optional properties are present, by attempt. Later attempts try other shares."""


class StepLimitExceeded(Exception):
    """Generating a value took too many steps."""


class GenerationContext(Struct):
    """The state of generating one value."""

    seeded: SeededRandom
    optional_share: float = _OPTIONAL_SHARES[0]
    containers_left: int = _MAX_CONTAINERS
    """Number of further objects and arrays before the value is kept minimal."""
    steps_left: int = _MAX_STEPS
    items_left: int = limits.MAX_TOTAL_ITEMS
    characters_left: int = limits.MAX_TOTAL_CHARACTERS
    minimal: bool = False
    """Whether to generate the smallest value: no optional parts, the lowest branch."""
    recursion_depths: dict[int, int] = field(default_factory=dict)

    def enter_container(self) -> None:
        """Record the start of an object or array."""
        self.containers_left -= 1
        if self.containers_left <= 0:
            self.minimal = True
        self.count_step()

    def count_item(self) -> None:
        """Count an item of an array. Raise StepLimitExceeded if there were too many."""
        self.items_left -= 1
        if self.items_left < 0:
            raise StepLimitExceeded

    def count_characters(self, text: str) -> None:
        """Count the characters of a text. Raise StepLimitExceeded if there were too many."""
        self.characters_left -= len(text)
        if self.characters_left < 0:
            raise StepLimitExceeded

    @property
    def cost(self) -> int:
        """The work for items and texts, in steps."""
        characters = limits.MAX_TOTAL_CHARACTERS - self.characters_left
        return (limits.MAX_TOTAL_ITEMS - self.items_left) * _STEPS_OF_ITEM + characters // 100

    def count_step(self) -> None:
        """Count a step. Raise StepLimitExceeded if there were too many."""
        self.steps_left -= 1
        if self.steps_left <= 0:
            raise StepLimitExceeded


class Node(ABC):
    """Generates values of one schema."""

    __slots__ = ("height",)

    def __init__(self) -> None:
        self.height: float = math.inf
        """Nesting depth of the smallest value, infinite if every value must contain another."""

    @abstractmethod
    def draw(self, context: GenerationContext) -> Any:
        """Return a value. Raise Unsatisfiable if the choices so far allow none."""

    @abstractmethod
    def compute_height(self) -> float:
        """Return the height, computed from the heights of the node's parts."""


class ScalarNode(Node):
    """Generates a value without nested values."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[SeededRandom], Any]) -> None:
        super().__init__()
        self._make = make
        self.height = 0

    def draw(self, context: GenerationContext) -> Any:
        value = self._make(context.seeded)
        if isinstance(value, str):
            context.count_characters(value)
        return value

    def compute_height(self) -> float:
        return 0


class EnumNode(Node):
    """Returns one of the values of an enum."""

    __slots__ = ("_values",)

    def __init__(self, values: list[Any]) -> None:
        super().__init__()
        self._values = values
        self.height = 0

    def draw(self, context: GenerationContext) -> Any:
        return clone(context.seeded.random.choice(self._values))

    def compute_height(self) -> float:
        return 0


class ChoiceNode(Node):
    """Generates a value from one of several nodes."""

    __slots__ = ("_nodes", "_weights")

    def __init__(self, nodes: list[Node], weights: list[float]) -> None:
        super().__init__()
        self._nodes = nodes
        self._weights = weights

    def draw(self, context: GenerationContext) -> Any:
        for node in self._order(context):
            if node.height < math.inf:
                try:
                    return node.draw(context)
                except Unsatisfiable:
                    continue
        raise Unsatisfiable("no branch has a value")

    def _order(self, context: GenerationContext) -> Iterable[Node]:
        # A weighted shuffle: a larger weight makes a smaller sort key more likely.
        random = context.seeded.random.random
        ranked = [
            (-math.log(1 - random()) / weight, node)
            for node, weight in zip(self._nodes, self._weights, strict=True)
        ]
        ranked.sort(
            key=lambda ranking: (ranking[1].height, ranking[0]) if context.minimal else ranking[0]
        )
        return [node for _, node in ranked]

    def compute_height(self) -> float:
        return min(node.height for node in self._nodes)


class RecursiveNode(Node):
    """Refers to a node that is still being built, where a schema refers to itself."""

    __slots__ = ("target",)

    def __init__(self) -> None:
        super().__init__()
        self.target: Node | None = None

    def draw(self, context: GenerationContext) -> Any:
        if self.target is None or self.height == math.inf:
            raise Unsatisfiable("a value would have to contain itself")
        recursion_depths = context.recursion_depths.get(id(self), 0)
        minimal, context.recursion_depths[id(self)] = context.minimal, recursion_depths + 1
        context.minimal = minimal or recursion_depths >= _MAX_RECURSION
        try:
            return self.target.draw(context)
        finally:
            context.recursion_depths[id(self)] = recursion_depths
            context.minimal = minimal or context.containers_left <= 0

    def compute_height(self) -> float:
        return self.target.height if self.target is not None else math.inf


class WithExamples(Node):
    """Returns a hint of the schema's author, sometimes or always, else a generated value."""

    __slots__ = ("_example", "_node", "_share", "_validator")

    def __init__(
        self, node: Node, example: Callable[[], Any], share: float, validator: Validator
    ) -> None:
        super().__init__()
        self._node = node
        self._example = example
        self._share = share
        self._validator = validator

    def draw(self, context: GenerationContext) -> Any:
        if self._share == 1 or (
            context.seeded.random.random() < self._share and not context.minimal
        ):
            for _ in range(_ATTEMPTS if self._share == 1 else 1):
                value = self._example()
                if self._validator.is_valid(value):
                    return value
        return self._node.draw(context)

    def compute_height(self) -> float:
        return self._node.height


class CheckedNode(Node):
    """Generates values until one is valid: some constraints can only be checked by validation."""

    __slots__ = ("strategies", "validator")

    def __init__(self, node: Node, validator: Validator) -> None:
        super().__init__()
        self.strategies = [node]
        self.validator = validator

    def draw(self, context: GenerationContext) -> Any:
        optional_share = context.optional_share
        try:
            for strategy in self.strategies:
                for attempt in range(_ATTEMPTS):
                    context.optional_share = (
                        _OPTIONAL_SHARES[attempt % len(_OPTIONAL_SHARES)]
                        if attempt
                        else optional_share
                    )
                    value = self._attempt(strategy, context)
                    if value is not _NO_VALUE:
                        return value
        finally:
            context.optional_share = optional_share
        raise Unsatisfiable("no value was found that meets all constraints")

    def success_rate(self, strategy: Node, context: GenerationContext, times: int) -> float:
        """Return how often a strategy generates a valid value."""
        return sum(self._attempt(strategy, context) is not _NO_VALUE for _ in range(times)) / times

    def _attempt(self, strategy: Node, context: GenerationContext) -> Any:
        context.count_step()
        try:
            value = strategy.draw(context)
        except Unsatisfiable:
            return _NO_VALUE
        return value if self.validator.is_valid(value) else _NO_VALUE

    def compute_height(self) -> float:
        return min(strategy.height for strategy in self.strategies)


def resolve_heights(nodes: list[Node]) -> None:
    """Compute the heights of all nodes of a graph that may contain cycles."""
    changed = True
    while changed:
        changed = False
        for node in nodes:
            height = node.compute_height()
            if height < node.height:
                node.height, changed = height, True


def clone(value: Any) -> Any:
    """Return a deep copy of a JSON value."""
    if isinstance(value, dict):
        return {key: clone(item) for key, item in value.items()}
    return [clone(item) for item in value] if isinstance(value, list) else value


_NO_VALUE = object()
