"""Parses YAML and JSON text into plain JSON, with the line of each error.

YAML is read by the core schema of YAML 1.2, as OpenAPI requires: ``NO``, ``on``, ``1_000``,
``1:30`` and dates are text. Keys are text. Parts that JSON does not have are errors: merge keys,
other tags, infinities. Depth and number of nodes are bounded, and no function here is recursive, so
no text exhausts stack or memory.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

import orjson
import yaml

MAX_DEPTH = 100
"""The number of objects and lists that may be open at once. Code that reads a document recurses."""
MAX_NODES = 1_000_000
"""The number of values of a document."""
MAX_KEYS = 20_000
"""The keys of one object. Paths of a document are the largest one in practice."""
MAX_ALIASED_NODES = 100_000
"""The number of values that aliases may add. A long text counts as several."""
_CHARACTERS_OF_A_NODE = 100

# libyaml's parser is ten times as fast. Both only yield events: no object is ever constructed.
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = {None, *(_TAG + name for name in ("map", "seq", "int", "float", "bool", "null"))}
_TEXT_TAGS = {"!", _TAG + "str"}
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_DECIMAL = re.compile(r"[-+]?[0-9]+")
_OTHER_BASE = re.compile(r"0(?:o[0-7]+|x[0-9a-fA-F]+)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_NUMERIC_STARTS = frozenset("+-.0123456789")
_MIN_INTEGER, _MAX_INTEGER = -(2**63), 2**64 - 1
"""Integers beyond these are floats, as orjson reads them."""
_JSON_START = re.compile(r'\s*\{\s*"')
_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}:,\n]|[^\s\[\]{}:,"]+')

_TEXT, _PLAIN, OBJECT, LIST, END, _ALIAS = range(6)
Event = tuple[int, Any, int, str | None]
"""What begins or ends, the text of a scalar or the name of an alias, the line, the anchor."""
_OPEN = object()
"""Stands for the value of an anchor that is not complete yet."""


class ParseError(Exception):
    """A text that is not a document, or exceeds a bound."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


def parse(data: bytes, *, is_json: bool = False) -> Any:
    """Return a document as plain JSON. Raise ParseError.

    Text that begins with ``{`` is read as JSON, or as YAML if it is not JSON. ``is_json`` says that
    it must be JSON.
    """
    text = _decoded(data)
    if not is_json and not _may_be_json(text):
        return _build(_yaml_events(text))
    try:
        return _parse_json(text)
    except ParseError as error:
        if is_json:
            raise
        try:
            return _build(_yaml_events(text))
        except ParseError as yaml_error:
            raise (error if _JSON_START.match(text) else yaml_error) from None


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ParseError("is not UTF-8 text", data.count(b"\n", 0, error.start) + 1) from None


def events(data: bytes) -> Iterator[Event]:
    """Return the events of a valid document."""
    text = _decoded(data)
    if _may_be_json(text) or text[:1] == "[":
        try:
            orjson.loads(text)
            return _json_events(text)
        except orjson.JSONDecodeError:
            pass
    return _yaml_events(text)


def _may_be_json(text: str) -> bool:
    return text.lstrip()[:1] == "{"


def _parse_json(text: str) -> Any:
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "depth" in error.msg:
            raise ParseError(_too_deep(), error.lineno) from None
        raise ParseError(f"is not JSON: {error.msg}", error.lineno) from None
    if not _is_within_bounds(text, document):
        _build(_json_events(text))  # finds the line of what is wrong
    return document


def _is_within_bounds(text: str, document: Any) -> bool:
    """Return whether a valid JSON text has no repeated keys and is within the bounds."""
    try:
        json.loads(text, object_pairs_hook=_distinct)
    except ValueError:
        return False
    level, nodes = [document], 0
    for _ in range(MAX_DEPTH + 1):
        nodes += len(level)
        level = [
            child
            for part in level
            if isinstance(part, dict | list)
            for child in (part.values() if isinstance(part, dict) else part)
        ]
        if not level:
            return nodes <= MAX_NODES
    return not any(isinstance(part, dict | list) for part in level) and nodes <= MAX_NODES


def _distinct(pairs: list[tuple[str, Any]]) -> None:
    """Raise ValueError if a key is repeated, or if there are too many."""
    if len(pairs) > MAX_KEYS or len(pairs) != len({key for key, _ in pairs}):
        raise ValueError


def _too_deep() -> str:
    return f"is nested more than {MAX_DEPTH} levels deep"


# ------------------------------------------------------------------------------------------ events


def _yaml_events(text: str) -> Iterator[Event]:
    """Yield the events of a YAML text. Raise ParseError."""
    try:
        event: Any
        for event in yaml.parse(text, Loader=_PARSER):
            kind = type(event)
            line = event.start_mark.line + 1
            if kind is yaml.ScalarEvent:
                tag = _known_tag(event.tag, line)
                is_text = tag in _TEXT_TAGS or (tag is None and event.style not in (None, ""))
                yield _TEXT if is_text else _PLAIN, event.value, line, event.anchor
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                _known_tag(event.tag, line)
                yield OBJECT if kind is yaml.MappingStartEvent else LIST, None, line, event.anchor
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                yield END, None, line, None
            elif kind is yaml.AliasEvent:
                yield _ALIAS, event.anchor, line, None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"is not YAML: {error.problem or error.context}"
        raise ParseError(problem, mark.line + 1 if mark else 1) from None
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + 1
        raise ParseError(f"is not YAML: {error.reason}", line) from None


