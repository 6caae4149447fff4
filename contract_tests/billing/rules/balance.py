"""Rules of balances and amounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from contract_tests.billing import money
from contract_tests.findings.severity import MAJOR
from contract_tests.judge.general import number
from contract_tests.judge.violation import Json, Response, Violation

_NONE = object()


def displays_match_their_amounts(response: Response) -> Iterator[Violation]:
    """Check that every ``*_display`` is its amount, rounded toward minus infinity."""
    for where, node in response.objects:
        for name, text in node.items():
            if not name.endswith("_display"):
                continue
            amount = _amount(node, name.removesuffix("_display"))
            if amount is _NONE:
                continue
            expected = None if amount is None else money.display(amount)
            if text != expected:
                yield Violation(
                    "display",
                    f"{where}/{name}",
                    "display",
                    f"{expected}, by its amount",
                    str(text),
                )


def warning_follows_the_balance(response: Response) -> Iterator[Violation]:
    """Check that the warning header follows from the balance header."""
    exchange = response.exchange
    headers = f"/response/{exchange.status}/headers"
    shown = exchange.response_header("X-AlterLab-Balance")
    if shown is None:
        return
    warned = exchange.response_header("X-AlterLab-Balance-Warning")
    expected = money.warning(_microcents(shown))
    if warned != expected:
        where = f"{headers}/x-alterlab-balance-warning"
        yield Violation(
            "headers", where, "warning", str(expected), f"{warned} at {shown}", "observed"
        )


def balance_is_consistent(response: Response) -> Iterator[Violation]:
    """Check that tier and headers follow from the balance."""
    balance = response.body["balance_microcents"]
    if response.body["tier"] not in (money.tier(balance), money.AGREED_TIER):
        got = f"{response.body['tier']} at {money.display(balance)}"
        yield Violation("money", "/tier", "tier", money.tier(balance), got, "observed", MAJOR)
    headers = f"/response/{response.exchange.status}/headers"
    shown = response.exchange.response_header("X-AlterLab-Balance")
    if shown is not None and shown != money.display(balance):
        yield Violation(
            "headers",
            f"{headers}/x-alterlab-balance",
            "balance",
            money.display(balance),
            shown,
            "observed",
        )
    limit = number(response.exchange, "X-RateLimit-Limit")
    if limit in money.RATES and limit != money.requests_per_minute(balance):
        where, expected = f"{headers}/x-ratelimit-limit", str(money.requests_per_minute(balance))
        yield Violation(
            "headers", where, "tier", expected, f"{limit} at {money.display(balance)}", "observed"
        )


def _amount(node: Json, stem: str) -> Any:
    """Return the amount of a display in microcents; ``_NONE`` if there is none."""
    for suffix, factor in (("_microcents", 1), ("_cents", money.MICROCENTS_PER_CENT)):
        value = node.get(stem + suffix, _NONE)
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return None if value is None else value * factor
    return _NONE


def _microcents(display: str) -> int:
    """Return the amount that a display shows."""
    whole, _, fraction = display.replace("$", "").replace(",", "").partition(".")
    units = int(whole.lstrip("-") + fraction) * (-1 if whole.startswith("-") else 1)
    return units * (100 * money.MICROCENTS_PER_CENT // int(10 ** len(fraction)))
