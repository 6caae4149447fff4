"""HTTP itself: crashes, methods, unknown paths, rate limits."""

from __future__ import annotations

from typing import Any

from mockserver.billing.api import rate_limits
from mockserver.billing.api.call import Call
from tests.mutants.caller import API, Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles, sets, wraps
from tests.mutants.wire import Inside, Request, Response, Wire, changes_response

Json = Any

_LIMITED = "sk_test_rate_limited"


def _crash_beyond_the_end(original: Original, call: Call) -> Json:
    activities = call.context.account.activities
    activities[-1 - call.params["offset"]]
    return original(call)


def _crash_on_umlauts(original: Original, call: Call) -> Json:
    call.body["code"].encode("ascii")
    return original(call)


def _crash_without_a_card(original: Original, call: Call) -> Json:
    card = call.context.account.wallet.default
    assert card is not None
    return original(call)


def _fail_on_head(response: Response, request: Request) -> None:
    if request.method == "HEAD":
        response.status, response.json = 500, {"detail": "Internal Server Error"}


def _drop_allow(response: Response, _: Request) -> None:
    if response.status == 405:
        response.headers.pop(b"allow", None)


def _allow_no_delete(response: Response, request: Request) -> None:
    if response.status == 405 and request.path.endswith("/auto-recharge"):
        response.headers[b"allow"] = (
            response.headers[b"allow"].replace(b", DELETE", b"").replace(b"DELETE, ", b"")
        )


def _answer_in_html(response: Response, request: Request) -> None:
    if response.status == 404 and request.operation is None:
        response.headers[b"content-type"] = b"text/html; charset=utf-8"
        response.body = b"<!doctype html><title>404</title><h1>Not Found</h1>"


def _drop_retry_after(response: Response, _: Request) -> None:
    response.headers.pop(b"retry-after", None)


async def _put_for_patch(inside: Inside, request: Request) -> Response:
    if request.method == "PATCH" and request.path.endswith("/usage-alerts"):
        request.method = "PUT"
    return await inside.ask(request)


async def _get_for_post(inside: Inside, request: Request) -> Response:
    if request.method == "POST" and request.path.endswith("/balance"):
        request.method = "GET"
    return await inside.ask(request)


def _price_of_a_read(original: Original, *args: Any, **_: Any) -> Any:
    return original(*args, write=False)


def _always_enough(original: Original, *args: Any, **kwargs: Any) -> Any:
    _, allowance = original(*args, **kwargs)
    return True, allowance


def _sixth_read(me: Caller) -> Any:
    limited = me.named(_LIMITED)
    for _ in range(5):
        limited.get("balance")
    return limited.ask("GET", "balance")


FAULTS = (
    Fault(
        "activity-beyond-the-end-crashes",
        "protocol",
        "Recent activity fails with 500 for an offset beyond the end.",
        handles("list_recent_activity", _crash_beyond_the_end),
        lambda me: me.status("GET", "recent-activity", offset=1_000),
        crashes=True,
    ),
    Fault(
        "promo-code-with-umlaut-crashes",
        "protocol",
        "Validating a promo code with a letter beyond ASCII fails with 500.",
        handles("validate_promo_code", _crash_on_umlauts),
        lambda me: me.status("POST", "promo/validate", {"code": "FRÜHLING"}),
        crashes=True,
    ),
    Fault(
        "recharge-test-without-card-crashes",
        "protocol",
        "The recharge test fails with 500 on an account without a card.",
        handles("check_auto_recharge", _crash_without_a_card),
        lambda me: me.named("sk_test_new").status("POST", "auto-recharge/test"),
        crashes=True,
    ),
    Fault(
        "head-of-invoices-fails",
        "protocol",
        "HEAD of the invoices fails with 500.",
        changes_response("list_invoices", by=_fail_on_head),
        lambda me: me.status("HEAD", "invoices"),
        crashes=True,
    ),
    Fault(
        "wrong-method-names-no-other",
        "protocol",
        "A 405 has no Allow header.",
        changes_response("get_balance", "get_subscription", by=_drop_allow, everywhere=True),
        lambda me: [
            me.ask("PATCH", path).headers.get("allow") for path in ("balance", "subscription")
        ],
    ),
    Fault(
        "allow-forgets-delete",
        "protocol",
        "Allow of a 405 on the auto-recharge settings leaves out DELETE.",
        changes_response(
            "get_auto_recharge",
            "update_auto_recharge",
            "disable_auto_recharge",
            by=_allow_no_delete,
            everywhere=True,
        ),
        lambda me: me.ask("PATCH", "auto-recharge").headers["allow"],
    ),
    Fault(
        "patch-taken-for-put",
        "protocol",
        "PATCH of the usage alerts, which does not exist, replaces them.",
        Wire(("update_usage_alerts",), _put_for_patch, everywhere=True),
        lambda me: me.status("PATCH", "usage-alerts", {}),
    ),
    Fault(
        "balance-answers-post",
        "protocol",
        "POST of the balance, which does not exist, is handled like GET.",
        Wire(("get_balance",), _get_for_post, everywhere=True),
        lambda me: me.status("POST", "balance"),
    ),
    Fault(
        "unknown-path-answers-html",
        "protocol",
        "The 404 of a path that does not exist is a web page.",
        changes_response(by=_answer_in_html, everywhere=True),
        lambda me: me.ask("GET", f"{API}no-such-thing").headers["content-type"],
    ),
    Fault(
        "retry-after-missing",
        "protocol",
        "A 429 does not say when to come back.",
        changes_response("get_balance", by=_drop_retry_after, everywhere=True),
        lambda me: _sixth_read(me).headers.get("retry-after"),
    ),
    Fault(
        "retry-after-too-soon",
        "protocol",
        "A 429 says to come back after one second, however long it takes.",
        sets(rate_limits, "retry_after", lambda *_: 1, on=("get_balance",)),
        lambda me: _sixth_read(me).headers.get("retry-after"),
    ),
    Fault(
        "rate-limit-never-enforced",
        "protocol",
        "The account that is limited to five requests a minute may make any number.",
        wraps(rate_limits, "spend", _always_enough, on=("get_balance",)),
        lambda me: _sixth_read(me).status_code,
    ),
    Fault(
        "write-costs-one-token",
        "protocol",
        "A write takes one token of the rate limit instead of two.",
        wraps(rate_limits, "spend", _price_of_a_read, on=("create_portal_session",)),
        lambda me: me.ask("POST", "portal").headers["x-ratelimit-remaining"],
    ),
)
