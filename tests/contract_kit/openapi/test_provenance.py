"""Provenance of elements and of their keywords, by the marks of a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from contract_tests.openapi.contract import Contract
from contract_tests.openapi.schemas import Schemas
from tests.contract_kit.exchanges import CONTRACT

SCHEMAS = "#/components/schemas"
BALANCE = "#/paths/~1api~1v1~1billing~1balance/get/responses/200/content/application~1json/schema"
LEDGER = BALANCE.replace("balance", "credit-transactions", 1)


def contract(**document: Any) -> Contract:
    """Return a document of schemas and marks."""
    return Contract(Path("made-up.yaml"), document)


@pytest.mark.parametrize(
    ("pointer", "provenance"),
    [
        (f"{SCHEMAS}/Balance/properties/tier", "documented"),
        (f"{SCHEMAS}/AutoRechargeSummary/properties/enabled", "assumed"),
        (f"{SCHEMAS}/Uuid/pattern", "observed"),
        ("#/components/responses/Unauthorized/content", "observed"),
        (f"{SCHEMAS}/Balance/properties/nothing/here", "documented"),
    ],
)
def test_provenance_is_the_nearest_mark(pointer: str, provenance: str) -> None:
    """A provenance mark applies to everything below it, up to a nearer mark."""
    assert CONTRACT.provenance(pointer) == provenance


@pytest.mark.parametrize(
    ("pointer", "provenance"),
    [
        (f"{SCHEMAS}/Balance/properties/tier/type", "assumed"),
        (f"{SCHEMAS}/Balance/properties/tier/enum", "assumed"),
        (f"{SCHEMAS}/CostProjection/properties/credits_used/type", "documented"),
        (f"{SCHEMAS}/CostProjection/properties/credits_used/minimum", "assumed"),
        (f"{SCHEMAS}/PromoValidation/properties/max_credits_microcents/nullable", "assumed"),
        (f"{SCHEMAS}/DepositCreate/properties/amount_cents/minimum", "documented"),
        (f"{SCHEMAS}/DepositCreate/properties/promo_code/maxLength", "assumed"),
        (f"{SCHEMAS}/AutoRechargeUpdate/properties/consent_source/enum", "documented"),
        (f"{SCHEMAS}/AutoRechargeUpdate/properties/threshold_microcents/maximum", "assumed"),
        ("#/components/parameters/LimitOf20/schema/maximum", "assumed"),
        ("#/components/parameters/LimitOf20/schema/type", "documented"),
        ("#/components/parameters/PaymentMethodId/required", "documented"),
        ("#/components/headers/X-RateLimit-Limit/required", "observed"),
    ],
)
def test_a_keyword_has_its_own_provenance(pointer: str, provenance: str) -> None:
    """A keyword is documented if its element is and the published page states the keyword."""
    assert CONTRACT.provenance(pointer) == provenance
    element, _, keyword = pointer.rpartition("/")
    assert CONTRACT.provenance(element, keyword) == provenance


@pytest.mark.parametrize(
    ("name", "provenance"), [("recharge_amount_cents", "documented"), ("updated_at", "assumed")]
)
def test_required_is_graded_by_the_property(name: str, provenance: str) -> None:
    """The mark of a property decides about `required`, not that of the object which lists it."""
    schema = f"{SCHEMAS}/AutoRecharge"
    assert CONTRACT.provenance(f"{schema}/required", name=name) == provenance
    assert CONTRACT.provenance(f"{schema}/properties/{name}", "required") == provenance
    index = CONTRACT.at(schema).node["required"].index(name)
    assert CONTRACT.provenance(f"{schema}/required/{index}") == provenance


def test_required_is_not_graded_by_the_content_of_the_property() -> None:
    """The displayed balance is on the page, the format of displayed amounts is not."""
    place = f"{SCHEMAS}/Balance/properties/balance_display"
    assert CONTRACT.provenance(place, "required") == "documented"
    assert CONTRACT.provenance(place, "type") == "assumed"


@pytest.mark.parametrize(
    ("path", "provenance"),
    [
        ("/properties/balance_microcents/type", "documented"),
        ("/properties/auto_recharge/properties/threshold_microcents/type", "assumed"),
    ],
)
def test_the_weakest_mark_along_references_counts(path: str, provenance: str) -> None:
    """A shared schema is not documented where an assumed property refers to it."""
    assert CONTRACT.provenance(f"{SCHEMAS}/Microcents/type") == "documented"
    assert CONTRACT.provenance(BALANCE + path) == provenance


def test_the_entries_of_a_list_are_assumed() -> None:
    """The page shows an empty list, which states nothing about its entries."""
    cards = f"{SCHEMAS}/PaymentMethods/properties/payment_methods"
    assert CONTRACT.provenance(f"{cards}/type") == "documented"
    assert CONTRACT.provenance(f"{cards}/items/properties/id", "required") == "assumed"
    assert CONTRACT.provenance(f"{SCHEMAS}/PaymentMethod/properties/id", "required") == "documented"


@pytest.mark.parametrize(
    ("value", "provenance"),
    [
        ({}, {"required": "documented"}),
        ({"transactions": {}, "total": -1, "has_more": 0}, {"type": "documented"}),
        ({"transactions": [], "total": -1, "has_more": True}, {"minimum": "assumed"}),
        ({"transactions": [{}], "total": 1, "has_more": True}, {"required": "assumed"}),
        (
            {"transactions": [], "total": 1, "has_more": True, "extra": 1},
            {"unknown_field": "assumed"},
        ),
    ],
)
def test_breaches_have_the_provenance_of_their_rule(
    value: object, provenance: dict[str, str]
) -> None:
    """`via` and the keyword of a breach give its provenance."""
    breaches = list(Schemas(CONTRACT).breaches(LEDGER, value))
    graded = {
        (breach.keyword, CONTRACT.provenance(breach.via, breach.keyword)) for breach in breaches
    }
    assert set(provenance.items()) <= graded
    assert all(CONTRACT.at(breach.via) for breach in breaches)


@pytest.mark.parametrize("status", [200, 201, 401, 418])
def test_no_status_is_documented(status: int) -> None:
    """The page shows no status code, whether or not the contract declares it."""
    operation = CONTRACT.operations["create_deposit"]
    assert CONTRACT.provenance_of_status(operation, status) == "assumed"


def test_a_document_without_marks_is_documented() -> None:
    """A document that marks nothing is the vendor's own."""
    schema = {"type": "object", "properties": {"a": {"enum": [1]}}}
    plain = contract(components={"schemas": {"A": schema}})
    assert plain.provenance(f"{SCHEMAS}/A/properties/a/enum") == "documented"


