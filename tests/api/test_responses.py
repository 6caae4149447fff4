"""Pages are validated in pieces, without missing a rule of the contract."""

import json
from typing import Any

import pytest

from mockserver import packaged
from mockserver.engine.reply import Listing
from mockserver.engine.responses import BrokenContract, Responses
from mockserver.openapi.contract import Contract


def responses_with(rule: dict[str, Any]) -> Responses:
    """Return the responses of a page whose list has one more rule."""
    contract = Contract.load(packaged.spec())
    document = json.loads(json.dumps(contract.document))
    document["components"]["schemas"]["CreditTransactions"]["properties"]["transactions"].update(
        rule
    )
    changed = Contract(contract.path, document, contract.problems)
    return Responses(changed.operations["list_credit_transactions"], changed)


def page(length: int) -> Listing:
    """Return a page of equal entries, like those of the contract's example."""
    schemas = Contract.load(packaged.spec()).document["paths"][
        "/api/v1/billing/credit-transactions"
    ]["get"]
    examples = schemas["responses"]["200"]["content"]["application/json"]["examples"]
    entry = next(
        example["value"]["transactions"][0]
        for example in examples.values()
        if example["value"]["transactions"]
    )
    return Listing("transactions", [entry] * length, dict, {"total": length, "has_more": False})


@pytest.mark.parametrize(
    ("rule", "length"),
    [({"maxItems": 1}, 2), ({"minItems": 2}, 1), ({"uniqueItems": True}, 2)],
    ids=str,
)
def test_a_rule_about_the_whole_list_is_enforced(rule: dict[str, Any], length: int) -> None:
    """A page that breaks it is not sent."""
    with pytest.raises(BrokenContract, match="/transactions"):
        responses_with(rule).encode(200, page(length))


@pytest.mark.parametrize("rule", [{}, {"maxItems": 2}, {"minItems": 1}], ids=str)
def test_both_ways_of_encoding_a_page_give_the_same_bytes(rule: dict[str, Any]) -> None:
    """Validating in pieces or as a whole does not change the response."""
    assert responses_with(rule).encode(200, page(2)) == responses_with({}).encode(200, page(2))
