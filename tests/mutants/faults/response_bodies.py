"""Responses whose body breaks the contract: fields, types, formats, values, broken JSON."""

from __future__ import annotations

from typing import Any

from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.wire import Request, Response, changes_body, changes_response

Json = Any

_LONG_PAGE = 50
_ODD_ONE = 37
_BUFFER_BYTES = 8_192


def _stringify_one(body: Json, _: Request) -> None:
    entries = body["transactions"]
    if len(entries) > _LONG_PAGE:
        entries[_ODD_ONE]["balance_after_microcents"] = str(
            entries[_ODD_ONE]["balance_after_microcents"]
        )


def _leave_out_null_references(body: Json, _: Request) -> None:
    for entry in body["transactions"]:
        if entry["reference_id"] is None:
            del entry["reference_id"]


def _shorten_refusal(body: Json, _: Request) -> None:
    if not body["valid"]:
        for name in [key for key, value in body.items() if value is None]:
            del body[name]


def _name_scheduled_change(body: Json, _: Request) -> None:
    if body["pending_plan"] is not None:
        body["status"] = "changing"


def _offset_times(body: Json, _: Request) -> None:
    for invoice in body["invoices"]:
        invoice["created_at"] = invoice["created_at"].replace("Z", "+00:00")


def _shout_on_later_pages(body: Json, request: Request) -> None:
    if request.query.get("offset", "0") != "0":
        for activity in body["activities"]:
            activity["id"] = activity["id"].upper()


def _show_fingerprints(body: Json, _: Request) -> None:
    for card in body["payment_methods"]:
        card["fingerprint"] = card["stripe_payment_method_id"][::-1]


def _number_default_flags(body: Json, _: Request) -> None:
    for card in body["payment_methods"]:
        card["is_default"] = int(card["is_default"])


def _null_free_price(body: Json, _: Request) -> None:
    if body["status"] == "none":
        body["price_cents"] = None


def _number_card_digits(body: Json, _: Request) -> None:
    if body["card_last4"] is not None:
        body["card_last4"] = int(body["card_last4"])


def _null_empty_details(body: Json, _: Request) -> None:
    for entry in body["entries"]:
        entry["details"] = entry["details"] or None


def _cut_long_body(response: Response, _: Request) -> None:
    response.body = response.body[:_BUFFER_BYTES]


def _write_nan(response: Response, _: Request) -> None:
    response.body = response.body.replace(
        b'"card_days_until_expiry":null', b'"card_days_until_expiry":NaN'
    )


def _answer_null(response: Response, _: Request) -> None:
    if response.status == 200:
        response.json = None


def _types_in_a_long_page(me: Caller) -> object:
    entries = me.get("credit-transactions", limit=100)["transactions"]
    return {type(entry["balance_after_microcents"]) for entry in entries}


def _status_with_a_downgrade_to_come(me: Caller) -> object:
    me.post("change-plan", {"price_id": "price_growth_monthly"})
    me.post("change-plan", {"price_id": "price_starter_monthly"})
    return me.get("subscription")["status"]


def _trend_after_a_busy_day(me: Caller) -> object:
    me.use("light", 300_000)
    return me.get("cost-projection")["usage_trend"]


