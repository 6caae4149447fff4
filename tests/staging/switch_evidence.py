"""For each switch a question whose answer is yes if, and only if, the switch is on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.staging import seed
from tests.staging.probe import Probe

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_LARGE = b'{"consent_text":"' + b"x" * 1_000_001 + b'"}'
_DEPOSIT = {"amount_cents": 5_000}


def _detail(response: Any) -> str:
    return str(response.json().get("detail"))


def _newest_first(probe: Probe) -> bool:
    entries = probe.get("/credit-transactions")["transactions"]
    return bool(entries[0]["created_at"] > entries[-1]["created_at"])


def _audit_has(probe: Probe, action: str) -> bool:
    return any(entry["action"] == action for entry in probe.get("/audit-log")["entries"])


def _foreign_organization(probe: Probe) -> int:
    headers = {"X-Organization-Id": seed.ORGANIZATION[::-1].replace("-", "0")[:8] + "-0000" * 3}
    headers = {"X-Organization-Id": headers["X-Organization-Id"] + "-000000000000"}
    return probe.status("GET", "/invoices", headers=headers)


def _removed_again(probe: Probe) -> int:
    path = f"/payment-methods/{probe.cards()[0]['id']}"
    probe.call("DELETE", path)
    return probe.status("DELETE", path)


def _organization_balance(probe: Probe) -> bool:
    headers = {"X-Organization-Id": seed.ORGANIZATION}
    shown = probe.call("GET", "/invoices", headers=headers).headers["x-alterlab-balance"]
    return bool(shown != probe.get("/balance")["balance_display"])


def _rolling(probe: Probe) -> bool:
    """Use credits 6.9 days ago by the calendar, which is within 7 days but not within 168 hours."""
    books = "SELECT sum(credits) FROM usage"
    with probe.site.writing(_account(probe)) as ledger:
        ledger.run("DELETE FROM usage")
        day = ledger.now - ledger.now % 86_400_000
        early = min(day - 6 * 86_400_000 - 1, ledger.now - 7 * 86_400_000 + 30_000)
        ledger.insert("usage", type="js", requests=1, credits=5, created_at=early)
        assert ledger.number(books) == 5
    trend = probe.get("/cost-projection")["usage_trend"]
    return bool(trend == "increasing")


def _account(probe: Probe) -> str:
    return str(probe.get("/auto-recharge")["user_id"])


def _same_card(probe: Probe) -> int:
    return probe.status("POST", "/payment-methods", {"payment_method_id": "pm_card_visa"})


def _new_card(probe: Probe, name: str = "pm_card_amex") -> Any:
    return probe.call("POST", "/payment-methods", {"payment_method_id": name})


def _timestamp(probe: Probe) -> str:
    return str(probe.get("/usage-realtime")["as_of"])


EVIDENCE: dict[str, Callable[[Probe], bool]] = {
    "plain_fastapi": lambda probe: (
        probe.status("PUT", "/usage-alerts", {"enabled": "yes"}) == 200
        and probe.status("HEAD", "/balance") == 405
    ),
    "lax_types": lambda probe: probe.status("PUT", "/usage-alerts", {"enabled": 0}) == 200,
    "nan_accepted": lambda probe: (
        probe.status("PUT", "/usage-alerts", content=b'{"a": NaN}') == 200
    ),
    "media_type_ignored": lambda probe: (
        probe.status("PUT", "/usage-alerts", content=b"a=1", headers=_FORM) == 422
    ),
    "size_unlimited": lambda probe: probe.status("PUT", "/auto-recharge", content=_LARGE) == 422,
    "published_fields": lambda probe: len(probe.get("/auto-recharge")) == 6,
    "extra_fields": lambda probe: len(probe.get("/balance")) == 8,
    "deposit_201": lambda probe: probe.status("POST", "/deposit", _DEPOSIT) == 201,
    "created_201": lambda probe: _new_card(probe).status_code == 201,
    "error_message": lambda probe: "message" in probe.get("/balance", key="x"),
    "problem_json": lambda probe: (
        "problem+json" in probe.call("GET", "/balance", key="x").headers["content-type"]
    ),
    "terse_errors": lambda probe: len(_detail(probe.call("GET", "/balance", key="x"))) < 20,
    "no_rate_limit_headers": lambda probe: (
        "x-ratelimit-limit" not in probe.call("GET", "/balance").headers
    ),
    "no_balance_headers": lambda probe: (
        "x-alterlab-balance" not in probe.call("GET", "/balance").headers
    ),
    "organization_balance_header": _organization_balance,
    "unauthorized_403": lambda probe: probe.status("GET", "/balance", key=None) == 403,
    "invalid_400": lambda probe: probe.status("GET", "/invoices?limit=0") == 400,
    "foreign_organization_404": lambda probe: _foreign_organization(probe) == 404,
    "declined_card_400": lambda probe: (
        _new_card(probe, "pm_card_chargeDeclined").status_code == 400
    ),
    "head_405": lambda probe: probe.status("HEAD", "/balance") == 405,
    "no_allow": lambda probe: "allow" not in probe.call("PATCH", "/balance").headers,
    "partial_allow": lambda probe: (
        "PUT" not in probe.call("PATCH", "/usage-alerts").headers["allow"]
    ),
    "html_405": lambda probe: "html" in probe.call("PATCH", "/balance").headers["content-type"],
    "unknown_path_401": lambda probe: probe.status("GET", "/nothing", key=None) == 401,
    "exp_month_text": lambda probe: isinstance(probe.cards()[0]["card_exp_month"], str),
    "bonus_value_text": lambda probe: isinstance(
        probe.call("POST", "/promo/validate", {"code": "BONUS5"}).json()["bonus_value"], str
    ),
    "masked_destination_null": lambda probe: (
        probe.call("POST", "/verify/initiate", {"action": "a"}).json()["masked_destination"] is None
    ),
    "usage_trend_null": lambda probe: probe.get("/cost-projection")["usage_trend"] is None,
    "null_fields_omitted": lambda probe: "pending_plan" not in probe.get("/subscription"),
    "oldest_first": lambda probe: not _newest_first(probe),
    "newest_card_default": lambda probe: _new_card(probe).json()["is_default"],
    "known_card_returned": lambda probe: _same_card(probe) == 200,
    "foreign_card_kept": lambda probe: (
        probe.status("PUT", "/auto-recharge", {"stripe_payment_method_id": "pm_none"}) == 200
    ),
    "prefixed_ids": lambda probe: probe.cards()[0]["id"].startswith("card_"),
    "live_session_ids": lambda probe: (
        probe.call("POST", "/deposit", _DEPOSIT).json()["session_id"].startswith("cs_live_")
    ),
    "microsecond_timestamps": lambda probe: len(_timestamp(probe)) == 27,
    "second_timestamps": lambda probe: len(_timestamp(probe)) == 20,
    "offset_timestamps": lambda probe: _timestamp(probe).endswith("+00:00"),
    "period_in_words": lambda probe: probe.get("/usage-chart")["period"] == "30 days",
    "sparse_audit": lambda probe: not _audit_has(probe, "setup_intent.created"),
    "other_audit_names": lambda probe: _audit_has(probe, "verification:initiated"),
    "rolling_trend": _rolling,
    "large_pages": lambda probe: (
        probe.status("GET", "/audit-log?limit=1000") == 200
        and probe.status("GET", "/audit-log?limit=1001") == 422
    ),
    "small_pages": lambda probe: probe.status("GET", "/audit-log?limit=51") == 422,
    "limit_clamped": lambda probe: (
        len(probe.get("/credit-transactions?limit=1001").get("transactions", [])) == 100
    ),
    "unknown_fields_refused": lambda probe: probe.status("PUT", "/usage-alerts", {"a": 1}) == 422,
    "delete_204": lambda probe: probe.status("DELETE", "/auto-recharge") == 204,
    "delete_idempotent": lambda probe: _removed_again(probe) == 200,
    "slash_redirects": lambda probe: probe.status("GET", "/balance/") == 307,
    "gzip": lambda probe: "content-encoding" in probe.call("GET", "/balance").headers,
    "charset": lambda probe: "charset" in probe.call("GET", "/balance").headers["content-type"],
    "title_case_headers": lambda probe: any(
        re.match(b"Content-Type", name) for name, _ in probe.call("GET", "/balance").headers.raw
    ),
    "new_plan": lambda probe: probe.get("/subscription")["plan"] == "team",
    "new_tier": lambda probe: probe.get("/balance")["tier"] == "enterprise",
    "new_brand": lambda probe: _new_card(probe).json()["card_brand"] == "cartes_bancaires",
}
