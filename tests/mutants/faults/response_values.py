"""Responses with values that another language, database or formatter would write."""

from __future__ import annotations

import re
from typing import Any

from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.wire import Request, Response, changes_body, changes_response

Json = Any

_NEW, _SUBSCRIBER = "sk_test_new", "sk_test_subscriber"
_HOOK = "https://hooks.example/alerts"
_BIGGEST_SHORT_NUMBER = 10**9
_BOM = "\ufeff".encode()


def _amounts_as_floats(body: Json, _: Request) -> None:
    for attempt in body["history"]:
        attempt["amount_cents"] = float(attempt["amount_cents"])


def _digits_as_a_number(body: Json, _: Request) -> None:
    for card in body["payment_methods"]:
        card["card_last4"] = str(int(card["card_last4"]))


def _two_digits_of_the_year(body: Json, _: Request) -> None:
    for card in body["payment_methods"]:
        card["card_exp_year"] %= 100


def _null_for_an_empty_list(body: Json, _: Request) -> None:
    body["history"] = body["history"] or None


def _leave_out_an_empty_list(body: Json, _: Request) -> None:
    if not body["invoices"]:
        del body["invoices"]


def _leave_out_zeros(body: Json, _: Request) -> None:
    for name in [name for name, value in body.items() if value == 0]:
        del body[name]


def _in_scientific_notation(response: Response, _: Request) -> None:
    def shorter(found: re.Match[bytes]) -> bytes:
        amount = int(found[2])
        return found[1] + (
            f"{amount / 10**9!r}e9".encode() if amount >= _BIGGEST_SHORT_NUMBER else found[2]
        )

    response.body = re.sub(rb'("balance_microcents":)(\d+)', shorter, response.body)


def _date_only(body: Json, _: Request) -> None:
    for invoice in body["invoices"]:
        invoice["created_at"] = invoice["created_at"][:10]


def _nanoseconds(body: Json, _: Request) -> None:
    body["updated_at"] = body["updated_at"].replace("Z", "000000Z")


def _capital_status(body: Json, _: Request) -> None:
    body["status"] = body["status"].capitalize()


def _camel_case(body: Json, _: Request) -> None:
    body["minDepositCents"] = body.pop("min_deposit_cents")


def _percent_as_text(body: Json, _: Request) -> None:
    if body["bonus_type"] == "percentage":
        body["bonus_value"] = f"{body['bonus_value']}%"


def _begin_with_a_bom(response: Response, _: Request) -> None:
    response.body = _BOM + response.body


def _whole_dollars(body: Json, _: Request) -> None:
    body["recharge_amount_display"] = body["recharge_amount_display"].removesuffix(".00")


def _escaped(body: Json, _: Request) -> None:
    text = body["consent_text"]
    if text is not None:
        body["consent_text"] = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _without_query(body: Json, _: Request) -> None:
    if body["webhook_url"] is not None:
        body["webhook_url"] = body["webhook_url"].partition("?")[0]


def _last4_of_a_jcb(me: Caller) -> object:
    me.post("payment-methods", {"payment_method_id": "pm_card_jcb"})
    return me.get("payment-methods")["payment_methods"][0]["card_last4"]


def _history_of_a_recharge(me: Caller) -> object:
    low = me.named("sk_test_low_balance")
    low.use("light", 501)
    return low.ask("GET", "auto-recharge/history").text


def _hook_with_a_query(me: Caller) -> object:
    me.put("usage-alerts", {"webhook_url": f"{_HOOK}?token=a"})
    return me.get("usage-alerts")["webhook_url"]


def _consent_with_an_ampersand(me: Caller) -> object:
    me.put("auto-recharge", {"consent_text": "Terms & Conditions"})
    return me.get("auto-recharge")["consent_text"]


