"""Redaction: secrets are replaced by names in every spelling."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from contract_tests.http.exchange import ANYBODY
from contract_tests.http.redaction import UNKNOWN_KEY, Keyring

KEY = 'sk-Planted/Secret"+Key='


@pytest.fixture
def ring() -> Keyring:
    keyring = Keyring()
    keyring.add("api-key", KEY)
    return keyring


@pytest.mark.parametrize(
    "spelling",
    [
        KEY,
        KEY.upper(),
        quote(KEY, safe=""),
        json.dumps(KEY)[1:-1],
        base64.b64encode(KEY.encode()).decode().rstrip("="),
    ],
)
def test_a_key_is_replaced_in_every_spelling(ring: Keyring, spelling: str) -> None:
    """A key is redacted raw, in capitals, percent-encoded, escaped in JSON and in base64."""
    assert ring.text(f"before {spelling} after") == "before [api-key] after"
    assert ring.body(f'{{"a": "{spelling}"}}'.encode()) == b'{"a": "[api-key]"}'


def test_a_new_secret_is_replaced_in_a_body_that_was_shown_before(ring: Keyring) -> None:
    """Bodies are remembered without their secrets only until there is another secret."""
    body = b'{"detail": "no another-secret"}'
    assert ring.body(body) == body
    ring.hide("other", "another-secret")
    assert ring.body(body) == b'{"detail": "no [other]"}'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sk_live_0123456789abcdef", "[secret]"),
        ("sk_test_anything", "[secret]"),
        ("whsec_c2VjcmV0", "[secret]"),
        ("seti_1Abc_secret_ForTheBrowser", "seti_1Abc_secret_[secret]"),
        ('"4242424242424242"', '"[card number]"'),
        ('"4242424242424241"', '"4242424242424241"'),
        ("5434000000000000", "5434000000000000"),
        ("4242424242424242.0", "4242424242424242.0"),
        ("4242424242424242", "[card number]"),
        ("d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70", "d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70"),
    ],
)
def test_well_known_secrets_are_replaced_and_data_is_not(
    ring: Keyring, text: str, shown: str
) -> None:
    """Keys, other secrets and card numbers are redacted; amounts and ids are not."""
    assert ring.text(text) == shown


def test_values_of_secret_headers_are_redacted(ring: Keyring) -> None:
    """Credentials are redacted; the header of the key shows the name of the key."""
    headers = (
        ("X-API-Key", KEY),
        ("Set-Cookie", "session=1"),
        ("Authorization", "Basic YQ=="),
        ("X-Other", "plain"),
    )
    shown = dict(ring.headers(headers))
    assert shown == {
        "X-API-Key": "[api-key]",
        "Set-Cookie": "[secret]",
        "Authorization": "[secret]",
        "X-Other": "plain",
    }


def test_every_key_has_a_name(ring: Keyring) -> None:
    """Known, missing and unknown keys have names; a redacted key in a HAR file keeps its name."""
    assert ring.name_of(KEY) == "api-key"
    assert ring.name_of(None) == ring.name_of("") == ANYBODY
    assert ring.name_of("something else") == UNKNOWN_KEY
    assert ring.name_of("[other-key]") == "other-key"


def test_foreign_keys_are_numbered_and_redacted() -> None:
    """Every key in the traffic of other clients gets a numbered name."""
    ring = Keyring(foreign=True)
    assert ring.name_of("their-first-key") == "key 1"
    assert ring.name_of("their-second-key") == "key 2"
    assert ring.name_of("their-first-key") == "key 1"
    assert ring.text("echo of their-second-key") == "echo of [key 2]"
