"""The rules of schemas: small functions, each of which compares one aspect of two schemas.

A rule does not know where the schemas are used. It returns what changed and whether more or fewer
values are valid; the direction decides what this means for clients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from mockserver.contract.changes import Effect
from mockserver.contract.forms import allows_null, is_number, is_untyped
from mockserver.contract.parts import Node

_MAX_SHOWN = 60
_NOT_EMPTY = frozenset({".+", "^.+$"})
_EVERYTHING = frozenset({".*", "^.*$"}) | _NOT_EMPTY
"""Patterns that nearly any text matches."""
NARROWS, WIDENS, BOTH = Effect.NARROWS, Effect.WIDENS, Effect.INCOMPARABLE
COMPATIBLE, WORDS = Effect.COMPATIBLE, Effect.WORDS


class Found(NamedTuple):
    """One difference between two schemas."""

    suffix: str
    """What happened: the last part of the kind of the change."""
    effect: Effect
    text: str
    """A sentence without its end, in which ``{it}`` stands for the schema."""
    keyword: str
    in_old: bool = False
    """Whether its place is in the old document."""


Rule = Callable[[Node, Node], Iterator[Found]]


def shown(value: Any) -> str:
    """Return a value as text of bounded length."""
    text = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}..."


def shown_whole(value: Any) -> str:
    """Return a value as text that equal values share."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()


