"""Where a webhook goes: a URL, taken apart once, that leads to an allowed host and nowhere else."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from mockserver.loopback import is_loopback

MAX_LENGTH = 2_048

_PLAIN = re.compile(r"[!-~]+")
_SCHEMES = {"http": 80, "https": 443}


class RefusedUrl(Exception):
    """A URL to which nothing is sent: why, and how to put it right."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL as it is called. The host is what was checked: nothing parses the URL a second time."""

    url: str
    is_tls: bool
    host: str
    port: int
    path: str
    """With the query."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """What to connect to, in this order. ``localhost`` is asked of no resolver: it is this machine."""
        return ("127.0.0.1", "::1") if self.host == "localhost" else (self.host,)

    @property
    def is_local(self) -> bool:
        return is_loopback(self.host)

    @property
    def authority(self) -> str:
        """What the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return (
            host
            if self.port == _SCHEMES["https" if self.is_tls else "http"]
            else f"{host}:{self.port}"
        )


def parse(url: str, *, allowed: Collection[str] = (), own_port: int | None = None) -> Target:
    """The target of a URL. Raises RefusedUrl.

    ``allowed`` names hosts beside this machine. ``own_port`` is the mock's own: a webhook to itself could do what only
    its control API may.
    """
    if len(url) > MAX_LENGTH or not _PLAIN.fullmatch(url):
        raise RefusedUrl(
            f"The URL must be plain ASCII without spaces, and at most {MAX_LENGTH} characters long."
        )
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        raise RefusedUrl(f"'{url}' is no URL.") from None
    if scheme not in _SCHEMES or not host:
        raise RefusedUrl(
            f"'{url}' must be a URL such as http://127.0.0.1:3000/webhooks, with http or https."
        )
    if parts.username is not None or parts.password is not None:
        raise RefusedUrl(
            "The URL must carry no user name and no password: nothing would send them."
        )
    port = _SCHEMES[scheme] if port is None else port
    if not is_loopback(host) and host not in allowed:
        raise RefusedUrl(
            f"'{host}' is not this machine, and webhooks go nowhere else. "
            f"Start the mock with --allow-webhook-host {host} to allow it."
        )
    if is_loopback(host) and port == own_port:
        raise RefusedUrl(f"Port {port} is the mock's own. Give the address of your own server.")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(url, scheme == "https", host, port, path)
