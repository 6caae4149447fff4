"""Rules of subscriptions and promo codes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from contract_tests.billing import money
from contract_tests.billing.catalogue import EXAMPLES
from contract_tests.findings.severity import QUESTION
from contract_tests.judge.violation import ONE_MOMENT, Response, Violation, moment

_MONTH, _TERM = (28, 31), (1, 731)
"""The least and the most days of a month, and of a year or a trial of Stripe."""


def subscription_is_consistent(response: Response) -> Iterator[Violation]:
    """Check that a subscription has an id, price and period if and only if it has a plan."""
    body = response.body
    has_plan = body["status"] != "none"
    for name in ("id", "price_id", "current_period_start", "current_period_end", "started_at"):
        if (body[name] is not None) != has_plan:
            expected = "set if and only if there is a plan"
            yield Violation("state", f"/{name}", "plan", expected, str(body[name]))
    if (body["plan"] != "free") != has_plan:
        yield Violation(
            "state", "/plan", "plan", "free if and only if there is no plan", body["plan"]
        )
    has_terms = body["price_cents"] or body["pending_plan"] or body["cancel_at_period_end"]
    if not has_plan and has_terms:
        expected, got = "nothing to pay and nothing pending", str(body["price_cents"])
        yield Violation("state", "/price_cents", "free", expected, got)
    if has_plan:
        yield from _period_is_a_month(body)


def _period_is_a_month(body: Mapping[str, Any]) -> Iterator[Violation]:
    """Check that the period is a month. Plans of others may have years and trials."""
    span = moment(body["current_period_end"]) - moment(body["current_period_start"])
    is_packaged = body["price_id"] in EXAMPLES.values()
    least, most = (timedelta(days=days) for days in (_MONTH if is_packaged else _TERM))
    if not least - ONE_MOMENT <= span <= most + ONE_MOMENT:
        got = f"{span.days} days"
        yield Violation("time", "/current_period_end", "month", "one month", got)


def pending_plan_differs(response: Response) -> Iterator[Violation]:
    """Check that a pending plan differs from the current one, and that free means cancellation."""
    body = response.body
    pending = body["pending_plan"]
    if pending is not None and pending == body["plan"]:
        expected = "another plan than the current one"
        yield Violation("state", "/pending_plan", "pending", expected, pending)
    if body["cancel_at_period_end"] != (pending == "free"):
        where, expected = "/cancel_at_period_end", "true if and only if the pending plan is free"
        yield Violation("state", where, "cancel", expected, str(pending))


def promo_is_all_or_nothing(response: Response) -> Iterator[Violation]:
    """Check that a valid code states its worth, and that an invalid one has a message only."""
    body = response.body
    for name in ("bonus_type", "bonus_value", "min_deposit_cents"):
        if (body[name] is not None) != body["valid"]:
            yield Violation(
                "state",
                f"/{name}",
                "valid",
                "set if and only if the code is valid",
                str(body[name]),
            )
    if not body["valid"] and (
        body["max_credits_microcents"] is not None or body["expires_at"] is not None
    ):
        yield Violation(
            "state", "/max_credits_microcents", "valid", "null if the code is invalid", "a value"
        )
    cap, value = body["max_credits_microcents"], body["bonus_value"]
    is_fixed = body["valid"] and body["bonus_type"] == "fixed" and isinstance(value, int)
    if is_fixed and cap not in (None, value * money.MICROCENTS_PER_CENT):
        where, expected = "/max_credits_microcents", "the fixed bonus"
        yield Violation("money", where, "cap", expected, str(cap), nature=QUESTION)
