"""Makers of values: a schema becomes a graph of these, once; a value is one walk through it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from mockserver.generator.chance import Chance
from mockserver.generator.errors import DeadEnd
from mockserver.schemas import Validator

_TRIES = 24
_CONTAINERS = 60
_EFFORT = 4_000
_ROUNDS = 2
_KEPT = (0.85, 0.85, 0.5, 0.15, 0.95)
"""How often optional properties are there: at first mostly, then otherwise, as long as nothing fits."""


class Exhausted(Exception):
    """A value took more steps than one should."""


@dataclass(slots=True)
class Walk:
    """One walk through a graph."""

    chance: Chance
    kept: float = _KEPT[0]
    containers: int = _CONTAINERS
    """How many more objects and arrays there may be before the value is brought to an end."""
    effort: int = _EFFORT
    tight: bool = False
    """Whether to take the shortest way out: nothing optional, no items, the shallowest branch."""
    rounds: dict[int, int] = field(default_factory=dict)

    def enter(self) -> None:
        """An object or an array begins."""
        self.containers -= 1
        if self.containers <= 0:
            self.tight = True
        self.spend()

    def spend(self) -> None:
        """One more step. Raises Exhausted when there were too many."""
        self.effort -= 1
        if self.effort <= 0:
            raise Exhausted


class Node(ABC):
    """A maker of values of one schema."""

    __slots__ = ("height",)

    def __init__(self) -> None:
        self.height: float = math.inf
        """How many levels its smallest value has; infinite where every value needs another inside."""

    @abstractmethod
    def draw(self, walk: Walk) -> Any:
        """A value. Raises DeadEnd where the choices so far lead to none."""

    @abstractmethod
    def measure(self) -> float:
        """Its height, by the heights of what it is made of."""


class Leaf(Node):
    """A value that holds no others."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[Chance], Any]) -> None:
        super().__init__()
        self._make = make
        self.height = 0

    def draw(self, walk: Walk) -> Any:
        return self._make(walk.chance)

    def measure(self) -> float:
        return 0


class Values(Node):
    """One of the values of an enum."""

    __slots__ = ("_values",)

    def __init__(self, values: list[Any]) -> None:
        super().__init__()
        self._values = values
        self.height = 0

    def draw(self, walk: Walk) -> Any:
        return clone(walk.chance.random.choice(self._values))

    def measure(self) -> float:
        return 0


class Choice(Node):
    """One of several."""

    __slots__ = ("_nodes", "_weights")

    def __init__(self, nodes: list[Node], weights: list[float]) -> None:
        super().__init__()
        self._nodes = nodes
        self._weights = weights

    def draw(self, walk: Walk) -> Any:
        for node in self._order(walk):
            if node.height < math.inf:
                try:
                    return node.draw(walk)
                except DeadEnd:
                    continue
        raise DeadEnd("no branch has a value")

    def _order(self, walk: Walk) -> Iterable[Node]:
        # Each gets a number that is the smaller, the more it weighs: an order by chance, drawn at once.
        random = walk.chance.random.random
        ranked = [
            (-math.log(1 - random()) / weight, node)
            for node, weight in zip(self._nodes, self._weights, strict=True)
        ]
        ranked.sort(
            key=lambda ranking: (ranking[1].height, ranking[0]) if walk.tight else ranking[0]
        )
        return [node for _, node in ranked]

    def measure(self) -> float:
        return min(node.height for node in self._nodes)


class Link(Node):
    """The way back to a node that is being built: where a schema refers to itself."""

    __slots__ = ("target",)

    def __init__(self) -> None:
        super().__init__()
        self.target: Node | None = None

    def draw(self, walk: Walk) -> Any:
        if self.target is None or self.height == math.inf:
            raise DeadEnd("a value would have to hold itself")
        rounds = walk.rounds.get(id(self), 0)
        tight, walk.rounds[id(self)] = walk.tight, rounds + 1
        walk.tight = tight or rounds >= _ROUNDS
        try:
            return self.target.draw(walk)
        finally:
            walk.rounds[id(self)] = rounds
            walk.tight = tight or walk.containers <= 0

    def measure(self) -> float:
        return self.target.height if self.target is not None else math.inf


class Offered(Node):
    """What the author of the schema offers, sometimes or always; else what the schema says."""

    __slots__ = ("_node", "_offers", "_share", "_validator")

    def __init__(
        self, node: Node, offers: Callable[[], Any], share: float, validator: Validator
    ) -> None:
        super().__init__()
        self._node = node
        self._offers = offers
        self._share = share
        self._validator = validator

    def draw(self, walk: Walk) -> Any:
        if self._share == 1 or (walk.chance.random.random() < self._share and not walk.tight):
            for _ in range(_TRIES if self._share == 1 else 1):
                value = self._offers()
                if self._validator.is_valid(value):
                    return value
        return self._node.draw(walk)

    def measure(self) -> float:
        return self._node.height


class Checked(Node):
    """A value that is looked at before it is given away: its demands are more than a choice of what to make."""

    __slots__ = ("plans", "validator")

    def __init__(self, node: Node, validator: Validator) -> None:
        super().__init__()
        self.plans = [node]
        self.validator = validator

    def draw(self, walk: Walk) -> Any:
        kept = walk.kept
        try:
            for plan in self.plans:
                for attempt in range(_TRIES):
                    walk.kept = _KEPT[attempt % len(_KEPT)] if attempt else kept
                    value = self._attempt(plan, walk)
                    if value is not _NOTHING:
                        return value
        finally:
            walk.kept = kept
        raise DeadEnd("no value was found that meets all demands")

    def share(self, plan: Node, walk: Walk, times: int) -> float:
        """How often a plan gives a value that is right."""
        return sum(self._attempt(plan, walk) is not _NOTHING for _ in range(times)) / times

    def _attempt(self, plan: Node, walk: Walk) -> Any:
        walk.spend()
        try:
            value = plan.draw(walk)
        except DeadEnd:
            return _NOTHING
        return value if self.validator.is_valid(value) else _NOTHING

    def measure(self) -> float:
        return min(plan.height for plan in self.plans)


def settle(nodes: list[Node]) -> None:
    """Measure the heights of a graph, which may lead back into itself."""
    changed = True
    while changed:
        changed = False
        for node in nodes:
            height = node.measure()
            if height < node.height:
                node.height, changed = height, True


def clone(value: Any) -> Any:
    """A copy of a JSON value that nobody else holds."""
    if isinstance(value, dict):
        return {key: clone(item) for key, item in value.items()}
    return [clone(item) for item in value] if isinstance(value, list) else value


_NOTHING = object()
