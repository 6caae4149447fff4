"""Requests that the proxy refuses, as it could not forward them unchanged."""

from __future__ import annotations

import re
import socket
from collections.abc import Collection, Iterable
from ipaddress import ip_address

_AUTHORITY = re.compile(r"(?:\[([^\]]*)\]|([^:\[\]]*))(?::[0-9]*)?")
_FRAMING = (b"content-length", b"host", b"transfer-encoding")
"""Headers without which a request would become another one."""

Pairs = Iterable[tuple[bytes, bytes]]


def own_names(*more: str) -> frozenset[str]:
    """Return the names of this machine, in lower case."""
    return frozenset(name.lower() for name in ("localhost", socket.gethostname(), *more) if name)


def refusal(headers: Pairs, names: Collection[str]) -> tuple[int, str] | None:
    """Return the status and the reason if a request must not be forwarded.

    The proxy replaces ``Host``. So a request for another host than the proxy would be taken for one
    for the upstream: that of a web page, for example, whose name was rebound to this machine.
    """
    hosts = [value.decode("latin-1") for name, value in headers if name == b"host"]
    if len(hosts) > 1:
        return 400, "the request has more than one Host"
    if hosts and not _is_own(hosts[0], names):
        return 421, (
            f"the request is for the host {hosts[0][:100]!r}, not for this proxy; "
            "call it by its address, or start it with --allow-host"
        )
    for token in _tokens(headers, b"connection"):
        if token in _FRAMING:
            return 400, f"the header Connection names {token.decode()}, which cannot be removed"
    codings = list(_tokens(headers, b"transfer-encoding"))
    if codings not in ([], [b"chunked"]):
        return 400, "the proxy supports no Transfer-Encoding but chunked"
    return None


def _is_own(authority: str, names: Collection[str]) -> bool:
    """Return whether a host can only be the proxy: an address, a name of it, or no public name."""
    found = _AUTHORITY.fullmatch(authority.strip())
    if found is None:
        return False
    host = (found[1] or found[2] or "").lower().removesuffix(".")
    try:
        ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(".localhost") or host in names
    return True


def _tokens(headers: Pairs, name: bytes) -> Iterable[bytes]:
    """Return the elements of a header that is a list, in lower case."""
    values = (value for key, value in headers if key == name)
    return (token.strip().lower() for value in values for token in value.split(b","))
