"""An OpenAPI document that is whole: of the right shape, and every reference leads to what is wanted there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from mockserver import yaml_file
from mockserver.docs.shape import KINDS, REQUIRED, SCHEMA, Kind, ListOf, MapOf, Shape, Value
from mockserver.yaml_file import FileError

Node = dict[str, Any]
Pointer = tuple[str | int, ...]
_VERSIONS = ("3.0.", "3.1.", "3.2.")


class DocumentError(Exception):
    """What is wrong with a document, and where."""

    def __init__(self, pointer: Pointer, problem: str) -> None:
        super().__init__(problem)
        self.pointer = pointer
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Document:
    """A document whose references can be followed without a thought."""

    root: Node

    @classmethod
    def load(cls, path: Path) -> Document:
        """Load and check a document. Raises FileError with the line and the JSON pointer of what is wrong."""
        root = yaml_file.load(path)
        try:
            return cls.of(root)
        except DocumentError as error:
            where = f"#/{'/'.join(_escape(part) for part in error.pointer)}"
            line = yaml_file.line_of(path, error.pointer) or 1
            raise FileError(path, f"{where}: {error.problem}", line) from None

    @classmethod
    def of(cls, root: Any) -> Document:
        """A document from plain data. Raises DocumentError."""
        version = root.get("openapi") if isinstance(root, dict) else None
        if not isinstance(version, str) or not version.startswith(_VERSIONS):
            said = "says nothing of it" if version is None else f"says {version!r}"
            raise DocumentError(
                ("openapi",), f"must be an OpenAPI document of version 3.0 or 3.1, and {said}"
            )
        document = cls(root)
        _Checker(document).run()
        return document

    def follow(self, node: Any) -> Any:
        """The node itself, or what its references lead to."""
        while isinstance(reference := reference_of(node), str):
            node = self.at(pointer_of(reference))
        return node

    def at(self, pointer: Pointer) -> Any:
        """The part at a pointer. Raises LookupError when there is none."""
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
    """Where an object refers to, if it does."""
    reference = node.get("$ref") if isinstance(node, dict) else None
    return reference if isinstance(reference, str) else None


def pointer_of(reference: str) -> Pointer:
    """The parts of ``#/a/b~1c``. Raises LookupError when it does not lead into this document."""
    if not reference.startswith("#/"):
        raise LookupError(reference)
    return tuple(
        unquote(part).replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/")
    )


def _escape(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


class _Checker:
    """Walks a document, kind by kind, with a list of its own instead of recursion: a document may be deep."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._pending: list[tuple[Pointer, Any, Shape]] = [((), document.root, Kind("document"))]
        self._seen: set[tuple[Pointer, str]] = set()

    def run(self) -> None:
        while self._pending:
            pointer, node, shape = self._pending.pop()
            # The first thing that is wrong should be the first in the file.
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
            return  # as 3.1 allows: everything fits, or nothing
        _expect(pointer, node, dict, "an object")
        if "$ref" in node and kind.name != "document":
            yield from self._check_reference((*pointer, "$ref"), node["$ref"], kind)
        else:
            for name in REQUIRED.get(kind.name, ()):
                if name not in node:
                    raise DocumentError(pointer, f"has no '{name}', which a {kind.name} needs")
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
                    f"'{reference}' leads only from reference to reference, round and round",
                )
            visited.append(following)
            try:
                target = pointer_of(following)
                node = self._document.at(target)
            except LookupError:
                raise DocumentError(pointer, _leads_nowhere(reference, following)) from None
        if not isinstance(node, dict) and not (kind == SCHEMA and isinstance(node, bool)):
            raise DocumentError(
                pointer, f"'{reference}' leads to {_describe(node)}, and a {kind.name} is an object"
            )
        # Most targets are components, which are walked anyway; one may also be any other part of the document.
        if (target, kind.name) not in self._seen:
            self._seen.add((target, kind.name))
            yield target, node, kind


def _leads_nowhere(reference: str, last: str) -> str:
    if not last.startswith("#"):
        return f"'{last}' is outside of this file, and only what is in it can be shown"
    return (
        f"'{reference}' leads nowhere"
        if reference == last
        else f"'{reference}' leads to '{last}', which is nowhere"
    )


def _check_value(pointer: Pointer, node: Any, wanted: Value) -> None:
    # A flag is an int in Python, and no number in JSON.
    fits = bool in wanted.types if isinstance(node, bool) else isinstance(node, wanted.types)
    if not fits or (wanted.allowed and node not in wanted.allowed):
        raise DocumentError(pointer, f"must be {wanted.words}, and is {_describe(node)}")


def _expect(pointer: Pointer, node: Any, type: type, words: str) -> None:
    if not isinstance(node, type):
        raise DocumentError(pointer, f"must be {words}, and is {_describe(node)}")


def _describe(node: Any) -> str:
    """What sort of thing something is."""
    match node:
        case None:
            return "empty"
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
