"""The published page in Markdown: its layout, and documented operations only."""

from __future__ import annotations

from collections.abc import Iterator

from mockserver.docs import request, samples
from mockserver.docs.markdown_text import anchor, cell, code, fence, paragraph, plain, prose
from mockserver.docs.model import Operation, Page, Reference
from mockserver.docs.options import Options
from mockserver.docs.published import Published, Row
from mockserver.docs.samples import pretty_json

_TABLE = ["| Name | Type | Required | Description |", "|---|---|---|---|"]


def page(reference: Reference, options: Options) -> str:
    """Return the page: one chapter for each tag, operations in published order."""
    writer = _Writer(reference, options)
    chapters = [line for page in reference.pages for line in writer.chapter(page)]
    return (
        "\n".join(chapters or [f"# {plain(reference.title)}", "", f"> {options.banner}"]).rstrip(
            "\n"
        )
        + "\n"
    )


class _Writer:
    def __init__(self, reference: Reference, options: Options) -> None:
        self._reference = reference
        self._banner = options.banner
        self._realistic = options.examples == "realistic"
        self._published = Published(reference)

    def chapter(self, page: Page) -> Iterator[str]:
        operations = [
            operation
            for operation in page.operations
            if self._published.shows(operation.provenance)
        ]
        if not operations:
            return
        yield from [f"# {plain(page.title)}", ""]
        yield from [prose(self._published.subtitle(page), 2), ""]
        yield from [f"> {self._banner}", ""]
        for operation in operations:
            yield from self._operation(operation)

    def _operation(self, operation: Operation) -> Iterator[str]:
        yield from [anchor(operation.anchor), "", f"## {plain(operation.heading)}", ""]
        yield from [f"{code(operation.method)} {code(operation.path)}", ""]
        if operation.summary:
            yield from [paragraph(operation.summary), ""]
        rows = self._published.rows(operation)
        if rows:
            yield from ["### Parameters", "", *_TABLE, *(_row(row) for row in rows), ""]
        yield from ["### Request Example", "", fence(self._curl(operation), "bash"), ""]
        yield from ["### Response Example", "", fence(self._response(operation), "json"), ""]

    def _curl(self, operation: Operation) -> str:
        if self._realistic:
            return samples.curl(request.build(self._reference, operation))
        return self._published.curl(operation)

    def _response(self, operation: Operation) -> str:
        if self._realistic:
            example = request.response_example(
                self._reference, operation, request.build(self._reference, operation)
            )
            if example is not None:
                return pretty_json(example.value)
        return pretty_json(self._published.response(operation))


def _row(row: Row) -> str:
    required = "Required" if row.required else "Optional"
    default = f" Default: {plain(row.default)}" if row.default is not None else ""
    return (
        f"| {plain(row.name)} | {plain(row.type)} | {required} | {cell(row.description)}{default} |"
    )
