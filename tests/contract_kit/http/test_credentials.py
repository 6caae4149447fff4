"""``--header`` and ``--auth`` are the credentials of the document's security schemes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.contract_kit.program import kit
from tests.contract_kit.recorder import Received, as_json, recording

SCHEMES: dict[str, Any] = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "oauth": {"type": "oauth2", "flows": {}},
    "openid": {"type": "openIdConnect", "openIdConnectUrl": "https://login.example.com/"},
}
SECRET = "a-secret-of-the-kit"
BASIC = "Basic " + base64.b64encode(f"kit:{SECRET}".encode()).decode()
TOKEN = ["--header", "Authorization: env:GIVEN"]


def write(folder: Path, *security: Any) -> Path:
    """Write a document with one operation, which requires this."""
    content = {"application/json": {"schema": {"type": "object"}}}
    operation = {
        "operationId": "read",
        "responses": {
            "200": {"description": "Yes.", "content": content},
            "401": {"description": ""},
        },
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Secured", "version": "1"},
        "security": list(security),
        "paths": {"/thing": {"get": operation}},
        "components": {"securitySchemes": SCHEMES},
    }
    path = folder / "secured.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def credential(request: Received) -> str:
    """Return what a request carries as its credential; empty without one."""
    query = parse_qs(urlsplit(request.target).query)
    found = [request.header(name) for name in ("authorization", "x-key", "cookie")]
    return next((value for value in found if value), None) or query.get("key", [""])[0]


@pytest.mark.parametrize(
    ("scheme", "words", "value", "expected"),
    [
        ("header", ["--header", "x-key: env:GIVEN"], SECRET, SECRET),
        ("cookie", ["--header", "Cookie: env:GIVEN"], f"session={SECRET}", f"session={SECRET}"),
        ("bearer", TOKEN, f"Bearer {SECRET}", f"Bearer {SECRET}"),
        ("oauth", TOKEN, f"bearer {SECRET}", f"Bearer {SECRET}"),
        ("openid", TOKEN, f"Bearer {SECRET}", f"Bearer {SECRET}"),
        ("basic", ["--auth", "kit:env:GIVEN"], SECRET, BASIC),
        ("basic", TOKEN, BASIC, BASIC),
        ("query", ["--api-key-env", "GIVEN"], SECRET, SECRET),
        ("basic", ["--api-key-env", "GIVEN"], f"kit:{SECRET}", BASIC),
    ],
)
def test_a_flag_gives_the_credential(
    scheme: str, words: list[str], value: str, expected: str, tmp_path: Path
) -> None:
    """Protected operations are called with it, and the unauthenticated checks leave it out."""

    def respond(request: Received) -> bytes:
        is_known = credential(request) == expected
        return as_json(200, {"yes": True}) if is_known else as_json(401, {})

    with recording(respond) as server:
        outcome = kit(
            *("run", server.url, "--spec", str(write(tmp_path, {scheme: []})), *words),
            *("--phases", "reads,keys"),
            GIVEN=value,
        )
        sent = {credential(request) for request in server.received}
    assert (outcome.code, outcome.verdict.partition(":")[0]) == (0, "PASSED")
    assert {expected, ""} <= sent
    assert SECRET not in outcome.out


def test_without_the_check_a_deployment_that_needs_no_credential_is_found(tmp_path: Path) -> None:
    """A protected operation that responds without its credential is a failure."""
    with recording(lambda _: as_json(200, {"yes": True})) as server:
        outcome = kit(
            *("run", server.url, "--spec", str(write(tmp_path, {"bearer": []})), *TOKEN),
            *("--phases", "keys"),
            GIVEN=f"Bearer {SECRET}",
        )
    assert outcome.code == 1
    assert "key-not-needed" in outcome.out


def test_the_scheme_of_the_given_credential_is_used(tmp_path: Path) -> None:
    """Of several schemes that an operation accepts, the one that a flag gives is used."""
    spec = write(tmp_path, {"bearer": []}, {"header": []})
    with recording(lambda request: as_json(200, {"yes": bool(request.target)})) as server:
        kit(
            *("run", server.url, "--spec", str(spec), "--header", "X-Key: env:GIVEN"),
            *("--phases", "reads"),
            GIVEN=SECRET,
        )
        assert {credential(request) for request in server.received} == {SECRET}


@pytest.mark.parametrize(
    ("scheme", "header", "value", "expected"),
    [
        ("bearer", "Authorization", "Token x", "--header Authorization must begin with 'Bearer '"),
        ("bearer", "Authorization", "Bearer ", "--header Authorization must begin with 'Bearer '"),
        ("cookie", "Cookie", "other=1", "--header Cookie must be 'session=...'"),
        ("cookie", "Cookie", "session=1; other=2", "--header Cookie must be 'session=...'"),
        ("header", "X-Key", "", "the environment variable GIVEN is not set"),
    ],
)
def test_a_header_that_is_no_credential_is_one_line(
    scheme: str, header: str, value: str, expected: str, tmp_path: Path
) -> None:
    """The exit code is 2, and nothing was sent."""
    spec = str(write(tmp_path, {scheme: []}))
    words = ("--spec", spec, "--header", f"{header}: env:GIVEN")
    outcome = kit("run", "http://127.0.0.1:9", *words, GIVEN=value)
    assert outcome.code == 2
    assert expected in outcome.error_line
