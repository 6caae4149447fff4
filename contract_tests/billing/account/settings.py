"""What was written as a whole, and must be read so: auto-recharge, usage alerts, the plan."""

from __future__ import annotations

from collections.abc import Iterator

from contract_tests.billing import effects
from contract_tests.billing.account.part import Part
from contract_tests.judge.tracker import differences, short
from contract_tests.judge.violation import Json, Response, Violation

_READ_BY = {
    "update_auto_recharge": effects.RECHARGE,
    "update_usage_alerts": effects.ALERTS,
    "change_plan": effects.SUBSCRIPTION,
}
"""The operation that shows what another one writes."""
_SETTINGS = tuple(_READ_BY.values())
_CONSEQUENCES = frozenset(
    {"updated_at", "consecutive_failures", "threshold_display", "recharge_amount_display"}
)
"""Fields that follow from others."""


class Settings(Part):
    """What the readings of settings must show next."""

    def __init__(self) -> None:
        self.known: dict[str, Json] = {}

    def forget(self, names: frozenset[str] | None) -> None:
        for name in _SETTINGS:
            if names is None or name in names:
                self.known.pop(name, None)

    def read(self, response: Response) -> Iterator[Violation]:
        """What was written is read."""
        operation = response.operation.id
        if operation not in _SETTINGS:
            return
        expected, self.known[operation] = self.known.get(operation), response.body
        if expected is None:
            return
        for where, was, now in differences(expected, response.body):
            expectation = f"{short(was)}, as it was told"
            yield Violation("state", where, "stored", expectation, short(now), "documented")

    def changed(self, response: Response) -> Iterator[Violation]:
        """A change of settings leaves alone what it does not set."""
        name = _READ_BY.get(response.operation.id)
        before = self.known.get(name) if name in (effects.RECHARGE, effects.ALERTS) else None
        if before is None:
            return
        body = response.operation.body
        ours = _CONSEQUENCES.union(body.node["properties"] if body else ())
        for where, was, now in differences(before, response.body):
            if where[1:] not in ours:
                expected = f"{short(was)}, which it does not set"
                yield Violation("state", where, "unchanged", expected, short(now))

    def predict(self, response: Response) -> None:
        operation = response.operation.id
        if operation in _READ_BY:
            self.known[_READ_BY[operation]] = response.body
        elif operation == "disable_auto_recharge":
            self._keep_but("updated_at", enabled=False)
        elif operation == "remove_payment_method":  # which the settings may have named
            self._keep_but("stripe_payment_method_id", "updated_at")

    def _keep_but(self, *names: str, **more: object) -> None:
        before = self.known.get(effects.RECHARGE)
        if before is not None:
            kept = {name: value for name, value in before.items() if name not in names}
            self.known[effects.RECHARGE] = {**kept, **more}
