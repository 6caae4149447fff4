"""The request of a sample, independent of the language that it is written in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from mockserver.docs import types, values
from mockserver.docs.model import (
    MISSING,
    Example,
    Json,
    Media,
    Operation,
    Parameter,
    Reference,
    Scheme,
    StatusResponse,
)

# Characters that are not quoted in a path of the document.
_SAFE_IN_PATH = "/:@!$&'()*+,;=-._~%"
Encoding = Literal["json", "form", "multipart", "raw"]
_ENCODINGS: dict[str, Encoding] = {
    "application/x-www-form-urlencoded": "form",
    "multipart/form-data": "multipart",
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text that may end in a secret: ``before``, then the environment's ``$variable``."""

    before: str
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A request that can be sent once the environment variables are set."""

    method: str
    url: Text
    headers: tuple[tuple[str, Text], ...]
    body: Json
    """MISSING if there is none, text if the encoding is ``raw``."""
    encoding: Encoding
    response_format: Literal["json", "text", "none"]
    """How the sample reads the response."""
    example: str | None
    """The name of the example that is sent."""
    optional_parameters: tuple[str, ...]
    """``name=value`` of each optional parameter that is sent because of its example."""


def build(reference: Reference, operation: Operation) -> Request:
    """Return the request with the document's first example.

    It sends required parameters, and optional query parameters whose example differs from their
    default.
    """
    media = _media(operation)
    example = next(iter(media.examples), None) if media is not None else None
    encoding = _encoding(media)
    parameters = [
        parameter
        for parameter in operation.parameters
        if parameter.required or _is_shown(reference, parameter)
    ]
    headers = [*_headers(reference, parameters), *_content_type(media, encoding)]
    url = operation.server + _path(reference, operation) + _query(reference, parameters)
    address = Text(url)
    for scheme in next((requirement for requirement in operation.security if requirement), ()):
        if scheme.type == "apiKey" and scheme.location == "query":
            address = Text(
                f"{url}{'&' if '?' in url else '?'}{quote(scheme.parameter or scheme.name)}=",
                "API_KEY",
            )
        else:
            headers[:0] = _credentials(scheme)
    return Request(
        method=operation.method,
        url=address,
        headers=tuple(headers),
        body=_body(reference, media, example, encoding),
        encoding=encoding,
        response_format=_response_format(operation.success),
        example=example.name if example is not None else None,
        optional_parameters=tuple(
            f"{parameter.name}={_as_text(_value(reference, parameter))}"
            for parameter in parameters
            if not parameter.required
        ),
    )


def response_example(
    reference: Reference, operation: Operation, request: Request
) -> Example | None:
    """Return the response body for a request: the matching example, or one built from the schema.

    Examples match if they have the same name, or if the response example's summary contains
    ``name=value`` of an optional parameter that is sent.
    """
    media = operation.success.response.json if operation.success is not None else None
    if media is None:
        return None
    if media.examples:
        optional_parameters = (
            example
            for example in media.examples
            if any(words in (example.summary or "") for words in request.optional_parameters)
        )
        named = (
            example
            for example in media.examples
            if example.name is not None and example.name == request.example
        )
        return next(optional_parameters, None) or next(named, None) or media.examples[0]
    value = values.for_response(reference, media.schema)
    return None if value is MISSING else Example(None, None, None, value)


# --- addresses


def _path(reference: Reference, operation: Operation) -> str:
    path = operation.path
    for parameter in operation.parameters:
        if parameter.location == "path":
            path = path.replace(
                f"{{{parameter.name}}}", quote(_joined(_value(reference, parameter)), safe="")
            )
    # Without a described parameter the name is used: braces are not valid in a URL.
    return quote(re.sub(r"\{([^{}]*)\}", r"\1", path), safe=_SAFE_IN_PATH)


def _query(reference: Reference, parameters: list[Parameter]) -> str:
    pairs = [
        f"{quote(name, safe='')}={quote(text, safe=',')}"
        for parameter in parameters
        if parameter.location == "query"
        for name, text in _pairs(parameter, _value(reference, parameter))
    ]
    return "?" + "&".join(pairs) if pairs else ""


def _pairs(parameter: Parameter, value: Json) -> Iterator[tuple[str, str]]:
    """Yield the pairs of a query parameter in OpenAPI's default style."""
    if isinstance(value, list) and parameter.explode:
        yield from ((parameter.name, _as_text(item)) for item in value)
    elif isinstance(value, dict) and parameter.explode:
        yield from ((name, _as_text(item)) for name, item in value.items())
    else:
        yield parameter.name, _joined(value)


def _joined(value: Json) -> str:
    if isinstance(value, list):
        return ",".join(_as_text(item) for item in value)
    if isinstance(value, dict):
        return ",".join(f"{name},{_as_text(item)}" for name, item in value.items())
    return _as_text(value)


def _as_text(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _value(reference: Reference, parameter: Parameter) -> Json:
    if parameter.examples:
        return parameter.examples[0].value
    return values.for_request(reference, parameter.schema)


def _is_shown(reference: Reference, parameter: Parameter) -> bool:
    """Return whether an optional parameter is sent. Repeating its default would show nothing."""
    if parameter.location != "query" or not parameter.examples:
        return False
    return bool(parameter.examples[0].value != types.default_of(reference, parameter.schema))


# --- headers and bodies


def _headers(reference: Reference, parameters: list[Parameter]) -> Iterator[tuple[str, Text]]:
    for parameter in parameters:
        text = _one_line(_joined(_value(reference, parameter)))
        if parameter.location == "header":
            yield parameter.name, Text(text)
        elif parameter.location == "cookie":
            yield "Cookie", Text(f"{parameter.name}={text}")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _credentials(scheme: Scheme) -> list[tuple[str, Text]]:
    if scheme.type == "apiKey" and scheme.location == "cookie":
        return [("Cookie", Text(f"{scheme.parameter}=", "API_KEY"))]
    if scheme.type == "apiKey":
        return [(scheme.parameter or scheme.name, Text("", "API_KEY"))]
    if scheme.type == "http" and scheme.scheme is not None and scheme.scheme.lower() != "bearer":
        return [("Authorization", Text(f"{scheme.scheme.capitalize()} ", "API_CREDENTIALS"))]
    return [] if scheme.type == "mutualTLS" else [("Authorization", Text("Bearer ", "API_TOKEN"))]


def _media(operation: Operation) -> Media | None:
    """Return the media type to send, JSON if possible."""
    if operation.body is None:
        return None
    return operation.body.json or next(iter(operation.body.media), None)


def _encoding(media: Media | None) -> Encoding:
    if media is None or media.is_json:
        return "json"
    return _ENCODINGS.get(media.type.split(";")[0].strip().lower(), "raw")


def _content_type(media: Media | None, encoding: Encoding) -> list[tuple[str, Text]]:
    # The client sets this header itself for forms and for multipart bodies with their boundary.
    return (
        []
        if media is None or encoding in ("form", "multipart")
        else [("Content-Type", Text(media.type))]
    )


def _body(
    reference: Reference, media: Media | None, example: Example | None, encoding: Encoding
) -> Json:
    if media is None:
        return MISSING
    value = example.value if example is not None else values.for_request(reference, media.schema)
    if encoding == "raw":
        return "..." if value is MISSING else _as_text(value)
    if encoding in ("form", "multipart") and not isinstance(value, dict):
        return {}
    return value


def _response_format(success: StatusResponse | None) -> Literal["json", "text", "none"]:
    if success is None or not success.response.media:
        return "none"
    return "json" if success.response.json is not None else "text"
