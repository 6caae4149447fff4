"""Codes of errors that agree with their HTTP status."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from mockserver.engine.coercion import parts_of
from mockserver.openapi.contract import Contract
from mockserver.openapi.schemas import Schema

_CODES = frozenset({"code", "error_code", "errorCode", "type", "error", "status", "reason"})
"""Names of properties that may hold a code."""
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*")
_WORDS: dict[int, tuple[str, ...]] = {
    400: ("badrequest", "invalidrequest", "invalid", "validation", "malformed", "bad"),
    401: ("unauthenticated", "unauthorized", "authentication"),
    403: ("forbidden", "permission", "denied"),
    404: ("notfound", "nosuch", "missing", "unknown"),
    405: ("methodnotallowed", "method"),
    406: ("notacceptable", "acceptable"),
    409: ("conflict", "exists", "duplicate"),
    413: ("toolarge", "large"),
    415: ("unsupportedmedia", "mediatype", "unsupported"),
    422: ("unprocessable", "validation", "invalid"),
    429: ("toomanyrequests", "ratelimit", "throttled"),
    500: ("internal", "servererror", "server"),
    501: ("notimplemented", "internal", "server"),
    503: ("unavailable", "internal", "server"),
}
"""Parts of codes that fit a status, without separators, the best one first."""


def with_code(body: Any, schema: Schema, status: int, contract: Contract) -> Any:
    """Return a body whose codes fit a status: a member of the enum, else words of its phrase.

    A code stays as it is where its enum has no member that fits.
    """
    if isinstance(body, list):
        items = [part["items"] for part in parts_of([schema], contract) if "items" in part]
        return [with_code(item, items[0] if items else {}, status, contract) for item in body]
    if not isinstance(body, dict):
        return body
    properties: Schema = {}
    for part in reversed(parts_of([schema], contract)):
        properties |= part.get("properties", {})
    return {
        name: _code(value, properties.get(name, {}), status, contract)
        if name in _CODES and isinstance(value, str)
        else with_code(value, properties.get(name, {}), status, contract)
        for name, value in body.items()
    }


def _code(value: str, schema: Schema, status: int, contract: Contract) -> str:
    parts = parts_of([schema], contract)
    members = [
        member
        for part in parts
        for member in part.get("enum", [part["const"]] if "const" in part else [])
        if isinstance(member, str)
    ]
    if members:
        return _fitting(members, status) or value
    return _like(value, status) if _CODE.fullmatch(value) else value


def _fitting(members: list[str], status: int) -> str | None:
    """Return the member of an enum that fits a status best."""
    words = [*_WORDS.get(status, ())]
    if 400 <= status < 500 and status not in (401, 403, 404):
        words += _WORDS[400]
    for word in (_plain(_phrase(status)), *words):
        for member in members:
            if word in _plain(member) or member == str(status):
                return member
    return None


def _like(value: str, status: int) -> str:
    """Return the phrase of a status in the notation of another code."""
    words = _phrase(status)
    if value.isupper():
        return words.upper().replace(" ", "_")
    if "-" in value:
        return words.replace(" ", "-")
    if "_" not in value and value != value.lower():
        joined = words.title().replace(" ", "")
        return joined if value[0].isupper() else joined[0].lower() + joined[1:]
    return words.replace(" ", "_")


def _phrase(status: int) -> str:
    try:
        return re.sub(r"[^a-z ]", " ", HTTPStatus(status).phrase.lower())
    except ValueError:
        return "client error" if status < 500 else "server error"


def _plain(text: str) -> str:
    return re.sub(r"[^a-z]", "", text.lower())