def test_without_a_list_of_keywords_the_element_decides() -> None:
    """A document may mark its elements only."""
    schema = {"properties": {"a": {"enum": [1]}, "b": {"enum": [1], "x-provenance": "assumed"}}}
    marked = contract(components={"schemas": {"A": schema}}, **{"x-provenance": "documented"})
    assert marked.provenance(f"{SCHEMAS}/A/properties/a/enum") == "documented"
    assert marked.provenance(f"{SCHEMAS}/A/properties/b/enum") == "assumed"


def test_properties_may_be_named_like_keywords() -> None:
    """A property named `enum` is no keyword."""
    schema = {"properties": {"enum": {"type": "string"}, "properties": {"type": "string"}}}
    marks = {"x-provenance": "documented", "x-documented-keywords": ["type"]}
    marked = contract(components={"schemas": {"A": schema}}, **marks)
    for name in ("enum", "properties"):
        assert marked.provenance(f"{SCHEMAS}/A/properties/{name}") == "documented"
        assert marked.provenance(f"{SCHEMAS}/A/properties/{name}/type") == "documented"
        assert marked.provenance(f"{SCHEMAS}/A/properties/{name}/pattern") == "assumed"


def test_malformed_marks_are_ignored() -> None:
    """Marks of another shape state nothing; circular references end."""
    schemas = {
        "A": {"x-provenance": 5, "x-documented-keywords": {"type": 1}, "x-assumed-keywords": "all"},
        "B": {"$ref": f"{SCHEMAS}/B"},
    }
    marks = {"x-provenance": "documented", "x-documented-keywords": [{}, "type"]}
    marked = contract(components={"schemas": schemas}, **marks)
    assert marked.provenance(f"{SCHEMAS}/A", "type") == "documented"
    assert marked.provenance(f"{SCHEMAS}/A", "enum") == "assumed"
    assert marked.provenance(f"{SCHEMAS}/B/type") == "documented"


def test_a_described_reference_has_the_marks_of_property_and_component() -> None:
    """The page shows the balance as a number, and the id of the settings as a placeholder."""
    balance = "#/components/schemas/Balance/properties/balance_microcents"
    assert CONTRACT.provenance(balance, "type") == "documented"
    assert CONTRACT.provenance(balance, "format") == "assumed"
    settings_id = "#/components/schemas/AutoRecharge/properties/id"
    assert CONTRACT.provenance(settings_id) == "documented"
    assert CONTRACT.provenance(settings_id, "pattern") == "observed"
