"""Creates pages from a file and writes them into a folder, all or none."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from difflib import unified_diff
from pathlib import Path

from mockserver.docs.document import Document
from mockserver.docs.formats import FORMATS, Files
from mockserver.docs.llms import PAGE
from mockserver.docs.operation_pages import FOLDER
from mockserver.docs.options import GENERATED, Options
from mockserver.docs.reader import read
from mockserver.openapi.yaml_file import FileError


def make(
    spec: Path,
    formats: Sequence[str],
    options: Options,
    warn: Callable[[str], None] = lambda _: None,
) -> Files:
    """Return the text of every page by file name. Raise FileError if the document is unusable.

    ``warn`` takes a sentence about what is wrong with the document, if anything is.
    """
    try:
        document = Document.load(spec)
        if document.problems is not None and (summary := document.problems.summary):
            warn(summary)
        reference = read(document)
        return {
            name: text
            for format in formats
            for name, text in FORMATS[format](reference, options).items()
        }
    except RecursionError:
        raise FileError(spec, "is nested too deeply") from None


def write(folder: Path, files: Files) -> list[Path]:
    """Write the pages that have changed, and return their paths. Leftover pages are removed.

    Each page is written to a temporary file first. All are moved when the last one is complete, so
    the old pages stay if anything fails.
    """
    changed = {
        folder / name: text.encode()
        for name, text in files.items()
        if _current_content(folder / name) != text.encode()
    }
    temporary = {path: path.with_name(f".{path.name}.{os.getpid()}") for path in changed}
    folder.mkdir(parents=True, exist_ok=True)
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
    try:
        for path, content in changed.items():
            temporary[path].write_bytes(content)
        for path, temporary_path in temporary.items():
            temporary_path.replace(path)
    finally:
        for temporary_path in temporary.values():
            temporary_path.unlink(missing_ok=True)
    for path in leftovers(folder, files):
        path.unlink()
    return list(changed)


def leftovers(folder: Path, files: Files) -> list[Path]:
    """Return the generated pages of operations that the document no longer has."""
    if PAGE not in files:
        return []
    kept = {folder / name for name in files}
    return [
        path
        for path in sorted((folder / FOLDER).glob("*.md"))
        if path not in kept and GENERATED in path.read_text("utf-8", errors="replace")
    ]


def difference(folder: Path, files: Files) -> str:
    """Return the unified diff that writing the pages would cause, empty if they are fresh."""
    changed = (_difference(folder / name, text) for name, text in files.items())
    removed = (_difference(path, "") for path in leftovers(folder, files))
    return "".join(line for lines in (*changed, *removed) for line in lines)


def _difference(path: Path, text: str) -> Iterator[str]:
    current = _current_content(path)
    if current == text.encode():
        return
    before = (current or b"").decode(errors="replace").splitlines(keepends=True)
    name = "/dev/null" if current is None else str(path)
    for line in unified_diff(before, text.splitlines(keepends=True), name, str(path)):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _current_content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
