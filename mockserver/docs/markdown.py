"""The reference as one Markdown page for forges and editors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mockserver.docs import fields
from mockserver.docs.markdown_operation import OperationWriter, heading
from mockserver.docs.markdown_schema import described, facts, mark, table, type_words
from mockserver.docs.markdown_text import anchor, cell, code, link, plain, prose
from mockserver.docs.model import Page, Reference, Response, Schema, SharedSchema
from mockserver.docs.options import Options

_MARKS_LEGEND = (
    "*observed* and *assumed* mark what the vendor's page does not document. After a type, "
    "*assumed* marks the type only. † marks a description that is not the vendor's."
)


def page(reference: Reference, options: Options) -> str:
    """Return the whole page."""
    return "\n".join(PageWriter(reference, options).page()).rstrip("\n") + "\n"


class PageWriter:
    """Writes the page, or parts of it, in blocks: lines that end with an empty one."""

    def __init__(self, reference: Reference, options: Options) -> None:
        self._reference = reference
        self._banner = options.banner
        self._operations = OperationWriter(reference, options)

    def page(self) -> Iterator[str]:
        """Write the whole page."""
        reference = self._reference
        # Operations come first: they determine which schemas remain to be described.
        pages = [line for page in reference.pages for line in self._page(page)]
        schemas = [
            shared
            for shared in reference.schemas.values()
            if shared.name not in self._operations.described_schemas
        ]
        yield from self._head()
        yield from self._contents(schemas)
        for guide in reference.guides:
            yield from heading(2, guide.title, guide.anchor, mark(guide.provenance))
            yield from [prose(guide.text, 3), ""]
        yield from pages
        yield from self._shared_responses()
        yield from self._shared_headers()
        yield from self._schemas(schemas)

    def _head(self) -> Iterator[str]:
        reference = self._reference
        yield from [f"# {plain(reference.title)}", "", f"> {self._banner}", ""]
        facts_line = [f"Version {plain(reference.version)}"] if reference.version else []
        count = len(list(reference.operations))
        facts_line.append(f"{count} operation" + ("" if count == 1 else "s"))
        if reference.license:
            facts_line.append(f"{plain(reference.license)} license")
        yield from [" · ".join(facts_line), ""]
        if reference.description:
            yield from [prose(reference.description, 2), ""]
        if _is_marked(reference):
            yield from [_MARKS_LEGEND, ""]
        yield from ["**Servers**", ""]
        for server in reference.servers:
            yield f"- {code(server.url)}" + (
                f" {cell(server.description)}" if server.description else ""
            )
        yield ""
        for scheme in reference.schemes:
            place = (
                f": {scheme.location} {code(scheme.parameter)}"
                if scheme.parameter and scheme.location
                else ""
            )
            words = f"{anchor(scheme.anchor)}**Authentication** by {plain(scheme.type)}{place}."
            yield from [f"{words} {cell(scheme.description or '')}".rstrip(), ""]

    def _contents(self, schemas: list[SharedSchema]) -> Iterator[str]:
        yield from ["## Contents", ""]
        yield from (
            f"- {link(plain(guide.title), guide.anchor)}" for guide in self._reference.guides
        )
        for page in self._reference.pages:
            yield f"- {link(plain(page.title), page.anchor)}"
            for group in page.groups:
                if group.title is not None and group.anchor is not None:
                    yield f"  - {link(plain(group.title), group.anchor)}"
                indent = "  " if group.title is None else "    "
                for operation in group.operations:
                    summary = f": {plain(operation.summary)}" if operation.summary else ""
                    yield f"{indent}- {link(code(operation.heading), operation.anchor)}{summary}"
        yield from ["- [Shared responses](#responses)"] if self._reference.responses else []
        yield from ["- [Shared headers](#headers)"] if self._reference.headers else []
        yield from ["- [Schemas](#schemas)"] if schemas else []
        yield ""

    def _page(self, page: Page) -> Iterator[str]:
        yield from heading(2, page.title, page.anchor)
        if page.description:
            yield from [prose(page.description, 3), ""]
        for group in page.groups:
            if group.title is not None and group.anchor is not None:
                yield from heading(3, group.title, group.anchor)
            for operation in group.operations:
                yield from self._operations.operation(
                    operation, level=3 if group.title is None else 4
                )

    def _shared_responses(self) -> Iterator[str]:
        if self._reference.responses:
            yield from ["## Shared responses", "", anchor("responses"), ""]
        for response in self._reference.responses:
            yield from self.shared_response(response)

    def shared_response(self, response: Response) -> Iterator[str]:
        """Write a response that operations share."""
        yield from heading(3, response.name or "", response.anchor or "", mark(response.provenance))
        yield from [prose(response.description, 4), ""] if response.description else []
        yield from self._operations.response(response)
        yield from self._operations.examples(response)

    def _shared_headers(self) -> Iterator[str]:
        if not self._reference.headers:
            return
        yield from ["## Shared headers", "", anchor("headers"), ""]
        yield from ["| Header | Type | Always sent | Description |", "|---|---|---|---|"]
        for header in self._reference.headers:
            place = anchor(header.anchor or "")
            name = f"{place}{code(header.name, in_table=True)}{mark(header.provenance)}"
            schema = header.schema or Schema()
            text = described(self._reference, schema, header.description)
            always = "yes" if header.required else "no"
            yield f"| {name} | {type_words(self._reference, schema)} | {always} | {text} |"
        yield ""

    def _schemas(self, schemas: list[SharedSchema]) -> Iterator[str]:
        if not schemas:
            return
        yield from ["## Schemas", "", anchor("schemas"), ""]
        yield from self.schemas(schemas)

    def schemas(self, schemas: Sequence[SharedSchema]) -> Iterator[str]:
        """Write shared schemas: objects as sections, plain values as rows of one table."""
        values: list[SharedSchema] = []
        for shared in schemas:
            if fields.of(self._reference, shared.schema):
                yield from self.schema(shared)
            else:
                values.append(shared)
        if values:
            yield from ["### Values", "", "| Name | Type | Description |", "|---|---|---|"]
            for shared in values:
                yield from self.schema(shared)
            yield ""

    def schema(self, shared: SharedSchema) -> Iterator[str]:
        """Write a shared schema: a section, or the row of a plain value."""
        rows = table(self._reference, shared.schema, shared.provenance)
        if not rows:
            yield self._value(shared)
            return
        yield from heading(3, shared.name, shared.anchor, mark(shared.provenance))
        yield from [prose(shared.schema.description, 4), ""] if shared.schema.description else []
        yield from rows

    def _value(self, shared: SharedSchema) -> str:
        name = f"{anchor(shared.anchor)}{code(shared.name, in_table=True)}{mark(shared.provenance)}"
        text = cell(shared.schema.description) if shared.schema.description else ""
        text_cell = " ".join([text, *facts(shared.schema)]).strip()
        return f"| {name} | {type_words(self._reference, shared.schema)} | {text_cell} |"


def _is_marked(reference: Reference) -> bool:
    return any(operation.provenance is not None for operation in reference.operations)
