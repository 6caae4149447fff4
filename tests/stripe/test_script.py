"""The script of the stand-in: its URL, its configuration, and who may load it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

from mockserver.billing.stripe import frames
from mockserver.billing.stripe import script as scripts
from tests.conftest import NOON, RunningServer

from .conftest import SHOP

PATH = "/_mock/stripe.js"
ASSETS = Path(scripts.__file__).parent / "assets"


def facts(script: httpx.Response) -> dict[str, object]:
    """Return the values that the mock wrote into the script."""
    found = re.search(r"const MOCK = (\{.*\});", script.text)
    assert found is not None
    known: dict[str, object] = json.loads(found[1])
    return known


def test_any_page_may_load_it(page: httpx.Client) -> None:
    """It loads cross-origin, with and without CORS, and in isolated pages."""
    response = page.get(PATH)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["access-control-allow-origin"] == SHOP
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert page.head(PATH).status_code == 200


def test_it_has_the_mocks_url_and_time(frozen: RunningServer, page: httpx.Client) -> None:
    """The URL has the requested host, so that a test may serve the script as Stripe's."""
    assert facts(page.get(PATH)) == {"origin": frozen.url, "year": NOON.year, "month": NOON.month}
    other = page.get(PATH, headers={"Host": "mock.internal:8080"})
    assert facts(other)["origin"] == "http://mock.internal:8080"


@pytest.mark.parametrize("host", [b'"};alert(1);//', b"a b", b"x</script>", b"\xe2\x98\x83"])
def test_a_hostile_host_is_not_in_it(
    frozen: RunningServer, page: httpx.Client, host: bytes
) -> None:
    """An invalid host is not repeated."""
    response = page.get(PATH, headers=httpx.Headers([(b"Host", host)]))
    assert facts(response)["origin"] == frozen.url


def test_it_is_the_same_each_time(page: httpx.Client) -> None:
    """The script is deterministic."""
    assert page.get(PATH).text == page.get(PATH).text


def test_every_part_is_in_a_script() -> None:
    """Every file of the folder is in one script, and in none twice; none is too long to read."""
    whole = [scripts.script(SHOP, NOON, parts) for parts in (scripts.PAGE, scripts.FRAME)]
    parts = [path.read_text(encoding="utf-8") for path in ASSETS.rglob("*.js")]
    assert len(parts) > 20
    assert {max(script.count(part) for script in whole) for part in parts} == {1}
    assert max(part.count("\n") for part in parts) < 400
    assert max(len(line) for part in parts for line in part.splitlines()) <= 100


def test_it_calls_only_the_mock() -> None:
    """Stripe's hosts are in it only in a pattern, and in the hashes of the frames' addresses."""
    both = "".join(
        scripts.script("http://mock.test", NOON, parts) for parts in (scripts.PAGE, scripts.FRAME)
    )
    hosts = set(re.findall(r"(#?https?:\\?/\\?/[^\s\"'`&]*)", both))
    assert hosts == {
        "http://mock.test",
        "https:\\/\\/js\\.stripe\\.com\\/([a-z0-9]+)/.exec(document.currentScript?.src",
        "https://js.stripe.com/v3/",
        "https://testmode-acs.stripe.com/3d_secure_2_test/",
        "https://",
        "http://.",
    }


@pytest.mark.parametrize("name", frames.TITLES)
def test_a_frame_has_a_title_and_a_strict_policy(page: httpx.Client, name: str) -> None:
    """It loads its script and calls its own origin only, and can be in isolated pages."""
    response = page.get(f"/_mock/stripe/v3/{name}.html")
    assert response.status_code == 200
    assert f"<title>{frames.TITLES[name]}</title>" in response.text
    assert "<script defer src=" in response.text
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; connect-src 'self'; ")
    assert "unsafe" not in policy
    assert response.headers["cross-origin-resource-policy"] == "cross-origin"
    assert response.headers["cross-origin-embedder-policy"] == "require-corp"
    assert "x-frame-options" not in response.headers


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost:8080", "'self' http://localhost:* http://*.localhost:* http://127.0.0.1:* "),
        ("127.0.0.1", "'self' http://localhost:* http://*.localhost:* http://127.0.0.1:* "),
        ("mock:8080", "'self' http: https:"),
    ],
)
def test_a_mock_of_this_machine_is_framed_by_its_pages_only(
    page: httpx.Client, host: str, allowed: str
) -> None:
    """A page of another host may not frame a mock with a loopback name."""
    response = page.get("/_mock/stripe/v3/elements-inner-card.html", headers={"Host": host})
    policy = response.headers["content-security-policy"]
    assert policy.partition("frame-ancestors ")[2].startswith(allowed)


def test_an_unknown_frame_is_missing(page: httpx.Client) -> None:
    """The error has Stripe's format."""
    response = page.get("/_mock/stripe/v3/elements-inner-nothing.html")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "url_invalid")
