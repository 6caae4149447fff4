"""Judges responses against the document by jsonschema-rs, independently of all mocks."""

from __future__ import annotations

from typing import Any

from benchmarks.documents.client import Answer
from benchmarks.documents.operation import Operation, is_json
from benchmarks.documents.reading import Schemas

_LONGEST = 160


def violations(operation: Operation, answer: Answer, schemas: Schemas) -> list[str]:
    """Return what is wrong with a response whose status is documented."""
    if not operation.responses:
        return []
    response = operation.response(answer.status)
    if response is None:
        return [f"status {answer.status} is not documented"]
    if not response.content or operation.method == "HEAD":
        return []
    if not answer.content and (not answer.media or answer.status in {204, 304}):
        return [] if answer.status in {204, 304} or answer.status < 200 else ["no body"]
    media = _documented(answer.media, list(response.content))
    if media is None:
        return [f"media type {answer.media or '(none)'} is not documented"]
    return _body_errors(answer, response.content[media], schemas)


def _body_errors(answer: Answer, schema: Any, schemas: Schemas) -> list[str]:
    if schema is None or not is_json(answer.media):
        return []
    try:
        value = answer.json()
    except ValueError:
        return ["the body is not JSON"]
    return [error[:_LONGEST] for error in schemas.errors(schema, value)]


def _documented(media: str, names: list[str]) -> str | None:
    for name in names:
        plain = name.partition(";")[0].strip().lower()
        if plain in {media, "*/*"} or (plain.endswith("/*") and media.startswith(plain[:-1])):
            return name
    return None
