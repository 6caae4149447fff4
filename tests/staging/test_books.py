"""The books of the strict deployment add up, before and after money moves."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from tests.staging.fault_evidence import EVIDENCE
from tests.staging.probe import KEY, OTHER_KEY, Probe

_SUMS = (
    "balance_drift",
    "spent_off_by_one",
    "bonus_deposited",
    "chain_broken",
    "display_differs",
    "cost_per_credit_off",
    "breakdown_omits_crawl",
    "attempt_after_wrong",
    "invoice_display_of_dollars",
)


def _all_entries(probe: Probe, key: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    while True:
        path = f"/credit-transactions?limit=100&offset={len(entries)}"
        page = probe.get(path, key)
        entries += page["transactions"]
        if not page["has_more"]:
            assert page["total"] == len(entries)
            return entries


@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
def test_the_balance_is_the_sum_of_the_ledger(key: str, deployment: Callable[..., Probe]) -> None:
    """The entries form a chain that ends at the balance."""
    probe = deployment()
    entries = _all_entries(probe, key)
    balance = probe.get("/balance", key)
    assert balance["balance_microcents"] == sum(entry["amount_microcents"] for entry in entries)
    assert balance["balance_microcents"] == entries[0]["balance_after_microcents"]
    for newer, older in pairwise(entries):
        amount = newer["amount_microcents"]
        assert newer["balance_after_microcents"] - amount == older["balance_after_microcents"]


def test_the_past_has_something_of_everything(deployment: Callable[..., Probe]) -> None:
    """A seeded account has every kind of entry that the tests of the kit need."""
    probe = deployment()
    kinds = {entry["type"] for entry in _all_entries(probe, KEY)}
    assert kinds == {"deposit", "auto_recharge", "bonus", "usage", "refund"}
    statuses = {entry["status"] for entry in probe.get("/auto-recharge/history")["history"]}
    assert statuses == {"succeeded", "failed"}
    assert probe.get("/invoices")["total"] > 1
    assert len(_all_entries(probe, KEY)) > 100


def test_the_books_add_up_after_money_moved(deployment: Callable[..., Probe]) -> None:
    """Deposits, plans, usage and recharges keep every sum, chain and view."""
    probe = deployment()
    probe.pay({"amount_cents": 2_500, "promo_code": "BONUS5", "auto_recharge_enabled": True})
    probe.call("POST", "/change-plan", {"price_id": "price_starter_monthly"})
    probe.call("POST", "/change-plan", {"price_id": "price_growth_monthly"})
    for kind in ("light", "js", "pdf", "ocr", "crawl"):
        probe.call("POST", "/internal/usage", {"type": kind, "requests": 777})
    for name in _SUMS:
        assert not EVIDENCE[name](probe), name


def test_a_charge_below_the_threshold_recharges(deployment: Callable[..., Probe]) -> None:
    """A recharge follows the charge at once, with its invoice and its attempt."""
    probe = deployment()
    before = probe.get("/auto-recharge/history")["total"]
    threshold = probe.balance()
    wish = {"enabled": True, "threshold_microcents": threshold, "recharge_amount_cents": 3_000}
    with probe.site.writing(probe.get("/auto-recharge")["user_id"]) as books:
        books.run("UPDATE attempts SET created_at = created_at - 120000")
    assert probe.status("PUT", "/auto-recharge", wish) == 200
    probe.call("POST", "/internal/usage", {"type": "js", "requests": 1})
    assert probe.balance() == threshold - 100_000 + 3_000_000_000
    history = probe.get("/auto-recharge/history")
    assert history["total"] == before + 1
    invoice = probe.get("/invoices")["invoices"][0]
    assert history["history"][0]["invoice_id"] == invoice["id"]


def test_a_promo_code_is_good_once(deployment: Callable[..., Probe]) -> None:
    """A code that two open deposits name gives its bonus to the one that is paid first."""
    probe = deployment()
    deposit = {"amount_cents": 2_500, "promo_code": "BONUS5"}
    sessions = [probe.call("POST", "/deposit", deposit).json()["session_id"] for _ in range(2)]
    before = probe.balance()
    probe.at_once(
        *[lambda name=name: probe.status("POST", f"/internal/pay/{name}") for name in sessions]
    )
    assert probe.balance() - before == (2_500 * 2 + 500) * 1_000_000


def test_a_charge_that_the_balance_does_not_cover_is_refused(
    deployment: Callable[..., Probe],
) -> None:
    """A charge above the balance gives 402 and leaves the balance alone."""
    probe = deployment()
    before = probe.balance()
    work = {"type": "ocr", "requests": 10_000_000}
    assert probe.status("POST", "/internal/usage", work) == 402
    assert probe.balance() == before


def test_a_renewal_follows_the_test_clock(deployment: Callable[..., Probe]) -> None:
    """A downgrade takes effect when the clock passes the end of the period."""
    probe = deployment()
    probe.call("POST", "/change-plan", {"price_id": "price_growth_monthly"})
    probe.call("POST", "/change-plan", {"price_id": "price_starter_monthly"})
    assert probe.get("/subscription")["pending_plan"] == "starter"
    probe.call("POST", "/internal/clock", {"seconds": 32 * 86_400})
    subscription = probe.get("/subscription")
    assert (subscription["plan"], subscription["pending_plan"]) == ("starter", None)
    assert not EVIDENCE["balance_drift"](probe)


def test_a_challenge_expires(deployment: Callable[..., Probe]) -> None:
    """A code that is older than ten minutes gives 410."""
    probe = deployment()
    challenge, code = probe.challenge()
    probe.call("POST", "/internal/clock", {"seconds": 601})
    assert probe.confirm(challenge, code).status_code == 410


def test_a_new_account_has_a_key_of_its_own(deployment: Callable[..., Probe]) -> None:
    """An account that is opened later can pay, and sees nothing of the others."""
    probe = deployment()
    key = probe.call("POST", "/internal/accounts").json()["key"]
    assert probe.get("/balance", key)["balance_display"] == "$21.00"
    assert probe.get("/credit-transactions", key)["total"] == 2
