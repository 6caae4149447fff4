"""Requests from operations: valid ones, and ones with exactly one violation."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any
from urllib.parse import quote, urlencode

from benchmarks.documents.operation import Operation, Parameter, Scheme, is_json
from benchmarks.documents.reading import Schemas
from benchmarks.documents.values import NoValue, Values

_FORM = "application/x-www-form-urlencoded"
_BOUNDARY = "----boundary-of-the-harness"
_SEPARATORS = {"spaceDelimited": "%20", "pipeDelimited": "|", "tabDelimited": "%09"}
_MOST_BROKEN = 4


@dataclass(slots=True)
class Message:
    """A request as its parts, which are serialized when it is sent."""

    operation: Operation
    parameters: dict[tuple[str, str], Any] = field(default_factory=dict)
    """Values by name and location."""
    media: str | None = None
    body: Any = None
    account: str = "first-account"
    """The credential; an empty one sends none."""
    why: str = "valid"

    @property
    def made_up(self) -> bool:
        """Whether the path has an identifier that nobody gave."""
        return any(location == "path" for _, location in self.parameters)


class Messages:
    """Makes the requests of one document."""

    def __init__(self, schemas: Schemas, values: Values) -> None:
        """Take the request direction of a document and a source of values."""
        self._schemas = schemas
        self._values = values

    def valid(
        self, operation: Operation, known: Mapping[str, Any] | None = None, *, full: bool = False
    ) -> Message:
        """Return a valid request; known path parameters are taken as given. Raises NoValue."""
        message = Message(operation)
        for parameter in operation.parameters:
            where = (parameter.name, parameter.location)
            if parameter.location == "path" and known and parameter.name in known:
                message.parameters[where] = known[parameter.name]
            elif parameter.required or (full and parameter.location == "query"):
                try:
                    message.parameters[where] = self._parameter(parameter)
                except NoValue:
                    if parameter.required:
                        raise
        body = operation.body
        if body is not None and body.content and (body.required or full or body.content):
            message.media = _media(body.content)
            message.body = self._values.valid(body.content[message.media], full=full)
        return message

    def accepts(self, operation: Operation, name: str) -> Callable[[Any], bool]:
        """Return what says whether the path of an operation can have a value, or its text."""
        schemas = [
            parameter.schema
            for parameter in operation.parameters
            if (parameter.name, parameter.location) == (name, "path")
        ]
        return lambda value: all(
            any(self._schemas.accepts(schema, reading) for reading in _readings(value))
            for schema in schemas
        )

    def invalid(self, valid: Message) -> list[Message]:
        """Return requests that differ from a valid one by one violation each."""
        kinds = (
            list(self._without_credentials(valid)),
            list(self._parameter_violations(valid)),
            list(self._body_violations(valid)),
        )
        found = [message for turn in zip_longest(*kinds) for message in turn if message]
        return found[:_MOST_BROKEN]

    def _parameter(self, parameter: Parameter) -> Any:
        for _ in range(8):
            value = self._values.valid(parameter.schema, example=parameter.example)
            text = _text(value) if not isinstance(value, list | dict) else "x"
            if text and (parameter.location != "path" or ("/" not in text and text[0] != ".")):
                return value
        raise NoValue

    def _without_credentials(self, valid: Message) -> Iterator[Message]:
        if valid.operation.needs_credentials and _keys(valid.operation).isdisjoint(
            (parameter.name, parameter.location) for parameter in valid.operation.parameters
        ):
            yield replace(valid, account="", why="no credentials")

    def _parameter_violations(self, valid: Message) -> Iterator[Message]:
        for parameter in valid.operation.parameters:
            where = (parameter.name, parameter.location)
            is_sent_anyway = parameter.location == "header" and parameter.name.lower() in _OURS
            if is_sent_anyway or where in _keys(valid.operation):
                continue
            if parameter.required and parameter.location in {"query", "header", "cookie"}:
                others = {key: one for key, one in valid.parameters.items() if key != where}
                name = f"without {parameter.location} {parameter.name}"
                yield replace(valid, parameters=others, why=name)
            if parameter.style == "json" or parameter.location in {"header", "cookie"}:
                continue
            if _refuses_words(self._schemas, parameter):
                changed = {**valid.parameters, where: "notavalue"}
                name = f"{parameter.location} {parameter.name} of another type"
                yield replace(valid, parameters=changed, why=name)

    def _body_violations(self, valid: Message) -> Iterator[Message]:
        body = valid.operation.body
        if body is None or valid.media is None:
            return
        if body.required:
            yield replace(valid, media=None, body=None, why="without a body")
        if is_json(valid.media):
            for why, changed in self._values.broken(body.content[valid.media], valid.body):
                yield replace(valid, body=changed, why=f"body {why}")
        elif "form" in valid.media:
            for why, changed in self._values.broken(body.content[valid.media], valid.body):
                if why.startswith("without"):
                    yield replace(valid, body=changed, why=f"form {why}")


def _keys(operation: Operation) -> set[tuple[str, str]]:
    """Return names and locations of the keys of an operation, which may be parameters, too."""
    return {(scheme.name, scheme.location) for part in operation.security for scheme in part}


def _readings(value: Any) -> list[Any]:
    """Return what a path may mean by the text of a value."""
    text = str(value)
    return [value, text, int(text)] if text.isdecimal() else [value, text]


def _refuses_words(schemas: Schemas, parameter: Parameter) -> bool:
    """Return whether no reading of the word ``notavalue`` is a value of the parameter."""
    readings: tuple[Any, ...] = ("notavalue", ["notavalue"])
    schema = schemas.follow(parameter.schema)
    if not isinstance(schema, dict) or schema.get("type") == "object" or not schema:
        return False
    return not any(schemas.accepts(parameter.schema, reading) for reading in readings)


def _media(content: Mapping[str, Any]) -> str:
    for wanted in (is_json, lambda media: _FORM in media, lambda media: "multipart" in media):
        for media in content:
            if wanted(media):
                return media
    return next(iter(content))


def target_of(message: Message) -> str:
    """Return path and query."""
    path = message.operation.path
    query: list[str] = []
    for parameter in message.operation.parameters:
        value = message.parameters.get((parameter.name, parameter.location))
        if value is None:
            continue
        if parameter.location == "path":
            text = _in_path(parameter, value)
            path = path.replace(f"{{{parameter.name}}}", text)
        elif parameter.location == "query":
            query += _in_query(parameter, value)
    query += [
        f"{quote(scheme.name)}={quote(message.account)}"
        for scheme in _credentials(message)
        if scheme.location == "query"
    ]
    plain = quote(path, safe="/:;,=@$&+!*'()~%[]{}")
    return plain + ("?" + "&".join(query) if query else "")


def headers_of(message: Message) -> dict[str, str]:
    """Return the headers without those of the body."""
    found = {"Accept": message.operation.accepted}
    cookies: list[str] = []
    for parameter in message.operation.parameters:
        value = message.parameters.get((parameter.name, parameter.location))
        if value is None:
            continue
        if parameter.location == "header" and parameter.name.lower() not in _OURS:
            found[parameter.name] = _simple(value, parameter.explode)
        elif parameter.location == "cookie":
            cookies.append(f"{parameter.name}={quote(_simple(value, False))}")
    for scheme in _credentials(message):
        if scheme.kind == "basic":
            pair = base64.b64encode(f"{message.account}:secret".encode()).decode()
            found["Authorization"] = f"Basic {pair}"
        elif scheme.kind == "bearer":
            found["Authorization"] = f"Bearer {message.account}"
        elif scheme.location == "cookie":
            cookies.append(f"{scheme.name}={message.account}")
        elif scheme.location == "header":
            found[scheme.name] = message.account
    return found | ({"Cookie": "; ".join(cookies)} if cookies else {})


_OURS = {"accept", "content-type", "authorization", "content-length"}


def body_of(message: Message) -> tuple[bytes, str] | None:
    """Return the content of the body and its media type."""
    media = message.media
    if media is None:
        return None
    if is_json(media):
        name = "application/json" if "*" in media else media
        return json.dumps(message.body).encode(), name
    if media.startswith(_FORM):
        pairs = list(_pairs(message.body if isinstance(message.body, dict) else {}))
        return urlencode(pairs).encode(), media
    if media.startswith("multipart/"):
        return _multipart(message.body), f"multipart/form-data; boundary={_BOUNDARY}"
    if isinstance(message.body, str):
        return message.body.encode(), "application/octet-stream" if "*" in media else media
    return json.dumps(message.body).encode(), media


def _credentials(message: Message) -> list[Scheme]:
    security = message.operation.security
    if not message.account or not security:
        return []
    return min(security, key=lambda requirement: any(one.kind == "none" for one in requirement))


def _in_path(parameter: Parameter, value: Any) -> str:
    if parameter.style == "label":
        return "." + quote(_simple(value, parameter.explode), safe=",=")
    if parameter.style == "matrix":
        return f";{parameter.name}={quote(_simple(value, False), safe=',')}"
    return quote(_simple(value, parameter.explode), safe=",=")


def _in_query(parameter: Parameter, value: Any) -> list[str]:
    name = quote(parameter.name, safe="[]$")
    if parameter.style == "json":
        return [f"{name}={quote(json.dumps(value))}"]
    if parameter.style == "deepObject" and isinstance(value, dict | list):
        pairs = _pairs({parameter.name: value})
        return [f"{quote(key, safe='[]')}={quote(text)}" for key, text in pairs]
    if isinstance(value, list):
        texts = [quote(_text(item)) for item in value]
        separator = _SEPARATORS.get(parameter.style, ",")
        values = texts if parameter.explode else [separator.join(texts)]
        return [f"{name}={text}" for text in values]
    if isinstance(value, dict) and parameter.explode:
        return [f"{quote(key)}={quote(_text(inner))}" for key, inner in value.items()]
    return [f"{name}={quote(_simple(value, False), safe=',')}"]


def _simple(value: Any, explode: bool) -> str:
    if isinstance(value, list):
        return ",".join(map(_text, value))
    if isinstance(value, dict):
        sign = "=" if explode else ","
        return ",".join(f"{name}{sign}{_text(inner)}" for name, inner in value.items())
    return _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)


def _pairs(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Return the pairs of a form, with nested names in brackets."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _pairs(inner, f"{name}[{key}]" if name else str(key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            nested = isinstance(inner, dict | list)
            yield from _pairs(inner, f"{name}[{number}]" if nested else name)
    elif value is not None:
        yield name, _text(value)


def _multipart(value: Any) -> bytes:
    parts: list[str] = []
    for name, inner in (value if isinstance(value, dict) else {}).items():
        for item in inner if isinstance(inner, list) else [inner]:
            kind = "\r\nContent-Type: application/json" if isinstance(item, dict) else ""
            head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{kind}'
            parts.append(f"{head}\r\n\r\n{_text(item)}\r\n")
    return ("".join(parts) + f"--{_BOUNDARY}--\r\n").encode()
