"""Stories of automatic recharges."""

from __future__ import annotations

from typing import Any

from contract_tests.billing.stories.actor import CENT, CREDIT, DOLLAR, Actor

_ALL: dict[str, Any] = {
    "enabled": False,
    "threshold_microcents": 1_234_567_890,
    "recharge_amount_cents": 7_531,
    "consent_text": "I agree to be charged $75.31.",
    "consent_source": "settings",
    "terms_version": "2026-01",
}


def settings_are_replaced_as_a_whole(actor: Actor) -> None:
    """What is sent stands, what is left out has its default; disabling keeps all the rest."""
    actor.call("get_auto_recharge")
    actor.do("update_auto_recharge", _ALL)
    actor.look()
    actor.do("disable_auto_recharge")
    actor.look()
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
        actor.look()
    actor.do("update_auto_recharge", {})
    actor.look()
    actor.do("disable_auto_recharge")
    actor.do("disable_auto_recharge")
    actor.look()


def the_check_charges_nothing(actor: Actor) -> None:
    """Testing auto-recharge tells what would happen, twice the same, and changes nothing."""
    actor.look()
    first, second = actor.call("check_auto_recharge"), actor.call("check_auto_recharge")
    actor.expect(
        second, first.object == second.object, "", "repeatable", "the same answer", "another"
    )
    actor.look()


def settings_can_be_enabled(actor: Actor) -> None:
    """Enabling is stored, with the card that is named and without; a card that is not there is refused."""
    cards = actor.cards
    named = cards[0]["stripe_payment_method_id"] if cards else None
    actor.do(
        "update_auto_recharge",
        {**_ALL, "enabled": True, "threshold_microcents": 0, "stripe_payment_method_id": named},
    )
    actor.look()
    actor.refused(
        400,
        "update_auto_recharge",
        {"enabled": True, "stripe_payment_method_id": "pm_kit_of_nobody"},
    )
    actor.look()
    actor.do("update_auto_recharge", {"enabled": True, "threshold_microcents": 0})
    actor.look()
    actor.do("disable_auto_recharge")
    actor.look()


def a_recharge_runs_below_the_threshold(actor: Actor) -> None:
    """At the threshold nothing happens; one credit below it the card is charged at once, once, and all books say so."""
    actor.do(
        "update_auto_recharge",
        {"enabled": True, "threshold_microcents": 3 * DOLLAR, "recharge_amount_cents": 2_700},
    )
    actor.leave(3 * DOLLAR)
    actor.look()
    answer = actor.call("get_balance")
    actor.equal(answer, "/balance_microcents", "at_threshold", 3 * DOLLAR)
    deposited = answer.object.get("total_deposited_cents", 0)
    actor.use("light", 1)
    answer = actor.call("get_balance")
    actor.equal(answer, "/balance_microcents", "recharged", 3 * DOLLAR - CREDIT + 2_700 * CENT)
    actor.equal(answer, "/total_deposited_cents", "recharged", deposited + 2_700)
    answer, attempt = actor.newest("list_auto_recharge_history", "history")
    actor.equal(answer, "/history/0/status", "recharged", "succeeded")
    actor.equal(answer, "/history/0/amount_cents", "recharged", 2_700)
    actor.equal(answer, "/history/0/balance_before_microcents", "recharged", 3 * DOLLAR - CREDIT)
    invoices = actor.call("list_invoices")
    actor.equal(invoices, "/invoices/0/id", "recharged", attempt.get("invoice_id"))
    actor.equal(invoices, "/invoices/0/amount_cents", "recharged", 2_700)
    actor.equal(invoices, "/invoices/0/status", "recharged", "paid")
    entry = actor.call("list_credit_transactions", query={"limit": 2})
    actor.equal(entry, "/transactions/0/type", "recharged", "auto_recharge")
    actor.equal(entry, "/transactions/0/amount_microcents", "recharged", 2_700 * CENT)
    actor.equal(entry, "/transactions/1/type", "recharged", "usage")
    _audited(actor, "auto_recharge.succeeded")
    audit = actor.call("list_audit_log", query={"limit": 10})
    actors = {
        entry.get("actor")
        for entry in audit.object.get("entries", [])
        if "succeeded" in entry.get("action", "")
    }
    actor.expect(
        audit, actors == {"system"}, "/entries/*/actor", "system", "system, which recharged", actors
    )
    actor.look()


def a_recharge_pauses_for_a_minute(actor: Actor) -> None:
    """No second recharge within 60 seconds of the last; after them there is one again."""
    actor.do(
        "update_auto_recharge",
        {"enabled": True, "threshold_microcents": 60 * DOLLAR, "recharge_amount_cents": 2_500},
    )
    actor.leave(5 * DOLLAR)
    history = actor.call("list_auto_recharge_history")
    total = history.object.get("total", 0)
    actor.expect(history, total >= 1, "/total", "recharged", "a recharge", "none")
    for seconds, expected in ((0, 0), (59, 0), (1, 1), (59, 1), (2, 2)):
        if seconds:
            actor.wait(seconds=seconds)
        actor.use("light", 1)
        answer = actor.call("list_auto_recharge_history")
        actor.equal(answer, "/total", "pause", total + expected)
    actor.look()


