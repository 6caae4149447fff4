"""Guides: a folder of Markdown files. Its README.md is their index, and determines their order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mockserver.docs.file_names import FileNames
from mockserver.openapi.yaml_file import FileError, read

INDEX = "README.md"
FOLDER = "guides"
"""The folder of the pages, beside the reference."""
_TITLE_OR_LINK = re.compile(r"^## +(.+?) *$|\]\(([^)\s#/]+\.md)(?:#[^)\s]*)?\)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Guide:
    """A Markdown file."""

    file: str
    """The name of the file, with its ending."""
    name: str
    """The name of its page, without an ending: ``index`` for the README."""
    group: str
    """The heading of the index that lists it; empty without one."""
    title: str
    purpose: str
    """The first paragraph, as plain text."""
    text: str


def load(folder: Path) -> tuple[Guide, ...]:
    """Return the guides of a folder in the order of its index. Raise FileError."""
    if not folder.is_dir():
        raise FileError(folder, "is not a folder")
    texts = {path.name: _text(path) for path in sorted(folder.glob("*.md"))}
    if not texts:
        raise FileError(folder, "has no Markdown files (*.md)")
    groups = dict(_groups(texts.get(INDEX, "")))
    files = [INDEX, *groups, *texts]
    names = FileNames()
    return tuple(
        _guide(
            file, names.take("index" if file == INDEX else Path(file).stem, "guide"), groups, text
        )
        for file, text in ((file, texts[file]) for file in dict.fromkeys(files) if file in texts)
    )


def _groups(index: str) -> Iterator[tuple[str, str]]:
    """Yield each file that the index links to, with the heading above its first link."""
    group, seen = "", {INDEX}
    for heading, file in _TITLE_OR_LINK.findall(index):
        if heading:
            group = heading
        elif file not in seen:
            seen.add(file)
            yield file, group


def _guide(file: str, name: str, groups: dict[str, str], text: str) -> Guide:
    from mockserver.docs.guide_text import parse, plain_text

    tokens = parse(text)
    kinds = [token.type for token in tokens]
    has_title = kinds[:1] == ["heading_open"] and tokens[0].tag == "h1"
    start = 3 if has_title else 0
    has_purpose = kinds[start : start + 1] == ["paragraph_open"]
    return Guide(
        file,
        name,
        groups.get(file, ""),
        plain_text(tokens[:3]) if has_title else Path(file).stem,
        plain_text(tokens[start : start + 3]) if has_purpose else "",
        text,
    )


def _text(path: Path) -> str:
    try:
        return read(path).decode()
    except UnicodeDecodeError:
        raise FileError(path, "is not UTF-8") from None
