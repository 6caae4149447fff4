"""A page of any origin may call the API and read every response, but not the control API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.account import Account, Accounts
from tests.api.headers import SHOP
from tests.api.operations import CONTRACT, OPERATIONS, PATHS, methods_of, url_of

EXPOSED = {"X-Mock-Source", "X-Mock-Fault", "Preference-Applied"} | {
    name
    for operation in OPERATIONS
    for response in operation.node["responses"].values()
    for name in CONTRACT.follow(response).get("headers", {})
}
"""The mock's own headers, and every response header of the contract."""
SENT = "X-API-Key, X-Organization-Id, Content-Type"


each_path = pytest.mark.parametrize("path", PATHS)


@each_path
def test_a_preflight_allows_every_operation(accounts: Accounts, path: str) -> None:
    """It allows the method and our headers to any origin, without cookies, and may be cached."""
    for method in methods_of(path) - {"HEAD"}:
        preflight = {
            **SHOP,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": SENT,
        }
        response = accounts.without_key.options(url_of(path), headers=preflight)
        assert response.status_code in (200, 204)
        assert response.headers["access-control-allow-origin"] == "*"
        assert method in [
            name.strip() for name in response.headers["access-control-allow-methods"].split(",")
        ]
        allowed = {
            name.strip().lower()
            for name in response.headers["access-control-allow-headers"].split(",")
        }
        assert {name.strip().lower() for name in SENT.split(",")} <= allowed
        assert int(response.headers["access-control-max-age"]) >= 600
        assert "access-control-allow-credentials" not in response.headers


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
    """Errors can be read too, with all our headers, and never with credentials."""
    headers = {**SHOP, **request_.get("headers", {})}
    response = newcomer.call(method, path, **{**request_, "headers": headers})
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] in ("*", SHOP["Origin"])
    exposed = {
        name.strip().lower()
        for name in response.headers["access-control-expose-headers"].split(",")
    }
    assert exposed == {name.lower() for name in EXPOSED}
    assert "access-control-allow-credentials" not in response.headers


def test_the_control_api_is_closed_to_other_pages(newcomer: Account) -> None:
    """A web page of another origin is refused with 403."""
    response = newcomer.client.get("/_mock/state", headers=SHOP)
    assert response.status_code == 403
    assert "access-control-allow-origin" not in response.headers