def three_failures_disable_it(actor: Actor) -> None:
    """A failed recharge credits nothing and says why; the third in a row disables the settings; enabling clears it."""
    poor = Actor(actor.run, actor.run.mock_account("card_declined"))
    poor.do("update_auto_recharge", {"enabled": True, "threshold_microcents": 4 * DOLLAR})
    poor.leave(4 * DOLLAR)
    before = poor.call("list_auto_recharge_history").object.get("total", 0)
    for failures in (1, 2, 3):
        balance = poor.balance
        poor.use("light", 1)
        answer = poor.call("get_balance")
        poor.equal(answer, "/balance_microcents", "failed", balance - CREDIT)
        answer = poor.call("list_auto_recharge_history")
        poor.equal(answer, "/total", "failed", before + failures)
        poor.equal(answer, "/history/0/status", "failed", "failed")
        answer = poor.call("get_auto_recharge")
        poor.equal(answer, "/consecutive_failures", "failed", failures)
        poor.equal(answer, "/enabled", "three_failures", failures < 3)
        poor.look()
        poor.wait(seconds=61)
    _audited(poor, "auto_recharge.disabled")
    poor.use("light", 1)
    answer = poor.call("list_auto_recharge_history")
    poor.equal(answer, "/total", "disabled", before + 3)
    answer = poor.call("check_auto_recharge")
    poor.equal(answer, "/success", "declining_card", False)
    poor.do("update_auto_recharge", {"enabled": True, "threshold_microcents": 4 * DOLLAR})
    answer = poor.call("get_auto_recharge")
    poor.equal(answer, "/consecutive_failures", "enabled_again", 0)
    good = poor.do("add_payment_method", {"payment_method_id": "pm_card_visa"})
    poor.do("set_default_payment_method", path={"payment_method_id": good["id"]})
    poor.use("light", 1)
    answer = poor.call("list_auto_recharge_history")
    poor.equal(answer, "/history/0/status", "good_card", "succeeded")
    poor.look()


def the_named_card_pays(actor: Actor) -> None:
    """A recharge charges the card that is named; with none named the default one."""
    second = actor.do("add_payment_method", {"payment_method_id": "pm_card_amex"})
    first = next(card for card in actor.cards if card["id"] != second["id"])
    for named, payer in ((second["stripe_payment_method_id"], second), (None, first)):
        body = {
            "enabled": True,
            "threshold_microcents": 3 * DOLLAR,
            "stripe_payment_method_id": named,
        }
        actor.do("update_auto_recharge", body)
        actor.look()
        actor.leave(3 * DOLLAR - CREDIT)
        answer = actor.call("list_auto_recharge_history")
        actor.equal(answer, "/history/0/payment_method_id", "payer", payer["id"])
        actor.wait(seconds=61)


def disabled_recharges_do_not_run(actor: Actor) -> None:
    """Once it is disabled no usage sets it off."""
    actor.do("update_auto_recharge", {"enabled": True, "threshold_microcents": 3 * DOLLAR})
    actor.do("disable_auto_recharge")
    actor.leave(2 * DOLLAR)
    answer = actor.call("get_balance")
    actor.equal(answer, "/balance_microcents", "disabled", 2 * DOLLAR)
    answer = actor.call("list_auto_recharge_history")
    actor.equal(answer, "/total", "disabled", 0)
    actor.look()


def many_recharges_are_paged(actor: Actor) -> None:
    """A history of 23 attempts is paged by 20, and 23 invoices by 10, unless something else is asked for."""
    actor.do("update_auto_recharge", {"enabled": True, "threshold_microcents": 2_000 * DOLLAR})
    for _ in range(23):
        actor.use("light", 1)
        actor.wait(seconds=60)
    actor.call("list_auto_recharge_history")
    actor.call("list_auto_recharge_history", query={"page": 2})
    actor.call("list_invoices")
    for page in range(1, 6):
        actor.call("list_auto_recharge_history", query={"page": page, "per_page": 5})
    actor.look()


def an_expired_card_is_told(actor: Actor) -> None:
    """The check counts the days to the end of the card's month, and then says that it has expired."""
    owner = Actor(actor.run, actor.run.mock_account("card_expiring"))
    owner.look()
    answer = owner.call("check_auto_recharge")
    owner.equal(answer, "/success", "before_expiry", True)
    owner.wait(days=32)
    answer = owner.call("check_auto_recharge")
    for name, value in (
        ("success", False),
        ("card_expired", True),
        ("payment_method_valid", False),
    ):
        owner.equal(answer, f"/{name}", "after_expiry", value)
    owner.refused(400, "update_auto_recharge", {"enabled": True})
    owner.look()


def _audited(actor: Actor, action: str) -> None:
    answer = actor.call("list_audit_log", query={"limit": 10})
    actions = [entry.get("action") for entry in answer.object.get("entries", [])]
    actor.expect(answer, action in actions, "/entries", action, action, actions[:5])
