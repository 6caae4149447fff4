"""Requests that are validated against wrong shapes.

Required fields, null, types, defaults, media types, sizes and broken JSON.
"""

from __future__ import annotations

import re
from typing import Any

import orjson

from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Demands, demands, property_of
from tests.mutants.wire import Request, changes_request, changes_sent_json

Json = dict[str, Any]

_DONE, _BACK = "https://shop.example/done", "https://shop.example/back"
_PLAN = {"price_id": "price_growth_monthly", "success_url": _DONE}
_UUID = re.compile(rb"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SWITCHES = ("enabled", "email_enabled", "threshold_50_enabled", "threshold_75_enabled")


def _read_amount(body: Json) -> Json:
    amount = body.get("amount_cents")
    return (
        {**body, "amount_cents": int(amount)}
        if isinstance(amount, str) and amount.isdigit()
        else body
    )


def _count_true(body: Json) -> Json:
    threshold = body.get("threshold_microcents")
    return {**body, "threshold_microcents": int(threshold)} if isinstance(threshold, bool) else body


def _switch_by_numbers(body: Json) -> Json:
    return {
        name: bool(value) if name in _SWITCHES and value in (0, 1) else value
        for name, value in body.items()
    }


def _drop_null_mail_switch(body: Json) -> Json:
    return {
        name: value for name, value in body.items() if name != "email_enabled" or value is not None
    }


def _drop_unknown_source(body: Json) -> Json:
    known = ("deposit_flow", "success_page", "settings", None)
    return {
        name: value for name, value in body.items() if name != "consent_source" or value in known
    }


def _forgive_broken_json(request: Request) -> None:
    try:
        orjson.loads(request.body)
    except orjson.JSONDecodeError:
        request.body = b"{}" if request.body.strip() else request.body


def _claim_json(request: Request) -> None:
    request.headers[b"content-type"] = b"application/json"


def _drop_odd_organization(request: Request) -> None:
    if not _UUID.fullmatch(request.headers.get(b"x-organization-id", b"")):
        request.headers.pop(b"x-organization-id", None)


def _empty_for_nothing(request: Request) -> None:
    if request.json == {}:
        request.body = b""


def _accept_ten_megabytes(demands: Demands) -> None:
    demands.request_body["x-max-bytes"] = 10_000_000


def _status_of_raw(
    me: Caller, method: str, path: str, content: bytes, media_type: str = "application/json"
) -> object:
    return me.ask(method, path, content=content, headers={"Content-Type": media_type}).status_code


FAULTS = (
    Fault(
        "checkout-without-a-way-back",
        "input",
        "A checkout session can be opened without the required cancel_url.",
        demands(
            "create_checkout_session", lambda demands: demands.body["required"].remove("cancel_url")
        ),
        lambda me: me.status("POST", "checkout", _PLAN),
    ),
    Fault(
        "checkout-mode-is-required",
        "input",
        "A checkout without a mode is refused, although the mode has a default.",
        demands("create_checkout_session", lambda demands: demands.body["required"].append("mode")),
        lambda me: me.status("POST", "checkout", {**_PLAN, "cancel_url": _BACK}),
    ),
    Fault(
        "deposit-amount-may-be-text",
        "input",
        'A deposit accepts its amount as a string, "5000".',
        changes_sent_json("create_deposit", by=_read_amount),
        lambda me: me.status("POST", "deposit", {"amount_cents": "5000"}),
    ),
    Fault(
        "null-promo-code-refused",
        "input",
        "A deposit whose promo_code is null is refused, although it may be.",
        demands("create_deposit", property_of("promo_code", nullable=None)),
        lambda me: me.status("POST", "deposit", {"amount_cents": 5_000, "promo_code": None}),
    ),
    Fault(
        "true-taken-for-one-microcent",
        "input",
        "Auto-recharge accepts true as a threshold and takes it for 1.",
        changes_sent_json("update_auto_recharge", by=_count_true),
        lambda me: me.status("PUT", "auto-recharge", {"threshold_microcents": True}),
    ),
    Fault(
        "unknown-consent-source-dropped",
        "input",
        "Auto-recharge accepts a consent_source that it does not know, and forgets it.",
        changes_sent_json("update_auto_recharge", by=_drop_unknown_source),
        lambda me: me.status("PUT", "auto-recharge", {"consent_source": "phone_call"}),
    ),
    Fault(
        "broken-json-taken-for-empty",
        "input",
        "A body that is no JSON resets the auto-recharge settings to their defaults instead of "
        "being refused.",
        changes_request("update_auto_recharge", by=_forgive_broken_json),
        lambda me: _status_of_raw(me, "PUT", "auto-recharge", b'{"enabled": tru'),
    ),
    Fault(
        "alert-switches-may-be-numbers",
        "input",
        "Usage alerts accept 1 and 0 for true and false.",
        changes_sent_json("update_usage_alerts", by=_switch_by_numbers),
        lambda me: me.status("PUT", "usage-alerts", {"threshold_50_enabled": 1}),
    ),
    Fault(
        "null-switch-taken-for-the-default",
        "input",
        "Usage alerts accept null for email_enabled.",
        changes_sent_json("update_usage_alerts", by=_drop_null_mail_switch),
        lambda me: me.status("PUT", "usage-alerts", {"email_enabled": None}),
    ),
    Fault(
        "large-body-accepted",
        "input",
        "Usage alerts accept a body of more than 1 MB.",
        demands("update_usage_alerts", _accept_ten_megabytes),
        lambda me: _status_of_raw(me, "PUT", "usage-alerts", b"{" + b" " * 1_000_000 + b"}"),
    ),
    Fault(
        "card-accepted-as-plain-text",
        "input",
        "Adding a card does not look at the media type of the body.",
        changes_request("add_payment_method", by=_claim_json),
        lambda me: _status_of_raw(
            me, "POST", "payment-methods", b'{"payment_method_id": "pm_card_amex"}', "text/plain"
        ),
    ),
    Fault(
        "code-goes-by-text-message",
        "input",
        "A verification without a method is sent by SMS instead of e-mail.",
        demands("initiate_verification", property_of("method", default="sms")),
        lambda me: me.post("verify/initiate", {"action": "change_email"})["method"],
    ),
    Fault(
        "plan-change-needs-no-price",
        "input",
        "A change of plan with an empty object is accepted, although price_id is required.",
        changes_request("change_plan", by=_empty_for_nothing),
        lambda me: me.status("POST", "change-plan", {}),
    ),
    Fault(
        "odd-organization-ignored",
        "input",
        "The usage chart ignores an X-Organization-Id that is no UUID, "
        "and shows the caller's usage.",
        changes_request("get_usage_chart", by=_drop_odd_organization),
        lambda me: me.ask("GET", "usage-chart", headers={"X-Organization-Id": "acme"}).status_code,
    ),
)
