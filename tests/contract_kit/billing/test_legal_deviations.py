"""The smallest inputs by which a correct deployment was once found wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from contract_tests.billing.stories.actor import value_at
from contract_tests.drivers.stories import Unsuitable
from contract_tests.findings.causes import grouped
from contract_tests.findings.finding import Finding
from tests.contract_kit.exchanges import CONTRACT, JudgeHarness, example, request_example

CARDS, RECHARGE, LEDGER = "list_payment_methods", "get_auto_recharge", "list_credit_transactions"
AUDIT = "list_audit_log"
PUBLISHED = (
    "id", "user_id", "enabled", "threshold_microcents", "threshold_display",
    "recharge_amount_cents",
)  # fmt: skip


@pytest.fixture
def harness() -> JudgeHarness:
    return JudgeHarness()


def failures(harness: JudgeHarness) -> list[Finding]:
    return [finding for finding in harness.found if finding.grade() == "failure"]


def headlines(harness: JudgeHarness) -> set[str]:
    return {group.cause.code for group in grouped(harness.found, "major")}


def test_the_published_fields_alone_are_one_difference(harness: JudgeHarness) -> None:
    """Fields that the page does not show may be missing."""
    body = example(RECHARGE)
    harness.respond(RECHARGE, {name: body[name] for name in PUBLISHED})
    assert len(harness.found) > 5
    assert failures(harness) == []
    assert headlines(harness) == {"fields-left-out"}


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_field_must_be_there(harness: JudgeHarness, name: str) -> None:
    """A field that the page shows is documented."""
    body = example(RECHARGE)
    del body[name]
    harness.respond(RECHARGE, body)
    assert [finding.where for finding in failures(harness)] == [f"/response/200/body/{name}"]


@pytest.mark.parametrize(
    ("operation", "field", "value"),
    [
        ("add_payment_method", "card_exp_month", "12"),
        ("validate_promo_code", "bonus_value", "10%"),
        ("initiate_verification", "masked_destination", None),
        ("get_cost_projection", "usage_trend", None),
    ],
)
def test_an_example_on_the_page_proves_a_name_only(
    harness: JudgeHarness, operation: str, field: str, value: Any
) -> None:
    """Where the page shows "example", another type and null are differences."""
    harness.respond(operation, {**example(operation), field: value})
    assert ("response_schema", "type") in harness.reported
    assert failures(harness) == []


@pytest.mark.parametrize(
    ("trend", "kinds"), [(None, {"response_schema"}), ("stable", {"usage"}), ("increasing", set())]
)
def test_a_trend_of_another_type_is_a_matter_of_its_schema_only(
    harness: JudgeHarness, trend: Any, kinds: set[str]
) -> None:
    """What is no trend contradicts no chart."""
    idle = example("get_usage_chart")["data"][0]
    days = [
        {**idle, "credits": 10, "light": 10, "requests": 10} if n > 6 else idle for n in range(14)
    ]
    dated = [{**day, "date": f"2026-03-{n:02}"} for n, day in enumerate(days, 1)]
    harness.respond("get_usage_chart", {"data": dated})
    harness.respond("get_cost_projection", {**example("get_cost_projection"), "usage_trend": trend})
    assert {
        found.kind for found in harness.found if found.operation == "get_cost_projection"
    } == kinds


def test_no_status_is_on_the_page(harness: JudgeHarness) -> None:
    """201 instead of 200 is a difference."""
    operation = CONTRACT.operations["create_deposit"]
    body = json.dumps(example("create_deposit")).encode()
    sent = json.dumps(request_example("create_deposit")).encode()
    harness.send(operation.method, operation.path, status=201, body=body, sent=sent)
    assert ("undocumented_status", "201") in harness.reported
    assert failures(harness) == []


def added(id: str, created_at: str, *, is_default: bool) -> Any:
    return {
        **example("add_payment_method"),
        "id": f"00000000-0000-4000-8000-00000000000{id}",
        "stripe_payment_method_id": f"pm_kit_{id}",
        "created_at": created_at,
        "is_default": is_default,
    }


def listed(*cards: Any) -> Any:
    default = next((card["id"] for card in cards if card["is_default"]), None)
    return {"payment_methods": list(cards), "default_method_id": default}


def test_the_newest_card_may_become_the_default(harness: JudgeHarness) -> None:
    """The server that makes a new card the default contradicts nothing that it said."""
    first = added("1", "2026-03-01T00:00:00.000Z", is_default=True)
    second = added("2", "2026-03-02T00:00:00.000Z", is_default=True)
    harness.respond(CARDS, listed(first))
    sent = {"payment_method_id": "pm_kit_2"}
    harness.respond("add_payment_method", second, sent=sent)
    harness.respond(CARDS, listed(second, {**first, "is_default": False}))
    assert failures(harness) == []


def test_the_card_that_replaces_the_default_is_assumed(harness: JudgeHarness) -> None:
    """After the removal of the default, another card than the oldest is a difference."""
    cards = [
        added(str(3 - i), f"2026-03-0{3 - i}T00:00:00.000Z", is_default=i == 0) for i in range(3)
    ]
    harness.respond(CARDS, listed(*cards))
    path = {"payment_method_id": cards[0]["id"]}
    harness.respond("remove_payment_method", path=path)
    harness.respond(CARDS, listed({**cards[1], "is_default": True}, cards[2]))
    assert ("state", "replaced") in harness.reported
    assert failures(harness) == []


def test_lists_may_be_oldest_first(harness: JudgeHarness) -> None:
    """An order that the contract assumes is one minor difference, and the books still add up."""
    body = example(LEDGER)
    body["transactions"] = body["transactions"][::-1]
    harness.respond(LEDGER, body)
    assert failures(harness) == []
    assert headlines(harness) == {"order"}


def of_one_moment(entries: list[Any]) -> list[Any]:
    return [{**entry, "created_at": "2026-03-01T00:00:00.000Z"} for entry in entries]


@pytest.mark.parametrize("step", [1, -1], ids=["newest first", "oldest first"])
def test_the_chain_shows_the_order_of_one_moment(step: int, harness: JudgeHarness) -> None:
    """Entries that were made at one moment may be listed in either order."""
    body = example(LEDGER)
    harness.respond(LEDGER, {**body, "transactions": of_one_moment(body["transactions"])[::step]})
    harness.respond("get_balance")
    assert failures(harness) == []


def test_a_page_of_one_entry_leaves_the_order_open(harness: JudgeHarness) -> None:
    """The last page of a ledger that is listed oldest first has its newest entry."""
    body = example(LEDGER)
    page = {**body, "transactions": body["transactions"][:1], "has_more": False}
    harness.respond(LEDGER, page, query=f"?limit=1&offset={body['total'] - 1}")
    assert failures(harness) == []


def test_a_chain_of_one_moment_must_hold_in_one_order(harness: JudgeHarness) -> None:
    """An entry that continues no other one is a failure, whatever the order."""
    body = example(LEDGER)
    entries = of_one_moment(body["transactions"])
    entries[1]["balance_after_microcents"] += 1
    harness.respond(LEDGER, {**body, "transactions": entries})
    assert {finding.keyword for finding in failures(harness)} == {"chain"}


def test_the_balance_follows_the_whole_ledger_of_one_moment(harness: JudgeHarness) -> None:
    """The first page of a ledger whose order is open does not show the newest entry."""
    body = example(LEDGER)
    entries = of_one_moment(body["transactions"])[::-1]
    page = {**body, "transactions": entries[:1], "has_more": True}
    harness.respond(LEDGER, page, query="?limit=1")
    harness.respond("get_balance")
    assert failures(harness) == []


@pytest.mark.parametrize(
    "operation", ["create_setup_intent", "create_portal_session", "disable_auto_recharge"]
)
def test_what_changes_nothing_need_not_be_logged(harness: JudgeHarness, operation: str) -> None:
    """Setup intents, portal sessions and a disabling of what is disabled may leave no entry."""
    harness.respond(RECHARGE, {**example(RECHARGE), "enabled": False})
    harness.respond(AUDIT)
    harness.respond(operation)
    harness.respond(AUDIT)
    assert [finding for finding in harness.found if finding.kind == "audit"] == []


def test_a_shrinking_log_has_no_missing_entries(harness: JudgeHarness) -> None:
    """A total that falls is one finding, and none about negative numbers of entries."""
    log = example(AUDIT)
    harness.respond(AUDIT, {**log, "total": log["total"] + 2, "has_more": True})
    harness.respond("update_usage_alerts")
    harness.respond(AUDIT, log)
    assert all("-" not in finding.got for finding in harness.found if finding.kind == "audit")


def test_an_unreadable_body_is_one_finding(harness: JudgeHarness) -> None:
    """The status of an invalid request is judged by the request, not by the account too."""
    harness.respond(CARDS)
    error = {"detail": "Invalid body"}
    harness.respond("update_auto_recharge", error, status=400, sent=b"1ab45d7a")
    assert [finding.kind for finding in harness.found if finding.kind != "response_schema"] == [
        "wrong_refusal"
    ]
    assert failures(harness) == []


@pytest.mark.parametrize("sent", [b'{"threshold_50_enabled": NaN}', b'{"email_enabled": 0}'])
def test_a_lax_parser_is_a_minor_difference(harness: JudgeHarness, sent: bytes) -> None:
    """Every plain FastAPI accepts NaN and converts types."""
    harness.respond("update_usage_alerts", sent=sent)
    accepted = [finding for finding in harness.found if finding.kind == "invalid_accepted"]
    assert [finding.severity for finding in accepted] == ["minor"]
    assert failures(harness) == []


def test_a_balance_that_is_not_the_sum_of_its_ledger_fails(harness: JudgeHarness) -> None:
    """Two views that contradict each other fail a run, although no page documents the rule."""
    ledger = example(LEDGER)
    balance = example("get_balance")
    balance["balance_microcents"] = ledger["transactions"][0]["balance_after_microcents"] + 1
    harness.respond(LEDGER, ledger)
    harness.respond("get_balance", balance)
    found = [finding for finding in failures(harness) if finding.kind == "money"]
    assert {finding.provenance for finding in found} == {"assumed"}
    assert {(finding.severity, finding.contradicts_itself) for finding in found} == {
        ("critical", True)
    }


def test_two_readings_of_a_clock_differ(harness: JudgeHarness) -> None:
    """Times that a deployment reads from its clock in one request may be a second apart."""
    body = {**example("get_subscription"), "started_at": "2026-03-01T00:00:00.002Z"}
    harness.respond("get_subscription", body)
    assert harness.found == []
    later = {**body, "started_at": "2026-03-01T00:00:03.000Z"}
    harness.respond("get_subscription", later)
    assert ("time", "order") in harness.reported


def test_a_period_may_end_at_a_whole_second(harness: JudgeHarness) -> None:
    """February is a month although its period is some milliseconds shorter than 28 days."""
    start, end = "2026-01-31T10:00:00.622Z", "2026-02-28T10:00:00.000Z"
    body = {**example("get_subscription"), "current_period_start": start, "started_at": start}
    harness.respond("get_subscription", {**body, "current_period_end": end})
    assert harness.found == []


@pytest.mark.parametrize("is_priced", [True, False])
def test_the_price_of_a_credit_is_the_deployments(harness: JudgeHarness, is_priced: bool) -> None:
    """Chart and ledger agree at the price of the breakdown; at any other they do not."""
    month, ledger = example("get_usage_breakdown"), example(LEDGER)
    for entry in ledger["transactions"]:
        if entry["type"] == "usage":
            entry["amount_microcents"] = entry["amount_microcents"] * 5 // 4
    if is_priced:
        for part in month.values():
            if isinstance(part, dict):
                part["cost_microcents"] = part["credits"] * 25_000
    harness.respond("get_usage_breakdown", month)
    chart = example("get_usage_chart")
    chart["data"] = chart["data"][-1:]
    harness.respond("get_usage_chart", chart, query="?days=1")
    harness.respond(LEDGER, ledger)
    found = {finding.operation for finding in harness.found if finding.keyword == "ledger"}
    assert ("get_usage_chart" in found) is not is_priced


def test_the_price_of_a_credit_shows_where_the_month_has_no_usage(harness: JudgeHarness) -> None:
    """Two days at one price are enough, if the breakdown of a new month is empty."""
    ledger = example(LEDGER)
    for entry in ledger["transactions"]:
        if entry["type"] == "usage":
            entry["amount_microcents"] = entry["amount_microcents"] * 5 // 4
    harness.respond("get_usage_chart", query="?days=7")
    harness.respond(LEDGER, ledger)
    found = {(finding.operation, finding.keyword) for finding in harness.found}
    assert ("get_usage_chart", "ledger") not in found


def test_a_list_need_not_show_the_digits_of_a_card(harness: JudgeHarness) -> None:
    """They can be null, and the check of auto-recharge may show them nevertheless."""
    hidden = example(CARDS)
    for card in hidden["payment_methods"]:
        card["card_last4"] = None
    harness.respond(CARDS, hidden)
    harness.respond(RECHARGE)
    harness.respond("check_auto_recharge")
    assert ("state", "card") not in harness.reported


def test_a_fraction_of_a_cent_may_be_rounded_up() -> None:
    """The contract says whole cents: one cent more is a question, two contradict the ledger."""
    balance = example("get_balance")
    # The example's charges come to 5,166 cents exactly; a fraction is added to its oldest entry.
    ledger = example(LEDGER)
    ledger["transactions"][0]["amount_microcents"] -= 400_000
    for cents, grades in ((5_167, {"difference"}), (5_169, {"failure"})):
        fresh = JudgeHarness()
        fresh.respond(LEDGER, ledger)
        fresh.respond("get_balance", {**balance, "total_spent_cents": cents})
        spent = [found for found in fresh.found if found.where.endswith("/total_spent_cents")]
        assert {found.grade() for found in spent} == grades


def test_refunds_that_are_left_out_are_not_rounding(harness: JudgeHarness) -> None:
    """Spending without a refund of less than a cent is a failure, though it is one cent more."""
    ledger = example(LEDGER)
    refund, *others = ledger["transactions"]
    used = -sum(entry["amount_microcents"] for entry in others if entry["type"] == "usage")
    refund.update(type="refund", amount_microcents=used % 1_000_000 + 1)
    harness.respond(LEDGER, ledger)
    body = {**example("get_balance"), "total_spent_cents": used // 1_000_000}
    harness.respond("get_balance", body)
    spent = [found for found in harness.found if found.where.endswith("/total_spent_cents")]
    assert [found.grade() for found in spent] == ["failure"]


OLD, NEW = ({"id": id, "created_at": f"2026-03-0{id}T00:00:00Z"} for id in (1, 2))


@pytest.mark.parametrize("items", [[NEW, OLD], [OLD, NEW]], ids=["newest first", "oldest first"])
def test_a_story_finds_the_newest_item_in_either_order(items: list[Any]) -> None:
    """The order of a list is assumed, so the newest of all items may be the last one."""
    assert value_at({"invoices": items, "total": 2}, "/invoices/0/id") == 2


def test_a_story_ends_where_the_newest_item_is_on_another_page() -> None:
    """The first page of a list that is oldest first says nothing of the newest item."""
    with pytest.raises(Unsuitable):
        value_at({"invoices": [OLD, NEW], "total": 3}, "/invoices/0/id")


def test_an_entry_of_an_unknown_type_may_be_a_bonus_elsewhere(harness: JudgeHarness) -> None:
    """Enums are open, so a type of the ledger that the contract lacks is a difference only."""
    ledger = example(LEDGER)
    for entry in ledger["transactions"]:
        if entry["type"] == "bonus":
            entry["type"] = "goodwill"
    harness.respond(LEDGER, ledger)
    harness.respond("list_recent_activity")
    assert failures(harness) == []
