"""Redaction of recorded exchanges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from mockserver.engine.redaction import CUT_LENGTH, HIDDEN
from mockserver.openapi.contract import Contract
from tests.resources.documents import document, operation
from tests.worlds import make_world

REDACTOR = make_world().redactor
SECRET = "Zq7" + "x" * 20
KEY = f"sk_test_{SECRET}"
LIVE = "_".join(["sk", "live", SECRET])


@pytest.mark.parametrize("length", range(1, 40))
def test_a_key_is_never_shown_whole(length: int) -> None:
    """At most two characters after the prefix are shown, and never all of a short key."""
    shown = (
        REDACTOR.mask("sk_test_" + "abcdefghij" * 4)[:8]
        + REDACTOR.mask("sk_test_" + "a" * length)[8:]
    )
    assert shown.endswith(HIDDEN)
    assert len(shown.removesuffix(HIDDEN)) - len("sk_test_") <= min(2, length - 1)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"code": "123456"}, {"code": "***"}),
        ({"code": 123456}, {"code": "***"}),
        ({"code": ["123456"]}, {"code": "***"}),
        ({"code": None}, {"code": None}),
        ({"a": [{"client_secret": "seti_1_secret_2"}]}, {"a": [{"client_secret": "***"}]}),
        ({"note": f"use {KEY}, or {LIVE}."}, {"note": "use sk_test_***, or sk_live_***"}),
        ({KEY: 1}, {"sk_test_***": 1}),
        ([KEY], ["sk_test_***"]),
        ({"price_id": "price_1", "n": 1, "ok": True}, {"price_id": "price_1", "n": 1, "ok": True}),
        ({"promo_code": "BONUS5"}, {"promo_code": "BONUS5"}),
        ({"number": "4242 4242 4242 4242"}, {"number": "***"}),
        ({"number": 4242424242424242}, {"number": "***"}),
        ({"number": 4242424242424242.0}, {"number": "***"}),
        ({"note": "1 4242-4242-4242-4242 3"}, {"note": "1 *** 3"}),
        ({"note": "4242424242424243"}, {"note": "4242424242424243"}),
        ({"amount_cents": 4242424242424242}, {"amount_cents": 4242424242424242}),
        ({"amount_cents": "4242424242424242"}, {"amount_cents": "***"}),
        ({"card": {"cvc": "123", "exp": "12/30"}}, {"card": {"cvc": "***", "exp": "12/30"}}),
        ({"CVV2": 123, "newPassword": "x"}, {"CVV2": "***", "newPassword": "***"}),
        ({"accessToken": {"a": 1}, "max_tokens": 5}, {"accessToken": "***", "max_tokens": 5}),
        ({"has_password": True, "password": False}, {"has_password": True, "password": False}),
        ({"text": '{"password": "a"}'}, {"text": '{"password": "***"}'}),
        ({"url": "https://a.test?x=1&token=abc"}, {"url": "https://a.test?x=1&token=***"}),
        ({"url": "https://a.test/%34242424242424242"}, {"url": "https://a.test/***"}),
        ({"key": "sk_test_default"}, {"key": "sk_test_default"}),
    ],
)
def test_json_is_shown_without_secrets(value: Any, shown: Any) -> None:
    """Codes, client secrets and keys are hidden anywhere; everything else is unchanged."""
    assert REDACTOR.body(orjson.dumps(value)) == shown


@pytest.mark.parametrize(
    "payload",
    [
        f'{{"code": "{SECRET}", "x": 1, "cut',
        f'{{"x": 1, "code" : "{SECRET}',
        f'{{"client_secret":"a\\"{SECRET}", "cut',
        f'{{"client_secret":\n{SECRET}',
        f'["{KEY}", "{LIVE}',
        f"code is {KEY}",
        f'{{"c\\u006fde": "{SECRET}", "cut',
        f'{{"a": "\\u0073k_test_{SECRET}", "cut',
        f'{{"password": {{"value": "{SECRET}"',
        f"password={SECRET}&amount=5",
        f"card%5Bcvc%5D={SECRET}&amount=5",
        f"amount=5 and token={SECRET}",
        f'--b\r\nContent-Disposition: form-data; name="cvc"\r\n\r\n{SECRET}\r\n--b--',
    ],
)
def test_a_body_that_is_not_json_is_shown_without_secrets(payload: str) -> None:
    """Secrets are hidden in a truncated body too."""
    shown = REDACTOR.body(payload.encode())
    assert isinstance(shown, str)
    assert SECRET not in shown
    assert HIDDEN in shown


def test_binary_bodies_are_shown() -> None:
    """No recorded body makes the list fail."""
    assert REDACTOR.body(b"\xff\xfe") == "\ufffd\ufffd"
    assert REDACTOR.body(b"") is None


@pytest.mark.parametrize("depth", [100, 1_000, 2_000])
def test_deep_json_is_cut_at_a_depth(depth: int) -> None:
    """The result can always be encoded."""
    payload = b"[" * depth + b"]" * depth
    assert len(orjson.dumps(REDACTOR.body(payload))) <= 2 * depth + len('""')


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("", ""),
        ("limit=10&offset=0", "limit=10&offset=0"),
        ("a=%20+b&flag", "a=%20+b&flag"),
        ("code=123456&limit=1", "code=***&limit=1"),
        ("c%6Fde=123456", "c%6Fde=***"),
        ("client_secret=seti_1", "client_secret=***"),
        (f"q={KEY}", "q=sk_test_***"),
        (f"q={KEY.replace('_', '%5F')}&x=1", "q=sk_test_***&x=1"),
        (f"{LIVE}=1", "sk_live_***=1"),
        ("number=4242+4242+4242+4242", "number=***"),
        ("number=%2534242424242424242", "number=***"),
        ("card%5Bcvc%5D=123", "card%5Bcvc%5D=***"),
        ("password", "password"),
        ("access_token=abc&page=2", "access_token=***&page=2"),
    ],
)
def test_a_query_is_shown_without_secrets(value: str, shown: str) -> None:
    """Percent-encoded secrets are hidden; the rest stays as it was sent."""
    assert REDACTOR.query(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("/v1/a/b", "/v1/a/b"),
        (f"/v1/{KEY}", "/v1/sk_test_***"),
        ("/v1/4242 4242 4242 4242/x", "/v1/***/x"),
        ("/v1/%34242424242424242/x", "/v1/***/x"),
        ("/v1/token=abc/x", "/v1/token=***"),
        ("/v1/reset/abc/of/me", "/v1/reset/***/of/me"),
    ],
)
def test_a_path_is_shown_without_secrets(value: str, shown: str) -> None:
    """Keys and card numbers are hidden, and path parameters whose names are secret."""
    redactor = make_world().redactor
    paths = {
        "/v1/reset/{reset_token}/of/{user}": {"get": operation({"200": {}})},
        "/v1/{a}/{b}": {"get": operation({"200": {}}, "other")},
    }
    redactor.learn(Contract.of(Path("openapi.yaml"), document(paths)))
    assert redactor.path(value) == shown


@pytest.mark.parametrize("separator", ["", " ", "-", ".", "\u00a0", "\u2013", "  ", "\t"])
@pytest.mark.parametrize(
    "number", ["4242424242424242", "378282246310005", "4222222222222", "6304000000000000000"]
)
def test_card_numbers_are_hidden_with_any_separator(number: str, separator: str) -> None:
    """Numbers of 13 to 19 digits with a valid check digit are card numbers."""
    written = separator.join(number[index : index + 4] for index in range(0, len(number), 4))
    assert REDACTOR.text(f"a {written} b") == "a *** b"


def test_a_cut_body_shows_no_beginning_of_a_card_number() -> None:
    """Bodies are recorded up to a length, where a card number may be cut."""
    body = orjson.dumps({"a": "x" * 996, "number": "4242424242424242"})[:CUT_LENGTH]
    assert body.endswith(b"42424242")
    assert str(REDACTOR.body(body)).endswith(f'"number":"{HIDDEN}')
