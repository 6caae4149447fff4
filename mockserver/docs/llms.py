"""``llms.txt``: an index for language models, by the convention of llmstxt.org."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.docs.markdown_text import paragraph, plain
from mockserver.docs.model import Operation, Reference
from mockserver.docs.options import Options
from mockserver.docs.published import Published

PAGE = "reference.md"


def text(reference: Reference, options: Options) -> str:
    """Return the whole file."""
    return "\n".join(_lines(reference, options)).rstrip("\n") + "\n"


def _lines(reference: Reference, options: Options) -> Iterator[str]:
    published = Published(reference, everything=options.provenance == "all")
    yield from [f"# {plain(reference.title)}", ""]
    if reference.description and published.shows(reference.provenance):
        yield from [f"> {_first_paragraph(reference.description)}", ""]
    yield from _basics(reference, published)
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
            yield from (_operation(operation) for operation in operations)
            yield ""
    if published.everything and reference.schemas:
        yield from [
            "## Optional",
            "",
            f"- [Schemas]({PAGE}#schemas): the fields of every object",
            "",
        ]


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


def _operation(operation: Operation) -> str:
    summary = f": {plain(operation.summary)}" if operation.summary else ""
    return f"- [{plain(operation.heading)}]({PAGE}#{operation.anchor}){summary}"


def _first_paragraph(text: str) -> str:
    return paragraph(text.strip().partition("\n\n")[0])
