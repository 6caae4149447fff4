"""Callbacks of operations: requests to URLs that a request or its response names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import orjson

from mockserver.engine.call import Call
from mockserver.engine.reply import Reply
from mockserver.openapi.contract import Contract, Operation
from mockserver.openapi.schemas import Schema
from mockserver.resources.places import request_schema_of

_EXPRESSION = re.compile(r"\{(\$[^{}]+)\}")


class Callback(NamedTuple):
    """One callback of an operation."""

    name: str
    expression: str
    """The URL, with runtime expressions such as ``{$request.body#/callbackUrl}``."""
    schema: Schema | None
    """The schema of its JSON body; None if it has none."""


def callbacks_of(contract: Contract, operation: Operation) -> list[Callback]:
    """Return the callbacks that an operation sends by POST."""
    found = []
    for name, reference in operation.node.get("callbacks", {}).items():
        for expression, item in contract.follow(reference).items():
            post = _post_of(contract, item)
            if post is not None:
                schema = request_schema_of(contract, post.get("requestBody"))
                found.append(Callback(str(name), str(expression), schema))
    return found


def webhook_schema_of(contract: Contract, item: Any) -> Schema | None:
    """Return the schema of the JSON body of a documented webhook; None if it has none."""
    post = _post_of(contract, item)
    return request_schema_of(contract, post.get("requestBody")) if post is not None else None


def _post_of(contract: Contract, item: Any) -> Schema | None:
    post = contract.follow(item).get("post") if isinstance(item, dict) else None
    return post if isinstance(post, dict) else None


def url_of(expression: str, call: Call[Any, Any], reply: Reply) -> str | None:
    """Return the URL of a callback; None if an exchange has no value for a part of it."""
    text = f"{{{expression}}}" if expression.startswith("$") else expression
    names = _EXPRESSION.findall(text)
    values = {name: _value(name, call, reply) for name in names}
    if any(not isinstance(value, str | int) or value == "" for value in values.values()):
        return None
    return _EXPRESSION.sub(lambda match: str(values[match[1]]), text)


def _value(expression: str, call: Call[Any, Any], reply: Reply) -> Any:
    """Return the value of a runtime expression of OpenAPI; None if there is none."""
    source, _, rest = expression.removeprefix("$").partition(".")
    if source == "method":
        return call.request.method
    if source == "url":
        return f"{call.base_url}{call.request.path}"
    if rest.startswith("body"):
        body = call.body if source == "request" else _json(reply.payload)
        return _at(body, rest.partition("#")[2])
    kind, _, name = rest.partition(".")
    if kind == "header":
        headers = call.request.headers if source == "request" else dict(reply.headers)
        value = headers.get(name.lower().encode("latin-1", "replace"))
        return value.decode("latin-1") if value is not None else None
    if kind == "path":
        return call.request.path_params.get(name)
    return next(iter(parse_qs(call.request.query.decode("latin-1")).get(name, [])), None)


def _at(body: Any, pointer: str) -> Any:
    for part in _parts(pointer):
        if isinstance(body, Mapping):
            body = body.get(part)
        elif isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        else:
            return None
    return body


def _parts(pointer: str) -> Iterator[str]:
    for part in pointer.split("/")[1:]:
        yield part.replace("~1", "/").replace("~0", "~")


def _json(payload: bytes) -> Any:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