def _known_tag(tag: str | None, line: int) -> str | None:
    if tag is not None and tag not in _PLAIN_TAGS and tag not in _TEXT_TAGS:
        shown = tag.replace(_TAG, "!!")
        raise ParseError(f"the tag '{shown}' has no meaning in JSON", line)
    return tag


def _json_events(text: str) -> Iterator[Event]:
    """Yield the events of a valid JSON text. Values of scalars are not decoded, keys are."""
    line = 1
    for match in _JSON_TOKEN.finditer(text):
        token = match[0]
        first = token[0]
        if first == "\n":
            line += 1
        elif first == '"':
            yield _TEXT, orjson.loads(token) if "\\" in token else token[1:-1], line, None
        elif first in "{[":
            yield OBJECT if first == "{" else LIST, None, line, None
        elif first in "}]":
            yield END, None, line, None
        elif first not in ":,":
            yield _TEXT, token, line, None


# ----------------------------------------------------------------------------------------- building


def _build(events: Iterator[Event]) -> Any:
    builder = _Builder()
    for event in events:
        builder.add(*event)
    return builder.documents[0] if builder.documents else None


class _Builder:
    """Builds a document from events, with a stack of the containers that are open."""

    def __init__(self) -> None:
        self.documents: list[Any] = []
        self._container: Any = self.documents
        self._key: str | None = None
        self._parents: list[tuple[Any, str | None, str | None, int]] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = self._aliased = 0

    def add(self, kind: int, value: Any, line: int, anchor: str | None) -> None:
        if kind == END:
            self._end()
        elif kind in (_TEXT, _PLAIN):
            if self._expects_key:
                self._begin_field(value, line, is_plain=kind == _PLAIN)
            else:
                self._put(_resolved(value, line) if kind == _PLAIN else value, line, anchor)
        elif self._expects_key:
            raise ParseError("a key must be a text", line)
        elif kind == _ALIAS:
            self._put_alias(value, line)
        else:
            self._begin({} if kind == OBJECT else [], line, anchor)

    @property
    def _expects_key(self) -> bool:
        return self._key is None and type(self._container) is dict

    def _begin_field(self, key: str, line: int, *, is_plain: bool) -> None:
        if key in self._container:
            raise ParseError(f"the key '{_shorten(key)}' occurs twice", line)
        if key == "<<" and is_plain:
            raise ParseError("the merge key '<<' is not part of YAML 1.2", line)
        if len(self._container) == MAX_KEYS:
            raise ParseError(f"has an object of more than {MAX_KEYS:,} keys", line)
        self._key = key

    def _put(self, value: Any, line: int, anchor: str | None = None) -> None:
        if self._container is self.documents and self.documents:
            raise ParseError("has a second document", line)
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise ParseError(f"has more than {MAX_NODES:,} values", line)
        if anchor is not None:
            size = 1 + (len(value) // _CHARACTERS_OF_A_NODE if isinstance(value, str) else 0)
            self._anchors[anchor] = value, size
        if self._key is None:
            self._container.append(value)
        else:
            self._container[self._key] = value
            self._key = None

    def _begin(self, container: Any, line: int, anchor: str | None) -> None:
        if len(self._parents) == MAX_DEPTH:
            raise ParseError(_too_deep(), line)
        self._put(container, line)
        self._parents.append((self._container, None, anchor, self._nodes + self._aliased))
        self._container = container
        if anchor is not None:
            self._anchors[anchor] = _OPEN, 0

    def _end(self) -> None:
        container = self._container
        self._container, self._key, anchor, before = self._parents.pop()
        if anchor is not None:
            self._anchors[anchor] = container, self._nodes + self._aliased - before + 1

    def _put_alias(self, name: str, line: int) -> None:
        if name not in self._anchors:
            raise ParseError(f"the alias '*{_shorten(name)}' has no anchor", line)
        value, size = self._anchors[name]
        if value is _OPEN:
            raise ParseError(f"the value of '&{_shorten(name)}' contains itself", line)
        self._aliased += size
        if self._aliased > MAX_ALIASED_NODES:
            raise ParseError(f"has aliases for more than {MAX_ALIASED_NODES:,} values", line)
        self._put(value, line)


def _resolved(text: str, line: int) -> Any:
    """Return the value of a plain scalar by the core schema of YAML 1.2."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC_STARTS:
        return text
    number: int | float
    if _DECIMAL.fullmatch(text) and len(text) < 40:
        number = int(text)
    elif _OTHER_BASE.fullmatch(text) and len(text) < 40:
        number = int(text, 0)
    elif _FLOAT.fullmatch(text) or _OTHER_BASE.fullmatch(text):
        return _finite(float(text) if text[1:2] not in ("o", "x") else math.inf, text, line)
    elif _NOT_FINITE.fullmatch(text):
        return _finite(math.inf, text, line)
    else:
        return text
    return number if _MIN_INTEGER <= number <= _MAX_INTEGER else float(number)


def _finite(number: float, text: str, line: int) -> float:
    if not math.isfinite(number):
        raise ParseError(f"'{_shorten(text)}' is not a number of JSON", line)
    return number


def _shorten(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."
