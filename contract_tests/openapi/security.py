"""Where a request carries its key, by the document's security schemes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Credential:
    """The header that carries a key, and what precedes the key in it."""

    header: str
    prefix: str = ""
    """The authentication scheme and a space, such as ``Bearer ``."""

    def value(self, key: str) -> str:
        """Return the header's value for a key."""
        return self.prefix + key

    def key_in(self, value: str) -> str | None:
        """Return the key in a header's value; None if the value is of another scheme."""
        if value[: len(self.prefix)].lower() != self.prefix.lower():
            return None
        return value[len(self.prefix) :].strip() or None

    @property
    def pointer(self) -> str:
        """JSON pointer of the header in an exchange."""
        return f"/request/headers/{self.header.lower()}"


API_KEY = Credential("X-API-Key")
"""The header of keys where no document says otherwise."""
_SCHEMES = {"bearer": "Bearer ", "basic": "Basic "}


def credential_of(document: Mapping[str, Any]) -> Credential | None:
    """Return where requests carry their key; None if the document uses no security scheme."""
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    for name in _used(document):
        found = _credential(schemes.get(name) or {})
        if found is not None:
            return found
    return None


def is_required(security: Any) -> bool:
    """Return whether a list of security requirements asks for any key at all."""
    return bool(security) and {} not in security


def _used(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of the schemes that are required somewhere, the document's own first."""
    lists = [document.get("security")]
    for item in (document.get("paths") or {}).values():
        for operation in item.values() if isinstance(item, dict) else ():
            lists.append(operation.get("security") if isinstance(operation, dict) else None)
    for security in lists:
        for requirement in security or ():
            yield from requirement


def _credential(scheme: Mapping[str, Any]) -> Credential | None:
    kind = scheme.get("type")
    if kind == "apiKey" and scheme.get("in") == "header":
        return Credential(str(scheme["name"]))
    if kind == "apiKey" and scheme.get("in") == "cookie":
        return Credential("Cookie", f"{scheme['name']}=")
    if kind == "http":
        prefix = _SCHEMES.get(str(scheme.get("scheme", "")).lower())
        return Credential("Authorization", prefix) if prefix is not None else None
    if kind in ("oauth2", "openIdConnect"):
        return Credential("Authorization", "Bearer ")
    return None
