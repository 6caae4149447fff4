"""Every documented response of the contract can be generated from its schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver import packaged
from mockserver.generator import Generator, Maker
from mockserver.openapi.contract import JSON, Contract

from .validators import BothValidators

CONTRACT = Contract.load(packaged.spec())


def documented() -> dict[str, dict[str, Any]]:
    """Return the schemas of all responses, by operation and status."""
    return {
        f"{operation.operation_id} {status}": CONTRACT.follow(response)["content"][JSON]["schema"]
        for operation in CONTRACT.operations.values()
        for status, response in operation.node["responses"].items()
    }


RESPONSES = documented()


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(CONTRACT.schemas, seed=7)


@pytest.mark.parametrize("response", RESPONSES)
def test_every_documented_response_can_be_generated(generator: Generator, response: str) -> None:
    """Values of every response are valid by both validators, and contain only documented fields."""
    maker = generator.compile(RESPONSES[response])
    validators = BothValidators(RESPONSES[response], CONTRACT.schemas)
    for key in range(10):
        assert validators.errors(maker.make(key)) == []


@pytest.mark.slow
def test_a_thousand_values_of_every_documented_response_are_valid(generator: Generator) -> None:
    """Rare failures show in a thousand values. Shared schemas are tested once."""
    schemas = {json.dumps(schema): schema for schema in RESPONSES.values()}
    for schema in schemas.values():
        maker, validators = (
            generator.compile(schema),
            BothValidators(schema, CONTRACT.schemas, second=False),
        )
        assert [error for key in range(1_000) for error in validators.errors(maker.make(key))] == []


@pytest.fixture(scope="module")
def balance(generator: Generator) -> Maker:
    return generator.compile(RESPONSES["get_balance 200"])


def test_money_is_whole_and_not_negative(balance: Maker) -> None:
    """Amounts are integers of a plausible size."""
    for key in range(100):
        value = balance.make(key)
        assert type(value["total_deposited_cents"]) is int
        assert 0 <= value["total_deposited_cents"] <= 200_000
        assert value["balance_microcents"] % 1_000_000 == 0
        assert value["balance_microcents"] >= 0


def test_another_key_gives_another_value(balance: Maker) -> None:
    """A hundred keys produce a hundred different values."""
    assert len({json.dumps(balance.make(("balance", key))) for key in range(100)}) == 100


def test_ids_in_a_list_differ(generator: Generator) -> None:
    """The example of an id is not repeated: two entries of a list are two things."""
    maker = generator.compile(RESPONSES["list_credit_transactions 200"])
    lists = [[entry["id"] for entry in maker.make(key)["transactions"]] for key in range(50)]
    assert sum(len(ids) > len(set(ids)) for ids in lists) <= 1
