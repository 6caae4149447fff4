"""One scene for each documented response: the request, and what happened before it.

The table has what is special about an operation. Responses that every operation has for the same
reason (a missing key, a body too large) come from ``generic``, which reads only the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mockserver.openapi.contract import Operation
from mockserver.openapi.schemas import resolve
from tests.api.account import PAGES, Account
from tests.api.operations import CONTRACT, body_example

MORE_THAN_A_MEGABYTE = b'{"x":"' + b"x" * 1_100_000 + b'"}'


@dataclass(frozen=True)
class Scene:
    """A request of a persona.

    ``before`` prepares the account and may return more fields of the body.
    """

    persona: str | None = "default"
    body: Any = None
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    before: Callable[[Account], Mapping[str, str] | None] | None = None


def open_challenge(account: Account) -> Mapping[str, str]:
    challenge = account.post("verify/initiate", {"action": "close_account"})
    return {"challenge_id": challenge["challenge_id"], "code": account.messages()[0]["code"]}


def used_challenge(account: Account) -> Mapping[str, str]:
    body = open_challenge(account)
    account.post("verify/confirm", dict(body))
    return body


def old_challenge(account: Account) -> Mapping[str, str]:
    body = open_challenge(account)
    account.wait(seconds=600)
    return body


def recharging_with_visa(account: Account) -> None:
    account.put("auto-recharge", {"enabled": True, "stripe_payment_method_id": "pm_card_visa"})


VISA = {"payment_method_id": "pm_card_visa"}
UNKNOWN = {"payment_method_id": "pm_card_unknown"}
PACK = {"price_id": "price_credits_25", "mode": "payment", **PAGES}

SCENES: Mapping[tuple[str, int], Scene] = {
    ("get_balance", 200): Scene(),
    ("list_credit_transactions", 200): Scene(query={"limit": "100", "reference_type": "scrape"}),
    ("list_recent_activity", 200): Scene("past_due"),
    ("create_deposit", 200): Scene(body={"amount_cents": 5_000, "promo_code": "BONUS5"}),
    ("create_deposit", 400): Scene(body={"amount_cents": 5_000, "promo_code": "SPRING2025"}),
    ("create_checkout_session", 200): Scene(body=PACK),
    ("create_checkout_session", 400): Scene(body={**PACK, "price_id": "price_unknown"}),
    ("get_auto_recharge", 200): Scene("low_balance"),
    ("update_auto_recharge", 200): Scene(body={"enabled": True, "consent_source": "settings"}),
    ("update_auto_recharge", 400): Scene("new", body={"enabled": True}),
    ("disable_auto_recharge", 200): Scene("low_balance"),
    ("list_auto_recharge_history", 200): Scene(
        "low_balance", before=lambda account: account.leave(500_000_000)
    ),
    ("check_auto_recharge", 200): Scene("card_declined"),
    ("list_payment_methods", 200): Scene("subscriber"),
    ("add_payment_method", 200): Scene("new", body=VISA),
    ("add_payment_method", 402): Scene("new", body={"payment_method_id": "pm_card_chargeDeclined"}),
    ("add_payment_method", 409): Scene(body=VISA),
    ("remove_payment_method", 200): Scene(path=VISA),
    ("remove_payment_method", 404): Scene(path=UNKNOWN),
    ("remove_payment_method", 409): Scene(path=VISA, before=recharging_with_visa),
    ("set_default_payment_method", 200): Scene(
        "subscriber", path={"payment_method_id": "pm_card_amex"}
    ),
    ("set_default_payment_method", 404): Scene(path=UNKNOWN),
    ("create_setup_intent", 200): Scene(),
    ("create_portal_session", 200): Scene(),
    ("validate_promo_code", 200): Scene(body={"code": "WELCOME10"}),
    ("get_subscription", 200): Scene("past_due"),
    ("change_plan", 200): Scene("subscriber", body={"price_id": "price_growth_monthly"}),
    ("change_plan", 400): Scene(body={"price_id": "price_credits_25"}),
    ("change_plan", 402): Scene("card_declined", body={"price_id": "price_growth_monthly"}),
    ("get_usage_breakdown", 200): Scene(),
    ("get_usage_chart", 200): Scene(query={"days": "365"}),
    ("get_usage_realtime", 200): Scene(),
    ("get_cost_projection", 200): Scene("subscriber"),
    ("get_usage_alerts", 200): Scene(),
    ("update_usage_alerts", 200): Scene(body={"webhook_url": "https://hooks.example.com/"}),
    ("initiate_verification", 200): Scene(body={"action": "close_account", "method": "sms"}),
    ("initiate_verification", 400): Scene(body={"action": "close_account", "method": "pigeon"}),
    ("confirm_verification", 200): Scene(before=open_challenge),
    ("confirm_verification", 404): Scene(body={"challenge_id": "unknown", "code": "123456"}),
    ("confirm_verification", 409): Scene(before=used_challenge),
    ("confirm_verification", 410): Scene(before=old_challenge),
    ("list_audit_log", 200): Scene("subscriber"),
    ("list_invoices", 200): Scene("past_due"),
}


def scene_of(operation: Operation, status: int) -> Scene | None:
    """Return the scene of a response: from the table, or the generic one."""
    return SCENES.get((operation.operation_id, status)) or generic(operation, status)


def generic(operation: Operation, status: int) -> Scene | None:
    """Return a scene that follows from the contract alone, or None if that is not enough."""
    body = body_example(operation)
    scenes = {
        401: Scene(None, body),
        422: _broken(operation),
        429: Scene("rate_limited", body, before=use_all_tokens),
    }
    if operation.method == "get" and "{" not in operation.path:
        scenes[200] = Scene()
    if _takes(operation, "header", "X-Organization-Id"):
        scenes[403] = Scene(headers={"X-Organization-Id": "5b16f4d3-a07c-4e82-9d65-e8c4307b91fa"})
    if operation.request_body:
        scenes[413] = Scene(
            content=MORE_THAN_A_MEGABYTE, headers={"Content-Type": "application/json"}
        )
        scenes[415] = Scene(
            content=b"a=1", headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
    return scenes.get(status)


def use_all_tokens(account: Account) -> None:
    """Make five reads, which is all that this persona may do in a minute."""
    for _ in range(5):
        account.call("GET", "balance").raise_for_status()


def _broken(operation: Operation) -> Scene | None:
    """Return a scene with a body or a parameter that breaks the contract."""
    if operation.request_body:
        return Scene(body=[])
    for parameter in operation.parameters:
        schema = resolve(parameter["schema"], CONTRACT.schemas)
        if parameter["in"] == "header" and schema.get("format") == "uuid":
            return Scene(headers={parameter["name"]: "no-uuid"})
        if parameter["in"] == "query" and schema.get("type") == "integer":
            return Scene(query={parameter["name"]: "no number"})
        if parameter["in"] == "path" and "maxLength" in schema:
            return Scene(path={parameter["name"]: "x" * (schema["maxLength"] + 1)})
    return None


def _takes(operation: Operation, place: str, name: str) -> bool:
    return any(
        (parameter["in"], parameter["name"]) == (place, name) for parameter in operation.parameters
    )
