"""Security requirements of a document, and the credentials that satisfy them.

Any value that has the form of its scheme is accepted. Two kinds of schemes are satisfied by every
request: ``mutualTLS``, whose certificates a proxy checks before the mock, and schemes that the
document does not define, since no request could satisfy them (see ``undefined_schemes``).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

from msgspec import Struct

Headers = Mapping[bytes, bytes]
Reader = Callable[[Headers, bytes], str | None]
"""Reads the credentials of one scheme from headers and query; None if they are missing."""


class Security(Struct, frozen=True, dict=True):
    """The security requirements of an operation: alternatives, each a list of schemes."""

    alternatives: tuple[tuple[Reader, ...], ...] = ()
    challenge: str | None = None
    """The value of ``WWW-Authenticate``: the challenges of all schemes that have one."""
    places: tuple[tuple[bytes, str], ...] = ()
    """The header of each scheme, in lower case, and how a sentence names what to send."""

    @cached_property
    def is_used(self) -> bool:
        """Whether the operation reads credentials."""
        return any(self.alternatives)

    @cached_property
    def is_required(self) -> bool:
        """Whether the operation refuses requests without credentials."""
        return bool(self.alternatives) and all(self.alternatives)

    @cached_property
    def optional(self) -> Security:
        """The same requirements, but satisfied without credentials too."""
        return Security((*self.alternatives, ()), self.challenge, self.places)

    def credentials(self, headers: Headers, query: bytes) -> str | None:
        """Return the credentials of the first satisfied alternative; None if none is satisfied.

        They are empty if none are required and none are sent.
        """
        found = None if self.is_required else ""
        for alternative in filter(None, self.alternatives):
            values = [reader(headers, query) for reader in alternative]
            if None not in values:
                found = "\n".join(filter(None, values))
                if found:
                    return found
        return found


OPEN = Security()
"""No requirement."""


def compile_security(
    requirements: Iterable[Mapping[str, Any]], schemes: Mapping[str, Mapping[str, Any]]
) -> Security:
    """Compile security requirements."""
    alternatives = tuple(
        tuple(_reader(schemes.get(name, {})) for name in requirement)
        for requirement in requirements
    )
    named = [schemes.get(name, {}) for requirement in requirements for name in requirement]
    challenges = dict.fromkeys(filter(None, map(_challenge, named)))
    return Security(
        alternatives, ", ".join(challenges) or None, tuple(filter(None, map(_place, named)))
    )


def undefined_schemes(
    requirements: Iterable[Mapping[str, Any]], schemes: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Return the names of required schemes that are not defined, or not in a form of OpenAPI."""
    required = dict.fromkeys(name for requirement in requirements for name in requirement)
    return [name for name in required if not _is_defined(schemes.get(name, {}))]


def _is_defined(scheme: Mapping[str, Any]) -> bool:
    kind = scheme.get("type")
    if kind == "apiKey":
        return scheme.get("in") in _PLACES and bool(scheme.get("name"))
    if kind == "http":
        return bool(scheme.get("scheme"))
    return kind in ("oauth2", "openIdConnect", "mutualTLS")


def _reader(scheme: Mapping[str, Any]) -> Reader:
    """Return the reader of one security scheme."""
    kind = scheme.get("type")
    if kind == "mutualTLS" or not _is_defined(scheme):
        return lambda _headers, _query: ""
    if kind == "apiKey":
        return _PLACES[scheme["in"]](str(scheme["name"]))
    if kind == "http":
        return _authorization(str(scheme["scheme"]).lower())
    return _authorization("bearer")


def _place(scheme: Mapping[str, Any]) -> tuple[bytes, str] | None:
    """Return the header of a scheme, empty if it has none, and how to send the credentials."""
    kind, place, name = scheme.get("type"), scheme.get("in"), str(scheme.get("name", ""))
    if kind == "apiKey":
        header = name.lower().encode("latin-1", "replace") if place == "header" else b""
        return header, f"the {'query parameter' if place == 'query' else place} '{name}'"
    challenge = _challenge(scheme)
    if challenge is None:
        return None
    return b"authorization", f"the header 'Authorization: {challenge.partition(' ')[0]} ...'"


def _challenge(scheme: Mapping[str, Any]) -> str | None:
    if scheme.get("type") in ("oauth2", "openIdConnect"):
        return "Bearer"
    name = str(scheme.get("scheme", "")).capitalize()
    if scheme.get("type") != "http" or not name:
        return None
    return 'Basic realm="mock"' if name == "Basic" else name


def _in_header(name: str) -> Reader:
    key = name.lower().encode("latin-1", "replace")
    return lambda headers, _query: headers.get(key, b"").decode("latin-1").strip() or None


def _in_query(name: str) -> Reader:
    def read(_: Headers, query: bytes) -> str | None:
        return parse_qs(query.decode("latin-1")).get(name, [""])[-1] or None

    return read


def _in_cookie(name: str) -> Reader:
    def read(headers: Headers, _query: bytes) -> str | None:
        for pair in headers.get(b"cookie", b"").decode("latin-1").split(";"):
            key, _, quoted = pair.strip().partition("=")
            if key == name:
                return quoted.strip('"') or None
        return None

    return read


def _authorization(wanted: str) -> Reader:
    def read(headers: Headers, _query: bytes) -> str | None:
        scheme, _, value = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        value = value.strip()
        if scheme.lower() != wanted or not value:
            return None
        return value if wanted != "basic" or _is_basic(value) else None

    return read


def _is_basic(value: str) -> bool:
    """Return whether a value is a user name and a password as RFC 7617 encodes them."""
    try:
        return b":" in b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False


_PLACES: Mapping[str, Callable[[str], Reader]] = {
    "header": _in_header,
    "query": _in_query,
    "cookie": _in_cookie,
}
