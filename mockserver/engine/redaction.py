"""Hides secrets in recorded requests and responses."""

import re
from collections.abc import Callable
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import orjson
from msgspec import Struct

HIDDEN = "***"
MAX_DEPTH = 64
"""Deeper JSON is hidden, because the encoder fails at a depth of 254."""
USUAL_SECRETS = frozenset(
    {"password", "secret", "client_secret", "token", "access_token", "refresh_token", "api_key"}
)

_SHOWN_CHARACTERS = 2


class Redactor(Struct, frozen=True, dict=True):
    """Replaces secrets in recorded requests and responses by ``***``."""

    secret_fields: frozenset[str] = USUAL_SECRETS
    """Names of JSON fields and query parameters whose values are secret."""
    key: re.Pattern[str] | None = None
    """Matches an API key in any text. Its first group may be shown."""
    is_public: Callable[[str], bool] = lambda _: False
    """Whether a key is no secret, because it is in the fixtures."""

    def show(self, key: str) -> str:
        """Return a public key, or the beginning of any other."""
        return key if self.is_public(key) else self.mask(key)

    def mask(self, key: str) -> str:
        """Return the beginning of a key, which is enough to distinguish keys."""
        match = self.key.match(key) if self.key is not None else None
        prefix = match[1] if match else ""
        secret = key[len(prefix) :]
        return f"{prefix}{secret[: min(_SHOWN_CHARACTERS, len(secret) // 2)]}{HIDDEN}"

    def text(self, value: str) -> str:
        """Return a text without keys."""
        return self.key.sub(rf"\1{HIDDEN}", value) if self.key is not None else value

    def query(self, value: str) -> str:
        """Return a query string without keys and without the values of secret parameters."""
        return "&".join(map(self._parameter, value.split("&")))

    def body(self, payload: bytes) -> Any:
        """Return a body as JSON, or as text if it is not JSON or was cut; None if it is empty."""
        if not payload:
            return None
        try:
            return self._json(orjson.loads(payload), MAX_DEPTH)
        except orjson.JSONDecodeError:
            text = payload.decode("utf-8", "replace")
            return self.text(self._field_pattern.sub(rf'\1"{HIDDEN}"', text))

    @cached_property
    def _field_pattern(self) -> re.Pattern[str]:
        names = "|".join(map(re.escape, sorted(self.secret_fields)))
        return re.compile(rf'("(?:{names})"\s*:\s*)("(?:[^"\\]|\\.)*"?|[^\s,}}]+)')

    def _json(self, value: Any, depth: int) -> Any:
        match value:
            case str():
                return self.text(value)
            case dict() | list() if depth == 0:
                return HIDDEN
            case dict():
                return {
                    self.text(name): self._field(name, item, depth - 1)
                    for name, item in value.items()
                }
            case list():
                return [self._json(item, depth - 1) for item in value]
        return value

    def _field(self, name: str, value: Any, depth: int) -> Any:
        is_secret = name in self.secret_fields and value is not None
        return HIDDEN if is_secret else self._json(value, depth)

    def _parameter(self, pair: str) -> str:
        name, equals, value = pair.partition("=")
        if unquote_plus(name) in self.secret_fields:
            return f"{name}={HIDDEN}"
        return self._quoted(name) + equals + self._quoted(value)

    def _quoted(self, part: str) -> str:
        """Return a part of a query as it was sent, unless it contains a key."""
        plain = unquote_plus(part)
        shown = self.text(plain)
        return part if shown == plain else quote_plus(shown, safe="*")
