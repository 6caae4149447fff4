"""Views of operations and responses, prepared for the templates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from mockserver.docs import request, samples, values
from mockserver.docs.html_schema import Row, SchemaTrees
from mockserver.docs.html_text import highlighted
from mockserver.docs.model import (
    MISSING,
    Example,
    Header,
    Json,
    Media,
    Operation,
    Parameter,
    Reference,
    Response,
    Schema,
    StatusResponse,
)
from mockserver.docs.options import Options
from mockserver.docs.published import Published
from mockserver.docs.request import Request
from mockserver.docs.samples import pretty_json


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A highlighted block of code."""

    language: str
    label: str
    code: Markup


@dataclass(frozen=True, slots=True)
class ExampleView:
    """A folded example with its title."""

    title: str
    description: str | None
    code: Markup


@dataclass(frozen=True, slots=True)
class ContentView:
    """A body in one media type."""

    type: str
    mark: str | None
    body: Row | None


@dataclass(frozen=True, slots=True)
class LinkView:
    """An operation that can follow a response."""

    name: str
    anchor: str | None
    description: str | None


@dataclass(frozen=True, slots=True)
class ResponseView:
    """A response of an operation, or a shared one."""

    status: str
    response: Response
    mark: str | None
    contents: tuple[ContentView, ...]
    headers: tuple[Header, ...]
    rows: tuple[tuple[Header, Row], ...]
    """The headers that are not shared, so they are described here."""
    example: Markup | None
    examples: tuple[ExampleView, ...]
    links: tuple[LinkView, ...]


@dataclass(frozen=True, slots=True)
class OperationView:
    """An operation."""

    operation: Operation
    parameters: tuple[tuple[Parameter, Row], ...]
    contents: tuple[ContentView, ...]
    samples: tuple[CodeBlock, ...]
    responses: tuple[ResponseView, ...]
    """Successful responses, and errors that are not shared."""
    try_it: str
    """The request as JSON for the form that sends it."""
    callbacks: tuple[CallbackView, ...]


@dataclass(frozen=True, slots=True)
class CallbackView:
    """A request that the server makes."""

    name: str
    operation: Operation
    parameters: tuple[tuple[Parameter, Row], ...]
    contents: tuple[ContentView, ...]
    examples: tuple[ExampleView, ...]


