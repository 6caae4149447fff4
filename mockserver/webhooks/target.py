"""The target of a webhook: a URL, parsed once, whose host is allowed."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from msgspec import Struct

from mockserver.loopback import is_loopback

MAX_LENGTH = 2_048

_PLAIN = re.compile(r"[!-~]+")
_SCHEMES = {"http": 80, "https": 443}


class RefusedUrl(Exception):
    """A URL that webhooks must not use; the message says why and how to correct it."""


class Target(Struct, frozen=True):
    """A parsed URL. The host that was checked is the host that is called."""

    url: str
    is_tls: bool
    host: str
    port: int
    path: str
    """Path and query."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """Hosts to connect to, in order. ``localhost`` is this machine; no resolver is asked."""
        return ("127.0.0.1", "::1") if self.host == "localhost" else (self.host,)

    @property
    def is_local(self) -> bool:
        """Whether the host is this machine."""
        return is_loopback(self.host)

    @property
    def authority(self) -> str:
        """Value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        default_port = _SCHEMES["https" if self.is_tls else "http"]
        return host if self.port == default_port else f"{host}:{self.port}"


def parse(url: str, *, allowed: Collection[str] = (), own_port: int | None = None) -> Target:
    """Return the target of a URL. Raises RefusedUrl.

    ``allowed`` lists hosts beside this machine. ``own_port`` is the mock's own port: a webhook to
    the mock itself could use the control API on behalf of any client.
    """
    if len(url) > MAX_LENGTH or not _PLAIN.fullmatch(url):
        raise RefusedUrl(
            f"The URL must be plain ASCII without spaces, and at most {MAX_LENGTH} characters long."
        )
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        raise RefusedUrl(f"'{url}' is not a URL.") from None
    if scheme not in _SCHEMES or not host:
        raise RefusedUrl(
            f"'{url}' must be a URL such as http://127.0.0.1:3000/webhooks, with http or https."
        )
    if parts.username is not None or parts.password is not None:
        raise RefusedUrl("The URL must not contain a user name or a password: they are not sent.")
    port = _SCHEMES[scheme] if port is None else port
    if not is_loopback(host) and host not in allowed:
        raise RefusedUrl(
            f"'{host}' is not this machine. "
            f"Start the mock with --allow-webhook-host {host} to allow it."
        )
    if is_loopback(host) and port == own_port:
        raise RefusedUrl(f"Port {port} is the mock's own. Use the address of your own server.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(url, scheme == "https", host, port, path)
