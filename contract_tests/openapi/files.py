"""Documents of many files as one: files that references name are put into ``x-files``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from posixpath import dirname, normpath
from typing import Any

from contract_tests.errors import UsageError
from contract_tests.openapi.reading import read_document

FILES = "x-files"
_REMOTE = "on-another-machine"
"""What stands for files that are not fetched. Any value is valid there."""
MAX_FILES = 500
"""The number of files that a document may consist of."""
Node = dict[str, Any]


def joined(path: Path, document: Any) -> Any:
    """Return a document with its other files within it.

    Raise UsageError for a file that cannot be read, or is outside of the document's folder.
    """
    if not isinstance(document, dict) or next(_outward(document), None) is None:
        return document
    return _Joining(path).document(document)


class _Joining:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: Node = {}

    def document(self, document: Node) -> Node:
        whole: Node = self._rewritten(document, "")
        whole[FILES] = self._files
        return whole

    def _rewritten(self, node: Any, name: str) -> Any:
        """Return a node of a file with all references within the whole document."""
        if isinstance(node, list):
            return [self._rewritten(item, name) for item in node]
        if not isinstance(node, dict):
            return node
        return {
            key: self._target(value, name)
            if key == "$ref" and isinstance(value, str)
            else self._rewritten(value, name)
            for key, value in node.items()
        }

    def _target(self, reference: str, name: str) -> str:
        file, _, pointer = reference.partition("#")
        if "://" in file:
            self._files[_REMOTE] = {}
            return f"#/{FILES}/{_REMOTE}"
        target = normpath(f"{dirname(name)}/{file}".lstrip("/")) if file else name
        if target in ("", self._path.name):
            return f"#{pointer}"
        self._load(target)
        return f"#/{FILES}/{_escaped(target)}{pointer}"

    def _load(self, name: str) -> None:
        if name in self._files:
            return
        if name.startswith(".."):
            raise UsageError(f"{self._path}: '{name[:80]}' is outside of the document's folder")
        if len(self._files) >= MAX_FILES:
            raise UsageError(f"{self._path}: consists of more than {MAX_FILES} files")
        self._files[name] = None
        self._files[name] = self._rewritten(read_document(self._path.parent / name), name)


def _outward(document: Any) -> Iterator[str]:
    """Yield the references to other files."""
    left = [document]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            reference = node.get("$ref")
            if isinstance(reference, str) and not reference.startswith("#"):
                yield reference
            left += node.values()
        elif isinstance(node, list):
            left += node


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
