"""Builds a graph of nodes from a schema."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, TypeVar

import jsonschema_rs
from jsonschema_rs.canonical import CanonicalizationError
from msgspec.structs import replace

from mockserver.generator import limits, names, numbers, regex
from mockserver.generator.constraints import ConstraintReader, Constraints
from mockserver.generator.containers import AdditionalProperties, ArrayNode, ObjectNode
from mockserver.generator.errors import NoValue, Unsatisfiable
from mockserver.generator.keywords import all_of
from mockserver.generator.nodes import (
    CheckedNode,
    ChoiceNode,
    EnumNode,
    GenerationContext,
    Node,
    RecursiveNode,
    ScalarNode,
    StepLimitExceeded,
    WithExamples,
    clone,
    resolve_heights,
)
from mockserver.generator.patterns import Pattern
from mockserver.generator.seeded_random import SeededRandom
from mockserver.generator.strings import string_maker
from mockserver.openapi.schemas import (
    DRAFT_4,
    SIBLING_PROPERTY,
    Dialect,
    Schema,
    Validator,
    convert,
)

_MAX_NODES = 20_000
_MAX_BRANCHES = 64
_NULL_SHARE = 0.1
_PROBES = 20
_RELIABLE_RATE = 0.6
_HINT_SHARES = {"const": 1.0, "example": 0.3, "default": 0.1}
"""How often each hint of the author is used as the value."""
_NOT_CONSTRAINTS = frozenset({"components", "definitions", "$defs", "$schema"})
_MAX_EXTRAS = 3

Kind = TypeVar("Kind", bound=Node)


class Builder:
    """Builds the graph of one document: its root schema and every schema that it refers to."""

    def __init__(
        self,
        document: Schema,
        seeded: SeededRandom,
        dialect: Dialect = DRAFT_4,
        *,
        with_fallback: bool = True,
    ) -> None:
        self._dialect = dialect
        self._reader = ConstraintReader(document)
        self._seeded = seeded
        self._with_fallback = with_fallback
        self._built: dict[tuple[str, str], Node | Unsatisfiable] = {}
        self._pending: dict[tuple[str, str], RecursiveNode] = {}
        self._nodes: list[Node] = []
        self._referenced = _referenced_schemas(document)
        self._validators: dict[str, Validator] = {}
        self._checked: list[tuple[CheckedNode, Any]] = []

    def build(self) -> CheckedNode:
        """Return the root node of the document. Raise Unsatisfiable or NoValue."""
        document = self._reader.document
        schema = {key: value for key, value in document.items() if key not in _NOT_CONSTRAINTS}
        node = self.node(schema, "")
        root = (
            node
            if isinstance(node, CheckedNode)
            else self._register(CheckedNode(node, self._validator(schema)))
        )
        if root is not node:
            self._checked.append((root, schema))
        resolve_heights(self._nodes)
        if root.height == math.inf:
            raise NoValue(
                "every value would have to contain another value of the same kind, without end"
            )
        for checked, part in self._checked:
            self._test_reliability(checked, part)
        return root

    def node(self, schema: Any, name: str) -> Node:
        """Return the node for a schema; ``name`` is the property's name. Raise Unsatisfiable."""
        key = (json.dumps(schema, sort_keys=True), name)
        built = self._built.get(key)
        if isinstance(built, Unsatisfiable):
            raise built
        if built is not None:
            return built
        if key in self._pending:
            return self._pending[key]
        if len(self._nodes) > _MAX_NODES:
            raise NoValue(
                "the schema is too large: its parts and choices make more than 20,000 nodes"
            )
        link = self._pending[key] = RecursiveNode()
        try:
            node = self._built[key] = link.target = self._build(schema, name)
        except Unsatisfiable as error:
            self._built[key] = error
            raise
        finally:
            del self._pending[key]
        # Register the reference last: its height follows from the height of its target.
        self._nodes.append(link)
        return node

    def _build(self, schema: Any, name: str) -> Node:
        constraints = self._reader.read(schema)
        if constraints.enum is not None:
            node = self._values(schema, constraints.enum)
        else:
            node = self._build_choice(self._alternatives(constraints, (), _MAX_BRANCHES), name)
            if constraints.needs_check:
                checked = self._register(CheckedNode(node, self._validator(schema)))
                self._checked.append((checked, schema))
                node = checked
        return self._with_examples(node, schema, constraints)

    def _values(self, schema: Any, values: list[Any]) -> Node:
        validator = self._validator(schema)
        allowed = [value for value in values if validator.is_valid(value)]
        if not allowed:
            raise Unsatisfiable("no value of the enum meets the other constraints")
        nulls = [value for value in allowed if value is None]
        if not nulls or len(nulls) == len(allowed):
            return self._register(EnumNode(allowed))
        not_null = self._register(EnumNode([value for value in allowed if value is not None]))
        return self._register(
            ChoiceNode([not_null, self._register(EnumNode([None]))], [1 - _NULL_SHARE, _NULL_SHARE])
        )

    def _alternatives(
        self, constraints: Constraints, chosen: tuple[Any, ...], limit: int
    ) -> list[Constraints]:
        """Return every combination of branches that does not contradict itself."""
        if not constraints.groups:
            return [constraints]
        group, rest = constraints.groups[0], replace(constraints, groups=constraints.groups[1:])
        if any(branch in chosen for branch in group.branches):
            return self._alternatives(rest, chosen, limit)
        found: list[Constraints] = []
        for branch in group.branches:
            if len(found) >= limit:
                break
            try:
                joined = rest.intersect(
                    self._reader.read(self._reader.branch(branch, group.discriminator))
                )
                found += self._alternatives(
                    joined, (*chosen, branch), max(1, limit // len(group.branches))
                )
            except Unsatisfiable:
                continue
        if not found:
            raise Unsatisfiable("no branch is compatible with the rest of the schema")
        return found

    def _build_choice(self, alternatives: list[Constraints], name: str) -> Node:
        nodes: list[Node] = []
        weights: list[float] = []
        reason = Unsatisfiable("no type has a value")
        for constraints in alternatives:
            if constraints.enum is not None:
                nodes.append(self._register(EnumNode(constraints.enum)))
                weights.append(1)
                continue
            types = self._types(constraints)
            for index, type in enumerate(types):
                try:
                    nodes.append(self._build_typed(type, constraints, name))
                except Unsatisfiable as error:
                    reason = error
                    continue
                other_types = len(types) - ("null" in types)
                weights.append(
                    _NULL_SHARE
                    if type == "null" and other_types
                    else 1 / max(1, other_types) / (1 + index / 10)
                )
        if not nodes:
            raise reason
        return nodes[0] if len(nodes) == 1 else self._register(ChoiceNode(nodes, weights))

    @staticmethod
    def _types(constraints: Constraints) -> list[str]:
        """Return the types to choose from: those allowed, or those that the keywords imply."""
        if constraints.types is not None:
            return sorted(constraints.types, key=lambda type: type == "null")
        return sorted(constraints.implied_types) or ["string", "integer", "boolean"]

    def _build_typed(self, type: str, constraints: Constraints, name: str) -> Node:
        if type == "object":
            return self._build_object(constraints)
        if type == "array":
            return self._build_array(constraints, name)
        return self._register(ScalarNode(self._scalar_maker(type, constraints, name)))

    def _scalar_maker(
        self, type: str, constraints: Constraints, name: str
    ) -> Callable[[SeededRandom], Any]:
        if type == "null":
            return lambda _: None
        if type == "boolean":
            return lambda seeded: seeded.random.random() < 0.5
        if type == "string":
            return string_maker(constraints.string, name, self._seeded, self._dialect).draw
        draw = (
            numbers.integers(constraints.bounds, constraints.integer_format)
            if type == "integer"
            else numbers.reals(constraints.bounds)
        )
        allowed = (
            constraints.bounds
            if type == "number"
            else constraints.bounds.intersect(numbers.format_bounds(constraints.integer_format))
        )
        return self._number_maker(draw, allowed, name, whole=type == "integer")

    def _number_maker(
        self, draw: Callable[[Any], float], bounds: numbers.Bounds, name: str, *, whole: bool
    ) -> Callable[[SeededRandom], Any]:
        """Return a maker that prefers plausible numbers for the property's name."""
        guess = names.number_guess(name)

        def usable() -> bool:
            value = guess(self._seeded) if guess else None
            return (
                value is not None
                and (not whole or isinstance(value, int))
                and numbers.fits(value, bounds)
            )

        if guess is None or not any(usable() for _ in range(_PROBES)):
            return lambda seeded: draw(seeded.random)

        def make(seeded: SeededRandom) -> Any:
            for _ in range(_PROBES):
                value = guess(seeded)
                if numbers.fits(value, bounds):
                    return value
            return draw(seeded.random)

        return make

    def _build_array(self, constraints: Constraints, name: str) -> Node:
        if constraints.max_items is not None and constraints.min_items > constraints.max_items:
            raise Unsatisfiable("minItems is larger than maxItems")
        limits.check_items("minItems", constraints.min_items)
        prefix = [self.node(schema, names.singular(name)) for schema in constraints.prefix]
        item: Node | None = None
        if constraints.max_items != 0:
            try:
                item = self.node(constraints.items, names.singular(name))
            except Unsatisfiable:
                if constraints.min_items > len(prefix):
                    raise
        return self._register(
            ArrayNode(
                item,
                constraints.min_items,
                constraints.max_items,
                constraints.unique_items,
                prefix,
            )
        )

    def _build_object(self, constraints: Constraints) -> Node:
        minimum, maximum = constraints.min_properties, constraints.max_properties
        if maximum is not None and max(minimum, len(constraints.required)) > maximum:
            raise Unsatisfiable("more properties are required than maxProperties allows")
        limits.check_items("minProperties", minimum)
        nodes: dict[str, Node] = {}
        for name in (
            *constraints.properties,
            *sorted(constraints.required - constraints.properties.keys()),
        ):
            schema = constraints.schema_for(name)
            if (
                schema == SIBLING_PROPERTY
                and name not in constraints.required
                and len(nodes) >= minimum
            ):
                continue
            try:
                if schema is None:
                    raise Unsatisfiable(f"{name!r} is required but not allowed")
                nodes[name] = self.node(schema, name)
            except Unsatisfiable:
                if name in constraints.required:
                    raise
        extras = self._additional_properties(constraints)
        if not extras.name_sources and len(nodes) < minimum:
            raise Unsatisfiable("there are fewer properties than minProperties requires")
        return self._register(ObjectNode(nodes, constraints.required, minimum, maximum, extras))

    def _additional_properties(self, constraints: Constraints) -> AdditionalProperties:
        extras = AdditionalProperties(
            list(constraints.pattern_properties), constraints.properties.keys()
        )
        for expression in constraints.pattern_properties:
            with contextlib.suppress(regex.UnsupportedPattern):
                self._add_names(extras, constraints, partial(_matching_name, Pattern(expression)))
        if constraints.additional is not None:
            if constraints.names is not None:
                with contextlib.suppress(Unsatisfiable):
                    names = self.node(all_of({"type": "string"}, constraints.names), "")
                    self._add_names(extras, constraints, partial(_drawn_name, names))
            else:
                self._add_names(extras, constraints, _word)
        # Add unnamed properties only to maps: an open object that names its properties gets just
        # those.
        if (
            constraints.pattern_properties
            or constraints.additional
            or (constraints.additional == {} and not constraints.properties)
        ):
            extras.max_unrequested = _MAX_EXTRAS
        return extras

    def _add_names(
        self,
        extras: AdditionalProperties,
        constraints: Constraints,
        names: Callable[[SeededRandom], str],
    ) -> None:
        """Add a source of property names if at least some of the names can have a value."""
        usable = False
        for name in {names(self._seeded): None for _ in range(_PROBES)}:
            matched, schema = extras.matching_patterns(name), constraints.schema_for(name)
            if matched not in extras.nodes and schema is not None:
                with contextlib.suppress(Unsatisfiable):
                    extras.nodes[matched] = self.node(schema, "")
            usable = usable or matched in extras.nodes
        if usable:
            extras.name_sources.append(names)

    def _with_examples(self, node: Node, schema: Any, constraints: Constraints) -> Node:
        """Wrap the node so that it sometimes returns the author's hints."""
        for kind, hint in constraints.hints:
            validator = self._validator(schema)
            if kind == "x-faker":
                node = self._register(WithExamples(node, self._seeded.provider(hint), 1, validator))
            elif validator.is_valid(hint):
                node = self._register(
                    WithExamples(
                        node, partial(clone, hint), _hint_share(kind, hint, constraints), validator
                    )
                )
        return node

    def _test_reliability(self, checked: CheckedNode, schema: Any) -> None:
        """Measure how often the first strategy succeeds, and add a fallback if it rarely does.

        The fallback is built from the canonical form of the schema.
        """
        context = GenerationContext(self._seeded, steps_left=_PROBES * 400)
        try:
            rate = checked.success_rate(checked.strategies[0], context, _PROBES)
        except (StepLimitExceeded, RecursionError):
            rate = 0
        if rate < _RELIABLE_RATE and self._with_fallback:
            fallback = self._canonical(schema)
            if fallback is not None:
                checked.strategies.insert(0 if rate == 0 else 1, fallback)
                checked.height = min(checked.height, fallback.height)

    def _canonical(self, schema: Any) -> Node | None:
        """Build the canonical form, with exclusive choices and merged bounds."""
        try:
            document = jsonschema_rs.canonicalize(
                self._as_document(schema), draft=self._dialect.draft, validate_formats=True
            ).to_json_schema()
            return (
                Builder(document, self._seeded, self._dialect, with_fallback=False).build()
                if isinstance(document, dict)
                else None
            )
        except (Unsatisfiable, NoValue, CanonicalizationError):
            return None

    def _validator(self, schema: Any) -> Validator:
        key = json.dumps(schema, sort_keys=True)
        if '"$ref"' not in key:
            return _compiled(key, self._dialect)
        if key not in self._validators:
            self._validators[key] = self._dialect.compile(self._as_document(schema))
        return self._validators[key]

    def _as_document(self, schema: Any) -> Schema:
        """Return a schema as a document with everything that its references need."""
        alone = {"allOf": [convert(schema)]}
        # Converting all components is slow, so it is done only if the schema has references.
        return {**alone, **self._referenced} if '"$ref"' in json.dumps(alone) else alone

    def _register(self, node: Kind) -> Kind:
        self._nodes.append(node)
        return node


@lru_cache(maxsize=4_096)
def _compiled(text: str, dialect: Dialect) -> Validator:
    """Return the validator of a schema without references, which many schemas share."""
    return dialect.compile({"allOf": [convert(json.loads(text))]})


def _referenced_schemas(document: Schema) -> Schema:
    """Return the converted parts of a document that references can name."""
    components = document.get("components", {}).get("schemas", {})
    referenced = {
        "components": {"schemas": {name: convert(schema) for name, schema in components.items()}},
    }
    # The canonical form of a schema has definitions.
    for keyword in ("definitions", "$defs"):
        definitions = document.get(keyword, {})
        referenced[keyword] = {name: convert(schema) for name, schema in definitions.items()}
    return referenced


def _hint_share(kind: str, hint: Any, constraints: Constraints) -> float:
    """Return how often a hint is used.

    Strings with a format should vary, so their example is rarely used. A bare ``string`` says
    little, so its example is used most of the time.
    """
    if kind == "example" and isinstance(hint, str):
        demands = constraints.string
        return 0.02 if demands.formats else _HINT_SHARES[kind] if demands.patterns else 0.7
    return _HINT_SHARES[kind] / (3 if isinstance(hint, dict | list) else 1)


def _matching_name(pattern: Pattern, seeded: SeededRandom) -> str:
    """Return a property name. Its length varies because several different names may be needed."""
    return pattern.draw(seeded.random, seeded.random.randint(1, 8), regex.UNBOUNDED)


def _drawn_name(names: Node, seeded: SeededRandom) -> str:
    return str(names.draw(GenerationContext(seeded)))


def _word(seeded: SeededRandom) -> str:
    return str(seeded.fake.word())
