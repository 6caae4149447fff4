"""Judges responses against the document by jsonschema-rs, independently of all mocks."""

from __future__ import annotations

from typing import Any

from benchmarks.documents.client import Reply
from benchmarks.documents.operation import Operation, is_json
from benchmarks.documents.reading import Schemas

_LONGEST = 160


def violations(operation: Operation, reply: Reply, schemas: Schemas) -> list[str]:
    """Return what is wrong with a response whose status is documented."""
    if not operation.responses or _is_open(operation, reply):
        return []
    response = operation.response(reply.status)
    if response is None:
        return [f"status {reply.status} is not documented"]
    if not response.content or operation.method == "HEAD":
        return []
    if not reply.content and (not reply.media or reply.status in {204, 304}):
        return [] if reply.status in {204, 304} or reply.status < 200 else ["no body"]
    media = _documented(reply.media, list(response.content))
    if media is None:
        return [f"media type {reply.media or '(none)'} is not documented"]
    return _body_errors(reply, response.content[media], schemas)


def _is_open(operation: Operation, reply: Reply) -> bool:
    """Return whether a success has no body where only errors are documented."""
    has_success = any(name[0] not in "45" for name in operation.responses)
    return not has_success and reply.status < 300 and not reply.content


def _body_errors(reply: Reply, schema: Any, schemas: Schemas) -> list[str]:
    if schema is None or not is_json(reply.media):
        return []
    try:
        value = reply.json()
    except ValueError:
        return ["the body is not JSON"]
    return [error[:_LONGEST] for error in schemas.errors(schema, value)]


def _documented(media: str, names: list[str]) -> str | None:
    for name in names:
        plain = name.partition(";")[0].strip().lower()
        if plain in {media, "*/*"} or (plain.endswith("/*") and media.startswith(plain[:-1])):
            return name
    return None
