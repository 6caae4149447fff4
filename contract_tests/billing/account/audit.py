"""The audit log of an account, in which every change must appear under its name."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.billing import effects
from contract_tests.billing.account.cards import Cards
from contract_tests.billing.account.part import Part
from contract_tests.http.exchange import Exchange
from contract_tests.judge.views import Views, is_oldest_first
from contract_tests.judge.violation import Response, Violation


class Audit(Part):
    """The changes that the next reading of the log must show."""

    def __init__(self, views: Views, cards: Cards) -> None:
        self._views = views
        self._cards = cards
        self._changes: list[tuple[Exchange, str]] = []
        """Changes since the last reading, with the prefix of their action's name."""
        self._possible = 0
        """Requests since then that may be logged, although they may have changed nothing."""
        self._total: int | None = None
        """The length of the log at the last reading of its first page."""

    def changed(self, response: Response) -> Iterator[Violation]:
        prefix = self._prefix(response)
        if prefix:
            self._changes.append((response.exchange, prefix))
        else:
            self._possible += 1
        return iter(())

    def read(self, response: Response) -> Iterator[Violation]:
        """Check that the log shows every change since its last reading, under its name."""
        if response.operation.id != effects.AUDIT or response.params.get("offset"):
            return
        total = int(response.body["total"])
        before, self._total = self._total, total
        changes, self._changes = self._changes, []
        possible, self._possible = self._possible, 0
        if before is None or total < before or is_oldest_first(response.body["entries"]):
            return
        added = total - before
        entries = response.body["entries"][: max(0, added)]
        actions = [entry["action"] for entry in entries]
        if (
            possible == 0
            and len(entries) == len(changes)
            and any(entry["actor"] != "api_key" for entry in entries)
        ):
            got = ", ".join(entry["actor"] for entry in entries)
            expected = "api_key, which made the changes"
            yield Violation("audit", "/entries/*/actor", "actor", expected, got)
        if added < len(changes):
            yield _missing(changes, actions, added)
        elif len(actions) >= added:
            yield from _unnamed(changes, actions)

    def _prefix(self, response: Response) -> str | None:
        """Return the prefix of the action's name; None if the request may have changed nothing."""
        if response.operation.id == "disable_auto_recharge":
            known = self._views.find(effects.RECHARGE)
            return "auto_recharge." if known is not None and known["enabled"] else None
        if response.operation.id == "set_default_payment_method":
            card = self._cards.find(response.params["payment_method_id"])
            return "payment_method." if card is not None and not card["is_default"] else None
        if response.operation.id == "change_plan":
            known = self._views.find(effects.SUBSCRIPTION)
            return "subscription." if known is not None and known != response.body else None
        return effects.AUDITED.get(response.operation.id)


def _missing(changes: list[tuple[Exchange, str]], actions: list[str], added: int) -> Violation:
    names = ", ".join(
        f"{exchange.method} {exchange.path.rpartition('/billing')[2]}"
        for exchange, _ in changes[-5:]
    )
    left = f" and {len(changes) - 5} earlier changes" if len(changes) > 5 else ""
    expected = f"at least {len(changes)} new, for {names}{left}"
    got = f"{added} new: {', '.join(actions)}" if actions else f"{added} new"
    return Violation("audit", "/entries", "missing", expected, got)


def _unnamed(changes: list[tuple[Exchange, str]], actions: list[str]) -> Iterator[Violation]:
    for prefix in dict.fromkeys(prefix for _, prefix in changes):
        if not any(action.startswith(prefix) for action in actions):
            got = ", ".join(actions[:5]) or "none"
            yield Violation("audit", "/entries/*/action", prefix, f"an action {prefix}*", got)
