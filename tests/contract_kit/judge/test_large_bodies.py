"""Bodies of many fields are judged within bounds."""

from __future__ import annotations

import json

from contract_tests.judge.views import MAX_BYTES
from contract_tests.openapi.schemas import MAX_FIELDS, Schemas
from tests.contract_kit.exchanges import CONTRACT, JudgeHarness, example

BALANCE = "#/components/schemas/Balance"
UNKNOWN = {f"field_{number}": number for number in range(3 * MAX_FIELDS)}


def test_declared_fields_behind_many_undeclared_ones_are_found() -> None:
    """Only undeclared fields are left out, so a declared one is never missing by mistake."""
    body = {**UNKNOWN, **example("get_balance")}
    keywords = {breach.keyword for breach in Schemas(CONTRACT).breaches(BALANCE, body)}
    assert keywords == {"unknown_field"}


def test_a_breach_among_the_values_of_a_large_map_is_found() -> None:
    """Where nothing is wrong with the fields that are left, all of them are searched."""
    details = {**UNKNOWN, "last": 1.5}
    schema = "#/components/schemas/AuditEntry/properties/details"
    breaches = list(Schemas(CONTRACT).breaches(schema, details))
    assert [breach.where for breach in breaches] == ["/last"]


def test_the_readings_of_an_account_are_bounded() -> None:
    """Readings are forgotten, the oldest first, before their bodies fill memory."""
    harness = JudgeHarness()
    padded = {**example("list_credit_transactions"), "padding": "x" * (MAX_BYTES // 3)}
    for offset in range(5):
        query = f"?limit=1&offset={offset}"
        harness.respond("list_credit_transactions", raw=json.dumps(padded).encode(), query=query)
    views = list(harness.judge.tracker("api-key").views)
    assert [view.params["offset"] for view in views] == [3, 4]
