"""Random schemas: each generated value is valid, or the schema is reported to have none."""

from __future__ import annotations

from collections import Counter
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.generator import Generator, Maker, NoValue
from mockserver.openapi.schemas import ResponseSchemas, compile_schema, standalone

Schema = dict[str, Any]
NAMES = st.sampled_from(["a", "b", "c", "email", "amount_cents"])
REFERENCES = st.sampled_from([{"$ref": f"#/components/schemas/{name}"} for name in "RST"])
VALUES = st.sampled_from([1, "a", None, True, 2.5, [], {}, "b", [1], {"a": 1}])
PATTERNS = st.sampled_from(
    [r"^[a-z]+$", r"^\d{3}-\d{2}$", "foo", r"^(a|bc)*$", r"^(?=.*\d).+$", "x$", r"^\S+@\S+$"]
)
FORMATS = st.sampled_from(
    ["date", "date-time", "email", "uuid", "uri", "ipv4", "hostname", "byte", "made-up"]
)
SMALL = st.integers(0, 6)


def keywords(fixed: Schema, /, **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Schema]:
    always: dict[str, st.SearchStrategy[Any]] = {
        key: st.just(value) for key, value in fixed.items()
    }
    return st.fixed_dictionaries(always, optional={**optional, "nullable": st.just(True)})


STRINGS = keywords(
    {"type": "string"},
    minLength=SMALL,
    maxLength=st.integers(0, 20),
    pattern=PATTERNS,
    format=FORMATS,
)
NUMBERS = keywords(
    {},
    minimum=st.sampled_from([0, -5, 3, 0.5, 10**12, -0.001]),
    maximum=st.sampled_from([10, 5, 4, 100, 0, 10**13, 7.25]),
    multipleOf=st.sampled_from([1, 2, 3, 5, 0.5, 0.1, 0.01, 2.5]),
).flatmap(
    lambda bounds: st.fixed_dictionaries(
        {
            "type": st.sampled_from(["integer", "number"]),
            **{key: st.just(value) for key, value in bounds.items()},
        },
        optional={
            f"exclusive{key.title()}": st.booleans()
            for key in ("minimum", "maximum")
            if key in bounds
        },
    )
)
ENUMS = st.lists(VALUES, min_size=1, max_size=4, unique_by=repr).map(
    lambda values: {"enum": values}
)
LEAVES = st.one_of(STRINGS, NUMBERS, ENUMS, REFERENCES, st.just({"type": "boolean"}), st.just({}))


def larger(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    some = st.lists(inner, min_size=1, max_size=3)
    properties = st.dictionaries(NAMES, inner, max_size=3)
    objects = keywords(
        {"type": "object"},
        properties=properties,
        required=st.lists(NAMES, min_size=1, max_size=2, unique=True),
        minProperties=st.integers(0, 4),
        maxProperties=st.integers(1, 4),
        additionalProperties=st.one_of(st.booleans(), inner),
    )
    arrays = keywords(
        {"type": "array"}, items=inner, minItems=SMALL, maxItems=SMALL, uniqueItems=st.booleans()
    )
    choices = st.sampled_from(["allOf", "oneOf", "anyOf"]).flatmap(
        lambda key: st.fixed_dictionaries(
            {key: some}, optional={"properties": properties, "not": inner}
        )
    )
    return st.one_of(objects, arrays.map(lambda schema: {"items": {}, **schema}), choices)


SCHEMAS = st.recursive(LEAVES, larger, max_leaves=8)
COMPONENTS = st.fixed_dictionaries(
    {name: SCHEMAS.filter(lambda schema: "$ref" not in schema) for name in "RST"}
)


def compiled(schema: Schema, components: Schema) -> Maker | NoValue:
    try:
        return Generator(components, seed=1).compile(schema)
    except NoValue as error:
        return error


def is_proven_satisfiable(schema: Schema, components: Schema) -> bool:
    """Return whether jsonschema-rs proves that a value exists."""
    document = standalone(schema, ResponseSchemas(components))
    canonical = jsonschema_rs.canonicalize(
        document, draft=jsonschema_rs.Draft4, validate_formats=True
    )
    return canonical.satisfiability() is jsonschema_rs.canonical.Satisfiability.YES


def assert_all_valid(schema: Schema, components: Schema, maker: Maker) -> None:
    validators = [compile_schema(schema, components, closed=closed) for closed in (True, False)]
    for key in range(5):
        value = maker.make(key)
        assert all(validator.is_valid(value) for validator in validators), (
            value,
            schema,
            components,
        )


@given(schema=SCHEMAS, components=COMPONENTS)
@settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_value_of_any_schema_is_valid(schema: Schema, components: Schema) -> None:
    """NoValue is raised only if no value is proven to exist."""
    maker = compiled(schema, components)
    if isinstance(maker, NoValue):
        assert not is_proven_satisfiable(schema, components), f"{maker}: {schema} {components}"
    else:
        assert_all_valid(schema, components, maker)


@pytest.mark.slow
def test_failing_to_find_a_value_is_rare() -> None:
    """Values are found for nearly all of a thousand random schemas that are not contradictory."""
    outcomes: Counter[str] = Counter()

    @given(schema=SCHEMAS, components=COMPONENTS)
    @settings(
        max_examples=1_000,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def count(schema: Schema, components: Schema) -> None:
        maker = compiled(schema, components)
        if isinstance(maker, Maker):
            outcomes["made"] += 1
            assert_all_valid(schema, components, maker)
        else:
            outcomes["proven to have none" if "no value meets" in str(maker) else "none found"] += 1

    count()
    assert outcomes["none found"] <= 0.03 * outcomes.total()
    assert outcomes["made"] >= 0.7 * outcomes.total()
