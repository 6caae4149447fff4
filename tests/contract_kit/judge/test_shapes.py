"""What the second judge remembers leads to the same objections as asking it each time."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from contract_tests.http.exchange import Exchange
from contract_tests.judge.openapi_core import Objection, OpenApiCore
from contract_tests.judge.shapes import Place, Shapes
from tests.contract_kit.exchanges import CONTRACT, JudgeHarness, example, headers_of

VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1,
    60,
    75,
    99,
    101,
    2**63,
    0.5,
    1.0,
    "",
    "x",
    "visa",
    "usage",
    "$1.00",
    "$1",
    "2026-03-14T09:30:00Z",
    "2026-02-30T09:30:00Z",
    "2026-03-14",
    "d1b203f5-7c4e-4d69-9fa8-2b3c4d5e6f70",
    "D1B203F5-7C4E-4D69-9FA8-2B3C4D5E6F70",
    "é",
    "a\n",
    "x" * 300,
    [],
    [1],
    {},
    {"a": 1},
)
"""Values on both sides of what the contract's keywords tell apart."""


TRIES = 16
"""Changed responses of each operation."""


@pytest.fixture(scope="module")
def judges() -> tuple[OpenApiCore, OpenApiCore]:
    """A judge that remembers what it has accepted, and one that does not."""
    forgetful = OpenApiCore(CONTRACT)
    forgetful._shapes.can_split = False
    return OpenApiCore(CONTRACT), forgetful


def keys_of(objections: Iterable[Objection]) -> set[tuple[str, str, str]]:
    return {(objection.kind, objection.where, objection.keyword) for objection in objections}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in pairs:
        if isinstance(inner, dict | list):
            yield from places(inner, (*path, key))
        else:
            yield (*path, key)


def changed(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return the body with another value at a path; without it if the value is ``...``."""
    if not path:
        return value
    body = copy.deepcopy(body)
    node = body
    for key in path[:-1]:
        node = node[key]
    if value is ...:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    return body


@cache
def documented(operation: str) -> Exchange:
    """Return the documented exchange of an operation."""
    captured: list[Exchange] = []
    harness = JudgeHarness()
    harness.judge = captured.append  # type: ignore[assignment]
    harness.respond(operation)
    headers = headers_of(operation, 200, example(operation))
    return replace(captured[0], response_headers=headers)


def exchange_with(operation: str, body: Any) -> Exchange:
    return replace(documented(operation), response_body=json.dumps(body).encode())


@pytest.mark.parametrize("operation", sorted(CONTRACT.operations))
def test_objections_are_those_of_a_judge_that_remembers_nothing(
    operation: str, judges: tuple[OpenApiCore, OpenApiCore]
) -> None:
    """After many responses, each response gets the objections that it gets by itself."""
    remembering, forgetful = judges
    declared, body = CONTRACT.operations[operation], example(operation)
    tries = [(path, value) for path in places(body) for value in (*VALUES, ...) if path]
    for path, value in random.Random(operation).sample(tries, min(TRIES, len(tries))):
        exchange = exchange_with(operation, changed(body, path, value))
        expected = keys_of(forgetful.objections(exchange, declared))
        assert keys_of(remembering.objections(exchange, declared)) == expected, (path, value)


def test_a_response_of_a_known_shape_is_not_judged_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second response that differs in amounts and ids only is not given to openapi-core."""
    judge = OpenApiCore(CONTRACT)
    body = example("get_balance")
    declared = CONTRACT.operations["get_balance"]
    judge.objections(exchange_with("get_balance", body), declared)
    asked: list[object] = []

    def object_to_nothing(*given: object) -> tuple[()]:
        asked.append(given)
        return ()

    monkeypatch.setattr("contract_tests.judge.openapi_core._objections", object_to_nothing)
    again = {**body, "balance_microcents": body["balance_microcents"] + 1}
    judge.objections(exchange_with("get_balance", again), declared)
    assert asked == []
    judge.objections(exchange_with("get_balance", {**body, "tier": 1}), declared)
    assert len(asked) == 1


def test_an_object_with_a_wrong_part_is_judged_each_time() -> None:
    """What there was an objection to is not taken for valid in another response."""
    judge, declared = OpenApiCore(CONTRACT), CONTRACT.operations["get_balance"]
    for amount in (1, 2, 3):
        body = {**example("get_balance"), "balance_microcents": str(amount)}
        found = judge.objections(exchange_with("get_balance", body), declared)
        assert [(objection.where, objection.keyword) for objection in found] == [
            ("/response/200/body/balance_microcents", "type")
        ]


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"$ref": "#/components/schemas/A"}, {"type": "string"}]},
        {"oneOf": [{"type": "object"}, {"type": "array"}]},
        {"anyOf": [{"type": "integer", "maximum": 1}, {"type": "integer", "minimum": 9}]},
        {"not": {"type": "string"}},
        {"type": "array", "uniqueItems": True},
        {"type": "number", "multipleOf": 0.5},
        {"type": "string", "pattern": "("},
    ],
)
def test_documents_with_rules_of_several_nodes_are_not_split(schema: dict[str, Any]) -> None:
    """Where nodes do not decide by themselves, whole bodies are compared."""
    assert not Shapes({"components": {"schemas": {"B": schema}}}).can_split


def test_numbers_between_accepted_ones_are_accepted_where_there_is_no_enumeration() -> None:
    """A member of some enumeration proves nothing of the numbers beside it."""
    shapes = Shapes({"a": {"enum": [50, 75]}, "b": {"minimum": 10}, "c": {"maximum": 60}})
    place = Place()
    for known, number, is_new in ((50, 75, True), (75, 55, True), (9, 61, True), (70, 50, False)):
        for inner, shape in shapes.unknown(known, place, "body"):
            inner.accept(shape)
        assert bool(shapes.unknown(number, place, "body")) is is_new, (known, number)
