"""The guard of the control API, without a server."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from mockserver.control.guard import ControlGuard
from mockserver.engine.address import Address
from mockserver.loopback import is_loopback

TOKEN = "a-token-of-a-test"
PASSED = "passed"


def ask(
    headers: dict[str, str] | list[tuple[str, str]],
    *,
    host: str = "127.0.0.1",
    token: str | None = None,
    path: str = "/_mock/clock",
    public_url: str | None = None,
) -> str:
    """Return ``passed``, or the reason for which a request was refused."""
    outcomes: list[str] = []

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        outcomes.append(PASSED)

    async def refuse(_send: Send, detail: str) -> None:
        outcomes.append(detail)

    async def receive() -> dict[str, Any]:
        raise AssertionError("the guard reads no body")

    async def send(_message: Any) -> None:
        raise AssertionError("the guard leaves answers to refuse")

    pairs = headers.items() if isinstance(headers, dict) else headers
    encoded = [(name.lower().encode(), value.encode()) for name, value in pairs]
    client = ("127.0.0.1", 50_000)
    scope = {"type": "http", "path": path, "headers": encoded, "client": client}
    address = Address("", public_url)
    guard = ControlGuard(app, host=host, token=token, refuse=refuse, address=address)
    asyncio.run(guard(scope, receive, send))
    (outcome,) = outcomes
    return outcome


@pytest.mark.parametrize(
    "host", ["localhost:8080", "LOCALHOST", "127.0.0.1:8080", "127.8.9.10", "[::1]:8080", "[::1]"]
)
def test_programs_on_this_machine_pass(host: str) -> None:
    """A request to a loopback name without a browser's headers passes."""
    assert ask({"Host": host}) == PASSED


@pytest.mark.parametrize("listening", ["0.0.0.0", "::", "192.168.1.5", "mock.example.com", ""])
def test_a_server_that_listens_to_others_is_closed_without_a_token(listening: str) -> None:
    """On another interface even local requests are refused; the error names --control-token."""
    assert "--control-token" in ask(
        {"Host": "127.0.0.1:8080", "X-Control-Token": TOKEN}, host=listening
    )


@pytest.mark.parametrize("listening", ["0.0.0.0", "127.0.0.1"])
def test_the_token_opens_a_server(listening: str) -> None:
    """With the token, any host name passes."""
    headers = {"Host": "mock.example.com", "X-Control-Token": TOKEN}
    assert ask(headers, host=listening, token=TOKEN) == PASSED


@pytest.mark.parametrize("listening", ["0.0.0.0", "127.0.0.1"])
@pytest.mark.parametrize(
    "sent", [None, "", "wrong", TOKEN + "x", TOKEN[:-1], f"{TOKEN},{TOKEN}", "\u00fc"]
)
def test_a_token_that_is_set_must_be_sent(listening: str, sent: str | None) -> None:
    """It is required on loopback too, and no error reveals it."""
    headers = {"Host": "localhost"} | ({} if sent is None else {"X-Control-Token": sent})
    reason = ask(headers, host=listening, token=TOKEN)
    assert "X-Control-Token" in reason
    assert TOKEN not in reason


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "localhost@evil.example",
        "localhost:80:80",
        "::1",
        "[::1].evil.example",
        "0.0.0.0:8080",
        "192.168.1.5",
        "",
    ],
)
def test_a_name_that_is_not_loopback_is_refused(host: str) -> None:
    """With DNS rebinding, a page under another name would seem to be of this origin."""
    assert "loopback" in ask({"Host": host})
    assert "loopback" in ask(
        {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
    )


def test_a_request_without_a_host_is_refused() -> None:
    """The host cannot be verified."""
    assert "loopback" in ask({})


def test_a_host_that_is_sent_twice_is_refused() -> None:
    """Two Host headers are ambiguous."""
    assert "loopback" in ask([("Host", "localhost"), ("Host", "evil.example")])
    assert "loopback" in ask([("Host", "evil.example"), ("Host", "localhost")])


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "",
        "https://evil.example",
        "http://localhost:3000",
        "http://localhost",
        "http://127.0.0.1:8080",
        "http://localhost:8080.evil.example",
        "file://",
        "localhost:8080",
        "chrome-extension://localhost:8080",
    ],
)
def test_pages_of_other_origins_are_refused(origin: str, token: str | None) -> None:
    """Another port is another origin, and a sandboxed page has the origin null."""
    headers = {"Host": "localhost:8080", "Origin": origin, "X-Control-Token": TOKEN}
    assert "other origins" in ask(headers, token=token)


@pytest.mark.parametrize("origin", ["http://localhost:8080", "http://LOCALHOST:8080"])
def test_pages_of_this_server_pass(origin: str) -> None:
    """The mock's own pages may use the control API."""
    headers = {"Host": "localhost:8080", "Origin": origin, "Sec-Fetch-Site": "same-origin"}
    assert ask(headers) == PASSED


