"""Redaction of recorded exchanges."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from mockserver.engine.redaction import HIDDEN
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
    ],
)
def test_a_query_is_shown_without_secrets(value: str, shown: str) -> None:
    """Percent-encoded secrets are hidden; the rest stays as it was sent."""
    assert REDACTOR.query(value) == shown
