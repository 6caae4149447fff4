"""Settings that are written as a whole and must be read back unchanged."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.billing import effects
from contract_tests.billing.account.part import Part
from contract_tests.findings.severity import CONTRADICTION
from contract_tests.judge.tracker import differences, short
from contract_tests.judge.violation import Json, Response, Violation

_READ_BY = {
    "update_auto_recharge": effects.RECHARGE,
    "update_usage_alerts": effects.ALERTS,
    "change_plan": effects.SUBSCRIPTION,
}
"""The reading operation of every writing one."""
_SETTINGS = tuple(_READ_BY.values())
_CONSEQUENCES = frozenset(
    {"updated_at", "consecutive_failures", "threshold_display", "recharge_amount_display"}
)
"""Fields that follow from others, or from what happens."""


class Settings(Part):
    """The expected next readings of auto-recharge, usage alerts and the plan."""

    def __init__(self) -> None:
        self.known: dict[str, Json] = {}

    def forget(self, names: frozenset[str] | None) -> None:
        for name in _SETTINGS:
            if names is None or name in names:
                self.known.pop(name, None)

    def read(self, response: Response) -> Iterator[Violation]:
        """Compare a reading with the settings that were written."""
        operation = response.operation.id
        if operation not in _SETTINGS:
            return
        expected, self.known[operation] = self.known.get(operation), response.body
        if expected is None:
            return
        for where, was, now in differences(expected, response.body):
            expectation = f"{short(was)}, as stored before"
            yield Violation(
                "state", where, "stored", expectation, short(now), "documented", CONTRADICTION
            )

    def changed(self, response: Response) -> Iterator[Violation]:
        """Check that a change keeps the fields that it does not set."""
        name = _READ_BY.get(response.operation.id)
        before = self.known.get(name) if name in (effects.RECHARGE, effects.ALERTS) else None
        if before is None:
            return
        body = response.operation.body
        settable = _CONSEQUENCES.union(body.node["properties"] if body else ())
        for where, was, now in differences(before, response.body):
            if where[1:] not in settable:
                expected = f"{short(was)}, as the request does not set it"
                yield Violation("state", where, "unchanged", expected, short(now))

    def predict(self, response: Response) -> None:
        operation = response.operation.id
        if operation in _READ_BY:
            self.known[_READ_BY[operation]] = response.body
        elif operation == "disable_auto_recharge":
            self._replace("updated_at", enabled=False)
        elif operation == "remove_payment_method":  # the settings may have named the card
            self._replace("stripe_payment_method_id", "updated_at")

    def _replace(self, *unknown: str, **values: object) -> None:
        before = self.known.get(effects.RECHARGE)
        if before is not None:
            kept = {name: value for name, value in before.items() if name not in unknown}
            self.known[effects.RECHARGE] = {**kept, **values}
