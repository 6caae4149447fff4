"""Secrets are replaced by names, in every spelling, before anything else sees them."""

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
    made = Keyring()
    made.add("api-key", KEY)
    return made


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
    """As it is, in capitals, percent-encoded, escaped in JSON, in base64."""
    assert ring.text(f"before {spelling} after") == "before [api-key] after"
    assert ring.body(f'{{"a": "{spelling}"}}'.encode()) == b'{"a": "[api-key]"}'


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
        ("d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70", "d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70"),
    ],
)
def test_well_known_secrets_are_replaced_and_data_is_not(
    ring: Keyring, text: str, shown: str
) -> None:
    """Keys, webhook secrets, client secrets, card numbers; not amounts and ids."""
    assert ring.text(text) == shown


def test_secret_headers_are_told_by_name_only(ring: Keyring) -> None:
    """Authorization, cookies, tokens; the key's header says whose key it is."""
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


def test_callers_have_names(ring: Keyring) -> None:
    """A known key, none, one that nobody knows; a name that stands in a HAR file is that name."""
    assert ring.name_of(KEY) == "api-key"
    assert ring.name_of(None) == ring.name_of("") == ANYBODY
    assert ring.name_of("something else") == UNKNOWN_KEY
    assert ring.name_of("[other-key]") == "other-key"


def test_keys_of_others_get_names_and_are_hidden() -> None:
    """In traffic that others make each key is somebody's."""
    ring = Keyring(foreign=True)
    assert ring.name_of("their-first-key") == "key 1"
    assert ring.name_of("their-second-key") == "key 2"
    assert ring.name_of("their-first-key") == "key 1"
    assert ring.text("echo of their-second-key") == "echo of [key 2]"
