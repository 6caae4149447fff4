"""The rules of the contract: what every operation, response, example and link has."""

import re

import pytest
from openapi_spec_validator import validate

from .contract import (
    METHODS,
    SPEC,
    Json,
    Operation,
    nodes,
    operations,
    resolve,
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
