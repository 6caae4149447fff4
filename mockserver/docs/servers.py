"""The servers that a reader may choose for samples."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

from mockserver.docs.model import Operation, Reference
from mockserver.docs.reader import MOCK_URL
from mockserver.loopback import is_loopback


@dataclass(frozen=True, slots=True)
class Choice:
    """A server with its address as samples have it."""

    url: str
    description: str
    is_own: bool = False
    """Whether it is the mock that serves the page."""


class Servers:
    """The servers of a document. The mock that serves the page comes first if there is one."""

    def __init__(self, reference: Reference, origin: str = "") -> None:
        self._origin = origin
        self._documented = [
            Choice(urljoin(MOCK_URL, server.url).rstrip("/"), server.description or "")
            for server in reference.servers
        ]

    @property
    def choices(self) -> list[Choice]:
        """All servers. Beside the mock that serves the page there is no other local one."""
        if not self._origin:
            return self._documented
        own = Choice(self._moved(self._documented[0].url), "This mock", is_own=True)
        return [own, *(server for server in self._documented if not _is_local(server.url))]

    @property
    def replacements(self) -> list[tuple[str, str, bool]]:
        """Each address in texts, what to show, and whether it changes with the reader's choice."""
        first, *others = self._documented
        if not self._origin:
            return [(first.url, first.url, True)]
        texts = [(first.url, self.choices[0].url, True)]
        return texts + [
            (server.url, self._moved(server.url), False)
            for server in others
            if _is_local(server.url)
        ]

    def applied(self, operation: Operation) -> Operation:
        """Return an operation with the mock that serves the page as its server, if there is one."""
        if not self._origin:
            return operation
        return replace(operation, server=self._moved(operation.server))

    def changeable(self, operation: Operation) -> str | None:
        """Return the address in a sample if it is that of the whole document."""
        return operation.server if operation.server == self.choices[0].url else None

    def _moved(self, url: str) -> str:
        return self._origin + path_of(url) if self._origin else url


def path_of(url: str) -> str:
    """Return the path of a server's address, under which its operations are."""
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _is_local(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False
