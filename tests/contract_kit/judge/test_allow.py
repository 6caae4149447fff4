"""The header Allow of a path that fits several templates."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract_tests.http.exchange import Exchange
from contract_tests.judge import response
from contract_tests.openapi.contract import Contract

ONE = {"responses": {"200": {"description": "It."}}}
PATHS = {"/things/{id}": {"get": ONE, "put": ONE}, "/things/{id}:stop": {"post": ONE}}
PATH = "/things/7:stop"


@pytest.mark.parametrize(
    ("allow", "is_right"),
    [
        ("POST", True),
        ("POST, OPTIONS", True),
        ("GET, PUT", True),
        ("GET, HEAD, PUT, POST", True),
        ("GET", False),
        ("GET, POST", False),
        ("DELETE", False),
    ],
)
def test_allow_names_the_methods_of_one_template_or_of_all(
    tmp_path: Path, allow: str, is_right: bool
) -> None:
    """Frameworks differ in which templates they look at; a part of one is wrong."""
    path = tmp_path / "openapi.json"
    info = {"openapi": "3.0.3", "info": {"title": "Things", "version": "1"}}
    path.write_text(json.dumps({**info, "paths": PATHS}))
    contract = Contract.load(path)
    moment, headers = datetime.now(UTC), (("Allow", allow), ("Content-Type", "application/json"))
    exchange = Exchange(
        1, "TRACE", f"http://127.0.0.1{PATH}", PATH, (), b"", 405, headers, b"{}", moment, 0.1, ""
    )
    found = response.undeclared(exchange, contract.methods_of(PATH), contract)
    assert (not any(finding.keyword == "allow" for finding in found)) == is_right
