"""From schemas to nodes."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import jsonschema_rs
from jsonschema_rs.canonical import CanonicalizationError

from mockserver.generator import names, numbers, regex
from mockserver.generator.chance import Chance
from mockserver.generator.containers import Extras, Items, Members
from mockserver.generator.errors import DeadEnd, NoValue
from mockserver.generator.facets import Facets, Reader
from mockserver.generator.nodes import (
    Checked,
    Choice,
    Exhausted,
    Leaf,
    Link,
    Node,
    Offered,
    Values,
    Walk,
    clone,
    settle,
)
from mockserver.generator.patterns import Pattern
from mockserver.generator.strings import strings
from mockserver.schemas import ELSEWHERE, Schema, Validator, convert

_MOST_NODES = 20_000
_MOST_BRANCHES = 64
_NULLS = 0.1
_PROBES = 20
_RELIABLE = 0.6
_OFFERS = {"const": 1.0, "example": 0.3, "default": 0.1}
"""How often an offer of the author is taken."""
_SHELVES = frozenset({"components", "definitions", "$schema"})
_USUAL_EXTRAS = 3

Kind = TypeVar("Kind", bound=Node)


class Builder:
    """Builds the graph of one document: of its root, and of all schemas that this leads to."""

    def __init__(self, document: Schema, chance: Chance, *, spare: bool = True) -> None:
        self._reader = Reader(document)
        self._chance = chance
        self._spare = spare
        self._known: dict[tuple[str, str], Node | DeadEnd] = {}
        self._pending: dict[tuple[str, str], Link] = {}
        self._nodes: list[Node] = []
        self._shared = _shared(document)
        self._validators: dict[str, Validator] = {}
        self._checked: list[tuple[Checked, Any]] = []

    def build(self) -> Checked:
        """The graph of the whole document. Raises DeadEnd and NoValue."""
        document = self._reader.document
        schema = {key: value for key, value in document.items() if key not in _SHELVES}
        node = self.node(schema, "")
        root = (
            node
            if isinstance(node, Checked)
            else self._keep(Checked(node, self._validator(schema)))
        )
        if root is not node:
            self._checked.append((root, schema))
        settle(self._nodes)
        if root.height == math.inf:
            raise NoValue("every value would have to hold another of its kind, without end")
        for checked, part in self._checked:
            self._rehearse(checked, part)
        return root

    def node(self, schema: Any, name: str) -> Node:
        """The maker of values for one schema, for a property of that name. Raises DeadEnd."""
        key = (json.dumps(schema, sort_keys=True), name)
        known = self._known.get(key)
        if isinstance(known, DeadEnd):
            raise known
        if known is not None:
            return known
        if key in self._pending:
            return self._pending[key]
        if len(self._nodes) > _MOST_NODES:
            raise NoValue(
                "the schema is too large: its parts and choices make more than 20,000 kinds of values"
            )
        link = self._pending[key] = Link()
        try:
            node = self._known[key] = link.target = self._made(schema, name)
        except DeadEnd as error:
            self._known[key] = error
            raise
        finally:
            del self._pending[key]
        # A link is measured only where it was taken: last, when what it leads to is known.
        self._nodes.append(link)
        return node

    def _made(self, schema: Any, name: str) -> Node:
        facets = self._reader.read(schema)
        if facets.enum is not None:
            node = self._values(schema, facets.enum)
        else:
            node = self._any(self._alternatives(facets, (), _MOST_BRANCHES), name)
            if facets.checked:
                checked = self._keep(Checked(node, self._validator(schema)))
                self._checked.append((checked, schema))
                node = checked
        return self._offered(node, schema, facets)

    def _values(self, schema: Any, values: list[Any]) -> Node:
        validator = self._validator(schema)
        allowed = [value for value in values if validator.is_valid(value)]
        if not allowed:
            raise DeadEnd("no value of the enum meets the other demands")
        nulls = [value for value in allowed if value is None]
        if not nulls or len(nulls) == len(allowed):
            return self._keep(Values(allowed))
        others = self._keep(Values([value for value in allowed if value is not None]))
        return self._keep(Choice([others, self._keep(Values([None]))], [1 - _NULLS, _NULLS]))

    def _alternatives(self, facets: Facets, met: tuple[Any, ...], limit: int) -> list[Facets]:
        """The facets with a branch of each of their choices, in every way that does not contradict itself."""
        if not facets.groups:
            return [facets]
        group, rest = facets.groups[0], replace(facets, groups=facets.groups[1:])
        if any(branch in met for branch in group.branches):
            return self._alternatives(rest, met, limit)
        found: list[Facets] = []
        for branch in group.branches:
            if len(found) >= limit:
                break
            try:
                joined = rest.meet(
                    self._reader.read(self._reader.branch(branch, group.discriminator))
                )
                found += self._alternatives(
                    joined, (*met, branch), max(1, limit // len(group.branches))
                )
            except DeadEnd:
                continue
        if not found:
            raise DeadEnd("no branch can be had together with the rest")
        return found

    def _any(self, alternatives: list[Facets], name: str) -> Node:
        nodes: list[Node] = []
        weights: list[float] = []
        reason = DeadEnd("no type has a value")
        for facets in alternatives:
            if facets.enum is not None:
                nodes.append(self._keep(Values(facets.enum)))
                weights.append(1)
                continue
            types = self._types(facets)
            for index, type in enumerate(types):
                try:
                    nodes.append(self._typed(type, facets, name))
                except DeadEnd as error:
                    reason = error
                    continue
                others = len(types) - ("null" in types)
                weights.append(
                    _NULLS if type == "null" and others else 1 / max(1, others) / (1 + index / 10)
                )
        if not nodes:
            raise reason
        return nodes[0] if len(nodes) == 1 else self._keep(Choice(nodes, weights))

    @staticmethod
    def _types(facets: Facets) -> list[str]:
        """The types to choose from: those that the schema allows and speaks of."""
        if facets.types is not None:
            return sorted(facets.types, key=lambda type: type == "null")
        return sorted(facets.about) or ["string", "integer", "boolean"]

    def _typed(self, type: str, facets: Facets, name: str) -> Node:
        if type == "object":
            return self._members(facets)
        if type == "array":
            return self._items(facets, name)
        return self._keep(Leaf(self._scalar(type, facets, name)))

    def _scalar(self, type: str, facets: Facets, name: str) -> Callable[[Chance], Any]:
        if type == "null":
            return lambda _: None
        if type == "boolean":
            return lambda chance: chance.random.random() < 0.5
        if type == "string":
            return strings(facets.text, name, self._chance).draw
        draw = (
            numbers.integers(facets.bounds, facets.width)
            if type == "integer"
            else numbers.reals(facets.bounds)
        )
        allowed = (
            facets.bounds if type == "number" else facets.bounds.meet(numbers.width(facets.width))
        )
        return self._guessing(draw, allowed, name, whole=type == "integer")

    def _guessing(
        self, draw: Callable[[Any], float], bounds: numbers.Bounds, name: str, *, whole: bool
    ) -> Callable[[Chance], Any]:
        """Numbers as the name suggests, where these are within the bounds."""
        guess = names.number(name)

        def usable() -> bool:
            value = guess(self._chance) if guess else None
            return (
                value is not None
                and (not whole or isinstance(value, int))
                and numbers.fits(value, bounds)
            )

        if guess is None or not any(usable() for _ in range(_PROBES)):
            return lambda chance: draw(chance.random)

        def make(chance: Chance) -> Any:
            for _ in range(_PROBES):
                value = guess(chance)
                if numbers.fits(value, bounds):
                    return value
            return draw(chance.random)

        return make

    def _items(self, facets: Facets, name: str) -> Node:
        if facets.highest is not None and facets.fewest > facets.highest:
            raise DeadEnd("minItems is larger than maxItems")
        item: Node | None = None
        if facets.highest != 0:
            try:
                item = self.node(facets.items, names.singular(name))
            except DeadEnd:
                if facets.fewest:
                    raise
        return self._keep(Items(item, facets.fewest, facets.highest, facets.unique))

    def _members(self, facets: Facets) -> Node:
        fewest, highest = facets.fewest_properties, facets.highest_properties
        if highest is not None and max(fewest, len(facets.required)) > highest:
            raise DeadEnd("more properties are asked for than maxProperties allows")
        nodes: dict[str, Node] = {}
        for name in (*facets.properties, *sorted(facets.required - facets.properties.keys())):
            schema = facets.of_name(name)
            if schema == ELSEWHERE and name not in facets.required and len(nodes) >= fewest:
                continue
            try:
                if schema is None:
                    raise DeadEnd(f"{name!r} is required and not allowed")
                nodes[name] = self.node(schema, name)
            except DeadEnd:
                if name in facets.required:
                    raise
        extras = self._extras(facets)
        if not extras.names and len(nodes) < fewest:
            raise DeadEnd("there are fewer properties than minProperties asks for")
        return self._keep(Members(nodes, facets.required, fewest, highest, extras))

    def _extras(self, facets: Facets) -> Extras:
        extras = Extras(list(facets.by_pattern), facets.properties.keys())
        for expression in facets.by_pattern:
            with contextlib.suppress(regex.Unreadable):
                self._add_names(extras, facets, partial(_matching, Pattern(expression)))
        if facets.others is not None:
            self._add_names(extras, facets, _word)
        # An open object that names its properties has these; a map has what it maps.
        if facets.by_pattern or facets.others or (facets.others == {} and not facets.properties):
            extras.usual = _USUAL_EXTRAS
        return extras

    def _add_names(self, extras: Extras, facets: Facets, names: Callable[[Chance], str]) -> None:
        """A source of names, if some of them may have a value."""
        usable = False
        for name in {names(self._chance): None for _ in range(_PROBES)}:
            kind, schema = extras.kind(name), facets.of_name(name)
            if kind not in extras.nodes and schema is not None:
                with contextlib.suppress(DeadEnd):
                    extras.nodes[kind] = self.node(schema, "")
            usable = usable or kind in extras.nodes
        if usable:
            extras.names.append(names)

    def _offered(self, node: Node, schema: Any, facets: Facets) -> Node:
        """The node, and what the author of the schema offers in its place."""
        for kind, hint in facets.hints:
            validator = self._validator(schema)
            if kind == "x-faker":
                node = self._keep(Offered(node, self._chance.provider(hint), 1, validator))
            elif validator.is_valid(hint):
                node = self._keep(
                    Offered(node, partial(clone, hint), _share(kind, hint, facets), validator)
                )
        return node

    def _rehearse(self, checked: Checked, schema: Any) -> None:
        """Find out how often a plan works; where that is rarely, have the canonical form of the schema beside it."""
        walk = Walk(self._chance, effort=_PROBES * 400)
        try:
            share = checked.share(checked.plans[0], walk, _PROBES)
        except (Exhausted, RecursionError):
            share = 0
        if share < _RELIABLE and self._spare:
            spare = self._canonical(schema)
            if spare is not None:
                checked.plans.insert(0 if share == 0 else 1, spare)
                checked.height = min(checked.height, spare.height)

    def _canonical(self, schema: Any) -> Node | None:
        """The same schema in a form in which its choices exclude each other and its bounds are met."""
        try:
            document = jsonschema_rs.canonicalize(
                self._alone(schema), draft=jsonschema_rs.Draft4, validate_formats=True
            ).to_json_schema()
            return (
                Builder(document, self._chance, spare=False).build()
                if isinstance(document, dict)
                else None
            )
        except (DeadEnd, NoValue, CanonicalizationError):
            return None

    def _validator(self, schema: Any) -> Validator:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            self._validators[key] = Validator(self._alone(schema), validate_formats=True)
        return self._validators[key]

    def _alone(self, schema: Any) -> Schema:
        """A schema as a document, with all that its references lead to, and nothing that no validator looks at."""
        alone = {"allOf": [convert(schema)]}
        # To read all components takes a while: only where some are referred to.
        return {**alone, **self._shared} if '"$ref"' in json.dumps(alone) else alone

    def _keep(self, node: Kind) -> Kind:
        self._nodes.append(node)
        return node


def _shared(document: Schema) -> Schema:
    """The parts of a document that references lead to."""
    components = document.get("components", {}).get("schemas", {})
    definitions = document.get("definitions", {})
    return {
        "components": {"schemas": {name: convert(schema) for name, schema in components.items()}},
        "definitions": {name: convert(schema) for name, schema in definitions.items()},
    }


def _share(kind: str, hint: Any, facets: Facets) -> float:
    """How often an offer is taken: seldom where each value should be another, mostly where the type says little."""
    if kind == "example" and isinstance(hint, str):
        demands = facets.text
        return 0.02 if demands.formats else _OFFERS[kind] if demands.patterns else 0.7
    return _OFFERS[kind] / (3 if isinstance(hint, dict | list) else 1)


def _matching(pattern: Pattern, chance: Chance) -> str:
    """A name for a property; one of some length, for there may have to be several."""
    return pattern.draw(chance.random, chance.random.randint(1, 8), regex.UNBOUNDED)


def _word(chance: Chance) -> str:
    return str(chance.fake.word())
