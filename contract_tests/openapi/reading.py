"""Reads documents: JSON, and YAML by the core schema of YAML 1.2, within bounds.

``NO``, ``on``, ``1_000`` and dates are text. Keys are text. What JSON cannot write is refused.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import yaml

from contract_tests.errors import UsageError
from contract_tests.openapi.provenance import keys_of

MAX_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 100
"""Objects and lists within each other."""
MAX_ALIASED = 100_000
"""The values that aliases add, where 100 characters count as one."""
MAX_CHAIN = 50
"""References that follow each other without an object between them."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_TAGS = (
    None,
    "!",
    *(_TAG + name for name in ("map", "seq", "str", "int", "float", "bool", "null")),
)
_CONSTANTS = {"": None, "~": None} | {
    form: value
    for word, value in (("null", None), ("true", True), ("false", False))
    for form in (word, word.capitalize(), word.upper())
}
_NUMBER = re.compile(
    r"(?P<integer>[-+]?\d+)|0o(?P<octal>[0-7]+)|0x(?P<hex>[\da-fA-F]+)"
    r"|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?",
    re.ASCII,
)
_INFINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_DIGITS = 300
"""Longer numbers are beyond what a float can hold."""


def read_document(path: Path) -> Any:
    """Return the content of a YAML or JSON file. Raise UsageError with the line that is wrong."""
    text = _text(path)
    is_json = path.suffix.lower() == ".json"
    if is_json or text.lstrip().startswith("{"):
        try:
            document = json.loads(text, object_pairs_hook=_unique)
            if "\\u" in text:
                json.dumps(document, ensure_ascii=False).encode()  # no half of a surrogate pair
            if not _is_deep(document):
                return document
        except json.JSONDecodeError as error:
            if is_json:
                raise UsageError(
                    f"{path}:{error.lineno}: is not valid JSON ({error.msg})"
                ) from None
        except (ValueError, RecursionError):  # the other reader knows the line
            pass
    return _Reader(path, text).document()


def check_depth(path: Path, text: str) -> None:
    """Raise UsageError if a YAML text is nested too deeply to be made into a tree."""
    depth = 0
    event: Any
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise UsageError(f"{path}:{event.start_mark.line + 1}: is nested too deeply")


