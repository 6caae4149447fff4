"""Where a request carries its key, by the document's security schemes."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
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


@dataclass(frozen=True)
class Carrier:
    """Where the requests of one operation carry a key."""

    location: str
    """header, query or cookie"""
    name: str
    prefix: str = ""

    def value(self, key: str) -> str:
        """Return what is written there for a key. A basic key without a colon is a user's name."""
        if self.prefix != _SCHEMES["basic"]:
            return self.prefix + key
        is_pair = ":" in _decoded(key)
        pair = key if ":" in key else f"{key}:"
        return self.prefix + (key if is_pair else b64encode(pair.encode()).decode())


API_KEY = Credential("X-API-Key")
"""The header of keys where no document says otherwise."""
_SCHEMES = {"bearer": "Bearer ", "basic": "Basic "}


def credential_of(document: Mapping[str, Any]) -> Credential | None:
    """Return where requests carry their key; None if the document uses no security scheme.

    Keys of the query have no header. For them it is the usual one, in which no key is accepted.
    """
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    used = [schemes.get(name) or {} for name in _used(document)]
    found = next((credential for scheme in used if (credential := _credential(scheme))), None)
    has_query = any(_carrier(scheme) is not None for scheme in used)
    return found or (API_KEY if has_query else None)


def carriers_of(document: Mapping[str, Any], security: Any) -> tuple[Carrier, ...]:
    """Return where the first of some security requirements that the kit can satisfy has its keys.

    A requirement may have several schemes: all carry the same key.
    """
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    for requirement in security or ():
        found = [_carrier(schemes.get(name) or {}) for name in requirement]
        if found and None not in found:
            return tuple(carrier for carrier in found if carrier is not None)
    return ()


def is_basic(carrier: Carrier) -> bool:
    """Return whether a carrier holds a user and a password."""
    return carrier.prefix == _SCHEMES["basic"]


def writer(carriers: Iterable[Carrier], credential: Credential) -> Callable[[str], str]:
    """Return how a key is written in the header of a credential: basic keys are encoded."""
    for carrier in carriers:
        if carrier.location == "header" and carrier.name.lower() == credential.header.lower():
            return carrier.value
    return credential.value


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


def _carrier(scheme: Mapping[str, Any]) -> Carrier | None:
    if scheme.get("type") == "apiKey" and scheme.get("in") in ("query", "cookie"):
        return Carrier(str(scheme["in"]), str(scheme["name"]))
    found = _credential(scheme)
    return Carrier("header", found.header, found.prefix) if found is not None else None


def _decoded(text: str) -> str:
    try:
        return b64decode(text, validate=True).decode()
    except ValueError:
        return ""


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