FAULTS = (
    Fault(
        "history-amounts-are-floats",
        "response",
        "Amounts of the recharge history are written as 5000.0.",
        changes_body("list_auto_recharge_history", by=_amounts_as_floats),
        _history_of_a_recharge,
    ),
    Fault(
        "card-digits-lose-their-zeros",
        "response",
        "The last four digits of a listed card are without leading zeros: 505 instead of 0505.",
        changes_body("list_payment_methods", by=_digits_as_a_number),
        _last4_of_a_jcb,
    ),
    Fault(
        "card-year-has-two-digits",
        "response",
        "Listed cards expire in the year 29 instead of 2029.",
        changes_body("list_payment_methods", by=_two_digits_of_the_year),
        lambda me: me.get("payment-methods")["payment_methods"][0]["card_exp_year"],
    ),
    Fault(
        "empty-history-is-null",
        "response",
        "An empty recharge history is null instead of an empty list.",
        changes_body("list_auto_recharge_history", by=_null_for_an_empty_list),
        lambda me: me.named(_NEW).get("auto-recharge/history")["history"],
    ),
    Fault(
        "empty-invoices-left-out",
        "response",
        "An account without invoices gets no list of invoices instead of an empty one.",
        changes_body("list_invoices", by=_leave_out_an_empty_list),
        lambda me: me.named(_NEW).get("invoices"),
    ),
    Fault(
        "zero-credits-left-out",
        "response",
        "The cost projection leaves out counts of zero.",
        changes_body("get_cost_projection", by=_leave_out_zeros),
        lambda me: me.named(_NEW).get("cost-projection"),
    ),
    Fault(
        "large-balance-in-scientific-notation",
        "response",
        "A balance of $10 or more is written as 5.434e9 microcents.",
        changes_response("get_balance", by=_in_scientific_notation),
        lambda me: me.ask("GET", "balance").text,
    ),
    Fault(
        "invoice-created-on-a-date",
        "response",
        "created_at of an invoice is a date without a time.",
        changes_body("list_invoices", by=_date_only),
        lambda me: me.get("invoices")["invoices"][0]["created_at"],
    ),
    Fault(
        "alerts-updated-in-nanoseconds",
        "response",
        "updated_at of saved usage alerts has nine decimals.",
        changes_body("update_usage_alerts", by=_nanoseconds),
        lambda me: me.put("usage-alerts", {})["updated_at"],
    ),
    Fault(
        "subscription-status-capitalized",
        "response",
        "The status of a subscription is written with a capital: Active.",
        changes_body("get_subscription", by=_capital_status),
        lambda me: me.named(_SUBSCRIBER).get("subscription")["status"],
    ),
    Fault(
        "promo-minimum-in-camel-case",
        "response",
        "The response about a promo code has minDepositCents instead of min_deposit_cents.",
        changes_body("validate_promo_code", by=_camel_case),
        lambda me: list(me.post("promo/validate", {"code": "BONUS5"})),
    ),
    Fault(
        "promo-percentage-as-text",
        "response",
        "The bonus of a percentage code is the text '10%'.",
        changes_body("validate_promo_code", by=_percent_as_text),
        lambda me: me.named(_NEW).post("promo/validate", {"code": "WELCOME10"})["bonus_value"],
    ),
    Fault(
        "subscription-begins-with-a-byte-order-mark",
        "response",
        "The JSON of a subscription begins with a byte order mark.",
        changes_response("get_subscription", by=_begin_with_a_bom),
        lambda me: me.ask("GET", "subscription").content[:1],
    ),
    Fault(
        "recharge-amount-shown-in-whole-dollars",
        "response",
        "The recharge amount is displayed as $50 instead of $50.00.",
        changes_body("get_auto_recharge", by=_whole_dollars),
        lambda me: me.get("auto-recharge")["recharge_amount_display"],
    ),
    Fault(
        "consent-text-escaped-for-html",
        "state",
        "A consent text with '&' is read back as '&amp;'.",
        changes_body("get_auto_recharge", by=_escaped),
        _consent_with_an_ampersand,
    ),
    Fault(
        "webhook-loses-its-query",
        "state",
        "The webhook of usage alerts is read back without its query.",
        changes_body("get_usage_alerts", by=_without_query),
        _hook_with_a_query,
    ),
)
