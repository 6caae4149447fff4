"""Secrets are in no recorded request and on no terminal, whatever encoding they were sent in."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.types import Message

from mockserver import app, packaged
from mockserver.app import Server
from mockserver.engine.asgi import request_of
from mockserver.engine.request_log import RequestLog, observer
from mockserver.settings import Settings
from tests.conftest import API

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SECRET_NAMES = ["password", "newPassword", "access_token", "cvc", "card[cvc]", "client_secret"]
words = st.text(LETTERS, min_size=8, max_size=24).map(lambda word: f"Q{word}")
keys = words.map("sk_test_{}".format)


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    """Return 13 to 19 digits with their check digit, in groups of four."""
    digits = draw(st.text("0123456789", min_size=12, max_size=18))
    doubled = [int(digit) * (2 - index % 2) for index, digit in enumerate(reversed(digits))]
    check = -sum(number // 10 + number % 10 for number in doubled) % 10
    number = f"{digits}{check}"
    separator = draw(st.sampled_from(["", " ", "-"]))
    return separator.join(number[index : index + 4] for index in range(0, len(number), 4))


def percent(text: str, which: list[bool]) -> str:
    """Return a text with some of its characters percent-encoded, and all that have to be."""
    return "".join(
        f"%{ord(character):02x}" if is_encoded or not character.isalnum() else character
        for character, is_encoded in zip(text, which, strict=False)
    )


def escaped(text: str, which: list[bool]) -> str:
    """Return the inside of a JSON string with some of its characters escaped."""
    return "".join(
        f"\\u{ord(character):04x}" if is_encoded or character in '"\\' else character
        for character, is_encoded in zip(text, which, strict=False)
    )


choices = st.lists(st.booleans(), min_size=80, max_size=80)
encodings = st.sampled_from(["plain", "percent", "percent twice", "escaped"])


def encoded(text: str, how: str, which: list[bool]) -> str:
    if how == "percent twice":
        return percent(percent(text, which), [False] * 999)
    return {"plain": text, "percent": percent(text, which), "escaped": escaped(text, which)}[how]


class Mock:
    """A mock with its terminal, to which requests are sent without a network."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.written: list[bytes] = []
        self._log = RequestLog(server.world.redactor, self.written.append)
        self._observe = observer(self._log.log, lambda _path, _status: True)

    def send(self, method: str, target: str, body: bytes, media_type: str) -> bytes:
        """Send a request and return the body of its response."""
        path, _, query = target.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "scheme": "http",
            "headers": [
                (b"host", b"127.0.0.1"),
                (b"x-api-key", b"sk_test_default"),
                (b"content-type", media_type.encode()),
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        sent: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            sent.append(message)

        asyncio.run(self.server.app(scope, receive, send))  # type: ignore[arg-type]
        payload = b"".join(message.get("body", b"") for message in sent)
        request = request_of(scope, self.server.world.clock)
        self._observe(request, sent[0]["status"], sent[0]["headers"], payload, 0.001)
        return payload

    def shown(self) -> str:
        """Return what is recorded and printed since the last call."""
        recorded = self.send("GET", "/_mock/requests", b"", "application/json")
        self.send("DELETE", "/_mock/requests", b"", "application/json")
        self._log.close()
        printed = b"".join(self.written)
        self.written.clear()
        self._log = RequestLog(self.server.world.redactor, self.written.append)
        self._observe = observer(self._log.log, lambda _path, _status: True)
        exchanges = json.loads(recorded)["requests"]
        assert exchanges
        return json.dumps(exchanges, ensure_ascii=False) + printed.decode()


@pytest.fixture(scope="module")
def mock() -> Mock:
    return Mock(app.build(Settings(packaged.spec(), packaged.fixtures())))


def assert_hidden(shown: str, secret: str) -> None:
    """Assert that no number of decodings shows the secret."""
    for _ in range(4):
        assert secret not in shown
        shown = unquote(shown)


@given(
    secret=st.one_of(words.map("sk_live_{}".format), keys, card_numbers()),
    how=encodings,
    which=choices,
    place=st.sampled_from(["path", "query", "name", "field", "key", "text", "form"]),
    padding=st.sampled_from([0, 0, 900, 1_000, 1_010]),
)
@settings(max_examples=80, deadline=None)
def test_keys_and_card_numbers_are_shown_nowhere(
    mock: Mock, secret: str, how: str, which: list[bool], place: str, padding: int
) -> None:
    """They are recognized by their form."""
    sent = encoded(secret, how, which)
    quoted = sent.replace(" ", "%20").replace("\\", "%5c")
    pad = "x" * padding
    target, body, media_type = f"{API}/deposit", "", "application/json"
    match place:
        case "path":
            target = f"{API}/payment-methods/{quoted}/default"
        case "query":
            target += f"?a=1&q={quoted}&b=2"
        case "name":
            target += f"?{quoted}=1"
        case "field":
            body = f'{{"pad": "{pad}", "amount_cents": 500, "a": [{{"b": "is {sent}"}}]}}'
        case "key":
            body = f'{{"pad": "{pad}", "{sent}": 1}}'
        case "text":
            body = f"{pad} is {sent}, really"
        case "form":
            body, media_type = f"pad={pad}&number={quoted}", "application/x-www-form-urlencoded"
    mock.send("POST", target, body.encode(), media_type)
    assert_hidden(mock.shown(), secret)
    assert_hidden(json.dumps(mock.server.world.redactor.body(body.encode())), secret)


@given(
    secret=words,
    name=st.sampled_from(SECRET_NAMES),
    how=encodings,
    which=choices,
    of_name=choices,
    place=st.sampled_from(["query", "field", "nested", "text", "form"]),
    padding=st.sampled_from([0, 0, 900, 980]),
)
@settings(max_examples=80, deadline=None)
def test_values_of_secret_names_are_shown_nowhere(
    mock: Mock,
    secret: str,
    name: str,
    how: str,
    which: list[bool],
    of_name: list[bool],
    place: str,
    padding: int,
) -> None:
    """They are recognized by the name of their field or parameter, however it is encoded."""
    sent, pad = encoded(secret, how, which), "x" * padding
    in_form = f"{percent(name, of_name)}={sent}".replace("\\", "%5c")
    in_json = f'"{escaped(name, of_name)}"'
    target, body, media_type = f"{API}/deposit", "", "application/json"
    match place:
        case "query":
            target += f"?a=1&{in_form}&b=2"
        case "field":
            body = f'{{"pad": "{pad}", "amount_cents": 500, {in_json}: "{sent}"}}'
        case "nested":
            body = f'{{"pad": "{pad}", "a": [{{{in_json}: {{"value": ["{sent}"]}}}}]}}'
        case "text":
            body = f'{pad}, {in_json} : "{sent}", really'
        case "form":
            body, media_type = f"pad={pad}&{in_form}", "application/x-www-form-urlencoded"
    mock.send("POST", target, body.encode(), media_type)
    assert_hidden(mock.shown(), secret)
    shown: Any = mock.server.world.redactor.body(body.encode())
    assert_hidden(json.dumps(shown), secret)
