"""The house rules of the contract: what every operation, response, schema and link has."""

import re

import pytest
from openapi_spec_validator import validate

from .contract import METHODS, SPEC, Json, Operation, nodes, operations, resolve, schemas

OPERATIONS = {operation.id: operation for operation in operations()}
LINKS = [
    (operation, name, link) for operation in operations() for name, link in operation.links.items()
]

# The first word of an operationId. A new verb is a decision: is there really none that fits?
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

# Every keyword that a schema may use. A new one is a decision: the mock, the contract kit and the docs must know it.
KEYWORDS = {"$ref", "type", "format", "pattern", "enum", "nullable", "default", "anyOf"}
KEYWORDS |= {"minimum", "maximum", "minLength", "maxLength", "items", "minItems", "maxItems"}
KEYWORDS |= {"properties", "required", "additionalProperties", "title", "description", "example"}
KEYWORDS |= {"x-provenance", "x-description-provenance"}

GRADES = {"documented", "observed", "assumed"}

# What an operation can answer beyond that which follows from its parameters and its body.
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

# Which shared schema a response field is written with, by its name; the first that matches.
SHARED = [
    (r"(\w+_)?stripe_payment_method_id", "StripePaymentMethodId"),
    (r"session_id", "CheckoutSessionId"),
    (r"id|\w+_id", "Uuid"),
    (r"\w+_at|(current_)?period_(start|end)|as_of", "Timestamp"),
    (r"\w+_microcents", "Microcents"),
    (r"\w+_cents", "Cents"),
    (r"\w+_display", "MoneyDisplay"),
    (r"\w*url", "AbsoluteUrl"),
    (r"date", "Date"),
]
NOT_OURS = {
    ("SetupIntent", "id"),  # Stripe's
    ("Subscription", "price_id"),  # the catalogue's
    ("CreditTransaction", "reference_id"),  # a session, a job or a promo code
}

each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=list(OPERATIONS))
each_link = pytest.mark.parametrize(
    ("operation", "link"),
    [(o, link) for o, _, link in LINKS],
    ids=[f"{o.id}-{name}" for o, name, _ in LINKS],
)


def essence(schema: Json) -> Json:
    """What a schema accepts, null aside."""
    aside = ("nullable", "description", "example", "x-provenance")
    return {key: value for key, value in resolve(schema).items() if key not in aside}


def response_schemas() -> dict[str, Json]:
    """The components that responses are made of, by name."""
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
            collect(response["content"]["application/json"]["schema"])
    return {name: schema for name, schema in found.items() if schema["type"] == "object"}


def points_to_something(schema: Json, pointer: str) -> bool:
    """Whether a JSON pointer leads somewhere in the values of a schema."""
    for key in pointer.strip("/").split("/"):
        schema = resolve(schema)
        if schema["type"] == "array" and key.isdigit():
            schema = schema["items"]
        elif key in schema.get("properties", {}):
            schema = schema["properties"][key]
        else:
            return False
    return True


# ------------------------------------------------------------------------------------------------------- the document


def test_the_contract_is_valid_openapi() -> None:
    """The document obeys the OpenAPI 3.0 specification."""
    assert SPEC["openapi"] == "3.0.3"
    validate(SPEC)


def test_provenance_has_three_grades() -> None:
    """A mark is one of documented, observed and assumed."""
    assert SPEC["x-provenance"] == "documented"
    assert {node["x-provenance"] for _, node in nodes() if "x-provenance" in node} <= GRADES


def test_words_of_ours_are_marked_beside_them() -> None:
    """`x-description-provenance` is `assumed`, and stands beside a description."""
    marked = [(where, node) for where, node in nodes() if "x-description-provenance" in node]
    assert {node["x-description-provenance"] for _, node in marked} == {"assumed"}
    assert [where for where, node in marked if "description" not in node] == []


def test_a_reference_stands_alone() -> None:
    """OpenAPI 3.0 ignores what stands beside a `$ref`, so nothing does."""
    assert [where for where, node in nodes() if "$ref" in node and len(node) > 1] == []


def test_guides_are_told_from_the_documented_tag() -> None:
    """One tag is the page's; the others are guides of ours with more than a line to say."""
    documented, *guides = SPEC["tags"]
    assert (documented["name"], documented["description"]) == (
        "Billing",
        "API reference for billing endpoints.",
    )
    assert all(guide["x-traitTag"] and guide["x-provenance"] != "documented" for guide in guides)
    assert all(len(guide["description"].split("\n\n")) > 1 for guide in guides)


