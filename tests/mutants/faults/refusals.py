"""Errors with the wrong status, the wrong body or the wrong headers."""

from __future__ import annotations

from email.utils import formatdate
from typing import Any

from msgspec.structs import replace

from mockserver.billing import tiers
from mockserver.billing.api import behaviour, rate_limits
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, sets, wraps
from tests.mutants.wire import Request, Response, changes_response

Json = Any

_LIMITED, _NEW = "sk_test_rate_limited", "sk_test_new"
_UNKNOWN_CARD = "payment-methods/00000000-0000-4000-8000-000000000000"
_WAYS = {"success_url": "https://shop.example/done", "cancel_url": "https://shop.example/back"}
_TRACE = (
    "Traceback (most recent call last):\n"
    '  File "/srv/app/billing/cards.py", line 88, in remove\n'
    "sqlalchemy.exc.NoResultFound: No row was found when one was required"
)
_FIVE_DOLLARS = 500_000_000
_NOT_FOUND, _EXPIRED, _LIMITED_STATUS, _INVALID = 404, 410, 429, 422


def _instead_of(status: int, other: int) -> Any:
    def change(response: Response, _: Request) -> None:
        if response.status == status:
            response.status = other

    return change


def _name_the_first_only(response: Response, _: Request) -> None:
    if response.status == _INVALID:
        response.json = {"detail": response.json["detail"][:1]}


def _name_the_first_field(response: Response, _: Request) -> None:
    if response.status == _INVALID:
        problems = [{**problem, "loc": ["body", "enabled"]} for problem in response.json["detail"]]
        response.json = {"detail": problems}


def _refuse_in_plain_text(response: Response, _: Request) -> None:
    if response.status == _LIMITED_STATUS:
        response.headers[b"content-type"] = b"text/plain"
        response.body = b"Too Many Requests\n"


def _show_a_trace(response: Response, _: Request) -> None:
    if response.status == _NOT_FOUND:
        response.json = {"detail": _TRACE}


def _refuse_unknown_codes(response: Response, _: Request) -> None:
    if response.status == 200 and not response.json["valid"]:
        response.status, response.json = 400, {"detail": response.json["message"]}


def _date_of_retry(response: Response, _: Request) -> None:
    if b"retry-after" in response.headers:
        reset = int(response.headers[b"x-ratelimit-reset"])
        response.headers[b"retry-after"] = formatdate(reset, usegmt=True).encode()


def _seconds_left(response: Response, _: Request) -> None:
    response.headers[b"x-ratelimit-reset"] = b"42"


def _never_count_down(original: Original, *args: Any, **kwargs: Any) -> Any:
    is_enough, allowance = original(*args, **kwargs)
    return is_enough, replace(allowance, remaining=allowance.limit)


def _as_the_free_tier(_: Original, tenant: Any) -> int:
    return tenant.requests_per_minute or tiers.TIERS[-1].requests_per_minute


def _warn_early(original: Original, balance: int) -> str | None:
    return original(balance) or ("low" if balance < _FIVE_DOLLARS else None)


