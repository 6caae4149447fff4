"""Requests that are validated against wrong bounds: invalid ones accepted, valid ones refused."""

from __future__ import annotations

from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import demands, parameter, property_of
from tests.mutants.wire import Request, changes_request

_DONE, _BACK = "https://shop.example/done", "https://shop.example/back"
_MAX_PAGE_SIZE = 100


def _default_for_words(request: Request) -> None:
    if not request.query.get("days", "1").isdigit():
        del request.query["days"]


def _clamp_page_size(request: Request) -> None:
    size = request.query.get("per_page", "")
    if size.isdigit() and int(size) > _MAX_PAGE_SIZE:
        request.query["per_page"] = str(_MAX_PAGE_SIZE)


def _attempts_left_after_an_empty_code(me: Caller) -> object:
    challenge = me.post("verify/initiate", {"action": "change_email"})["challenge_id"]
    return me.post("verify/confirm", {"challenge_id": challenge, "code": ""}).get(
        "remaining_attempts"
    )


def _length_of_the_default_page(me: Caller) -> object:
    for _ in range(11):
        me.pay(me.deposit(1_000))
    return len(me.get("invoices")["invoices"])


FAULTS = (
    Fault(
        "ledger-limit-has-no-maximum",
        "input",
        "The ledger accepts a limit of more than 100.",
        demands("list_credit_transactions", parameter("limit", maximum=None)),
        lambda me: me.status("GET", "credit-transactions", limit=101),
    ),
    Fault(
        "activity-limit-may-be-zero",
        "input",
        "Recent activity accepts a limit of 0.",
        demands("list_recent_activity", parameter("limit", minimum=0)),
        lambda me: me.status("GET", "recent-activity", limit=0),
    ),
    Fault(
        "audit-offset-may-be-negative",
        "input",
        "The audit log accepts an offset below 0.",
        demands("list_audit_log", parameter("offset", minimum=None)),
        lambda me: me.status("GET", "audit-log", offset=-1),
    ),
    Fault(
        "chart-takes-words-for-the-default",
        "input",
        "A usage chart of 'abc' days is served as if no number had been sent.",
        changes_request("get_usage_chart", by=_default_for_words),
        lambda me: me.status("GET", "usage-chart", days="abc"),
    ),
    Fault(
        "history-page-size-clamped",
        "input",
        "A page size above 100 of the recharge history is cut to 100 instead of refused.",
        changes_request("list_auto_recharge_history", by=_clamp_page_size),
        lambda me: me.status("GET", "auto-recharge/history", per_page=101),
    ),
    Fault(
        "deposit-minimum-off-by-one",
        "input",
        "A deposit of $9.99 is accepted.",
        demands("create_deposit", property_of("amount_cents", minimum=999)),
        lambda me: me.status("POST", "deposit", {"amount_cents": 999}),
    ),
    Fault(
        "largest-deposit-refused",
        "input",
        "A deposit of exactly $2,000 is refused.",
        demands("create_deposit", property_of("amount_cents", maximum=199_999)),
        lambda me: me.status("POST", "deposit", {"amount_cents": 200_000}),
    ),
    Fault(
        "recharge-amount-has-no-minimum",
        "input",
        "Auto-recharge accepts amounts below $25.",
        demands("update_auto_recharge", property_of("recharge_amount_cents", minimum=1)),
        lambda me: me.status("PUT", "auto-recharge", {"recharge_amount_cents": 2_499}),
    ),
    Fault(
        "zero-threshold-refused",
        "input",
        "Auto-recharge refuses a threshold of 0.",
        demands("update_auto_recharge", property_of("threshold_microcents", minimum=1)),
        lambda me: me.status("PUT", "auto-recharge", {"threshold_microcents": 0}),
    ),
    Fault(
        "longest-consent-refused",
        "input",
        "A consent text of exactly 5,000 characters is refused.",
        demands("update_auto_recharge", property_of("consent_text", maxLength=4_999)),
        lambda me: me.status("PUT", "auto-recharge", {"consent_text": "x" * 5_000}),
    ),
    Fault(
        "promo-code-may-be-endless",
        "input",
        "A promo code of more than 64 characters is looked up instead of refused.",
        demands("validate_promo_code", property_of("code", maxLength=None)),
        lambda me: me.status("POST", "promo/validate", {"code": "X" * 65}),
    ),
    Fault(
        "verified-action-may-be-empty",
        "input",
        "A verification can be started for an action without a name.",
        demands("initiate_verification", property_of("action", minLength=None)),
        lambda me: me.status("POST", "verify/initiate", {"action": ""}),
    ),
    Fault(
        "empty-code-costs-an-attempt",
        "input",
        "An empty verification code is taken for a wrong one instead of refused.",
        demands("confirm_verification", property_of("code", minLength=None)),
        _attempts_left_after_an_empty_code,
    ),
    Fault(
        "deposit-may-return-anywhere",
        "input",
        "A deposit accepts a success_url that is not absolute.",
        demands("create_deposit", property_of("success_url", pattern=None)),
        lambda me: me.status("POST", "deposit", {"amount_cents": 5_000, "success_url": "/done"}),
    ),
    Fault(
        "session-placeholder-refused",
        "input",
        "A checkout refuses a success_url with the documented {CHECKOUT_SESSION_ID}.",
        demands(
            "create_checkout_session", property_of("success_url", pattern=r"^https?://[^\s{}]+$")
        ),
        lambda me: me.status(
            "POST",
            "checkout",
            {
                "price_id": "price_growth_monthly",
                "success_url": f"{_DONE}?session={{CHECKOUT_SESSION_ID}}",
                "cancel_url": _BACK,
            },
        ),
    ),
    Fault(
        "invoices-page-has-another-default",
        "input",
        "Invoices without a limit come 20 at a time instead of 10.",
        demands("list_invoices", parameter("limit", default=20)),
        _length_of_the_default_page,
    ),
)