# --------------------------------------------------------------------------------------------------------- operations


def test_operation_ids_are_unique() -> None:
    """An operationId is one grep: specification, handler and test share the word."""
    ids = [operation.id for operation in operations()]
    assert len(ids) == len(set(ids)) == 29


@each_operation
def test_operation_id_is_verb_and_noun(operation: Operation) -> None:
    """An operationId is a verb of the list and a noun, in snake_case."""
    assert re.fullmatch(r"[a-z]+(_[a-z]+)+", operation.id)
    assert operation.id.partition("_")[0] in VERBS


@each_operation
def test_operation_is_described(operation: Operation) -> None:
    """An operation's description is at least a sentence, in our words, and more than its summary."""
    description = operation.node["description"].strip()
    assert description != operation.node["summary"]
    assert len(description.split()) >= 10
    assert description.endswith(".")
    assert operation.node["x-description-provenance"] == "assumed"


@each_operation
def test_operation_is_grouped(operation: Operation) -> None:
    """An operation has the page's one tag and a group of ours."""
    assert operation.node["tags"] == ["Billing"]
    assert operation.node["x-group"] in GROUPS


def test_methods_stand_in_published_order() -> None:
    """The methods of a path stand as they are published: get, put or post, delete."""
    for path, item in SPEC["paths"].items():
        methods = [method for method in item if method in METHODS]
        assert methods == sorted(methods, key=["get", "put", "post", "delete"].index), path


@each_operation
def test_path_parameters_are_declared(operation: Operation) -> None:
    """Each `{name}` of a path is a required parameter, and there are no others in the path."""
    declared = {p["name"] for p in operation.parameters if p["in"] == "path" and p["required"]}
    assert declared == set(re.findall(r"{(\w+)}", operation.path))


# ---------------------------------------------------------------------------------------------------------- responses


@each_operation
def test_statuses_follow_from_the_request(operation: Operation) -> None:
    """What an operation answers follows from its parameters and body, and from a short list of domain errors."""
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
def test_errors_are_shared(operation: Operation) -> None:
    """An error response stands in the components and is referred to."""
    inline = [
        status for status, response in operation.node["responses"].items() if "$ref" not in response
    ]
    assert inline == ["200"]


@each_operation
def test_response_schemas_are_shared(operation: Operation) -> None:
    """A response's or request's schema stands in the components; its body is JSON alone."""
    bodies = [response["content"] for response in operation.responses.values()]
    bodies += [operation.node["requestBody"]["content"]] if operation.body else []
    for body in bodies:
        assert set(body) == {"application/json"}
        assert set(body["application/json"]["schema"]) == {"$ref"}