FAULTS = (
    Fault(
        "balance-lacks-threshold-display",
        "response",
        "The auto-recharge settings within a balance lack threshold_display.",
        changes_body(
            "get_balance", by=lambda body, _: body["auto_recharge"].pop("threshold_display")
        ),
        lambda me: sorted(me.get("balance")["auto_recharge"]),
    ),
    Fault(
        "spent-cents-with-a-fraction",
        "response",
        "total_spent_cents of a balance is a number with a fraction.",
        changes_body(
            "get_balance",
            by=lambda body, _: body.update(total_spent_cents=body["total_spent_cents"] + 0.5),
        ),
        lambda me: me.get("balance")["total_spent_cents"],
    ),
    Fault(
        "one-amount-of-a-long-page-is-text",
        "response",
        "On a page of more than 50 ledger entries, the 38th has its balance as a string.",
        changes_body("list_credit_transactions", by=_stringify_one),
        _types_in_a_long_page,
    ),
    Fault(
        "null-reference-left-out",
        "response",
        "Ledger entries that refer to nothing lack reference_id instead of having it null.",
        changes_body("list_credit_transactions", by=_leave_out_null_references),
        lambda me: sorted(me.named("sk_test_new").get("credit-transactions")["transactions"][0]),
    ),
    Fault(
        "invalid-promo-answer-is-short",
        "response",
        "The response about a promo code that cannot be used leaves out every field that is null.",
        changes_body("validate_promo_code", by=_shorten_refusal),
        lambda me: sorted(me.post("promo/validate", {"code": "NOSUCH"})),
    ),
    Fault(
        "status-changing-while-a-downgrade-waits",
        "response",
        "A subscription with a downgrade to come has the undocumented status 'changing'.",
        changes_body("get_subscription", by=_name_scheduled_change),
        lambda me: _status_with_a_downgrade_to_come(me.named("sk_test_subscriber")),
    ),
    Fault(
        "rising-trend-has-another-name",
        "response",
        "Where usage increases, the projection says 'rising', which the contract does not know.",
        changes_body(
            "get_cost_projection",
            by=lambda body, _: body.update(
                usage_trend=body["usage_trend"].replace("increasing", "rising")
            ),
        ),
        _trend_after_a_busy_day,
    ),
    Fault(
        "invoice-times-with-an-offset",
        "response",
        "Invoices have created_at with +00:00 instead of Z.",
        changes_body("list_invoices", by=_offset_times),
        lambda me: me.get("invoices")["invoices"][0]["created_at"],
    ),
    Fault(
        "challenge-expiry-without-a-zone",
        "response",
        "The expiry of a verification challenge does not say that it is in UTC.",
        changes_body(
            "initiate_verification",
            by=lambda body, _: body.update(expires_at=body["expires_at"][:-1]),
        ),
        lambda me: me.post("verify/initiate", {"action": "change_email"})["expires_at"],
    ),
    Fault(
        "ids-in-capitals-from-page-two",
        "response",
        "Recent activity beyond the first page has its ids in upper case.",
        changes_body("list_recent_activity", by=_shout_on_later_pages),
        lambda me: me.get("recent-activity", offset=1)["activities"][0]["id"],
    ),
    Fault(
        "new-card-id-without-dashes",
        "response",
        "The response to adding a card has its id as 32 digits without dashes.",
        changes_body(
            "add_payment_method", by=lambda body, _: body.update(id=body["id"].replace("-", ""))
        ),
        lambda me: me.post("payment-methods", {"payment_method_id": "pm_card_amex"})["id"],
    ),
    Fault(
        "thousands-without-a-comma",
        "response",
        "A deposit of $1,000 or more is displayed without the comma.",
        changes_body(
            "create_deposit",
            by=lambda body, _: body.update(amount_display=body["amount_display"].replace(",", "")),
        ),
        lambda me: me.post("deposit", {"amount_cents": 100_000})["amount_display"],
    ),
    Fault(
        "card-fingerprint-shown",
        "response",
        "Each card of the list has an undocumented field, fingerprint.",
        changes_body("list_payment_methods", by=_show_fingerprints),
        lambda me: sorted(me.get("payment-methods")["payment_methods"][0]),
    ),
    Fault(
        "default-flag-is-a-number",
        "response",
        "is_default of a listed card is 1 or 0 instead of true or false.",
        changes_body("list_payment_methods", by=_number_default_flags),
        lambda me: str(me.get("payment-methods")["payment_methods"][0]["is_default"]),
    ),
    Fault(
        "realtime-tells-how-long-it-took",
        "response",
        "Real-time usage has an undocumented field, took_ms.",
        changes_body("get_usage_realtime", by=lambda body, _: body.update(took_ms=3)),
        lambda me: sorted(me.get("usage-realtime")),
    ),
    Fault(
        "free-plan-has-no-price",
        "response",
        "Without a plan price_cents is null, which the contract does not allow.",
        changes_body("get_subscription", by=_null_free_price),
        lambda me: me.get("subscription")["price_cents"],
    ),
    Fault(
        "card-digits-are-a-number",
        "response",
        "The recharge test shows the last four digits of the card as a number.",
        changes_body("check_auto_recharge", by=_number_card_digits),
        lambda me: me.post("auto-recharge/test")["card_last4"],
    ),
    Fault(
        "days-until-expiry-not-a-number",
        "response",
        "Without a card the recharge test returns NaN for the days until it expires, which is "
        "no JSON.",
        changes_response("check_auto_recharge", by=_write_nan),
        lambda me: me.named("sk_test_new").ask("POST", "auto-recharge/test").text,
    ),
    Fault(
        "empty-details-are-null",
        "response",
        "Audit entries with nothing to tell have null for details instead of an empty object.",
        changes_body("list_audit_log", by=_null_empty_details),
        lambda me: me.get("audit-log", limit=100)["entries"][-1]["details"],
    ),
    Fault(
        "long-chart-cut-off",
        "response",
        "A usage chart of more than 8 KB ends in the middle of its JSON.",
        changes_response("get_usage_chart", by=_cut_long_body),
        lambda me: me.ask("GET", "usage-chart", params={"days": 365}).text[-1],
    ),
    Fault(
        "alert-settings-answered-with-null",
        "response",
        "Saving usage alerts returns null instead of the settings.",
        changes_response("update_usage_alerts", by=_answer_null),
        lambda me: me.put("usage-alerts", {}) is None,
    ),
    Fault(
        "checkout-url-is-relative",
        "response",
        "The url of a checkout session is a path without scheme and host.",
        changes_body(
            "create_checkout_session",
            by=lambda body, _: body.update(url="/" + body["url"].split("/", 3)[3]),
        ),
        lambda me: me.post(
            "checkout",
            {
                "price_id": "price_growth_monthly",
                "success_url": "https://a.example",
                "cancel_url": "https://b.example",
            },
        )["url"],
    ),
)
