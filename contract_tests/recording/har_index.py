"""An index of a HAR file: its deployments, its hosts, and the order of its exchanges."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from contract_tests.errors import UsageError
from contract_tests.http.exchange import ANYBODY, Exchange
from contract_tests.http.redaction import Keyring
from contract_tests.openapi.contract import Contract
from contract_tests.recording.har import Har, Unusable, exchange_of
from contract_tests.recording.har_source import Attachments

Origin = tuple[str, str, int]

OTHER_HOST = "for another host"
NOT_OF_THE_RUN = "that the run did not send"
_SHOWN = 5


@dataclass(frozen=True)
class _Entry:
    """The facts of an entry that are needed before the first is judged."""

    index: int
    """The position in the file."""
    ended: float
    number: int
    origin: Origin


@dataclass
class HarIndex:
    """An index of a file, built by a first pass over it.

    A file lists entries in the order in which they began. They are judged in the order in which
    they ended.
    """

    har: Har
    page_hosts: tuple[str, ...]
    """Hosts of pages that change accounts outside the API, such as a payment page."""
    bases: Counter[str] = field(default_factory=Counter)
    """The numbers of entries with a declared path, by their base URL."""
    hosts: Counter[str] = field(default_factory=Counter)
    """The numbers of entries by host."""
    unusable: Counter[str] = field(default_factory=Counter)
    with_credentials: int = 0
    _entries: list[_Entry] = field(default_factory=list)

    @classmethod
    def of(
        cls, path: Path, contract: Contract, keyring: Keyring, page_hosts: tuple[str, ...]
    ) -> HarIndex:
        """Return the index of a file. Raises UsageError."""
        found = cls(Har(path), page_hosts)
        paths = (
            re.sub(r"\\\{[^/]+?\\\}", "[^/]+", re.escape(operation.path))
            for operation in contract.operations.values()
        )
        declared = re.compile(f"(?:{'|'.join(dict.fromkeys(paths))})$")
        for position, exchange in found._usable(found.unusable):
            found._note(position, exchange, declared, keyring)
        return found

    def exchanges(self, base: str) -> Iterator[Exchange]:
        """Yield the exchanges that concern a deployment, in the order in which they ended."""
        order = sorted(
            (entry for entry in self._entries if self._matters(entry, base)), key=self._sort_key()
        )
        ranks = {entry.index: rank for rank, entry in enumerate(order, 1)}
        early: dict[int, Exchange] = {}
        next_rank = 1
        for index, exchange in self._usable(Counter(), self.har.attachments()):
            if index in ranks:
                early[ranks[index]] = self._placed(exchange, ranks[index], base)
            while next_rank in early:
                yield early.pop(next_rank)
                next_rank += 1

    def skipped(self, base: str) -> Counter[str]:
        """Return the numbers of entries that ``exchanges`` leaves out, by reason."""
        here = origin_of(base)
        return self.unusable + Counter(
            NOT_OF_THE_RUN if entry.origin == here else OTHER_HOST
            for entry in self._entries
            if not self._matters(entry, base)
        )

    def describe_hosts(self) -> str:
        """Return a sentence that names the hosts in the file."""
        if not self.hosts:
            return "it has no readable entry"
        shown = [f"{host} ({count:,})" for host, count in self.hosts.most_common(_SHOWN)]
        more = f" and {len(self.hosts) - _SHOWN} more" if len(self.hosts) > _SHOWN else ""
        return f"its hosts are {', '.join(shown)}{more}"

    def base(self) -> str:
        """Return the base URL of the run, or the only one in the file. Raises UsageError."""
        if self.har.is_ours:
            return str(self.har.about.get("baseUrl", ""))
        if not self.bases:
            raise UsageError(f"{self.har.path}: has no request to the API; {self.describe_hosts()}")
        if len(self.bases) > 1:
            found = ", ".join(
                f"{base} ({count:,} entries)" for base, count in self.bases.most_common()
            )
            raise UsageError(
                f"{self.har.path}: has requests to several deployments: {found}; "
                "choose one with --base-url"
            )
        return next(iter(self.bases))

    def _usable(
        self, unusable: Counter[str], attachments: Attachments | None = None
    ) -> Iterator[tuple[int, Exchange]]:
        for index, entry in enumerate(self.har.entries()):
            try:
                yield index, exchange_of(entry, attachments)
            except Unusable as error:
                unusable[str(error)] += 1

    def _note(
        self, index: int, exchange: Exchange, declared: re.Pattern[str], keyring: Keyring
    ) -> None:
        parts = urlsplit(exchange.url)
        origin = origin_of(exchange.url)
        self._entries.append(_Entry(index, exchange.ended.timestamp(), exchange.number, origin))
        host = _host(exchange.url)
        self.hosts[host] += 1
        if found := declared.search(parts.path):
            self.bases[f"{origin[0]}://{host}{parts.path[: found.start()]}"] += 1
            # Keys are learned first, so that they are replaced in earlier exchanges, too.
            self.with_credentials += keyring.learn(exchange.request_headers) != ANYBODY

    def _matters(self, entry: _Entry, base: str) -> bool:
        if self.har.is_ours:
            return entry.number > 0
        host = f".{entry.origin[1]}"
        is_page = any(host.endswith(f".{page}") for page in self.page_hosts)
        return entry.origin == origin_of(base) or is_page

    def _sort_key(self) -> Callable[[_Entry], float]:
        """Return the sort key of entries: our number if they have one, else their end."""
        numbers = [entry.number for entry in self._entries if entry.number]
        is_numbered = self.har.is_ours and len(set(numbers)) == len(numbers)
        return (lambda entry: entry.number) if is_numbered else (lambda entry: entry.ended)

    def _placed(self, exchange: Exchange, rank: int, base: str) -> Exchange:
        if self.har.is_ours:
            return exchange
        return replace(
            exchange, number=rank, path=below(exchange.url, base) or exchange.path, source="replay"
        )


def origin_of(url: str) -> Origin:
    """Return scheme, host and port of a URL."""
    parts = urlsplit(url)
    return parts.scheme, str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)


def _host(url: str) -> str:
    """Return the host of a URL, with the port unless it is that of the scheme."""
    scheme, host, port = origin_of(url)
    name = f"[{host}]" if ":" in host else host
    return name if (scheme, port) in (("http", 80), ("https", 443)) else f"{name}:{port}"


def below(url: str, base: str) -> str | None:
    """Return the path of a URL relative to a base URL; None if it is not below it."""
    path, prefix = urlsplit(url).path, urlsplit(base).path
    rest = path.removeprefix(prefix)
    is_below = (
        origin_of(url) == origin_of(base) and path.startswith(prefix) and rest[:1] in ("", "/")
    )
    return rest if is_below else None
