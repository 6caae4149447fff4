"""Documents of many files: what references name in other files becomes part of one document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from msgspec import Struct, field

from mockserver.openapi import yaml_file
from mockserver.openapi.problems import Origin, Problems
from mockserver.openapi.references import Node, Place, is_schema, objects, pointer_of, target
from mockserver.openapi.yaml_file import FileError

MAX_FILES = 500
"""The number of files that a document may refer to."""
MAX_TOTAL_BYTES = 64 * 1024 * 1024
"""The size of all these files."""
MAX_INLINED = 20
"""The number of references that may lead from a path to its path item in turn."""
REMOTE_SECONDS = 10
"""The time for a file of another server."""
_SUFFIXES = (".yaml", ".yml", ".json")
_KINDS = {
    "parameters": "parameters",
    "responses": "responses",
    "examples": "examples",
    "headers": "headers",
    "links": "links",
    "callbacks": "callbacks",
    "securitySchemes": "securitySchemes",
    "requestBodies": "requestBodies",
    "requestBody": "requestBodies",
    "pathItems": "pathItems",
}
"""The components that hold the target of a reference, by the key of what contains it."""
Source = Path | str
"""A file, or the URL of a file of another server."""


class _Found(Struct, frozen=True):
    """A reference, and the file that contains it."""

    place: Place
    node: Node
    base: Source
    mapping: Node | None = None
    """The mapping of a discriminator that the reference is a value of."""
    key: str = ""


class Bundle(Struct):
    """The files of one document."""

    path: Path
    document: Node
    problems: Problems
    allow_remote: bool = False
    reasons: dict[str, str] = field(default_factory=dict)
    """Why references have no target, by reference."""
    _roots: dict[Source, Any] = field(default_factory=dict)
    _names: dict[tuple[str, Source, str], str] = field(default_factory=dict)
    _done: dict[int, Node] = field(default_factory=dict)
    """The references that lead into the document, by identity. They are kept alive for it."""
    _size: int = 0

    @property
    def files(self) -> list[Path]:
        """The files that were read, without the document itself."""
        return [source for source in self._roots if isinstance(source, Path)][1:]

    def run(self) -> None:
        """Bring all parts of other files into the document. Raise FileError beyond the bounds."""
        root = self.path.resolve()
        self._roots[root] = self.document
        pending = [*_found_in(self.document, root)][::-1]
        while pending:
            found = pending.pop()
            if id(found.node) in self._done or not isinstance(found.node.get("$ref"), str):
                continue
            self._done[id(found.node)] = found.node
            pending += reversed(list(self._bring(found, root)))
            if found.mapping is not None:
                found.mapping[found.key] = found.node["$ref"]

    def _bring(self, found: _Found, root: Path) -> Iterator[_Found]:
        """Make one reference lead into the document. Yield the references of what it brings."""
        reference = found.node["$ref"]
        if found.base == root and reference.startswith("#"):
            return
        try:
            source, fragment = self._resolved(reference, found.base)
            part = self._part(source, fragment)
        except _Unusable as unusable:
            self.reasons.setdefault(reference, str(unusable))
            return
        kind = _kind_of(found.place)
        if source == root and kind is not None:
            found.node["$ref"] = f"#{fragment}"
            return
        if kind is None:
            yield from self._inline(found, source, fragment, part)
            return
        name = self._names.get((kind, source, fragment))
        if name is None:
            name = self._names[kind, source, fragment] = self._add(kind, source, fragment, part)
            at: Place = ((((None, "components")), kind), name)
            yield from _found_in(part, source, at)
        found.node["$ref"] = f"#/components/{kind}/{name}"

    def _inline(self, found: _Found, source: Source, fragment: str, part: Node) -> Iterator[_Found]:
        """Put a copy of a path item, or of another part without a name, at its place."""
        place = pointer_of(found.place)
        if found.node.get("x-inlined", 0) > MAX_INLINED:
            raise self.problems.error([*place, "$ref"], "leads through too many references")
        depth = found.node.pop("x-inlined", 0)
        siblings = {key: value for key, value in found.node.items() if key != "$ref"}
        found.node.clear()
        found.node.update({**part, **siblings})
        self._originate(tuple(place), source, fragment)
        if isinstance(found.node.get("$ref"), str):
            found.node["x-inlined"] = depth + 1
            self._done.pop(id(found.node), None)
        yield from _found_in(found.node, source, found.place)

    def _add(self, kind: str, source: Source, fragment: str, part: Node) -> str:
        """Add a part of another file to the components. Return its name."""
        components = self.document.setdefault("components", {})
        if not isinstance(components, dict) or not isinstance(
            named := components.setdefault(kind, {}), dict
        ):
            raise self.problems.error(["components", kind], "must be an object")
        last = fragment.rpartition("/")[2] or Path(urlsplit(str(source)).path).stem
        name = preferred = re.sub(r"[^A-Za-z0-9._-]+", ".", unquote(last)) or "part"
        number = 1
        while name in named:
            number += 1
            name = f"{preferred}_{number}"
        named[name] = part
        self._originate(("components", kind, name), source, fragment)
        return name

    def _originate(self, at: tuple[str | int, ...], source: Source, fragment: str) -> None:
        if isinstance(source, Path):
            parts = tuple(
                unquote(part).replace("~1", "/").replace("~0", "~")
                for part in fragment.split("/")[1:]
            )
            self.problems.origins.append(Origin(at, source, parts))

    def _resolved(self, reference: str, base: Source) -> tuple[Source, str]:
        """Return the file and the fragment that a reference names. Raise _Unusable."""
        name, fragment = urldefrag(reference)
        if not name:
            return base, fragment
        url = urljoin(base, name) if isinstance(base, str) else name
        parts = urlsplit(url)
        if parts.scheme in ("http", "https"):
            if not self.allow_remote:
                raise _Unusable("it is on another server, which only --allow-remote-refs allows")
            return url, fragment
        if parts.scheme or parts.netloc or isinstance(base, str):
            raise _Unusable("it must be relative to the document")
        path = unquote(parts.path)
        if path.startswith(("/", "\\")) or "\0" in path:
            raise _Unusable("it must be relative to the document")
        if not path.lower().endswith(_SUFFIXES):
            raise _Unusable(f"it must name a file with the ending {', '.join(_SUFFIXES)}")
        return (base.parent / path).resolve(), fragment

    def _part(self, source: Source, fragment: str) -> Node:
        """Return a part of a file, which is read when it is first needed. Raise _Unusable."""
        if source not in self._roots:
            self._roots[source] = self._read(source)
        part = self._roots[source]
        if fragment:
            try:
                part = target(part, f"#{fragment}")
            except (LookupError, TypeError, ValueError):
                raise _Unusable(f"'{fragment}' is not in that file") from None
        if not isinstance(part, dict):
            raise _Unusable(f"it must be an object, but {yaml_file.describe(part)}")
        return part

    def _read(self, source: Source) -> Any:
        if len(self._roots) > MAX_FILES:
            raise FileError(self.path, f"refers to more than {MAX_FILES} files", 1)
        if isinstance(source, str):
            content, size = _remote(source)
        else:
            if not source.is_file() or not source.name.lower().endswith(_SUFFIXES):
                raise _Unusable("there is no such file")
            content, size = yaml_file.load(source), source.stat().st_size
        self._size += size
        if self._size > MAX_TOTAL_BYTES:
            limit = MAX_TOTAL_BYTES // 1024**2
            raise FileError(self.path, f"refers to more than {limit} MB of files", 1)
        return content


def _found_in(part: Any, base: Source, place: Place = None) -> Iterator[_Found]:
    """Yield the references of a part of a file, those in mappings of discriminators included."""
    for at, node in objects(part, place):
        if isinstance(node.get("$ref"), str):
            yield _Found(at, node, base)
        discriminator = node.get("discriminator")
        mapping = discriminator.get("mapping") if isinstance(discriminator, dict) else None
        for key, value in [*mapping.items()] if isinstance(mapping, dict) else ():
            if isinstance(value, str) and ("#" in value or value.lower().endswith(_SUFFIXES)):
                schema: Place = (at, "schema")
                yield _Found(schema, {"$ref": value}, base, mapping, key)


class _Unusable(Exception):
    """Why a reference cannot be followed."""


def _remote(url: str) -> tuple[Any, int]:
    """Return the content and the size of a file of another server. Raise _Unusable."""
    from urllib.request import urlopen

    from mockserver.openapi import parser

    try:
        with urlopen(url, timeout=REMOTE_SECONDS) as response:  # noqa: S310 (http and https only)
            data = response.read(yaml_file.MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _Unusable(f"it cannot be read: {error}") from None
    if len(data) > yaml_file.MAX_BYTES:
        raise _Unusable(f"it is larger than {yaml_file.MAX_BYTES // 1024**2} MB")
    try:
        return parser.parse(data, is_json=urlsplit(url).path.lower().endswith(".json")), len(data)
    except parser.ParseError as error:
        raise _Unusable(f"it {error.problem}, in line {error.line}") from None


def _kind_of(place: Place) -> str | None:
    """Return the components that hold what a reference names; None if it has no name there."""
    if place is None:
        return None
    if is_schema(place):
        return "schemas"
    parent, key = place
    if key == "requestBody":
        return "requestBodies"
    return _KINDS.get(str(parent[1])) if parent is not None else None
