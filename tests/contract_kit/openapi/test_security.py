"""Credentials of security schemes: where they are sent, and that they are redacted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contract_tests.http.redaction import Keyring
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.security import Credential, credential_of

SECRET = "a-secret-of-the-kit"


def document(scheme: dict[str, Any], security: Any = None) -> dict[str, Any]:
    return {
        "components": {"securitySchemes": {"it": scheme}},
        "security": [{"it": []}] if security is None else security,
        "paths": {},
    }


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, Credential("X-Key")),
        ({"type": "apiKey", "in": "cookie", "name": "sid"}, Credential("Cookie", "sid=")),
        ({"type": "http", "scheme": "bearer"}, Credential("Authorization", "Bearer ")),
        ({"type": "http", "scheme": "Basic"}, Credential("Authorization", "Basic ")),
        ({"type": "oauth2", "flows": {}}, Credential("Authorization", "Bearer ")),
        ({"type": "mutualTLS"}, None),
    ],
)
def test_a_key_is_sent_where_the_scheme_says(
    scheme: dict[str, Any], expected: Credential | None
) -> None:
    """An unused scheme, or one without a header, gives no credential."""
    assert credential_of(document(scheme)) == expected
    assert credential_of(document(scheme, security=[])) is None


@pytest.mark.parametrize("prefix", ["", "Bearer ", "sid="])
def test_a_redacted_header_shows_the_name_of_its_key(prefix: str) -> None:
    """The redacted header still identifies the account."""
    credential = Credential("Authorization", prefix)
    keyring = Keyring(credential)
    keyring.add("api-key", SECRET)
    headers = (("authorization", f"{prefix}{SECRET}"),)
    assert keyring.account_of(headers) == "api-key"
    assert keyring.headers(headers) == (("authorization", f"{prefix}[api-key]"),)
    assert keyring.account_of(keyring.headers(headers)) == "api-key"


def test_a_value_of_another_scheme_is_unauthenticated() -> None:
    """A value of another scheme does not authenticate, but it is redacted."""
    keyring = Keyring(Credential("Authorization", "Bearer "))
    keyring.add("api-key", SECRET)
    headers = (("Authorization", f"Basic {SECRET}"),)
    assert keyring.account_of(headers) == "anybody"
    assert SECRET not in str(keyring.headers(headers))


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        ("[{url: 'https://api.example.com/v1/'}]", "/v1/things"),
        ("[{url: '/{stage}/api', variables: {stage: {default: test}}}]", "/test/api/things"),
        ("[]", "/things"),
    ],
)
def test_operations_are_below_the_base_path(tmp_path: Path, servers: str, path: str) -> None:
    """The path of the first server is a prefix of every operation."""
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        f"openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\nservers: {servers}\n"
        "paths: {/things: {get: {responses: {default: {description: All.}}}}}\n"
    )
    contract = Contract.load(spec)
    assert [operation.path for operation in contract.operations.values()] == [path]
    assert contract.match("GET", path) is not None
