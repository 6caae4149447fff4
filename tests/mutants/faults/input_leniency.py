"""Requests that a lenient or an overly strict framework would treat otherwise."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mockserver.billing.api.call import Call
from mockserver.engine.reply import Listing
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Demands, Original, demands, handles, parameter, property_of
from tests.mutants.wire import (
    Inside,
    Request,
    Response,
    Wire,
    changes_request,
    changes_sent_json,
)

Json = Any

_KNOWN_TYPES = frozenset(
    {"deposit", "auto_recharge", "promo", "signup", "scrape", "crawl", "refund", "subscription"}
)
_WAYS = {"success_url": "https://shop.example/done", "cancel_url": "https://shop.example/back"}
_WORDS = {"yes": True, "on": True, "no": False, "off": False}


def _ignore_an_unknown_type(original: Original, call: Call) -> Listing:
    wanted = call.params["reference_type"]
    params = {**call.params, "reference_type": wanted if wanted in _KNOWN_TYPES else None}
    listing: Listing = original(replace(call, params=params))
    return listing


def _cut_fraction(request: Request) -> None:
    whole, point, _ = request.query.get("offset", "").partition(".")
    if point and whole.isdigit():
        request.query["offset"] = whole


def _first_page_for_zero(request: Request) -> None:
    if request.query.get("page") == "0":
        request.query["page"] = "1"


def _whole_cents(body: Json) -> Json:
    amount = body.get("amount_cents")
    return {**body, "amount_cents": int(amount)} if isinstance(amount, float) else body


def _words_for_switches(body: Json) -> Json:
    enabled = body.get("enabled")
    known = isinstance(enabled, str) and enabled in _WORDS
    return {**body, "enabled": _WORDS[enabled]} if known else body


def _with_a_scheme(body: Json) -> Json:
    hook = body.get("webhook_url")
    bare = isinstance(hook, str) and "://" not in hook
    return {**body, "webhook_url": f"https://{hook}".replace(" ", "")} if bare else body


def _mail_for_any_method(body: Json) -> Json:
    method = body.get("method")
    return {**body, "method": "email"} if isinstance(method, str) and method != "sms" else body


def _close_the_body(demanded: Demands) -> None:
    demanded.body["additionalProperties"] = False


async def _refuse_a_charset(inside: Inside, request: Request) -> Response:
    if b"charset" in request.headers.get(b"content-type", b""):
        request.headers[b"content-type"] = b"text/plain"
    return await inside.ask(request)


def _checkout(me: Caller, **more: str) -> object:
    return me.status("POST", "checkout", {"price_id": "price_starter_monthly", **_WAYS, **more})


FAULTS = (
    Fault(
        "unknown-filter-shows-everything",
        "state",
        "The ledger ignores a reference_type that it does not know, and lists everything.",
        handles("list_credit_transactions", _ignore_an_unknown_type),
        lambda me: me.get("credit-transactions", reference_type="nothing")["total"],
    ),
    Fault(
        "activity-offset-may-have-a-fraction",
        "input",
        "Recent activity takes an offset of 1.5 for 1.",
        changes_request("list_recent_activity", by=_cut_fraction),
        lambda me: me.status("GET", "recent-activity", offset="1.5"),
    ),
    Fault(
        "history-page-zero-is-the-first",
        "input",
        "Page 0 of the recharge history is page 1.",
        changes_request("list_auto_recharge_history", by=_first_page_for_zero),
        lambda me: me.status("GET", "auto-recharge/history", page=0),
    ),
    Fault(
        "chart-longer-than-a-year",
        "input",
        "A usage chart of more than 365 days is served.",
        demands("get_usage_chart", parameter("days", maximum=None)),
        lambda me: me.status("GET", "usage-chart", days=366),
    ),
    Fault(
        "chart-has-another-default",
        "input",
        "A usage chart without days is one of 7 days instead of 30.",
        demands("get_usage_chart", parameter("days", default=7)),
        lambda me: len(me.get("usage-chart")["data"]),
    ),
    Fault(
        "recharge-amount-has-no-maximum",
        "input",
        "Auto-recharge accepts amounts above $2,000.",
        demands("update_auto_recharge", property_of("recharge_amount_cents", maximum=None)),
        lambda me: me.status("PUT", "auto-recharge", {"recharge_amount_cents": 200_001}),
    ),
    Fault(
        "unknown-field-refused",
        "input",
        "A deposit with a field that the contract does not name is refused.",
        demands("create_deposit", _close_the_body),
        lambda me: me.status("POST", "deposit", {"amount_cents": 1_000, "note": "mine"}),
    ),
    Fault(
        "deposit-loses-its-fraction",
        "input",
        "A deposit of 1000.7 cents is taken for 1000.",
        changes_sent_json("create_deposit", by=_whole_cents),
        lambda me: me.status("POST", "deposit", {"amount_cents": 1000.7}),
    ),
    Fault(
        "recharge-switched-by-a-word",
        "input",
        "Auto-recharge accepts 'on' and 'yes' for true.",
        changes_sent_json("update_auto_recharge", by=_words_for_switches),
        lambda me: me.status("PUT", "auto-recharge", {"enabled": "on"}),
    ),
    Fault(
        "webhook-without-a-scheme-completed",
        "input",
        "Usage alerts accept a webhook that is no absolute URL, and put https:// before it.",
        changes_sent_json("update_usage_alerts", by=_with_a_scheme),
        lambda me: me.status("PUT", "usage-alerts", {"webhook_url": "hooks.example/a"}),
    ),
    Fault(
        "unknown-method-means-mail",
        "input",
        "A verification by an unknown method is sent by e-mail instead of refused.",
        changes_sent_json("initiate_verification", by=_mail_for_any_method),
        lambda me: me.status("POST", "verify/initiate", {"action": "a", "method": "pigeon"}),
    ),
    Fault(
        "longest-promo-code-refused",
        "input",
        "A promo code of exactly 64 characters is refused instead of looked up.",
        demands("validate_promo_code", property_of("code", maxLength=63)),
        lambda me: me.status("POST", "promo/validate", {"code": "A" * 64}),
    ),
    Fault(
        "long-return-address-refused",
        "input",
        "A checkout refuses a success_url of more than 255 characters.",
        demands("create_checkout_session", property_of("success_url", maxLength=255)),
        lambda me: _checkout(me, success_url=f"https://shop.example/{'a' * 300}"),
    ),
    Fault(
        "charset-refused",
        "input",
        "A code sent as application/json; charset=utf-8 is refused with 415.",
        Wire(("confirm_verification",), _refuse_a_charset),
        lambda me: (
            me.ask(
                "POST",
                "verify/confirm",
                content='{"challenge_id": "x", "code": "1"}',
                headers={"Content-Type": "application/json; charset=utf-8"},
            ).status_code
        ),
    ),
)