class Views:
    """Creates the views of one page."""

    def __init__(self, reference: Reference, options: Options) -> None:
        self.trees = SchemaTrees(reference)
        self._reference = reference
        self._realistic = options.examples == "realistic"
        self._published = Published(reference, everything=options.provenance == "all")

    def operation(self, operation: Operation) -> OperationView:
        sample_request = request.build(self._reference, operation)
        body = operation.body
        return OperationView(
            operation=operation,
            parameters=tuple(
                self._parameter(parameter, operation) for parameter in operation.parameters
            ),
            contents=() if body is None else self._contents(body.media, body.provenance),
            samples=self._samples(operation, sample_request),
            responses=tuple(
                self._response(operation, status_response, sample_request)
                for status_response in operation.responses
                if _is_written_out(status_response)
            ),
            try_it=json.dumps(
                _try_it_request(self._reference, operation, sample_request), ensure_ascii=False
            ),
            callbacks=tuple(
                self._callback(callback.name, callback.operation)
                for callback in operation.callbacks
            ),
        )

    def _callback(self, name: str, call: Operation) -> CallbackView:
        media = call.body.media if call.body is not None else ()
        return CallbackView(
            name=name,
            operation=call,
            parameters=tuple(self._parameter(parameter, call) for parameter in call.parameters),
            contents=self._contents(media, call.body.provenance if call.body is not None else None),
            examples=tuple(self._examples(media, None)),
        )

    def published_sample(self, operation: Operation) -> Markup:
        """Return the published page's request, or a realistic one."""
        if self._realistic:
            return highlighted(samples.curl(request.build(self._reference, operation)), "bash")
        return highlighted(self._published.curl(operation), "bash")

    def published_response(self, operation: Operation) -> Markup:
        """Return the published page's response, or a realistic one."""
        if self._realistic:
            example = request.response_example(
                self._reference, operation, request.build(self._reference, operation)
            )
            if example is not None:
                return _json(example.value)
        return _json(self._published.response(operation))

    def shared_response(self, response: Response) -> ResponseView:
        return self._view("", response, None, None)

    def header(self, header: Header, inherited: str | None) -> tuple[Header, Row]:
        schema = header.schema or Schema()
        return header, self.trees.row(
            header.name, header.required, schema, header.description, inherited
        )

    def _parameter(self, parameter: Parameter, operation: Operation) -> tuple[Parameter, Row]:
        row = self.trees.row(
            parameter.name,
            parameter.required,
            parameter.schema,
            parameter.description,
            operation.provenance,
        )
        return parameter, row

    def _contents(self, media: tuple[Media, ...], inherited: str | None) -> tuple[ContentView, ...]:
        return tuple(
            ContentView(
                item.type,
                item.mark if item.mark != inherited else None,
                None if item.schema is None else self.trees.body(item.schema, item.provenance),
            )
            for item in media
        )

    def _samples(self, operation: Operation, sample_request: Request) -> tuple[CodeBlock, ...]:
        if not self._realistic:
            return (
                CodeBlock("curl", "curl", highlighted(self._published.curl(operation), "bash")),
            )
        return tuple(
            CodeBlock(sample.language, sample.label, highlighted(sample.code, sample.lexer))
            for sample in samples.in_all_languages(sample_request)
        )

    def _response(
        self, operation: Operation, status_response: StatusResponse, sample_request: Request
    ) -> ResponseView:
        example: Example | None = None
        if status_response is operation.success:
            if self._realistic:
                example = request.response_example(self._reference, operation, sample_request)
            else:
                example = Example(None, None, None, self._published.response(operation))
        return self._view(
            status_response.status, status_response.response, example, operation.provenance
        )

    def _view(
        self, status: str, response: Response, example: Example | None, inherited: str | None
    ) -> ResponseView:
        return ResponseView(
            status=status,
            response=response,
            mark=response.provenance if response.provenance != inherited else None,
            contents=self._contents(response.media, response.provenance),
            headers=response.headers,
            rows=tuple(
                self.header(header, response.provenance)
                for header in response.headers
                if header.anchor is None
            ),
            example=None if example is None else _json(example.value),
            examples=tuple(self._examples(response.media, example)),
            links=tuple(self._links(response)),
        )

    def _examples(self, of: tuple[Media, ...], but: Example | None) -> Iterator[ExampleView]:
        for media in of if self._realistic else ():
            for example in media.examples:
                if example is not but:
                    code = (
                        _json(example.value)
                        if media.is_json
                        else highlighted(str(example.value), "")
                    )
                    yield ExampleView(
                        example.summary or example.name or "Example", example.description, code
                    )

    def _links(self, response: Response) -> Iterator[LinkView]:
        for name, links in groupby(response.links, key=lambda link: link.name):
            link = next(links)
            yield LinkView(
                link.operation_id or name,
                self._reference.anchors.get(link.operation_id or ""),
                link.description,
            )


def _is_written_out(status_response: StatusResponse) -> bool:
    """Return whether a response is described with the operation and not only linked."""
    response = status_response.response
    return status_response.is_success or (
        response.anchor is None and bool(response.media or response.headers)
    )


def _json(value: Json) -> Markup:
    return highlighted(pretty_json(value), "json")


def _try_it_request(reference: Reference, operation: Operation, sample_request: Request) -> Json:
    """Return the request as the form shows it."""
    credentials = [
        (name, text) for name, text in sample_request.headers if text.variable is not None
    ]
    shown = (parameter for parameter in operation.parameters if parameter.location != "cookie")
    return {
        "method": operation.method,
        "path": operation.path,
        "parameters": [_field(reference, parameter, sample_request) for parameter in shown],
        "headers": {
            name: text.before for name, text in sample_request.headers if text.variable is None
        },
        "key": next((name for name, text in credentials), None),
        "key_prefix": next((text.before for name, text in credentials), ""),
        "body": None
        if sample_request.body is MISSING or sample_request.encoding != "json"
        else pretty_json(sample_request.body),
    }


def _field(reference: Reference, parameter: Parameter, sample_request: Request) -> Json:
    is_sent = parameter.required or any(
        pair.startswith(f"{parameter.name}=") for pair in sample_request.optional_parameters
    )
    examples = [example.value for example in parameter.examples] or [
        values.for_request(reference, parameter.schema)
    ]
    value = examples[0] if is_sent else None
    return {
        "name": parameter.name,
        "in": parameter.location,
        "required": parameter.required,
        "value": value
        if value is None or isinstance(value, str)
        else json.dumps(value, ensure_ascii=False),
        "enum": next((step.enum for step in reference.chain(parameter.schema) if step.enum), None),
    }
