"""The styles in which parameters are written (OpenAPI, "Style Values"): text taken apart."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import unquote_plus

from mockserver.engine.coercion import Raw

RawQuery = Mapping[str, list[str]]
"""The values of query parameters by name. Names are decoded, values are not."""
DEFAULT_STYLES = {"path": "simple", "header": "simple", "query": "form", "cookie": "form"}
_SEPARATORS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_KEY = re.compile(r"\[([^\]]*)\]")
_MAX_DEPTH = 16


def decode(text: str) -> str:
    """Return a value of a query as it was before it was percent-encoded."""
    return unquote_plus(text, errors="replace") if "%" in text or "+" in text else text


def raw_query(query: bytes) -> dict[str, list[str]]:
    """Return the values of a query string by name."""
    values: dict[str, list[str]] = {}
    for part in query.decode("latin-1").split("&"):
        if part:
            name, _, value = part.partition("=")
            values.setdefault(decode(name), []).append(value)
    return values


class TextStyle:
    """The style of a parameter that is one text: in the path, a header or a cookie."""

    def __init__(self, name: str, style: str, *, explode: bool) -> None:
        self._name = name
        self._explode = explode
        self._prefix = {"label": ".", "matrix": ";"}.get(style, "")
        self._start = f";{name}" if style == "matrix" else self._prefix
        self._separator = (self._prefix or ",") if explode else ","
        self._strips = style == "simple"

    def scalar(self, text: str) -> str:
        """Return the text of a single value."""
        return self._without_name(text)

    def array(self, text: str) -> Raw:
        """Return the items of a list; the text if it begins otherwise than its style wants."""
        if text and not text.startswith(self._start):
            return text
        rest = text.removeprefix(self._prefix)
        if not rest or (self._prefix and not self._without_name(text)):
            return []
        if self._prefix == ";" and self._explode:
            return [part.partition("=")[2] for part in rest.split(";")]
        return self._split(self._without_name(text))

    def object(self, text: str) -> Raw:
        """Return the properties of an object; the text if it is none."""
        if text in (self._prefix, f"{self._prefix}{self._name}=") or not text:
            return {}
        if not text.startswith(self._prefix if self._explode else self._start):
            return text
        if not self._explode:
            return _alternating(self._split(self._without_name(text)), text)
        parts = [part.partition("=") for part in self._split(text.removeprefix(self._prefix))]
        return {name: value for name, _, value in parts} if all(p[1] for p in parts) else text

    def _without_name(self, text: str) -> str:
        if self._prefix == ";":
            return text.removeprefix(f";{self._name}").removeprefix("=")
        return text.removeprefix(self._prefix)

    def _split(self, text: str) -> list[str]:
        parts = text.split(self._separator)
        return [part.strip() for part in parts] if self._strips else parts


class QueryStyle:
    """The style of a query parameter, or of a field of a form."""

    def __init__(self, name: str, style: str, *, explode: bool) -> None:
        self.name = name
        self.is_deep = style == "deepObject"
        self._explode = explode
        self._separator = _SEPARATORS.get(style, ",")

    def scalar(self, query: RawQuery) -> str | None:
        """Return the last value: that of repeated parameters which counts."""
        values = query.get(self.name)
        return decode(values[-1]) if values else None

    def array(self, query: RawQuery) -> Raw:
        """Return the items of a list; None if there are none."""
        if self.is_deep:
            nested = self._nested(query)
            return nested if isinstance(nested, list) or nested is None else [*nested.values()]
        values = query.get(self.name)
        if values is None:
            return None
        return list(map(decode, values)) if self._explode else self._split(values[-1])

    def object(self, query: RawQuery, own: Collection[str] | None, others: Collection[str]) -> Raw:
        """Return the properties of an object; None if there are none.

        ``own`` are the names of exploded properties; None takes all but ``others``.
        """
        if self.is_deep:
            return self._nested(query)
        if self._explode:
            found = [name for name in query if (name not in others if own is None else name in own)]
            return {name: _one_or_all(query[name]) for name in found} or None
        values = query.get(self.name)
        if values is None:
            return None
        return _alternating(self._split(values[-1]), decode(values[-1]))

    def _split(self, text: str) -> list[str]:
        """Return the items of a list. Separators may be percent-encoded if all of them are."""
        if self._separator != " " and self._separator in text:
            return list(map(decode, text.split(self._separator)))
        decoded = decode(text)
        return decoded.split(self._separator) if decoded else []

    def _nested(self, query: RawQuery) -> Raw:
        """Return what names such as ``name[a][b]`` describe; None if there are none."""
        tree: dict[str, Any] = {}
        for name, values in query.items():
            keys = _KEY.findall(name[len(self.name) :]) if name.startswith(f"{self.name}[") else []
            if keys and len(keys) <= _MAX_DEPTH:
                _insert(tree, keys, values)
        return _as_lists(tree) if tree else None


def _insert(tree: dict[str, Any], keys: list[str], values: list[str]) -> None:
    for key in keys[:-1]:
        below = tree.setdefault(key, {})
        if not isinstance(below, dict):
            return
        tree = below
    last = keys[-1]
    tree[last] = list(map(decode, values)) if last == "" else _one_or_all(values)


def _as_lists(tree: Any) -> Raw:
    """Return a tree in which objects with the keys ``""``, or 0, 1, 2, are lists."""
    if not isinstance(tree, dict):
        return tree
    if list(tree) == [""]:
        found = _as_lists(tree[""])
        return found if isinstance(found, list) else [found]
    below = {key: _as_lists(value) for key, value in tree.items()}
    is_list = list(below) == [str(index) for index in range(len(below))]
    return list(below.values()) if is_list else below


def _one_or_all(values: list[str]) -> Raw:
    return decode(values[0]) if len(values) == 1 else list(map(decode, values))


def _alternating(parts: list[str], text: str) -> Raw:
    """Return an object whose names and values alternate; the text if one is missing."""
    return dict(zip(parts[::2], parts[1::2], strict=True)) if len(parts) % 2 == 0 else text
