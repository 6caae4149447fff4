"""OpenAPI documents that are checked: every part has the right shape, every reference a target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from mockserver.openapi import reader
from mockserver.openapi.problems import Problems
from mockserver.openapi.shape import KINDS, REQUIRED, SCHEMA, Kind, ListOf, MapOf, Shape, Value

Node = dict[str, Any]
Pointer = tuple[str | int, ...]
_MAX_CHAIN = 50
_VERSIONS = ("3.0.", "3.1.", "3.2.")


class Read(Protocol):
    """A document that was read, such as a contract."""

    @property
    def document(self) -> Node: ...
    @property
    def problems(self) -> Problems: ...


class DocumentError(Exception):
    """A problem in a document, with its location."""

    def __init__(self, pointer: Pointer, problem: str) -> None:
        super().__init__(problem)
        self.pointer = pointer
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Document:
    """A checked document, whose references can all be followed."""

    root: Node
    problems: Problems | None = None
    """What was wrong with the file that it was read from."""

    @classmethod
    def load(cls, path: Path) -> Document:
        """Load a document of any version as the mock does, and check it.

        Raise FileError, with the line, for what cannot be lived with.
        """
        return cls.read(reader.read(path))

    @classmethod
    def read(cls, reading: Read) -> Document:
        """Check a document that was read. Raise FileError, with the line."""
        try:
            return replace(cls.of(reading.document), problems=reading.problems)
        except DocumentError as error:
            raise reading.problems.error(error.pointer, error.problem) from None

    @classmethod
    def of(cls, root: Any) -> Document:
        """Return a document from plain data. Raise DocumentError."""
        version = root.get("openapi") if isinstance(root, dict) else None
        if not isinstance(version, str) or not version.startswith(_VERSIONS):
            found = "has no version" if version is None else f"has version {version!r}"
            raise DocumentError(
                ("openapi",), f"must be an OpenAPI document of version 3.0 or 3.1, but {found}"
            )
        document = cls(root)
        _Checker(document).run()
        return document

    def follow(self, node: Any) -> Any:
        """Return the node itself, or the target of its references."""
        while isinstance(reference := reference_of(node), str):
            node = self.at(pointer_of(reference))
        return node

    def at(self, pointer: Pointer) -> Any:
        """Return the part at a pointer. Raise LookupError if it does not exist."""
        found: Any = self.root
        for part in pointer:
            if isinstance(found, list) and str(part).isdigit():
                found = found[int(part)]
            elif isinstance(found, dict):
                found = found[part]
            else:
                raise LookupError(part)
        return found


def reference_of(node: Any) -> str | None:
    """Return the reference of an object, or None."""
    reference = node.get("$ref") if isinstance(node, dict) else None
    return reference if isinstance(reference, str) else None


def pointer_of(reference: str) -> Pointer:
    """Return the parts of ``#/a/b~1c``. Raise LookupError if it points outside the document."""
    if not reference.startswith("#/"):
        raise LookupError(reference)
    return tuple(
        unquote(part).replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/")
    )


class _Checker:
    """Checks a document part by part, with a stack instead of recursion for deep documents."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._pending: list[tuple[Pointer, Any, Shape]] = [((), document.root, Kind("document"))]
        self._seen: set[tuple[Pointer, str]] = set()

    def run(self) -> None:
        while self._pending:
            pointer, node, shape = self._pending.pop()
            # Reversed, so that the first problem in the file is reported first.
            self._pending.extend(reversed(list(self._check(pointer, node, shape))))

    def _check(
        self, pointer: Pointer, node: Any, shape: Shape
    ) -> Iterator[tuple[Pointer, Any, Shape]]:
        match shape:
            case Value():
                _check_value(pointer, node, shape)
            case ListOf(of=of):
                _expect(pointer, node, list, "a list")
                yield from (((*pointer, index), item, of) for index, item in enumerate(node))
            case MapOf(of=of, extensible=extensible):
                _expect(pointer, node, dict, "an object")
                skipped = ("x-", "$") if extensible else ()
                yield from (
                    ((*pointer, name), item, of)
                    for name, item in node.items()
                    if not name.startswith(skipped)
                )
            case Kind():
                yield from self._check_kind(pointer, node, shape)

    def _check_kind(
        self, pointer: Pointer, node: Any, kind: Kind
    ) -> Iterator[tuple[Pointer, Any, Shape]]:
        if kind == SCHEMA and isinstance(node, bool):
            return  # OpenAPI 3.1: true allows any value, false none
        _expect(pointer, node, dict, "an object")
        if "$ref" in node and kind.name != "document":
            yield from self._check_reference((*pointer, "$ref"), node["$ref"], kind)
        else:
            for name in REQUIRED.get(kind.name, ()):
                if name not in node:
                    raise DocumentError(pointer, f"lacks '{name}', which a {kind.name} requires")
        for name, shape in KINDS[kind.name].items():
            if name in node:
                yield (*pointer, name), node[name], shape

    def _check_reference(
        self, pointer: Pointer, reference: Any, kind: Kind
    ) -> Iterator[tuple[Pointer, Any, Shape]]:
        _check_value(pointer, reference, Value((str,), "text"))
        visited: list[str] = []
        target: Pointer = ()
        node: Any = {"$ref": reference}
        while (following := reference_of(node)) is not None:
            if following in visited:
                raise DocumentError(
                    pointer,
                    f"'{reference}' is a cycle of references without a target",
                )
            if len(visited) == _MAX_CHAIN:
                raise DocumentError(
                    pointer, f"'{reference}' leads through more than {_MAX_CHAIN} references"
                )
            visited.append(following)
            try:
                target = pointer_of(following)
                node = self._document.at(target)
            except LookupError:
                raise DocumentError(pointer, _missing_target(reference, following)) from None
        if not isinstance(node, dict) and not (kind == SCHEMA and isinstance(node, bool)):
            raise DocumentError(
                pointer,
                f"'{reference}' refers to {_describe(node)}, but a {kind.name} must be an object",
            )
        # Most targets are components, which are checked anyway, but any part of the document may be
        # one.
        if (target, kind.name) not in self._seen:
            self._seen.add((target, kind.name))
            yield target, node, kind


def _missing_target(reference: str, last: str) -> str:
    if not last.startswith("#"):
        return f"'{last}' is outside this file; only references within the file are supported"
    return (
        f"'{reference}' has no target"
        if reference == last
        else f"'{reference}' refers to '{last}', which does not exist"
    )


def _check_value(pointer: Pointer, node: Any, wanted: Value) -> None:
    # A bool is an int in Python but not a number in JSON.
    fits = bool in wanted.types if isinstance(node, bool) else isinstance(node, wanted.types)
    if not fits or (wanted.allowed and node not in wanted.allowed):
        raise DocumentError(pointer, f"must be {wanted.words}, not {_describe(node)}")


def _expect(pointer: Pointer, node: Any, type: type, words: str) -> None:
    if not isinstance(node, type):
        raise DocumentError(pointer, f"must be {words}, not {_describe(node)}")


def _describe(node: Any) -> str:
    """Return what kind of value something is, for an error sentence."""
    match node:
        case None:
            return "an empty value"
        case bool():
            return str(node).lower()
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return f"the text {_shorten(node)!r}"
        case _:
            return f"the number {node}"


def _shorten(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else f"{text[:limit]}..."
