"""Compares schemas with all that they contain. Component schemas are compared once for each use."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import zip_longest

from msgspec import Struct, field
from msgspec.structs import replace

from mockserver.contract import choices, lifecycle, rules, types
from mockserver.contract.changes import Change, Direction, Effect, Severity, severity_of
from mockserver.contract.lifecycle import Policy
from mockserver.contract.parts import WHOLE, Pair, Part, named, schemas, shared
from mockserver.contract.rules import Found

_SINGLE = (
    "items",
    "additionalProperties",
    "not",
    "contains",
    "propertyNames",
    "if",
    "then",
    "else",
)
_NAMED = ("patternProperties", "dependentSchemas")


class Scope(Struct, frozen=True):
    """Where a schema is used, and how a sentence names it."""

    direction: Direction
    prefix: str
    """The beginning of the kinds of its changes: ``request-body``."""
    child: str
    """That of the properties within it: ``request-property``."""
    noun: str
    child_noun: str
    path: str = ""
    owner: str = ""
    """The component schema that contains the path."""
    is_text: bool = False
    """Whether values are sent as text."""
    is_open: bool = False
    """Whether a choice allows other values than those that the schema lists."""

    @property
    def it(self) -> str:
        """What sentences call the schema."""
        named = f"the {self.noun} `{self.path}`" if self.path else f"the {self.noun}"
        if not self.owner:
            return named
        return f"{named} of `{self.owner}`" if self.path else f"{named} `{self.owner}`"

    def within(self, name: str, pair: Pair | None = None) -> Scope:
        """Return the scope of a property, or of items as ``[]``."""
        dot = "." if self.path and name != "[]" else ""
        mark = _mark(pair, self.direction) if pair is not None else ""
        return replace(
            self,
            prefix=self.child.replace("property", f"{mark}property"),
            noun=self.child_noun,
            path=f"{self.path}{dot}{name}",
            is_open=False,
        )


def _mark(pair: Pair, direction: Direction) -> str:
    """Return how the kinds of a property begin that is not sent in this direction."""
    is_request = direction is Direction.REQUEST
    keyword, mark = ("readOnly", "read-only-") if is_request else ("writeOnly", "write-only-")
    return mark if all(part.object.get(keyword) is True for part in pair) else ""


class Unit(Struct, dict=True):
    """What is compared as one: the schema of one use, or a component schema."""

    users: set[str] = field(default_factory=set)
    """The requests and responses that contain the schema themselves."""
    parents: list[Unit] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)


Key = tuple[str, ...]


class SchemaComparison(Struct):
    """Compares schemas, and collects what changed."""

    policy: Policy
    _units: dict[Key, Unit] = field(default_factory=dict)
    _own: dict[str, Unit] = field(default_factory=dict)
    """The units of users, by the name of the user."""
    _pending: deque[tuple[Pair, Scope, Unit]] = field(default_factory=deque)

    def compare(self, pair: Pair, scope: Scope, user: str) -> None:
        """Compare two schemas of one request or response, and what they contain."""
        self._visit(pair, scope, self.unit(user))
        while self._pending:
            self._compare(*self._pending.popleft())

    def unit(self, user: str) -> Unit:
        """Return the unit of a request, a response or an operation."""
        if user not in self._own:
            self._own[user] = Unit({user})
        return self._own[user]

    def changes(self) -> list[Change]:
        """Return all changes, each with the requests and responses that it affects."""
        merged: dict[tuple[object, ...], tuple[Change, set[str]]] = {}
        for unit in (*self._own.values(), *self._units.values()):
            users = _users(unit) if unit.changes else ()
            for change in unit.changes:
                is_word = change.severity is Severity.EDITORIAL and change.keyword
                what = change.keyword if is_word else (change.kind, change.text)
                key = (change.pointer, change.in_old, what)
                merged.setdefault(key, (change, set()))[1].update(users)
        return [replace(change, users=tuple(sorted(users))) for change, users in merged.values()]

    def add(self, unit: Unit, found: Found, pair: Pair, scope: Scope, kind: str = "") -> None:
        """Add a change of a part."""
        part = pair.old if found.in_old else pair.new
        pointer = part.place(found.keyword) if found.keyword in part.object else part.at
        effect = found.effect
        if "read-only" in scope.prefix or "write-only" in scope.prefix:
            effect = Effect.WORDS if effect is Effect.WORDS else Effect.COMPATIBLE
        if scope.is_open and found.suffix.startswith("enum-value-"):
            effect = Effect.COMPATIBLE
        text = found.text.replace("{it}", scope.it)
        unit.changes.append(
            Change(
                kind or f"{scope.prefix}-{found.suffix}",
                severity_of(effect, scope.direction),
                f"{text[:1].upper()}{text[1:]}.",
                pointer,
                found.in_old,
                found.keyword,
            )
        )

    def _visit(self, pair: Pair, scope: Scope, unit: Unit) -> None:
        """Compare two schemas now, or once for all uses if one leads to a component schema."""
        both = [named(part) for part in pair]
        if both[0] is not None and both[1] is not None:
            beside = Pair(both[0][1], both[1][1])
            is_equal = beside.old.object == beside.new.object
            for found in () if is_equal else self._differences(beside, scope):
                self.add(unit, found, beside, scope)
            pair = Pair(both[0][0], both[1][0])
        old, new = map(_leads_to, pair)
        if old is None and new is None:
            self._compare(pair, scope, unit)
            return
        is_named = pair.old.reference is not None and pair.new.reference is not None
        key = (*map(_key, pair), scope.prefix, scope.noun, f"{scope.is_text} {scope.is_open}")
        if (target := self._units.get(key)) is None:
            target = self._units[key] = Unit()
            inner = _inside(scope, str(new).rpartition("/")[2]) if is_named else scope
            self._pending.append((pair, inner, target))
        target.parents.append(unit)

    def _compare(self, pair: Pair, scope: Scope, unit: Unit) -> None:
        pair, found = choices.aligned(schemas(pair))
        if found is not None:
            self.add(unit, found, pair, scope)
        old, new = pair.old.object, pair.new.object
        is_equal = old == new
        if not is_equal:
            is_wrapped = self._is_wrapped(pair, scope, unit)
            stated = shared(pair) if is_wrapped else pair
            for found in self._differences(stated, scope):
                self.add(unit, found, pair, scope)
            if is_wrapped:
                return
            if types.types_of(old).isdisjoint(types.types_of(new)):
                return
        self._properties(pair, scope, unit)
        self._parts(pair, scope, unit)
        for keyword in choices.CHOICES:
            self._choices(pair, keyword, scope, unit)

    def _differences(self, pair: Pair, scope: Scope) -> Iterator[Found]:
        old, new = pair.old.object, pair.new.object
        is_request = scope.direction is Direction.REQUEST
        yield from types.types(old, new, is_text=scope.is_text)
        for rule in rules.RULES:
            yield from rule(old, new)
        yield from rules.defaults(old, new, is_request=is_request)
        if scope.is_text:
            yield from rules.XML(old, new)
        yield from lifecycle.deprecations(old, new, self.policy)
        yield from lifecycle.stability(old, new)

    # ------------------------------------------------------------------------------ properties

    def _properties(self, pair: Pair, scope: Scope, unit: Unit) -> None:
        removed, added, kept = pair.names("properties")
        for names, is_added in ((removed, False), (added, True)):
            for name in names:
                found = _existence(pair, name, scope, is_added=is_added)
                inner = pair.get("properties", name)
                self.add(unit, found, inner, scope.within(name), kind=found.suffix)
        for name in kept:
            inner = pair.get("properties", name)
            followed = inner.followed()
            within = scope.within(name, followed)
            for found in _presence(pair, name, followed, scope):
                self.add(unit, found, inner, within, kind=found.suffix)
            self._visit(inner, within, unit)
        self._required(pair, {*removed, *added, *kept}, scope, unit)

    def _required(self, pair: Pair, described: set[str], scope: Scope, unit: Unit) -> None:
        """Compare the required names that the schema does not describe itself."""
        before, after = (dict.fromkeys(part.object.get("required") or ()) for part in pair)
        for word, names in (
            ("required", [name for name in after if name not in before]),
            ("optional", [name for name in before if name not in after]),
        ):
            for name in names:
                if name in described:
                    continue
                effect = Effect.NARROWS if word == "required" else Effect.WIDENS
                in_old = word == "optional"
                found = Found("", effect, f"{{it}} became {word}", "required", in_old)
                kind = f"{scope.child}-became-{word}"
                self.add(unit, found, pair, scope.within(name), kind=kind)

    # ----------------------------------------------------------------------------------- parts

    def _parts(self, pair: Pair, scope: Scope, unit: Unit) -> None:
        """Compare the schemas within two schemas that have no name."""
        for keyword in _SINGLE:
            inner = pair.get(keyword)
            is_whole = keyword in ("not", "if") and inner.old.node != inner.new.node
            if all(isinstance(part.node, dict) for part in inner) and not is_whole:
                name = "[]" if keyword == "items" else "*" if keyword[:3] == "add" else keyword
                self._visit(inner, scope.within(name), unit)
        for keyword in _NAMED:
            for name in pair.names(keyword)[2]:
                self._visit(pair.get(keyword, name), scope.within(name), unit)
        old, new = (part.object.get("prefixItems") or () for part in pair)
        for index, both in enumerate(zip_longest(old, new)):
            inner = pair.get("prefixItems", index)
            if None not in both:
                self._visit(inner, scope.within("[]"), unit)
                continue
            word, effect = (
                ("added", Effect.NARROWS) if both[0] is None else ("removed", Effect.WIDENS)
            )
            text = f"item {index + 1} of {{it}} was {word}"
            found = Found(f"prefix-items-{word}", effect, text, "", in_old=word == "removed")
            self.add(unit, found, inner, scope)

    # --------------------------------------------------------------------------------- choices

    def _is_wrapped(self, pair: Pair, scope: Scope, unit: Unit) -> bool:
        """Compare a schema with a choice. Return whether one became the other."""
        for keyword in ("oneOf", "anyOf"):
            has = [bool(part.object.get(keyword)) for part in pair]
            if has[0] == has[1] or any(map(types.is_type_list, (part.object for part in pair))):
                continue
            is_beside = all("properties" in part.object for part in pair)
            self.add(unit, choices.wrapping(pair, keyword, is_beside=is_beside), pair, scope)
            if not is_beside:
                return True
        return False

    def _choices(self, pair: Pair, keyword: str, scope: Scope, unit: Unit) -> None:
        inner = pair.get(keyword)
        lists = [part.node for part in inner]
        if not all(isinstance(found, list) for found in lists):
            return
        if keyword == "anyOf" and any(types.is_type_list(part.object) for part in pair):
            return
        branches = [[part.get(index) for index in range(len(part.node))] for part in inner]
        types_of_all = [*map(choices.open_types, branches)]
        lacks = [
            bool(part.losses & {WHOLE, keyword}) or any(WHOLE in part.losses for part in found)
            for part, found in zip(pair, branches, strict=True)
        ]
        read = [[branch for branch in found if WHOLE not in branch.losses] for found in branches]
        for old, new in choices.matched(*read):
            if old is not None and new is not None:
                is_open = all(map(choices.is_open, (old, new), types_of_all))
                self._visit(Pair(old, new), replace(scope, is_open=is_open), unit)
                continue
            word = "added" if old is None else "removed"
            if lacks[word == "removed"]:
                continue  # it may be the one that could not be read
            for branch in filter(None, (old, new)):
                found = choices.choice(branch, keyword, word)
                self.add(unit, found, Pair(branch, branch), scope)


def _leads_to(part: Part) -> str | None:
    """Return a reference that a schema consists of, be it within a choice; None without one."""
    if part.reference is not None:
        return part.reference
    for keyword in choices.CHOICES:
        branches = part.object.get(keyword)
        for branch in branches if isinstance(branches, list) else ():
            if isinstance(branch, dict) and "$ref" in branch:
                return str(branch["$ref"])
    return None


def _key(part: Part) -> str:
    """Return what identifies a schema: its reference, or itself."""
    return part.reference or f"{id(part.node)}"


def _inside(scope: Scope, owner: str) -> Scope:
    """Return the scope of a component schema."""
    inner = replace(scope, owner=owner, path="")
    if scope.prefix == scope.child or "-only-" in scope.prefix:
        inner = replace(inner, noun="schema", prefix=scope.child)
    return inner


def _users(unit: Unit) -> set[str]:
    """Return the requests and responses that contain what a unit compares."""
    users: set[str] = set()
    seen: set[int] = set()
    left = [unit]
    while left:
        found = left.pop()
        if id(found) not in seen:
            seen.add(id(found))
            users |= found.users
            left += found.parents
    return users


def _existence(pair: Pair, name: str, scope: Scope, *, is_added: bool) -> Found:
    """Return the change of a property that was added or removed."""
    part = pair.new if is_added else pair.old
    node = part.get("properties", name).followed().object
    is_required = name in (part.object.get("required") or ())
    word = "required" if is_required else "optional"
    verb = "added" if is_added else "removed"
    text = f"{{it}} was {verb} ({word})" if is_added else f"{{it}} was {verb}"
    if scope.direction is Direction.RESPONSE:
        hidden = "write-only-" if node.get("writeOnly") is True else ""
        kind = scope.child.replace("property", f"{word}-{hidden}property")
        breaks = not is_added and not hidden
        effect = Effect.BREAKS if breaks else Effect.COMPATIBLE
        return Found(f"{kind}-{verb}", effect, text, "", in_old=not is_added)
    is_harmless = node.get("readOnly") is True or (is_added and not is_required)
    effect = Effect.COMPATIBLE if is_harmless else Effect.BREAKS
    if not is_added:
        return Found(f"{scope.child}-removed", effect, text, "", in_old=True)
    default = "-with-default" if is_required and "default" in node else ""
    return Found(f"new-{word}-{scope.child}{default}", effect, text, "")


def _presence(pair: Pair, name: str, inner: Pair, scope: Scope) -> Iterator[Found]:
    """Compare whether a property must be there, and who may send it."""
    before, after = (name in (part.object.get("required") or ()) for part in pair)
    mark, is_request = _mark(inner, scope.direction), scope.direction is Direction.REQUEST
    kind = scope.child if is_request else scope.child.replace("property", f"{mark}property")
    if before != after:
        text = "{it} became required" if after else "{it} became optional"
        effect = Effect.NARROWS if after else Effect.WIDENS
        effect = Effect.COMPATIBLE if mark else effect
        default = "-with-default" if after and is_request and "default" in inner.new.object else ""
        suffix = f"{kind}-became-{'required' if after else 'optional'}{default}"
        yield Found(suffix, effect, text, "")
    word = "required" if after else "optional"
    start = scope.child.replace("property", f"{word}-property")
    for keyword, shown in (("readOnly", "read-only"), ("writeOnly", "write-only")):
        old, new = (part.object.get(keyword) is True for part in inner)
        if old == new:
            continue
        hides = (keyword == "readOnly") == is_request
        effect = (Effect.NARROWS if is_request else Effect.WIDENS) if hides else Effect.COMPATIBLE
        if not new:
            effect = Effect.COMPATIBLE
        text = f"{{it}} became {shown}" if new else f"{{it}} is not {shown} any more"
        yield Found(f"{start}-became-{'' if new else 'not-'}{shown}", effect, text, "")
