"""Generated values are plausible, follow hints, stay small and omit write-only fields."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from mockserver.generator import Generator, Maker, NoValue

from .hard import COMPONENTS, HARD, many, ref, text, thing, whole

Schema = dict[str, Any]
KEYS = range(200)


def compiled(schema: Schema, components: Schema | None = None, seed: int = 1) -> Maker:
    return Generator(components or {}, seed).compile(schema)


def values(schema: Schema, components: Schema | None = None) -> list[Any]:
    maker = compiled(schema, components)
    return [maker.make(key) for key in KEYS]


def property_values(name: str, schema: Schema) -> list[Any]:
    return [value[name] for value in values(thing(name, **{name: schema}))]


def test_another_seed_gives_another_value() -> None:
    """The seed determines the value."""
    schema = thing("name", "email", name=text(), email=text())
    assert compiled(schema, seed=1).make("k") != compiled(schema, seed=2).make("k")
    assert compiled(schema, seed=1).make("k") == compiled(schema, seed=1).make("k")


@pytest.mark.slow
def test_another_process_makes_the_same_value() -> None:
    """Values do not depend on hash seeds or memory addresses."""
    script = (
        "from mockserver.generator import Generator\n"
        "from tests.generator.hard import COMPONENTS, HARD\n"
        "generator = Generator(COMPONENTS, 1)\n"
        "names = 'every format', 'a tree', 'names by pattern'\n"
        "print([generator.compile(HARD[name]).make(1) for name in names])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_schema_may_come_from_yaml() -> None:
    """Unquoted dates and numeric property names are accepted."""
    schema = {
        "type": "object",
        "required": ["1"],
        "properties": {1: text(format="date", example=date(2026, 3, 14))},
    }
    assert "2026-03-14" in {value["1"] for value in values(schema)}
    assert set(values({"type": "string", "enum": [date(2026, 3, 14)]})) == {"2026-03-14"}


def test_a_reference_must_name_a_component_schema() -> None:
    """The error names the missing component."""
    with pytest.raises(
        NoValue, match="a reference names 'Nobody', which is not a component schema"
    ):
        compiled(many(ref("Nobody")))


def test_changing_a_value_does_not_change_others() -> None:
    """Enum values and examples are copied."""
    maker = compiled({"enum": [{"a": [1]}]})
    maker.make(1)["a"].append(2)
    assert maker.make(1) == {"a": [1]}


@pytest.mark.parametrize("name", ["Tree", "Folder", "Even", "Expression", "Wide", "Chain"])
def test_recursion_ends(name: str) -> None:
    """Recursive schemas produce values of limited depth and size."""
    maker = compiled(ref(name), COMPONENTS)
    for value in map(maker.make, range(50)):
        assert depth(value) <= 25
        assert sum(1 for _ in walk(value)) <= 500


def test_required_write_only_properties_are_left_out() -> None:
    """A password is required in requests and absent from responses."""
    for value in values(ref("Login"), COMPONENTS):
        assert value.keys() == {"user"}


def test_optional_properties_are_usually_present() -> None:
    """Optional properties are present in more than 70 % of the values, but not in all."""
    there = sum("b" in value for value in values(thing("a", a=whole(), b=whole())))
    assert 0.7 * len(KEYS) < there < len(KEYS)


def test_nullable_values_are_sometimes_null() -> None:
    """About one nullable value in ten is null."""
    nulls = sum(value is None for value in values(text(nullable=True)))
    assert 0 < nulls < 0.25 * len(KEYS)


def test_lists_have_several_items_and_are_sometimes_empty() -> None:
    """A user interface has to show both."""
    lengths = {len(value) for value in values(many(whole()))}
    assert {0, 1, 2, 3} <= lengths
    assert max(lengths) <= 5


def test_required_items_are_generated_whatever_their_number() -> None:
    """The step limit applies only to optional parts."""
    value = compiled(many(thing("id", id=whole()), minItems=5_000, uniqueItems=False)).make(1)
    assert len(value) >= 5_000


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (many(text(), minItems=10**9, uniqueItems=False), "minItems exceeds 5,000"),
        ({"type": "object", "minProperties": 10**9}, "minProperties exceeds 5,000"),
        (text(minLength=10**12), "minLength exceeds 100,000"),
        (thing("a", a=text(minLength=10**12)), "minLength exceeds 100,000"),
        (many(text(minLength=90_000), minItems=12, uniqueItems=False), "no value was found"),
        (
            many(many(whole(), minItems=500, uniqueItems=False), minItems=500, uniqueItems=False),
            "no value was found",
        ),
    ],
)
def test_values_beyond_the_bounds_are_not_generated(schema: Schema, reason: str) -> None:
    """A large minimum takes neither time nor memory: the schema has no value, for a reason."""
    begun = time.process_time()
    with pytest.raises(NoValue, match=reason):
        compiled(schema)
    assert time.process_time() - begun < 3


def test_an_optional_part_beyond_the_bounds_is_left_out() -> None:
    """Only the part has no value."""
    large = many(text(), minItems=10**9)
    assert "large" not in compiled(thing("id", id=text(), large=large)).make(1)


PLAUSIBLE = {
    "email": r"[\w.'-]+@example\.com",
    "userEmail": r"[\w.'-]+@example\.com",
    "first_name": r"[A-Z][a-z]+",
    "phone": r"\+1555\d{7}",
    "currency": r"[A-Z]{3}",
    "country": r"[A-Z]{2}",
    "url": r"https://\S+",
    "website": r"https://\S+",
    "created_at": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "createdAt": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "birthday": r"\d{4}-\d\d-\d\d",
    "zip_code": r"\d{5}",
    "last4": r"\d{4}",
    "description": r"[A-Z][^.]+\.",
    "plan_name": r"[A-Z][a-z]* [A-Z][a-z]*",
    "city": r"[A-Z][A-Za-z' -]+",
    "amount_display": r"\$[\d,]+\.\d\d",
}


@pytest.mark.parametrize(("name", "pattern"), PLAUSIBLE.items(), ids=PLAUSIBLE)
def test_a_string_matches_its_property_name(name: str, pattern: str) -> None:
    """A plain string is what its name suggests."""
    for value in property_values(name, text()):
        assert re.fullmatch(pattern, value), value


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("month", 1, 12),
        ("amount_cents", 0, 200_000),
        ("age", 18, 90),
        ("page", 1, 5),
        ("percent", 0, 100),
        ("exp_year", 2024, 2032),
    ],
)
def test_an_integer_matches_its_property_name(name: str, least: int, most: int) -> None:
    """A plain integer is in the range that its name suggests."""
    found = property_values(name, whole())
    assert all(least <= value <= most for value in found)
    assert len(set(found)) > 1


def test_the_schema_overrides_the_property_name() -> None:
    """A pattern or bound takes precedence over the name."""
    assert set(property_values("email", text(pattern="^(yes|no)$"))) == {"yes", "no"}
    assert all(
        value >= 5_000_000 for value in property_values("amount_cents", whole(minimum=5_000_000))
    )
    assert all(value % 7 == 0 for value in property_values("month", whole(multipleOf=7)))


def test_times_are_in_utc() -> None:
    """Times without other constraints end in ``Z``."""
    for value in values(text(format="date-time")):
        assert value.endswith("Z")
        datetime.fromisoformat(value)


def test_a_valid_example_is_sometimes_used() -> None:
    """An example that the schema rejects is never used."""
    found = values(text(example="insufficient_funds"))
    assert 0 < found.count("insufficient_funds") < len(found)
    assert "insufficient_funds" not in values(text(example="insufficient_funds", maxLength=5))


def test_x_faker_selects_a_faker_provider() -> None:
    """A provider takes keyword or positional arguments."""
    assert all(
        re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]+", value)
        for value in values(text(**{"x-faker": "iban"}))
    )
    with_names = whole(**{"x-faker": {"pyint": {"min_value": 3, "max_value": 5}}})
    in_order = whole(**{"x-faker": {"random_int": [3, 5]}})
    assert set(values(with_names)) == set(values(in_order)) == {3, 4, 5}


def test_faker_results_become_json() -> None:
    """Dates, decimals and tuples are converted to JSON types."""
    schema = thing(
        "day", "price", "place",
        day=text(format="date", **{"x-faker": "date_object"}),
        price={"type": "number", "x-faker": {"pydecimal": {"left_digits": 3, "right_digits": 2}}},
        place=many(text(), **{"x-faker": "location_on_land"}),
    )  # fmt: skip
    value = compiled(schema).make(1)
    assert [type(item) for item in value.values()] == [str, float, list]
    assert len(value["place"]) == 5


def test_a_misspelt_provider_is_reported_with_a_suggestion() -> None:
    """This includes providers in nested schemas."""
    with pytest.raises(
        NoValue, match="x-faker names 'emial', which is not a Faker provider: did you mean 'email'"
    ):
        compiled(many(thing("a", a=text(**{"x-faker": "emial"}))))


def test_the_discriminator_identifies_the_branch() -> None:
    """The value comes from the mapping, or is the name of the component."""
    for value in values(HARD["discriminator with a mapping"], COMPONENTS):
        assert ("last4" in value) == (value["type"] == "credit")
    for pets in values(HARD["discriminator of a base"], COMPONENTS):
        assert all(
            ("lives" in pet, "bark" in pet) == (pet["kind"] == "Cat", pet["kind"] == "Dog")
            for pet in pets
        )


def test_int32_is_respected_although_validators_ignore_it() -> None:
    """A larger integer would overflow in some client languages."""
    schema = {"type": "integer", "format": "int32", "minimum": 2_147_483_000}
    assert all(value <= 2_147_483_647 for value in values(schema))


def test_every_branch_is_taken() -> None:
    """Every branch of ``oneOf`` is generated for some key."""
    schema = {"oneOf": [ref("Card"), ref("Bank"), {"enum": ["cash"]}]}
    kinds = {
        value if isinstance(value, str) else value["type"] for value in values(schema, COMPONENTS)
    }
    assert {"bank", "cash"} < kinds


def walk(value: Any) -> Iterator[Any]:
    yield value
    for item in (
        value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    ):
        yield from walk(item)


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(depth, inner), default=0)
