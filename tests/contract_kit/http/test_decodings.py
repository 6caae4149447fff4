"""No chain of encodings hides a secret from the redaction, and large data is searched quickly."""

from __future__ import annotations

import base64
import html
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from contract_tests.http.exchange import Exchange
from contract_tests.http.redaction import Keyring

Encoding = Callable[[str], str]
KEY = "Zk9-planted_Secret~4bQ7xT"
ALPHABET = "ABCXYZabcxyz0189-_.~+/=%&\\\"'<>!$*"


def _latin(data: bytes) -> str:
    return data.decode("latin-1")


def _base64(text: str, before: bytes = b"", after: bytes = b"") -> str:
    return base64.b64encode(before + text.encode("latin-1") + after).decode()


def _for_urls(text: str, before: bytes = b"") -> str:
    return base64.urlsafe_b64encode(before + text.encode("latin-1")).decode().rstrip("=")


def _base32(text: str, before: bytes = b"") -> str:
    return base64.b32encode(before + text.encode("latin-1")).decode()


ENCODINGS: dict[str, Encoding] = {
    "percent": lambda text: quote(text, safe="", encoding="latin-1"),
    "percent, everything": lambda text: "".join(f"%{ord(char):02x}" for char in text),
    "percent, everything, capitals": lambda text: "".join(f"%{ord(char):02X}" for char in text),
    "percent, the first": lambda text: f"%{ord(text[0]):02X}" + quote(text[1:], encoding="latin-1"),
    "HTML": html.escape,
    "HTML, decimal": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "HTML, zeros": lambda text: "".join(f"&#{ord(char):06};" for char in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(char):x};" for char in text),
    "HTML, capitals": lambda text: "".join(f"&#X{ord(char):04X};" for char in text),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON, everything": lambda text: "".join(f"\\u{ord(char):04x}" for char in text),
    "JSON, slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "hexadecimal": lambda text: text.encode("latin-1").hex(),
    "hexadecimal, capitals": lambda text: text.encode("latin-1").hex().upper(),
    "hexadecimal, in the middle": lambda text: "a" + text.encode("latin-1").hex() + "b",
    "base32": _base32,
    "base32, small": lambda text: _base32(text).lower().rstrip("="),
    "base32, second byte": lambda text: _base32(text, b"u"),
    "base32, fourth byte": lambda text: _base32(text, b"abc"),
    "base64": _base64,
    "base64, no padding": lambda text: _base64(text).rstrip("="),
    "base64, second byte": lambda text: _base64(text, b"u", b":end"),
    "base64, third byte": lambda text: _base64(text, b"u:", b"@"),
    "base64 for URLs": _for_urls,
    "base64 for URLs, second byte": lambda text: _for_urls(text, b"~"),
    "reversed": lambda text: text[::-1],
    "UTF-16": lambda text: _latin(text.encode("utf-16-le")),
    "UTF-16, big end first": lambda text: _latin(text.encode("utf-16-be")),
    "capitals": str.upper,
    "small": str.lower,
}
_LOSSY = {"capitals", "small"}
"""Changes of case, which only a secret in plain text survives."""
POSITIONS = ("url", "header", "body", "json", "error")


def encoded(secret: str, chain: tuple[str, ...]) -> str:
    for name in chain:
        secret = ENCODINGS[name](secret)
    return secret


def placed(text: str, position: str) -> Exchange:
    """Return an exchange with a text at one place."""
    body = {"body": text.encode("latin-1"), "json": json.dumps({"a": f"x {text} y"}).encode()}
    return Exchange(
        number=1,
        method="GET",
        url=f"http://a.example/?q={quote(text, encoding='latin-1')}"
        if position == "url"
        else "http://a.example/",
        path="/",
        request_headers=(),
        request_body=b"",
        status=200,
        response_headers=(("X-Echo", text),) if position == "header" else (),
        response_body=body.get(position, b""),
        started=datetime.now(UTC),
        seconds=0.1,
        account="api-key",
        error=text if position == "error" else "",
    )


def shown(exchange: Exchange) -> str:
    """Return all of an exchange that may hold the text."""
    return "\n".join(
        [
            exchange.url,
            exchange.error,
            _latin(exchange.response_body),
            *(value for _, value in exchange.response_headers),
        ]
    )


