"""Where webhooks may go: this machine, what was named at start-up, and nowhere else."""

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
def test_this_machine_is_called(url: str, host: str, port: int, path: str, authority: str) -> None:
    """A URL is taken apart once; its fragment is for nobody."""
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
def test_no_other_host_is(url: str) -> None:
    """Whatever looks like this machine and is not: refused, with the flag that would allow it."""
    with pytest.raises(RefusedUrl, match=r"is not this machine.*--allow-webhook-host"):
        target.parse(url)


@pytest.mark.parametrize(
    "url", ["http://user@127.0.0.1/", "http://user:word@localhost/", "http://@localhost/"]
)
def test_a_url_carries_no_user(url: str) -> None:
    """It would not be sent, and it makes a host look like another."""
    with pytest.raises(RefusedUrl, match="a user name"):
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
def test_what_is_no_plain_url_is_refused(url: str) -> None:
    """Nothing of a URL can become a header, and nothing is guessed."""
    with pytest.raises(RefusedUrl):
        target.parse(url)


def test_a_host_that_was_named_is_called() -> None:
    """By that name alone, in any case; its neighbours are not."""
    allowed = ("hooks.test", "10.0.0.5")
    assert target.parse("https://Hooks.test/x", allowed=allowed).addresses == ("hooks.test",)
    assert target.parse("http://10.0.0.5:81/", allowed=allowed).port == 81
    assert not target.parse("https://hooks.test/", allowed=allowed).is_local
    for other in ("http://a.hooks.test/", "http://hooks.test.evil/", "http://10.0.0.6/"):
        with pytest.raises(RefusedUrl):
            target.parse(other, allowed=allowed)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.0.0.2"])
def test_the_mock_does_not_call_itself(host: str) -> None:
    """Anybody with a test key can set a webhook_url, and only this machine may call the control API."""
    with pytest.raises(RefusedUrl, match="the mock's own"):
        target.parse(f"http://{host}:8080/_mock/reset", own_port=8_080)
    assert target.parse(f"http://{host}:8081/", own_port=8_080).port == 8_081


def test_localhost_is_asked_of_nobody() -> None:
    """A resolver could say that it is another machine."""
    assert target.parse("http://localhost/").addresses == ("127.0.0.1", "::1")