def missing(values: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    """Return the values that are not among others. Equal values of other types are others."""
    known = set(map(shown_whole, others))
    return [value for value in values if shown_whole(value) not in known]


# ------------------------------------------------------------------------------------- bounds

_BOUNDS = {
    "maximum": ("max", 1),
    "minimum": ("min", -1),
    "exclusiveMaximum": ("exclusive-max", 1),
    "exclusiveMinimum": ("exclusive-min", -1),
    "maxLength": ("max-length", 1),
    "minLength": ("min-length", -1),
    "maxItems": ("max-items", 1),
    "minItems": ("min-items", -1),
    "maxProperties": ("max-properties", 1),
    "minProperties": ("min-properties", -1),
    "maxContains": ("max-contains", 1),
    "minContains": ("min-contains", -1),
}
"""For each bound the name of its changes, and whether it is an upper or a lower one."""
_UNLIMITED = {"minLength": 0, "minItems": 0, "minProperties": 0, "minContains": 1}
"""Lower bounds that are the same as none."""
_EXCLUSIVE = {"minimum": "exclusiveMinimum", "maximum": "exclusiveMaximum"}


def bounds(old: Node, new: Node) -> Iterator[Found]:
    """Compare the limits of numbers, texts, lists and objects."""
    replaced: set[str] = set()
    for inclusive, exclusive in _EXCLUSIVE.items():
        for keywords in ((inclusive, exclusive), (exclusive, inclusive)):
            found = _replaced_bound(old, new, *keywords)
            if found is not None:
                replaced |= {*keywords}
                yield found
    for keyword, (name, sign) in _BOUNDS.items():
        before, after = (_limit(schema, keyword) for schema in (old, new))
        if before == after or keyword in replaced:
            continue
        if before is None:
            text = f"the {keyword} of {{it}} was set to {shown(after)}"
            yield Found(f"{name}-set", NARROWS, text, keyword)
        elif after is None:
            text = f"the {keyword} of {{it}} was removed; it was {shown(before)}"
            yield Found(f"{name}-unset", WIDENS, text, keyword, in_old=True)
        else:
            verb = "increased" if after > before else "decreased"
            effect = WIDENS if (after > before) == (sign > 0) else NARROWS
            text = f"the {keyword} of {{it}} was {verb} from {shown(before)} to {shown(after)}"
            yield Found(f"{name}-{verb}", effect, text, keyword)


def _replaced_bound(old: Node, new: Node, keyword: str, other: str) -> Found | None:
    """Return the change of a bound that became an exclusive one, or is exclusive no more."""
    before, after = _limit(old, keyword), _limit(new, other)
    if before is None or after is None or _limit(old, other) or _limit(new, keyword):
        return None
    name, sign = _BOUNDS[other]
    is_narrower = sign * after < sign * before or (after == before and other in _EXCLUSIVE.values())
    text = f"the {keyword} {shown(before)} of {{it}} became the {other} {shown(after)}"
    return Found(f"{name}-set", NARROWS if is_narrower else WIDENS, text, other)


def _limit(schema: Node, keyword: str) -> Any:
    value = schema.get(keyword)
    return value if is_number(value) and value != _UNLIMITED.get(keyword) else None


def multiples(old: Node, new: Node) -> Iterator[Found]:
    """Compare ``multipleOf``: a value that the other divides allows less."""
    before, after = _limit(old, "multipleOf"), _limit(new, "multipleOf")
    if before == after:
        return
    if before is None:
        text = f"{{it}} must be a multiple of {shown(after)} now"
        yield Found("multiple-of-set", NARROWS, text, "multipleOf")
    elif after is None:
        text = f"{{it}} need not be a multiple of {shown(before)} any more"
        yield Found("multiple-of-unset", WIDENS, text, "multipleOf", in_old=True)
    else:
        effect, word = BOTH, "changed"
        if after and before % after == 0:
            effect, word = WIDENS, "generalized"
        elif before and after % before == 0:
            effect, word = NARROWS, "specialized"
        text = f"the multipleOf of {{it}} was changed from {shown(before)} to {shown(after)}"
        yield Found(f"multiple-of-{word}", effect, text, "multipleOf")


def uniqueness(old: Node, new: Node) -> Iterator[Found]:
    """Compare ``uniqueItems``."""
    before, after = bool(old.get("uniqueItems")), bool(new.get("uniqueItems"))
    if after and not before:
        text = "the items of {it} must be different now"
        yield Found("unique-items-set", NARROWS, text, "uniqueItems")
    elif before and not after:
        text = "the items of {it} may be equal now"
        yield Found("unique-items-unset", WIDENS, text, "uniqueItems", in_old=True)


# ------------------------------------------------------------------------------ enums, constants


def enums(old: Node, new: Node) -> Iterator[Found]:
    """Compare the listed values. A constant is a list of one value if the other has a list."""
    if not _is_list(old, new):
        return
    before, after = (_values(schema) for schema in (old, new))
    if before is None and after is not None:
        text = f"{{it}} was restricted to {', '.join(map(shown, after.values()))}"
        yield Found("became-enum", NARROWS, text, "enum")
    elif after is None and before is not None:
        text = "{it} is no longer restricted to listed values"
        yield Found("became-not-enum", WIDENS, text, "enum", in_old=True)
    elif before is not None and after is not None:
        for name in before.keys() - after.keys():
            text = f"the value {shown(before[name])} was removed from {{it}}"
            yield Found("enum-value-removed", NARROWS, text, "enum")
        for name in after.keys() - before.keys():
            text = f"the value {shown(after[name])} was added to {{it}}"
            yield Found("enum-value-added", WIDENS, text, "enum")


def _is_list(old: Node, new: Node) -> bool:
    """Return whether two schemas list values, or one lists values and the other is a constant."""
    constants = "const" in old, "const" in new
    return constants == (False, False) or (
        constants != (True, True) and "enum" in old and "enum" in new
    )


def constants(old: Node, new: Node) -> Iterator[Found]:
    """Compare constants."""
    if not _is_list(old, new):
        yield from _CONSTANT(old, new)


def _values(schema: Node) -> dict[str, Any] | None:
    """Return the listed values by their text. Null is compared by ``nullability``."""
    values = schema.get("enum")
    if not isinstance(values, list):
        return None
    return {shown_whole(value): value for value in values if value is not None}


def extensible_enums(old: Node, new: Node) -> Iterator[Found]:
    """Compare the values that are known now, of which a server may send others."""
    keyword = "x-extensible-enum"
    before, after = old.get(keyword), new.get(keyword)
    if not isinstance(before, list) or not isinstance(after, list):
        return
    for value in missing(before, after):
        text = f"the value {shown(value)} was removed from the known values of {{it}}"
        yield Found("x-extensible-enum-value-removed", NARROWS, text, keyword)
    for value in missing(after, before):
        text = f"the value {shown(value)} was added to the known values of {{it}}"
        yield Found("x-extensible-enum-value-added", COMPATIBLE, text, keyword)


def _valued(keyword: str, name: str, added: Effect, changed: Effect, removed: Effect) -> Rule:
    """Return a rule for a keyword whose value is replaced as a whole."""

    def rule(old: Node, new: Node) -> Iterator[Found]:
        if keyword not in {*old, *new} or _is_same(old, new, keyword):
            return
        if keyword not in old:
            text = f"the {keyword} {shown(new[keyword])} of {{it}} was added"
            yield Found(f"{name}-added", added, text, keyword)
        elif keyword not in new:
            text = f"the {keyword} {shown(old[keyword])} of {{it}} was removed"
            yield Found(f"{name}-removed", removed, text, keyword, in_old=True)
        else:
            values = f"from {shown(old[keyword])} to {shown(new[keyword])}"
            text = f"the {keyword} of {{it}} was changed {values}"
            yield Found(f"{name}-changed", changed, text, keyword)

    return rule


def _is_same(old: Node, new: Node, keyword: str) -> bool:
    """Return whether both have the same value. ``True`` and ``1`` are different."""
    return (
        keyword in old
        and keyword in new
        and old[keyword] == new[keyword]
        and type(old[keyword]) is type(new[keyword])
    )


def patterns(old: Node, new: Node) -> Iterator[Found]:
    """Compare patterns. Whether one allows more than another is known in one case only."""
    before, after = old.get("pattern"), new.get("pattern")
    if {before, after} <= {None, "", *_EVERYTHING} and not {before, after} & _NOT_EMPTY:
        return
    if before and after and before != after and after in _EVERYTHING:
        text = f"the pattern of {{it}} was generalized from {shown(before)} to {shown(after)}"
        yield Found("pattern-generalized", WIDENS, text, "pattern")
    else:
        yield from _PATTERN(old, new)


_CONSTANT = _valued("const", "const", NARROWS, BOTH, WIDENS)
_PATTERN = _valued("pattern", "pattern", NARROWS, BOTH, WIDENS)


# -------------------------------------------------------------------------------------- structure


def nullability(old: Node, new: Node) -> Iterator[Found]:
    """Compare whether null is valid. The rule of types reports schemas that allow any type."""
    before, after = allows_null(old), allows_null(new)
    if is_untyped(old) or is_untyped(new):
        return
    keyword = "nullable"
    if after and not before:
        yield Found("became-nullable", WIDENS, "{it} may be null now", keyword)
    elif before and not after:
        text = "{it} may not be null any more"
        yield Found("became-not-nullable", NARROWS, text, keyword, in_old=True)


def _presence(keyword: str, name: str) -> Rule:
    """Return a rule for a keyword that restricts values whenever it is there."""

    def rule(old: Node, new: Node) -> Iterator[Found]:
        if keyword in new and keyword not in old:
            yield Found(f"{name}-added", NARROWS, f"the {keyword} was added to {{it}}", keyword)
        elif keyword in old and keyword not in new:
            text = f"the {keyword} was removed from {{it}}"
            yield Found(f"{name}-removed", WIDENS, text, keyword, in_old=True)

    return rule


def _entries(keyword: str, name: str) -> Rule:
    """Return a rule for a keyword whose named entries restrict values."""

    def rule(old: Node, new: Node) -> Iterator[Found]:
        before, after = _object(old, keyword), _object(new, keyword)
        for entry in before:
            if entry not in after:
                text = f"the {keyword} '{entry}' was removed from {{it}}"
                yield Found(f"{name}-removed", WIDENS, text, keyword, in_old=True)
        for entry in after:
            if entry not in before:
                text = f"the {keyword} '{entry}' was added to {{it}}"
                yield Found(f"{name}-added", NARROWS, text, keyword)

    return rule


def dependent_names(old: Node, new: Node) -> Iterator[Found]:
    """Compare which properties require others."""
    keyword = "dependentRequired"
    yield from _entries(keyword, "dependent-required")(old, new)
    before, after = _object(old, keyword), _object(new, keyword)
    for name in before.keys() & after.keys():
        if before[name] != after[name]:
            effect = NARROWS if set(before[name]) < set(after[name]) else BOTH
            effect = WIDENS if set(before[name]) > set(after[name]) else effect
            text = f"what '{name}' of {{it}} requires was changed to {shown(after[name])}"
            yield Found("dependent-required-changed", effect, text, keyword)


def openness(old: Node, new: Node) -> Iterator[Found]:
    """Compare which properties an object may have that are not described."""
    keyword = "additionalProperties"
    before, after = (schema.get(keyword, True) for schema in (old, new))
    if after is False and before is not False:
        text = "{it} may not have other properties any more"
        yield Found("additional-properties-forbidden", NARROWS, text, keyword)
    elif before is False and after is not False:
        text = "{it} may have other properties now"
        yield Found("additional-properties-allowed", WIDENS, text, keyword, in_old=True)
    elif before is True and after is not True:
        text = "other properties of {it} must satisfy a schema now"
        yield Found("additional-properties-restricted", NARROWS, text, keyword)
    elif after is True and before is not True:
        text = "other properties of {it} may have any value now"
        yield Found("additional-properties-generalized", WIDENS, text, keyword, in_old=True)


def items(old: Node, new: Node) -> Iterator[Found]:
    """Compare whether the items of an array have a schema."""
    keyword = "items"
    if keyword in new and keyword not in old:
        text = "the items of {it} must satisfy a schema now"
        yield Found("items-restricted", NARROWS, text, keyword)
    elif keyword in old and keyword not in new:
        text = "the items of {it} may have any value now"
        yield Found("items-generalized", WIDENS, text, keyword, in_old=True)


def negations(old: Node, new: Node) -> Iterator[Found]:
    """Compare schemas that must not be satisfied, or that are a condition, as a whole."""
    for keyword, name in (("not", "negation"), ("if", "condition")):
        if keyword in old and keyword in new and old[keyword] != new[keyword]:
            text = f"the schema in '{keyword}' of {{it}} was changed"
            yield Found(f"{name}-changed", BOTH, text, keyword)


def discriminators(old: Node, new: Node) -> Iterator[Found]:
    """Compare the property that says which schema applies."""
    keyword = "discriminator"
    before, after = _object(old, keyword), _object(new, keyword)
    if bool(before) != bool(after):
        word = "added" if after else "removed"
        effect = NARROWS if after else WIDENS
        text = f"the discriminator of {{it}} was {word}"
        yield Found(f"discriminator-{word}", effect, text, keyword, in_old=not after)
        return
    names = before.get("propertyName"), after.get("propertyName")
    if names[0] != names[1]:
        text = f"the discriminator of {{it}} was changed from '{names[0]}' to '{names[1]}'"
        yield Found("discriminator-property-name-changed", BOTH, text, keyword)
    yield from _mappings(_object(before, "mapping"), _object(after, "mapping"))


def _mappings(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Found]:
    keyword = "discriminator"
    for value in before:
        if value not in after:
            text = f"the value '{value}' was removed from the discriminator of {{it}}"
            yield Found("discriminator-mapping-deleted", NARROWS, text, keyword)
        elif before[value] != after[value]:
            text = f"the value '{value}' of the discriminator of {{it}} names another schema"
            yield Found("discriminator-mapping-changed", BOTH, text, keyword)
    for value in after:
        if value not in before:
            text = f"the value '{value}' was added to the discriminator of {{it}}"
            yield Found("discriminator-mapping-added", WIDENS, text, keyword)


def _object(node: Node, keyword: str) -> Node:
    value = node.get(keyword)
    return value if isinstance(value, dict) else {}


# ------------------------------------------------------------------------------------------ words


def _words(keyword: str, name: str) -> Rule:
    """Return a rule for a keyword that is for readers only."""
    rule = _valued(keyword, name, WORDS, WORDS, WORDS)

    def quiet(old: Node, new: Node) -> Iterator[Found]:
        for found in rule(old, new):
            verb = found.suffix.rpartition("-")[2]
            be = "were" if name.endswith("s") else "was"
            yield found._replace(text=f"the {name} of {{it}} {be} {verb}")

    return quiet


WORD_RULES: tuple[Rule, ...] = (
    _words("title", "title"),
    _words("summary", "summary"),
    _words("description", "description"),
    _words("example", "example"),
    _words("examples", "examples"),
    _words("externalDocs", "external-documentation"),
)
"""Rules that apply to all parts of a document."""

RULES: tuple[Rule, ...] = (
    bounds,
    multiples,
    uniqueness,
    enums,
    extensible_enums,
    patterns,
    nullability,
    openness,
    items,
    negations,
    discriminators,
    dependent_names,
    constants,
    _presence("contains", "contains"),
    _presence("if", "if"),
    _presence("then", "then"),
    _presence("else", "else"),
    _presence("propertyNames", "property-names"),
    _presence("unevaluatedItems", "unevaluated-items"),
    _presence("unevaluatedProperties", "unevaluated-properties"),
    _presence("contentSchema", "content-schema"),
    _presence("not", "not"),
    _entries("dependentSchemas", "dependent-schema"),
    _entries("patternProperties", "pattern-property"),
    _valued("contentMediaType", "content-media-type", BOTH, BOTH, BOTH),
    _valued("contentEncoding", "content-encoding", BOTH, BOTH, BOTH),
    *WORD_RULES,
)
"""The rules of schemas, without types, properties, choices and defaults."""

XML = _valued("xml", "xml", BOTH, BOTH, BOTH)
"""How values are written in XML."""


def defaults(old: Node, new: Node, *, is_request: bool) -> Iterator[Found]:
    """Compare defaults. Null is the same as none."""
    if old.get("default") is None and new.get("default") is None:
        return
    yield from (_REQUEST_DEFAULT if is_request else _RESPONSE_DEFAULT)(old, new)


_REQUEST_DEFAULT = _valued("default", "default-value", COMPATIBLE, BOTH, BOTH)
"""A changed default changes what a request means that leaves the value out."""
_RESPONSE_DEFAULT = _valued("default", "default-value", WORDS, WORDS, WORDS)
