"""Stories of automatic recharges."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contract_tests.billing.stories.actor import CENT, CREDIT, DOLLAR, Actor, expect_audit
from contract_tests.billing.stories.cards import decline_charges, free_card
from contract_tests.findings.severity import CONTRADICTION

_ALL: dict[str, Any] = {
    "enabled": False,
    "threshold_microcents": 1_234_567_890,
    "recharge_amount_cents": 7_531,
    "consent_text": "I agree to be charged $75.31.",
    "consent_source": "settings",
    "terms_version": "2026-01",
}


def settings_are_replaced_as_a_whole(actor: Actor) -> None:
    """Replace the settings: missing fields get their defaults, and disabling keeps the rest."""
    actor.call("get_auto_recharge")
    actor.do("update_auto_recharge", _ALL)
    actor.read_all()
    actor.do("disable_auto_recharge")
    actor.read_all()
    for name, value in _ALL.items():
        actor.do("update_auto_recharge", {name: value})
        actor.call("get_auto_recharge")
        actor.call("get_balance")
    actor.do(
        "update_auto_recharge",
        {**_ALL, "consent_text": '¥ 100 \u2713 \U0001f600 "quoted" <b>&amp;'},
    )
    actor.call("get_auto_recharge")
    actor.do(
        "update_auto_recharge",
        {**_ALL, "consent_text": None, "consent_source": None, "terms_version": None},
    )
    actor.call("get_auto_recharge")
    for source in ("deposit_flow", "success_page", "settings"):
        actor.do("update_auto_recharge", {"consent_source": source})
    for amount in (2_500, 200_000):
        actor.do(
            "update_auto_recharge", {"recharge_amount_cents": amount, "threshold_microcents": 0}
        )
        actor.read_all()
    actor.do("update_auto_recharge", {})
    actor.read_all()
    actor.do("disable_auto_recharge")
    actor.do("disable_auto_recharge")
    actor.read_all()


def the_check_charges_nothing(actor: Actor) -> None:
    """Test auto-recharge twice: the results are equal, and nothing changes."""
    actor.read_all()
    first, second = actor.call("check_auto_recharge"), actor.call("check_auto_recharge")
    actor.expect(
        second,
        first.object == second.object,
        "",
        "repeatable",
        "the same response",
        "another response",
    )
    actor.read_all()


def settings_can_be_enabled(actor: Actor) -> None:
    """Enable auto-recharge with and without a card: an unknown card is refused."""
    cards = actor.cards
    actor.require(cards, "a card")
    named = cards[0]["stripe_payment_method_id"]
    actor.do(
        "update_auto_recharge",
        {**_ALL, "enabled": True, "threshold_microcents": 0, "stripe_payment_method_id": named},
    )
    actor.read_all()
    actor.refused(
        400,
        "update_auto_recharge",
        {"enabled": True, "stripe_payment_method_id": "pm_kit_of_nobody"},
    )
    actor.read_all()
    actor.do("update_auto_recharge", {"enabled": True, "threshold_microcents": 0})
    actor.read_all()
    actor.do("disable_auto_recharge")
    actor.read_all()


def a_recharge_runs_below_the_threshold(actor: Actor) -> None:
    """Fall below the threshold: the card is charged once, and all views show it."""
    actor.require(actor.cards, "a card")
    actor.do(
        "update_auto_recharge",
        {"enabled": True, "threshold_microcents": 3 * DOLLAR, "recharge_amount_cents": 2_700},
    )
    actor.leave(3 * DOLLAR)
    actor.read_all()
    response = actor.call("get_balance")
    actor.equal(response, "/balance_microcents", "at_threshold", 3 * DOLLAR)
    deposited = response.object.get("total_deposited_cents", 0)
    actor.use("light", 1)
    response = actor.call("get_balance")
    actor.equal(response, "/balance_microcents", "recharged", 3 * DOLLAR - CREDIT + 2_700 * CENT)
    actor.equal(response, "/total_deposited_cents", "recharged", deposited + 2_700)
    response, attempt = actor.newest("list_auto_recharge_history", "history")
    actor.equal(response, "/history/0/status", "recharged", "succeeded")
    actor.equal(response, "/history/0/amount_cents", "recharged", 2_700)
    actor.equal(response, "/history/0/balance_before_microcents", "recharged", 3 * DOLLAR - CREDIT)
    invoices = actor.call("list_invoices")
    actor.equal(invoices, "/invoices/0/id", "recharged", attempt.get("invoice_id"))
    actor.equal(invoices, "/invoices/0/amount_cents", "recharged", 2_700)
    actor.equal(invoices, "/invoices/0/status", "recharged", "paid")
    entry = actor.call("list_credit_transactions", query={"limit": 2})
    actor.equal(entry, "/transactions/0/type", "recharged", "auto_recharge")
    actor.equal(entry, "/transactions/0/amount_microcents", "recharged", 2_700 * CENT)
    actor.equal(entry, "/transactions/1/type", "recharged", "usage")
    expect_audit(actor, "auto_recharge.succeeded")
    audit = actor.call("list_audit_log", query={"limit": 10})
    actors = {
        entry.get("actor")
        for entry in audit.object.get("entries", [])
        if "succeeded" in entry.get("action", "")
    }
    actor.expect(
        audit, actors == {"system"}, "/entries/*/actor", "system", "system, which recharged", actors
    )
    actor.read_all()


def a_recharge_pauses_for_a_minute(actor: Actor) -> None:
    """Use up credits continuously: recharges are at least 60 seconds apart."""
    actor.require(actor.cards, "a card")
    actor.do(
        "update_auto_recharge",
        {"enabled": True, "threshold_microcents": 60 * DOLLAR, "recharge_amount_cents": 2_500},
    )
    actor.leave(5 * DOLLAR)
    history = actor.call("list_auto_recharge_history")
    total = history.object.get("total", 0)
    actor.expect(history, total >= 1, "/total", "recharged", "a recharge", "none")
    short, rest = timedelta(minutes=1) - actor.margin, actor.margin
    second = timedelta(seconds=1)
    for pause, expected in ((0 * rest, 0), (short, 0), (rest, 1), (short, 1), (rest + second, 2)):
        if pause:
            actor.wait(pause)
        actor.use("light", 1)
        response = actor.call("list_auto_recharge_history")
        actor.equal(response, "/total", "pause", total + expected)
    actor.read_all()


def three_failures_disable_auto_recharge(actor: Actor) -> None:
    """Let three recharges fail: auto-recharge is disabled; enabling and success reset the count."""
    poor = actor.someone_like("card_declined", decline_charges)
    poor.do("update_auto_recharge", {"enabled": True, "threshold_microcents": 4 * DOLLAR})
    poor.leave(4 * DOLLAR)
    before = poor.call("list_auto_recharge_history").object.get("total", 0)
    for failures in (1, 2, 3):
        balance = poor.balance
        poor.use("light", 1)
        response = poor.call("get_balance")
        poor.equal(response, "/balance_microcents", "failed", balance - CREDIT)
        response = poor.call("list_auto_recharge_history")
        poor.equal(response, "/total", "failed", before + failures)
        poor.equal(response, "/history/0/status", "failed", "failed")
        response = poor.call("get_auto_recharge")
        poor.equal(response, "/consecutive_failures", "failed", failures)
        poor.equal(response, "/enabled", "three_failures", failures < 3)
        if failures == 1:
            poor.use("light", 1)
            response = poor.call("list_auto_recharge_history")
            poor.equal(response, "/total", "pause", before + 1)
        poor.read_all()
        poor.wait(seconds=61)
    expect_audit(poor, "auto_recharge.disabled")
    poor.use("light", 1)
    response = poor.call("list_auto_recharge_history")
    poor.equal(response, "/total", "disabled", before + 3)
    response = poor.call("check_auto_recharge")
    poor.equal(response, "/success", "declining_card", False)
    poor.do("update_auto_recharge", {"enabled": True, "threshold_microcents": 4 * DOLLAR})
    response = poor.call("get_auto_recharge")
    poor.equal(response, "/consecutive_failures", "enabled_again", 0)
    poor.use("light", 1)
    response = poor.call("get_auto_recharge")
    poor.equal(response, "/consecutive_failures", "failed", 1)
    good = poor.do("add_payment_method", {"payment_method_id": free_card(poor)})
    poor.do("set_default_payment_method", path={"payment_method_id": good["id"]})
    poor.wait(seconds=61)
    poor.use("light", 1)
    response = poor.call("list_auto_recharge_history")
    poor.equal(response, "/history/0/status", "good_card", "succeeded")
    response = poor.call("get_auto_recharge")
    poor.equal(response, "/consecutive_failures", "good_card", 0)
    poor.read_all()


def the_named_card_pays(actor: Actor) -> None:
    """Recharge with and without a named card: that card or the default one is charged."""
    actor.require(actor.cards, "a card")
    second = actor.do("add_payment_method", {"payment_method_id": free_card(actor)})
    first = next(card for card in actor.cards if card["is_default"])
    for named, payer in ((second["stripe_payment_method_id"], second), (None, first)):
        body = {
            "enabled": True,
            "threshold_microcents": 3 * DOLLAR,
            "stripe_payment_method_id": named,
        }
        actor.do("update_auto_recharge", body)
        actor.read_all()
        actor.leave(3 * DOLLAR - CREDIT)
        response = actor.call("list_auto_recharge_history")
        actor.equal(response, "/history/0/payment_method_id", "payer", payer["id"])
        actor.wait(seconds=61)


def disabled_recharges_do_not_run(actor: Actor) -> None:
    """Use up credits after disabling auto-recharge: there is no recharge."""
    actor.require(actor.cards, "a card")
    actor.do("update_auto_recharge", {"enabled": True, "threshold_microcents": 3 * DOLLAR})
    actor.do("disable_auto_recharge")
    is_disabled = actor.do("get_auto_recharge").get("enabled") is False
    before = actor.do("list_auto_recharge_history").get("total")
    actor.leave(2 * DOLLAR)
    response = actor.call("get_balance")
    actor.equal(response, "/balance_microcents", "disabled", 2 * DOLLAR)
    response = actor.call("list_auto_recharge_history")
    nature = CONTRADICTION if is_disabled else None
    actor.equal(response, "/total", "disabled", before, nature=nature)
    actor.read_all()


def many_recharges_are_paged(actor: Actor) -> None:
    """Make 23 recharges: the history has pages of 20 by default, the sixth of 5 is empty."""
    actor.require(actor.cards, "a card")
    actor.do("update_auto_recharge", {"enabled": True, "threshold_microcents": 2_000 * DOLLAR})
    for _ in range(23):
        actor.use("light", 1)
        actor.wait(seconds=60)
    actor.call("list_auto_recharge_history")
    actor.call("list_auto_recharge_history", query={"page": 2})
    actor.call("list_invoices")
    for page in range(1, 7):
        actor.call("list_auto_recharge_history", query={"page": page, "per_page": 5})
    actor.read_all()


def an_expired_card_is_reported(actor: Actor) -> None:
    """Let a card expire: the check shows it, a recharge fails, and enabling is refused."""
    owner = actor.someone("card_expiring")
    owner.read_all()
    response = owner.call("check_auto_recharge")
    owner.equal(response, "/success", "before_expiry", True)
    settings = {"enabled": True, "threshold_microcents": 2_000 * DOLLAR}
    owner.do("update_auto_recharge", settings)
    owner.wait(days=32)
    response = owner.call("check_auto_recharge")
    for name, value in (
        ("success", False),
        ("card_expired", True),
        ("payment_method_valid", False),
    ):
        owner.equal(response, f"/{name}", "after_expiry", value)
    balance = owner.balance
    owner.use("light", 1)
    response = owner.call("get_balance")
    owner.equal(response, "/balance_microcents", "expired", balance - CREDIT)
    response = owner.call("list_auto_recharge_history")
    owner.equal(response, "/history/0/status", "expired", "failed")
    owner.refused(400, "update_auto_recharge", {"enabled": True})
    owner.read_all()
