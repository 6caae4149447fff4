"""Pages of another origin use the API in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import Open
from tests.conftest import API, RunningServer

from .pages import empty_page

pytestmark = pytest.mark.slow

FETCH = """async ([url, method, headers, body]) => {
  const response = await fetch(url, {method, headers, body, credentials: "include"});
  return [response.status, response.headers.get("x-alterlab-balance"), await response.text()];
}"""
TRACING = {
    "sentry-trace": "771a43a4192642f0b136d5159a501700-b7ad6b7169203331-1",
    "baggage": "sentry-environment=test",
    "traceparent": "00-771a43a4192642f0b136d5159a501700-b7ad6b7169203331-01",
    "Idempotency-Key": "4f9c5d3e",
    "Authorization": "Bearer nothing",
}


@pytest.fixture
def page(open_page: Open) -> Iterator[Any]:
    """An empty page of another origin."""
    with empty_page() as url:
        yield open_page(url).page


def test_a_page_with_tracing_headers_may_use_the_api(
    page: Any, server: RunningServer, key: str
) -> None:
    """A read, a change and an error can be read, with credentials."""
    headers = TRACING | {"X-API-Key": key}
    balance, deposit = f"{server.url}{API}/balance", f"{server.url}{API}/deposit"
    status, shown, _ = page.evaluate(FETCH, [balance, "GET", headers, None])
    assert status == 200
    assert shown
    typed = headers | {"Content-Type": "application/json"}
    status, _, text = page.evaluate(FETCH, [deposit, "POST", typed, '{"amount_cents": 1000}'])
    assert (status, "/checkout/cs_test_" in text) == (200, True)
    for method, path, expected in (("PATCH", "balance", 405), ("GET", "nothing", 404)):
        asked = [f"{server.url}{API}/{path}", method, headers, None]
        assert page.evaluate(FETCH, asked)[0] == expected


def test_a_page_with_tracing_headers_may_use_the_stand_in_for_stripe(
    page: Any, server: RunningServer
) -> None:
    """Its errors can be read, too."""
    url = f"{server.url}/_mock/stripe/v1/payment_methods"
    status, _, text = page.evaluate(FETCH, [url, "POST", TRACING, "{}"])
    assert (status, "error" in text) == (400, True)


def test_the_control_api_stays_closed(page: Any, server: RunningServer) -> None:
    """The browser does not even send the request, because the preflight is refused."""
    asked = [f"{server.url}/_mock/reset", "POST", TRACING, "{}"]
    with pytest.raises(Exception, match="Failed to fetch"):
        page.evaluate(FETCH, asked)
