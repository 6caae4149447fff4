"""The contract contains what the Billing page publishes, and marks nothing else documented."""

from copy import deepcopy
from typing import Any

import pytest

from tests.invented import INVENTED_PATH, invent_path

from .agreement import each, published, report, whole_page
from .claims import RANGE, Claim, claimed, proved
from .contract import SPEC, Json, Operation, operations, provenance
from .published import (
    NOTHING_PUBLISHED,
    PAGE,
    Published,
    documented_body_properties,
    documented_operations,
    documented_response,
)

PUBLISHED = published()
CONTRACT = {published.key: published for published in documented_operations()}
DOCUMENTED = {operation.key: operation for operation in operations() if operation.is_documented()}

each_published = each("published", PUBLISHED.values(), key="key", id="key")
each_documented = each("operation", DOCUMENTED.values(), key="key", id="id")


def derived(published: Published) -> Published:
    """Return what the contract says about a published operation."""
    if published.key not in CONTRACT:
        pytest.fail(f"{published.key} is published, but the contract does not document it")
    return CONTRACT[published.key]


def operation_of(published: Published) -> Operation:
    """Return the contract's operation for a published one."""
    return DOCUMENTED[derived(published).key]


def published_rows(operation: Operation) -> list[str]:
    """Return the names of the page's parameter rows for a documented operation."""
    if operation.key not in PUBLISHED:
        pytest.fail(
            f"{operation.key} is marked documented, but is not on the page: "
            "mark it x-provenance: assumed"
        )
    return row_names(PUBLISHED[operation.key])


def row_names(published: Published) -> list[str]:
    """Return the names of a parameters table."""
    return [row.name for row in published.rows]


def test_the_saved_page_and_the_contract_agree() -> None:
    """Whoever replaces the saved page reads here what changed, with the lines to edit."""
    assert not report(), report()


@whole_page
def test_the_parser_finds_the_whole_page() -> None:
    """A parser that finds less than a plain search would make every test here pass for less."""
    text = PAGE.read_text(encoding="utf-8")
    lines = [line.strip() for line in text.splitlines()]
    operation_count = lines.count("Request Example")
    row_count = sum("Optional" in line or line == "Required" for line in lines)
    assert len(PUBLISHED) == operation_count > 0
    assert sum(len(published.rows) for published in PUBLISHED.values()) == row_count > 0
    without_schema = [p for p in PUBLISHED.values() if p.response == NOTHING_PUBLISHED]
    assert len(without_schema) == lines.count('"status": "ok"') > 0


@whole_page
def test_contract_and_page_have_the_same_operations_in_the_same_order() -> None:
    """Paths are sorted with `{` after the letters; methods of a path keep the contract's order."""
    assert list(CONTRACT) == list(PUBLISHED)


@pytest.mark.parametrize("marked", ["path item", "operation"])
def test_operations_of_our_own_are_not_compared_with_the_page(marked: str) -> None:
    """An operation is ours if it, or its path item, is marked assumed."""
    mark = {"x-provenance": "assumed"}
    operation = {"operationId": "list_invented_things", "responses": {}}
    item = {**mark, "get": operation} if marked == "path item" else {"get": {**mark, **operation}}
    grown = invent_path(SPEC, INVENTED_PATH, item)
    assert documented_operations(grown) == list(CONTRACT.values())


@each_published
def test_summary_is_the_published_one(published: Published) -> None:
    """The summary is the page's, word for word."""
    assert derived(published).summary == published.summary


@each_published
def test_parameters_are_the_published_ones(published: Published) -> None:
    """Name, type, requiredness, description, default and order of all rows are the page's."""
    assert row_names(derived(published)) == row_names(published)
    assert list(derived(published).rows) == list(published.rows)


@each_published
def test_request_example_follows_from_the_contract(published: Published) -> None:
    """The page's curl command has the contract's server, path, required properties and defaults."""
    assert derived(published).request_url == published.request_url
    assert derived(published).request_body == published.request_body


@each_published
def test_response_begins_with_the_published_fields(published: Published) -> None:
    """The first fields of the 200 are the page's, in its order, and fit its placeholders."""
    stated = derived(published).response
    assert list(stated) == list(published.response)
    # As JSON text would compare: 0 and false are equal in Python.
    assert [(type(value), value) for value in stated.values()] == [
        (type(value), value) for value in published.response.values()
    ]


@each_published
def test_documented_fields_lead_and_short_responses_are_complete(published: Published) -> None:
    """The page shows at most six fields: a response with fewer has no others."""
    operation = operation_of(published)
    documented = [name for name, _ in documented_response(operation)]
    if not documented:
        return
    fields = list(operation.response_schema["properties"])
    assert fields[: len(documented)] == documented
    assert len(documented) == 6 or fields == documented


@each_published
def test_responses_without_a_published_schema_are_not_documented(published: Published) -> None:
    """Where the page shows only `{"status": "ok"}`, the fields of the 200 are ours."""
    operation = operation_of(published)
    has_schema = published.response != NOTHING_PUBLISHED
    assert operation.is_documented(operation.responses["200"])
    # The media type and the component carry a mark each.
    assert (provenance(operation.success) == "documented") == has_schema
    assert (provenance(operation.response_schema) == "documented") == has_schema


@each_documented
def test_documented_body_properties_are_on_the_page(operation: Operation) -> None:
    """A body property that no mark calls ours is on the page."""
    names = {name for name, _, _ in documented_body_properties(operation)}
    assert names <= set(published_rows(operation))