def test_a_page_of_this_server_passes_even_if_a_proxy_rewrote_the_host() -> None:
    """The browser says that the page is of the same origin."""
    headers = {"Host": "127.0.0.1:8080", "Origin": "https://mock.localhost"}
    assert "other origins" in ask(headers)
    assert ask(headers | {"Sec-Fetch-Site": "same-origin"}) == PASSED
    assert ask(headers, public_url="https://mock.localhost") == PASSED


@pytest.mark.parametrize(
    ("name", "value", "passes"),
    [
        ("X-Forwarded-For", "127.0.0.1", True),
        ("X-Forwarded-For", "::1, [::1]:4711, 127.0.0.1:80, ::ffff:127.0.0.1", True),
        ("X-Forwarded-For", "192.0.2.1", False),
        ("X-Forwarded-For", "127.0.0.1, 192.0.2.1", False),
        ("X-Forwarded-For", "unknown", False),
        ("X-Forwarded-For", "", False),
        ("X-Forwarded-Host", "localhost:3000", True),
        ("X-Forwarded-Host", "mock.test", True),
        ("X-Forwarded-Host", "evil.example", False),
        ("X-Forwarded-Host", "localhost, evil.example", False),
        ("Forwarded", 'for=127.0.0.1;host="localhost:3000", for="[::1]:4711"', True),
        ("Forwarded", "for=127.0.0.1, for=192.0.2.1", False),
        ("Forwarded", "for=_hidden", False),
        ("Forwarded", "for=127.0.0.1;host=evil.example", False),
    ],
)
def test_headers_of_proxies_only_close(name: str, value: str, passes: bool) -> None:
    """They must name this machine or the public URL. A token passes from everywhere."""
    headers = {"Host": "localhost", "Sec-Fetch-Site": "same-origin", name: value}
    outcome = ask(headers, public_url="https://mock.test")
    assert outcome == PASSED if passes else "proxy forwards" in outcome
    assert ask(headers | {"X-Control-Token": TOKEN}, token=TOKEN) == PASSED
    rebound = {**headers, "Host": "evil.example"}
    assert "loopback" in ask(rebound, public_url="https://mock.test")


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "whatever"])
def test_cross_site_fetches_are_refused(site: str) -> None:
    """A GET for an image or a link has no Origin, but Sec-Fetch-Site."""
    assert "other origins" in ask({"Host": "localhost:8080", "Sec-Fetch-Site": site})


def test_an_address_that_a_person_typed_passes() -> None:
    """Sec-Fetch-Site is none for a typed address."""
    assert ask({"Host": "localhost:8080", "Sec-Fetch-Site": "none"}) == PASSED


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/billing/balance", "/_mocked", "/checkout/cs_test_1", "/docs"]
)
def test_other_paths_are_not_guarded(path: str) -> None:
    """Only /_mock and the paths below it are guarded."""
    headers = {
        "Host": "evil.example",
        "Origin": "https://evil.example",
        "Sec-Fetch-Site": "cross-site",
    }
    assert ask(headers, host="0.0.0.0", path=path) == PASSED


@pytest.mark.parametrize(
    "path", ["/_mock", "/_mock/", "/_mock/clock/advance", "/_mock/no-such-path"]
)
def test_every_path_below_mock_is_guarded(path: str) -> None:
    """The guard does not reveal whether a path exists."""
    assert ask({"Host": "evil.example"}, path=path) != PASSED


@pytest.mark.parametrize("token", [None, TOKEN])
@pytest.mark.parametrize("listening", ["0.0.0.0", "127.0.0.1"])
@pytest.mark.parametrize("host", ["mock", "10.1.2.3:8080", "localhost", ""])
def test_health_is_open_on_every_host_without_a_token(
    host: str, listening: str, token: str | None
) -> None:
    """Health checks of containers and balancers use any name. Pages of others are refused."""
    health = "/_mock/health"
    assert ask({"Host": host}, host=listening, token=token, path=health) == PASSED
    page = {"Host": host, "Origin": "https://evil.example"}
    assert "other origins" in ask(page, host=listening, token=token, path=health)
    assert ask({"Host": host}, host="0.0.0.0", token=token, path=f"{health}/") != PASSED


def test_start_up_passes() -> None:
    """A lifespan scope has no path and no headers."""
    outcomes: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        outcomes.append(scope["type"])

    async def refuse(_send: Send, detail: str) -> None:
        outcomes.append(detail)

    guard = ControlGuard(app, host="0.0.0.0", token=None, refuse=refuse)
    asyncio.run(guard({"type": "lifespan"}, None, None))  # type: ignore[arg-type]
    assert outcomes == ["lifespan"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.1", False),
        ("128.0.0.1", False),
        ("127.1", False),
    ],
)
def test_loopback_is_defined_by_the_standards(name: str, expected: bool) -> None:
    """127.0.0.0/8, ::1 and localhost, without shorthand."""
    assert is_loopback(name) is expected
