"""Isolation of accounts: an id belongs to the account to which it was first shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract_tests.http.exchange import Exchange, NotJson
from contract_tests.judge.violation import Response, Violation
from contract_tests.knowledge import Identifiers

_REMEMBERED = 200_000


class Isolation:
    """Which account each id belongs to."""

    def __init__(self, identifiers: Identifiers) -> None:
        self._identifiers = identifiers
        self._owners: dict[str, str] = {}
        self._echoes: set[tuple[str, str]] = set()
        """Texts around ids that an account sent, such as a URL: its views may show them again."""

    def violations(self, account: str, response: Response) -> Iterator[Violation]:
        """Yield the ids in a response that belong to another account."""
        if len(self._owners) > _REMEMBERED:
            self._owners.clear()
        self._echoes |= {
            (account, text) for _, id, text in self._ids(_sent(response.exchange)) if text != id
        }
        exchange = response.exchange
        sent = exchange.url + exchange.request_body.decode("utf-8", "replace")
        for where, id, text in self._ids(response.body):
            if id in sent or (account, text) in self._echoes:
                continue  # what the caller itself sent may come back
            owner = self._owners.setdefault(id, account)
            if owner != account:
                got = f"{id}, which belongs to another account"
                yield Violation(
                    "tenant", where, "isolation", "nothing of another account", got, "documented"
                )

    def _ids(self, body: Any) -> Iterator[tuple[str, str, str]]:
        """Yield the place of each id, the id, and the text around it."""
        pattern, shared = self._identifiers.pattern, self._identifiers.shared
        if pattern is None:
            return
        left = [("", body)]
        while left:
            where, node = left.pop()
            if isinstance(node, str):
                for found in pattern.findall(node):
                    yield where, found, node
            elif isinstance(node, dict):
                names = [name for name in reversed(node) if name not in shared]
                left += [(f"{where}/{name}", node[name]) for name in names]
            elif isinstance(node, list):
                left += [(f"{where}/*", item) for item in reversed(node)]


def _sent(exchange: Exchange) -> Any:
    try:
        return exchange.sent if exchange.request_body else None
    except NotJson:
        return None
