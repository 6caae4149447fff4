"""The script of the stand-in: its URL, its configuration, and who may load it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx
import pytest

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


def test_every_part_is_in_it_once() -> None:
    """Every file of the folder is included, and none is too long to read."""
    whole = scripts.script(SHOP, NOON)
    parts = [path.read_text(encoding="utf-8") for path in ASSETS.glob("*.js")]
    assert len(parts) > 10
    assert [whole.count(part) for part in parts] == [1] * len(parts)
    assert max(part.count("\n") for part in parts) < 400
    assert max(len(line) for part in parts for line in part.splitlines()) <= 100


def test_it_calls_only_the_mock() -> None:
    """The only other host in it is Stripe's, in a pattern."""
    hosts = re.findall(r"https?:\\?/\\?/[^\s\"'`]*", scripts.script("http://mock.test", NOON))
    known = {"http://mock.test"}
    assert [
        host for host in hosts if host.rstrip('",') not in known and "js\\.stripe\\.com" not in host
    ] == [
        "https://",
        "http://.",
    ]
