"""Pages accept their own forms, links, and programs that are not browsers; no other origin."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest

from tests.conftest import API, RunningServer
from tests.hosted.conftest import Opener, session_id, text_of
from tests.hosted.routes import ROUTES, STEPS, TARGETS, filled

OTHERS = {
    "another site's form": {"Origin": "https://evil.example"},
    "a sandboxed page": {"Origin": "null"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "no port": {"Origin": "http://127.0.0.1"},
    "no origin": {"Origin": ""},
    "a name that ends in ours": {"Origin": "http://evil-127.0.0.1:80"},
    "cross-site": {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "cors",
        "Sec-Fetch-Dest": "empty",
    },
    "same-site": {
        "Sec-Fetch-Site": "same-site",
        "Sec-Fetch-Mode": "no-cors",
        "Sec-Fetch-Dest": "image",
    },
    "a frame": {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "iframe",
    },
    "an unknown site": {"Sec-Fetch-Site": "elsewhere"},
}
LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


class Things(NamedTuple):
    """The pages of an account."""

    checkout: str
    portal: str
    invoice: str


@pytest.fixture(scope="module")
def owner(server: RunningServer) -> Iterator[httpx.Client]:
    """A client whose account no test changes: what it sends is refused, or only reads."""
    with server.client(f"sk_test_{uuid.uuid4().hex}") as made:
        yield made


@pytest.fixture(scope="module")
def things(owner: httpx.Client) -> Things:
    """A checkout session, a portal session and an invoice of the owner."""
    checkout, portal = (
        httpx.URL(owner.post(f"{API}/{path}", json=body).raise_for_status().json()["url"]).path
        for path, body in (("deposit", {"amount_cents": 5000}), ("portal", {}))
    )
    invoice = owner.get(f"{API}/invoices").json()["invoices"][0]["id"]
    return Things(session_id(checkout), session_id(portal), invoice)


def test_every_route_is_tried() -> None:
    """The parameters cover all pages and steps, with their methods."""
    assert len(TARGETS) > 20
    assert {path for _, path in ROUTES if "{step}" in path} == set(STEPS)
    assert {method for method, _ in ROUTES} == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize("sent", OTHERS.values(), ids=OTHERS)
@pytest.mark.parametrize(("method", "path"), TARGETS)
def test_another_origin_is_refused(
    owner: httpx.Client, things: Things, method: str, path: str, sent: dict[str, str]
) -> None:
    """The 403 comes before any lookup, so it reveals no session, and nothing changes."""
    before = owner.get("/_mock/state").json()
    real = filled(path, **things._asdict())
    made_up = filled(path, checkout="cs_test_x", portal="bps_x", invoice="x")
    for target in (real, made_up):
        response = owner.request(
            method,
            target,
            headers=sent,
            data={"card": "pm_card_visa"} if method == "POST" else None,
        )
        assert response.status_code == 403, target
        assert not [name for name in response.headers if name.startswith("access-control-")]
    if method != "HEAD":
        assert text_of(response, "message") == "This was sent from another site."
    assert owner.get("/_mock/state").json() == before


@pytest.mark.parametrize(("method", "path"), [target for target in TARGETS if target[0] != "POST"])
def test_a_link_from_a_shop_leads_to_a_page(
    owner: httpx.Client, things: Things, method: str, path: str
) -> None:
    """A cross-site navigation with GET is allowed."""
    response = owner.request(method, filled(path, **things._asdict()), headers=LINK)
    assert response.status_code in (200, 303, 404)
    if "{step}" not in path and not path.endswith("/authentication"):
        assert response.status_code in (200, 303)


@pytest.mark.parametrize(("method", "path"), [target for target in TARGETS if target[0] == "POST"])
def test_a_form_that_a_shop_sends_as_a_navigation_is_refused(
    owner: httpx.Client, things: Things, method: str, path: str
) -> None:
    """A cross-site POST is refused."""
    before = owner.get("/_mock/state").json()
    assert owner.request(method, filled(path, **things._asdict()), headers=LINK).status_code == 403
    assert owner.get("/_mock/state").json() == before


@pytest.mark.parametrize("site", [None, "same-origin", "none"])
@pytest.mark.parametrize("has_origin", [True, False])
def test_a_form_of_the_page_itself_is_accepted(
    client: httpx.Client, open_deposit: Opener, site: str | None, has_origin: bool
) -> None:
    """Browsers send the page's origin, curl sends none."""
    origin = str(client.base_url).rstrip("/")
    headers = ({"Sec-Fetch-Site": site} if site else {}) | (
        {"Origin": origin.upper()} if has_origin else {}
    )
    page = client.post(f"{open_deposit()}/pay", headers=headers)
    assert text_of(page, "state") == "This session has been paid."


def test_a_page_whose_host_a_proxy_rewrote_is_accepted(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """The browser says that it is of the same origin, which pages cannot do."""
    shown = ("Origin", "https://mock.test")
    same, cross = ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")
    for refused in ([shown], [shown, cross], [shown, same, cross], [shown, cross, same]):
        assert client.post(f"{open_deposit()}/pay", headers=refused).status_code == 403
    page = client.post(f"{open_deposit()}/pay", headers=[shown, same])
    assert text_of(page, "state") == "This session has been paid."


def test_an_origin_that_is_sent_twice_is_refused(
    client: httpx.Client, open_deposit: Opener
) -> None:
    """One of the two is foreign."""
    ours = str(client.base_url).rstrip("/")
    for origins in ((ours, "https://evil.example"), ("https://evil.example", ours)):
        headers = [("Origin", origin) for origin in origins]
        assert client.post(f"{open_deposit()}/pay", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "kind", ["multipart/form-data; boundary=x", "text/plain", "application/json"]
)
def test_a_body_that_is_not_a_form_is_refused(
    client: httpx.Client, open_deposit: Opener, kind: str
) -> None:
    """Otherwise it would pay with the default card."""
    path = open_deposit()
    before = client.get("/_mock/state").json()
    response = client.post(
        f"{path}/pay", content=b'{"card": "pm_card_chargeDeclined"}', headers={"Content-Type": kind}
    )
    assert response.status_code == 415
    assert client.get("/_mock/state").json() == before
