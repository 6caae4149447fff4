"""The mock behind proxies: a browser pays a deposit through each of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.browser import Open
from tests.conftest import API, NOON, running_server

from .proxies import certificate, proxying

pytestmark = pytest.mark.slow

KEY = {"X-API-Key": "sk_test_proxied"}


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost."""
    return certificate(tmp_path_factory.mktemp("tls"))


def pay(page: Any, url: str) -> str:
    """Pay on the page of a checkout session and return the text that the payer sees."""
    page.goto(url)
    page.get_by_test_id("pay").click()
    page.wait_for_load_state()
    return str(page.inner_text("body"))


@pytest.mark.parametrize("rewrites_host", [False, True])
@pytest.mark.parametrize("terminates_tls", [False, True])
def test_urls_lead_through_a_proxy_that_sends_forwarded_headers(
    open_page: Open, tls: Path, terminates_tls: bool, rewrites_host: bool
) -> None:
    """Scheme, host and port are those of the proxy, and its pages are accepted."""
    chosen = tls if terminates_tls else None
    with running_server(now=NOON) as mock, proxying(tls=chosen, rewrites_host=rewrites_host) as at:
        at.upstream = urlsplit(mock.url).netloc
        with httpx.Client(base_url=at.url, headers=KEY, verify=False, trust_env=False) as client:
            url = client.post(f"{API}/deposit", json={"amount_cents": 5000}).json()["url"]
            script = client.get("/_mock/stripe.js").text
        assert url.startswith(f"{at.url}/checkout/")
        assert f'"origin":"{at.url}"' in script
        page = open_page("about:blank", ignore_https_errors=True).page
        assert "has been paid" in pay(page, url)


@pytest.mark.parametrize("terminates_tls", [False, True])
def test_the_public_url_is_enough_for_a_proxy_that_sends_no_headers(
    open_page: Open, tls: Path, terminates_tls: bool
) -> None:
    """The host is rewritten, and only the browser knows that the page is of the same origin."""
    chosen = tls if terminates_tls else None
    with (
        proxying(tls=chosen, rewrites_host=True, tells=False) as at,
        running_server(now=NOON, public_url=at.url) as mock,
    ):
        at.upstream = urlsplit(mock.url).netloc
        with mock.client(KEY["X-API-Key"]) as client:
            url = client.post(f"{API}/deposit", json={"amount_cents": 5000}).json()["url"]
        assert url.startswith(f"{at.url}/checkout/")
        page = open_page("about:blank", ignore_https_errors=True).page
        assert "has been paid" in pay(page, url)


def test_a_page_comes_back_through_a_proxy_that_only_rewrites_the_host(open_page: Open) -> None:
    """``Sec-Fetch-Site: same-origin`` lets it in, though Origin and Host differ."""
    with (
        running_server(now=NOON) as mock,
        proxying(rewrites_host=True, tells=False) as at,
    ):
        at.upstream = urlsplit(mock.url).netloc
        with mock.client(KEY["X-API-Key"]) as client:
            url = client.post(f"{API}/deposit", json={"amount_cents": 5000}).json()["url"]
        page = open_page("about:blank").page
        assert "has been paid" in pay(page, at.url + urlsplit(url).path)
        forged = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
        path = f"{at.url}{urlsplit(url).path}/pay"
        assert httpx.post(path, headers=forged, trust_env=False).status_code == 403


def test_the_control_api_is_closed_to_callers_of_a_proxy_on_other_names() -> None:
    """A proxy that rewrites the host does not open it, if it sends forwarded headers."""
    with running_server(now=NOON) as mock, proxying(rewrites_host=True) as at:
        at.upstream = urlsplit(mock.url).netloc
        local = httpx.get(f"{at.url}/_mock/clock", trust_env=False)
        assert local.status_code == 200
        rebound = {"Host": "evil.example", "Sec-Fetch-Site": "same-origin"}
        response = httpx.get(f"{at.url}/_mock/clock", headers=rebound, trust_env=False)
        assert response.status_code == 403
