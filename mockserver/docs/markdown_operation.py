"""Operations in Markdown: parameters, bodies, samples, responses and callbacks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from mockserver.docs import request, samples
from mockserver.docs.markdown_schema import described, mark, table, type_words
from mockserver.docs.markdown_text import anchor, cell, code, fence, folded, link, plain, prose
from mockserver.docs.model import (
    Body,
    Example,
    Header,
    Media,
    Operation,
    Parameter,
    Reference,
    Response,
    Schema,
    SharedSchema,
    StatusResponse,
)
from mockserver.docs.options import Options
from mockserver.docs.published import Published
from mockserver.docs.request import Request
from mockserver.docs.samples import pretty_json


class OperationWriter:
    """Writes operations and responses as blocks: lines that end with an empty one."""

    def __init__(self, reference: Reference, options: Options) -> None:
        self.described_schemas: set[str] = set()
        """Shared schemas that are used once and were described there."""
        self._reference = reference
        self._realistic = options.examples == "realistic"
        self._published = Published(reference, everything=True)
        self._has_uniform_security = (
            len({operation.security for operation in reference.operations}) < 2
        )

    def operation(self, operation: Operation, level: int) -> Iterator[str]:
        """Write everything about an operation."""
        yield from heading(level, operation.heading, operation.anchor)
        deprecated = " *deprecated*" if operation.deprecated else ""
        if operation.summary or deprecated:
            summary = f"**{plain(operation.summary)}**" if operation.summary else ""
            yield from [f"{summary}{deprecated}{mark(operation.provenance)}".strip(), ""]
        if operation.description:
            text = prose(operation.description, 5)
            yield from [text + _dagger(operation.description_mark, text), ""]
        yield from self._security(operation)
        yield from self._parameters(operation)
        if operation.body is not None:
            yield from self._body(operation, operation.body)
        sample_request = request.build(self._reference, operation)
        yield from self._request(operation, sample_request)
        yield from self._responses(operation, sample_request)
        for callback in operation.callbacks:
            yield from self._callback(callback.name, callback.operation)

    def _callback(self, name: str, call: Operation) -> Iterator[str]:
        """Write a request that the server makes, with the responses that it accepts."""
        yield from [
            f"{anchor(call.anchor)}**Callback** {code(name)}: {code(call.heading)}"
            f"{mark(call.provenance)}",
            "",
        ]
        if call.description:
            text = prose(call.description, 5)
            yield from [text + _dagger(call.description_mark, text), ""]
        yield from self._parameters(call)
        if call.body is not None:
            yield from self._body(call, call.body)
            yield from self._media_examples(call.body.media)
        if call.responses:
            yield from ["| Response | Meaning |", "|---|---|"]
            yield from (self._error(status_response, call) for status_response in call.responses)
            yield ""

    def _security(self, operation: Operation) -> Iterator[str]:
        """Write the authentication of an operation, unless all operations share it."""
        if self._has_uniform_security:
            return
        ways = [
            " and ".join(link(plain(scheme.name), scheme.anchor) for scheme in way) or "none"
            for way in operation.security
        ]
        yield from [f"Authentication: {' or '.join(ways) or 'none'}.", ""]

    def _parameters(self, operation: Operation) -> Iterator[str]:
        if not operation.parameters:
            return
        yield from [
            "**Parameters**",
            "",
            "| Name | In | Type | Required | Description |",
            "|---|---|---|---|---|",
        ]
        yield from (self._parameter(parameter, operation) for parameter in operation.parameters)
        yield ""

    def _parameter(self, parameter: Parameter, operation: Operation) -> str:
        name = code(parameter.name, in_table=True) + mark(
            parameter.provenance, operation.provenance
        )
        required = "yes" if parameter.required else "no"
        text = described(self._reference, parameter.schema, parameter.description)
        deprecated = (
            " Deprecated." if parameter.deprecated and not parameter.schema.deprecated else ""
        )
        text_cell = f"{text}{_dagger(parameter.description_mark)}{deprecated}"
        type = type_words(self._reference, parameter.schema)
        return f"| {name} | {parameter.location} | {type} | {required} | {text_cell.strip()} |"

    def _body(self, operation: Operation, body: Body) -> Iterator[str]:
        required = "required" if body.required else "optional"
        yield from [
            f"**Request body**, {required}{mark(body.provenance, operation.provenance)}",
            "",
        ]
        if body.description:
            yield from [prose(body.description, 5), ""]
        for media in body.media:
            yield from self._media(media, body.provenance)

    def _media(self, media: Media, inherited: str | None) -> Iterator[str]:
        """Write the type of a body, and its fields if its schema is used nowhere else."""
        type = code(media.type) + mark(media.provenance, inherited)
        schema = media.schema
        if schema is None:
            yield from [type, ""]
            return
        shared = self._reference.schemas[schema.name] if schema.name is not None else None
        if shared is not None and shared.uses > 1:
            yield from [f"{type}: {type_words(self._reference, schema)}", ""]
            return
        yield from self._written_out(type, schema, shared)

    def _written_out(self, type: str, schema: Schema, shared: SharedSchema | None) -> Iterator[str]:
        name = "" if shared is None else f" {anchor(shared.anchor)}{plain(shared.name)}"
        inner = schema if shared is None else shared.schema
        inherited = None if shared is None else shared.provenance
        if shared is not None:
            self.described_schemas.add(shared.name)
        text = cell(inner.description) if inner.description else ""
        rows = table(self._reference, inner, inherited)
        words = "" if rows else f" {type_words(self._reference, inner)}"
        line = f"{type}:{name}{words}" + (f". {text}" if text else "")
        yield from [line if name or words or text else type, ""]
        yield from rows

    def _request(self, operation: Operation, sample_request: Request) -> Iterator[str]:
        yield from ["**Request example**", ""]
        if not self._realistic:
            yield from [fence(self._published.curl(operation), "bash"), ""]
            return
        first, *others = samples.in_all_languages(sample_request)
        yield from [fence(first.code, first.lexer), ""]
        for sample in others:
            yield from folded(sample.label, fence(sample.code, sample.lexer))

    def _responses(self, operation: Operation, sample_request: Request) -> Iterator[str]:
        for status_response in operation.responses:
            if status_response.is_success:
                yield from self._success(operation, status_response, sample_request)
        if operation.errors:
            yield from ["**Errors**", "", "| Status | When |", "|---|---|"]
            yield from (
                self._error(status_response, operation) for status_response in operation.errors
            )
            yield ""
        for status_response in operation.errors:
            if status_response.response.anchor is None and (
                status_response.response.media or status_response.response.headers
            ):
                yield from [f"**Response {plain(status_response.status)}**", ""]
                yield from self.response(status_response.response)
                yield from self.examples(status_response.response)

    def _success(
        self, operation: Operation, status_response: StatusResponse, sample_request: Request
    ) -> Iterator[str]:
        response = status_response.response
        is_shown = status_response is operation.success
        marked = mark(response.provenance, operation.provenance)
        title = f"**Response {plain(status_response.status)}**{marked}"
        yield from [f"{title} {cell(response.description)}".rstrip(), ""]
        yield from self.response(response)
        if is_shown and not self._realistic:
            yield from [fence(pretty_json(self._published.response(operation)), "json"), ""]
        elif is_shown:
            example = request.response_example(self._reference, operation, sample_request)
            yield from (
                [fence(pretty_json(example.value), "json"), ""] if example is not None else []
            )
            yield from self.examples(response, except_for=example)
        else:
            yield from self.examples(response)
        if response.links:
            yield from [f"Next steps: {'; '.join(self._links(response))}.", ""]

    def _error(self, status_response: StatusResponse, operation: Operation) -> str:
        response = status_response.response
        words = cell(response.description) or "An error."
        details = link("details", response.anchor) if response.anchor is not None else ""
        marked = mark(response.provenance, operation.provenance)
        return f"| {plain(status_response.status)} | {words} {details}{marked} |"

    def response(self, response: Response) -> Iterator[str]:
        """Write the media types and headers of a response."""
        for media in response.media:
            yield from self._media(media, response.provenance)
        if response.headers:
            yield from [
                f"Headers: {', '.join(self._header_link(header) for header in response.headers)}.",
                "",
            ]

    def _header_link(self, header: Header) -> str:
        name = code(header.name)
        return link(name, header.anchor) if header.anchor is not None else name

    def _links(self, response: Response) -> Iterator[str]:
        for name, links in groupby(response.links, key=lambda response_link: response_link.name):
            target_link = next(links)
            target = self._reference.anchors.get(target_link.operation_id or "")
            shown = code(target_link.operation_id or name)
            words = cell(target_link.description or "").rstrip(".")
            yield (link(shown, target) if target else shown) + (f" ({words})" if words else "")

    def examples(self, response: Response, except_for: Example | None = None) -> Iterator[str]:
        """Write the examples of a response, except the one that is shown already."""
        yield from self._media_examples(response.media, except_for)

    def _media_examples(
        self, of: tuple[Media, ...], except_for: Example | None = None
    ) -> Iterator[str]:
        for media in of:
            for example in media.examples:
                if example is not except_for and self._realistic:
                    title = example.summary or example.name or "Example"
                    text = pretty_json(example.value) if media.is_json else str(example.value)
                    yield from folded(title, fence(text, "json" if media.is_json else ""))


def heading(level: int, title: str, anchored: str, marked: str = "") -> list[str]:
    """Return the lines of a heading with its anchor."""
    return [anchor(anchored), "", f"{'#' * level} {plain(title)}{marked}", ""]


def _dagger(description_mark: str | None, after: str = "") -> str:
    """Return the mark of a description that is not the vendor's.

    After a code block or table the mark is a separate paragraph, else it would become part of the
    block.
    """
    if description_mark in (None, "documented"):
        return ""
    last = after.rpartition("\n")[2].lstrip()
    return "\n\n†" if last.startswith(("```", "~~~", "|")) else " †"
