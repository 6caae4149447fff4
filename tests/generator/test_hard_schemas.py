"""Schemas that are hard to satisfy have valid values all the same; those that none can satisfy say why."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mockserver.generator import Generator, NoValue

from .hard import COMPONENTS, HARD, IMPOSSIBLE, IMPOSSIBLE_COMPONENTS
from .judges import UNKNOWN_TO_PYTHON, Judges


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(COMPONENTS, seed=1)


def assert_valid(generator: Generator, name: str, times: int, *, second: bool) -> None:
    maker = generator.compile(HARD[name])
    judges = Judges(HARD[name], COMPONENTS, second=second and name not in UNKNOWN_TO_PYTHON)
    for key in range(times):
        value = maker.make(key)
        assert judges.complaints(value) == [], value


@pytest.mark.parametrize("name", HARD)
def test_every_value_of_a_hard_schema_is_valid(generator: Generator, name: str) -> None:
    """Whatever the key: by the server's validator, closed, and by Python's, which shares no code with it."""
    assert_valid(generator, name, 50, second=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", HARD)
def test_a_thousand_values_of_a_hard_schema_are_valid(generator: Generator, name: str) -> None:
    """What is rare in fifty values shows in a thousand."""
    assert_valid(generator, name, 1_000, second=False)


@pytest.mark.parametrize("name", HARD)
def test_the_same_seed_schema_and_key_give_the_same_value(generator: Generator, name: str) -> None:
    """In any order, from another generator, and after others have made theirs."""
    first = generator.compile(HARD[name])
    values = [first.make(key) for key in range(5)]
    second = Generator(COMPONENTS, seed=1).compile(HARD[name])
    assert [second.make(key) for key in reversed(range(5))] == values[::-1]
    assert [first.make(key) for key in range(5)] == values


def test_there_are_many_hard_schemas() -> None:
    """Enough of them to mean something, and every component is part of one."""
    assert len(HARD) >= 60
    text = repr(HARD) + repr(COMPONENTS)
    assert [name for name in COMPONENTS if f"schemas/{name}'" not in text] == []


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_a_schema_that_nothing_satisfies_says_so(name: str) -> None:
    """At once, in one line that names what is wrong."""
    schema, word = IMPOSSIBLE[name]
    generator = Generator(IMPOSSIBLE_COMPONENTS, seed=1)
    began = time.perf_counter()
    with pytest.raises(NoValue) as caught:
        generator.compile(schema)
    assert time.perf_counter() - began < 1
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_reason_names_the_place() -> None:
    """The author of a large schema does not have to search."""
    inner: dict[str, Any] = {"type": "integer", "minimum": 5, "maximum": 4}
    schema = {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": "object", "required": ["b"], "properties": {"b": inner}}},
    }
    with pytest.raises(
        NoValue,
        match="at /properties/a/properties/b: no value meets `minimum` and `maximum` together",
    ):
        Generator({}, seed=1).compile(schema)


def test_a_schema_that_only_open_answers_satisfy_says_that() -> None:
    """The mock sends only what is named: the sentence tells, for the schema itself looks right."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "minProperties": 2}
    with pytest.raises(
        NoValue, match="an answer of the mock holds no properties but those that the schema names"
    ):
        Generator({}, seed=1).compile(schema)
