"""Views of operations and responses, prepared for the templates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

from mockserver.docs import request, samples, values
from mockserver.docs.common_parts import CommonParts
from mockserver.docs.highlighting import highlighted
from mockserver.docs.html_samples import CodeBlock, blocks
from mockserver.docs.html_schema import Row, SchemaTrees
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
from mockserver.docs.servers import Servers, path_of

LARGE = 100
"""Above this number of operations, pages leave out what can be found elsewhere on them."""


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
    errors: tuple[StatusResponse, ...]
    """The errors that not every operation has."""
    bodies: tuple[tuple[str, Markup], ...]
    """The examples of errors with their statuses."""
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
        self._servers = Servers(reference, options.origin)
        self.common = CommonParts(reference)
        """What all operations share, which is described once."""
        self._statuses: dict[str | None, dict[str, None]] = {}
        for operation in reference.operations:
            for documented in operation.responses:
                own = self._statuses.setdefault(documented.response.anchor, {})
                own[documented.status] = None
        self._is_large = len(list(reference.operations)) > LARGE

    def operation(self, operation: Operation) -> OperationView:
        operation, place = self._servers.applied(operation), place_of(operation)
        errors = tuple(self.common.own_errors(operation))
        sample_request = request.build(self._reference, operation)
        body = operation.body
        return OperationView(
            operation=operation,
            parameters=tuple(
                self._parameter(parameter, operation, place) for parameter in operation.parameters
            ),
            contents=() if body is None else self._contents(body.media, body.provenance, place),
            samples=self._samples(operation, sample_request),
            responses=tuple(
                self._response(operation, status_response, sample_request)
                for status_response in operation.responses
                if _is_written_out(status_response) and not self.common.has(status_response)
            ),
            errors=errors,
            bodies=tuple(self._bodies(errors)),
            try_it=json.dumps(
                _try_it_request(self._reference, operation, sample_request),
                ensure_ascii=False,
                separators=(",", ":"),
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
            parameters=tuple(
                self._parameter(parameter, call, place_of(call)) for parameter in call.parameters
            ),
            contents=self._contents(
                media, call.body.provenance if call.body is not None else None, place_of(call)
            ),
            examples=tuple(self._examples(media, None)),
        )

    def samples_of(self, operation: Operation) -> tuple[CodeBlock, ...]:
        """Return the samples of an operation once more, for the first page."""
        operation = self._servers.applied(operation)
        return self._samples(operation, request.build(self._reference, operation))

    def response_of(self, operation: Operation) -> Markup | None:
        """Return the response to the samples of an operation, or None if it has no body."""
        sample_request = request.build(self._reference, operation)
        example = request.response_example(self._reference, operation, sample_request)
        return None if example is None else _json(example.value)

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

    def statuses(self, response: Response) -> list[str]:
        """Return the statuses with which operations return a shared response."""
        return list(self._statuses.get(response.anchor, ()))

    def shared_response(self, response: Response) -> ResponseView:
        return self._view("", response, None, None, response.name or "response")

    def header(self, header: Header, inherited: str | None) -> tuple[Header, Row]:
        schema = header.schema or Schema()
        return header, self.trees.row(header, schema, inherited)

    def _parameter(
        self, parameter: Parameter, operation: Operation, place: str
    ) -> tuple[Parameter, Row]:
        row = self.trees.row(parameter, parameter.schema, operation.provenance, place)
        return parameter, row

    def _contents(
        self, media: tuple[Media, ...], inherited: str | None, place: str
    ) -> tuple[ContentView, ...]:
        return tuple(
            ContentView(
                item.type,
                item.mark if item.mark != inherited else None,
                None
                if item.schema is None
                else self.trees.body(item.schema, item.provenance, place),
            )
            for item in media
        )

    def _samples(self, operation: Operation, sample_request: Request) -> tuple[CodeBlock, ...]:
        if not self._realistic:
            return (
                CodeBlock("curl", "curl", highlighted(self._published.curl(operation), "bash")),
            )
        return blocks(sample_request, self._servers.changeable(operation))

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
            status_response.status,
            status_response.response,
            example,
            operation.provenance,
            f"{place_of(operation)}.{status_response.status}",
        )

    def common_response(self, error: StatusResponse) -> ResponseView | None:
        """Return the view of an error of all operations, or None if it is a shared response."""
        if not _is_written_out(error):
            return None
        return self._view(error.status, error.response, None, None, f"every.{error.status}")

    def _view(
        self,
        status: str,
        response: Response,
        example: Example | None,
        inherited: str | None,
        place: str,
    ) -> ResponseView:
        return ResponseView(
            status=status,
            response=response,
            mark=response.provenance if response.provenance != inherited else None,
            contents=self._contents(response.media, response.provenance, place),
            headers=self.common.own_headers(response.headers),
            rows=tuple(
                self.header(header, response.provenance)
                for header in response.headers
                if header.anchor is None
            ),
            example=None if example is None else _json(example.value),
            examples=tuple(self._examples(response.media, example)),
            links=tuple(self._links(response)),
        )

    def _bodies(self, errors: tuple[StatusResponse, ...]) -> Iterator[tuple[str, Markup]]:
        """Yield the body of each error that has one. In large documents they must be written.

        A plain sentence that all operations with a request body share is shown once, with the
        shared responses.
        """
        for error in errors if self._realistic else ():
            media = error.response.json
            if media is None:
                continue
            value: Json = MISSING
            if media.examples:
                value = media.examples[0].value
            elif not self._is_large:
                value = values.for_response(self._reference, media.schema)
            is_plain = isinstance(value, dict) and not any(map(_is_nested, value.values()))
            is_told_once = is_plain and error in self.common.body_errors
            if value is not MISSING and not is_told_once:
                yield error.status, _json(value)

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


def place_of(operation: Operation) -> str:
    """Return what the anchors within an operation begin with."""
    return operation.operation_id or operation.anchor.partition("-")[2] or operation.anchor


def _is_written_out(status_response: StatusResponse) -> bool:
    """Return whether a response is described with the operation and not only linked."""
    response = status_response.response
    return status_response.is_success or (
        response.anchor is None and bool(response.media or response.headers)
    )


def _json(value: Json) -> Markup:
    return highlighted(pretty_json(value), "json")


def _is_nested(value: Json) -> bool:
    return isinstance(value, dict | list)


def _try_it_request(reference: Reference, operation: Operation, sample_request: Request) -> Json:
    """Return the request as the form shows it.

    What is empty is left out, and so is what the operation shows: its method and its path, unless
    the server has a base path.
    """
    credentials = [
        (name, text) for name, text in sample_request.headers if text.variable is not None
    ]
    shown = (parameter for parameter in operation.parameters if parameter.location != "cookie")
    base = path_of(operation.server)
    request = {
        "path": base and base + operation.path,
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
    return {name: value for name, value in request.items() if value not in (None, "", [], {})}


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
