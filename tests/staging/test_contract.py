"""The strict deployment follows the contract."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from tests.staging import seed
from tests.staging.probe import API, KEY, Probe

_SPEC = Path(__file__).resolve().parents[2] / "spec" / "openapi.yaml"
_URL = "https://app.example.com/billing"
_ORGANIZATION = {"X-Organization-Id": seed.ORGANIZATION}
_FOREIGN = {"X-Organization-Id": "00000000-0000-4000-8000-000000000000"}
_PLAN = {"price_id": "price_growth_monthly"}
_CHECKOUT = {**_PLAN, "success_url": _URL, "cancel_url": _URL}
_RECHARGE = {"enabled": True, "stripe_payment_method_id": "pm_card_visa", "consent_source": None}
Step = tuple[int, str, str, Any, dict[str, str]]

_WALK: list[Step] = [
    (200, "GET", "/balance", None, {}),
    (200, "GET", "/credit-transactions?limit=100&reference_type=crawl", None, _ORGANIZATION),
    (403, "GET", "/credit-transactions", None, _FOREIGN),
    (422, "GET", "/credit-transactions?limit=x&offset=-1", None, {"X-Organization-Id": "x"}),
    (200, "GET", "/recent-activity?limit=100", None, {}),
    (200, "POST", "/deposit", {"amount_cents": 1000, "success_url": _URL}, {}),
    (400, "POST", "/deposit", {"amount_cents": 1000, "promo_code": "SPRING2025"}, {}),
    (422, "POST", "/deposit", {"amount_cents": "1000"}, {}),
    (200, "POST", "/checkout", _CHECKOUT, {}),
    (400, "POST", "/checkout", {**_CHECKOUT, "mode": "rent"}, {}),
    (200, "PUT", "/auto-recharge", _RECHARGE, {}),
    (400, "PUT", "/auto-recharge", {"enabled": True, "stripe_payment_method_id": "pm_no"}, {}),
    (200, "GET", "/auto-recharge", None, {}),
    (200, "GET", "/auto-recharge/history?per_page=1&page=2", None, {}),
    (200, "POST", "/auto-recharge/test", None, {}),
    (409, "DELETE", "/payment-methods/pm_card_visa", None, {}),
    (200, "DELETE", "/auto-recharge", None, {}),
    (200, "GET", "/payment-methods", None, {}),
    (200, "POST", "/payment-methods", {"payment_method_id": "pm_1Q0PsIJvEtkwdCNYMSaVuRz6"}, {}),
    (409, "POST", "/payment-methods", {"payment_method_id": "pm_card_visa"}, {}),
    (402, "POST", "/payment-methods", {"payment_method_id": "pm_card_chargeDeclined"}, {}),
    (200, "POST", "/payment-methods/pm_card_mastercard/default", None, {}),
    (404, "POST", "/payment-methods/pm_no/default", None, {}),
    (200, "DELETE", "/payment-methods/pm_card_mastercard", None, {}),
    (404, "DELETE", "/payment-methods/pm_card_mastercard", None, {}),
    (200, "POST", "/setup-intent", None, {}),
    (200, "POST", "/portal", None, {}),
    (200, "POST", "/promo/validate", {"code": "BONUS5"}, {}),
    (200, "POST", "/promo/validate", {"code": "NONE"}, {}),
    (200, "GET", "/subscription", None, {}),
    (200, "POST", "/change-plan", None, {}),
    (200, "POST", "/change-plan", _PLAN, {}),
    (200, "POST", "/change-plan", {"price_id": "price_scale_monthly"}, {}),
    (200, "POST", "/change-plan", {"price_id": "price_starter_monthly"}, {}),
    (400, "POST", "/change-plan", {"price_id": "price_credits_25"}, {}),
    (200, "GET", "/subscription", None, {}),
    (200, "GET", "/usage-breakdown", None, _ORGANIZATION),
    (200, "GET", "/usage-chart?days=365", None, _ORGANIZATION),
    (200, "GET", "/usage-realtime", None, {}),
    (200, "GET", "/cost-projection", None, {}),
    (200, "PUT", "/usage-alerts", {"webhook_url": _URL}, {}),
    (422, "PUT", "/usage-alerts", {"webhook_url": "ftp://a", "enabled": 1}, {}),
    (200, "GET", "/usage-alerts", None, {}),
    (200, "POST", "/verify/initiate", {"action": "a", "method": "sms"}, {}),
    (400, "POST", "/verify/initiate", {"action": "a", "method": "pigeon"}, {}),
    (404, "POST", "/verify/confirm", {"challenge_id": "no", "code": "1"}, {}),
    (200, "GET", "/audit-log?limit=100", None, {}),
    (200, "GET", "/invoices?limit=100", None, {}),
]


@pytest.fixture(scope="module")
def contract() -> OpenAPI:
    """Read the contract."""
    return OpenAPI.from_file_path(str(_SPEC))


def _validate(contract: OpenAPI, response: httpx.Response) -> None:
    sent = response.request
    request = MockRequest(
        "https://api.alterlab.io", sent.method.lower(), sent.url.path, headers=dict(sent.headers)
    )
    answer = MockResponse(
        response.content,
        response.status_code,
        dict(response.headers),
        response.headers["content-type"],
    )
    contract.validate_response(request, answer)


@pytest.mark.slow
def test_every_operation_follows_the_contract(
    contract: OpenAPI, deployment: Callable[..., Probe]
) -> None:
    """Every response of a walk through all operations has its status and validates."""
    probe = deployment()
    for status, method, path, body, headers in _WALK:
        response = probe.call(method, path, body, headers=headers)
        assert response.status_code == status, (method, path, response.text)
        _validate(contract, response)
    for code in ("wrong", None):
        challenge, right = probe.challenge()
        response = probe.confirm(challenge, code or right)
        assert response.json()["success"] is (code is None)
        _validate(contract, response)


def test_the_walk_visits_every_operation() -> None:
    """The walk has a successful request for each of the 29 operations."""
    paths = yaml.load(_SPEC.read_bytes(), Loader=yaml.CSafeLoader)["paths"]
    wanted = {
        (method.upper(), path)
        for path, item in paths.items()
        for method in item
        if method in {"get", "put", "post", "delete"}
    }
    visited = {("POST", f"{API}/verify/confirm")}
    for status, method, path, _, _ in _WALK:
        bare = API + path.partition("?")[0]
        for name in ("pm_card_visa", "pm_card_mastercard", "pm_no"):
            bare = bare.replace(name, "{payment_method_id}")
        if status == 200:
            visited.add((method, bare))
    assert len(wanted) == 29
    assert visited == wanted


@pytest.mark.parametrize(
    ("status", "path", "body", "kind", "key"),
    [
        (401, "/deposit", b"", "text/plain", None),
        (413, "/deposit", b" " * 1_000_001, "application/json", KEY),
        (415, "/deposit", b"{}", "text/plain", KEY),
        (422, "/deposit", b"", "application/json", KEY),
        (422, "/deposit", b'{"amount_cents": NaN}', "application/json", KEY),
        (422, "/deposit", b'{"amount_cents": 1000.0}', "application/json", KEY),
        (422, "/deposit", b"\xff", "application/json", KEY),
        (422, "/deposit", b"[" * 100_000, "application/json", KEY),
        (422, "/deposit", b"null", "application/json", KEY),
        (422, "/promo/validate", b'{"code": "\\ud800"}', "application/json", KEY),
        (422, "/change-plan", b"null", "application/json", KEY),
    ],
)
def test_a_bad_body_is_refused(
    contract: OpenAPI,
    deployment: Callable[..., Probe],
    status: int,
    path: str,
    body: bytes,
    kind: str,
    key: str | None,
) -> None:
    """A body that cannot be read, or that is too large, gives the status of the contract."""
    probe = deployment()
    response = probe.call("POST", path, content=body, key=key, headers={"Content-Type": kind})
    assert response.status_code == status
    _validate(contract, response)


def test_the_router_names_the_methods_of_a_path(deployment: Callable[..., Probe]) -> None:
    """A 405 lists every method of its path, and an unknown path gives 404."""
    probe = deployment()
    allowed = probe.call("PATCH", "/auto-recharge").headers["allow"]
    assert set(allowed.split(", ")) == {"GET", "PUT", "DELETE", "HEAD"}
    assert probe.call("GET", "/nothing").json() == {"detail": "Not Found"}


def test_a_head_is_a_get_without_its_body(deployment: Callable[..., Probe]) -> None:
    """HEAD has the headers of GET and no body."""
    probe = deployment()
    head, get = probe.call("HEAD", "/balance"), probe.call("GET", "/balance")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == get.headers["content-length"]
