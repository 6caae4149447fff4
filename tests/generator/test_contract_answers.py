"""Every documented answer of the contract can be made from its schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mockserver import packaged
from mockserver.generator import Generator, Maker
from mockserver.openapi.contract import JSON, Contract

from .judges import Judges

CONTRACT = Contract.load(packaged.spec())


def documented() -> dict[str, dict[str, Any]]:
    """The schemas of all responses, by operation and status."""
    return {
        f"{operation.operation_id} {status}": CONTRACT.follow(response)["content"][JSON]["schema"]
        for operation in CONTRACT.operations.values()
        for status, response in operation.node["responses"].items()
    }


ANSWERS = documented()


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(CONTRACT.schemas, seed=7)


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_documented_answer_can_be_made(generator: Generator, answer: str) -> None:
    """All operations, all statuses: valid by both validators, the server's with nothing in it that is not named."""
    maker = generator.compile(ANSWERS[answer])
    judges = Judges(ANSWERS[answer], CONTRACT.schemas)
    for key in range(10):
        assert judges.complaints(maker.make(key)) == []


@pytest.mark.slow
def test_a_thousand_of_every_documented_answer_are_valid(generator: Generator) -> None:
    """Many answers share a schema, most of all errors: each schema once."""
    schemas = {json.dumps(schema): schema for schema in ANSWERS.values()}
    for schema in schemas.values():
        maker, judges = generator.compile(schema), Judges(schema, CONTRACT.schemas, second=False)
        assert [each for key in range(1_000) for each in judges.complaints(maker.make(key))] == []


@pytest.fixture(scope="module")
def balance(generator: Generator) -> Maker:
    return generator.compile(ANSWERS["get_balance 200"])


def test_money_is_whole_and_not_negative(balance: Maker) -> None:
    """As a frontend expects it: no floats, and microcents of a plausible size."""
    for key in range(100):
        value = balance.make(key)
        assert type(value["total_deposited_cents"]) is int
        assert 0 <= value["total_deposited_cents"] <= 200_000
        assert value["balance_microcents"] % 1_000_000 == 0
        assert value["balance_microcents"] >= 0


def test_another_key_gives_another_value(balance: Maker) -> None:
    """A list of a hundred answers does not repeat one."""
    assert len({json.dumps(balance.make(("balance", key))) for key in range(100)}) == 100


def test_ids_in_a_list_differ(generator: Generator) -> None:
    """The example of an id is not taken again and again: two entries of a list are two things."""
    maker = generator.compile(ANSWERS["list_credit_transactions 200"])
    lists = [[entry["id"] for entry in maker.make(key)["transactions"]] for key in range(50)]
    assert sum(len(ids) > len(set(ids)) for ids in lists) <= 1