@each_operation
def test_errors_have_the_envelope(operation: Operation) -> None:
    """422 lists problems, 402 may tell amounts, every other error is one sentence."""
    envelopes = {"422": "ValidationError", "402": "PaymentRequired"}
    for status, response in operation.responses.items():
        if status != "200":
            name = response["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            assert name == envelopes.get(status, "Error")


@each_operation
def test_headers_are_shared_and_complete(operation: Operation) -> None:
    """Every response tells the rate limit, those to a known key tell the balance, and a 429 tells how long to wait."""
    for status, response in operation.responses.items():
        expected = set(RATE_LIMIT_HEADERS)
        if status != "401":
            expected |= BALANCE_HEADERS
        if status == "429":
            expected |= {"Retry-After"}
        assert set(response["headers"]) == expected, status
        assert all(set(header) == {"$ref"} for header in response["headers"].values())


def test_headers_that_always_come_are_required() -> None:
    """Only the balance, which an unauthenticated answer does not have, may be missing."""
    required = {
        name for name, header in SPEC["components"]["headers"].items() if header.get("required")
    }
    assert required == RATE_LIMIT_HEADERS | {"Retry-After"}


# ----------------------------------------------------------------------------------------------------------- examples


@each_operation
def test_bodies_have_named_examples(operation: Operation) -> None:
    """Requests, successes and errors each have an example with a name and a summary."""
    media = [response["content"]["application/json"] for response in operation.responses.values()]
    media += [operation.body] if operation.body else []
    for body in media:
        assert body["examples"]
        assert all({"summary", "value"} == set(example) for example in body["examples"].values())


@each_operation
def test_request_examples_have_answers(operation: Operation) -> None:
    """Each example of a request is answered by the success example of the same name."""
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


# ------------------------------------------------------------------------------------------------------------ schemas


def test_schemas_use_known_keywords() -> None:
    """A schema uses no keyword beyond the list."""
    assert {
        where: set(schema) - KEYWORDS for where, schema in schemas() if set(schema) - KEYWORDS
    } == {}


def test_schemas_have_one_type() -> None:
    """A schema has a type, unless it refers to one or offers several."""
    assert [
        where for where, schema in schemas() if len(schema.keys() & {"type", "$ref", "anyOf"}) != 1
    ] == []


def test_nullable_enums_name_null() -> None:
    """A nullable enum has null among its values, and one with null is nullable."""
    enums = [(where, schema) for where, schema in schemas() if "enum" in schema]
    assert [
        where
        for where, schema in enums
        if (None in schema["enum"]) != schema.get("nullable", False)
    ] == []


def test_any_of_is_rare() -> None:
    """Only a place in a request, and a detail of the audit log, may be of several types."""
    choices = {
        where.rpartition("/properties/")[2] for where, schema in schemas() if "anyOf" in schema
    }
    assert choices == {"loc/items", "details/additionalProperties"}


def test_schemas_are_described() -> None:
    """Each component is described, and so is each property that is not shared or a list of shared things."""
    silent = [
        where
        for where, schema in schemas()
        if where.startswith("#/components/schemas/")
        and "$ref" not in schema
        and "description" not in schema
        and not where.endswith("/items")
        and "$ref" not in schema.get("items", {})
        and "/anyOf/" not in where
        and not where.endswith("/additionalProperties")
    ]
    assert silent == []


@pytest.mark.parametrize(
    ("name", "schema"), response_schemas().items(), ids=list(response_schemas())
)
def test_response_fields_are_all_present_and_open(name: str, schema: Json) -> None:
    """A response leaves nothing out (nulls are present) and may gain fields; only 402's amounts are optional."""
    optional = {"balance_dollars", "required_dollars"} if name == "PaymentRequired" else set()
    assert set(schema["required"]) == set(schema["properties"]) - optional
    assert "additionalProperties" not in schema


@pytest.mark.parametrize(
    ("name", "schema"), response_schemas().items(), ids=list(response_schemas())
)
def test_response_fields_share_their_schemas(name: str, schema: Json) -> None:
    """Ids, amounts, timestamps and URLs are the shared schemas, or their equal where a mark must stand beside."""
    for field, prop in schema["properties"].items():
        shared = next((target for pattern, target in SHARED if re.fullmatch(pattern, field)), None)
        if shared and (name, field) not in NOT_OURS:
            assert essence(prop) == essence(SPEC["components"]["schemas"][shared]), field
            assert "$ref" in prop or "x-provenance" in prop or prop["nullable"], field


def test_nullable_twins_accept_what_their_namesakes_do() -> None:
    """`NullableX` is `X` or null."""
    components = SPEC["components"]["schemas"]
    twins = {
        name: name.removeprefix("Nullable") for name in components if name.startswith("Nullable")
    }
    assert twins
    for twin, name in twins.items():
        assert components[twin]["nullable"] is True
        assert essence(components[twin]) == essence(components[name])


# -------------------------------------------------------------------------------------------------------------- links


def test_links_are_shared() -> None:
    """A link stands in the components, and each that stands there is used."""
    used = set()
    for operation in operations():
        for name, link in operation.node["responses"]["200"].get("links", {}).items():
            assert link == {"$ref": f"#/components/links/{name}"}
            used.add(name)
    assert used == set(SPEC["components"]["links"])


@pytest.mark.parametrize(
    "link", SPEC["components"]["links"].values(), ids=list(SPEC["components"]["links"])
)
def test_link_leads_somewhere(link: Json) -> None:
    """A link's operation exists and takes its parameters and body, and every required one is given."""
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
def test_link_takes_from_what_is_there(operation: Operation, link: Json) -> None:
    """A runtime expression points into the source's request or response."""
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
