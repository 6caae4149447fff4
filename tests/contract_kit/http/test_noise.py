"""Failures on the way to the deployment: what is repeated, what is counted, what is judged."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from contract_tests.http import channel as channels
from contract_tests.http.channel import Channel
from contract_tests.http.exchange import Exchange, Request
from tests.contract_kit.exchanges import CONTRACT, JudgeHarness
from tests.contract_kit.http.test_channel import OK, get, make_channel, serving

GATEWAY = (
    b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nServer: nginx\r\n"
    b"Content-Length: 33\r\nConnection: close\r\n\r\n<html><center>nginx</center></htm"
)
CRASH = (
    b"HTTP/1.1 503 Unavailable\r\nContent-Type: application/json\r\n"
    b'Content-Length: 14\r\nConnection: close\r\n\r\n{"detail": ""}'
)
BUSY = b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CLOSED = b""


def post(channel: Channel) -> Exchange:
    return channel.send(Request("POST", "/api/v1/billing/portal"))


@pytest.mark.parametrize(
    ("failure", "kind"), [(GATEWAY, "502"), (CRASH, "503"), (CLOSED, "closed")]
)
def test_a_safe_request_is_repeated_once(failure: bytes, kind: str) -> None:
    """A read that fails on the way is repeated. The first attempt is counted, and not judged."""
    with serving(failure, OK) as (url, times):
        channel, exchanges = make_channel(url)
        assert get(channel).status == 200
    assert [exchange.noise for exchange in exchanges] == [kind, ""]
    assert len(times) == 2
    counts = channel.noise.kinds[kind]
    assert (counts.failed, counts.repeated, counts.recovered) == (1, 1, 1)
    assert counts.operations == {"get_balance"}


def test_a_timeout_is_repeated_once() -> None:
    """A read without a response in time is repeated, and fails if that takes too long, too."""
    with serving(b"HTTP/1.1 200 OK\r\n", hold=1) as (url, _):
        channel, exchanges = make_channel(url, timeout=0.2)
        assert "--timeout" in get(channel).error
    assert [exchange.noise for exchange in exchanges] == ["timeout", ""]


def test_what_persists_is_judged() -> None:
    """A read that fails twice in the same way is judged like any response."""
    with serving(CRASH) as (url, _):
        channel, exchanges = make_channel(url)
        assert get(channel).status == 503
    assert [exchange.noise for exchange in exchanges] == ["503", ""]
    assert "1 of 1 failed again" in channel.noise.notes()[0]


def test_a_write_is_not_repeated() -> None:
    """A write that fails on the way may have arrived. An API's own 503 is judged."""
    with serving(CRASH, OK) as (url, times):
        channel, exchanges = make_channel(url)
        assert post(channel).status == 503
    assert len(times) == 1
    assert exchanges[0].noise == ""


@pytest.mark.parametrize(
    ("responses", "noise"),
    [
        ((GATEWAY,), ["502"]),
        ((CRASH, OK, CRASH), ["503", "", "503"]),
        ((CLOSED, OK, CLOSED), ["closed", "", "closed"]),
    ],
)
def test_a_write_that_a_gateway_refuses_is_noise(
    responses: tuple[bytes, ...], noise: list[str]
) -> None:
    """A gateway's page, or a failure that reads have recovered from, is not the API's."""
    with serving(*responses) as (url, _):
        channel, exchanges = make_channel(url)
        if len(responses) > 1:
            get(channel)
        post(channel)
    assert [exchange.noise for exchange in exchanges] == noise
    assert "1 writes were not repeated, and may have arrived" in channel.noise.notes()[0]


def test_one_note_says_how_often() -> None:
    """A kind of noise is one sentence: operations, share of responses, and what came of it."""
    with serving(GATEWAY, OK, OK, OK) as (url, _):
        channel, _ = make_channel(url)
        for _ in range(3):
            get(channel)
    assert channel.noise.notes() == [
        "502 from a gateway: 1 operation, 25.0 % of responses; repeated once, all succeeded"
    ]


