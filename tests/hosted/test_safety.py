"""Pages cannot be used to attack the person who opens them."""

from __future__ import annotations

import re
import shutil
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from mockserver import packaged
from tests.conftest import API, RunningServer, running_server
from tests.hosted.conftest import SHOP, Opener, balance, session_id, text_of

SCRIPT = "<script>alert('1')</script>"
ESCAPED = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with markup in its catalogue."""
    folder = shutil.copytree(packaged.fixtures(), tmp_path_factory.mktemp("hostile") / "fixtures")
    catalogue = folder / "catalogue.yaml"
    text = catalogue.read_text()
    for old in ("name: Starter", "name: Credits for $25", "code: BONUS5", "brand: amex"):
        assert old in text
        field, _, _ = old.partition(": ")
        shown = SCRIPT.upper() if field == "code" else SCRIPT
        text = text.replace(old, f'{field}: "{shown}"')
    catalogue.write_text(text)
    with running_server(fixtures=Path(folder)) as running:
        yield running


@pytest.fixture
def victim(hostile: RunningServer, key: str) -> Iterator[httpx.Client]:
    """A client of that server."""
    with hostile.client(key) as made:
        yield made


def pages(client: httpx.Client) -> Iterator[httpx.Response]:
    """One page of each kind, with everything that an account can put on it."""
    deposit = {"amount_cents": 5000, "success_url": f"{SHOP}/a?b='c'&d=e", "cancel_url": SHOP}
    yield client.get(client.post(f"{API}/deposit", json=deposit).json()["url"])
    yield client.get(client.post(f"{API}/portal").json()["url"])
    yield client.get(client.get(f"{API}/invoices").json()["invoices"][0]["hosted_invoice_url"])
    asking = client.post(f"{API}/deposit", json=deposit).json()["url"]
    yield client.get(f"{asking}/authentication?card=pm_card_authenticationRequired")
    yield client.post(f"{asking}/pay", data={"card": "pm_card_chargeDeclined"})
    yield client.get("/checkout/cs_test_nothing")
    yield client.get("/portal/bps_nothing")
    yield client.get("/invoices/nothing")


def test_every_page_forbids_scripts_frames_and_caches(client: httpx.Client) -> None:
    """The policy allows only one style, and nobody may frame a page with a Pay button."""
    for page in pages(client):
        policy = dict(
            name.partition(" ")[::2] for name in page.headers["content-security-policy"].split("; ")
        )
        assert policy.pop("form-action") in ("'self' http: https:", "'self'", "'none'")
        (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
        assert policy == {
            "default-src": "'none'",
            "style-src": f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'",
            "img-src": "data:",
            "frame-ancestors": "'none'",
            "base-uri": "'none'",
        }
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["cache-control"] == "no-store"
        assert "set-cookie" not in page.headers
        assert not re.search(r"\sstyle=|\son[a-z]+=", page.text)
        assert "<script" not in page.text
        assert "http://" not in page.text.replace(str(client.base_url), "")


def test_markup_in_the_catalogue_is_shown_as_text(victim: httpx.Client) -> None:
    """Names of plans, packs, promo codes and brands are escaped."""
    urls = {"success_url": SHOP, "cancel_url": SHOP}
    pack = victim.post(
        f"{API}/checkout", json={"price_id": "price_credits_25", "mode": "payment", **urls}
    ).json()["url"]
    plan = victim.post(
        f"{API}/checkout", json={"price_id": "price_starter_monthly", **urls}
    ).json()["url"]
    deposit = victim.post(
        f"{API}/deposit", json={"amount_cents": 5000, "promo_code": SCRIPT}
    ).json()["url"]
    for url in (pack, plan, deposit):
        page = victim.get(url)
        assert page.status_code == 200
        assert "<script" not in page.text.lower()
        assert ESCAPED.lower() in page.text.lower()
        victim.post(f"{url}/pay", data={"card": "pm_card_amex"})
    portal = victim.get(victim.post(f"{API}/portal").json()["url"])
    invoices = victim.get(f"{API}/invoices").json()["invoices"]
    for page in (portal, *(victim.get(invoice["hosted_invoice_url"]) for invoice in invoices)):
        assert "<script" not in page.text.lower()
    assert portal.text.count(ESCAPED) >= 3
    assert any(ESCAPED in victim.get(invoice["hosted_invoice_url"]).text for invoice in invoices)


def test_markup_in_an_imported_account_is_shown_as_text(client: httpx.Client) -> None:
    """Names, descriptions and cards are escaped."""
    state = client.get("/_mock/state").json()
    state["profile"]["name"] = state["profile"]["email"] = SCRIPT
    state["invoices"][-1]["description"] = state["invoices"][-1]["number"] = SCRIPT
    state["wallet"]["cards"][0]["brand"] = SCRIPT
    imported = client.put("/_mock/state", json=state)
    assert imported.status_code == 200, imported.text
    shown = list(pages(client))
    for page in shown:
        assert "<script" not in page.text
    assert sum(ESCAPED in page.text for page in shown) >= 4
    invoice = client.get(client.get(f"{API}/invoices").json()["invoices"][0]["hosted_invoice_url"])
    assert invoice.text.count(ESCAPED) >= 4


def test_markup_in_a_session_is_shown_as_text(client: httpx.Client, open_deposit: Opener) -> None:
    """Descriptions, codes and URLs are escaped."""
    id = session_id(open_deposit())
    state = client.get("/_mock/state").json()
    session = state["checkout_sessions"][id]
    for field in ("description", "promo_code", "last_decline_code", "success_url", "cancel_url"):
        session[field] = f"{SHOP}/{SCRIPT}" if field.endswith("_url") else SCRIPT
    assert client.put("/_mock/state", json=state).status_code == 200
    page = client.get(f"/checkout/{id}")
    assert page.status_code == 200
    assert "<script" not in page.text
    assert page.text.count(ESCAPED) >= 4
    asks = client.get(f"/checkout/{id}/authentication?card=pm_card_authenticationRequired")
    assert "<script" not in asks.text
    assert ESCAPED in asks.text
    assert "<script" not in client.post(f"/checkout/{id}/pay").headers["location"]
    assert "<script" not in client.get(f"/checkout/{id}").text


@pytest.mark.parametrize("field", ["success_url", "cancel_url"])
@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "data:text/html,hello",
        "//evil.example",
        "/relative",
        "ftp://shop.example.com",
        f"{SHOP}/\r\nSet-Cookie: a=b",
        f"{SHOP}/a b",
    ],
)
def test_a_return_url_must_be_http(client: httpx.Client, field: str, url: str) -> None:
    """The payer is redirected to absolute http(s) URLs only."""
    assert client.post(f"{API}/deposit", json={"amount_cents": 5000, field: url}).status_code == 422


@pytest.mark.parametrize(
    ("end", "location", "href"),
    [
        (
            "?a='onclick='alert(1)&b=%22",
            "?a='onclick='alert(1)&b=%22",
            "?a=&#39;onclick=&#39;alert(1)&amp;b=%22",
        ),
        ('"onclick="alert(1)', "%22onclick=%22alert(1)", "&#34;onclick=&#34;alert(1)"),
        ("<script>", "%3Cscript%3E", "&lt;script&gt;"),
        ("\u00e9?#{x}", "%C3%A9?#%7Bx%7D", "\u00e9?#{x}"),
    ],
)
def test_markup_in_an_address_stays_inside_its_link(
    client: httpx.Client, open_deposit: Opener, end: str, location: str, href: str
) -> None:
    """It is encoded in the header and escaped in the attribute."""
    path = open_deposit(success_url=f"{SHOP}/{end}")
    assert client.post(f"{path}/pay").headers["location"] == f"{SHOP}/{location}"
    assert (
        f'<a class="button primary wide" href="{SHOP}/{href}" data-testid="back-to-shop">'
        in client.get(path).text
    )


def test_an_account_is_not_reached_by_another_accounts_session(
    server: RunningServer, open_deposit: Opener
) -> None:
    """The session determines the account, not the key of the payer."""
    path = open_deposit()
    with server.client("sk_test_somebody_else_who_pays") as other:
        before = balance(other)
        assert text_of(other.post(f"{path}/pay"), "state") == "This session has been paid."
        assert balance(other) == before
