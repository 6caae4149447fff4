"""``llms.txt`` and ``llms-full.txt``: an index and the whole text, by llmstxt.org."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from mockserver.docs.guides import FOLDER, Guide
from mockserver.docs.markdown_text import paragraph, plain
from mockserver.docs.model import Operation, Reference
from mockserver.docs.options import Options
from mockserver.docs.published import Published

PAGE = "reference.md"


FULL = "llms-full.txt"


def text(
    reference: Reference, options: Options, operation_pages: Mapping[str, Operation] | None = None
) -> str:
    """Return the index. It names the pages of operations, or else their parts of the reference."""
    pages = {operation.anchor: name for name, operation in (operation_pages or {}).items()}
    return "\n".join(_lines(reference, options, pages)).rstrip("\n") + "\n"


def full(page: str, guides: Iterable[str]) -> str:
    """Return the page of the reference and the texts of all guides in one text."""
    return "\n---\n\n".join([page, *(f"{guide.strip()}\n" for guide in guides)])


def _lines(reference: Reference, options: Options, pages: Mapping[str, str]) -> Iterator[str]:
    published = Published(reference, everything=options.provenance == "all")
    yield from [f"# {plain(reference.title)}", ""]
    if reference.description and published.shows(reference.provenance):
        yield from [f"> {_first_paragraph(reference.description)}", ""]
    yield from _basics(reference, published)
    if published.everything and options.guides:
        yield from ["## How-to guides", "", *map(_guide, options.guides), ""]
    if published.everything and reference.guides:
        yield from ["## Guides", ""]
        yield from (
            f"- [{plain(guide.title)}]({PAGE}#{guide.anchor})" for guide in reference.guides
        )
        yield ""
    for page in reference.pages:
        operations = [
            operation for operation in page.operations if published.shows(operation.provenance)
        ]
        if operations:
            yield from [f"## {plain(page.title)}", ""]
            yield from (_operation(operation, pages) for operation in operations)
            yield ""
    if published.everything:
        yield from ["## Optional", ""]
        if reference.schemas:
            yield f"- [Schemas]({PAGE}#schemas): the fields of every object"
        guides = " and all guides" if options.guides else ""
        yield from [f"- [{FULL}]({FULL}): the whole reference{guides} in one file", ""]


def _basics(reference: Reference, published: Published) -> Iterator[str]:
    """Yield the servers and the authentication."""
    for server in (server for server in reference.servers if published.shows(server.provenance)):
        yield f"- Server: {server.url}" + (
            f" ({plain(server.description)})" if server.description else ""
        )
    for scheme in reference.schemes:
        place = (
            f", {scheme.location} {scheme.parameter}"
            if scheme.parameter and scheme.location
            else ""
        )
        yield f"- Authentication: {plain(scheme.type + place)}"
    yield ""


def _guide(guide: Guide) -> str:
    purpose = f": {plain(guide.purpose)}" if guide.purpose else ""
    return f"- [{plain(guide.title)}]({FOLDER}/{quote(guide.file)}){purpose}"


def _operation(operation: Operation, pages: Mapping[str, str]) -> str:
    summary = f": {plain(operation.summary)}" if operation.summary else ""
    page = pages.get(operation.anchor, f"{PAGE}#{operation.anchor}")
    return f"- [{plain(operation.heading)}]({page}){summary}"


def _first_paragraph(text: str) -> str:
    return paragraph(text.strip().partition("\n\n")[0])