def _round_up(original: Original, *args: Any) -> Any:
    headers = original(*args)
    caller = args[1]
    if getattr(caller, "tenant", None) is not None:
        cents = -(-caller.tenant.account.ledger.balance // 1_000_000)
        shown = (b"x-alterlab-balance", f"${cents // 100:,}.{cents % 100:02}".encode())
        headers = [
            shown if name == b"x-alterlab-balance" else (name, value) for name, value in headers
        ]
    return headers


def _refused_late(me: Caller) -> object:
    challenge = me.post("verify/initiate", {"action": "change_email"})["challenge_id"]
    code = me.outbox()[0]["code"]
    me.wait(seconds=601)
    return me.status("POST", "verify/confirm", {"challenge_id": challenge, "code": code})


def _declined_change(me: Caller) -> object:
    declined = me.named("sk_test_card_declined")
    return declined.status("POST", "change-plan", {"price_id": "price_starter_monthly"})


def _sixth_read(me: Caller) -> Any:
    limited = me.named(_LIMITED)
    for _ in range(5):
        limited.get("balance")
    return limited.ask("GET", "balance")


def _warning_below_ten_cents(me: Caller) -> object:
    new = me.named(_NEW)
    new.use("light", 4_750)
    return new.ask("GET", "balance").headers["x-alterlab-balance-warning"]


def _shown_above_a_cent(me: Caller) -> object:
    me.use("light", 1)
    return me.ask("GET", "balance").headers["x-alterlab-balance"]


FAULTS = (
    Fault(
        "same-card-answers-400",
        "response",
        "Adding a card that is there already gets 400 instead of 409.",
        changes_response("add_payment_method", by=_instead_of(409, 400)),
        lambda me: me.status("POST", "payment-methods", {"payment_method_id": "pm_card_visa"}),
    ),
    Fault(
        "unknown-price-answers-404",
        "response",
        "A checkout for an unknown price gets 404 instead of 400.",
        changes_response("create_checkout_session", by=_instead_of(400, _NOT_FOUND)),
        lambda me: me.status("POST", "checkout", {"price_id": "price_none", **_WAYS}),
    ),
    Fault(
        "declined-upgrade-answers-400",
        "state",
        "A change of plan whose charge is declined gets 400 instead of 402.",
        changes_response("change_plan", by=_instead_of(402, 400)),
        _declined_change,
    ),
    Fault(
        "expired-code-answers-409",
        "state",
        "A verification code gets 409 instead of 410 after its ten minutes.",
        changes_response("confirm_verification", by=_instead_of(_EXPIRED, 409)),
        _refused_late,
    ),
    Fault(
        "form-body-answers-400",
        "input",
        "A deposit that is not JSON gets 400 instead of 415.",
        changes_response("create_deposit", by=_instead_of(415, 400)),
        lambda me: (
            me.ask(
                "POST", "deposit", content="a=1", headers={"Content-Type": "text/plain"}
            ).status_code
        ),
    ),
    Fault(
        "unusable-promo-code-answers-400",
        "response",
        "Validating a promo code that cannot be used gets 400 instead of valid: false.",
        changes_response("validate_promo_code", by=_refuse_unknown_codes),
        lambda me: me.status("POST", "promo/validate", {"code": "NONE"}),
    ),
    Fault(
        "only-the-first-problem-named",
        "input",
        "A 422 of the auto-recharge settings names the first problem and no other.",
        changes_response("update_auto_recharge", by=_name_the_first_only),
        lambda me: len(
            me.put("auto-recharge", {"enabled": "x", "threshold_microcents": -1})["detail"]
        ),
    ),
    Fault(
        "problem-at-the-wrong-place",
        "input",
        "A 422 of the auto-recharge settings always says that 'enabled' is wrong.",
        changes_response("update_auto_recharge", by=_name_the_first_field),
        lambda me: me.put("auto-recharge", {"threshold_microcents": -1})["detail"][0]["loc"],
    ),
    Fault(
        "rate-limit-refused-in-plain-text",
        "protocol",
        "A 429 is plain text instead of JSON.",
        changes_response("get_balance", by=_refuse_in_plain_text, everywhere=True),
        lambda me: _sixth_read(me).headers["content-type"],
    ),
    Fault(
        "unknown-card-shows-a-stack-trace",
        "response",
        "The 404 for a card that is not there shows a stack trace of the server.",
        changes_response("remove_payment_method", by=_show_a_trace),
        lambda me: me.delete(_UNKNOWN_CARD)["detail"],
    ),
    Fault(
        "retry-after-is-a-date",
        "protocol",
        "Retry-After of a 429 is a date instead of seconds.",
        changes_response("get_balance", by=_date_of_retry, everywhere=True),
        lambda me: _sixth_read(me).headers["retry-after"],
    ),
    Fault(
        "limit-reset-is-the-seconds-left",
        "response",
        "X-RateLimit-Reset is the seconds that are left instead of unix time.",
        changes_response("get_balance", by=_seconds_left, everywhere=True),
        lambda me: me.ask("GET", "balance").headers["x-ratelimit-reset"],
    ),
    Fault(
        "remaining-never-counts-down",
        "protocol",
        "X-RateLimit-Remaining is always the whole limit.",
        wraps(rate_limits, "spend", _never_count_down, on=("get_balance",)),
        lambda me: me.ask("GET", "balance").headers["x-ratelimit-remaining"],
    ),
    Fault(
        "limit-does-not-grow-with-the-balance",
        "state",
        "X-RateLimit-Limit is that of the free tier whatever the balance is.",
        wraps(rate_limits, "_limit", _as_the_free_tier, on=("get_balance",)),
        lambda me: me.ask("GET", "balance").headers["x-ratelimit-limit"],
    ),
    Fault(
        "low-balance-warned-of-too-early",
        "state",
        "X-AlterLab-Balance-Warning says 'low' below $5 instead of below $0.50.",
        wraps(behaviour, "warning_of", _warn_early, on=("get_balance",)),
        lambda me: me.named(_NEW).ask("GET", "balance").headers.get("x-alterlab-balance-warning"),
    ),
    Fault(
        "critical-balance-called-low",
        "state",
        "X-AlterLab-Balance-Warning says 'low' below $0.10 instead of 'critical'.",
        sets(tiers, "_CRITICAL_BELOW_CENTS", 0, on=("get_balance",)),
        _warning_below_ten_cents,
    ),
    Fault(
        "balance-header-rounded-up",
        "state",
        "X-AlterLab-Balance is rounded up to the next cent.",
        wraps(behaviour.Billing, "headers", _round_up, on=("get_balance",)),
        _shown_above_a_cent,
    ),
)