def test_429_without_retry_after_backs_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The waits grow. A 429 is no violation, however often it comes."""
    monkeypatch.setattr(channels, "BACKOFF", (0.1, 0.2, 0.4))
    with serving(BUSY) as (url, times):
        channel, exchanges = make_channel(url)
        assert get(channel).status == 429
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert len(waits) == 3
    assert all(wait >= least * 0.9 for wait, least in zip(waits, (0.1, 0.2, 0.4), strict=True))
    assert {exchange.noise for exchange in exchanges} == {"429"}
    assert "429 (too many requests)" in channel.noise.notes()[0]


def test_429_that_is_asked_for_is_judged() -> None:
    """A story that uses up the rate limit gets its 429 at once, without noise."""
    with serving(BUSY) as (url, times):
        channel, exchanges = make_channel(url)
        channel.retries_429 = False
        get(channel)
    assert len(times) == 1
    assert exchanges[0].noise == ""


def test_a_kept_connection_that_was_closed_is_replaced_silently() -> None:
    """A read on a connection that the deployment has closed is sent on a fresh one."""
    kept = OK.replace(b"Connection: close\r\n", b"")
    with serving(kept) as (url, times):
        channel, exchanges = make_channel(url)
        for _ in range(3):
            assert get(channel).status == 200
            time.sleep(0.02)
    assert len(times) == 3
    assert channel.noise.kinds == {}
    assert len(exchanges) == 3


# ----------------------------------------------------------------------------------- the judge


def not_the_api(harness: JudgeHarness) -> list[str]:
    assert {finding.kind for finding in harness.found} <= {"not_the_api"}, harness.reported
    return [finding.keyword for finding in harness.found]


def receive(
    harness: JudgeHarness, name: str, status: int, headers: dict[str, str], body: bytes
) -> None:
    operation = CONTRACT.operations[name]
    pairs = tuple(headers.items())
    harness.send(operation.method, operation.path, status=status, body=body, headers=pairs)


HTML = {"Content-Type": "text/html"}
BLOCKED = b"<html><body>Request blocked by the web application firewall</body></html>"
LOGIN = b'<html><form action="/login"><input type="password"></form></html>'


@pytest.mark.parametrize(
    ("status", "headers", "body", "keyword"),
    [
        (403, HTML, BLOCKED, "waf 403"),
        (406, HTML, b"<html>not acceptable</html>", "waf 406"),
        (429, HTML, b"<html>slow down</html>", "waf 429"),
        (403, {"Content-Type": "text/plain", "CF-Ray": "1"}, b"error code: 1020", "waf 403"),
        (401, HTML, LOGIN, "login 401"),
        (200, HTML, LOGIN, "login 200"),
        (302, {"Location": "https://sso.invalid/"}, b"", "login 302"),
        (302, {"Location": "/login?next=/"}, b"", "login 302"),
        (502, HTML, b"<html><center>nginx</center></html>", "gateway 502"),
        (504, {}, b"", "gateway 504"),
        (503, {"Content-Type": "text/plain"}, b"no healthy upstream", "gateway 503"),
        (413, HTML, b"<html><hr><center>nginx</center></html>", "gateway 413"),
    ],
)
def test_what_is_not_the_api_is_one_finding(
    status: int, headers: dict[str, str], body: bytes, keyword: str
) -> None:
    """Pages of firewalls, gateways and logins are recognised, and not judged as the API's."""
    harness = JudgeHarness()
    for operation in ("get_balance", "list_credit_transactions", "create_deposit"):
        receive(harness, operation, status, headers, body)
    assert not_the_api(harness) == [keyword]
    assert harness.found[0].provenance == "assumed"
    assert harness.found[0].times == 3


@pytest.mark.parametrize(
    ("status", "kind", "body"),
    [
        (500, "text/html", b"<!doctype html><title>500 Internal Server Error</title>"),
        (502, "application/json", b'{"detail": "upstream"}'),
        (200, "text/html", b"<html>balance: 5</html>"),
        (404, "text/html", b"<!doctype html><title>404 Not Found</title>"),
        (403, "application/json", b'{"detail": "no"}'),
    ],
)
def test_the_faults_of_the_api_itself_are_judged(status: int, kind: str, body: bytes) -> None:
    """Crashes and wrong media types of the API are findings as before."""
    harness = JudgeHarness()
    receive(harness, "get_balance", status, {"Content-Type": kind}, body)
    assert harness.found
    assert "not_the_api" not in {finding.kind for finding in harness.found}
