"""What people are shown of what was recorded: no API key, no verification code, no client secret."""

import re
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import orjson

HIDDEN = "***"
SECRET_FIELDS = frozenset({"code", "client_secret"})
MAX_DEPTH = 64
"""JSON that is nested deeper is not shown further: it is an attack, and the encoder would give up at 254."""

_SHOWN_OF_A_KEY = 2
_KEY = re.compile(r"(sk_(?:test|live)_)[^\s\"'\\&,;<>]+")
_FIELD = re.compile(r'("(?:code|client_secret)"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}]+)')


def mask_key(key: str) -> str:
    """How a key begins: enough to tell keys apart, never all of it."""
    prefix, secret = key[: len("sk_test_")], key[len("sk_test_") :]
    return f"{prefix}{secret[: min(_SHOWN_OF_A_KEY, len(secret) // 2)]}{HIDDEN}"


def text(value: str) -> str:
    """Text without keys."""
    return _KEY.sub(rf"\1{HIDDEN}", value)


def query(value: str) -> str:
    """A query string without keys and without the values of secret fields."""
    return "&".join(map(_parameter, value.split("&")))


def body(payload: bytes) -> Any:
    """A body for people: JSON as JSON, anything else (or JSON that was cut) as text, None if there was none."""
    if not payload:
        return None
    try:
        return _json(orjson.loads(payload), MAX_DEPTH)
    except orjson.JSONDecodeError:
        return text(_FIELD.sub(rf'\1"{HIDDEN}"', payload.decode("utf-8", "replace")))


def _json(value: Any, depth: int) -> Any:
    match value:
        case str():
            return text(value)
        case dict() | list() if depth == 0:
            return HIDDEN
        case dict():
            return {text(name): _field(name, each, depth - 1) for name, each in value.items()}
        case list():
            return [_json(each, depth - 1) for each in value]
    return value


def _field(name: str, value: Any, depth: int) -> Any:
    return HIDDEN if name in SECRET_FIELDS and value is not None else _json(value, depth)


def _parameter(pair: str) -> str:
    name, equals, value = pair.partition("=")
    if unquote_plus(name) in SECRET_FIELDS:
        return f"{name}={HIDDEN}"
    return _quoted(name) + equals + _quoted(value)


def _quoted(part: str) -> str:
    """The part as it was sent, if nothing in it has to be hidden."""
    plain = unquote_plus(part)
    shown = text(plain)
    return part if shown == plain else quote_plus(shown, safe="*")
