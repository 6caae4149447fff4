"""Read the Markdown that people read: code blocks, headings, links and tables.

Conventions of these documents, which CONTRIBUTING.md explains:

- A ``bash`` block is run by a test, in order, in one shell for each document.
- A ``json`` or ``text`` block directly below it is its output; ``...`` stands for what is left out.
- A ``python`` block is a pytest suite, and is run by a test.
- ``<!-- not run: REASON -->`` directly above a block says that it is not run, and why.
"""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_FENCE = re.compile(
    r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.M | re.S
)
_NOT_RUN = re.compile(r"<!-- not run: (?P<reason>[^\n]+) -->\s*\Z")
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_OUTPUT = ("json", "text")


@dataclass(frozen=True)
class Block:
    """A fenced code block."""

    language: str
    text: str
    line: int
    not_run: str | None
    """Why it is not run; None if it is."""
    output: str | None
    """The output that is printed below it."""


@dataclass(frozen=True)
class Document:
    """A Markdown file of the project, or one chapter of it."""

    path: Path
    chapter: str | None = None
    """The title of the chapter; None for the whole file."""

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        text = self.path.read_text(encoding="utf-8")
        if self.chapter is None:
            return text
        return text.split(f"\n## {self.chapter}\n", 1)[1].split("\n## ", 1)[0]

    @cached_property
    def prose(self) -> str:
        """The text without its code blocks."""
        return _FENCE.sub("", self.text)

    @cached_property
    def blocks(self) -> list[Block]:
        found = list(_FENCE.finditer(self.text))
        return [self._block(match, following) for match, following in zip_longest(found, found[1:])]

    def _block(self, match: re.Match[str], following: re.Match[str] | None) -> Block:
        mark = _NOT_RUN.search(self.text, 0, match.start())
        output = None
        if following is not None and following["language"] in _OUTPUT:
            between = self.text[match.end() : following.start()]
            output = following["text"] if not between.strip() else None
        return Block(
            match["language"],
            textwrap.dedent(match["text"]),
            self.text.count("\n", 0, match.start()) + 1,
            mark["reason"] if mark else None,
            output,
        )

    def run_blocks(self, language: str) -> list[Block]:
        """Return the blocks of a language that a test has to run."""
        return [b for b in self.blocks if b.language == language and b.not_run is None]

    @cached_property
    def anchors(self) -> set[str]:
        """The anchors of its headings, as GitHub makes them."""
        seen: Counter[str] = Counter()
        found = set()
        for heading in re.findall(r"^#+ (.+)$", self.prose, re.M):
            slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
            found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
        return found

    @cached_property
    def links(self) -> list[str]:
        """Targets of its links and images, without those of other sites."""
        targets = (match["target"] for match in _LINK.finditer(self.prose))
        return [t for t in targets if not t.startswith(("http:", "https:", "mailto:"))]

    def rows(self, *header: str) -> list[list[str]]:
        """Return the rows of all tables with this header, a list of cells each."""
        return [row for table in self.tables if table[0] == list(header) for row in table[1:]]

    @property
    def tables(self) -> list[list[list[str]]]:
        """All tables, each a list of rows; the first row is the header."""
        found = []
        for table in re.findall(r"(?:^\|.*\|$\n?)+", self.prose, re.M):
            rows = [
                [cell.strip() for cell in line.strip("|").split("|")]
                for line in table.strip().split("\n")
            ]
            found.append([rows[0], *rows[2:]])
        return found


def code(cell: str) -> list[str]:
    """Return what a table cell or a text shows as code."""
    return re.findall(r"`([^`\n]+)`", cell)


def commands(document: Document, program: str) -> list[str]:
    """Return the command lines of a program that a document shows, in blocks and in prose."""
    blocks = "\n".join(block.text for block in document.blocks)
    joined = re.sub(r"\\\n\s*", " ", blocks)
    joined = re.sub(r"\n\s+(?=--)", " ", joined)
    in_blocks = re.findall(rf"(?:^|\s|- ){program} ([^\n|#&]+)", joined)
    in_prose = [
        words.removeprefix(program).strip()
        for words in code(document.prose)
        if words.startswith(f"{program} ")
    ]
    found = [words.strip() for words in (*in_blocks, *in_prose)]
    return [words for words in found if "--help" not in words and "--version" not in words]


README = Document(ROOT / "README.md")
CONTRIBUTING = Document(ROOT / "CONTRIBUTING.md")
GUIDES = [Document(path) for path in sorted((ROOT / "docs" / "guides").glob("*.md"))]
DOCUMENTS = [
    README,
    CONTRIBUTING,
    *GUIDES,
    *(
        Document(ROOT / name)
        for name in (
            "ARCHITECTURE.md",
            "CHANGELOG.md",
            "SECURITY.md",
            "examples/frontend/README.md",
        )
    ),
]


def guide(name: str, chapter: str | None = None) -> Document:
    """Return a guide by its file name without the ending, or a chapter of it."""
    return Document(ROOT / "docs" / "guides" / f"{name}.md", chapter)
