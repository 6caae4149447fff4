"""Nothing of one account is shown to another: an id belongs to whom it was first shown to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from contract_tests.http.exchange import Exchange, NotJson
from contract_tests.judge.answer import Answer, Fault

_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?:cs|bps|seti)_[A-Za-z0-9_]{8,}")
_SHARED = frozenset({"organization_id", "detail", "message", "action"})
_REMEMBERED = 200_000


class Tenants:
    """Whose each id is."""

    def __init__(self) -> None:
        self._owners: dict[str, str] = {}
        self._said: set[tuple[str, str]] = set()
        """Texts around ids that an account once sent, such as a URL: they may come back in any of its views."""

    def faults(self, account: str, answer: Answer) -> Iterator[Fault]:
        """Ids in an answer that belong to another account."""
        if len(self._owners) > _REMEMBERED:
            self._owners.clear()
        self._said |= {
            (account, text) for _, id, text in _ids(_sent(answer.exchange), "") if text != id
        }
        echoed = answer.exchange.url + answer.exchange.request_body.decode("utf-8", "replace")
        for where, id, text in _ids(answer.body, ""):
            if id in echoed or (account, text) in self._said:
                continue  # what the caller itself sent may come back
            owner = self._owners.setdefault(id, account)
            if owner != account:
                got = f"{id}, which belongs to another account"
                yield Fault(
                    "tenant", where, "isolation", "nothing of another account", got, "documented"
                )


def _sent(exchange: Exchange) -> Any:
    try:
        return exchange.sent
    except NotJson:
        return None


def _ids(node: Any, where: str) -> Iterator[tuple[str, str, str]]:
    """Where each id stands, the id, and the text that it stands in."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name not in _SHARED:
                yield from _ids(value, f"{where}/{name}")
    elif isinstance(node, list):
        for each in node:
            yield from _ids(each, f"{where}/*")
    elif isinstance(node, str):
        for found in _ID.findall(node):
            yield where, found, node
