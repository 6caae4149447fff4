"""Warnings about what a client probably did not mean: unknown names, misspelt paths, credentials.

The request is served as the real API would serve it. The warnings are sent beside the response, in
``X-Mock-Warning``, and recorded. Names come from the contract's schemas, so this works for any
document. Values that a client sends are never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher, get_close_matches
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any

from mockserver.engine.coercion import parts_of
from mockserver.engine.errors import Headers
from mockserver.engine.redaction import Redactor
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema
from mockserver.openapi.security import Security

HEADER = b"x-mock-warning"
UNKNOWN_PATH = b"Unknown path"
"""The beginning of the warning about an unknown path."""
MAX_WARNINGS = 5
"""The highest number of warnings for a request, without the note that more are left out."""
MAX_CHARACTERS = 200
"""The highest length of a warning. Longer ones are cut."""

_MORE = "More warnings are left out."
_MAX_DEPTH = 16
_MAX_ITEMS = 100
"""Deeper values, and later items of a list, are not checked."""
_MAX_NAME = 64
_MAX_PATH = 256
"""Longer names and paths are not compared with those of the contract."""
_SIMILARITY = 0.7
_MAX_MISSPELT_SEGMENTS = 2
_VERSION = re.compile(r"v[0-9.]+")
_BRANCHES = ("allOf", "oneOf", "anyOf")
_DEEP = "deepObject"
"""The style whose keys are in brackets."""
_CREDENTIAL_HEADERS = (b"authorization", b"x-api-key", b"api-key", b"apikey", b"x-auth-token")
"""Headers in which clients usually send credentials."""


def add(warnings: list[str], sentence: str) -> None:
    """Add a warning to those of a request, within the bounds."""
    warning = _visible(sentence) if len(warnings) < MAX_WARNINGS else _MORE
    if warning not in warnings:
        warnings.append(warning)


def headers_of(warnings: Sequence[str], redactor: Redactor) -> Headers:
    """Return one header for each warning."""
    return [(HEADER, redactor.text(warning).encode("ascii", "replace")) for warning in warnings]


def _visible(sentence: str) -> str:
    """Return a sentence of visible ASCII characters, cut to the highest length."""
    if len(sentence) > MAX_CHARACTERS:
        sentence = sentence[: MAX_CHARACTERS - 3] + "..."
    if sentence.isascii() and sentence.isprintable():
        return sentence
    return "".join(letter if " " <= letter <= "~" else "?" for letter in sentence)


@lru_cache(maxsize=512)
def nearest(name: str, known: frozenset[str]) -> str | None:
    """Return the known name that a misspelt one probably means."""
    if not name or len(name) > _MAX_NAME:
        return None
    plain = _plain(name)
    names = {_plain(other): other for other in sorted(known, reverse=True)}
    if plain in names:
        return names[plain]
    close = get_close_matches(plain, sorted(names), n=1, cutoff=_SIMILARITY)
    return names[close[0]] if close else None


def _plain(name: str) -> str:
    """Return a name in lower case and without separators."""
    return "".join(filter(str.isalnum, name.lower()))


class Fields:
    """The fields that a value of a schema can have, with those of nested objects.

    They are read from the schema when they are first needed, because schemas may be recursive.
    """

    def __init__(self, schemas: Sequence[Schema], contract: Contract) -> None:
        """Take the schemas that may describe one value."""
        self._schemas = schemas
        self._contract = contract

    def check(self, value: Any, warnings: list[str], place: str = "", depth: int = 0) -> None:
        """Add a warning for each field that is surely unknown."""
        if isinstance(value, dict):
            names = self.names
            if names is not None and not value.keys() <= names:
                for name in value:
                    if name not in names:
                        add(warnings, _unknown("field", place, name, names))
            for name, fields in self.nested.items():
                if name in value and depth < _MAX_DEPTH:
                    fields.check(value[name], warnings, f"{place}{name}.", depth + 1)
        elif isinstance(value, list) and self.items is not None and depth < _MAX_DEPTH:
            prefix = place.removesuffix(".")
            for index, item in enumerate(value[:_MAX_ITEMS]):
                self.items.check(item, warnings, f"{prefix}[{index}].", depth + 1)

    @cached_property
    def names(self) -> frozenset[str] | None:
        """The names that the schema lists; None if it allows others."""
        if any(map(_is_open, self._parts)):
            return None
        names = {name for part in self._parts for name in part.get("properties", ())}
        required = {name for part in self._parts for name in part.get("required", ())}
        return frozenset(names | required) if names else None

    @cached_property
    def nested(self) -> dict[str, Fields]:
        """The fields that may be objects or lists, by name."""
        schemas: dict[str, list[Schema]] = {}
        for part in self._parts:
            for name, schema in part.get("properties", {}).items():
                schemas.setdefault(name, []).append(schema)
        fields = {name: Fields(found, self._contract) for name, found in schemas.items()}
        return {name: nested for name, nested in fields.items() if nested.is_structure}

    @cached_property
    def items(self) -> Fields | None:
        """The fields of the items of a list."""
        schemas = [part["items"] for part in self._parts if "items" in part]
        return Fields(schemas, self._contract) if schemas else None

    @property
    def is_flat(self) -> bool:
        """Whether the schema lists its fields and describes nothing within them."""
        return self.names is not None and not self.nested

    @property
    def is_structure(self) -> bool:
        """Whether the value may have fields or items that the schema describes."""
        return any("properties" in part or "items" in part for part in self._parts)

    @cached_property
    def _parts(self) -> list[Schema]:
        return parts_of(self._schemas, self._contract)


def _is_open(schema: Schema) -> bool:
    """Return whether a part of a schema allows fields that no part lists."""
    if schema.get("additionalProperties", False) is not False:
        return True
    is_composed = any(key in schema for key in _BRANCHES)
    if "discriminator" in schema and not is_composed:
        return True  # of a base schema, whose heirs have further fields
    lists_nothing = not is_composed and "properties" not in schema and "required" not in schema
    return lists_nothing and schema.get("type", "object") == "object"


class QueryNames:
    """The names that the query parameters of an operation can have."""

    def __init__(self, parameters: Iterable[Schema], contract: Contract) -> None:
        described = [parameter for parameter in parameters if parameter.get("in") == "query"]
        credentials = {
            str(scheme.get("name"))
            for scheme in contract.security_schemes.values()
            if (scheme.get("type"), scheme.get("in")) == ("apiKey", "query")
        }
        parts = {
            parameter["name"]: parts_of([parameter.get("schema", {})], contract)
            for parameter in described
        }
        objects = {
            name: found
            for name, found in parts.items()
            if any(part.get("type") == "object" for part in found)
        }
        exploded = [
            part
            for parameter in described
            if parameter.get("style", "form") == "form" and parameter.get("explode", True)
            for part in objects.get(parameter["name"], ())
        ]
        self._names = frozenset(
            {parameter["name"] for parameter in described}
            | credentials
            | {name for part in exploded for name in part.get("properties", ())}
        )
        deep = {parameter["name"] for parameter in described if parameter.get("style") == _DEEP}
        self._prefixes = tuple(f"{name}[" for name in {*objects, *deep})
        self._is_open = any(map(_is_open, exploded))

    def check(self, names: Mapping[str, object], warnings: list[str]) -> None:
        """Add a warning for each name that is unknown."""
        if names.keys() <= self._names or self._is_open:
            return
        for name in names:
            if name not in self._names and not name.startswith(self._prefixes):
                add(warnings, _unknown("query parameter", "", name, self._names))


def _unknown(kind: str, place: str, name: str, known: frozenset[str]) -> str:
    shown = name if len(name) <= _MAX_NAME else f"{name[:_MAX_NAME]}..."
    suggestion = nearest(name, known)
    meant = f": did you mean '{suggestion}'?" if suggestion is not None else "."
    return f"Unknown {kind} '{place}{shown}'{meant}"


class Paths:
    """The paths of a contract, to find the one that a misspelt path probably means."""

    def __init__(self, contract: Contract) -> None:
        paths = (contract.base_path + operation.path for operation in contract.operations.values())
        self._paths = [(path, _segments(path)) for path in dict.fromkeys(paths)]
        self.nearest: Callable[[str], str | None] = lru_cache(maxsize=128)(self._nearest)
        """Returns the path that is probably meant; None if no path is similar."""

    def _nearest(self, path: str) -> str | None:
        if len(path) > _MAX_PATH:
            return None
        given = _segments(path)
        scores = [(_score(given, segments), path) for path, segments in self._paths]
        best, found = max(scores, default=(0.0, ""), key=lambda pair: pair[0])
        return found if best else None


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/")


def _score(given: Sequence[str], declared: Sequence[str]) -> float:
    """Return how similar two paths are, up to 2; 0 if one does not mean the other."""
    if len(given) != len(declared):
        return _overlap(given, declared)
    different = [pair for pair in zip(given, declared, strict=True) if not _is_same_segment(*pair)]
    if len(different) > min(_MAX_MISSPELT_SEGMENTS, len(given)):
        return 0
    similarities = [_similarity(*pair) for pair in different]
    return 0 if 0 in similarities else 2 - sum(1 - similarity for similarity in similarities)


def _overlap(given: Sequence[str], declared: Sequence[str]) -> float:
    """Return how much of two paths is the same if a block of segments is missing in one, up to 1.

    The client's base URL has too many segments then, or too few.
    """
    shorter, longer = sorted((given, declared), key=len)
    end = _common(given[::-1], declared[::-1])
    begin = _common(given, declared)
    is_literal = end > 0 and not _is_template(declared[-1])
    return len(shorter) / len(longer) if is_literal and begin + end >= len(shorter) else 0


def _common(given: Sequence[str], declared: Sequence[str]) -> int:
    """Return the number of segments that two paths have in common from their beginnings."""
    pairs = zip(given, declared, strict=False)
    return sum(1 for _ in takewhile(lambda pair: _is_same_segment(*pair), pairs))


def _is_same_segment(given: str, declared: str) -> bool:
    return given == declared or (_is_template(declared) and given != "")


def _is_template(segment: str) -> bool:
    return "{" in segment


def _similarity(given: str, declared: str) -> float:
    """Return the similarity of two segments of a path, up to 1; 0 if it is low."""
    shorter, longer = sorted((len(given), len(declared)))
    if _VERSION.fullmatch(given) and _VERSION.fullmatch(declared):
        return _SIMILARITY
    if 2 * shorter < _SIMILARITY * (shorter + longer):
        return 0
    matcher = SequenceMatcher(None, _plain(given), _plain(declared))
    if matcher.quick_ratio() < _SIMILARITY:
        return 0
    ratio = matcher.ratio()
    return ratio if ratio >= _SIMILARITY else 0


def warn_of_credentials(
    warnings: list[str], headers: Mapping[bytes, bytes], security: Security
) -> None:
    """Add a warning if a request without accepted credentials carries some in another form."""
    expected = " or ".join(dict.fromkeys(place for _, place in security.places))
    for name, place in security.places:
        value = headers.get(name, b"").lower()
        if value.startswith((b"bearer ", b"basic ")) and name != b"authorization":
            problem = "The credentials begin with an authentication scheme."
            add(warnings, f"{problem} Send {place} without it.")
            return
        if value and name == b"authorization":
            add(warnings, f"'Authorization' has another form. Send {place}.")
            return
        if value:
            return
    sent = next((name for name in _CREDENTIAL_HEADERS if headers.get(name)), None)
    if sent is not None and expected:
        shown = _shown_header(sent, headers[sent])
        add(warnings, f"'{shown}' is not read here. Send {expected}.")


def _shown_header(name: bytes, value: bytes) -> str:
    """Return a header's name as it is usually written, with its authentication scheme."""
    shown = name.decode().title().replace("Api", "API")
    scheme, _, rest = value.decode("latin-1").partition(" ")
    is_known = rest and scheme.lower() in ("bearer", "basic")
    return f"{shown}: {scheme.capitalize()}" if is_known else shown
