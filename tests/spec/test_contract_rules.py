"""The rules of the contract: what every operation, response, schema and link has."""

import builtins
import re
from keyword import kwlist

import pytest
from openapi_spec_validator import validate

from .contract import (
    METHODS,
    ROOT,
    SPEC,
    Json,
    Operation,
    json_of,
    nodes,
    operations,
    reference_of,
    resolve,
    schemas,
)

OPERATIONS = {operation.id: operation for operation in operations()}
LINKS = [
    (operation, name, link) for operation in operations() for name, link in operation.links.items()
]

# The first word of an operationId. A new verb is a decision: use one of these if it fits.
VERBS = {
    "add",
    "change",
    "check",
    "confirm",
    "create",
    "disable",
    "get",
    "initiate",
    "list",
    "remove",
    "set",
    "update",
}
VERBS |= {"validate"}

GROUPS = {
    "Balance",
    "Deposits",
    "Auto-recharge",
    "Payment methods",
    "Promo codes",
    "Subscription",
    "Usage",
}
GROUPS |= {"Usage alerts", "Verification", "Audit log", "Invoices"}

# Every keyword that a schema may use. A new one is a decision: the mock, the contract kit and the
# docs must support it.
KEYWORDS = {"$ref", "type", "format", "pattern", "enum", "nullable", "default", "anyOf", "allOf"}
KEYWORDS |= {"minimum", "maximum", "minLength", "maxLength", "items", "minItems", "maxItems"}
KEYWORDS |= {"properties", "required", "additionalProperties", "title", "description", "example"}
KEYWORDS |= {"x-provenance", "x-description-provenance"}
KEYWORDS |= {"x-documented-keywords", "x-assumed-keywords"}

PROVENANCES = {"documented", "observed", "assumed"}

# The statuses of an operation that do not follow from its parameters and body.
DOMAIN_ERRORS = {
    "create_deposit": {"400"},
    "create_checkout_session": {"400"},
    "update_auto_recharge": {"400"},
    "add_payment_method": {"402", "409"},
    "remove_payment_method": {"409"},
    "change_plan": {"400", "402"},
    "initiate_verification": {"400"},
    "confirm_verification": {"404", "409", "410"},
}

RATE_LIMIT_HEADERS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
BALANCE_HEADERS = {"X-AlterLab-Balance", "X-AlterLab-Balance-Warning"}

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

# Names of Python, JavaScript and TypeScript that a generated class would shadow.
BUILT_INS = set(dir(builtins)) | set(kwlist) | {name.title() for name in kwlist}
BUILT_INS |= {"Any", "Optional", "Union", "Literal", "Path", "Decimal", "Enum", "UUID"}
BUILT_INS |= {"Array", "Boolean", "Date", "Error", "Event", "File", "Function", "Iterator", "JSON"}
BUILT_INS |= {"Map", "Math", "Number", "Object", "Promise", "Proxy", "RegExp", "Set", "String"}
BUILT_INS |= {"Symbol", "WeakMap", "WeakSet", "BigInt", "Blob", "FormData", "Headers", "Intl"}
BUILT_INS |= {"Location", "Notification", "Request", "Response", "URL", "Window", "Document"}
BUILT_INS |= {"Exclude", "Extract", "Omit", "Partial", "Pick", "Readonly", "Record", "Required"}
BUILT_INS |= {"Awaited", "NonNullable", "Parameters", "ReturnType", "Uppercase", "Lowercase"}

# The headers of every response: the rate limit, and whatever the contract adds to all responses.
EVERYWHERE = set.intersection(
    *(
        set(response.get("headers", {}))
        for operation in OPERATIONS.values()
        if operation.is_documented()
        for response in operation.responses.values()
    )
)

each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
each_link = pytest.mark.parametrize(
    ("operation", "link"),
    [(o, link) for o, _, link in LINKS],
    ids=[f"{o.id}-{name}" for o, name, _ in LINKS],
)


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


def points_to_something(schema: Json, pointer: str) -> bool:
    """Return whether a JSON pointer selects a value that a schema describes."""
    for key in pointer.strip("/").split("/"):
        schema = resolve(schema)
        if schema["type"] == "array" and key.isdigit():
            schema = schema["items"]
        elif key in schema.get("properties", {}):
            schema = schema["properties"][key]
        else:
            return False
    return True


# ------------------------------------------------------------------------------------- the document


def test_the_contract_is_valid_openapi() -> None:
    """The document is valid OpenAPI 3.0."""
    assert SPEC["openapi"] == "3.0.3"
    validate(SPEC)


def test_provenance_has_three_values() -> None:
    """A mark is one of documented, observed and assumed."""
    assert SPEC["x-provenance"] == "documented"
    assert {node["x-provenance"] for _, node in nodes() if "x-provenance" in node} <= PROVENANCES


