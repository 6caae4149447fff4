"""Responses whose status, headers, media type or error body break the contract."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.wire import Request, Response, changes_body, changes_response

Json = Any

_UNKNOWN_CARD = "00000000-0000-4000-8000-000000000000"


def _date_the_reset(response: Response, _: Request) -> None:
    reset = datetime.fromtimestamp(int(response.headers[b"x-ratelimit-reset"]), UTC)
    response.headers[b"x-ratelimit-reset"] = format_datetime(reset, usegmt=True).encode()


def _bare_balance(response: Response, _: Request) -> None:
    if b"x-alterlab-balance" in response.headers:
        response.headers[b"x-alterlab-balance"] = response.headers[b"x-alterlab-balance"].replace(
            b"$", b""
        )


def _rename_exhausted(response: Response, _: Request) -> None:
    if response.headers.get(b"x-alterlab-balance-warning") == b"exhausted":
        response.headers[b"x-alterlab-balance-warning"] = b"empty"


def _drop_limits_of_refusals(response: Response, _: Request) -> None:
    if response.status == 422:
        for name in (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset"):
            response.headers.pop(name, None)


def _created(response: Response, _: Request) -> None:
    if response.status == 200:
        response.status = 201


def _no_content(response: Response, _: Request) -> None:
    if response.status == 200:
        response.status, response.body = 204, b""


def _plain_text(response: Response, _: Request) -> None:
    response.headers[b"content-type"] = b"text/plain; charset=utf-8"


def _problem_json(response: Response, _: Request) -> None:
    if response.status == 404:
        response.headers[b"content-type"] = b"application/problem+json"


def _wrap_error(response: Response, _: Request) -> None:
    if response.status == 404:
        response.json = {"error": {"code": "not_found", "message": response.json["detail"]}}


def _nest_detail(body: Json, _: Request) -> None:
    body["detail"] = {"message": body["detail"]}


def _say_validation_in_a_sentence(body: Json, _: Request) -> None:
    body["detail"] = "; ".join(problem["msg"] for problem in body["detail"])


def _join_places(body: Json, _: Request) -> None:
    for problem in body["detail"]:
        problem["loc"] = ".".join(map(str, problem["loc"]))


def _forget_types_of_later_problems(body: Json, _: Request) -> None:
    for problem in body["detail"][1:]:
        del problem["type"]


def _add_balance_as_text(body: Json, _: Request) -> None:
    body["balance_dollars"] = "0.00"


def _refuse_empty_page(response: Response, request: Request) -> None:
    if (
        response.status == 200
        and request.query.get("page", "1") != "1"
        and not response.json["history"]
    ):
        response.status, response.json = 404, {"detail": "There is no such page."}


def _header(me: Caller, method: str, path: str, name: str) -> object:
    return me.ask(method, path).headers.get(name)


FAULTS = (
    Fault(
        "limit-header-missing-at-the-portal",
        "response",
        "Opening the portal responds without X-RateLimit-Remaining.",
        changes_response(
            "create_portal_session",
            by=lambda response, _: response.headers.pop(b"x-ratelimit-remaining", None),
        ),
        lambda me: _header(me, "POST", "portal", "x-ratelimit-remaining"),
    ),
    Fault(
        "limit-headers-missing-on-refusals",
        "response",
        "A 422 of the audit log or the invoices has no rate-limit headers.",
        changes_response("list_audit_log", "list_invoices", by=_drop_limits_of_refusals),
        lambda me: [
            "x-ratelimit-limit" in me.ask("GET", path, params={"limit": 0}).headers
            for path in ("audit-log", "invoices")
        ],
    ),
    Fault(
        "limit-reset-is-a-date",
        "response",
        "X-RateLimit-Reset of the usage breakdown is a date instead of unix seconds.",
        changes_response("get_usage_breakdown", by=_date_the_reset),
        lambda me: _header(me, "GET", "usage-breakdown", "x-ratelimit-reset"),
    ),
    Fault(
        "balance-header-without-dollar-sign",
        "response",
        "X-AlterLab-Balance after a change of plan has no dollar sign.",
        changes_response("change_plan", by=_bare_balance),
        lambda me: _header(me, "POST", "change-plan", "x-alterlab-balance"),
    ),
    Fault(
        "balance-warning-of-an-unknown-kind",
        "response",
        "An account with nothing left is warned with 'empty' instead of 'exhausted'.",
        changes_response(
            "get_balance", "get_usage_realtime", by=_rename_exhausted, everywhere=True
        ),
        lambda me: [
            _header(me.named("sk_test_exhausted"), "GET", path, "x-alterlab-balance-warning")
            for path in ("balance", "usage-realtime")
        ],
    ),
    Fault(
        "setup-intent-answers-201",
        "response",
        "Creating a setup intent responds with 201, which is not documented.",
        changes_response("create_setup_intent", by=_created),
        lambda me: me.status("POST", "setup-intent"),
    ),
    Fault(
        "disabling-answers-204",
        "response",
        "Disabling auto-recharge responds with 204 without a body instead of 200.",
        changes_response("disable_auto_recharge", by=_no_content),
        lambda me: me.status("DELETE", "auto-recharge"),
    ),
    Fault(
        "history-beyond-the-end-answers-404",
        "response",
        "A page beyond the end of the recharge history gets 404, which is not documented.",
        changes_response("list_auto_recharge_history", by=_refuse_empty_page),
        lambda me: me.status("GET", "auto-recharge/history", page=2),
    ),
    Fault(
        "promo-validation-as-plain-text",
        "response",
        "The response about a promo code is JSON that says it is plain text.",
        changes_response("validate_promo_code", by=_plain_text),
        lambda me: me.ask("POST", "promo/validate", json={"code": "BONUS5"}).headers[
            "content-type"
        ],
    ),
    Fault(
        "unknown-card-as-problem-json",
        "response",
        "The 404 for a card that is not there has the media type application/problem+json.",
        changes_response("remove_payment_method", "set_default_payment_method", by=_problem_json),
        lambda me: [
            me.ask(method, f"payment-methods/{_UNKNOWN_CARD}{rest}").headers["content-type"]
            for method, rest in (("DELETE", ""), ("POST", "/default"))
        ],
    ),
    Fault(
        "unknown-challenge-in-another-envelope",
        "response",
        "The 404 for an unknown challenge has its message under error.message instead of detail.",
        changes_response("confirm_verification", by=_wrap_error),
        lambda me: sorted(
            me.post("verify/confirm", {"challenge_id": _UNKNOWN_CARD, "code": "000000"})
        ),
    ),
    Fault(
        "missing-key-detail-is-an-object",
        "response",
        "The 401 of real-time usage has an object for detail instead of a sentence.",
        changes_body("get_usage_realtime", by=_nest_detail, status=401),
        lambda me: type(me.named(None).get("usage-realtime")["detail"]),
    ),
    Fault(
        "alert-refusal-is-a-sentence",
        "response",
        "The 422 of usage alerts has a sentence for detail instead of a list.",
        changes_body("update_usage_alerts", by=_say_validation_in_a_sentence, status=422),
        lambda me: type(me.put("usage-alerts", {"enabled": "perhaps"})["detail"]),
    ),
    Fault(
        "refusal-place-is-text",
        "response",
        "The 422 of the auto-recharge settings names the place as text, not as a list.",
        changes_body("update_auto_recharge", by=_join_places, status=422),
        lambda me: me.put("auto-recharge", {"recharge_amount_cents": 1})["detail"][0]["loc"],
    ),
    Fault(
        "second-problem-has-no-type",
        "response",
        "Where a checkout has two faults, the 422 leaves out the type of the second.",
        changes_body("create_checkout_session", by=_forget_types_of_later_problems, status=422),
        lambda me: [sorted(problem) for problem in me.post("checkout", {"price_id": ""})["detail"]],
    ),
    Fault(
        "declined-card-shows-balance-as-text",
        "response",
        "The 402 for a declined card has balance_dollars as a string.",
        changes_body("add_payment_method", by=_add_balance_as_text, status=402),
        lambda me: me.post("payment-methods", {"payment_method_id": "pm_card_chargeDeclined"}).get(
            "balance_dollars"
        ),
    ),
)