@each_documented
def test_titles_exist_only_where_the_page_shows_them(operation: Operation) -> None:
    """The page shows a title where a property has no description; no other property has one."""
    titled = {name for name, prop, _ in documented_body_properties(operation) if "title" in prop}
    published_rows(operation)
    shown = {
        row.name
        for row in PUBLISHED[operation.key].rows
        if row.description == row.name.replace("_", " ").title() != row.name
    }
    assert titled == shown


# ---------------------------------------------------------------------- provenance of each keyword

ON_THE_PAGE = {claim for published in PUBLISHED.values() for claim in proved(published)}
DELETED = object()
"""Stands for a value to remove from the contract."""

BALANCE, ALERTS = "GET /api/v1/billing/balance", "PUT /api/v1/billing/usage-alerts"
CARDS, DEPOSIT = "GET /api/v1/billing/payment-methods", "POST /api/v1/billing/deposit"
RECHARGE = "PUT /api/v1/billing/auto-recharge"


def changed(*path: str, to: Any) -> Json:
    """Return the contract with another value at a path."""
    document = deepcopy(SPEC)
    *above, last = path
    node = document
    for key in above:
        node = node[key]
    if to is DELETED:
        del node[last]
    else:
        node[last] = to
    return document


def schema(*path: str, to: Any) -> Json:
    """Return the contract with another value within a shared schema."""
    return changed("components", "schemas", *path, to=to)


def stating(keyword: str) -> Json:
    """Return the contract with one more keyword that the page is said to state."""
    return changed("x-documented-keywords", to=[*SPEC["x-documented-keywords"], keyword])


@whole_page
def test_every_documented_keyword_is_on_the_page() -> None:
    """The contract marks no keyword documented that the page does not state."""
    assert claimed() - ON_THE_PAGE == set()


@whole_page
def test_every_keyword_on_the_page_is_documented() -> None:
    """The contract marks every keyword documented that the page states."""
    assert ON_THE_PAGE - claimed() == set()


def test_no_status_is_documented() -> None:
    """The page shows no status code."""
    assert {claim for claim in claimed() if claim.keyword == "status"} == set()


@whole_page
def test_published_ranges_are_those_of_the_contract() -> None:
    """A range in a description, such as `($10-$2000)`, gives the bounds in cents."""
    ranges = {
        (published.key, row.name): tuple(int(dollars) * 100 for dollars in found.groups())
        for published in PUBLISHED.values()
        for row in published.rows
        if (found := RANGE.search(row.description))
    }
    assert ranges
    for (key, name), bounds in ranges.items():
        properties = {field: prop for field, prop, _ in documented_body_properties(DOCUMENTED[key])}
        assert (properties[name]["minimum"], properties[name]["maximum"]) == bounds


@whole_page
@pytest.mark.parametrize(
    ("document", "claim"),
    [
        (schema("Balance", "x-assumed-keywords", to=DELETED), (BALANCE, "response/tier", "type")),
        (
            schema("AutoRecharge", "properties", "updated_at", "x-provenance", to=DELETED),
            (RECHARGE, "response/updated_at", "required"),
        ),
        (schema("Uuid", "x-provenance", to="documented"), (RECHARGE, "response/user_id", "type")),
        (
            schema("DepositCreate", "x-documented-keywords", to={"maxLength": ["promo_code"]}),
            (DEPOSIT, "body/promo_code", "maxLength"),
        ),
        (
            changed(
                *("paths", "/api/v1/billing/auto-recharge", "put", "requestBody"),
                "x-assumed-keywords",
                to=DELETED,
            ),
            (RECHARGE, "body", "required"),
        ),
        (stating("nullable"), (DEPOSIT, "body/promo_code", "nullable")),
        (stating("items"), (CARDS, "response/payment_methods[]/id", "required")),
        (stating("status"), (BALANCE, "status 200", "status")),
        (changed("x-documented-keywords", to=DELETED), (BALANCE, "response/tier", "enum")),
    ],
)
def test_a_mark_without_proof_is_found(document: Json, claim: tuple[str, str, str]) -> None:
    """A keyword that a changed contract marks documented without proof is named."""
    assert Claim(*claim) in claimed(document) - ON_THE_PAGE


@whole_page
@pytest.mark.parametrize(
    ("document", "claim"),
    [
        (
            changed("x-documented-keywords", to=["type", "default"]),
            (DEPOSIT, "body/amount_cents", "required"),
        ),
        (
            changed("x-documented-keywords", to=["required", "default"]),
            (BALANCE, "response/balance_microcents", "type"),
        ),
        (
            changed("x-documented-keywords", to=["required", "type"]),
            (ALERTS, "body/enabled", "default"),
        ),
        (
            schema("Balance", "x-assumed-keywords", to={"type": ["total_spent_cents"]}),
            (BALANCE, "response/total_spent_cents", "type"),
        ),
        (
            schema("DepositCreate", "x-documented-keywords", to=DELETED),
            (DEPOSIT, "body/amount_cents", "minimum"),
        ),
        (
            schema("AutoRechargeUpdate", "x-documented-keywords", "enum", to=[]),
            (RECHARGE, "body/consent_source", "enum"),
        ),
        (
            schema("UsageAlerts", "properties", "enabled", "x-provenance", to="assumed"),
            (ALERTS, "response/enabled", "name"),
        ),
        (
            schema("Cents", "x-provenance", to="observed"),
            (DEPOSIT, "response/amount_cents", "type"),
        ),
    ],
)
def test_a_proof_without_mark_is_found(document: Json, claim: tuple[str, str, str]) -> None:
    """A keyword of the page that a changed contract does not mark documented is named."""
    assert Claim(*claim) in ON_THE_PAGE - claimed(document)
