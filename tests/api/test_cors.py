"""A page of any origin may call the API and read every response, but not the control API."""

from __future__ import annotations

from typing import Any

import pytest

from mockserver.server.cors import preflight, response_headers
from tests.api.account import Account, Accounts
from tests.api.headers import SHOP, allows_shop
from tests.api.operations import CONTRACT, OPERATIONS, PATHS, methods_of, url_of
from tests.conftest import API

EXPOSED = {"X-Mock-Source", "X-Mock-Fault", "X-Mock-Warning", "Preference-Applied"} | {
    name
    for operation in OPERATIONS
    for response in operation.node["responses"].values()
    for name in CONTRACT.follow(response).get("headers", {})
}
"""The mock's own headers, and every response header of the contract."""
SENT = "X-API-Key, X-Organization-Id, Content-Type"
REFUSED = {
    "Origin": ["", "a b", "x" * 1_025, "http://\u00fc"],
    "Access-Control-Request-Method": ["", "GET, PUT", "A" * 65, "P(UT"],
    "Access-Control-Request-Headers": ["x-api-key;", "a(b)", "a" * 8_193, "\u00fc"],
}
"""Values that are too long, or have characters that no origin or name has."""
each_path = pytest.mark.parametrize("path", PATHS)


@each_path
def test_a_preflight_allows_every_operation(accounts: Accounts, path: str) -> None:
    """It allows the method and our headers to any origin, and may be cached."""
    for method in methods_of(path) - {"HEAD"}:
        preflight = {
            **SHOP,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": SENT,
        }
        response = accounts.without_key.options(url_of(path), headers=preflight)
        assert response.status_code in (200, 204)
        assert allows_shop(response)
        assert method in [
            name.strip() for name in response.headers["access-control-allow-methods"].split(",")
        ]
        allowed = {
            name.strip().lower()
            for name in response.headers["access-control-allow-headers"].split(",")
        }
        assert {name.strip().lower() for name in SENT.split(",")} <= allowed
        assert int(response.headers["access-control-max-age"]) >= 600
        assert response.content == b""


@pytest.mark.parametrize(
    ("method", "path", "request_", "status"),
    [
        ("GET", "balance", {}, 200),
        ("GET", "balance", {"headers": {"Cookie": "a=b"}}, 200),
        ("GET", "balance", {"headers": {"X-API-Key": ""}}, 401),
        ("GET", "nothing", {}, 404),
        ("PATCH", "balance", {}, 405),
        ("POST", "deposit", {"json": {"amount_cents": 1}}, 422),
        ("POST", "deposit", {"content": b"a=1", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", "payment-methods", {"json": {"payment_method_id": "pm_card_chargeDeclined"}}, 402),
    ],
)
def test_a_page_may_read_every_response(
    newcomer: Account, method: str, path: str, request_: dict[str, Any], status: int
) -> None:
    """Errors can be read too, with all our headers by name."""
    headers = {**SHOP, **request_.get("headers", {})}
    response = newcomer.call(method, path, **{**request_, "headers": headers})
    assert response.status_code == status
    assert allows_shop(response)
    exposed = {
        name.strip().lower()
        for name in response.headers["access-control-expose-headers"].split(",")
    }
    assert exposed == {name.lower() for name in EXPOSED}


def test_the_control_api_is_closed_to_other_pages(newcomer: Account) -> None:
    """A web page of another origin is refused with 403."""
    response = newcomer.client.get("/_mock/state", headers=SHOP)
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers


def test_a_preflight_allows_what_was_asked_for() -> None:
    """Headers that nobody documents are allowed, so pages with tracing libraries work."""
    names = b"authorization,baggage,idempotency-key,sentry-trace,traceparent"
    asked = {
        b"origin": b"null",
        b"access-control-request-method": b"PROPFIND",
        b"access-control-request-headers": names,
    }
    status, headers = preflight(asked)
    assert (status, dict(headers)) == (
        200,
        {
            b"access-control-allow-origin": b"null",
            b"access-control-allow-credentials": b"true",
            b"access-control-allow-methods": b"PROPFIND",
            b"access-control-allow-headers": names,
            b"access-control-max-age": b"86400",
            b"vary": b"Origin",
        },
    )
    status, headers = preflight(asked | {b"access-control-request-private-network": b"true"})
    assert (b"access-control-allow-private-network", b"true") in headers


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in REFUSED.items() for value in values]
)
def test_a_preflight_that_cannot_be_echoed_is_refused(name: str, value: str) -> None:
    """Nothing is allowed then."""
    asked = {b"origin": b"http://a", b"access-control-request-method": b"GET"}
    asked[name.lower().encode()] = value.encode()
    assert preflight(asked) == (400, [])
    if name == "Origin":
        assert response_headers(value.encode(), b"X-A") == []


@pytest.mark.parametrize("path", [f"{API}/balance", f"{API}/nothing", "/_mock/stripe/v1/tokens"])
def test_a_refused_preflight_is_recorded(newcomer: Account, path: str) -> None:
    """The record says why."""
    headers = {**SHOP, "Access-Control-Request-Method": "GET; PUT"}
    response = newcomer.client.options(path, headers=headers)
    assert response.status_code == 400
    assert "access-control-allow-origin" not in response.headers
    recorded = newcomer.client.get("/_mock/requests", params={"status": 400}).json()["requests"]
    found = [entry for entry in recorded if entry["path"] == path and entry["method"] == "OPTIONS"]
    assert "preflight is refused" in found[0]["response_body"]["detail"]