secrets = st.text(ALPHABET, min_size=12, max_size=40).filter(
    lambda text: len(set(text.lower())) > 5 and text.lower() not in "[api-key]"
)
first = st.sampled_from(sorted(ENCODINGS))
second = st.sampled_from(sorted(set(ENCODINGS) - _LOSSY))
chains = st.one_of(st.just(()), st.tuples(first), st.tuples(first, second))


@settings(max_examples=400, deadline=None)
@given(secrets, chains, st.sampled_from(POSITIONS))
@example(KEY, ("percent, the first",), "url")
@example(KEY, ("reversed", "percent, everything"), "url")
@example("a%41bcd%4aefgh", ("percent", "percent, everything"), "json")
def test_no_chain_of_two_encodings_hides_a_key(
    secret: str, chain: tuple[str, ...], position: str
) -> None:
    """A key is replaced wherever it is, in any two encodings."""
    ring = Keyring()
    ring.add("api-key", secret)
    text = encoded(secret, chain)
    before = shown(placed(text, position))
    after = shown(ring.exchange(placed(text, position)))
    assert "[api-key]" in after, (text, after)
    assert encoded(secret, chain) not in after
    assert len(after) < len(before) + len("[api-key]")


@pytest.mark.parametrize("name", sorted(ENCODINGS))
def test_what_is_around_a_key_remains(name: str) -> None:
    """Only the key is replaced: the text before and after it stays readable."""
    ring = Keyring()
    ring.add("api-key", KEY)
    after = ring.text(f"before <{ENCODINGS[name](KEY)}> after")
    assert re.fullmatch(r"before <.{0,7}\[api-key\].{0,7}> after", after, re.DOTALL), after
    assert ring.text("before <> after") == "before <> after"


def test_the_longest_of_two_keys_names_the_place() -> None:
    """A key that begins with another one is replaced as a whole."""
    ring = Keyring()
    ring.add("other-key", KEY[:-3])
    ring.add("api-key", KEY)
    assert ring.text(f"{KEY} {KEY[:-3]}!") == "[api-key] [other-key]!"
    assert ring.text(_base64(KEY)).startswith("[api-key]")


@pytest.mark.parametrize(
    "text",
    [
        "d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70 d1b203f57c4e4d699fa82b3c4d5e6f70",
        _base64("a text that holds no key, and is long enough to hold one"),
        r"C:\\users\new\u0041 100% sure &amp; &unknown; &#x110000; &#99999999; %zz \u12 \x",
        "caf\xe9 \u4f60\u597d \U0001f600 \udc80",
        "",
        "%",
        "\\",
        "&",
        "\0",
    ],
)
def test_text_without_a_key_is_unchanged(text: str) -> None:
    """Ids, escapes, invalid escapes and any characters pass as they are."""
    ring = Keyring()
    ring.add("api-key", KEY)
    assert ring.text(text) == text
    body = text.encode("utf-8", "surrogatepass")
    assert ring.body(body) == body


TYPICAL = b'{"id": "d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70", "amount": 1234567, "a": "b c"}, '
DENSE = {
    "one character": b"a",
    "digits": b"4",
    "percent": b"%5A%6b%39-",
    "double percent": b"%255A%256b",
    "HTML": b"&#x5a;&#107;9",
    "JSON escapes": b"\\u4f60\\u597d",
    "backslashes": b"\\",
    "base64": base64.b64encode(bytes(range(256)) * 3),
    "base64 of base64": base64.b64encode(base64.b64encode(bytes(range(255)))),
    "hexadecimal": b"41424344",
    "zeros": b"\0",
    "most of the key": KEY[:-1].encode(),
}
"""Units of bodies that consist of encoded data."""


def search_seconds(unit: bytes, size: int) -> float:
    """Return the processor time to search a body without a key."""
    ring = Keyring()
    ring.add("api-key", KEY)
    body = unit * (size // len(unit))
    started = time.process_time()
    assert ring.body(body) == body
    return time.process_time() - started


@pytest.mark.slow
def test_the_largest_body_is_searched_quickly() -> None:
    """A body of 16 MB takes about a second; the bound allows for a slow machine."""
    assert search_seconds(TYPICAL, 16_000_000) < 5


@pytest.mark.parametrize("name", DENSE)
def test_no_body_takes_long_to_search(name: str) -> None:
    """The time is linear in the size, whatever the body consists of."""
    assert search_seconds(DENSE[name], 2_000_000) < 3