def test_provenance_lists_name_keywords_and_properties_that_exist() -> None:
    """An object lists properties that have the keyword; another element lists its keywords."""
    for where, node in nodes():
        for field in ("x-documented-keywords", "x-assumed-keywords"):
            lists = node.get(field, {}) if where != "#" else {}
            if isinstance(lists, list):
                assert set(lists) <= node.keys(), where
                continue
            for keyword, names in lists.items():
                for name in names:
                    assert keyword in resolve(node["properties"][name]), (where, keyword, name)


def test_descriptions_of_our_own_are_marked() -> None:
    """`x-description-provenance` is `assumed`, and accompanies a description."""
    marked = [(where, node) for where, node in nodes() if "x-description-provenance" in node]
    assert {node["x-description-provenance"] for _, node in marked} == {"assumed"}
    assert [where for where, node in marked if "description" not in node] == []


def test_a_reference_has_no_siblings() -> None:
    """OpenAPI 3.0 ignores siblings of a `$ref`."""
    assert [where for where, node in nodes() if "$ref" in node and len(node) > 1] == []


def test_guides_are_distinct_from_the_documented_tag() -> None:
    """One tag is the page's; the others are guides of more than one paragraph."""
    documented, *guides = SPEC["tags"]
    assert (documented["name"], documented["description"]) == (
        "Billing",
        "API reference for billing endpoints.",
    )
    assert all(guide["x-traitTag"] and guide["x-provenance"] != "documented" for guide in guides)
    assert all(len(guide["description"].split("\n\n")) > 1 for guide in guides)


# --------------------------------------------------------------------------------------- operations


def test_operation_ids_are_unique() -> None:
    """Contract, handler and tests share the operationId."""
    assert len(OPERATIONS) == len(operations())


@each_operation
def test_operation_id_is_verb_and_noun(operation: Operation) -> None:
    """An operationId is a listed verb and a noun, in snake_case."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation.id)
    assert operation.id.partition("_")[0] in VERBS


@each_operation
def test_operation_is_described(operation: Operation) -> None:
    """A description is at least a sentence, and is marked as ours if the operation is not."""
    description = operation.node["description"].strip()
    assert description != operation.node["summary"]
    assert len(description.split()) >= 10
    assert description.endswith(".")
    if operation.is_documented():
        assert operation.node.get("x-description-provenance") == "assumed"


@each_operation
def test_every_write_says_whether_a_repeat_is_safe(operation: Operation) -> None:
    """There are no idempotency keys, so each write describes a repeat; a read is always safe."""
    described = re.search(
        r"^\*\*Repeating the request\*\* is (safe|harmless|not safe): ",
        operation.node["description"],
        re.M,
    )
    assert bool(described) == (operation.method != "get")


@pytest.mark.parametrize("operation_id", [id for id in OPERATIONS if id.startswith("update_")])
def test_a_replacement_says_that_it_replaces(operation_id: str) -> None:
    """A PUT gives an omitted field its default, and shows a body whose effect surprises."""
    description = " ".join(OPERATIONS[operation_id].node["description"].split())
    assert description.startswith("Replaces all settings. An omitted field takes its default")
    assert re.search(r"the body `\{.*?\}` (also|sets)", description)


@each_operation
def test_operation_shows_three_error_bodies(operation: Operation) -> None:
    """Beside each operation there are at least three examples of error bodies."""
    shown = [
        name
        for status, response in operation.responses.items()
        if status != "200"
        for name in response["content"]["application/json"]["examples"]
    ]
    assert len(shown) >= 3


@each_operation
def test_operation_is_grouped(operation: Operation) -> None:
    """An operation has the page's only tag and one of our groups."""
    assert operation.node["tags"] == ["Billing"]
    assert operation.node["x-group"] in GROUPS


def test_methods_are_in_published_order() -> None:
    """The methods of a path are in the published order: get, put or post, delete."""
    for path, item in SPEC["paths"].items():
        methods = [method for method in item if method in METHODS]
        assert methods == sorted(methods, key=["get", "put", "post", "delete"].index), path


@each_operation
def test_path_parameters_are_declared(operation: Operation) -> None:
    """Each `{name}` of a path is a required path parameter, and there are no others."""
    declared = {p["name"] for p in operation.parameters if p["in"] == "path" and p["required"]}
    assert declared == set(re.findall(r"{(\w+)}", operation.path))


# ---------------------------------------------------------------------------------------- responses


@each_operation
def test_statuses_follow_from_the_request(operation: Operation) -> None:
    """Statuses follow from the parameters and the body; domain errors are listed above."""
    places = {parameter["in"] for parameter in operation.parameters}
    expected = {"200", "401", "429"} | DOMAIN_ERRORS.get(operation.id, set())
    if places & {"query", "header"}:
        expected |= {"422"}
    if any(parameter["name"] == "X-Organization-Id" for parameter in operation.parameters):
        expected |= {"403", "422"}
    if operation.body:
        expected |= {"413", "415", "422"}
    if "path" in places:
        expected |= {"404"}
    assert set(operation.responses) == expected


