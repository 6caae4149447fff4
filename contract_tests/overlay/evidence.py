"""The responses from which the kit learns: what breaks the contract, and what keeps it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from contract_tests.findings.finding import Verdicts
from contract_tests.http.exchange import Exchange
from contract_tests.judge.form import FormJudge
from contract_tests.openapi.contract import Contract

_MAX_EACH = 50
"""Exchanges that are kept for one finding, or for one status of an operation."""
_MAX_BODY = 200_000
_MAX_DEPTH = 12
_MAX_ENTRIES = 200
"""Entries of a list that are looked at."""


class Evidence:
    """Listens to exchanges, and keeps those that are unlike the others."""

    def __init__(self, contract: Contract, verdicts: Verdicts | None = None) -> None:
        self.exchanges: list[Exchange] = []
        self._judge = FormJudge(contract)
        self._verdicts = verdicts
        self._seen: set[Any] = set()
        self._counts: Counter[Any] = Counter()

    def __call__(self, exchange: Exchange) -> None:
        """Keep an exchange if it shows something new."""
        if exchange.error or exchange.status >= 500 or len(exchange.response_body) > _MAX_BODY:
            return
        found = self._judge.findings(exchange)
        if found and self._verdicts is not None:
            # The judge may have seen that a response is not the API's.
            shown = {finding.key for finding in self._verdicts.shown_by(exchange.number)}
            found = [finding for finding in found if finding.key in shown]
            if not found:
                return
        matched = self._judge.contract.match(exchange.method, exchange.path)
        if found:
            for finding in found:
                self._keep(exchange, finding.key, finding.got)
        elif matched is not None:
            shape = shape_of(exchange.json)
            self._keep(exchange, (matched[0].id, exchange.status), repr(shape))

    def _keep(self, exchange: Exchange, group: Any, text: str) -> None:
        if (group, text) in self._seen or self._counts[group] >= _MAX_EACH:
            return
        self._seen.add((group, text))
        self._counts[group] += 1
        if not self.exchanges or self.exchanges[-1] is not exchange:
            self.exchanges.append(exchange)


def shape_of(value: Any, depth: int = 0) -> Any:
    """Return the names and types in a value, without its values."""
    if depth > _MAX_DEPTH:
        return "..."
    if isinstance(value, dict):
        return sorted((str(name), shape_of(child, depth + 1)) for name, child in value.items())
    if isinstance(value, list):
        return sorted({repr(shape_of(child, depth + 1)) for child in value[:_MAX_ENTRIES]})
    return type(value).__name__
