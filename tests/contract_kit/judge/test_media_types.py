"""Media types of responses."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from contract_tests.findings.finding import Verdicts
from contract_tests.http.exchange import Exchange
from contract_tests.judge.judge import Judge
from contract_tests.openapi.contract import Contract
from contract_tests.runner import knowledge_of


@pytest.mark.parametrize("documented", ["application/json", "application/json; charset=utf-8"])
@pytest.mark.parametrize(
    ("sent", "body", "kinds"),
    [
        ("application/json", b"7", set()),
        ("application/json;charset=UTF-8", b"7", set()),
        ("application/json; charset=utf-8", b'"x"', {"response_schema"}),
        ("text/plain", b"7", {"content_type"}),
    ],
)
def test_a_charset_is_no_part_of_a_media_type(
    tmp_path: Path, documented: str, sent: str, body: bytes, kinds: set[str]
) -> None:
    """Neither in the document nor in the response, and the body is judged by its schema."""
    path = tmp_path / "openapi.json"
    shown = {"description": "It.", "content": {documented: {"schema": {"type": "integer"}}}}
    paths = {"/a": {"get": {"responses": {"200": shown}}}}
    info = {"openapi": "3.0.3", "info": {"title": "A", "version": "1"}}
    path.write_text(json.dumps({**info, "paths": paths}))
    contract, verdicts = Contract.load(path), Verdicts()
    judge = Judge(contract, verdicts, knowledge_of(contract))
    moment, headers = datetime.now(UTC), (("Content-Type", sent),)
    judge(
        Exchange(1, "GET", "http://127.0.0.1/a", "/a", (), b"", 200, headers, body, moment, 0.1, "")
    )
    assert {finding.kind for finding in verdicts} == kinds
