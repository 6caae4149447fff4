"""The shapes of responses, as the switches have them."""

from __future__ import annotations

import html
from http import HTTPStatus
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse, JSONResponse

from tests.staging.errors import Refusal
from tests.staging.site import Site

_PUBLISHED = {
    "get_auto_recharge": "id user_id enabled threshold_microcents threshold_display"
    " recharge_amount_cents",
    "update_auto_recharge": "id user_id enabled threshold_microcents threshold_display"
    " recharge_amount_cents",
    "disable_auto_recharge": "status",
    "check_auto_recharge": "success payment_method_valid card_expired card_days_until_expiry"
    " message card_brand",
    "remove_payment_method": "status",
    "set_default_payment_method": "status",
    "validate_promo_code": "valid bonus_type bonus_value max_credits_microcents"
    " max_credits_display min_deposit_cents",
    "get_usage_alerts": "enabled threshold_50_enabled threshold_75_enabled threshold_90_enabled"
    " threshold_100_enabled email_enabled",
    "update_usage_alerts": "enabled threshold_50_enabled threshold_75_enabled"
    " threshold_90_enabled threshold_100_enabled email_enabled",
    "get_usage_breakdown": "light js pdf ocr crawl total_credits",
    "get_usage_realtime": "credits_used_today credits_used_week credits_used_month requests_today"
    " requests_week requests_month",
}
_CARD = ["id", "stripe_payment_method_id", "type", "card_brand", "card_last4", "card_exp_month"]
_CREATING = {"create_checkout_session", "add_payment_method"}
_DELETING = {"remove_payment_method", "disable_auto_recharge"}


def _only(data: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: data[name] for name in names if name in data}


def _published(name: str, data: dict[str, Any]) -> dict[str, Any]:
    if name == "add_payment_method":
        return _only(data, _CARD)
    if name == "list_payment_methods":
        shown = [_only(card, _CARD) for card in data["payment_methods"]]
        return {**data, "payment_methods": shown}
    return _only(data, _PUBLISHED[name].split()) if name in _PUBLISHED else data


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(part) for name, part in value.items() if part is not None}
    return [_without_nulls(part) for part in value] if isinstance(value, list) else value


def response(site: Site, name: str, data: dict[str, Any], status: int = 200) -> Response:
    """Return the successful response of an operation."""
    if name in _DELETING and site.on("delete_204"):
        return Response(status_code=204)
    if name == "create_deposit" and site.on("deposit_201"):
        status = 201
    if name in _CREATING and site.on("created_201"):
        status = 201
    if site.on("published_fields"):
        data = _published(name, data)
    if site.on("null_fields_omitted"):
        data = _without_nulls(data)
    if site.on("extra_fields"):
        data = {**data, "request_id": "req_8f2b61", "api_version": "2026-04"}
    return JSONResponse(data, status)


def error(site: Site, refusal: Refusal) -> Response:
    """Return the response of a refusal."""
    more = dict(refusal.more)
    headers = more.pop("headers", None)
    status, detail = refusal.status, refusal.detail
    if status == 422 and site.on("invalid_400"):
        status = 400
    phrase = HTTPStatus(status).phrase
    if site.on("html_405") and status in {404, 405} and detail == phrase:
        page = f"<html><body><h1>{status} {html.escape(phrase)}</h1></body></html>"
        return HTMLResponse(page, status, headers)
    if site.on("terse_errors") and isinstance(detail, str):
        detail = phrase.lower()
    if site.on("error_message"):
        text = detail if isinstance(detail, str) else "The request is invalid."
        content = {"error": phrase.lower().replace(" ", "_"), "message": text, **more}
        if text != detail:
            content["details"] = detail
        return JSONResponse(content, status, headers)
    if site.on("problem_json"):
        content = {"type": "about:blank", "title": phrase, "status": status, **more}
        content["detail" if isinstance(detail, str) else "errors"] = detail
        return JSONResponse(content, status, headers, media_type="application/problem+json")
    return JSONResponse({"detail": detail, **more}, status, headers)