def resolve(text: str) -> Any:
    """Return the value of plain text in YAML. Raise ValueError if JSON has no such value."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    found = _NUMBER.fullmatch(text)
    if found is None and not _INFINITE.fullmatch(text):
        return text
    value = math.inf
    if found is not None and len(text) < _DIGITS:
        base = {"integer": 10, "octal": 8, "hex": 16, None: None}[found.lastgroup]
        value = float(text) if base is None else int(found[found.lastgroup or 0], base)
    if math.isinf(value):
        raise ValueError(f"'{text[:40]}' is not a number of JSON")
    return value


def lines_of(path: Path) -> Callable[[str], int]:
    """Return a function that returns the line in which the place of a JSON pointer begins."""
    try:
        tree = yaml.compose(_text(path), Loader=_LOADER)
    except yaml.YAMLError:  # escapes that only JSON has
        tree = None
    root = tree if tree is not None else yaml.ScalarNode("", "")

    def line_of(pointer: str) -> int:
        node, line = root, 0 if tree is None else root.start_mark.line
        for key in keys_of(pointer):
            found = _step(node, key)
            if found is None:
                break
            line, node = found
        return line + 1

    return line_of


def check_references(path: Path, document: Any, target: Callable[[str], Any]) -> None:
    """Raise UsageError if a reference leads to itself, or through too many others.

    ``target`` returns what one reference names, without following further ones. It raises
    LookupError, TypeError or ValueError without one, which is not checked here.
    """
    for pointer, reference in _references(document):
        chain: list[str] = []
        following: Any = reference
        while isinstance(following, str):
            if following in chain or len(chain) == MAX_CHAIN:
                why = "leads to itself" if following in chain else "leads through too many others"
                line = lines_of(path)(pointer)
                raise UsageError(f"{path}:{line}: {pointer}: the '$ref' {why}")
            chain.append(following)
            try:
                node = target(following)
            except (LookupError, TypeError, ValueError):
                break
            following = node.get("$ref") if isinstance(node, dict) else None


def _references(document: Any) -> Iterator[tuple[str, str]]:
    left = [("#", document)]
    while left:
        pointer, node = left.pop()
        children = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in children:
            place = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
            if isinstance(value, dict | list):
                left.append((place, value))
            elif key == "$ref" and isinstance(value, str):
                yield place, value


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}:1: is larger than {MAX_BYTES // 1024**2} MB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{path}:{line}: is not UTF-8 text") from None


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("a key occurs twice")
    return fields


def _is_deep(document: Any) -> bool:
    level = [document]
    for _ in range(MAX_DEPTH + 1):
        nodes = [node for node in level if isinstance(node, dict | list)]
        level = [
            child for node in nodes for child in (node.values() if isinstance(node, dict) else node)
        ]
    return bool(level)


def _step(node: yaml.Node, key: str) -> tuple[int, yaml.Node] | None:
    """Return the line and the node of a key or an index within a node."""
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if str(name.value) == key:
                return name.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and key.isdigit() and int(key) < len(node.value):
        value = node.value[int(key)]
        return value.start_mark.line, value
    return None


class _Reader:
    """Builds one document from the events of a YAML text."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._text = text
        self._events = yaml.parse(text, Loader=_LOADER)
        self._anchors: dict[str, tuple[Any, int] | None] = {}
        self._nodes = self._aliased = 0

    def document(self) -> Any:
        """Return the document; None if the text has none. Raise UsageError."""
        found: list[Any] = []
        try:
            for event in self._events:
                if isinstance(event, yaml.DocumentStartEvent):
                    root = next(self._events)
                    if found:
                        self._refuse(root, "has a second document")
                    found.append(self._value(root, 0))
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = mark.line + 1 if mark else 1
            raise UsageError(f"{self._path}:{line}: is not valid YAML ({error.problem})") from None
        except yaml.reader.ReaderError as error:
            line = self._text.encode()[: error.position].count(b"\n") + 1
            raise UsageError(f"{self._path}:{line}: is not valid YAML ({error.reason})") from None
        return found[0] if found else None

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._check_tag(event)
        if depth > MAX_DEPTH:
            self._refuse(event, "is nested too deeply")
        self._nodes += 1
        before = self._nodes + self._aliased
        if event.anchor:
            self._anchors[event.anchor] = None
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self._value(entry, depth + 1) for entry in self._until(yaml.SequenceEndEvent)]
        else:
            value = self._fields(depth)
        if event.anchor:
            texts = len(value) // 100 if isinstance(value, str) else 0
            size = self._nodes + self._aliased - before + 1 + texts
            self._anchors[event.anchor] = value, size
        return value

    def _check_tag(self, event: Any) -> None:
        if event.tag not in _TAGS:
            self._refuse(event, "has a tag that JSON does not know")

    def _until(self, end: type) -> Iterator[Any]:
        while not isinstance(event := next(self._events), end):
            yield event

    def _fields(self, depth: int) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for event in self._until(yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self._refuse(event, "a key must be a text")
            self._check_tag(event)
            if event.value in fields:
                self._refuse(event, f"the key '{event.value[:60]}' occurs twice")
            if event.value == "<<" and not event.style:
                self._refuse(event, "the merge key '<<' is not part of YAML 1.2")
            fields[event.value] = self._value(next(self._events), depth + 1)
        return fields

    def _scalar(self, event: Any) -> Any:
        if event.style or event.tag in ("!", f"{_TAG}str"):
            return event.value
        try:
            return resolve(event.value)
        except ValueError as error:
            self._refuse(event, str(error))

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            self._refuse(event, f"the alias '*{event.anchor[:60]}' has no anchor")
        known = self._anchors[event.anchor]
        if known is None:
            self._refuse(event, f"the value of '&{event.anchor[:60]}' contains itself")
        self._aliased += known[1]
        if self._aliased > MAX_ALIASED:
            self._refuse(event, f"has aliases for more than {MAX_ALIASED:,} values")
        return known[0]

    def _refuse(self, event: Any, why: str) -> NoReturn:
        raise UsageError(f"{self._path}:{event.start_mark.line + 1}: {why}")
