"""Examples are valid and consistent: with their displays, with the ledger, with each other."""

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import pytest

from .contract import Json, Operation, json_of, nodes, operations, schemas
from .json_schema import validator

MICROCENTS_PER_DOLLAR = 100_000_000
CENTS_PER_DOLLAR = 100
MICROCENTS_PER_CREDIT = 20_000
CREDITS = {"light": 1, "js": 5, "pdf": 3, "ocr": 6, "crawl": 1}


def examples() -> Iterator[tuple[str, Json, Any]]:
    """Yield location, schema and value of all examples: bodies, parameters, headers, schemas."""
    for where, node in nodes():
        if "schema" in node and "/properties" not in where:
            for name, example in node.get("examples", {}).items():
                yield f"{where}/{name}", node["schema"], example["value"]
            if "example" in node:
                yield where, node["schema"], node["example"]
    for where, schema in schemas():
        if "example" in schema:
            yield where, schema, schema["example"]


EXAMPLES = list(examples())
OPERATIONS = {operation.id: operation for operation in operations()}

each_example = pytest.mark.parametrize(
    ("schema", "value"),
    [example[1:] for example in EXAMPLES],
    ids=[example[0] for example in EXAMPLES],
)


def objects(value: Any) -> Iterator[Json]:
    """Yield every object in a JSON value."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def display(dollars: Decimal) -> str:
    """Format with two decimals, or four below a cent, rounded toward minus infinity."""
    places = "0.0001" if 0 < abs(dollars) < Decimal("0.01") else "0.01"
    rounded = dollars.quantize(Decimal(places), rounding=ROUND_FLOOR)
    return f"{'-' if rounded < 0 else ''}${abs(rounded):,}"


def success(operation: str, name: str) -> Json:
    """Return the value of a success example."""
    value: Json = OPERATIONS[operation].success["examples"][name]["value"]
    return value


def test_examples_of_every_body_are_found() -> None:
    """The walk finds the examples of every request and response, so that the tests cover them."""
    values = [value for _, _, value in EXAMPLES]
    for operation in operations():
        media = [json_of(response) for response in operation.responses.values()]
        for body in filter(None, [operation.body, *media]):
            assert all(example["value"] in values for example in body["examples"].values())


@each_example
def test_example_is_valid(schema: Json, value: Any) -> None:
    """An example is valid against its schema, formats included."""
    assert [error.message for error in validator(schema).iter_errors(value)] == []


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.id)
def test_success_example_has_exactly_the_listed_fields(operation: Operation) -> None:
    """An additional field would be valid, so only this test finds a misspelled one."""
    listed = set(operation.response_schema["properties"])
    for name, example in operation.success["examples"].items():
        assert set(example["value"]) == listed, name


@pytest.mark.parametrize(
    "value", [example[2] for example in EXAMPLES], ids=[example[0] for example in EXAMPLES]
)
def test_display_equals_its_number(value: Any) -> None:
    """A `*_display` equals its `*_microcents` or `*_cents`."""
    for found in objects(value):
        for name, shown in found.items():
            if not name.endswith("_display"):
                continue
            stem = name.removesuffix("_display")
            amounts = {
                f"{stem}_microcents": MICROCENTS_PER_DOLLAR,
                f"{stem}_cents": CENTS_PER_DOLLAR,
            }
            (number,) = amounts.keys() & found.keys()
            amount = found[number]
            assert shown == (None if amount is None else display(Decimal(amount) / amounts[number]))


def test_ledger_adds_up() -> None:
    """Each balance is the previous one plus the amount, from 0 to the balance of the account."""
    ledger = success("list_credit_transactions", "whole_ledger")["transactions"]
    balance = 0
    for entry in reversed(ledger):
        balance += entry["amount_microcents"]
        assert entry["balance_after_microcents"] == balance
    shown = success("get_balance", "pay_as_you_go")
    assert shown["balance_microcents"] == balance
    by_type = {
        kind: sum(e["amount_microcents"] for e in ledger if e["type"] == kind)
        for kind in ("deposit", "usage")
    }
    recharged = sum(e["amount_microcents"] for e in ledger if e["type"] == "auto_recharge")
    assert shown["total_deposited_cents"] * 1_000_000 == by_type["deposit"] + recharged
    assert shown["total_spent_cents"] * 1_000_000 == -by_type["usage"]


def test_usage_views_agree_with_each_other_and_the_ledger() -> None:
    """Breakdown, chart, real-time usage, projection and ledger count the same requests."""
    breakdown = success("get_usage_breakdown", "march")
    for kind, credits in CREDITS.items():
        assert breakdown[kind]["credits"] == breakdown[kind]["requests"] * credits
        assert (
            breakdown[kind]["cost_microcents"] == breakdown[kind]["credits"] * MICROCENTS_PER_CREDIT
        )
    assert breakdown["total_credits"] == sum(breakdown[kind]["credits"] for kind in CREDITS)
    assert breakdown["total_requests"] == sum(breakdown[kind]["requests"] for kind in CREDITS)

    ledger = success("list_credit_transactions", "whole_ledger")["transactions"]
    charged = -sum(entry["amount_microcents"] for entry in ledger if entry["type"] == "usage")
    assert breakdown["total_credits"] * MICROCENTS_PER_CREDIT == charged

    days = success("get_usage_chart", "a_week")["data"]
    assert all(day["credits"] == sum(day[kind] for kind in CREDITS) for day in days)
    realtime = success("get_usage_realtime", "saturday")
    assert (realtime["credits_used_today"], realtime["requests_today"]) == (
        days[-1]["credits"],
        days[-1]["requests"],
    )
    this_week = [day for day in days if day["date"] >= "2026-03-09"]
    assert realtime["credits_used_week"] == sum(day["credits"] for day in this_week)
    assert realtime["requests_week"] == sum(day["requests"] for day in this_week)
    assert realtime["credits_used_month"] == breakdown["total_credits"]
    assert realtime["requests_month"] == breakdown["total_requests"]
    assert (
        success("get_cost_projection", "increasing")["credits_used"] == breakdown["total_credits"]
    )


@pytest.mark.parametrize("operation", operations(), ids=lambda operation: operation.id)
def test_lists_are_newest_first_and_complete(operation: Operation) -> None:
    """Entries are sorted newest first, and `total` and `has_more` match them."""
    for example in operation.success["examples"].values():
        value = example["value"]
        for entries in (inner for inner in value.values() if isinstance(inner, list)):
            moments = [
                datetime.fromisoformat(entry["created_at"])
                for entry in entries
                if "created_at" in entry
            ]
            assert moments == sorted(moments, reverse=True)
            if "total" in value:
                assert (value["total"], value["has_more"]) == (len(entries), False)


@pytest.mark.parametrize(
    "operation", [o for o in operations() if o.body], ids=lambda operation: operation.id
)
def test_responses_repeat_the_request(operation: Operation) -> None:
    """A field of a request example has the same value in the response example of that name."""
    assert operation.body is not None
    for name, example in operation.body["examples"].items():
        response = success(operation.id, name)
        for field in example["value"].keys() & response.keys():
            if (operation.id, field, name) != (
                "change_plan",
                "price_id",
                "downgrade",
            ):  # takes effect at the end of the period
                assert response[field] == example["value"][field], f"{name}: {field}"
