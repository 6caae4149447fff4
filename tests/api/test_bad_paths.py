"""A path that is not in the contract is refused, however it is written."""

from __future__ import annotations

import pytest

from tests.api.raw import request, send
from tests.api.refusals import assert_refused
from tests.conftest import API, RunningServer

pytestmark = pytest.mark.usefixtures("unchanged_newcomer")


ODD_SEGMENTS: dict[str, bytes] = {
    "NUL": b"%00",
    "a line break": b"%0d%0a",
    "a header": b"%0d%0aX-Injected:%201",
    "an escape": b"%1b",
    "no UTF-8": b"%ff",
    "a surrogate": b"%ed%a0%80",
    "an emoji": b"%F0%9F%92%B3",
    "dots": b"..",
    "encoded dots": b"%2e%2e",
    "a slash": b"%2F",
    "slashes and dots": b"%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "a backslash": b"%5c",
    "a percent sign": b"%25",
    "half an encoding": b"%",
    "no hexadecimal": b"%zz",
    "encoded twice": b"%2500",
    "a semicolon": b"a;b=c",
    "braces": b"%7Bpayment_method_id%7D",
    "a tag": b"%3Cscript%3E",
    "a quote": b"'%20OR%201=1",
    "a space": b"%20",
    "256 characters": b"a" * 256,
    "60,000 characters": b"a" * 60_000,
    "100 kB": b"a" * 100_000,
    "100 kB encoded": b"%41" * 33_334,
}


@pytest.mark.parametrize(
    ("method", "template"),
    [
        ("DELETE", "payment-methods/{}"),
        ("POST", "payment-methods/{}/default"),
        ("GET", "{}"),
        ("GET", "balance/{}"),
        ("PUT", "{}/auto-recharge"),
    ],
)
def test_an_odd_path_is_refused(frozen_server: RunningServer, method: str, template: str) -> None:
    """An odd path is refused with 404, 405 or 422.

    A path that is too long is a 414, and one with a bad percent-encoding a 400.
    """
    for what, segment in ODD_SEGMENTS.items():
        path = f"{API}/".encode() + template.encode().replace(b"{}", segment)
        response = send(frozen_server, request(method, path))
        assert response is not None, what
        assert response.headers["x-injected"] is None
        if len(segment) > 50_000:
            assert response.status == 414, what
        elif what in ("half an encoding", "no hexadecimal"):
            assert response.status == 400, what
        else:
            assert_refused(response, 404, 405, 422)
        assert len(response.content) < 2_000


@pytest.mark.parametrize(
    "path",
    [
        "/api",
        "/api/v1/billing",
        "/api/v1/billing/",
        "/api/v1/billing//balance",
        "//api/v1/billing/balance",
        "/api/v1/billing/balance/",
        "/api/v1/billing/./balance",
        "/API/V1/BILLING/balance",
        "/api/v1/billing/Balance",
        "/api/v2/billing/balance",
    ],
)
def test_a_path_that_nearly_fits_is_404(frozen_server: RunningServer, path: str) -> None:
    """Paths are compared exactly, and nothing is redirected."""
    assert_refused(send(frozen_server, request("GET", path.encode())), 404)
