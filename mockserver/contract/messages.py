"""Compares what is sent: parameters, request bodies and responses of an operation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from mockserver.contract import lifecycle, rules
from mockserver.contract.changes import Direction, Effect
from mockserver.contract.lifecycle import Policy
from mockserver.contract.media_types import is_text, matched, name_change
from mockserver.contract.parts import Node, Pair, Part
from mockserver.contract.rules import Found
from mockserver.contract.schema_comparison import SchemaComparison, Scope, Unit

BODY = Scope(
    Direction.REQUEST, "request-body", "request-property", "request body", "request property"
)
RESPONSE = Scope(
    Direction.RESPONSE, "response-body", "response-property", "response body", "response property"
)
SENT = Scope(
    Direction.RESPONSE, "callback-body", "callback-property", "callback body", "callback property"
)
"""What the server sends to the client, so its direction is that of responses."""
_SERIALIZATION = ("style", "explode", "allowReserved", "allowEmptyValue")

Parameters = Mapping[tuple[str, str], Part]
"""Parameters by their place and name."""


class MessageComparison(Struct):
    """Compares the messages of one operation, whose title users are named by."""

    schemas: SchemaComparison
    title: str

    @property
    def policy(self) -> Policy:
        """The policy of deprecations."""
        return self.schemas.policy

    def unit(self, name: str) -> Unit:
        """Return the unit of one message."""
        return self.schemas.unit(f"{self.title} {name}".rstrip())

    # ------------------------------------------------------------------------------ parameters

    def parameters(self, old: Parameters, new: Parameters, lost: Sequence[bool]) -> None:
        """Compare the parameters of an operation.

        ``lost`` says of both documents whether one of the parameters could not be read.
        """
        for key, part in old.items():
            if key in new:
                self._parameter(Pair(part, new[key]).known())
            elif not lost[1]:
                self._removed_parameter(part)
        for key, part in new.items():
            if key not in old and not lost[0]:
                self._added_parameter(part)

    def _removed_parameter(self, part: Part) -> None:
        suffix, effect, remark = lifecycle.removal(part.object, self.policy, needs_date=False)
        kind = "request-parameter-removed"
        kind += f"-{suffix}" if suffix in ("with-deprecation", "before-sunset") else ""
        kind = "request-parameter-sunset-parse" if suffix == "sunset-parse" else kind
        found = Found("", effect, f"{{it}} was removed{remark}", "", in_old=True)
        self._add(found, Pair(part, part), _scope_of(part), kind)

    def _added_parameter(self, part: Part) -> None:
        node = part.object
        is_required = node.get("required") is True
        word = "required" if is_required else "optional"
        kind = f"new-{word}-request-parameter"
        if part.at[:1] == ("paths",) and part.at[2:3] == ("parameters",):
            kind = f"new-{word}-request-default-parameter-to-existing-path"
        effect = Effect.BREAKS if is_required else Effect.COMPATIBLE
        found = Found("", effect, f"{{it}} was added ({word})", "")
        self._add(found, Pair(part, part), _scope_of(part), kind)

    def _parameter(self, pair: Pair) -> None:
        scope = _scope_of(pair.new)
        old, new = pair.old.object, pair.new.object
        if old != new:
            self._requiredness(pair, scope)
            for found in _media_types(old, new):
                self._add(found, pair, scope)
            for keyword in _SERIALIZATION:
                before, after = _serialized(old, keyword), _serialized(new, keyword)
                if before != after:
                    text = f"{keyword} of {{it}} was changed to {rules.shown(after)}"
                    found = Found("serialization-changed", Effect.INCOMPARABLE, text, keyword)
                    self._add(found, pair, scope)
            for found in lifecycle.deprecations(old, new, self.policy):
                self._add(found, pair, scope)
            for found in lifecycle.stability(old, new):
                self._add(found, pair, scope)
            self._words(pair, scope)
            if old.get("name") != new.get("name") and new.get("in") == "path":
                text = f"the path parameter `{old.get('name')}` was renamed `{new.get('name')}`"
                self._add(Found("renamed", Effect.WORDS, text, "name"), pair, scope)
        self._schema(Pair(*map(_schema_of, pair)), scope, "")

    # -------------------------------------------------------------------------------- bodies

    def body(self, pair: Pair, scope: Scope = BODY, name: str = "") -> None:
        """Compare request bodies."""
        pair = pair.followed()
        old, new = pair.old.object, pair.new.object
        if not old and not new:
            return
        if not old or not new:
            self._body_existence(pair, scope)
            return
        if old != new:
            self._requiredness(pair, scope)
            self._words(pair, scope)
        self._content(pair, scope, name)

    def _body_existence(self, pair: Pair, scope: Scope) -> None:
        if pair.new.object:
            is_required = pair.new.object.get("required") is True
            word = "required" if is_required else "optional"
            effect = Effect.BREAKS if is_required else Effect.COMPATIBLE
            found = Found(f"added-{word}", effect, f"{{it}} was added ({word})", "")
        else:
            found = Found("removed", Effect.BREAKS, "{it} was removed", "", in_old=True)
        self._add(found, pair, scope)

    def _content(self, pair: Pair, scope: Scope, name: str) -> None:
        """Compare media types and their schemas."""
        inner = pair.get("content")
        kind = scope.prefix if scope.direction is Direction.REQUEST else "response"
        for before, after in matched([*inner.old.object], [*inner.new.object]):
            if before is None or after is None:
                is_added = before is None
                verb, to = ("added", "to") if is_added else ("removed", "from")
                effect = Effect.COMPATIBLE if is_added else Effect.BREAKS
                text = f"the media type '{before or after}' was {verb} {to} {{it}}"
                found = Found("", effect, text, "", in_old=not is_added)
                both = Pair(inner.old.get(str(before)), inner.new.get(str(after)))
                self._add(found, both, scope, f"{kind}-media-type-{verb}", name)
                continue
            both = Pair(inner.old.get(before), inner.new.get(after)).followed()
            for change in name_change(before, after):
                self._add(change, both, scope, f"{kind}-{change.suffix}", name)
            self._media_type(both, scope, after, name)

    def _media_type(self, pair: Pair, scope: Scope, name: str, user: str) -> None:
        inner = replace(scope, is_text=is_text(name))
        if pair.old.object != pair.new.object:
            self._words(pair, scope, user)
            for found in _encodings(*(part.object for part in pair.get("encoding"))):
                self._add(found, pair, scope, "", user)
        for keyword, word in (("schema", "schema"), ("itemSchema", "item-schema")):
            old, new = (keyword in part.object for part in pair)
            if old and new:
                self._schema(pair.get(keyword), inner, user)
            elif old or new:
                verb, effect = ("added", Effect.NARROWS) if new else ("removed", Effect.WIDENS)
                text = f"the {word.replace('-', ' ')} of '{name}' was {verb} in {{it}}"
                untyped = scope.direction is Direction.RESPONSE and word == "item-schema"
                is_untyped = untyped and not new and "schema" not in pair.new.object
                suffix = f"media-type-{word}-{verb}{'-untyped' if is_untyped else ''}"
                self._add(Found(suffix, effect, text, keyword, old), pair, inner, "", user)

    # ------------------------------------------------------------------------------ responses

    def responses(self, pair: Pair) -> None:
        """Compare responses by status."""
        removed, added, kept = pair.names("responses")
        for names, is_added in ((removed, False), (added, True)):
            for status in (name for name in names if not name.startswith("x-")):
                self._status(pair.get("responses", status), status, is_added=is_added)
        for status in kept:
            both = pair.get("responses", status).followed()
            if both.old.object != both.new.object:
                self._words(both, RESPONSE, status)
            self._content(both, RESPONSE, status)
            self._headers(both, status)
            self._links(both, status)

    def _status(self, pair: Pair, status: str, *, is_added: bool) -> None:
        is_success = status[:1] in "23"
        word, verb = "success" if is_success else "non-success", "added" if is_added else "removed"
        breaks = is_success and not is_added
        effect = Effect.BREAKS if breaks else Effect.COMPATIBLE
        found = Found("", effect, f"the response {status} was {verb}", "", in_old=not is_added)
        self._add(found, pair, RESPONSE, f"response-{word}-status-{verb}", status)

    def _headers(self, pair: Pair, status: str) -> None:
        removed, added, kept = pair.names("headers")
        for name in removed:
            both = pair.get("headers", name)
            is_required = both.old.followed().object.get("required") is True
            word = "required" if is_required else "optional"
            found = Found("", Effect.BREAKS, "{it} was removed", "", in_old=True)
            self._add(found, both, _header(name), f"{word}-response-header-removed", status)
        for name in added:
            found = Found("added", Effect.COMPATIBLE, "{it} was added", "")
            self._add(found, pair.get("headers", name), _header(name), "", status)
        for name in kept:
            both, scope = pair.get("headers", name).followed(), _header(name)
            if both.old.object != both.new.object:
                self._requiredness(both, scope, status)
                self._words(both, scope, status)
            self._schema(Pair(*map(_schema_of, both)), scope, status)

    def _links(self, pair: Pair, status: str) -> None:
        """Compare links, which change nothing that is sent."""
        removed, added, kept = pair.names("links")
        changed = [name for name in kept if _is_changed(pair.get("links", name).followed())]
        for verb, names in (("removed", removed), ("added", added), ("changed", changed)):
            for name in names:
                text = f"the link `{name}` of the response {status} was {verb}"
                found = Found("", Effect.WORDS, text, "", in_old=verb == "removed")
                kind = f"response-link-{verb}"
                self._add(found, pair.get("links", name), RESPONSE, kind, status)

    # --------------------------------------------------------------------------------- helpers

    def _requiredness(self, pair: Pair, scope: Scope, name: str = "") -> None:
        before, after = (part.object.get("required") is True for part in pair)
        if before != after:
            word = "required" if after else "optional"
            effect = Effect.NARROWS if after else Effect.WIDENS
            self._add(
                Found(f"became-{word}", effect, f"{{it}} became {word}", ""), pair, scope, "", name
            )

    def _words(self, pair: Pair, scope: Scope, name: str = "") -> None:
        is_response = scope.prefix == RESPONSE.prefix
        scope = replace(scope, prefix="response", noun=f"response {name}") if is_response else scope
        for rule in rules.WORD_RULES:
            for found in rule(pair.old.object, pair.new.object):
                self._add(found, pair, scope, "", name)

    def _add(self, found: Found, pair: Pair, scope: Scope, kind: str = "", name: str = "") -> None:
        self.schemas.add(self.unit(name or _user(scope)), found, pair, scope, kind)

    def _schema(self, pair: Pair, scope: Scope, name: str) -> None:
        if all(isinstance(part.node, dict) for part in pair):
            self.schemas.compare(pair, scope, f"{self.title} {name or _user(scope)}")


def _media_types(old: Node, new: Node) -> Iterator[Found]:
    """Compare the media types of a parameter that is written in one, such as JSON."""
    before, after = (next(iter(node.get("content") or ()), "plain text") for node in (old, new))
    if before != after:
        text = f"{{it}} is written as {after}, not as {before}"
        yield Found("serialization-changed", Effect.INCOMPARABLE, text, "content")


def _encodings(old: Node, new: Node) -> Iterator[Found]:
    """Compare the media types of the parts of a form."""
    for name in [*old, *(name for name in new if name not in old)]:
        before, after = ((node.get(name) or {}).get("contentType") for node in (old, new))
        if before != after:
            words = f"from {before or 'the default'} to {after or 'the default'}"
            text = f"the content type of the part `{name}` of {{it}} was changed {words}"
            yield Found("encoding-changed", Effect.INCOMPARABLE, text, "encoding")


def _serialized(parameter: Node, keyword: str) -> Any:
    """Return how values of a parameter are written, also if its default is meant."""
    place = parameter.get("in")
    style = parameter.get("style", "form" if place in ("query", "cookie") else "simple")
    if keyword == "style":
        return style
    if keyword == "explode":
        return parameter.get(keyword, style == "form")
    return place == "query" and parameter.get(keyword, False)


def _is_changed(link: Pair) -> bool:
    """Return whether a link leads to another operation, or there in another way."""
    old, new = (
        {key: value for key, value in part.object.items() if not key.startswith("x-")}
        for part in link
    )
    return old != new


def _user(scope: Scope) -> str:
    return "request" if scope.direction is Direction.REQUEST else "response"


def _scope_of(part: Part) -> Scope:
    """Return the scope of a parameter."""
    place, name = str(part.object.get("in")), str(part.object.get("name"))
    child = "request-header-property" if place == "header" else "request-parameter-property"
    noun = f"{place} parameter"
    return Scope(Direction.REQUEST, "request-parameter", child, noun, noun, name, is_text=True)


def _header(name: str) -> Scope:
    child, noun = "response-header-property", "response header"
    return Scope(Direction.RESPONSE, "response-header", child, noun, noun, name, is_text=True)


def _schema_of(part: Part) -> Part:
    """Return the schema of a parameter or a header."""
    if "schema" in part.object:
        return part.get("schema")
    for name in part.get("content").object:
        return part.get("content", name, "schema")
    return part.get("schema")
