"""The rules of the contract's schemas: keywords, types, descriptions, shared schemas and names."""

import re

import pytest

from mockserver.contract.lint_rules import BUILT_INS

from .contract import (
    ROOT,
    SPEC,
    Json,
    json_of,
    operations,
    reference_of,
    resolve,
    schemas,
)

# Every keyword that a schema may use. A new one is a decision: the mock, the contract kit and the
# docs must support it.
KEYWORDS = {"$ref", "type", "format", "pattern", "enum", "nullable", "default", "anyOf", "allOf"}
KEYWORDS |= {"minimum", "maximum", "minLength", "maxLength", "items", "minItems", "maxItems"}
KEYWORDS |= {"properties", "required", "additionalProperties", "title", "description", "example"}
KEYWORDS |= {"x-provenance", "x-description-provenance"}
KEYWORDS |= {"x-documented-keywords", "x-assumed-keywords"}

# The shared schema of a response field, by its name; the first match counts.
SHARED = [
    (r"(\w+_)?stripe_payment_method_id", "StripePaymentMethodId"),
    (r"session_id", "CheckoutSessionId"),
    (r"id|\w+_id", "Uuid"),
    (r"\w+_at|(current_)?period_(start|end)|as_of", "Timestamp"),
    (r"\w+_microcents", "Microcents"),
    (r"\w+_cents", "Cents"),
    (r"\w+_display", "MoneyDisplay"),
    (r"\w*url", "AbsoluteUrl"),
    (r"date", "CalendarDate"),
]
OTHER_IDS = {
    ("SetupIntent", "id"),  # of Stripe
    ("Subscription", "price_id"),  # of the catalogue
    ("CreditTransaction", "reference_id"),  # of a session, a job or a promo code
}


def essence(schema: Json) -> Json:
    """Return what a schema accepts, except null."""
    ignored = ("nullable", "description", "example", "x-provenance")
    return {key: value for key, value in resolve(schema).items() if key not in ignored}


def response_schemas() -> dict[str, Json]:
    """Return the object schemas that responses refer to, by name."""
    found: dict[str, Json] = {}

    def collect(node: object) -> None:
        if isinstance(node, dict):
            if "$ref" in node and (name := node["$ref"].rpartition("/")[2]) not in found:
                found[name] = resolve(node)
                collect(found[name])
            for value in node.values():
                collect(value)
        elif isinstance(node, list):
            for value in node:
                collect(value)

    for operation in operations():
        for response in operation.responses.values():
            collect(json_of(response))
    return {name: schema for name, schema in found.items() if schema.get("type") == "object"}


def test_schemas_use_known_keywords() -> None:
    """A schema uses only listed keywords."""
    assert {
        where: set(schema) - KEYWORDS for where, schema in schemas() if set(schema) - KEYWORDS
    } == {}


def test_schemas_have_one_type() -> None:
    """A schema has exactly one of type, reference, anyOf and allOf."""
    kinds = {"type", "$ref", "anyOf", "allOf"}
    assert [where for where, schema in schemas() if len(schema.keys() & kinds) != 1] == []


def test_all_of_is_a_reference_with_a_description() -> None:
    """OpenAPI 3.0 ignores a description beside a `$ref`, so the reference is in an `allOf`."""
    described = [schema for _, schema in schemas() if "allOf" in schema]
    assert described
    for schema in described:
        assert [set(part) for part in schema["allOf"]] == [{"$ref"}]
        assert set(schema) <= {"allOf", "description", "x-provenance"}
        assert not {"nullable", "default", "enum"} & set(schema)


def test_nullable_enums_name_null() -> None:
    """An enum is nullable if and only if null is one of its values."""
    enums = [(where, schema) for where, schema in schemas() if "enum" in schema]
    assert [
        where
        for where, schema in enums
        if (None in schema["enum"]) != schema.get("nullable", False)
    ] == []


def test_any_of_is_rare() -> None:
    """Only a location in a 422 and a detail of the audit log have several types."""
    choices = {
        where.rpartition("/properties/")[2] for where, schema in schemas() if "anyOf" in schema
    }
    assert choices == {"loc/items", "details/additionalProperties"}


def test_component_schemas_are_described() -> None:
    """Every component schema has a description."""
    components = SPEC["components"]["schemas"]
    assert [name for name, schema in components.items() if not is_sentence(schema)] == []


def test_every_property_is_described_at_its_place() -> None:
    """Each property of a request or response has a sentence of its own, not only that of a type."""
    properties = [(w, schema) for w, schema in schemas() if "/properties/" in w]
    ends = re.compile(r".*/properties/\w+")
    silent = [w for w, schema in properties if ends.fullmatch(w) and not is_sentence(schema)]
    assert len(properties) > 200
    assert silent == []


def is_sentence(schema: Json) -> bool:
    """Return whether a schema is described by some words; those of the page have no full stop."""
    description = schema.get("description", "").strip()
    is_ours = description.endswith(".") and len(description.split()) > 1
    return is_ours or (len(description.split()) > 1 and "x-description-provenance" not in schema)


def test_names_of_components_shadow_no_built_in() -> None:
    """A class that a generator names after a component hides nothing of Python or TypeScript."""
    assert {name for name in SPEC["components"]["schemas"] if name in BUILT_INS} == set()


@pytest.mark.parametrize("word", [r"mock", r"control API", r"/_mock", r"sk_test_\w+"])
def test_the_contract_does_not_speak_of_the_mock(word: str) -> None:
    """The contract is the vendor's: nothing in it describes the mock or its test keys."""
    text = (ROOT / "spec" / "openapi.yaml").read_text(encoding="utf-8")
    assert re.findall(rf".*\b{word}\b.*" if word.isalpha() else rf".*{word}.*", text, re.I) == []


@pytest.mark.parametrize(
    ("name", "schema"), response_schemas().items(), ids=list(response_schemas())
)
def test_response_fields_are_all_present_and_open(name: str, schema: Json) -> None:
    """Every field is required, if only as null; further fields are allowed."""
    # The amounts of a 402 are the only optional fields.
    optional = {"balance_dollars", "required_dollars"} if name == "PaymentRequired" else set()
    assert set(schema["required"]) == set(schema["properties"]) - optional
    assert "additionalProperties" not in schema


@pytest.mark.parametrize(
    ("name", "schema"), response_schemas().items(), ids=list(response_schemas())
)
def test_response_fields_share_their_schemas(name: str, schema: Json) -> None:
    """Ids, amounts, timestamps and URLs use the shared schemas, or equal ones with a mark."""
    for field, prop in schema["properties"].items():
        shared = next((target for pattern, target in SHARED if re.fullmatch(pattern, field)), None)
        if shared and (name, field) not in OTHER_IDS:
            assert essence(prop) == essence(SPEC["components"]["schemas"][shared]), field
            assert reference_of(prop) or "x-provenance" in prop or prop["nullable"], field


def test_nullable_schemas_equal_their_counterparts() -> None:
    """`NullableX` is `X` or null."""
    components = SPEC["components"]["schemas"]
    nullables = {
        name: name.removeprefix("Nullable") for name in components if name.startswith("Nullable")
    }
    assert nullables
    for nullable, name in nullables.items():
        assert components[nullable]["nullable"] is True
        assert essence(components[nullable]) == essence(components[name])