@each_operation
def test_error_responses_are_components(operation: Operation) -> None:
    """Only the 200 is written inline; every error response is a component."""
    inline = [
        status for status, response in operation.node["responses"].items() if "$ref" not in response
    ]
    assert inline == ["200"]


@each_operation
def test_bodies_are_json_with_a_component_schema(operation: Operation) -> None:
    """The schema of a request or response body is a component; no other media type exists."""
    bodies = [response["content"] for response in operation.responses.values()]
    bodies += [operation.node["requestBody"]["content"]] if operation.body else []
    for body in bodies:
        assert set(body) == {"application/json"}
        assert set(body["application/json"]["schema"]) == {"$ref"}


@each_operation
def test_error_bodies_have_a_shared_schema(operation: Operation) -> None:
    """A 422 lists problems, a 402 may include amounts, every other error is one message."""
    envelopes = {"422": "ValidationError", "402": "PaymentRequired"}
    for status, response in operation.responses.items():
        if status != "200":
            name = response["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert name == envelopes.get(status, "ApiError")


@each_operation
def test_headers_are_shared_and_complete(operation: Operation) -> None:
    """The balance comes with every status but 401, Retry-After with 429, the others always."""
    for status, response in operation.responses.items():
        expected = set(EVERYWHERE)
        if status != "401":
            expected |= BALANCE_HEADERS
        if status == "429":
            expected |= {"Retry-After"}
        assert set(response["headers"]) == expected, status
        assert all(set(header) == {"$ref"} for header in response["headers"].values())


def test_every_response_has_the_rate_limit() -> None:
    """Headers of every response include the rate limit, but not the balance."""
    assert RATE_LIMIT_HEADERS <= EVERYWHERE
    assert not BALANCE_HEADERS & EVERYWHERE


def test_headers_that_are_always_sent_are_required() -> None:
    """Only the balance may be absent: an unauthenticated response has none."""
    required = {
        name for name, header in SPEC["components"]["headers"].items() if header.get("required")
    }
    assert required == EVERYWHERE | {"Retry-After"}


# ----------------------------------------------------------------------------------------- examples


@each_operation
def test_bodies_have_named_examples(operation: Operation) -> None:
    """Requests, successes and errors each have a named example with a summary."""
    media = [response["content"]["application/json"] for response in operation.responses.values()]
    media += [operation.body] if operation.body else []
    for body in media:
        assert body["examples"]
        assert all({"summary", "value"} == set(example) for example in body["examples"].values())


@each_operation
def test_request_examples_have_responses(operation: Operation) -> None:
    """Each request example has a success example of the same name."""
    if operation.body:
        assert operation.body["examples"].keys() <= operation.success["examples"].keys()


@each_operation
def test_parameters_have_examples_and_descriptions(operation: Operation) -> None:
    """A parameter has an example and a description."""
    assert all(
        "example" in parameter and "description" in parameter for parameter in operation.parameters
    )


def test_headers_have_examples_and_descriptions() -> None:
    """A header has an example and a description."""
    assert all(
        "example" in header and "description" in header
        for header in SPEC["components"]["headers"].values()
    )


# ------------------------------------------------------------------------------------------ schemas


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


# -------------------------------------------------------------------------------------------- links


def test_links_are_components() -> None:
    """Every link is a component, and every component link is used."""
    used = set()
    for operation in operations():
        for name, link in operation.responses.get("200", {}).get("links", {}).items():
            assert link == {"$ref": f"#/components/links/{name}"}
            used.add(name)
    assert used == set(SPEC["components"]["links"])


@pytest.mark.parametrize(
    "link", SPEC["components"]["links"].values(), ids=list(SPEC["components"]["links"])
)
def test_link_matches_its_operation(link: Json) -> None:
    """A link gives its operation all required parameters and properties, and no unknown ones."""
    target = OPERATIONS[link["operationId"]]
    parameters = link.get("parameters", {})
    assert set(parameters) <= {parameter["name"] for parameter in target.parameters}
    assert {
        parameter["name"] for parameter in target.parameters if parameter.get("required")
    } <= set(parameters)
    body = link.get("requestBody", {})
    if target.body and target.node["requestBody"]["required"]:
        schema = resolve(target.body["schema"])
        assert set(schema.get("required", [])) <= set(body) <= set(schema["properties"])
    else:
        assert body == {}


@each_link
def test_link_expressions_select_existing_values(operation: Operation, link: Json) -> None:
    """A runtime expression points into the request or response of its source operation."""
    values = [*link.get("parameters", {}).values(), *link.get("requestBody", {}).values()]
    for expression in (
        value for value in values if isinstance(value, str) and value.startswith("$")
    ):
        source, _, pointer = expression.partition("#")
        if source == "$response.body":
            assert points_to_something(operation.success["schema"], pointer)
        elif source == "$request.body":
            assert operation.body is not None
            assert points_to_something(operation.body["schema"], pointer)
        else:
            assert expression in {f"$request.{p['in']}.{p['name']}" for p in operation.parameters}
