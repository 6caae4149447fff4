"""List operations are derived from the contract, so a new list is tested without new code."""

from __future__ import annotations

import copy
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from contract_tests.billing.knowledge import KNOWLEDGE
from contract_tests.context import Run
from contract_tests.judge.judge import Judge
from contract_tests.openapi.contract import Contract
from contract_tests.openapi.lists import list_operations
from contract_tests.runner import perform
from contract_tests.settings import Settings
from tests.contract_kit.exchanges import CONTRACT, JudgeHarness, headers_of
from tests.contract_kit.json_server import serving
from tests.contract_kit.stateless import Stateless

NEW = "list_kit_receipts"
PATH = "/api/v1/billing/kit-receipts"


def with_a_new_list() -> Contract:
    """Return the contract with a new list: invoices under another path, with an offset."""
    document = copy.deepcopy(CONTRACT.document)
    invoices = CONTRACT.operations["list_invoices"]
    operation = copy.deepcopy(document["paths"][invoices.path]["get"])
    operation["operationId"] = NEW
    operation["parameters"] = [
        {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "maximum": 10, "default": 5},
        },
        {"name": "offset", "in": "query", "schema": {"type": "integer", "default": 0}},
        {"name": "status", "in": "query", "schema": {"type": "string"}},
    ]
    document["paths"][PATH] = {"get": operation}
    return Contract(CONTRACT.path, document)


def test_a_list_is_recognised_by_its_shape() -> None:
    """A list has an array of objects, a total and a page size. The cards have no page size."""
    found = list_operations(with_a_new_list())
    assert set(found) - set(list_operations(CONTRACT)) == {NEW}
    assert "list_payment_methods" not in found
    new = found[NEW]
    assert (new.field, new.size, new.largest, new.position) == ("invoices", "limit", 10, "offset")
    assert list(new.filters) == ["status"]
    assert new.page(2, 10) == {"limit": 10, "offset": 20}


def test_a_new_list_is_paged_and_filtered() -> None:
    """The driver of reads requests the pages and the filters of a new list."""
    contract = with_a_new_list()
    stateless = Stateless(contract)
    with serving(stateless) as url:
        settings = Settings(url, contract.path, mock=True, phases=("reads",), only=(NEW,))
        perform(Run(settings, contract, KNOWLEDGE))
    urls = [urlsplit(target.split()[1]) for target in stateless.targets]
    queries = [dict(parse_qsl(url.query)) for url in urls if url.path == PATH]
    assert {"limit": "10", "offset": "0"} in queries
    assert {"limit": "1", "offset": "1"} in queries
    assert {"status": "no_such_type", "limit": "10"} in queries


class Harness(JudgeHarness):
    """A harness whose contract has the new list."""

    def __post_init__(self) -> None:
        self.contract = with_a_new_list()
        self.judge = Judge(self.contract, self.verdicts, KNOWLEDGE)


def entry(number: int, created: str) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "status": "paid",
        "created_at": created,
    }


FIRST, SECOND = entry(1, "2026-01-02T00:00:00.000Z"), entry(2, "2026-01-01T00:00:00.000Z")


def page(*entries: dict[str, Any], total: int = 2) -> dict[str, Any]:
    return {"invoices": list(entries), "total": total, "has_more": False}


@pytest.mark.parametrize(
    ("pages", "rule"),
    [
        ([("?limit=1", page(FIRST)), ("?limit=1&offset=1", page(FIRST))], "overlap"),
        ([("?limit=1", page(FIRST)), ("?limit=1&offset=1", page(SECOND, total=3))], "agree"),
        (
            [("?limit=1", page(SECOND)), ("?limit=1&offset=1", page(FIRST))],
            "newest_first",
        ),
        ([("", page(FIRST, SECOND)), ("?status=void", page(FIRST, SECOND))], "filter"),
        (
            [("", page(FIRST, SECOND)), ("?limit=2", page({**FIRST, "status": "void"}, SECOND))],
            "rewritten",
        ),
        ([("", page(FIRST, SECOND)), ("?limit=1", page(FIRST, total=1))], "shrunk"),
    ],
)
def test_pages_of_a_new_list_are_compared(pages: list[tuple[str, Any]], rule: str) -> None:
    """Pages must agree and be ordered; entries must not disappear or change."""
    harness = Harness()
    for query, body in pages:
        headers = headers_of("list_invoices", 200, body)
        harness.send(
            "GET", PATH, query=query, status=200, headers=headers, body=json.dumps(body).encode()
        )
    assert rule in {finding.keyword for finding in harness.found if finding.operation == NEW}
