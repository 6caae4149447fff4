"""Webhook targets: loopback and the hosts named at start-up, nothing else."""

from __future__ import annotations

import pytest

from mockserver.webhooks import target
from mockserver.webhooks.target import RefusedUrl


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("http://127.0.0.1:3000/hook", "127.0.0.1", 3_000, "/hook", "127.0.0.1:3000"),
        ("http://127.8.9.10", "127.8.9.10", 80, "/", "127.8.9.10"),
        ("https://LOCALHOST/a/b?c=d&e=%20", "localhost", 443, "/a/b?c=d&e=%20", "localhost"),
        ("http://localhost:443/#part", "localhost", 443, "/", "localhost:443"),
        ("http://[::1]:8000?x", "::1", 8_000, "/?x", "[::1]:8000"),
        ("HTTP://localhost:0080", "localhost", 80, "/", "localhost"),
    ],
)
def test_loopback_is_allowed(url: str, host: str, port: int, path: str, authority: str) -> None:
    """The URL is parsed once, without its fragment."""
    found = target.parse(url)
    assert (found.host, found.port, found.path, found.authority) == (host, port, path, authority)
    assert found.is_tls == url.startswith("https")
    assert found.is_local


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://example.com#@localhost/",
        "http://localhost.",
        "http://0.0.0.0:3000/",
        "http://[::]:3000/",
        "http://192.168.1.5/",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://127.1/",
        "http://[::ffff:10.0.0.1]/",
        r"http://example.com\localhost/",
    ],
)
def test_other_hosts_are_refused(url: str) -> None:
    """Names that resemble loopback are refused, with the flag that would allow them."""
    with pytest.raises(RefusedUrl, match=r"is not this machine.*--allow-webhook-host"):
        target.parse(url)


@pytest.mark.parametrize(
    "url", ["http://user@127.0.0.1/", "http://user:word@localhost/", "http://@localhost/"]
)
def test_a_url_with_a_user_is_refused(url: str) -> None:
    """A user would not be sent, and disguises the host."""
    with pytest.raises(RefusedUrl, match="must not contain a user name"):
        target.parse(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hook",
        "/hook",
        "//127.0.0.1/hook",
        "127.0.0.1:3000",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "unix:///run/socket",
        "http://",
        "http://:80/",
        "http:///hook",
        "http://127.0.0.1:port/",
        "http://127.0.0.1:65536/",
        "http://[::1/",
        "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX-Evil: 1",
        "http://127.0.0.1/\n",
        "http://127.0.0.1/\u00e9",
        "http://127.0.0.1/" + "x" * 2_048,
    ],
)
def test_an_odd_url_is_refused(url: str) -> None:
    """No part of a URL can become a header, and nothing is guessed."""
    with pytest.raises(RefusedUrl):
        target.parse(url)


def test_a_named_host_is_allowed() -> None:
    """Only this name is allowed, in any case."""
    allowed = ("hooks.test", "10.0.0.5")
    assert target.parse("https://Hooks.test/x", allowed=allowed).addresses == ("hooks.test",)
    assert target.parse("http://10.0.0.5:81/", allowed=allowed).port == 81
    assert not target.parse("https://hooks.test/", allowed=allowed).is_local
    for other in ("http://a.hooks.test/", "http://hooks.test.evil/", "http://10.0.0.6/"):
        with pytest.raises(RefusedUrl):
            target.parse(other, allowed=allowed)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.0.0.2"])
def test_the_mock_does_not_call_itself(host: str) -> None:
    """A webhook URL could otherwise control the mock."""
    with pytest.raises(RefusedUrl, match="the mock's own"):
        target.parse(f"http://{host}:8080/_mock/reset", own_port=8_080)
    assert target.parse(f"http://{host}:8081/", own_port=8_080).port == 8_081


def test_localhost_is_not_resolved() -> None:
    """A resolver could return another machine."""
    assert target.parse("http://localhost/").addresses == ("127.0.0.1", "::1")
