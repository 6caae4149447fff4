"""Requests that crash a server whose database or runtime cannot handle a value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mockserver.billing.catalogue import CreditPack
from tests.mutants.caller import Caller
from tests.mutants.fault import Fault
from tests.mutants.patches import Original, handles
from tests.mutants.wire import Inside, Request, Response, Wire

Json = Any

_LARGEST_OF_64_BITS = 2**63 - 1
_LARGEST_OF_16_BITS = 0xFFFF
_PAGE = b"<!doctype html><title>Balance</title><h1>Balance</h1>"


def _crashes(*operations: str, on: Callable[[Request], bool]) -> Wire:
    """Return a wire that answers requests of one kind with 500."""

    async def alter(inside: Inside, request: Request) -> Response:
        response = await inside.ask(request)
        if on(request):
            response.status, response.json = 500, {"detail": "Internal Server Error"}
        return response

    return Wire(operations, alter)


def _text_of(request: Request, name: str) -> str:
    body = request.json
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) else ""


def _is_huge(request: Request) -> bool:
    offset = request.query.get("offset", "")
    return offset.isdigit() and int(offset) > _LARGEST_OF_64_BITS


def _has_an_astral_character(request: Request) -> bool:
    text = _text_of(request, "consent_text")
    return any(ord(character) > _LARGEST_OF_16_BITS for character in text)


def _plan_of_a_pack(original: Original, call: Any) -> Json:
    if call.body is not None:
        packs: list[CreditPack] = call.context.catalogue.credit_packs
        assert call.body["price_id"] not in [pack.price_id for pack in packs]
    return original(call)


async def _page_for_browsers(inside: Inside, request: Request) -> Response:
    response = await inside.ask(request)
    if b"text/html" in request.headers.get(b"accept", b""):
        response.headers[b"content-type"] = b"text/html; charset=utf-8"
        response.body = _PAGE
    return response


def _status_with_key(me: Caller, key: bytes) -> object:
    keyless = me.named(None)
    return keyless.ask("GET", "audit-log", headers={"X-API-Key": key}).status_code


FAULTS = (
    Fault(
        "nul-in-a-card-id-crashes",
        "protocol",
        "Removing a card whose id has a NUL character fails with 500.",
        _crashes("remove_payment_method", on=lambda request: "\0" in request.path),
        lambda me: me.status("DELETE", "payment-methods/pm%00x"),
        crashes=True,
    ),
    Fault(
        "nul-in-an-action-crashes",
        "protocol",
        "Starting a verification for an action with a NUL character fails with 500.",
        _crashes("initiate_verification", on=lambda request: "\0" in _text_of(request, "action")),
        lambda me: me.status("POST", "verify/initiate", {"action": "a\0b"}),
        crashes=True,
    ),
    Fault(
        "emoji-in-a-consent-crashes",
        "protocol",
        "Saving auto-recharge with an emoji in the consent text fails with 500.",
        _crashes("update_auto_recharge", on=_has_an_astral_character),
        lambda me: me.status("PUT", "auto-recharge", {"consent_text": "I agree 👍"}),
        crashes=True,
    ),
    Fault(
        "null-body-crashes",
        "protocol",
        "Saving usage alerts with the body null fails with 500.",
        _crashes("update_usage_alerts", on=lambda request: request.body.strip() == b"null"),
        lambda me: (
            me.ask(
                "PUT", "usage-alerts", content="null", headers={"Content-Type": "application/json"}
            ).status_code
        ),
        crashes=True,
    ),
    Fault(
        "key-with-umlaut-crashes",
        "protocol",
        "The audit log fails with 500 for a key with a letter beyond ASCII.",
        _crashes("list_audit_log", on=lambda request: not (request.key or "").isascii()),
        lambda me: _status_with_key(me, b"sk_test_\xfcber"),
        crashes=True,
    ),
    Fault(
        "empty-limit-crashes",
        "protocol",
        "The ledger fails with 500 for an empty limit.",
        _crashes("list_credit_transactions", on=lambda request: request.query.get("limit") == ""),
        lambda me: me.status("GET", "credit-transactions", limit=""),
        crashes=True,
    ),
    Fault(
        "huge-offset-crashes",
        "protocol",
        "The audit log fails with 500 for an offset beyond 64 bits.",
        _crashes("list_audit_log", on=_is_huge),
        lambda me: me.status("GET", "audit-log", offset=2**64),
        crashes=True,
    ),
    Fault(
        "credit-pack-as-a-plan-crashes",
        "protocol",
        "Changing the plan to the price of a credit pack fails with 500.",
        handles("change_plan", _plan_of_a_pack),
        lambda me: me.status("POST", "change-plan", {"price_id": "price_credits_25"}),
        crashes=True,
    ),
    Fault(
        "page-for-browsers",
        "protocol",
        "The balance is a web page if Accept asks for HTML.",
        Wire(("get_balance",), _page_for_browsers),
        lambda me: me.ask("GET", "balance", headers={"Accept": "text/html,*/*"}).headers[
            "content-type"
        ],
    ),
)
