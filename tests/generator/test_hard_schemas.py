"""Hard schemas have valid values; unsatisfiable schemas are rejected with a reason."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mockserver.generator import Generator, NoValue

from .hard import COMPONENTS, HARD, IMPOSSIBLE, IMPOSSIBLE_COMPONENTS
from .validators import UNSUPPORTED_IN_PYTHON, BothValidators


@pytest.fixture(scope="module")
def generator() -> Generator:
    return Generator(COMPONENTS, seed=1)


def assert_valid(generator: Generator, name: str, times: int, *, second: bool) -> None:
    maker = generator.compile(HARD[name])
    validators = BothValidators(
        HARD[name], COMPONENTS, second=second and name not in UNSUPPORTED_IN_PYTHON
    )
    for key in range(times):
        value = maker.make(key)
        assert validators.errors(value) == [], value


@pytest.mark.parametrize("name", HARD)
def test_every_value_of_a_hard_schema_is_valid(generator: Generator, name: str) -> None:
    """The server's closed validator and Python's accept the value of every key."""
    assert_valid(generator, name, 50, second=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", HARD)
def test_a_thousand_values_of_a_hard_schema_are_valid(generator: Generator, name: str) -> None:
    """Failures that are rare in fifty values show in a thousand."""
    assert_valid(generator, name, 1_000, second=False)


@pytest.mark.parametrize("name", HARD)
def test_the_same_seed_schema_and_key_give_the_same_value(generator: Generator, name: str) -> None:
    """The order of keys, another generator and other schemas make no difference."""
    first = generator.compile(HARD[name])
    values = [first.make(key) for key in range(5)]
    second = Generator(COMPONENTS, seed=1).compile(HARD[name])
    assert [second.make(key) for key in reversed(range(5))] == values[::-1]
    assert [first.make(key) for key in range(5)] == values


def test_there_are_many_hard_schemas() -> None:
    """There are at least 60 hard schemas, and every component is used by one."""
    assert len(HARD) >= 60
    text = repr(HARD) + repr(COMPONENTS)
    assert [name for name in COMPONENTS if f"schemas/{name}'" not in text] == []


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_an_unsatisfiable_schema_is_rejected_with_a_reason(name: str) -> None:
    """The reason is one line, names the cause and comes within a second."""
    schema, word = IMPOSSIBLE[name]
    generator = Generator(IMPOSSIBLE_COMPONENTS, seed=1)
    began = time.perf_counter()
    with pytest.raises(NoValue) as caught:
        generator.compile(schema)
    assert time.perf_counter() - began < 1
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_reason_names_the_location() -> None:
    """The reason contains the pointer of the contradicting keywords."""
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


def test_a_schema_that_only_open_responses_satisfy_is_rejected() -> None:
    """The reason says that responses contain only documented properties."""
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "minProperties": 2}
    with pytest.raises(
        NoValue, match="responses may contain only the properties that the schema names"
    ):
        Generator({}, seed=1).compile(schema)
