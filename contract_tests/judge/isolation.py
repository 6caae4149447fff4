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
            (account, text) for _, id, text in self._ids(_sent(response.exchange), "") if text != id
        }
        exchange = response.exchange
        sent = exchange.url + exchange.request_body.decode("utf-8", "replace")
        for where, id, text in self._ids(response.body, ""):
            if id in sent or (account, text) in self._echoes:
                continue  # what the caller itself sent may come back
            owner = self._owners.setdefault(id, account)
            if owner != account:
                got = f"{id}, which belongs to another account"
                yield Violation(
                    "tenant", where, "isolation", "nothing of another account", got, "documented"
                )

    def _ids(self, node: Any, where: str) -> Iterator[tuple[str, str, str]]:
        """Yield the place of each id, the id, and the text around it."""
        pattern = self._identifiers.pattern
        if pattern is None:
            return
        if isinstance(node, dict):
            for name, value in node.items():
                if name not in self._identifiers.shared:
                    yield from self._ids(value, f"{where}/{name}")
        elif isinstance(node, list):
            for value in node:
                yield from self._ids(value, f"{where}/*")
        elif isinstance(node, str):
            for found in pattern.findall(node):
                yield where, found, node


def _sent(exchange: Exchange) -> Any:
    try:
        return exchange.sent
    except NotJson:
        return None
